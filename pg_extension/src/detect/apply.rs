//! Setting the rules that were found. Columns on which somebody has decided stay as they are.

use synth_engine::detect::{self, Finding, Proposal};
use synth_engine::mask::Rule;

use super::{Detected, attempt};
use crate::rule;

/// What became of a column.
pub struct Applied {
    /// Its table.
    pub table: String,
    /// Its name.
    pub column: String,
    /// What it holds.
    pub category: String,
    /// How sure that is.
    pub confidence: f64,
    /// The rule.
    pub rule: Option<String>,
    /// Whether it was set.
    pub is_set: bool,
    /// Why not, or what to know.
    pub reason: Option<String>,
}

/// Rows of a table that are looked at.
const SAMPLE_ROWS: i64 = 1_000;

/// Sets the rules of findings of at least this confidence.
pub fn apply(schema: &str, least: f64) -> Vec<Applied> {
    let mut applied = Vec::new();
    for (table, columns) in super::detect(schema, SAMPLE_ROWS) {
        for detected in &columns {
            let Some(finding) = detected.findings.first() else {
                continue;
            };
            let (rule, reason) = choose(detected, finding, least);
            let mut row = Applied {
                table: table.name.clone(),
                column: detected.column.name.clone(),
                category: finding.category.name().to_owned(),
                confidence: finding.confidence,
                rule: rule.as_ref().map(ToString::to_string),
                is_set: false,
                reason,
            };
            if let (Some(rule), None) = (rule, &row.reason) {
                match attempt(true, || {
                    rule::set(table.relid, &detected.column.name, &rule.to_string());
                }) {
                    Ok(()) => {
                        row.is_set = true;
                        row.reason = detected.moves().map(str::to_owned);
                    }
                    Err(stopped) => row.reason = Some(stopped.message),
                }
            }
            applied.push(row);
        }
    }
    applied
}

/// The rule to set, or why none is.
fn choose(detected: &Detected, finding: &Finding, least: f64) -> (Option<Rule>, Option<String>) {
    let column = &detected.column;
    if let Some(rule) = &column.rule {
        return (None, Some(format!("has a decision already: {rule}")));
    }
    if let Some(refusal) = &column.refusal {
        return (None, Some(refusal.clone()));
    }
    if finding.confidence < least {
        return (
            finding.rule().cloned(),
            Some(format!(
                "confidence below {least}: look at it, and set the rule or NOT MASKED"
            )),
        );
    }
    let (rule, note) = detected.proposal(finding);
    if rule.is_none() {
        return (None, note);
    }
    if finding.path.is_none() {
        return (finding.rule().cloned(), None);
    }
    // One rule for all paths that are sure enough.
    let parts: Vec<(&str, &Rule)> = detected
        .findings
        .iter()
        .filter(|finding| finding.confidence >= least)
        .filter_map(|finding| finding.path.as_deref().zip(finding.inner.as_ref()))
        .collect();
    let Some(target) = &column.target else {
        return (None, None);
    };
    match detect::document_rule(&parts, target) {
        Proposal::Rule(rule) => (Some(rule), None),
        Proposal::Open(why) => (None, Some(why)),
    }
}
