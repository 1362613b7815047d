//! Candidates that indexes take, where an exclusion constraint has to judge or keys are too many for
//! memory: what the indexes compare goes into a temporary table with the same indexes, which refuses
//! what the table would refuse. The table itself is not written: no trigger runs, no sequence moves.

use pgrx::pg_sys;
use synth_engine::fill::Plan;

use super::indexes::{self, Index};
use super::{Selection, Wanted};
use crate::fill::catalog::Described;
use crate::fill::gate::{Gate, Reading};
use crate::fill::subtransaction::undone;
use crate::query::{execute, query, with_safe_path};

/// The temporary table; it is gone when the answer is known.
const TABLE: &str = "pg_temp.synth_apart";

/// Whether the caller may make a temporary table now.
pub fn is_possible() -> bool {
    // SAFETY: reads variables of the backend.
    if unsafe { pg_sys::XactReadOnly || pg_sys::InSecurityRestrictedOperation() } {
        return false;
    }
    let may = query(
        "SELECT has_database_privilege(current_database(), 'TEMP')
                AND to_regclass('pg_temp.synth_apart') IS NULL",
        &[],
        |row| row.get::<bool>(1),
    );
    may.first() == Some(&true)
}

/// The candidates that the indexes let pass.
pub fn selection(
    described: &Described,
    plan: &Plan,
    gate: &Gate,
    indexes: &[Index],
    wanted: Wanted,
) -> Selection {
    undone(|| with_safe_path(|| take(described, plan, gate, indexes, wanted)))
}

fn take(
    described: &Described,
    plan: &Plan,
    gate: &Gate,
    indexes: &[Index],
    wanted: Wanted,
) -> Selection {
    let computed = indexes::computed(indexes);
    let there = wanted.existing > 0;
    let asked = there.then(|| indexes::refused_by_rows(indexes)).flatten();
    let copied = there && asked.is_none();
    let reading = Reading {
        read: indexes::computed_names(indexes),
        computed: computed.clone(),
        unless: asked.unwrap_or_default(),
    };
    let of_found = Reading {
        unless: Vec::new(),
        ..reading.clone()
    };
    gate.create(TABLE, &reading, plan.written.len());
    if copied {
        let relation = indexes::relation(described);
        execute(
            &format!("INSERT INTO {TABLE} SELECT {computed}, 0 FROM {relation} t"),
            &[],
        );
    }
    for (number, index) in indexes.iter().enumerate() {
        execute(&index.definition(number, TABLE), &[]);
    }
    for found in wanted.found {
        found.batches(|candidates| {
            found.gate.insert(TABLE, &of_found, candidates);
        });
    }
    let mut selection = wanted.through(plan, |candidates, left, selection| {
        let first = selection.end;
        // What arrives beyond the last one wanted refuses nothing that comes before it.
        let arrived = gate.insert(TABLE, &reading, candidates).into_iter();
        for row in arrived.take(left as usize) {
            selection.take(first + row as u64);
        }
    });
    if selection.count < wanted.rows {
        let numbered = indexes.iter().enumerate();
        let refused = numbered.map(|(number, index)| {
            let by_candidates = index.refused_by_computed(number, TABLE);
            match reading.unless.get(number) {
                Some(by_rows) => format!("{by_rows} OR {by_candidates}"),
                None => by_candidates,
            }
        });
        let refused: Vec<String> = refused.collect();
        let counts = selection.refusals(plan, gate, &computed, &refused);
        for (index, count) in indexes.iter().zip(counts) {
            selection.refuse(&index.name, count);
        }
    }
    selection
}
