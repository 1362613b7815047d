//! Courses of a college, 192 for each 4,096 students.

use std::fmt::Write;
use std::sync::Arc;

use super::college::{BLOCK, COURSES};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::{Stream, remix};
use crate::generator::data::{Course, EDUCATION_COURSES};
use crate::generator::identifier::write_padded;
use crate::generator::name;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "courses",
    "Courses of a college: department, code, level, credits.",
    &[
        units(
            "students",
            "How many students, 0 or more: the courses of exactly those, 192 for each 4,096.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
const FAN_OUT: FanOut = FanOut::Mean(COURSES as f64 / BLOCK as f64);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "course",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

struct Row {
    number: u64,
    course: &'static Course,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Stream::new(options.seed, ENTRY.name, "instructor"),
        columns(),
        FAN_OUT,
        |_, unit, _, out| {
            let numbers = unit / BLOCK * COURSES..;
            let rows = numbers.zip(EDUCATION_COURSES);
            out.extend(rows.map(|(number, course)| Row { number, course }));
        },
    )
    .only(|_, unit| first_of_block::<BLOCK>(unit))
    .up_to(LAST_UNIT)
    .primary_key(&["course_id"])
    .index(&["code"])
}

type C = Column<Stream, Row>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("course_id", "Key", |_, r| {
            Some((r.number + 1).cast_signed())
        }),
        C::text(
            "code",
            "Prefix of the department and number",
            |_, r, out| {
                out.write_str(r.course.prefix)?;
                out.write_str(" ")?;
                write_padded(r.course.number, 3, out).map(|()| true)
            },
        ),
        C::word("title", "Title", |_, r| Some(r.course.title)),
        C::word("department", "Department", |_, r| Some(r.course.department)),
        C::small_int("level", "100 for beginners to 400", |_, r| {
            i16::try_from(r.course.number / 100 * 100).ok()
        }),
        C::small_int("credits", "Credit hours", |_, r| {
            i16::try_from(r.course.credits).ok()
        }),
        C::text("instructor", "Who teaches it", |stream, r, out| {
            let entropy = stream.draw(r.number);
            out.write_str(name::first_name(entropy))?;
            out.write_str(" ")?;
            out.write_str(name::last_name(remix(entropy)))?;
            Ok(true)
        }),
    ]
}
