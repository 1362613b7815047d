//! `list_generators`: what can be generated, and where to.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use synth_engine::registry::{self, Kind};

use super::{Shared, ToolResult, answer, arguments, schema};
use crate::catalog::EntryView;
use crate::cli::KindArg;

/// The tool's name.
pub const NAME: &str = "list_generators";

const DESCRIPTION: &str = "\
Lists the tables, single-column generators and masks of pg_synth with their parameters, and the \
names of the destinations that generate_synthetic_dataset may write to.";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Only this kind: table (whole tables), generator (one column) or mask.
    #[serde(default)]
    kind: Option<KindArg>,
}

/// Answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Output<'a> {
    /// What there is: tables first, then generators, then masks.
    entries: Vec<EntryView>,
    /// Names of the destinations; empty: only previews are possible.
    destinations: Vec<&'a str>,
    /// The most rows that one call may write, as digits.
    max_rows: String,
}

/// Definition.
pub fn tool() -> Tool {
    Tool::new(NAME, DESCRIPTION, schema::shared(schema::of::<Input>()))
        .with_title("List generators")
        .with_raw_output_schema(schema::shared(schema::of::<Output<'static>>()))
        .with_annotations(
            ToolAnnotations::with_title("List generators")
                .read_only(true)
                .destructive(false)
                .idempotent(true)
                .open_world(false),
        )
}

/// Runs the tool.
pub fn call(shared: &Shared, input: JsonObject) -> ToolResult {
    let input: Input = arguments(input)?;
    let kind = input.kind.map(Kind::from);
    answer(&Output {
        entries: registry::entries()
            .filter(|entry| kind.is_none_or(|kind| kind == entry.kind))
            .map(EntryView::from)
            .collect(),
        destinations: shared.destinations.names(),
        max_rows: shared.max_rows.to_string(),
    })
}
