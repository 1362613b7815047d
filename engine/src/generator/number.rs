//! Plain numbers and flags; [`crate::generator`]'s distributions draw others.

use std::fmt::{self, Write};

use super::draw::{Chain, write_hundredths};
use super::{Bound, Generator};
use crate::entropy::below;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

pub(super) const ENTRIES: &[Generator] = &[
    Generator::bound(
        "boolean",
        "True or false.",
        &[Parameter {
            name: "percent",
            parameter_type: ParameterType::Integer,
            default: Some("50"),
            summary: "How many of a hundred are true, 0 to 100.",
        }],
        ColumnType::Boolean,
        |arguments| {
            let percent = arguments.integer("percent", 0..=100)?.unsigned_abs();
            Ok(Bound::boolean(move |e| below(e, 100) < percent))
        },
    ),
    Generator::text(
        "decimal",
        "Number with two decimals, -9999.99 to 9999.99.",
        |e, out| {
            let hundredths = below(e, 1_999_999);
            if hundredths < 999_999 {
                out.write_str("-")?;
            }
            write_hundredths(hundredths.abs_diff(999_999), out)
        },
    ),
    Generator::bound(
        "digit",
        "Whole number of one digit, 0 to 9.",
        &[],
        ColumnType::Integer,
        |_| Ok(Bound::integer(|e| i32::try_from(below(e, 10)).unwrap_or(0))),
    ),
    Generator::text(
        "negative_decimal",
        "Number below zero with two decimals, -9999.99 to -0.01.",
        |e, out| {
            out.write_str("-")?;
            write_hundredths(1 + below(e, 999_999), out)
        },
    ),
    Generator::bound(
        "number_with_format",
        "Digits in a format: # is any digit, ^ one from 1 to 9, all else stands for itself.",
        &[Parameter {
            name: "format",
            parameter_type: ParameterType::Text,
            default: Some("'^##-####'"),
            summary: "The format, 1 to 1000 characters.",
        }],
        ColumnType::Text,
        |arguments| {
            let format = arguments.text("format")?;
            if format.is_empty() || format.chars().count() > 1_000 {
                return Err(arguments.error("format must have 1 to 1000 characters".to_owned()));
            }
            let format: Box<str> = format.into();
            let shape = format.clone();
            let count = format.bytes().try_fold(1_u64, |count, byte| match byte {
                b'#' => count.checked_mul(10),
                b'^' => count.checked_mul(9),
                _ => Some(count),
            });
            let bound = Bound::text(move |e, out| numerify(&format, Chain::new(e), out));
            Ok(match count {
                Some(count) => {
                    bound.counted(count, move |index, out| numerify_nth(&shape, index, out))
                }
                None => bound,
            })
        },
    ),
    Generator::text(
        "percentage",
        "Percentage with two decimals, 0.00 to 100.00.",
        |e, out| write_hundredths(below(e, 10_001), out),
    ),
    Generator::text(
        "positive_decimal",
        "Number above zero with two decimals, 0.01 to 9999.99.",
        |e, out| write_hundredths(1 + below(e, 999_999), out),
    ),
    Generator::bound(
        "rating",
        "Stars given, 1 to 5; four and five are commonest.",
        &[],
        ColumnType::Integer,
        |_| {
            Ok(Bound::integer(|e| match below(e, 100) {
                0..6 => 1,
                6..13 => 2,
                13..27 => 3,
                27..57 => 4,
                _ => 5,
            }))
        },
    ),
];

fn numerify(format: &str, mut draws: Chain, out: &mut dyn Write) -> fmt::Result {
    for character in format.chars() {
        out.write_char(match character {
            '#' => char::from(b'0' + u8::try_from(draws.below(10)).unwrap_or(0)),
            '^' => char::from(b'1' + u8::try_from(draws.below(9)).unwrap_or(0)),
            other => other,
        })?;
    }
    Ok(())
}

/// The places are the digits of the index, the first the least.
fn numerify_nth(format: &str, index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut rest = index;
    let mut place = |base: u64| {
        let value = rest % base;
        rest /= base;
        u8::try_from(value).unwrap_or(0)
    };
    for character in format.chars() {
        out.write_char(match character {
            '#' => char::from(b'0' + place(10)),
            '^' => char::from(b'1' + place(9)),
            other => other,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::generator::find;

    #[test]
    fn formats_keep_what_is_no_digit() {
        let bound = find("number_with_format")
            .unwrap()
            .bind(&[("format", "A^-##é")])
            .unwrap();
        let text = bound.value(7);
        assert!(
            text.starts_with('A') && text.ends_with('é') && text.len() == 7,
            "{text}"
        );
        assert_ne!(text.as_bytes()[1], b'0');
        assert_eq!(bound.distinct(), Some(900));
    }
}
