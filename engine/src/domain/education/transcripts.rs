//! Transcripts: a row a student and finished term, with credits and grade point averages that agree with
//! the grades.

use std::fmt::Write;
use std::sync::Arc;

use super::college::{College, Outcome, TERMS, Term};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::generator::identifier::write_padded;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "transcripts",
    "Credits and grade point averages of students by term.",
    &[
        units(
            "students",
            "How many students, 0 or more: the transcripts of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(4.9);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "transcript",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// Needs the courses of each term.
const COURSES: u32 = 1;

/// Credits and points so far.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    graded: i64,
    earned: i64,
    /// Tenths of points times credits.
    points: i64,
}

impl Sum {
    /// Grade point average in hundredths; none without grades.
    fn average(&self) -> Option<i64> {
        (self.graded > 0).then(|| (self.points * 10 + self.graded / 2) / self.graded)
    }
}

struct Transcript {
    unit: u64,
    number: u64,
    when: Option<Term>,
    attempted: i64,
    term: Sum,
    all: Sum,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        College::new(options),
        columns(),
        FAN_OUT,
        transcripts,
    )
    .up_to(LAST_UNIT)
    .primary_key(&["transcript_id"])
    .unique(&["student_id", "term_number"])
    .references(&["student_id"], "students", &["student_id"])
}

fn transcripts(college: &College, unit: u64, needs: u32, out: &mut Vec<Transcript>) {
    let student = college.student(unit);
    let mut all = Sum::default();
    for number in 0..student.terms.min(TERMS) {
        let when = college.when(&student, number);
        if when.is_none_or(|when| when.graded_on > college.as_of) {
            break;
        }
        let (mut term, mut attempted) = (Sum::default(), 0);
        if needs & COURSES != 0 {
            college.term(&student, number, |enrolment| {
                let credits = enrolment.credits();
                attempted += credits;
                if enrolment.outcome == Outcome::Completed {
                    let points = enrolment.letter().1;
                    term.graded += credits;
                    term.points += points * credits;
                    term.earned += if points > 0 { credits } else { 0 };
                }
            });
        }
        all = Sum {
            graded: all.graded + term.graded,
            earned: all.earned + term.earned,
            points: all.points + term.points,
        };
        out.push(Transcript {
            unit,
            number,
            when,
            attempted,
            term,
            all,
        });
    }
}

type C = Column<College, Transcript>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("transcript_id", "Key", |_, t| {
            Some((t.unit * TERMS + t.number + 1).cast_signed())
        }),
        C::big_int("student_id", "Who", |_, t| Some((t.unit + 1).cast_signed())),
        C::text("term", "Fall or Spring and the year", |_, t, out| {
            let Some(when) = t.when else { return Ok(true) };
            out.write_str(if when.fall { "Fall " } else { "Spring " })?;
            write_padded(u64::from(when.year.unsigned_abs()), 4, out).map(|()| true)
        }),
        C::small_int(
            "term_number",
            "The how manieth term of the student, from 1",
            |_, t| i16::try_from(t.number + 1).ok(),
        ),
        C::small_int(
            "credits_attempted",
            "Credits of the courses of the term",
            |_, t| i16::try_from(t.attempted).ok(),
        )
        .needs(COURSES),
        C::small_int(
            "credits_earned",
            "Credits of the courses passed in the term",
            |_, t| i16::try_from(t.term.earned).ok(),
        )
        .needs(COURSES),
        C::decimal(
            "term_gpa",
            2,
            "Points of the term weighted by credits; NULL if all courses were left",
            |_, t| t.term.average(),
        )
        .nullable()
        .needs(COURSES),
        C::small_int(
            "total_credits",
            "Credits of all courses passed so far",
            |_, t| i16::try_from(t.all.earned).ok(),
        )
        .needs(COURSES),
        C::decimal(
            "gpa",
            2,
            "Grade point average of all terms so far",
            |_, t| t.all.average(),
        )
        .nullable()
        .needs(COURSES),
        C::word(
            "standing",
            "dean's list, good standing or probation, by the term's average",
            |_, t| {
                Some(match t.term.average() {
                    Some(350..) => "dean's list",
                    Some(..200) => "probation",
                    _ => "good standing",
                })
            },
        )
        .needs(COURSES),
    ]
}
