//! Labels on columns, and columns that are one column by inheritance.

use pgrx::PgSqlErrorCode::*;
use synth_engine::mask::Rule;

use super::{Problem, Rulebook, order};
use crate::boundary::relation_name;
use crate::mask::catalog::Label;

impl Rulebook {
    /// Puts labels on families; two different ones in a family are a problem.
    pub(super) fn place(&mut self, labels: Vec<Label>) {
        for label in labels {
            let Some(&family) = self.family.get(&label.column) else {
                continue;
            };
            match label.text.parse::<Rule>() {
                Ok(rule) => self.families[family].labels.push((label.column, rule)),
                Err(error) => self.problems.push(Problem {
                    column: label.column,
                    others: self.families[family].columns.clone(),
                    check: "rule",
                    code: ERRCODE_SYNTAX_ERROR,
                    message: format!("column {}: {error}", self.display(label.column)),
                    detail: String::new(),
                    hint: error.hint().unwrap_or_else(|| {
                        "Set the rule again with synth_set_rule, or drop it.".to_owned()
                    }),
                }),
            }
        }
        for index in 0..self.families.len() {
            self.families[index]
                .labels
                .sort_by_key(|label| order(label.0));
            let labels = &self.families[index].labels;
            let Some((first, rule)) = labels.first().cloned() else {
                continue;
            };
            if let Some((other, different)) = labels.iter().find(|(_, other)| *other != rule) {
                self.problems.push(Problem {
                    column: first,
                    others: self.families[index].columns.clone(),
                    check: "rule",
                    code: ERRCODE_INVALID_OBJECT_DEFINITION,
                    message: format!(
                        "column \"{}\" has two masking rules in one table tree",
                        self.name(first)
                    ),
                    detail: format!(
                        "{} says {rule}, {} says {different}.",
                        relation_name(first.0),
                        relation_name(other.0)
                    ),
                    hint: "Keep the rule on the topmost table and drop the other with synth_drop_rule."
                        .to_owned(),
                });
            }
            self.families[index].rule = Some(rule);
        }
    }
}
