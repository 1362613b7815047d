//! The college holds together, adds up, and follows the published figures.

use std::collections::{HashMap, HashSet};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int16Type, Int64Type};

use super::college::{College, LETTERS, Status};
use crate::calendar::{REFERENCE_DATE, parse_date};
use crate::domain::{TableOptions, table};
use crate::generator::data::EDUCATION_COURSES;

struct Rows(RecordBatch);

impl Rows {
    fn of(name: &str, students: u64) -> Self {
        let options = TableOptions {
            seed: 11,
            ..Default::default()
        };
        Self(table(name, &options).unwrap().batch(0..students).unwrap())
    }

    fn big(&self, name: &str) -> Vec<i64> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Int64Type>().values().to_vec()
    }

    fn small(&self, name: &str) -> Vec<i16> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Int16Type>().values().to_vec()
    }

    fn decimal(&self, name: &str) -> Vec<Option<i64>> {
        let column = self.0.column_by_name(name).unwrap();
        let column = column.as_primitive::<Decimal128Type>();
        column
            .iter()
            .map(|v| v.map(|v| i64::try_from(v).unwrap()))
            .collect()
    }

    fn dates(&self, name: &str) -> Vec<Option<i32>> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Date32Type>().iter().collect()
    }

    fn text(&self, name: &str) -> Vec<Option<String>> {
        let column = self.0.column_by_name(name).unwrap();
        let column = column.as_string::<i32>();
        column.iter().map(|t| t.map(ToOwned::to_owned)).collect()
    }
}

