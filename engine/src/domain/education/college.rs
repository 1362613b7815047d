//! What the tables of a college share: its calendar, who studies what from when to when, which courses a
//! student takes in a term, and how well.
//!
//! A student takes the twelve courses of the major in their order, spread evenly over the terms, and fills
//! up with introductory courses of other departments, none twice: each is a step of a walk through the
//! courses of a level that comes back to its start only after all of them.

use std::sync::LazyLock;

use super::super::TableOptions;
use super::super::resident::Residents;
use crate::calendar::{date_from_days, days_from_date};
use crate::dictionary::Weighted;
use crate::entropy::{Stream, below, normal, remix, round};
use crate::generator::data::EDUCATION_COURSES;
use crate::generator::name::Sex;

/// So many students share a list of courses.
pub const BLOCK: u64 = 4_096;
/// Courses of a department.
pub const OF_DEPARTMENT: usize = 12;
/// Departments.
pub const DEPARTMENTS: usize = 16;
/// Courses of a list.
pub const COURSES: u64 = (OF_DEPARTMENT * DEPARTMENTS) as u64;
/// Enrolments of a student are numbered in this space, ...
pub const ENROLMENTS: u64 = 64;
/// ... those of a term in this.
const OF_TERM: u64 = 5;
/// Terms of a student are numbered in this space.
pub const TERMS: u64 = 16;

/// The classes that entered in the last falls.
const CLASSES: usize = 6;

/// Students who do not come back after a year of study, of those who were there; the mean over abilities is
/// a fifth after the first year (see the tests), the rest is an estimate.
const LEAVING: [f64; 4] = [0.195, 0.16, 0.11, 0.06];

/// Grades with the least score in tenths, and their points in tenths.
pub const LETTERS: [(&str, i64, i64); 11] = [
    ("A", 930, 40),
    ("A-", 900, 37),
    ("B+", 870, 33),
    ("B", 830, 30),
    ("B-", 800, 27),
    ("C+", 770, 23),
    ("C", 730, 20),
    ("C-", 700, 17),
    ("D+", 670, 13),
    ("D", 600, 10),
    ("F", 0, 0),
];

/// z-scores and the score in tenths that they stand for, linear in between: the z-scores of 600, 700, 800
/// and 900 are those of the published shares of F, D, C and B (see the tests).
const SCORES: [(f64, f64); 7] = [
    (-3.5, 300.0),
    (-1.728, 600.0),
    (-1.385, 700.0),
    (-0.732, 800.0),
    (0.176, 900.0),
    (0.6, 930.0),
    (2.8, 1_000.0),
];

/// The mean of the z-scores: below zero, since the weakest leave early.
const SHIFT: f64 = -0.06;

/// Steps without a common factor with the 45 electives of a level.
const STEPS: [u64; 12] = [1, 2, 4, 7, 8, 11, 13, 14, 16, 17, 19, 22];
/// Introductory courses of other departments: three of each.
const ELECTIVES: u64 = 3 * (DEPARTMENTS as u64 - 1);

/// Departments by number of students.
static MAJORS: LazyLock<Weighted> = LazyLock::new(|| {
    let courses = EDUCATION_COURSES.iter().step_by(OF_DEPARTMENT);
    Weighted::new(&courses.map(|course| course.weight).collect::<Vec<_>>())
});

/// A term.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// Calendar year.
    pub year: i32,
    /// Fall or spring.
    pub fall: bool,
    /// First day.
    pub start: i32,
    /// Last day.
    pub end: i32,
    /// When the grades are out.
    pub graded_on: i32,
}

impl Term {
    fn new(year: i32, fall: bool) -> Self {
        let day = |month, day| days_from_date(year, month, day).unwrap_or(0);
        let (start, end) = if fall {
            (day(8, 25), day(12, 15))
        } else {
            (day(1, 20), day(5, 10))
        };
        Self {
            year,
            fall,
            start,
            end,
            graded_on: end + 5,
        }
    }
}

/// How things stand with a student.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Studies.
    Enrolled,
    /// Has the degree.
    Graduated,
    /// Left without one.
    Withdrawn,
}

/// A student.
#[derive(Debug, Clone, Copy)]
pub struct Student {
    /// The number: the key less one.
    pub unit: u64,
    /// The class: an index, the last is the one that entered last.
    pub class: usize,
    /// Index of the department.
    pub major: usize,
    /// Terms up to the degree: 8 or 10.
    pub planned: u64,
    /// Terms that have begun.
    pub terms: u64,
    /// Status at `as_of`.
    pub status: Status,
    /// When the student graduated or left.
    pub left_on: Option<i32>,
    /// A standard normal measure of how well the student does.
    pub ability: f64,
    entropy: u64,
}

