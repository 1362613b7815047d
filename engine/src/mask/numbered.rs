//! `pseudonym(.., is_unique => true)` over a generator with fewer than 2^64 values.
//!
//! A keyed hash into n values meets itself long before n originals are masked (a birthday: two of
//! 1.2 * sqrt(n) are equal as often as not), so distinct pseudonyms need originals that can be
//! numbered. Whole numbers can, and texts of digits: the empty-handed text before `0`, leading zeros
//! and all. The number goes through a keyed permutation of 0..n (cycle walking, as `permutation`)
//! and the result numbers the generator's value. An original whose number is n or more is an error
//! that gives the counts: nothing is masked then.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{Int16Builder, Int32Builder, Int64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};

use super::Mask;
use super::map::{try_map_text, unexpected};
use crate::error::{Error, Result};
use crate::generator::Bound;
use crate::schema::ColumnType;
use crate::secret::Cipher;

/// The longest text of digits that is numbered.
const LONGEST: usize = 18;

/// Whether originals of a column of this type can be numbered.
pub(super) fn can_number(column_type: ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::Text | ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt
    )
}

/// Distinct values for originals that can be numbered.
pub(super) struct Numbered {
    pub name: String,
    pub generator: Bound,
    pub cipher: Cipher,
    /// How many values the generator has.
    pub count: u64,
    /// The most characters, by the rule.
    pub cap: Option<usize>,
}

/// The place of a text of digits among all of them, the shorter ones first.
fn place(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > LONGEST || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // 10 + 100 + .. of the shorter ones.
    let shorter = (1..text.len()).try_fold(0_u64, |sum, length| {
        sum.checked_add(10_u64.checked_pow(u32::try_from(length).ok()?)?)
    })?;
    shorter.checked_add(text.parse().ok()?)
}

/// The longest text of digits of which all have a place below so many.
fn digits_that_fit(count: u64) -> usize {
    (1..=LONGEST)
        .take_while(|&length| place(&"9".repeat(length)).is_some_and(|last| last < count))
        .count()
}

impl Numbered {
    fn refuse(&self) -> Error {
        let digits = match digits_that_fit(self.count) {
            0 => String::new(),
            1 => " or texts of one digit".to_owned(),
            most => format!(" or texts of up to {most} digits"),
        };
        Error::Argument {
            entry: "pseudonym",
            problem: format!(
                "generator {} has {} values, which gives distinct pseudonyms to the whole numbers from 0 to {}{digits}, and a value is none of them; take a generator with more values, fpe or permutation",
                self.name,
                self.count,
                self.count - 1,
            ),
        }
    }

    fn write(&self, number: Option<u64>, out: &mut String) -> Result<()> {
        let number = number
            .filter(|number| *number < self.count)
            .ok_or_else(|| self.refuse())?;
        let to = self.cipher.permute(self.count.into(), number.into(), 0);
        let start = out.len();
        u64::try_from(to)
            .ok()
            .and_then(|to| self.generator.nth(to, out).ok())
            .ok_or_else(|| self.refuse())?;
        if self
            .cap
            .is_some_and(|cap| out[start..].chars().count() > cap)
        {
            return Err(too_long());
        }
        Ok(())
    }

    fn whole<T: TryFrom<i64>>(&self, value: i64, buffer: &mut String) -> Result<T> {
        buffer.clear();
        self.write(u64::try_from(value).ok(), buffer)?;
        let number = buffer.parse::<i64>().ok();
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| Error::Argument {
                entry: "pseudonym",
                problem: format!(
                    "generator {} has values that the column's type does not hold",
                    self.name
                ),
            })
    }
}

/// The error for a pseudonym that cannot be cut, since it would no longer be the only one.
pub(super) fn too_long() -> Error {
    Error::Argument {
        entry: "pseudonym",
        problem: "unique pseudonyms would be longer than max_length".to_owned(),
    }
}

