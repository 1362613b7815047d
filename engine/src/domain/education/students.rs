//! Students of a college: who they are, what they study, from when to when.

use std::sync::Arc;

use super::college::{College, OF_DEPARTMENT, Status, Student};
use crate::domain::linked::{Column, Linked};
use crate::domain::resident::{Resident, facts};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, ROWS, SEED, START, Table, TableEntry, TableOptions, table_entry,
    units_of_root,
};
use crate::generator::data::EDUCATION_COURSES;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "students",
    "Students of a college: identity, major, status.",
    &[ROWS, SEED, START, AS_OF],
);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "student",
    fan_out: FanOut::One,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

struct Row {
    student: Student,
    person: Resident,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        College::new(options),
        columns(),
        FanOut::One,
        |college, unit, needs, out| {
            let student = college.student(unit);
            let person = college
                .people
                .born(unit, needs, |entropy| college.born(&student, entropy));
            out.push(Row { student, person });
        },
    )
    .up_to(LAST_UNIT)
    .primary_key(&["student_id"])
    .unique(&["email"])
    .index(&["last_name", "first_name"])
}

type C = Column<College, Row>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("student_id", "Key", |_, r| {
            Some((r.student.unit + 1).cast_signed())
        }),
        C::word("first_name", "First name", |_, r| Some(r.person.first_name)).needs(facts::NAME),
        C::word("last_name", "Last name", |_, r| Some(r.person.last_name)).needs(facts::NAME),
        C::word("sex", "F or M", |_, r| Some(r.person.sex.code())).needs(facts::BIRTH),
        C::date("birth_date", "Date of birth: most come at 18", |_, r| {
            Some(r.person.birth_date)
        })
        .needs(facts::BIRTH),
        C::text(
            "email",
            "E-mail under a reserved domain, unique",
            |c, r, out| {
                c.people
                    .write_email(r.student.unit, &r.person, out)
                    .map(|()| true)
            },
        )
        .needs(facts::NAME),
        C::text(
            "phone",
            "Telephone: an area code of the city, fictitious exchange",
            |c, r, out| {
                c.people
                    .write_phone(r.student.unit, r.person.place, out)
                    .map(|()| true)
            },
        )
        .needs(facts::PLACE),
        C::text(
            "street_address",
            "House number and street at home",
            |c, r, out| c.people.write_street(r.student.unit, out).map(|()| true),
        ),
        C::word("city", "City at home", |_, r| Some(r.person.place.city)).needs(facts::PLACE),
        C::word("state", "Two-letter state code", |_, r| {
            Some(r.person.place.state)
        })
        .needs(facts::PLACE),
        C::word("zip", "ZIP code of the city", |_, r| {
            Some(r.person.place.zip)
        })
        .needs(facts::PLACE),
        C::word("major", "Department in which the student majors", |_, r| {
            Some(EDUCATION_COURSES[r.student.major * OF_DEPARTMENT].department)
        }),
        C::small_int(
            "planned_terms",
            "Terms up to the degree: 8, or 10 with fewer courses each",
            |_, r| i16::try_from(r.student.planned).ok(),
        ),
        C::date("entered_on", "First day of the first term", |c, r| {
            Some(c.entered_on(&r.student))
        }),
        C::word(
            "status",
            "enrolled, graduated or withdrawn, at as_of",
            |_, r| {
                Some(match r.student.status {
                    Status::Enrolled => "enrolled",
                    Status::Graduated => "graduated",
                    Status::Withdrawn => "withdrawn",
                })
            },
        ),
        C::date(
            "left_on",
            "When the student graduated or withdrew",
            |_, r| r.student.left_on,
        )
        .nullable(),
    ]
}
