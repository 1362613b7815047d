//! The one place where names and texts become SQL: quoting, which both databases share.
//!
//! ```
//! use synth_connectors::quote;
//!
//! assert_eq!(quote::identifier(r#"x"; drop table y"#), r#""x""; drop table y""#);
//! assert_eq!(quote::literal("it's"), "'it''s'");
//! ```

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
