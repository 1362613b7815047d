//! What indexes compare as intervals, as SQL over the columns that [`Index::computed`] names: rows can
//! conflict only where the keys of what is compared for equality are the same and their intervals
//! have a point in common.

use pgrx::pg_sys::{self, Oid};
use pgrx::{IntoDatum, PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION};
use synth_engine::fill::Plan;

use super::indexes::{self, Index};
use crate::fill::gate::Gate;
use crate::fill::subtransaction::attempt;
use crate::query::query;

/// How a row stands to an index.
pub struct Interval {
    /// A hash of what is compared for equality; NULL for a row that the index lets pass.
    pub key: String,
    /// Its ends, which belong to it.
    pub ends: Ends,
    /// What is compared, as text, where operators have to be asked.
    pub texts: Vec<String>,
    /// Whether two rows conflict, over their texts in `mine` and `other` of a row `v`.
    pub conflict: String,
}

/// The ends of an interval.
pub enum Ends {
    /// All rows conflict that can; of type int8.
    Exact([String; 2]),
    /// The operators have to be asked; of type float8, and those in a second direction.
    Near([String; 4]),
}

/// The type of something that is compared.
struct Type {
    name: String,
    /// `r` for ranges, `m` for multiranges.
    kind: char,
    /// What a range is over.
    bound: String,
}

/// An end that no other lies beyond.
const LOWEST: &str = "(-9223372036854775808)::pg_catalog.int8";
const HIGHEST: &str = "9223372036854775807::pg_catalog.int8";

const BEFORE_ALL: &str = "'-Infinity'::pg_catalog.float8";
const AFTER_ALL: &str = "'Infinity'::pg_catalog.float8";

const ZERO: &str = "0::pg_catalog.int8";

/// The operators of which an interval tells.
const OVERLAPS: &str = "OPERATOR(pg_catalog.&&)";
const IS_SAME: &str = "OPERATOR(pg_catalog.~=)";

impl Interval {
    pub fn is_exact(&self) -> bool {
        matches!(self.ends, Ends::Exact(_))
    }
}

/// Each index as intervals.
pub fn intervals(plan: &Plan, gate: &Gate, indexes: &[Index]) -> Vec<Interval> {
    let computed = indexes::computed(indexes);
    let columns = plan.written.len();
    let numbered = || indexes.iter().enumerate();
    let types = types(gate, &computed, columns, numbered());
    let mut types = types.into_iter();
    numbered()
        .map(|(number, index)| {
            let types: Vec<Type> = types.by_ref().take(index.elements.len()).collect();
            interval(gate, &computed, columns, index, number, &types)
        })
        .collect()
}

/// The types of all that is compared, in order.
fn types<'a>(
    gate: &Gate,
    computed: &str,
    columns: usize,
    indexes: impl Iterator<Item = (usize, &'a Index)>,
) -> Vec<Type> {
    let names = indexes.flat_map(|(number, index)| index.names(number));
    let types: Vec<String> = names
        .map(|name| format!("pg_catalog.pg_typeof(synth_new.{name})::pg_catalog.oid"))
        .collect();
    let types = format!("ARRAY[{}]", types.join(", "));
    let read = |row: &pgrx::spi::SpiHeapTupleData| row.get::<Vec<Oid>>(1);
    let types = gate.of_nulls(computed, &types, columns, read);
    query(
        "SELECT u.type::regtype::text, t.typtype::text, r.rngsubtype::regtype::text
         FROM unnest($1) WITH ORDINALITY u (type, place)
         JOIN pg_type t ON t.oid = u.type
         LEFT JOIN pg_range r ON u.type IN (r.rngtypid, r.rngmultitypid)
         ORDER BY u.place",
        &[(pg_sys::OIDARRAYOID, types.unwrap_or_default().into_datum())],
        |row| {
            let kind: Option<String> = row.get(2)?;
            Ok(Some(Type {
                name: row.get(1)?.unwrap_or_default(),
                kind: kind.and_then(|kind| kind.chars().next()).unwrap_or('b'),
                bound: row.get(3)?.unwrap_or_default(),
            }))
        },
    )
}

