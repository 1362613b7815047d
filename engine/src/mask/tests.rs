//! Law 4 over every mask of the registry.

mod laws;

use std::sync::Arc;

use super::*;
use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, BinaryArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use proptest::prelude::*;

/// Arrays of a type with NULLs, from raw material.
fn array(column_type: ColumnType, raw: &[Option<(i64, String)>]) -> ArrayRef {
    let number = || raw.iter().map(|r| r.as_ref().map(|r| r.0));
    let text = |write: &dyn Fn(i64, &str) -> String| -> ArrayRef {
        let all = raw.iter().map(|r| r.as_ref().map(|r| write(r.0, &r.1)));
        Arc::new(all.collect::<StringArray>())
    };
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
        ColumnType::Boolean => Arc::new(
            number()
                .map(|n| n.map(|n| n % 2 == 0))
                .collect::<BooleanArray>(),
        ),
        ColumnType::Time => Arc::new(
            number()
                .map(|n| n.map(|n| n.rem_euclid(86_400_000_000)))
                .collect::<Time64MicrosecondArray>(),
        ),
        ColumnType::Uuid => {
            let mut out = FixedSizeBinaryBuilder::new(16);
            for n in number() {
                match n {
                    Some(n) => out
                        .append_value([n.to_le_bytes(), n.to_be_bytes()].concat())
                        .unwrap(),
                    None => out.append_null(),
                }
            }
            Arc::new(out.finish())
        }
        ColumnType::Bytes => Arc::new(
            raw.iter()
                .map(|r| r.as_ref().map(|r| r.1.as_bytes()))
                .collect::<BinaryArray>(),
        ),
        ColumnType::Numeric => text(&|n, _| {
            let width = n.rem_euclid(4) as usize + 1;
            format!("{}.{:0>width$}", n % 1_000_000_007, n.rem_euclid(97))
        }),
        ColumnType::Decimal(_) => unreachable!("no mask takes generated decimals"),
        ColumnType::Json => text(&|n, text| {
            let text = serde_json::Value::from(text);
            format!(r#"{{"n": [{n}, -1.50e3, null, true], {text}: {text}, "k": {{"x": "y"}}}}"#)
        }),
        ColumnType::Enum => text(&|n, _| format!("label {}", n % 5)),
        ColumnType::Inet => {
            text(&|n, _| format!("10.{}.{}.7", n.rem_euclid(256), n.rem_euclid(91)))
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
    #[test]
    fn dates_move_within_bounds_and_never_stay(day in -100_000..100_000_i32, days in 1..1000_i32, secret: [u8; 32]) {
        let rule: Rule = format!("MASKED WITH date_shift({days})").parse()?;
        let mask = build(&rule, &Target::new(ColumnType::Date), &Secret::new(secret))?;
        let input: ArrayRef = Arc::new(Date32Array::from(vec![day, i32::MAX, i32::MIN]));
        let masked = mask.apply(&input, &[])?;
        let masked = masked.as_primitive::<arrow_array::types::Date32Type>();
        let moved = masked.value(0) - day;
        prop_assert!(moved != 0 && moved.abs() <= days, "{moved}");
        prop_assert_eq!((masked.value(1), masked.value(2)), (i32::MAX, i32::MIN));
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn what_does_not_fit_is_refused_with_what_would() {
    let text = Target {
        max_chars: Some(10),
        not_null: true,
        ..Target::new(ColumnType::Text)
    };
    let number = Target::new(ColumnType::Integer);
    let document = Target::new(ColumnType::Json);
    let json = Target {
        column_type: None,
        type_name: "point".to_owned(),
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
            "mask email does not fit type point",
        ),
        (
            "MASKED WITH email",
            &text,
            "characters, the column holds 10; names => false needs fewer",
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
        ("MASKED WITH first_name('x')", &text, "unknown locale \"x\""),
        ("MASKED WITH first_name", &text, "needs 20 characters"),
        ("MASKED WITH ssn('x')", &text, "takes no arguments"),
        (
            "MASKED WITH fpe('runes')",
            &text,
            "alphabet must be one of 'digits'",
        ),
        (
            "MASKED WITH regex_replace('(')",
            &text,
            "no regular expression that can be read",
        ),
        (
            "MASKED WITH regex_replace('(a{900}){900}')",
            &text,
            "too large",
        ),
        (
            "MASKED WITH redact(kinds => 'souls')",
            &text,
            "kinds must be some of",
        ),
        (
            "MASKED WITH pseudonym('sentence', is_unique => true)",
            &text,
            "cannot be numbered",
        ),
        (
            "MASKED WITH pseudonym('ssn', is_unique => true)",
            &Target::new(ColumnType::Enum),
            "to whole numbers and texts of digits only",
        ),
        (
            "MASKED WITH pseudonym('nonsense')",
            &text,
            "unknown generator",
        ),
        ("MASKED WITH pseudonym('color')", &text, "needs max_length"),
        (
            "MASKED WITH pseudonym('color')",
            &number,
            "gives text, the column is of type integer",
        ),
        (
            "MASKED WITH permutation(5, 1)",
            &number,
            "the first below the second",
        ),
        (
            "MASKED WITH permutation(0, 3000000000)",
            &number,
            "from -2147483648 to 2147483647",
        ),
        (
            "MASKED WITH noise(0)",
            &number,
            "ratio must be a number above 0",
        ),
        (
            "MASKED WITH noise(amount => 0.5)",
            &number,
            "amount must be 1 or more",
        ),
        (
            "MASKED WITH noise(minimum => 5, maximum => 5)",
            &number,
            "minimum must be below maximum",
        ),
        ("MASKED WITH bucket('5,1')", &number, "ascending order"),
        (
            "MASKED WITH bucket('1,5000000000')",
            &number,
            "from -2147483648 to 2147483647",
        ),
        (
            "MASKED WITH generalize('year')",
            &number,
            "whole number from 1 to 1000000000",
        ),
        (
            "MASKED WITH json_path('$.a', 'shuffle')",
            &document,
            "not shuffle",
        ),
        (
            "MASKED WITH json_path('$.a', 'date_shift')",
            &document,
            "does not fit type",
        ),
        (
            "MASKED WITH json_path('a', 'email')",
            &document,
            "a path begins with $",
        ),
        (
            "MASKED WITH json_path('$.a', 'email', '$.b')",
            &document,
            "pairs of path and mask",
        ),
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
        Some(
            "Masks that fit: bucket, generalize, noise, null, permutation, pseudonym, shuffle, value."
        )
    );
    for rule in ["NOT MASKED", "MASKED WITH VALUE 'x'", "MASKED WITH null"] {
        check(&rule.parse().unwrap(), &json).unwrap();
    }
}
