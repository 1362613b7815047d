//! Row counts and seeds as people and JSON write them.

use serde_json::Value;

/// A count of rows: digits, with `_` between groups if wanted.
pub fn parse_count(text: &str) -> Result<u64, String> {
    let problem = || "expected a whole number such as 1000000 or 1_000_000".to_owned();
    if text.starts_with('_') || text.ends_with('_') || text.starts_with('+') {
        return Err(problem());
    }
    text.replace('_', "").parse().map_err(|_| problem())
}

/// A seed: any 64 bits, written unsigned or, as SQL's bigint, signed.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse::<u64>()
        .or_else(|_| text.parse::<i64>().map(i64::cast_unsigned))
        .map_err(|_| format!("expected a whole number from {} to {}", i64::MIN, u64::MAX))
}

/// A count out of JSON: an integer, or its digits as a string.
pub fn count_from_json(value: &Value) -> Result<u64, String> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .ok_or_else(|| "must be a whole number, 0 or more".to_owned()),
        Value::String(text) => parse_count(text),
        _ => Err("must be a whole number or a string of digits".to_owned()),
    }
}

/// A seed out of JSON: an integer, or its digits as a string.
pub fn seed_from_json(value: &Value) -> Result<u64, String> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_i64().map(i64::cast_unsigned))
            .ok_or_else(|| "must be a whole number; beyond 2^53 send it as a string".to_owned()),
        Value::String(text) => parse_seed(text),
        _ => Err("must be a whole number or a string of digits".to_owned()),
    }
}

/// With a comma before each group of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Rows in a second, rounded; all of them if no time has passed.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people to read"
)]
pub fn rate(rows: u64, seconds: f64) -> u64 {
    if seconds > 0.0 {
        (rows as f64 / seconds).round() as u64
    } else {
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts() {
        assert_eq!(parse_count("1_000_000"), Ok(1_000_000));
        for text in [
            "",
            "_",
            "1e6",
            "-1",
            "+1",
            "1_",
            "1.0",
            "99999999999999999999",
        ] {
            assert!(parse_count(text).is_err(), "{text}");
        }
        assert_eq!(
            count_from_json(&json!("18446744073709551615")),
            Ok(u64::MAX)
        );
        assert!(count_from_json(&json!(-1)).is_err());
        assert!(count_from_json(&json!(1.5)).is_err());
    }

    #[test]
    fn seeds_are_the_same_bits_signed_or_not() {
        assert_eq!(parse_seed("-1"), Ok(u64::MAX));
        assert_eq!(parse_seed("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(seed_from_json(&json!(-1)), Ok(u64::MAX));
        assert_eq!(seed_from_json(&json!("-9223372036854775808")), Ok(1 << 63));
        assert!(seed_from_json(&json!(0.5)).is_err());
        assert!(parse_seed("-9223372036854775809").is_err());
    }

    #[test]
    fn groups() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
