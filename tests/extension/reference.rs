//! `docs/functions.md`: what the catalogs say of the functions and views that the registry does not
//! describe.

use std::fmt::Write as _;
use std::fs;

use synth_engine::format::export::EXPORTS;

use super::examples::root;
use super::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![functions_are_documented];

const HEAD: &str = "# Functions

Every function, procedure and view of the extension that is not a table or a generator (those are in the [reference](reference.md)), and the formats of `synthd export`, as an installed extension describes them. In psql `\\df+ synth_*` shows the same.

<!-- generated from the catalogs: make generated -->
";

/// With a capital, and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), letters.as_str())
}

/// A list of arguments or columns, one a line.
fn listed(list: &str) -> String {
    if list.is_empty() {
        return "()".to_owned();
    }
    format!("(\n    {}\n)", list.replace(", ", ",\n    "))
}

/// Cells of a query's rows; NULL is empty.
fn cells<const N: usize>(session: &mut Session, query: &str) -> Vec<[String; N]> {
    let rows = session.rows(query).into_iter();
    rows.map(|row| {
        let cells: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
        cells.try_into().unwrap()
    })
    .collect()
}

fn functions(session: &mut Session, text: &mut String) {
    let functions = cells::<6>(
        session,
        "SELECT proname, prokind, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
                obj_description(p.oid, 'pg_proc'), has_function_privilege('public', p.oid, 'EXECUTE')
         FROM pg_depend d JOIN pg_extension e ON e.oid = refobjid AND extname = 'pg_synth'
         JOIN pg_proc p ON classid = 'pg_proc'::regclass AND p.oid = objid
         WHERE deptype = 'e' AND pronamespace = e.extnamespace AND proname LIKE 'synth%'
           AND NOT EXISTS (SELECT FROM synth.registry r WHERE kind IN ('table', 'generator') AND proname = 'synth_' || r.name)
         ORDER BY proname, pg_get_function_arguments(p.oid)",
    );
    assert!(functions.len() > 30, "{}", functions.len());
    text.push_str("\n## Functions\n");
    for [name, kind, arguments, result, comment, public] in functions {
        assert!(!comment.is_empty(), "{name} has no comment");
        let mut result = match (&*kind, result.strip_prefix("TABLE(")) {
            ("p", _) => String::new(),
            (_, Some(columns)) => {
                let columns = columns.strip_suffix(')').unwrap();
                format!(" RETURNS TABLE {}", listed(columns))
            }
            (_, None) => format!(" RETURNS {result}"),
        };
        if kind == "p" {
            result.insert_str(0, " -- CALL");
        }
        let grant = if public == "t" {
            ""
        } else {
            " Granted to nobody: a superuser calls it, or grants it."
        };
        let _ = write!(
            text,
            "\n### {name}\n\n{}{grant}\n\n```\n{name}{}{result}\n```\n",
            sentence(&comment),
            listed(&arguments)
        );
    }
}

fn views(session: &mut Session, text: &mut String) {
    let views = cells::<3>(
        session,
        "SELECT 'synth.' || relname, obj_description(c.oid, 'pg_class'),
                (SELECT string_agg(format('`%s` %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
                 FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
         FROM pg_class c WHERE relnamespace = 'synth'::regnamespace AND relkind = 'v' ORDER BY 1",
    );
    assert!(views.len() > 4, "{}", views.len());
    text.push_str("\n## Views\n\n| view | shows | columns |\n|---|---|---|\n");
    for [name, comment, columns] in views {
        assert!(!comment.is_empty(), "{name} has no comment");
        let _ = writeln!(text, "| `{name}` | {} | {columns} |", sentence(&comment));
    }
}

fn formats(text: &mut String) {
    text.push_str("\n## Formats of `synthd export`\n\n| format | units | writes | files |\n|---|---|---|---|\n");
    for entry in EXPORTS {
        let export = (entry.build)(&synth_engine::domain::TableOptions::default()).unwrap();
        let files: Vec<String> = export
            .files()
            .iter()
            .map(|file| format!("`{}`", file.name))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            entry.name,
            entry.units,
            entry.summary,
            files.join(", ")
        );
    }
}

fn functions_are_documented(pg: &Postgres) {
    let mut session = fresh(pg);
    let mut text = HEAD.to_owned();
    functions(&mut session, &mut text);
    views(&mut session, &mut text);
    formats(&mut text);
    let path = root().join("docs/functions.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = written
        .lines()
        .zip(text.lines())
        .find(|(is, should)| is != should);
    assert!(
        written == text,
        "docs/functions.md is not what the extension says (`make generated`): {differs:?}"
    );
}
