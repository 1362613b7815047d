//! `date_shift`: moves dates by a keyed number of days, the same for all dates of a subject.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Date32Array, PrimitiveArray, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::Mask;
use super::arguments::Arguments;
use super::map::{text_of, unexpected};
use crate::calendar::MICROS_PER_DAY;
use crate::entropy::below;
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "days",
        parameter_type: ParameterType::Integer,
        default: Some("365"),
        summary: "The most days by which a date moves, 1 to 36500.",
    },
    Parameter {
        name: "subject",
        parameter_type: ParameterType::Text,
        default: Some("NULL"),
        summary: "Column of the same row that says whose date it is: all dates of one subject move by the same days, so that intervals survive.",
    },
];

struct DateShift {
    /// For dates without a subject.
    by_day: DomainKey,
    by_subject: DomainKey,
    days: u64,
    subject: Vec<String>,
}

pub(super) fn build(arguments: &Arguments<'_>, secret: &Secret) -> Result<Box<dyn Mask>> {
    let days = arguments.integer("days", 1..=36_500)?;
    let subject = arguments.optional_text("subject", 1..=63)?;
    Ok(Box::new(DateShift {
        by_day: secret.key("date_shift"),
        by_subject: secret.key("date_shift/subject"),
        days: days.unsigned_abs(),
        subject: subject.map(str::to_owned).into_iter().collect(),
    }))
}

/// A finite date moved; the extreme values stand for infinite ones and stay.
fn move_day(day: i32, shift: i64) -> i32 {
    match day {
        i32::MIN | i32::MAX => day,
        _ => i32::try_from(i64::from(day) + shift).unwrap_or(day),
    }
}

fn move_micros(micros: i64, shift: i64) -> i64 {
    match micros {
        i64::MIN | i64::MAX => micros,
        // A finite time stays finite.
        _ => micros
            .saturating_add(shift * MICROS_PER_DAY)
            .clamp(i64::MIN + 1, i64::MAX - 1),
    }
}

impl DateShift {
    /// From -days to -1 and from 1 to days.
    fn days_of(&self, entropy: u64) -> i64 {
        let draw = below(entropy, 2 * self.days);
        let shift = draw.cast_signed() - self.days.cast_signed();
        if shift < 0 { shift } else { shift + 1 }
    }

    /// How far to move what happened on a day to a subject.
    fn shift(&self, day: i64, subject: Option<&str>) -> i64 {
        let words = match subject {
            Some(subject) => self.by_subject.words(subject.as_bytes()),
            None => self.by_day.words(&day.to_le_bytes()),
        };
        self.days_of(words[0])
    }

    /// Moves every date by what `shift` says of its day and row.
    fn moved(values: &ArrayRef, shift: impl Fn(i64, usize) -> i64) -> Result<ArrayRef> {
        match values.data_type() {
            DataType::Date32 => {
                let dates: &PrimitiveArray<Date32Type> = values.as_primitive();
                let moved = dates
                    .iter()
                    .enumerate()
                    .map(|(row, day)| day.map(|day| move_day(day, shift(i64::from(day), row))));
                Ok(Arc::new(moved.collect::<Date32Array>()))
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let times: &PrimitiveArray<TimestampMicrosecondType> = values.as_primitive();
                let moved = times.iter().enumerate().map(|(row, micros)| {
                    micros.map(|micros| {
                        move_micros(micros, shift(micros.div_euclid(MICROS_PER_DAY), row))
                    })
                });
                let moved: TimestampMicrosecondArray = moved.collect();
                Ok(Arc::new(moved.with_timezone_opt(zone.clone())))
            }
            _ => Err(unexpected("date_shift", values)),
        }
    }

    fn subjects<'a>(&self, companions: &'a [ArrayRef]) -> Result<Option<&'a StringArray>> {
        match (self.subject.first(), companions.first()) {
            (None, _) => Ok(None),
            (Some(_), Some(subjects)) => text_of(subjects).map(Some),
            (Some(_), None) => Err(Error::Argument {
                entry: "date_shift",
                problem: "subject names a column of the row, and there is only a value here"
                    .to_owned(),
            }),
        }
    }
}

fn subject_of(subjects: Option<&StringArray>, row: usize) -> Option<&str> {
    subjects
        .filter(|subjects| subjects.is_valid(row))
        .map(|subjects| subjects.value(row))
}

impl Mask for DateShift {
    fn companions(&self) -> &[String] {
        &self.subject
    }

    fn apply(&self, values: &ArrayRef, companions: &[ArrayRef]) -> Result<ArrayRef> {
        let subjects = self.subjects(companions)?;
        Self::moved(values, |day, row| {
            self.shift(day, subject_of(subjects, row))
        })
    }

    fn unmask(&self, values: &ArrayRef, companions: &[ArrayRef]) -> Result<ArrayRef> {
        let subjects = self.subjects(companions)?;
        // A day that moved by itself could have come from several.
        let known = |row| values.is_null(row) || subject_of(subjects, row).is_some();
        if !(0..values.len()).all(known) {
            return Err(Error::NotReversible { mask: "date_shift" });
        }
        Self::moved(values, |day, row| {
            -self.shift(day, subject_of(subjects, row))
        })
    }
}
