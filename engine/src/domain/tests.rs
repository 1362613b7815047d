//! The laws of tables, over all of them.

use super::*;
use crate::schema::Constraint;
use proptest::prelude::*;

fn every_name() -> Vec<&'static str> {
    registry::entries()
        .filter(|e| match e.kind {
            Kind::Table => true,
            Kind::Generator => e.parameters.iter().all(|p| p.default.is_some()),
            Kind::Mask => false,
        })
        .map(|e| e.name)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Law 2 for every table, near the start and far from it.
    #[test]
    fn rows_are_seekable(
        seed: u64,
        start in prop_oneof![0_u64..100, 4_000_u64..4_100, (1_u64 << 40)..(1 << 41), Just(u64::MAX)],
        length in 0_u64..64,
        cut in 0_u64..64,
    ) {
        for name in every_name() {
            let options = TableOptions { seed, ..Default::default() };
            let made = table(name, &options)?;
            let start = start.min(made.last_unit() - 70);
            let (cut, end) = (start + cut.min(length), start + length);
            let whole = made.batch(start..end)?;
            let again = table(name, &options)?;
            let (head, tail) = (again.batch(start..cut)?, again.batch(cut..end)?);
            let joined = head.num_rows();
            if made.fan_out() == FanOut::One {
                prop_assert_eq!(joined, usize::try_from(cut - start).unwrap());
            }
            prop_assert_eq!(whole.num_rows(), joined + tail.num_rows(), "{}", name);
            prop_assert_eq!(&whole.slice(0, joined), &head, "{}", name);
            prop_assert_eq!(&whole.slice(joined, tail.num_rows()), &tail, "{}", name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// A column is the same whichever others are made with it, in whatever order.
    #[test]
    fn columns_do_not_depend_on_each_other(
        seed: u64,
        start in prop_oneof![0_u64..100, (1_u64 << 40)..(1 << 41)],
        length in 0_u64..48,
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        for name in every_name() {
            let table = table(name, &TableOptions { seed, ..Default::default() })?;
            let columns: Vec<usize> =
                picks.iter().map(|pick| pick.index(table.spec().columns.len())).collect();
            let start = start.min(table.last_unit() - 50);
            let rows = start..start + length;
            let whole = table.batch(rows.clone())?.project(&columns)?;
            prop_assert_eq!(table.project(rows, &columns)?, whole, "{}", name);
        }
    }
}

#[test]
fn each_column_alone_is_that_of_the_whole() {
    for name in every_name() {
        let table = table(name, &TableOptions::default()).unwrap();
        let whole = table.batch(0..500).unwrap();
        for (index, column) in table.spec().columns.iter().enumerate() {
            let alone = table.project(0..500, &[index]).unwrap();
            assert_eq!(
                alone.column(0),
                whole.column(index),
                "{name}.{}",
                column.name
            );
        }
        assert_eq!(
            table.project(0..500, &[]).unwrap().num_rows(),
            whole.num_rows(),
            "{name}"
        );
    }
}

#[test]
fn specs_describe_the_batches() {
    for name in every_name() {
        let table = table(name, &TableOptions::default()).unwrap();
        let batch = table.batch(0..100).unwrap();
        assert_eq!(batch.schema(), table.spec().arrow_schema(), "{name}");
        for (column, array) in table.spec().columns.iter().zip(batch.columns()) {
            assert!(column.nullable || arrow_array::Array::null_count(array) == 0);
            assert!(!column.comment.is_empty(), "{name}.{}", column.name);
        }
    }
}

/// Every primary key, unique constraint and reference of every domain holds, also for a range of
/// units that does not begin at the first, as long as it begins where blocks do.
#[test]
fn domains_join() {
    for domain in DOMAINS {
        for start in [0_u64, 1 << 20] {
            let scale = 300;
            let options = TableOptions {
                seed: 7,
                ..Default::default()
            };
            let mut keys: std::collections::HashMap<
                (String, Vec<String>),
                std::collections::HashSet<Vec<String>>,
            > = std::collections::HashMap::new();
            for entry in domain.tables {
                let made = (entry.build)(&options).unwrap();
                let first = (entry.units_at)(start);
                let units = first..first + (entry.units_at)(scale);
                let batch = made.batch(units.clone()).unwrap();
                let spec = made.spec();
                assert_eq!(made.fan_out(), entry.fan_out, "{}", entry.entry.name);
                if scale > 100 {
                    let mean = batch.num_rows() as f64 / (units.end - units.start) as f64;
                    assert!(
                        entry.fan_out.mean() < mean * 32.0 && mean < entry.fan_out.mean() * 32.0,
                        "{}: {mean} rows a unit, announced {:?}",
                        entry.entry.name,
                        entry.fan_out
                    );
                }
                // A NULL makes a key that refers to nothing and equals nothing.
                let values = |columns: &[String]| -> Vec<Option<Vec<String>>> {
                    let arrays: Vec<_> = columns
                        .iter()
                        .map(|name| {
                            batch
                                .column_by_name(name)
                                .unwrap_or_else(|| panic!("{}.{name}", spec.name))
                        })
                        .map(crate::format::text::text_column)
                        .collect::<Result<_>>()
                        .unwrap();
                    (0..batch.num_rows())
                        .map(|row| {
                            arrays
                                .iter()
                                .map(|a| {
                                    let (from, to) =
                                        (a.offsets[row] as usize, a.offsets[row + 1] as usize);
                                    let valid = a.nulls.is_none_or(|nulls| nulls.is_valid(row));
                                    valid.then(|| {
                                        String::from_utf8_lossy(&a.bytes[from..to]).into_owned()
                                    })
                                })
                                .collect()
                        })
                        .collect()
                };
                assert!(
                    !spec.primary_key().is_empty(),
                    "{} has no primary key",
                    spec.name
                );
                for constraint in &spec.constraints {
                    match constraint {
                        Constraint::PrimaryKey(columns) | Constraint::Unique(columns) => {
                            let mut seen = std::collections::HashSet::new();
                            for key in values(columns).into_iter().flatten() {
                                assert!(
                                    seen.insert(key.clone()),
                                    "{} {columns:?}: {key:?} twice",
                                    spec.name
                                );
                            }
                            keys.insert((spec.name.clone(), columns.clone()), seen);
                        }
                        Constraint::ForeignKey(reference) => {
                            let known = keys
                                .get(&(reference.table.clone(), reference.referenced.clone()))
                                .unwrap_or_else(|| panic!("{} refers to what is not unique or comes later: {reference:?}", spec.name));
                            for key in values(&reference.columns).into_iter().flatten() {
                                assert!(
                                    known.contains(&key),
                                    "{} {reference:?}: {key:?} is missing",
                                    spec.name
                                );
                            }
                        }
                        Constraint::Index(columns) => {
                            for name in columns {
                                assert!(
                                    batch.column_by_name(name).is_some(),
                                    "{}.{name}",
                                    spec.name
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn domains_are_described() {
    assert!(DOMAINS.is_sorted_by(|a, b| a.name < b.name));
    let mut rows = std::collections::HashSet::new();
    for domain in DOMAINS {
        assert!(domain.summary.ends_with('.'), "{}", domain.name);
        let mut names = std::collections::HashSet::new();
        for entry in domain.tables {
            let name = entry.entry.name;
            let spec = (entry.build)(&TableOptions::default())
                .unwrap()
                .spec()
                .clone();
            assert!(names.insert(spec.name), "{name}");
            assert!(rows.insert(entry.row), "{name}");
            let parameters: Vec<_> = entry.entry.parameters.iter().map(|p| p.name).collect();
            assert_eq!(parameters[1..4], ["seed", "start", "as_of"], "{name}");
            let own = &entry.entry.parameters[4..];
            assert!(own.len() <= OWN_PARAMETERS, "{name}");
            for parameter in own {
                assert_eq!(parameter.parameter_type, ParameterType::Number, "{name}");
                assert!(
                    parameter.default.is_some_and(|d| d.parse::<f64>().is_ok()),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn seeds_give_different_rows() {
    for name in every_name() {
        let [a, b] = [1, 2].map(|seed| {
            table(
                name,
                &TableOptions {
                    seed,
                    ..Default::default()
                },
            )
            .unwrap()
            .batch(0..50)
            .unwrap()
        });
        assert_ne!(a, b, "{name}");
    }
}

#[test]
fn out_of_range_is_an_error() {
    let patients = table("patients", &TableOptions::default()).unwrap();
    assert!(matches!(
        patients.batch(LAST_ROW..LAST_ROW + 2),
        Err(Error::RowRange { .. })
    ));
    assert!(matches!(
        table("patient", &TableOptions::default()).map(|_| ()),
        Err(Error::Unknown { .. })
    ));
    let early = TableOptions {
        as_of: i32::MIN,
        ..Default::default()
    };
    assert!(matches!(
        table("patients", &early).map(|_| ()),
        Err(Error::Argument { .. })
    ));
}
