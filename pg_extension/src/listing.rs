//! The registry as rows, behind the view `synth.registry`.

use pgrx::iter::TableIterator;
use pgrx::prelude::*;
use synth_engine::registry::{self, Entry};

/// One row an entry.
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_registry() -> TableIterator<
    'static,
    (
        name!(kind, String),
        name!(name, String),
        name!(parameters, String),
        name!(output, Option<String>),
        name!(accepts, Option<String>),
        name!(injective, Option<bool>),
        name!(consistent, Option<bool>),
        name!(pseudonymous, Option<bool>),
        name!(reversible, Option<bool>),
        name!(type_preserving, Option<bool>),
        name!(summary, String),
    ),
> {
    TableIterator::new(registry::entries().map(|entry| {
        let mask = entry.mask;
        (
            entry.kind.name().to_owned(),
            entry.name.to_owned(),
            parameters(entry),
            entry.output.map(|output| output.sql().to_owned()),
            mask.map(|mask| match mask.accepts {
                [] => "any".to_owned(),
                types => types.iter().map(|t| t.sql()).collect::<Vec<_>>().join(", "),
            }),
            mask.map(|mask| mask.injective),
            mask.map(|mask| mask.consistent),
            mask.map(|mask| mask.pseudonymous),
            mask.map(|mask| mask.reversible),
            // Law 4: a mask gives values of the type it took.
            mask.map(|_| true),
            entry.summary.to_owned(),
        )
    }))
}

/// As in `prefix integer, padding text DEFAULT '****'`.
fn parameters(entry: &Entry) -> String {
    let parameters: Vec<String> = entry
        .parameters
        .iter()
        .map(|p| {
            let default = p
                .default
                .map(|d| format!(" DEFAULT {d}"))
                .unwrap_or_default();
            format!("{} {}{default}", p.name, p.parameter_type.name())
        })
        .collect();
    parameters.join(", ")
}