impl Mask for Numbered {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let mut buffer = String::new();
        macro_rules! numbers {
            ($array:expr, $builder:ty) => {{
                let array = $array;
                let mut out = <$builder>::with_capacity(array.len());
                for value in array {
                    out.append_option(match value {
                        Some(value) => Some(self.whole(value.into(), &mut buffer)?),
                        None => None,
                    });
                }
                Ok(Arc::new(out.finish()))
            }};
        }
        if let Some(array) = values.as_primitive_opt::<Int16Type>() {
            numbers!(array, Int16Builder)
        } else if let Some(array) = values.as_primitive_opt::<Int32Type>() {
            numbers!(array, Int32Builder)
        } else if let Some(array) = values.as_primitive_opt::<Int64Type>() {
            numbers!(array, Int64Builder)
        } else if values.as_string_opt::<i32>().is_some() {
            try_map_text(values, 16, |text, out| self.write(place(text), out))
        } else {
            Err(unexpected("pseudonym", values))
        }
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "pseudonym" })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use arrow_array::{Int32Array, StringArray};

    use super::*;
    use crate::mask::{Target, build};
    use crate::secret::Secret;

    fn mask(rule: &str, column_type: ColumnType) -> Result<Box<dyn Mask>> {
        let rule = rule.parse()?;
        build(&rule, &Target::new(column_type), &Secret::new([3; 32]))
    }

    #[test]
    fn places_are_distinct_and_dense() {
        let texts: Vec<String> = (0..10)
            .map(|n: u32| n.to_string())
            .chain((0..100).map(|n| format!("{n:02}")))
            .chain((0..1000).map(|n| format!("{n:03}")))
            .collect();
        let places: Vec<u64> = texts.iter().filter_map(|text| place(text)).collect();
        assert_eq!(places, (0..1110).collect::<Vec<u64>>());
        assert_eq!(place(""), None);
        assert_eq!(place("1a"), None);
        assert_eq!(digits_that_fit(1110), 3);
        assert_eq!(digits_that_fit(1109), 2);
    }

    /// All 676 originals get all 676 values, and the next one is refused with the counts.
    #[test]
    fn every_value_is_given_once() {
        let rule =
            r#"MASKED WITH pseudonym('pattern', '{"pattern": "[A-Z]{2}"}', is_unique => true)"#;
        let on_text = mask(rule, ColumnType::Text).unwrap();
        let all: ArrayRef = Arc::new(StringArray::from_iter_values((0..676_u32).map(|n| {
            // The first 676 places.
            match n {
                0..10 => n.to_string(),
                10..110 => format!("{:02}", n - 10),
                _ => format!("{:03}", n - 110),
            }
        })));
        let masked = on_text.apply(&all, &[]).unwrap();
        let distinct: HashSet<_> = masked.as_string::<i32>().iter().collect();
        assert_eq!(distinct.len(), 676);
        for original in ["566", "x", "", "-1"] {
            let one: ArrayRef = Arc::new(StringArray::from(vec![original]));
            let error = on_text.apply(&one, &[]).unwrap_err().to_string();
            assert!(error.contains("has 676 values"), "{error}");
            assert!(
                error.contains("0 to 675 or texts of up to 2 digits"),
                "{error}"
            );
        }
        let numbers = r#"MASKED WITH pseudonym('pattern', '{"pattern": "[1-9][0-9]{4}"}', is_unique => true)"#;
        assert!(mask(numbers, ColumnType::Uuid).is_err());
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let rule = r#"MASKED WITH pseudonym('uniform_integer', '{"minimum": 1000, "maximum": 1999}', is_unique => true)"#;
        let on_numbers = mask(rule, ColumnType::Integer).unwrap();
        let all: ArrayRef = Arc::new((0..1000).map(Some).collect::<Int32Array>());
        let masked = on_numbers.apply(&all, &[]).unwrap();
        let distinct: HashSet<i32> = masked
            .as_primitive::<Int32Type>()
            .iter()
            .flatten()
            .collect();
        assert_eq!(distinct.len(), 1000);
        assert!(distinct.iter().all(|n| (1000..2000).contains(n)));
        let beyond: ArrayRef = Arc::new(Int32Array::from(vec![1000]));
        assert!(on_numbers.apply(&beyond, &[]).is_err());
        let below: ArrayRef = Arc::new(Int32Array::from(vec![-1]));
        assert!(on_numbers.apply(&below, &[]).is_err());
    }
}
