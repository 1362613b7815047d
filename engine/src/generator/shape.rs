//! Text of a given shape: patterns.

use super::{Arguments, Bound, Generator};
use crate::error::Result;
use crate::pattern::Pattern;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[Generator::bound(
    "pattern",
    "Text that matches a regular expression.",
    &[Parameter {
        name: "pattern",
        parameter_type: ParameterType::Text,
        default: None,
        summary: "Regular expression, matched as a whole; unbounded repetition adds up to 8.",
    }],
    ColumnType::Text,
    pattern,
)
.with_example(&[("pattern", r"[A-Z]{3}-\d{4}")])];

fn pattern(arguments: &Arguments<'_>) -> Result<Bound> {
    let pattern = Pattern::parse(arguments.text("pattern")?)?;
    let capacity = pattern.capacity().unwrap_or(u64::MAX);
    let again = pattern.clone();
    let bound = Bound::text(move |entropy, out| pattern.write(entropy, out));
    Ok(if capacity == 0 {
        bound
    } else {
        bound.counted(capacity, move |index, out| again.nth(index, out))
    })
}
