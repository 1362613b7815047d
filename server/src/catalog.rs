//! Registry entries as JSON, for `list --json` and for MCP.

use schemars::JsonSchema;
use serde::Serialize;
use synth_engine::registry::{Entry, MaskProperties};

/// A table, generator or mask.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryView {
    /// `table`, `generator` or `mask`.
    pub kind: &'static str,
    /// Name, unique within its kind.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Parameters in order.
    pub parameters: Vec<ParameterView>,
    /// SQL type of the values; null: rows, or the type of the masked column.
    pub output: Option<&'static str>,
    /// Properties, for masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<MaskView>,
}

/// A parameter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ParameterView {
    /// Name.
    pub name: &'static str,
    /// `integer`, `number`, `text`, `boolean`, `date`, `timestamp`, `json` or `literal`.
    #[serde(rename = "type")]
    pub parameter_type: &'static str,
    /// The default as an SQL literal; null: it must be given.
    pub default: Option<&'static str>,
    /// Meaning, unit and range.
    pub summary: &'static str,
}

/// What holds of a mask.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties, as in the registry"
)]
pub struct MaskView {
    /// SQL types of columns it takes; empty: any.
    pub accepts: Vec<&'static str>,
    /// Distinct values stay distinct.
    pub injective: bool,
    /// The same value gives the same result wherever the secret is shared.
    pub consistent: bool,
    /// Whoever holds the secret can recompute results from guesses.
    pub pseudonymous: bool,
    /// Whoever holds the secret can compute the value from the result.
    pub reversible: bool,
}

impl From<&'static Entry> for EntryView {
    fn from(entry: &'static Entry) -> Self {
        Self {
            kind: entry.kind.name(),
            name: entry.name,
            summary: entry.summary,
            parameters: entry
                .parameters
                .iter()
                .map(|parameter| ParameterView {
                    name: parameter.name,
                    parameter_type: parameter.parameter_type.name(),
                    default: parameter.default,
                    summary: parameter.summary,
                })
                .collect(),
            output: entry.output.map(synth_engine::schema::ColumnType::sql),
            mask: entry.mask.as_ref().map(MaskView::from),
        }
    }
}

impl From<&'static MaskProperties> for MaskView {
    fn from(mask: &'static MaskProperties) -> Self {
        Self {
            accepts: mask.accepts.iter().map(|t| t.sql()).collect(),
            injective: mask.injective,
            consistent: mask.consistent,
            pseudonymous: mask.pseudonymous,
            reversible: mask.reversible,
        }
    }
}