fn interval(
    gate: &Gate,
    computed: &str,
    columns: usize,
    index: &Index,
    number: usize,
    types: &[Type],
) -> Interval {
    let names = index.names(number).into_iter();
    let names: Vec<String> = names.map(|name| format!("synth_new.{name}")).collect();
    let elements = || index.elements.iter().zip(&names).zip(types);
    let equal = elements().filter(|((element, _), _)| element.is_equality);
    let equal: Vec<&str> = equal.map(|((_, name), _)| name.as_str()).collect();
    let hash = format!(
        "pg_catalog.hash_record_extended(ROW({}), 0)",
        equal.join(", ")
    );
    let no_function = |code| code == ERRCODE_UNDEFINED_FUNCTION;
    let has_hash = equal.is_empty()
        || attempt(
            || gate.of_nulls(computed, &hash, columns, |_| Ok(None::<()>)),
            no_function,
        )
        .is_ok();
    let key = if has_hash && !equal.is_empty() {
        hash
    } else {
        ZERO.to_owned()
    };
    let others: Vec<_> = elements()
        .filter(|((element, _), _)| !element.is_equality)
        .collect();
    let first = others.iter().find_map(|((element, name), type_)| {
        let ends = near_ends(&element.operator, name, type_)?;
        Some((ends, type_))
    });
    // An empty range conflicts with none.
    let mut conditions: Vec<String> = elements()
        .filter(|((element, _), type_)| {
            element.operator == OVERLAPS && matches!(type_.kind, 'r' | 'm')
        })
        .map(|((_, name), _)| format!("NOT pg_catalog.isempty({name})"))
        .collect();
    if !index.nulls_equal {
        conditions.push(format!("pg_catalog.num_nulls({}) = 0", names.join(", ")));
    }
    if index.condition.is_some() {
        conditions.push(format!("synth_new.w{number}"));
    }
    conditions.push("true".to_owned());
    let held = conditions.join(" AND ");
    let only = |value: &str| format!("CASE WHEN {held} THEN {value} END");
    let exact = match (&first, &others[..]) {
        _ if !has_hash => None,
        (_, []) => Some([ZERO.to_owned(), ZERO.to_owned()]),
        (Some((_, type_)), [((element, name), _)]) if element.operator == OVERLAPS => {
            exact_ends(name, type_)
        }
        _ => None,
    };
    if let Some(ends) = exact {
        return Interval {
            key: only(&key),
            ends: Ends::Exact(ends.map(|end| only(&end))),
            texts: Vec::new(),
            conflict: String::new(),
        };
    }
    let near = match first {
        Some((ends, _)) => ends,
        None => [BEFORE_ALL, AFTER_ALL, BEFORE_ALL, AFTER_ALL].map(str::to_owned),
    };
    let conflict: Vec<String> = elements()
        .enumerate()
        .map(|(place, ((element, _), type_))| {
            let (type_, collation, operator) = (&type_.name, &element.collation, &element.operator);
            let side = |side: &str| format!("v.{side}{place}::{type_} {collation}");
            format!("({} {operator} {})", side("mine"), side("other"))
        })
        .collect();
    let texts = names.iter();
    Interval {
        key: only(&key),
        ends: Ends::Near(near.map(|end| only(&end))),
        texts: texts
            .map(|name| format!("{name}::pg_catalog.text"))
            .collect(),
        conflict: conflict.join(" AND "),
    }
}

