//! Rules that cannot be read, contradict each other, or do not fit their columns.

use pgrx::pg_sys;
use synth_engine::mask::{self, Rule, Target};

use super::Validation;
use crate::mask::carry;
use crate::mask::findings::Finding;
use crate::mask::rulebook::{ColumnId, gives_null, integer_width};
use crate::rule::{Column, Refusal};

impl Validation {
    pub(super) fn encoding(&mut self) {
        // SAFETY: reads a variable of the backend.
        let encoding = unsafe { pg_sys::GetDatabaseEncoding() };
        if encoding != pg_sys::pg_enc::PG_UTF8 as i32 {
            self.findings.push(Finding {
                relid: None,
                column: None,
                is_error: true,
                check: "encoding",
                message: "masks need a database in encoding UTF8".to_owned(),
                hint: "Create the database with ENCODING 'UTF8' TEMPLATE template0.".to_owned(),
            });
        }
    }

    /// Rules that cannot be read, that contradict each other or the keys they refer to.
    pub(super) fn problems(&mut self) {
        for problem in self.book.problems.clone() {
            if !self.tables.contains_key(&problem.column.0) {
                continue;
            }
            let message = match problem.detail.as_str() {
                "" => problem.message,
                detail => format!("{}: {detail}", problem.message),
            };
            self.column(problem.column, problem.check, true, [message, problem.hint]);
        }
    }

    /// Rules that do not fit their columns any more: types, NOT NULL, lengths.
    pub(super) fn fit(&mut self) {
        let columns: Vec<ColumnId> = self.masked.iter().map(|masked| masked.column).collect();
        let rules = self.book.rules_of(&self.ruled());
        for column in columns {
            let Some(rule) = self.book.rule(column).cloned() else {
                continue;
            };
            let (check, message, hint) = match Column::find(column.0, column.1) {
                Err(refusal) => (
                    if self.tables[&column.0].is_foreign {
                        "kind"
                    } else {
                        "generated"
                    },
                    refusal.message,
                    "Drop the rule, or mask the rows where they are stored.".to_owned(),
                ),
                Ok(mut found) => {
                    let key = (column.0, found.name.clone());
                    found.masked_as = rules.targets.get(&key).cloned();
                    let missing = |refusal: Refusal| {
                        let hint = refusal.hint.unwrap_or("Set a rule that fits.");
                        ("rule", refusal.message, hint.to_owned())
                    };
                    let found = misfit(&rule, &found)
                        .or_else(|| found.check_references(&rule).err().map(missing));
                    let Some(misfit) = found else {
                        continue;
                    };
                    misfit
                }
            };
            if self.told.insert((self.book.family_of(column), check)) {
                let message = format!("column {}: {message}", self.book.display(column));
                self.column(column, check, true, [message, hint]);
            }
        }
    }
}

/// Why a rule does not fit its column: the subject, what is wrong, and what to do.
pub fn misfit(rule: &Rule, column: &Column) -> Option<(&'static str, String, String)> {
    let again = || "Set a rule that fits with synth_set_rule.".to_owned();
    if gives_null(rule) && column.target.not_null {
        return Some((
            "not_null",
            "the rule gives NULL and the column is NOT NULL".to_owned(),
            "Use another mask, or MASKED WITH VALUE.".to_owned(),
        ));
    }
    if let Rule::Value(literal) = rule.action() {
        let text = literal.as_input()?;
        let chars = text.trim_end_matches(' ').chars().count();
        if let Some(limit) = column.target.max_chars.filter(|limit| *limit < chars) {
            return Some((
                "type_modifier",
                format!("the value has {chars} characters, the column holds {limit}"),
                again(),
            ));
        }
        let width = column.target.column_type.and_then(integer_width);
        if let Some(width) = width
            && !text
                .trim()
                .parse::<i64>()
                .is_ok_and(|number| number.unsigned_abs() <= (1_u64 << (width - 1)))
        {
            let message = format!("the value is not one of type {}", column.target.type_name);
            return Some(("rule", message, again()));
        }
        return None;
    }
    for target in [&column.target, carry::target(column)] {
        if let Err(error) = mask::check(rule, target) {
            let unbounded = Target {
                max_chars: None,
                ..target.clone()
            };
            let check = if mask::check(rule, &unbounded).is_ok() {
                "type_modifier"
            } else {
                "rule"
            };
            return Some((check, error.to_string(), error.hint().unwrap_or_else(again)));
        }
    }
    None
}
