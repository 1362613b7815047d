//! The one place where names and texts become SQL: quoting and the definition of a table, which the
//! databases share.
//!
//! ```
//! use synth_connectors::quote;
//!
//! assert_eq!(quote::identifier(r#"x"; drop table y"#), r#""x""; drop table y""#);
//! assert_eq!(quote::literal("it's"), "'it''s'");
//! ```

use synth_engine::schema::{ColumnSpec, Constraint, TableSpec};

/// A name as a quoted identifier. Names hold no NUL: writers refuse them before.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names as quoted identifiers, comma separated.
pub fn identifiers<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(identifier).collect();
    quoted.join(", ")
}

/// A text as a string literal, whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// `CREATE TABLE` with the columns, primary key and unique constraints of a table; `name` is quoted
/// already, `sql_type` gives the database's type of a column.
pub fn create_table(
    name: &str,
    spec: &TableSpec,
    sql_type: impl Fn(&ColumnSpec) -> &'static str,
) -> String {
    let columns = spec.columns.iter().map(|column| {
        let not_null = if column.nullable { "" } else { " NOT NULL" };
        format!(
            "{} {}{not_null}",
            identifier(&column.name),
            sql_type(column)
        )
    });
    let constraints = spec.constraints.iter().filter_map(|constraint| {
        let (rule, columns) = match constraint {
            Constraint::PrimaryKey(columns) => ("PRIMARY KEY", columns),
            Constraint::Unique(columns) => ("UNIQUE", columns),
            _ => return None,
        };
        let columns = identifiers(columns.iter().map(String::as_str));
        Some(format!("{rule} ({columns})"))
    });
    let parts: Vec<String> = columns.chain(constraints).collect();
    format!("CREATE TABLE {name} ({})", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes_its_quotes() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(identifiers(["a", "b c"]), "\"a\", \"b c\"");
        assert_eq!(literal("\\'; --"), "E'\\\\''; --'");
    }
}
