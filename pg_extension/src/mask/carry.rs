//! Masking a referring column as its key is masked, where their types differ: `integer` refers to
//! `bigint`, `varchar(20)` to `text`. Both are masked as values of one type, so results are equal.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, Int16Array, Int32Array, Int64Array};
use arrow_schema::DataType;
use synth_engine::mask::{self, Mask, Rule, Target};
use synth_engine::schema::ColumnType;
use synth_engine::secret::Secret;
use synth_engine::{Error, Result};

use super::rulebook::integer_width;
use crate::rule::Column;

/// Builds the mask of a column that has a computing rule: as its key is masked, if it has one.
pub fn build(rule: &Rule, column: &Column, secret: &Secret) -> Result<Box<dyn Mask>> {
    let Some(target) = &column.masked_as else {
        return mask::build(rule, &column.target, secret);
    };
    let inner = mask::build(rule, target, secret)?;
    match (column.target.column_type, target.column_type) {
        (Some(own), Some(common)) if own != common && integer_width(own).is_some() => {
            Ok(Box::new(Carried { inner, own, common }))
        }
        _ => Ok(inner),
    }
}

/// The target that a column is masked as.
pub fn target(column: &Column) -> &Target {
    column.masked_as.as_ref().unwrap_or(&column.target)
}

/// Whole numbers of one type, masked as those of another.
struct Carried {
    inner: Box<dyn Mask>,
    own: ColumnType,
    common: ColumnType,
}

impl Mask for Carried {
    fn apply(&self, values: &ArrayRef, companions: &[ArrayRef]) -> Result<ArrayRef> {
        let values = converted(values, self.common)?;
        converted(&self.inner.apply(&values, companions)?, self.own)
    }

    fn companions(&self) -> &[String] {
        self.inner.companions()
    }

    fn unmask(&self, values: &ArrayRef, companions: &[ArrayRef]) -> Result<ArrayRef> {
        let values = converted(values, self.common)?;
        converted(&self.inner.unmask(&values, companions)?, self.own)
    }
}

/// The same numbers as another type; an error, without the number, where one does not fit.
fn converted(values: &ArrayRef, to: ColumnType) -> Result<ArrayRef> {
    let wide: Vec<Option<i64>> = match values.data_type() {
        DataType::Int16 => values
            .as_primitive::<Int16Type>()
            .iter()
            .map(|value| value.map(i64::from))
            .collect(),
        DataType::Int32 => values
            .as_primitive::<Int32Type>()
            .iter()
            .map(|value| value.map(i64::from))
            .collect(),
        _ => values.as_primitive::<Int64Type>().iter().collect(),
    };
    let misfit = |_| Error::Argument {
        entry: "mask",
        problem: format!(
            "a key does not fit {}, the narrowest type of the columns that refer to it",
            to.sql()
        ),
    };
    Ok(match to {
        ColumnType::SmallInt => {
            let fit = wide.into_iter().map(|v| v.map(i16::try_from).transpose());
            Arc::new(Int16Array::from(
                fit.collect::<std::result::Result<Vec<_>, _>>()
                    .map_err(misfit)?,
            ))
        }
        ColumnType::Integer => {
            let fit = wide.into_iter().map(|v| v.map(i32::try_from).transpose());
            Arc::new(Int32Array::from(
                fit.collect::<std::result::Result<Vec<_>, _>>()
                    .map_err(misfit)?,
            ))
        }
        _ => Arc::new(Int64Array::from(wide)),
    })
}
