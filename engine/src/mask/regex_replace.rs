//! `regex_replace`: replaces what a regular expression finds.

use arrow_array::ArrayRef;
use regex::{Regex, RegexBuilder};

use super::arguments::Arguments;
use super::map::{cut, try_map_text};
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "pattern",
        parameter_type: ParameterType::Text,
        default: None,
        summary: "Regular expression without look-around and back references, up to 1000 characters; it is matched in linear time.",
    },
    Parameter {
        name: "replacement",
        parameter_type: ParameterType::Text,
        default: Some("'***'"),
        summary: "What stands for each match, up to 200 characters; $1 is the first group, $$ a dollar sign.",
    },
    Parameter {
        name: "otherwise",
        parameter_type: ParameterType::Text,
        default: Some("NULL"),
        summary: "What stands for a value in which nothing matches, up to 200 characters; NULL: it stays as it is.",
    },
];

/// The largest compiled expression and the longest result, in bytes.
const COMPILED: usize = 1 << 20;
const LONGEST: usize = 64 << 20;

struct RegexReplace {
    regex: Regex,
    replacement: String,
    otherwise: Option<String>,
    max_chars: Option<usize>,
}

pub(super) fn build(arguments: &Arguments<'_>, target: &Target) -> Result<Box<dyn Mask>> {
    let pattern = arguments.text("pattern", 1..=1000)?;
    let replacement = arguments.text("replacement", 0..=200)?;
    let otherwise = arguments.optional_text("otherwise", 0..=200)?;
    let regex = RegexBuilder::new(pattern)
        .size_limit(COMPILED)
        .dfa_size_limit(COMPILED)
        .build()
        .map_err(|error| {
            let problem = match error {
                regex::Error::CompiledTooBig(_) => "pattern is too large when it is compiled",
                _ => "pattern is no regular expression that can be read",
            };
            arguments.error(problem)
        })?;
    Ok(Box::new(RegexReplace {
        regex,
        replacement: replacement.to_owned(),
        otherwise: otherwise.map(str::to_owned),
        max_chars: target.max_chars,
    }))
}

impl Mask for RegexReplace {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        try_map_text(values, 32, |original, out| {
            let mut from = 0;
            let mut found = false;
            for captures in self.regex.captures_iter(original) {
                let Some(whole) = captures.get(0) else {
                    continue;
                };
                found = true;
                out.push_str(&original[from..whole.start()]);
                captures.expand(&self.replacement, out);
                from = whole.end();
                if out.len() > LONGEST {
                    return Err(Error::Argument {
                        entry: "regex_replace",
                        problem: "a result would have more than 64 MiB".to_owned(),
                    });
                }
            }
            match &self.otherwise {
                Some(otherwise) if !found => out.push_str(otherwise),
                _ => out.push_str(&original[from..]),
            }
            let end = cut(out, self.max_chars).len();
            out.truncate(end);
            Ok(())
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible {
            mask: "regex_replace",
        })
    }
}
