//! Properties over every mask of the registry, on every type that it takes.

use std::collections::HashSet;

use super::*;
use arrow_array::types::{Date32Type, Int32Type, Int64Type};
use proptest::prelude::*;

/// Arguments for an entry on a type, where there is no default.
fn arguments_for(name: &str, column_type: ColumnType) -> &'static str {
    use ColumnType::{BigInt, Boolean, Date, Double, Enum, Inet, Integer, Json, Numeric, Real};
    use ColumnType::{SmallInt, Text, Time, Timestamp, TimestampTz, Uuid};
    match (name, column_type) {
        ("partial", _) => "(2, '*', 1)",
        ("generalize", Time) => "('hour')",
        ("generalize", Date | Timestamp | TimestampTz) => "('month')",
        ("generalize", Inet) => "(16)",
        ("generalize", _) => "(10)",
        ("bucket", Date | Timestamp | TimestampTz) => "('1900-01-01,2000-01-01')",
        ("bucket", _) => "('-100,0,18,65')",
        ("json_path", _) => "('$..*', 'hash')",
        ("regex_replace", _) => "('.+', '#')",
        ("fpe", _) => "('mixed')",
        ("pseudonym", Text) => r#"('pattern', '{"pattern": "[A-Z]{30}"}', true)"#,
        ("pseudonym", SmallInt | Integer | BigInt) => "('year')",
        ("pseudonym", Numeric) => "('amount')",
        ("pseudonym", Real | Double) => "('uniform')",
        ("pseudonym", Date) => "('date')",
        ("pseudonym", Timestamp) => "('timestamp')",
        ("pseudonym", TimestampTz) => "('timestamptz')",
        ("pseudonym", Time) => "('time_of_day')",
        ("pseudonym", Boolean) => "('boolean')",
        ("pseudonym", Uuid) => "('uuid')",
        ("pseudonym", Json) => r#"('json', '{"example": {"a": 1}}')"#,
        ("pseudonym", Enum) => "('color')",
        ("pseudonym", Inet) => "('ipv4')",
        _ => "",
    }
}

/// A rule for each mask that computes, on each type that it takes, and some with arguments.
fn rules() -> Vec<(&'static Entry, ColumnType, Rule)> {
    let mut rules = Vec::new();
    for entry in ENTRIES.iter().filter(|entry| is_computed(entry.name)) {
        for &column_type in entry.mask.unwrap().accepts {
            let arguments = arguments_for(entry.name, column_type);
            let rule = format!("MASKED WITH {}{arguments}", entry.name);
            rules.push((entry, column_type, rule.parse().unwrap()));
        }
    }
    for (name, arguments) in [
        ("card_number", "(keep_bin => true)"),
        ("fpe", ""),
        ("fpe", "('alphanumeric')"),
        ("email", "(keep_domain => true, names => false)"),
        ("redact", "('pseudonym')"),
    ] {
        let rule = format!("MASKED WITH {name}{arguments}").parse().unwrap();
        rules.push((find(name).unwrap(), ColumnType::Text, rule));
    }
    rules
}

fn masked(rule: &Rule, column_type: ColumnType, values: &ArrayRef, secret: [u8; 32]) -> ArrayRef {
    build(rule, &Target::new(column_type), &Secret::new(secret))
        .unwrap()
        .apply(values, &[])
        .unwrap()
}

