//! What is around the tables: policies, copies elsewhere, owners, and columns without a decision.

use std::collections::HashSet;

use pgrx::pg_sys::{self, Oid};

use super::Validation;
use crate::boundary::relation_name;
use crate::mask::findings::Finding;
use crate::mask::{catalog, findings, protect};

impl Validation {
    pub(super) fn security(&mut self) {
        for relid in self.ruled() {
            if self.tables[&relid].forces_policies {
                let texts = [
                    format!(
                        "row-level security of {} is not applied: rows that its owner does not see are masked, too",
                        relation_name(relid)
                    ),
                    "Nothing is to be done if that is what is wanted.".to_owned(),
                ];
                self.table(relid, "row_security", false, texts);
            }
        }
        for policy in findings::policies(&self.masked) {
            let texts = [
                format!(
                    "policy \"{}\" reads column {}: after masking it shows other rows",
                    policy.name,
                    self.book.display(policy.column)
                ),
                "Leave the column NOT MASKED, or rewrite the policy.".to_owned(),
            ];
            self.column(policy.column, "row_security", false, texts);
        }
    }

    /// Copies elsewhere that keep originals.
    pub(super) fn replicas(&mut self) {
        let ruled = self.ruled();
        for relid in &ruled {
            if self.tables[relid].is_published {
                let texts = [
                    format!(
                        "{} is published: its subscribers keep the originals",
                        relation_name(*relid)
                    ),
                    "A table written anew is not replicated: mask it on the subscribers, too."
                        .to_owned(),
                ];
                self.table(*relid, "publication", false, texts);
            }
        }
        if ruled.is_empty() {
            return;
        }
        for (view, filled) in catalog::materialized_views(&catalog::ancestors(&ruled)) {
            // SAFETY: catalog look-up.
            let owns = unsafe { pg_sys::pg_class_ownercheck(view, pg_sys::GetUserId()) };
            if !filled || owns {
                continue;
            }
            let texts = [
                format!(
                    "materialized view {} holds values of masked tables, and you do not own it",
                    relation_name(view)
                ),
                "Let its owner drop it, or mask as a superuser.".to_owned(),
            ];
            let relid = catalog::sources(view)
                .into_iter()
                .find(|relid| ruled.contains(relid))
                .unwrap_or(ruled[0]);
            self.table(relid, "materialized_view", true, texts);
        }
    }

    pub(super) fn owners(&mut self) {
        for relid in self.ruled() {
            // SAFETY: catalog look-up.
            if unsafe { pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId()) } {
                continue;
            }
            let key = self
                .masked
                .iter()
                .filter(|masked| masked.column.0 == relid)
                .find_map(|masked| Some((masked.column, self.book.key_of(masked.column)?)));
            let message = match key {
                Some((column, key)) => format!(
                    "column {} refers to masked key {}, and you do not own the table",
                    self.book.display(column),
                    self.book.display(key)
                ),
                None => format!("must be owner of table {}", relation_name(relid)),
            };
            let hint = "Mask as a role that owns every table concerned, or as a superuser.";
            self.table(relid, "owner", true, [message, hint.to_owned()]);
        }
    }

    pub(super) fn undecided(&mut self) {
        let protected: HashSet<Oid> = protect::tables().into_iter().collect();
        let relids: Vec<Oid> = self.tables.keys().copied().collect();
        for undecided in protect::undecided(&relids, &self.book) {
            let relid = undecided.column.0;
            let table = &self.tables[&relid];
            // A part is decided on with the whole, in whichever schema that is.
            if table.is_partition {
                continue;
            }
            let is_error = protected.contains(&relid);
            let message = format!(
                "column {}.{} has no masking rule and no NOT MASKED{}",
                relation_name(relid),
                undecided.name,
                if is_error {
                    ", and its table is protected"
                } else {
                    ""
                }
            );
            self.findings.push(Finding {
                relid: Some(relid),
                column: Some(undecided.name),
                is_error,
                check: "undecided",
                message,
                hint: "Decide with synth_set_rule: a mask, or NOT MASKED.".to_owned(),
            });
        }
    }
}
