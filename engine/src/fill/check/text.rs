//! Patterns in constraints.

use super::TextPattern;

/// `LIKE` with the escape character `escape`, rewritten to a backslash.
pub(super) fn like(text: &str, escape: Option<char>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if Some(char) == escape {
            match chars.next() {
                Some(next @ ('%' | '_' | '\\')) => out.extend(['\\', next]),
                Some(next) => out.push(next),
                None => {}
            }
        } else if char == '\\' {
            // Not the escape character, so it means itself.
            out.push_str("\\\\");
        } else {
            out.push(char);
        }
    }
    out
}

/// A pattern that matches exactly `text`.
pub(super) fn literal(text: &str) -> String {
    like(
        &text
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_"),
        Some('\\'),
    )
}

/// The regular expression for `SIMILAR TO text`, with the escape character `escape`.
pub(super) fn similar(text: &str, escape: Option<char>) -> Option<String> {
    let mut out = String::from("^(?:");
    let mut in_set = false;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if Some(char) == escape {
            let next = chars.next()?;
            // The escape character before a double quote divides the pattern: substring() only.
            if next == '"' {
                return None;
            }
            if !next.is_alphanumeric() {
                out.push('\\');
            }
            out.push(next);
            continue;
        }
        match char {
            ']' if in_set => {
                in_set = false;
                out.push(']');
            }
            '\\' => out.push_str("\\\\"),
            _ if in_set => out.push(char),
            '[' => {
                in_set = true;
                out.push('[');
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '(' => out.push_str("(?:"),
            '.' | '^' | '$' => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out.push_str(")$");
    Some(out)
}

/// The pattern that an operator such as `~~*` makes of a text.
pub(super) fn pattern(operator: &str, text: &str, negated: bool) -> Option<TextPattern> {
    let text = text.to_owned();
    let case_insensitive = operator.ends_with('*');
    match operator {
        "~" | "~*" => Some(TextPattern::Regex {
            text,
            case_insensitive,
            negated,
        }),
        "~~" | "~~*" => Some(TextPattern::Like {
            text,
            case_insensitive,
            negated,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_rewritten() {
        assert_eq!(like("a!%b\\", Some('!')), "a\\%b\\\\");
        assert_eq!(like("a\\_%", Some('\\')), "a\\_%");
        assert_eq!(literal("50%_\\"), "50\\%\\_\\\\");
        assert_eq!(
            similar("%@(a|b).c_", Some('\\')).unwrap(),
            "^(?:.*@(?:a|b)\\.c.)$"
        );
        assert_eq!(similar("[%_]#%", Some('#')).unwrap(), "^(?:[%_]\\%)$");
    }
}