fn one_text(rule: &Rule, column_type: ColumnType, value: &str) -> String {
    let input: ArrayRef = Arc::new(StringArray::from(vec![value]));
    let result = masked(rule, column_type, &input, [3; 32]);
    result.as_string::<i32>().value(0).to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn same_length_and_type_nulls_stay_and_equal_input_gives_equal_output(raw in raw(), secret: [u8; 32]) {
        for (entry, column_type, rule) in rules() {
            let target = Target::new(column_type);
            let values = array(column_type, &raw);
            let mask = build(&rule, &target, &Secret::new(secret))?;
            let masked = mask.apply(&values, &[])?;
            prop_assert_eq!(masked.data_type(), values.data_type(), "{}", entry.name);
            prop_assert_eq!(masked.len(), values.len());
            for i in 0..values.len() {
                prop_assert_eq!(masked.is_null(i), values.is_null(i), "{}", entry.name);
            }
            // Alone, in a new mask, each value becomes what it became among the others.
            let again = build(&rule, &target, &Secret::new(secret))?;
            for i in 0..values.len() {
                prop_assert_eq!(&again.apply(&values.slice(i, 1), &[])?, &masked.slice(i, 1), "{}", entry.name);
            }
            let reversible = properties(&rule)?.unwrap().reversible;
            match mask.unmask(&masked, &[]) {
                // There was nothing to turn back.
                _ if masked.null_count() == masked.len() => {}
                Ok(original) if column_type == ColumnType::Numeric => {
                    prop_assert!(reversible);
                    // Needless zeros are not kept.
                    for (a, b) in original.as_string::<i32>().iter().zip(values.as_string::<i32>()) {
                        let number = |text: Option<&str>| text.map(|t| decimal::Decimal::parse(t).unwrap().normalized());
                        prop_assert_eq!(number(a), number(b));
                    }
                }
                Ok(original) => {
                    prop_assert!(reversible, "{}", entry.name);
                    prop_assert_eq!(&original, &values, "{} on {}", rule, column_type.sql());
                }
                Err(error) => prop_assert!(!reversible, "{}: {}", entry.name, error),
            }
        }
    }

    /// Widths of columns do not decide results: a mask fits and gives the same, or is refused.
    #[test]
    fn widths_decide_nothing(original in "[A-Z]{3}[0-9]{4,40}", limit in 44_usize..90) {
        for (entry, column_type, rule) in rules() {
            if column_type != ColumnType::Text {
                continue;
            }
            let target = Target { max_chars: Some(limit), ..Target::new(ColumnType::Text) };
            let Ok(mask) = build(&rule, &target, &Secret::new([3; 32])) else { continue };
            let input: ArrayRef = Arc::new(StringArray::from(vec![original.as_str()]));
            let narrow = mask.apply(&input, &[])?;
            let narrow = narrow.as_string::<i32>().value(0).to_owned();
            let wide = one_text(&rule, ColumnType::Text, &original);
            prop_assert!(narrow.chars().count() <= limit, "{}: {}", entry.name, narrow);
            prop_assert_eq!(narrow, wide, "{}", entry.name);
        }
    }

    /// No mask that hides shows the original.
    #[test]
    fn originals_do_not_survive(original in "[A-Z]{3}[0-9]{7,40}") {
        for (entry, column_type, rule) in rules() {
            if column_type == ColumnType::Text {
                let result = one_text(&rule, ColumnType::Text, &original);
                prop_assert!(!result.contains(&original), "{}: {}", entry.name, result);
            }
        }
    }
}

/// How many distinct values there are.
fn distinct(array: &ArrayRef) -> usize {
    let mut seen: HashSet<String> = HashSet::new();
    if let Some(bytes) = array.as_binary_opt::<i32>() {
        seen.extend(bytes.iter().map(|b| format!("{b:?}")));
    } else {
        let see = |text: Option<&str>| {
            seen.insert(text.unwrap_or_default().to_owned());
        };
        decimal::each_text(array, see).unwrap();
    }
    seen.len()
}

/// Thousands of values, many of them hostile, on every mask that says it keeps them apart.
#[test]
fn injective_masks_keep_distinct_values_distinct() {
    let mut texts: Vec<String> = (0..3_000)
        .map(|i| format!("{}", i * 37))
        .chain((0..1_000).map(|i| format!("{i:016}")))
        .chain((0..500).map(|i| format!("user{i}@corp.test")))
        .chain((0..200).map(|i| format!("Ä{}\u{1F600}{i}", "x".repeat(i))))
        .collect();
    let hostile = [
        "", " ", "  ", "NULL", "'", "\"", "%s", "e\u{301}", "é", "a\tb",
    ];
    texts.extend(hostile.map(str::to_owned));
    texts.sort();
    texts.dedup();
    let extremes = [
        i64::MIN,
        i64::MAX,
        -2_147_483_648,
        2_147_483_647,
        -32_769,
        32_768,
    ];
    let numbers: Vec<i64> = (-3_000..3_000)
        .chain((0..3_000).map(|i| i * 1_000_003_i64))
        .chain(extremes)
        .collect();
    for (entry, column_type, rule) in rules() {
        if !properties(&rule).unwrap().unwrap().injective {
            continue;
        }
        let values: ArrayRef = match column_type {
            ColumnType::Text => Arc::new(StringArray::from_iter_values(&texts)),
            ColumnType::Numeric => {
                let mut all: Vec<String> = (1..3_000).map(|i| format!("{i}")).collect();
                let fractions = (1..3_000).filter(|i| i % 10 != 0);
                all.extend(fractions.map(|i| format!("-{}.{:03}", i / 1000, i % 1000)));
                Arc::new(StringArray::from_iter_values(all))
            }
            ColumnType::SmallInt => Arc::new(Int16Array::from_iter_values(i16::MIN..=i16::MAX)),
            ColumnType::Integer => Arc::new(Int32Array::from_iter_values(
                numbers.iter().filter_map(|&n| i32::try_from(n).ok()),
            )),
            ColumnType::Bytes => Arc::new(BinaryArray::from_iter_values(&texts)),
            other => {
                let raw: Vec<_> = numbers.iter().map(|&n| Some((n, String::new()))).collect();
                array(other, &raw)
            }
        };
        let results = masked(&rule, column_type, &values, [3; 32]);
        assert_eq!(
            distinct(&results),
            distinct(&values),
            "{}: {rule}",
            entry.name
        );
    }
}