/// What has become of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The term is not over, or grades are not out yet.
    Open,
    /// The student has left the course.
    Withdrawn,
    /// There is a grade.
    Completed,
}

/// A student in a course.
#[derive(Debug, Clone, Copy)]
pub struct Enrolment {
    /// The number of it: the key less one.
    pub number: u64,
    /// The student.
    pub unit: u64,
    /// The how manieth term of the student.
    pub term: u64,
    /// When.
    pub when: Term,
    /// Index into the list of courses.
    pub course: usize,
    /// What has become of it.
    pub outcome: Outcome,
    /// Score in tenths, 0 to 1000; of no meaning if withdrawn.
    pub score: i64,
    /// Its draw, for further facts.
    pub entropy: u64,
}

impl Enrolment {
    /// Key of the course.
    #[inline]
    pub fn course_key(&self) -> i64 {
        (self.unit / BLOCK * COURSES + self.course as u64 + 1).cast_signed()
    }

    /// Credits of the course.
    #[inline]
    pub fn credits(&self) -> i64 {
        EDUCATION_COURSES[self.course].credits.cast_signed()
    }

    /// Letter and points in tenths.
    #[inline]
    pub fn letter(&self) -> (&'static str, i64) {
        let at = LETTERS.iter().find(|letter| self.score >= letter.1);
        at.map_or(("F", 0), |letter| (letter.0, letter.2))
    }
}

/// The college under a seed, at a day.
pub struct College {
    /// The last day.
    pub as_of: i32,
    /// The students as people.
    pub people: Residents,
    /// Falls and springs from the first class's fall on.
    terms: Vec<Term>,
    entry: Stream,
    ability: Stream,
    leaving: Stream,
    enrolment: Stream,
    /// How much easier a course is than others, by its place in the list; standard normal.
    easy: Vec<f64>,
}

impl College {
    /// The college.
    pub fn new(options: &TableOptions) -> Self {
        let stream = |table: &str, column: &str| Stream::new(options.seed, table, column);
        let as_of = options.as_of;
        let year = date_from_days(as_of).map_or(1970, |date| date.0);
        let last = if Term::new(year, true).start <= as_of {
            year
        } else {
            year - 1
        };
        let first = last + 1 - i32::try_from(CLASSES).unwrap_or(0);
        let easy = stream("courses", "difficulty");
        Self {
            as_of,
            people: Residents::new(options.seed, "students", as_of),
            terms: (first..=last)
                .flat_map(|year| [Term::new(year, true), Term::new(year + 1, false)])
                .collect(),
            entry: stream("students", "entry"),
            ability: stream("students", "ability"),
            leaving: stream("students", "left_on"),
            enrolment: stream("enrolments", "enrolment"),
            easy: (0..COURSES)
                .map(|course| normal(easy.draw(course)))
                .collect(),
        }
    }

    /// A student by number.
    #[inline]
    pub fn student(&self, unit: u64) -> Student {
        let entropy = self.entry.draw(unit);
        let class = usize::try_from(below(entropy, CLASSES as u64)).unwrap_or(0);
        let more = remix(entropy);
        let planned = if more & 7 < 5 { 8 } else { 10 };
        let ability = normal(self.ability.draw(unit));
        let mut student = Student {
            unit,
            class,
            major: MAJORS.pick(remix(more)),
            planned,
            terms: 0,
            status: Status::Enrolled,
            left_on: None,
            ability,
            entropy: more,
        };
        // Who does badly leaves more often.
        let factor = match ability {
            a if a < -0.5 => 1.6,
            a if a > 0.5 => 0.5,
            _ => 1.0,
        };
        let terms = self.terms[2 * class..].iter().zip(0..planned);
        let mut leaving = self.leaving.draw(unit);
        for (term, index) in terms {
            if term.start > self.as_of {
                break;
            }
            student.terms = index + 1;
            let graduated_on = term.end + 12;
            if student.terms == planned && graduated_on <= self.as_of {
                student.status = Status::Graduated;
                student.left_on = Some(graduated_on);
                break;
            }
            let year = usize::try_from(index / 2).unwrap_or(0);
            if !term.fall && student.terms < planned {
                let leaves = LEAVING[year.min(3)] * factor > crate::entropy::unit(leaving);
                // They let it be known in summer.
                let on = term.end + 15 + i32::try_from(leaving & 63).unwrap_or(0);
                leaving = remix(leaving);
                if leaves {
                    if on <= self.as_of {
                        student.status = Status::Withdrawn;
                        student.left_on = Some(on);
                    }
                    break;
                }
            }
        }
        student
    }

