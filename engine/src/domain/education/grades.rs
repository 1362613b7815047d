//! Grades: homework, exams and the grade of the course, which is their weighted sum.

use std::sync::Arc;

use super::college::{College, Enrolment, Outcome, TERMS};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::{below, remix};
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "grades",
    "Scores of homework and exams, and the grade of each course.",
    &[
        units(
            "students",
            "How many students, 0 or more: all grades of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(85.0);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "grade",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// Assessments and their weights in percent.
const ASSESSMENTS: [(&str, i64); 4] = [
    ("homework", 30),
    ("midterm exam", 30),
    ("final exam", 40),
    ("course", 100),
];

/// One score.
struct Grade {
    number: u64,
    enrolment: u64,
    assessment: usize,
    /// In tenths.
    score: i64,
    graded_on: i32,
    /// Letter and points in tenths of a course.
    letter: Option<(&'static str, i64)>,
}

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
                college.term(&student, term, |enrolment| {
                    out.extend(grades(&enrolment).filter(|grade| grade.graded_on <= college.as_of));
                });
            }
        },
    )
    .up_to(LAST_UNIT)
    .primary_key(&["grade_id"])
    .unique(&["enrolment_id", "assessment"])
    .references(&["enrolment_id"], "enrolments", &["enrolment_id"])
}

/// Scores of the assessments and the course, in tenths: the weighted sum of the first three is the last.
fn scores(enrolment: &Enrolment) -> [i64; 4] {
    let course = enrolment.score;
    // Homework and midterm differ from the course by multiples of 0.4, the final exam makes up for it. So
    // far that nothing falls below 0 or goes beyond 100.
    let room = course.min(1_000 - course).min(160) / 6;
    let entropy = remix(enrolment.entropy ^ 5);
    let draw = |entropy: u64, least: i64| {
        least + below(entropy, (room - least + 1).unsigned_abs()).cast_signed()
    };
    // Homework is rather better than exams.
    let (homework, midterm) = (draw(entropy, -room / 2), draw(remix(entropy), -room));
    [
        course + 4 * homework,
        course + 4 * midterm,
        course - 3 * (homework + midterm),
        course,
    ]
}

/// The grades of an enrolment, whenever they are given; none of one that was withdrawn.
fn grades(enrolment: &Enrolment) -> impl Iterator<Item = Grade> + use<> {
    let when = enrolment.when;
    let days = [
        when.end - 7,
        i32::midpoint(when.start, when.end),
        when.end,
        when.graded_on,
    ];
    let scores = scores(enrolment);
    let letter = enrolment.letter();
    let number = enrolment.number;
    let assessments = if enrolment.outcome == Outcome::Withdrawn {
        0
    } else {
        ASSESSMENTS.len()
    };
    (0..assessments).map(move |assessment| Grade {
        number: number * ASSESSMENTS.len() as u64 + assessment as u64,
        enrolment: number,
        assessment,
        score: scores[assessment],
        graded_on: days[assessment],
        letter: (assessment == 3).then_some(letter),
    })
}

type C = Column<College, Grade>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("grade_id", "Key", |_, g| Some((g.number + 1).cast_signed())),
        C::big_int("enrolment_id", "The student in the course", |_, g| {
            Some((g.enrolment + 1).cast_signed())
        }),
        C::word(
            "assessment",
            "homework, midterm exam, final exam, or course for all together",
            |_, g| Some(ASSESSMENTS[g.assessment].0),
        ),
        C::decimal(
            "weight",
            2,
            "Share of the grade of the course; 1 for the course",
            |_, g| Some(ASSESSMENTS[g.assessment].1),
        ),
        C::decimal("score", 1, "0 to 100", |_, g| Some(g.score)),
        C::word("letter", "A, A-, B+ ... D, F; only of a course", |_, g| {
            g.letter.map(|letter| letter.0)
        })
        .nullable(),
        C::decimal(
            "points",
            1,
            "4.0 for an A to 0.0 for an F; only of a course",
            |_, g| g.letter.map(|letter| letter.1),
        )
        .nullable(),
        C::date("graded_on", "When the score was given", |_, g| {
            Some(g.graded_on)
        }),
    ]
}
