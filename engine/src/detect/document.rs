//! JSON documents: values by path, each path a column of its own.
//!
//! A key may hold a person's data itself, as in `{"jane@example.com": {...}}`: a key that does not
//! look like the name of a field is shown as `*`, and an object with very many keys is a list.

use serde_json::Value;

use super::Kind;
use super::name::{Said, said};
use super::sample::Sample;

/// The longest document that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// The deepest nesting that is walked.
const DEEPEST: usize = 16;
/// The most values of one document.
const MOST_VALUES: usize = 2_000;
/// The most paths of one column.
const MOST_PATHS: usize = 200;
/// An object with more keys is a list of things by their keys.
const MOST_KEYS: usize = 64;

/// Adds the values of a document to the samples of their paths.
pub(super) fn walk(text: &str, sample: &mut Sample) {
    if text.len() > LONGEST {
        return;
    }
    // serde_json bounds the depth of what it reads.
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        let mut left = MOST_VALUES;
        visit(&document, &mut "$".to_owned(), 0, &mut left, sample);
    }
}

fn visit(value: &Value, path: &mut String, depth: usize, left: &mut usize, sample: &mut Sample) {
    if depth > DEEPEST || *left == 0 {
        return;
    }
    let length = path.len();
    match value {
        Value::Object(fields) => {
            let many = fields.len() > MOST_KEYS;
            for (key, value) in fields {
                path.push_str(&step(key, many));
                visit(value, path, depth + 1, left, sample);
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            path.push_str("[*]");
            for item in items {
                visit(item, path, depth + 1, left, sample);
            }
            path.truncate(length);
        }
        Value::String(text) => add(path, Kind::Text, text, left, sample),
        Value::Number(number) => add(path, Kind::Number, &number.to_string(), left, sample),
        Value::Bool(_) | Value::Null => {}
    }
}

fn add(path: &str, kind: Kind, text: &str, left: &mut usize, sample: &mut Sample) {
    *left -= 1;
    let paths = &mut sample.paths;
    if !paths.contains_key(path) {
        if paths.len() >= MOST_PATHS {
            return;
        }
        // A number now, a text later: text it is.
        paths.insert(path.to_owned(), Sample::new(kind));
    }
    if let Some(values) = paths.get_mut(path) {
        values.add(Some(text));
    }
}

/// A step of a path: `.key`, `['a key']`, or `.*` where the key may be a value.
fn step(key: &str, many: bool) -> String {
    let plain = !key.is_empty()
        && key.len() <= 64
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
        && key.bytes().filter(u8::is_ascii_digit).count() <= 4;
    if many {
        return ".*".to_owned();
    }
    if plain {
        return format!(".{key}");
    }
    let named = key.len() <= 64
        && !key.contains(['\'', '"', '\\', '@', ']', '.'])
        && !key.contains(char::is_control)
        && key.bytes().filter(u8::is_ascii_digit).count() <= 2
        && matches!(said("", key, None, Kind::Text), Said::Category(..));
    if named {
        format!("['{key}']")
    } else {
        ".*".to_owned()
    }
}

/// The name of the field at the end of a path: `email` of `$.contact[*].email`.
pub(super) fn field(path: &str) -> &str {
    let path = path.trim_end_matches("[*]");
    match path
        .strip_suffix("']")
        .and_then(|path| path.rsplit_once("['"))
    {
        Some((_, key)) => key,
        None => path.rsplit('.').next().unwrap_or_default(),
    }
}

/// The name of the object that the field is of: `contact` of the same.
pub(super) fn object(path: &str) -> &str {
    let before = path.trim_end_matches("[*]").rsplit_once('.');
    before.map_or("", |(before, _)| field(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_hide_keys_that_are_values() {
        let mut sample = Sample::new(Kind::Json);
        sample.add(Some(
            r#"{"contact": [{"email": "a@b.example", "n": 1}], "jane.roe@corp.example": {"First Name": "x"}, "123456789": 2}"#,
        ));
        let paths: Vec<&str> = sample.paths.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "$.*",
                "$.*['First Name']",
                "$.contact[*].email",
                "$.contact[*].n"
            ]
        );
        assert_eq!(field("$.contact[*].email"), "email");
        assert_eq!(object("$.contact[*].email"), "contact");
        assert_eq!(field("$.*['First Name']"), "First Name");
    }

    #[test]
    fn what_is_no_document_is_passed_over() {
        for text in ["", "{", "\u{0}", &"[".repeat(5_000)] {
            let mut sample = Sample::new(Kind::Json);
            sample.add(Some(text));
            assert!(sample.paths.is_empty());
        }
    }
}
