//! Adverse events of participants of clinical trials, by the terms and grades of CTCAE 5.0.

use std::sync::Arc;

use super::LAST_PATIENT;
use super::research::{Event, Research};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::error::Result;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "adverse_events",
    "Adverse events in clinical trials: term, grade, relation, outcome.",
    &[
        units(
            "patients",
            "How many patients, 0 or more: all adverse events of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(0.06);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "adverse_event",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options)?)),
};

fn build(options: &TableOptions) -> Result<impl Table + use<>> {
    Ok(Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Research::new(options)?,
        columns(),
        FAN_OUT,
        |research, unit, _, out| {
            if let Some(participant) = research.asked_to_take_part(unit) {
                research.events(&participant, out);
            }
        },
    )
    .only(Research::next_asked)
    .up_to(LAST_PATIENT)
    .primary_key(&["adverse_event_id"])
    .references(
        &["participant_id"],
        "trial_participants",
        &["participant_id"],
    )
    .index(&["participant_id"]))
}

type C = Column<Research, Event>;

fn columns() -> Vec<C> {
    vec![
        C::uuid("adverse_event_id", "Key", |r, e| Some(r.event_id(e))),
        C::uuid("participant_id", "Who", |r, e| {
            Some(r.participant_id(e.unit))
        }),
        C::word("term", "Name of the event in CTCAE 5.0", |_, e| {
            Some(e.term.term)
        }),
        C::word(
            "body_system",
            "The part of the body, in plain words",
            |_, e| Some(e.term.body_system),
        ),
        C::small_int(
            "grade",
            "1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 death (CTCAE 5.0)",
            |_, e| Some(e.grade),
        ),
        C::boolean(
            "serious",
            "Deadly, life-threatening, or a reason for a stay in hospital",
            |_, e| Some(e.serious),
        ),
        C::word(
            "relation",
            "not related, unlikely related, possibly related or related to the treatment",
            |_, e| Some(e.relation.word()),
        ),
        C::word(
            "action_taken",
            "With the treatment: dose not changed, dose reduced, drug interrupted, drug withdrawn, or not applicable",
            |_, e| Some(e.action.word()),
        ),
        C::word(
            "outcome",
            "recovered, recovered with sequelae, recovering, not recovered or fatal",
            |_, e| Some(e.outcome.word()),
        ),
        C::date("started_on", "First day", |_, e| Some(e.started)),
        C::date("ended_on", "Last day; NULL if it goes on", |_, e| e.ended).nullable(),
    ]
}