/// The ends of an interval that has points in common with those of all values which an operator
/// finds a value to conflict with.
fn near_ends(operator: &str, name: &str, type_: &Type) -> Option<[String; 4]> {
    // Operators of shapes take numbers for equal that differ by less than a millionth.
    let between = |low: &str, high: &str| {
        let from = |side: u8| format!("({low}[{side}] - 0.00001)::pg_catalog.float8");
        let to = |side: u8| format!("({high}[{side}] + 0.00001)::pg_catalog.float8");
        Some([from(0), to(0), from(1), to(1)])
    };
    let of_box = |area: &str| between(&format!("(({area})[1])"), &format!("(({area})[0])"));
    let of_range = |range: &str| {
        let [low, high] = of_range(range, &type_.bound)?;
        Some([low, high, BEFORE_ALL.to_owned(), AFTER_ALL.to_owned()])
    };
    match (type_.kind, type_.name.as_str()) {
        ('r', _) if operator == OVERLAPS => of_range(name),
        ('m', _) if operator == OVERLAPS => of_range(&format!("pg_catalog.range_merge({name})")),
        _ if !matches!(operator, OVERLAPS | IS_SAME) => None,
        (_, "box") => of_box(name),
        (_, "polygon") => of_box(&format!("pg_catalog.box({name})")),
        (_, "circle") => {
            let (centre, radius) = (format!("(@@ {name})"), format!("pg_catalog.radius({name})"));
            let [low, high] = ["-", "+"].map(|sign| {
                let corner = format!("pg_catalog.point({radius}, {radius})");
                format!("({centre} {sign} {corner})")
            });
            between(&low, &high)
        }
        (_, "point") => between(name, name),
        _ => None,
    }
}

/// The ends of a range as numbers.
fn of_range(range: &str, bound: &str) -> Option<[String; 2]> {
    let number = |end: String| match bound {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => {
            Some(format!("{end}::pg_catalog.float8"))
        }
        "date"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "time without time zone" => Some(format!(
            "pg_catalog.date_part('epoch', {end})::pg_catalog.float8"
        )),
        _ => None,
    };
    let low = number(format!("pg_catalog.lower({range})"))?;
    let high = number(format!("pg_catalog.upper({range})"))?;
    Some([
        format!("CASE WHEN pg_catalog.lower_inf({range}) THEN {BEFORE_ALL} ELSE {low} END"),
        format!("CASE WHEN pg_catalog.upper_inf({range}) THEN {AFTER_ALL} ELSE {high} END"),
    ])
}

/// The ends of a range as whole numbers, where it is over what can be counted: two ranges overlap if
/// and only if these do.
fn exact_ends(range: &str, type_: &Type) -> Option<[String; 2]> {
    if type_.kind != 'r' {
        return None;
    }
    // Moments are counted in halves of microseconds, so that open ends lie between them.
    let count = |end: &str| match type_.bound.as_str() {
        "integer" | "bigint" => Some(format!("{end}::pg_catalog.int8")),
        "date" => Some(finite(
            end,
            "date",
            &format!("({end} - '2000-01-01'::pg_catalog.date)::pg_catalog.int8"),
        )),
        bound @ ("timestamp without time zone" | "timestamp with time zone") => Some(finite(
            end,
            bound,
            &format!(
                "GREATEST(LEAST(EXTRACT(epoch FROM {end}) * 2000000, 9e18), -9e18)::pg_catalog.int8"
            ),
        )),
        _ => None,
    };
    let low = count(&format!("pg_catalog.lower({range})"))?;
    let high = count(&format!("pg_catalog.upper({range})"))?;
    Some([
        format!(
            "CASE WHEN pg_catalog.lower_inf({range}) THEN {LOWEST}
             WHEN pg_catalog.lower_inc({range}) THEN {low} ELSE {low} + 1 END"
        ),
        format!(
            "CASE WHEN pg_catalog.upper_inf({range}) THEN {HIGHEST}
             WHEN pg_catalog.upper_inc({range}) THEN {high} ELSE {high} - 1 END"
        ),
    ])
}

/// A count of what may be infinite.
fn finite(end: &str, type_: &str, count: &str) -> String {
    format!(
        "CASE WHEN {end} = '-infinity'::{type_} THEN {LOWEST} + 1
         WHEN {end} = 'infinity'::{type_} THEN {HIGHEST} - 1 ELSE {count} END"
    )
}