    /// When a student came.
    #[inline]
    pub fn entered_on(&self, student: &Student) -> i32 {
        self.terms[2 * student.class].start
    }

    /// Sex and date of birth: most are 18 when they come, one in ten is older.
    #[inline]
    pub fn born(&self, student: &Student, entropy: u64) -> (Sex, i32) {
        // 56 percent are women.
        let sex = if entropy & 0xFF < 143 {
            Sex::Female
        } else {
            Sex::Male
        };
        let more = remix(entropy);
        let mut days = 6_500 + below(more, 520);
        if more & 0xFF < 26 {
            days += below(remix(more), 4_000);
        }
        (
            sex,
            self.entered_on(student) - i32::try_from(days).unwrap_or(0),
        )
    }

    /// When a term of a student is.
    #[inline]
    pub fn when(&self, student: &Student, term: u64) -> Option<Term> {
        let place = 2 * student.class + usize::try_from(term).unwrap_or(0);
        self.terms.get(place).copied()
    }

    /// Calls `each` with the enrolments of a term of a student.
    #[inline]
    pub fn term(&self, student: &Student, term: u64, mut each: impl FnMut(Enrolment)) {
        let Some(when) = self.when(student, term) else {
            return;
        };
        let load = if student.planned == 8 { 5 } else { 4 };
        // Courses of the major before a term.
        let majors = |term: u64| (OF_DEPARTMENT as u64 * term).div_ceil(student.planned);
        let (from, to) = (majors(term), majors(term + 1).min(majors(term) + load));
        // Other courses before this term, counted anew from the third year on.
        let first = if term < 4 { 0 } else { 4 };
        let others = (term - first) * load - (from - majors(first));
        let level = usize::from(term >= 4);
        let walk = remix(student.entropy ^ (11 + level as u64));
        let step = STEPS[usize::try_from(below(walk, STEPS.len() as u64)).unwrap_or(0)];
        for k in 0..load {
            let course = if from + k < to {
                student.major * OF_DEPARTMENT + usize::try_from(from + k).unwrap_or(0)
            } else {
                let number = others + k - (to - from);
                elective(
                    student.major,
                    level,
                    (walk % ELECTIVES + number * step) % ELECTIVES,
                )
            };
            let number = student.unit * ENROLMENTS + term * OF_TERM + k;
            each(self.enrolment(student, number, term, when, course));
        }
    }

    #[inline]
    fn enrolment(
        &self,
        student: &Student,
        number: u64,
        term: u64,
        when: Term,
        course: usize,
    ) -> Enrolment {
        let entropy = self.enrolment.draw(number);
        let chance = normal(remix(entropy));
        let z = SHIFT + 0.55 * student.ability + 0.15 * self.easy[course] + 0.82 * chance;
        // Who is about to fail withdraws more often.
        let leaves = entropy & 0xFFF < if z < -1.2 { 500 } else { 110 };
        let outcome = if leaves && when.start + 60 <= self.as_of {
            Outcome::Withdrawn
        } else if when.graded_on <= self.as_of {
            Outcome::Completed
        } else {
            Outcome::Open
        };
        Enrolment {
            number,
            unit: student.unit,
            term,
            when,
            course,
            outcome,
            score: score(z),
            entropy,
        }
    }
}

/// The course at a place among the introductory courses of a level outside of the major.
#[inline]
fn elective(major: usize, level: usize, place: u64) -> usize {
    let place = usize::try_from(place).unwrap_or(0);
    let department = place / 3;
    let department = department + usize::from(department >= major);
    department * OF_DEPARTMENT + level * 3 + place % 3
}

/// The score in tenths of a z-score.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "between 300 and 1000")]
fn score(z: f64) -> i64 {
    let z = z.clamp(SCORES[0].0, SCORES[SCORES.len() - 1].0);
    let mut segment = 0;
    while segment + 2 < SCORES.len() && z >= SCORES[segment + 1].0 {
        segment += 1;
    }
    let (low, high) = (SCORES[segment], SCORES[segment + 1]);
    round(low.1 + (high.1 - low.1) * (z - low.0) / (high.0 - low.0)) as i64
}
