//! Enrolments: which student took which course in which term, and whether to the end.

use std::fmt::Write;
use std::sync::Arc;

use super::college::{College, Enrolment, Outcome, TERMS};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::generator::identifier::write_padded;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "enrolments",
    "Students in courses: term, status.",
    &[
        units(
            "students",
            "How many students, 0 or more: all enrolments of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(23.0);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "enrolment",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        College::new(options),
        columns(),
        FAN_OUT,
        |college, unit, _, out| {
            let student = college.student(unit);
            for term in 0..student.terms.min(TERMS) {
                college.term(&student, term, |enrolment| out.push(enrolment));
            }
        },
    )
    .up_to(LAST_UNIT)
    .primary_key(&["enrolment_id"])
    .unique(&["student_id", "course_id"])
    .references(&["student_id"], "students", &["student_id"])
    .references(&["course_id"], "courses", &["course_id"])
    .index(&["course_id"])
}

type C = Column<College, Enrolment>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("enrolment_id", "Key", |_, e| {
            Some((e.number + 1).cast_signed())
        }),
        C::big_int("student_id", "Who", |_, e| Some((e.unit + 1).cast_signed())),
        C::big_int("course_id", "What", |_, e| Some(e.course_key())),
        C::text("term", "Fall or Spring and the year", |_, e, out| {
            out.write_str(if e.when.fall { "Fall " } else { "Spring " })?;
            write_padded(u64::from(e.when.year.unsigned_abs()), 4, out).map(|()| true)
        }),
        C::small_int(
            "term_number",
            "The how manieth term of the student, from 1",
            |_, e| i16::try_from(e.term + 1).ok(),
        ),
        C::date(
            "enrolled_on",
            "When the student signed up: in the week before the term",
            |_, e| Some(e.when.start - 1 - i32::try_from(e.entropy >> 20 & 7).unwrap_or(0)),
        ),
        C::word(
            "status",
            "enrolled, completed (with a grade, be it F) or withdrawn, at as_of",
            |_, e| {
                Some(match e.outcome {
                    Outcome::Open => "enrolled",
                    Outcome::Completed => "completed",
                    Outcome::Withdrawn => "withdrawn",
                })
            },
        ),
        C::date(
            "withdrawn_on",
            "When the student left the course",
            |_, e| {
                let days = i32::try_from(20 + (e.entropy >> 24) % 40).unwrap_or(20);
                (e.outcome == Outcome::Withdrawn).then_some(e.when.start + days)
            },
        )
        .nullable(),
    ]
}
