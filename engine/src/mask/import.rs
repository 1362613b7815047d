//! Masking rules of PostgreSQL Anonymizer, read from the text of a dump and translated.
//!
//! `dump` finds the labels, `call` reads their text, `functions` says what each function of schema
//! `anon` becomes. Nothing of the dump is ever run, and what cannot be said as a rule here is said
//! with its reason.
//!
//! ```
//! use synth_engine::mask::import;
//!
//! let dump = "SECURITY LABEL FOR anon ON COLUMN public.people.mail IS 'MASKED WITH FUNCTION anon.fake_email()';";
//! let labels = import::labels(dump);
//! assert_eq!(labels[0].object, ["public", "people", "mail"]);
//! let translated = import::translate(&labels[0], None);
//! assert_eq!(translated.rule.unwrap().to_string(), "MASKED WITH email");
//! ```

mod call;
mod dump;
mod functions;

pub use dump::{Label, labels};

use super::{Literal, Rule, Target};
use call::{Argument, Masked};

/// What became of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Translated {
    /// The rule here; `None`: there is none.
    pub rule: Option<Rule>,
    /// Why there is none, or what is different about it; empty: nothing to say.
    pub reason: String,
}

impl Translated {
    fn none(reason: impl Into<String>) -> Self {
        Self {
            rule: None,
            reason: reason.into(),
        }
    }
}

/// Translates a label; with the column it is on, the rule fits it.
pub fn translate(label: &Label, target: Option<&Target>) -> Translated {
    match label.kind.as_str() {
        "COLUMN" => column(label, target),
        "ROLE" => Translated::none(
            "masked roles need dynamic masking, which there is not: mask in place or in a copy, and grant that",
        ),
        "TABLE" | "DATABASE" if label.starts_with("TABLESAMPLE") => {
            Translated::none("sampling is not a rule here: take a subset when copying")
        }
        "FUNCTION" | "SCHEMA" | "AGGREGATE" if label.starts_with("TRUSTED") => Translated::none(
            "trust is not declared here: rules name masks of the registry, or a function that runs as the table's owner",
        ),
        _ => Translated::none(format!(
            "a label on a {} is no rule here",
            label.kind.to_lowercase()
        )),
    }
}

fn column(label: &Label, target: Option<&Target>) -> Translated {
    let Some(text) = &label.text else {
        return Translated::none("the label is removed");
    };
    match call::read(text) {
        Ok(Masked::Not) => Translated {
            rule: Some(Rule::NotMasked),
            reason: String::new(),
        },
        Ok(Masked::Value(Argument::Literal(literal))) => value(literal, target),
        Ok(Masked::Value(_)) => {
            Translated::none("the value is an expression; a rule takes a literal")
        }
        Ok(Masked::Function(call)) => functions::translate(&call, label.object.last(), target),
        Err(reason) => Translated::none(reason),
    }
}

fn value(literal: Literal, target: Option<&Target>) -> Translated {
    let rule = if literal == Literal::Null {
        Rule::Mask {
            name: "null".to_owned(),
            arguments: Vec::new(),
        }
    } else {
        Rule::Value(literal)
    };
    if let Some(error) = target.and_then(|target| super::check(&rule, target).err()) {
        return Translated::none(error.to_string());
    }
    Translated {
        rule: Some(rule),
        reason: String::new(),
    }
}

#[cfg(test)]
mod tests;