/// Keys of integer and references of bigint agree.
#[test]
fn permutations_do_not_depend_on_the_type() {
    let rule: Rule = "MASKED WITH permutation".parse().unwrap();
    let numbers = vec![1, 17, -5, 0, 40_000, i32::MAX, i32::MIN];
    let large: ArrayRef = Arc::new(Int64Array::from_iter_values(
        numbers.iter().map(|&n| i64::from(n)),
    ));
    let small: ArrayRef = Arc::new(Int32Array::from(numbers));
    let one = masked(&rule, ColumnType::Integer, &small, [1; 32]);
    let other = masked(&rule, ColumnType::BigInt, &large, [1; 32]);
    let one = one.as_primitive::<Int32Type>().values();
    let one: Vec<i64> = one.iter().map(|&n| i64::from(n)).collect();
    assert_eq!(&one, other.as_primitive::<Int64Type>().values());
    assert_eq!(one[3], 0);
}

/// All dates of a subject move alike, so intervals survive, and can be moved back.
#[test]
fn intervals_of_a_subject_survive() {
    let rule = "MASKED WITH date_shift(100, subject => 'patient')";
    let rule: Rule = rule.parse().unwrap();
    let mask = build(&rule, &Target::new(ColumnType::Date), &Secret::new([1; 32])).unwrap();
    assert_eq!(mask.companions(), ["patient"]);
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![10, 17, 10, 17]));
    let subjects: ArrayRef = Arc::new(StringArray::from(vec!["a", "a", "b", "b"]));
    let shifted = mask.apply(&dates, std::slice::from_ref(&subjects)).unwrap();
    let days = shifted.as_primitive::<Date32Type>().values();
    assert_eq!((days[1] - days[0], days[3] - days[2]), (7, 7));
    assert_ne!(days[0], days[2]);
    assert_eq!(&mask.unmask(&shifted, &[subjects]).unwrap(), &dates);
    assert!(mask.apply(&dates, &[]).is_err());
    assert!(properties(&rule).unwrap().unwrap().reversible);
}

#[test]
fn results_are_as_documented() {
    let text = ColumnType::Text;
    for (rule, column_type, value, expected) in [
        ("card_number(true)", text, "4111-1111-1111-1111", "4111-11"),
        ("card_number", text, "4012 8888 8888 1881", "4"),
        ("iban", text, "FR14 2004 1010 0505 0001 3M02 606", "FR"),
        ("ssn", text, "123456789", "9"),
        (
            "noise(amount => 1, minimum => 5, maximum => 6)",
            ColumnType::Numeric,
            "5",
            "6",
        ),
        ("generalize(0.5)", ColumnType::Numeric, "12.74", "12.5"),
        (
            "generalize(24)",
            ColumnType::Inet,
            "192.0.2.9",
            "192.0.2.0/24",
        ),
        ("bucket('0,18,65')", ColumnType::Numeric, "64.9", "18"),
        ("regex_replace('[0-9]+', '#')", text, "a1b22", "a#b#"),
        ("regex_replace('x', '#', 'none')", text, "a1b22", "none"),
        (
            "json_path('$.a', 'value ''x''', '$.b', 'null')",
            ColumnType::Json,
            r#"{"b":1, "a": "q","c":1.0}"#,
            r#"{"b":null, "a": "x","c":1.0}"#,
        ),
        (
            "json_path('$.a', 'partial(1)', '$.b', 'generalize(10)')",
            ColumnType::Json,
            r#"{"a":"qrst","b":17}"#,
            r#"{"a":"q****","b":10}"#,
        ),
    ] {
        let parsed: Rule = format!("MASKED WITH {rule}").parse().unwrap();
        let result = one_text(&parsed, column_type, value);
        assert!(result.starts_with(expected), "{rule}: {result}");
        if rule.starts_with("card_number") {
            let digits: Vec<u8> = result.bytes().filter(u8::is_ascii_digit).collect();
            assert!(luhn3::decimal::valid(&digits), "{rule}: {result}");
        }
        if ["card", "iban", "ssn"]
            .iter()
            .any(|name| rule.starts_with(name))
        {
            assert_eq!(result.len(), value.len(), "{rule}: {result}");
        }
    }
}

#[test]
fn secrets_decide() {
    for (entry, column_type, rule) in rules() {
        // Few results: two secrets may agree on all forty.
        let few = matches!(column_type, ColumnType::Boolean | ColumnType::Enum);
        if !entry.mask.unwrap().pseudonymous || few || rule.to_string().ends_with("redact") {
            continue;
        }
        let raw: Vec<_> = (1..40)
            .map(|i| Some((i * 1_000_000_007, format!("4111 1111 1111 {i:04}"))))
            .collect();
        let values = array(column_type, &raw);
        let [a, b] = [1, 2].map(|byte| masked(&rule, column_type, &values, [byte; 32]));
        assert_ne!(&a, &b, "{}", entry.name);
    }
}
