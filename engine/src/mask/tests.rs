//! Law 4 over every mask of the registry.

use super::*;
use arrow_array::{
    Array, Date32Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    TimestampMicrosecondArray,
};
use proptest::prelude::*;

/// A rule for each mask that computes, with arguments where there is no default.
fn rules() -> Vec<(&'static Entry, Rule)> {
    ENTRIES
        .iter()
        .filter(|entry| !["null", "value"].contains(&entry.name))
        .map(|entry| {
            let arguments = match entry.name {
                "partial" => "(2, '*', 1)",
                "generalize" => "(10)",
                _ => "",
            };
            (
                entry,
                format!("MASKED WITH {}{arguments}", entry.name)
                    .parse()
                    .unwrap(),
            )
        })
        .collect()
}

/// Arrays of a type with NULLs, from raw material.
fn array(column_type: ColumnType, raw: &[Option<(i64, String)>]) -> ArrayRef {
    let number = || raw.iter().map(|r| r.as_ref().map(|r| r.0));
    match column_type {
        ColumnType::Text => Arc::new(
            raw.iter()
                .map(|r| r.as_ref().map(|r| r.1.as_str()))
                .collect::<StringArray>(),
        ),
        ColumnType::SmallInt => Arc::new(
            number()
                .map(|n| n.map(|n| n as i16))
                .collect::<Int16Array>(),
        ),
        ColumnType::Integer => Arc::new(
            number()
                .map(|n| n.map(|n| n as i32))
                .collect::<Int32Array>(),
        ),
        ColumnType::BigInt => Arc::new(number().collect::<Int64Array>()),
        ColumnType::Real => Arc::new(
            number()
                .map(|n| n.map(|n| n as f32))
                .collect::<Float32Array>(),
        ),
        ColumnType::Double => Arc::new(
            number()
                .map(|n| n.map(|n| n as f64))
                .collect::<Float64Array>(),
        ),
        ColumnType::Date => Arc::new(
            number()
                .map(|n| n.map(|n| n as i32))
                .collect::<Date32Array>(),
        ),
        ColumnType::Timestamp => Arc::new(number().collect::<TimestampMicrosecondArray>()),
        ColumnType::TimestampTz => Arc::new(
            number()
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        ColumnType::Uuid | ColumnType::Boolean | ColumnType::Time | ColumnType::Json => {
            unreachable!("no mask takes them")
        }
    }
}

fn raw() -> impl Strategy<Value = Vec<Option<(i64, String)>>> {
    proptest::collection::vec(
        proptest::option::of((
            prop_oneof![any::<i64>(), -100..100_i64, Just(i64::MIN), Just(i64::MAX)],
            ".{0,12}",
        )),
        1..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn same_length_and_type_nulls_stay_and_equal_input_gives_equal_output(raw in raw(), secret: [u8; 32]) {
        for (entry, rule) in rules() {
            for &column_type in entry.mask.unwrap().accepts {
                let target = Target::new(column_type);
                let values = array(column_type, &raw);
                let mask = build(&rule, &target, &Secret::new(secret))?;
                let masked = mask.apply(&values)?;
                prop_assert_eq!(masked.data_type(), values.data_type());
                prop_assert_eq!(masked.len(), values.len());
                for i in 0..values.len() {
                    prop_assert_eq!(masked.is_null(i), values.is_null(i), "{}", entry.name);
                }
                // Alone, in a new mask, each value becomes what it became among the others.
                let again = build(&rule, &target, &Secret::new(secret))?;
                for i in 0..values.len() {
                    prop_assert_eq!(&again.apply(&values.slice(i, 1))?, &masked.slice(i, 1), "{}", entry.name);
                }
            }
        }
    }

    #[test]
    fn injective_masks_keep_distinct_values_distinct(values in proptest::collection::hash_set(".{0,12}", 2..50)) {
        for (entry, rule) in rules().into_iter().filter(|(entry, _)| entry.mask.unwrap().injective) {
            let mask = build(&rule, &Target::new(ColumnType::Text), &Secret::new([3; 32]))?;
            let input: ArrayRef = Arc::new(StringArray::from_iter_values(&values));
            let masked = mask.apply(&input)?;
            let distinct: std::collections::HashSet<&str> = masked.as_string::<i32>().iter().flatten().collect();
            prop_assert_eq!(distinct.len(), values.len(), "{}", entry.name);
        }
    }

    /// No mask shows the whole original, and bounded columns get values that fit.
    #[test]
    fn text_masks_hide_and_fit(original in "[A-Z]{3}[0-9]{4,40}", limit in 26_usize..80) {
        for (entry, rule) in rules().into_iter().filter(|(e, _)| e.mask.unwrap().accepts == TEXT) {
            let target = Target { max_chars: Some(limit), ..Target::new(ColumnType::Text) };
            let Ok(mask) = build(&rule, &target, &Secret::new([3; 32])) else {
                prop_assert!(entry.name == "hash" && limit < 64);
                continue;
            };
            let input: ArrayRef = Arc::new(StringArray::from(vec![original.as_str()]));
            let masked = mask.apply(&input)?;
            let masked = masked.as_string::<i32>().value(0);
            prop_assert!(!masked.contains(&original), "{}: {}", entry.name, masked);
            prop_assert!(masked.chars().count() <= limit, "{}: {}", entry.name, masked);
        }
    }

    #[test]
    fn dates_move_within_bounds_and_never_stay(day in -100_000..100_000_i32, days in 1..1000_i32, secret: [u8; 32]) {
        let rule: Rule = format!("MASKED WITH date_shift({days})").parse()?;
        let mask = build(&rule, &Target::new(ColumnType::Date), &Secret::new(secret))?;
        let input: ArrayRef = Arc::new(Date32Array::from(vec![day, i32::MAX, i32::MIN]));
        let masked = mask.apply(&input)?;
        let masked = masked.as_primitive::<arrow_array::types::Date32Type>();
        let moved = masked.value(0) - day;
        prop_assert!(moved != 0 && moved.abs() <= days, "{moved}");
        prop_assert_eq!((masked.value(1), masked.value(2)), (i32::MAX, i32::MIN));
    }
}

#[test]
fn secrets_decide() {
    for (entry, rule) in rules()
        .into_iter()
        .filter(|(e, _)| e.mask.unwrap().pseudonymous)
    {
        for &column_type in entry.mask.unwrap().accepts {
            let raw: Vec<_> = (0..40)
                .map(|i| Some((i * 1_000_000_007, format!("value {i}"))))
                .collect();
            let values = array(column_type, &raw);
            let [a, b] = [1, 2].map(|byte| {
                let mask =
                    build(&rule, &Target::new(column_type), &Secret::new([byte; 32])).unwrap();
                mask.apply(&values).unwrap()
            });
            assert_ne!(&a, &b, "{}", entry.name);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let text = Target {
        max_chars: Some(10),
        not_null: true,
        ..Target::new(ColumnType::Text)
    };
    let number = Target::new(ColumnType::Integer);
    let json = Target {
        column_type: None,
        type_name: "jsonb".to_owned(),
        ..number.clone()
    };
    for (rule, target, expected) in [
        ("MASKED WITH emial", &text, "unknown mask \"emial\""),
        (
            "MASKED WITH email",
            &number,
            "mask email does not fit type integer",
        ),
        (
            "MASKED WITH email",
            &json,
            "mask email does not fit type jsonb",
        ),
        (
            "MASKED WITH email",
            &text,
            "needs 25 characters, the column holds 10",
        ),
        ("MASKED WITH phone", &text, "needs 14 characters"),
        ("MASKED WITH hash", &text, "needs 64 characters"),
        (
            "MASKED WITH hash(8)",
            &text,
            "length must be a whole number from 20 to 64",
        ),
        (
            "MASKED WITH hash(20, 1)",
            &text,
            "takes (length integer = 64)",
        ),
        (
            "MASKED WITH hash(size => 20)",
            &text,
            "takes (length integer = 64)",
        ),
        (
            "MASKED WITH partial(length => 1)",
            &text,
            "takes (prefix integer, padding text = '****'",
        ),
        ("MASKED WITH partial(1, prefix => 1)", &text, "given twice"),
        (
            "MASKED WITH partial(prefix => 1, 2)",
            &text,
            "follows a named one",
        ),
        (
            "MASKED WITH partial(-1)",
            &text,
            "prefix must be a whole number from 0 to 1000",
        ),
        ("MASKED WITH partial(9)", &text, "needs 13 characters"),
        (
            "MASKED WITH partial(1, '')",
            &text,
            "padding must be text of 1 to 100",
        ),
        ("MASKED WITH first_name('x')", &text, "takes no arguments"),
        (
            "MASKED WITH date_shift(0)",
            &Target::new(ColumnType::Date),
            "from 1 to 36500",
        ),
        (
            "MASKED WITH generalize(10)",
            &text,
            "does not fit type text",
        ),
        ("MASKED WITH null", &text, "the column is NOT NULL"),
        ("MASKED WITH VALUE NULL", &text, "the column is NOT NULL"),
    ] {
        let error = check(&rule.parse().unwrap(), target).expect_err(rule);
        assert!(error.to_string().contains(expected), "{rule}: {error}");
    }
    let hint = check(&"MASKED WITH email".parse().unwrap(), &number)
        .unwrap_err()
        .hint();
    assert_eq!(
        hint.as_deref(),
        Some("Masks that fit: generalize, null, value.")
    );
    for rule in ["NOT MASKED", "MASKED WITH VALUE 'x'", "MASKED WITH null"] {
        check(&rule.parse().unwrap(), &json).unwrap();
    }
}
