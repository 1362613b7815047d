//! `synthd list`: what there is, straight from the registry.

use std::fmt::Write;
use std::process::ExitCode;

use synth_engine::registry::{self, Entry, Kind};

use crate::catalog::EntryView;
use crate::cli::ListArgs;
use crate::{output, report};

/// Runs the command.
pub fn command(args: &ListArgs) -> ExitCode {
    let kind = args.kind.map(Kind::from);
    let entries: Vec<&'static Entry> = registry::entries()
        .filter(|entry| kind.is_none_or(|kind| kind == entry.kind))
        .collect();
    if !args.json {
        return output::print(&table(&entries));
    }
    let views: Vec<EntryView> = entries.into_iter().map(EntryView::from).collect();
    match serde_json::to_string_pretty(&views) {
        Ok(json) => output::print(&(json + "\n")),
        Err(error) => report::failure(
            &format!("cannot write JSON: {error}"),
            &["This is a defect in synthd: please report it.".to_owned()],
        ),
    }
}

/// Kind, name, output, parameters and summary in aligned columns.
fn table(entries: &[&Entry]) -> String {
    let rows: Vec<[String; 4]> =
        std::iter::once(["KIND", "NAME", "GIVES", "SUMMARY"].map(str::to_owned))
            .chain(entries.iter().map(|entry| {
                [
                    entry.kind.name().to_owned(),
                    call(entry),
                    match (entry.kind, entry.output) {
                        (_, Some(output)) => output.sql().to_owned(),
                        (Kind::Table, None) => "rows".to_owned(),
                        (_, None) => "same type".to_owned(),
                    },
                    entry.summary.to_owned(),
                ]
            }))
            .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    rows.iter().fold(String::new(), |mut out, row| {
        let [a, b, c] = widths;
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:a$}  {:b$}  {:c$}  {}",
            row[0], row[1], row[2], row[3]
        );
        out
    })
}

/// The name with its parameters; those with a default in brackets.
fn call(entry: &Entry) -> String {
    if entry.parameters.is_empty() {
        return entry.name.to_owned();
    }
    let parameters: Vec<String> = entry
        .parameters
        .iter()
        .map(|parameter| match parameter.default {
            None => parameter.name.to_owned(),
            Some(_) => format!("[{}]", parameter.name),
        })
        .collect();
    format!("{}({})", entry.name, parameters.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned() {
        let entries: Vec<&Entry> = registry::entries().collect();
        let text = table(&entries);
        let column = text.lines().next().unwrap().find("SUMMARY").unwrap();
        for (line, entry) in text.lines().skip(1).zip(&entries) {
            assert!(line[column..].starts_with(entry.summary), "{line}");
        }
    }
}