#[test]
fn the_list_of_courses_is_whole() {
    assert_eq!(EDUCATION_COURSES.len(), 192);
    for department in EDUCATION_COURSES.chunks(12) {
        assert!(department.iter().all(|c| c.prefix == department[0].prefix));
        let levels: Vec<u64> = department.iter().map(|c| c.number / 100).collect();
        assert_eq!(levels, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    }
}

/// The grade of a course is the weighted sum of its assessments, to the tenth.
#[test]
fn grades_are_weighted_sums() {
    let grades = Rows::of("grades", 400);
    let (assessment, score) = (grades.text("assessment"), grades.decimal("score"));
    let (weight, letter) = (grades.decimal("weight"), grades.text("letter"));
    let points = grades.decimal("points");
    let mut sums: HashMap<i64, (i64, i64)> = HashMap::new();
    let mut courses = 0;
    for (row, enrolment) in grades.big("enrolment_id").into_iter().enumerate() {
        let (value, share) = (score[row].unwrap(), weight[row].unwrap());
        assert!((0..=1_000).contains(&value));
        if assessment[row].as_deref() == Some("course") {
            assert_eq!(sums[&enrolment], (value * 100, 100), "{enrolment}");
            let expected = LETTERS.iter().find(|letter| value >= letter.1).unwrap();
            assert_eq!(letter[row].as_deref(), Some(expected.0));
            assert_eq!(points[row], Some(expected.2));
            courses += 1;
        } else {
            assert_eq!((&letter[row], points[row]), (&None, None));
            let sum = sums.entry(enrolment).or_default();
            *sum = (sum.0 + value * share, sum.1 + share);
        }
    }
    assert!(courses > 5_000);
}

/// Averages on the transcripts are those of the grades, term by term and over all.
#[test]
fn transcripts_agree_with_grades() {
    let (grades, enrolments) = (Rows::of("grades", 400), Rows::of("enrolments", 400));
    let transcripts = Rows::of("transcripts", 400);
    let points: HashMap<i64, i64> = grades
        .big("enrolment_id")
        .into_iter()
        .zip(grades.decimal("points"))
        .filter_map(|(enrolment, points)| Some((enrolment, points?)))
        .collect();
    let credits_of = |course: i64| {
        EDUCATION_COURSES[usize::try_from((course - 1) % 192).unwrap()]
            .credits
            .cast_signed()
    };
    let terms = enrolments.small("term_number");
    let students = enrolments.big("student_id");
    let courses = enrolments.big("course_id");
    // Attempted, graded, points, earned.
    let mut sums: HashMap<(i64, i16), [i64; 4]> = HashMap::new();
    for (row, enrolment) in enrolments.big("enrolment_id").into_iter().enumerate() {
        let credits = credits_of(courses[row]);
        let sum = sums.entry((students[row], terms[row])).or_default();
        sum[0] += credits;
        if let Some(points) = points.get(&enrolment) {
            sum[1] += credits;
            sum[2] += points * credits;
            sum[3] += if *points > 0 { credits } else { 0 };
        }
    }
    let [term_gpa, gpa] = ["term_gpa", "gpa"].map(|name| transcripts.decimal(name));
    let terms = transcripts.small("term_number");
    let [attempted, earned, total] =
        ["credits_attempted", "credits_earned", "total_credits"].map(|n| transcripts.small(n));
    let mut all = [0_i64; 4];
    for (row, student) in transcripts.big("student_id").into_iter().enumerate() {
        let sum = sums[&(student, terms[row])];
        if terms[row] == 1 {
            all = [0; 4];
        }
        for (all, sum) in all.iter_mut().zip(sum) {
            *all += sum;
        }
        assert_eq!(i64::from(attempted[row]), sum[0]);
        assert_eq!(i64::from(earned[row]), sum[3]);
        assert_eq!(i64::from(total[row]), all[3]);
        for (average, sum) in [(term_gpa[row], sum), (gpa[row], all)] {
            match average {
                None => assert_eq!(sum[1], 0),
                Some(average) => {
                    let exact = sum[2] as f64 * 10.0 / sum[1] as f64;
                    assert!((average as f64 - exact).abs() <= 0.5, "student {student}");
                }
            }
        }
    }
}

/// Nobody takes more than 20 credits a term or a course twice; graduates have what a degree takes.
#[test]
fn loads_are_plausible() {
    let (students, transcripts) = (Rows::of("students", 3_000), Rows::of("transcripts", 3_000));
    let mut total: HashMap<i64, i16> = HashMap::new();
    for ((student, attempted), so_far) in transcripts
        .big("student_id")
        .into_iter()
        .zip(transcripts.small("credits_attempted"))
        .zip(transcripts.small("total_credits"))
    {
        assert!((12..=20).contains(&attempted), "{attempted} credits");
        total.insert(student, so_far);
    }
    let graduates: Vec<f64> = students
        .big("student_id")
        .into_iter()
        .zip(students.text("status"))
        .filter(|(_, status)| status.as_deref() == Some("graduated"))
        .map(|(student, _)| f64::from(total[&student]))
        .collect();
    let mean = graduates.iter().sum::<f64>() / graduates.len() as f64;
    // A bachelor's degree takes 120.
    assert!((112.0..130.0).contains(&mean), "{mean}");
    let enrolments = Rows::of("enrolments", 3_000);
    let mut seen = HashSet::new();
    for pair in enrolments
        .big("student_id")
        .into_iter()
        .zip(enrolments.big("course_id"))
    {
        assert!(seen.insert(pair), "{pair:?} twice");
    }
}

#[test]
fn time_runs_forward() {
    for as_of in ["2026-01-01", "2025-05-12", "2025-11-20"] {
        let as_of = parse_date(as_of).unwrap();
        let options = TableOptions {
            seed: 3,
            as_of,
            ..Default::default()
        };
        let rows = |name: &str| Rows(table(name, &options).unwrap().batch(0..600).unwrap());
        let (students, enrolments, grades) = (rows("students"), rows("enrolments"), rows("grades"));
        let (born, entered, left) = (
            students.dates("birth_date"),
            students.dates("entered_on"),
            students.dates("left_on"),
        );
        for row in 0..600 {
            let age = (entered[row].unwrap() - born[row].unwrap()) / 365;
            assert!((17..32).contains(&age), "{age}");
            assert!(left[row].is_none_or(|day| day > entered[row].unwrap() && day <= as_of));
        }
        let on: HashMap<i64, (i32, Option<String>)> = enrolments
            .big("enrolment_id")
            .into_iter()
            .zip(enrolments.dates("enrolled_on"))
            .zip(enrolments.text("status"))
            .map(|((key, on), status)| (key, (on.unwrap(), status)))
            .collect();
        let (came, went) = (
            enrolments.dates("enrolled_on"),
            enrolments.dates("withdrawn_on"),
        );
        for (row, student) in enrolments.big("student_id").into_iter().enumerate() {
            let student = usize::try_from(student - 1).unwrap();
            let on = came[row].unwrap();
            assert!(on + 10 >= entered[student].unwrap() && on <= as_of);
            assert!(left[student].is_none_or(|day| on < day));
            assert!(went[row].is_none_or(|day| day > on && day <= as_of));
        }
        let graded_on = grades.dates("graded_on");
        for (row, enrolment) in grades.big("enrolment_id").into_iter().enumerate() {
            let (on, status) = &on[&enrolment];
            let day = graded_on[row].unwrap();
            assert!(day > *on && day <= as_of);
            assert_ne!(status.as_deref(), Some("withdrawn"));
        }
    }
}

/// Rojstaczer and Healy, "Where A Is Ordinary" (Teachers College Record, 2012), all schools: 43.0 percent of
/// letter grades are A, 33.8 B, 14.9 C, 4.1 D, 4.2 F. Tolerance 1.5 points: the standard error is about 0.4,
/// since the grades of a student hang together, and the normal draws are approximate.
#[test]
fn grades_follow_the_published_distribution() {
    let grades = Rows::of("grades", 3_000);
    let mut counts: HashMap<char, f64> = HashMap::new();
    for letter in grades.text("letter").into_iter().flatten() {
        *counts.entry(letter.chars().next().unwrap()).or_default() += 1.0;
    }
    let total: f64 = counts.values().sum();
    for (letter, share) in [
        ('A', 43.0),
        ('B', 33.8),
        ('C', 14.9),
        ('D', 4.1),
        ('F', 4.2),
    ] {
        let got = counts[&letter] / total * 100.0;
        assert!(
            (got - share).abs() < 1.5,
            "{letter}: {got} instead of {share}: {counts:?}"
        );
    }
}

/// NCES, Condition of Education 2016, "Undergraduate Retention and Graduation Rates": 80 percent of first-time
/// full-time students at 4-year institutions come back after the first year, 60 percent have the degree
/// within six years. Of those who entered in the first of six classes. Standard error of 2,500 students: 0.8
/// and 1.0 points, bound at four.
#[test]
fn retention_follows_the_published_rate() {
    let college = College::new(&TableOptions::default());
    let (mut came, mut back, mut graduated) = (0.0, 0.0, 0.0);
    for unit in 0..15_000 {
        let student = college.student(unit);
        if student.class == 0 {
            came += 1.0;
            back += f64::from(u8::from(student.terms > 2));
            graduated += f64::from(u8::from(student.status == Status::Graduated));
        }
    }
    assert!((back / came - 0.80_f64).abs() < 0.033, "{}", back / came);
    assert!(
        (graduated / came - 0.60_f64).abs() < 0.05,
        "{}",
        graduated / came
    );
    assert_eq!(college.as_of, REFERENCE_DATE);
}
