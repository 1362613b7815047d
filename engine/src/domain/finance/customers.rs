//! Customers of a bank: who they are, how they earn, how they are rated.
//!
//! ```
//! use arrow_array::cast::AsArray;
//! use synth_engine::domain::{TableOptions, table};
//!
//! let customers = table("customers", &TableOptions { seed: 42, ..Default::default() })?;
//! let batch = customers.batch(0..3)?;
//! let tax_id = batch.column_by_name("tax_id").unwrap().as_string::<i32>();
//! assert!(tax_id.value(0).starts_with('9'), "areas from 900 on were never issued");
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::bank::{Area, Bank, customer_id};
use super::profile::{Employment, Profile};
use crate::calendar::date_from_days;
use crate::domain::linked::{Column, Linked};
use crate::domain::population;
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, ROWS, SEED, START, Table, TableEntry, TableOptions, table_entry,
    units_of_root,
};
use crate::entropy::{Permutation, Stream, UniqueNumbers, remix};
use crate::error::Result;
use crate::generator::{address, contact, identifier, name, work};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "customers",
        "Customers of a bank: name, address, income, credit score.",
        &[ROWS, SEED, START, AS_OF],
    ),
    row: "customer",
    fan_out: FanOut::One,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct World {
    bank: Bank,
    tax_id: Permutation,
    email: UniqueNumbers,
    names: Stream,
}

struct Row {
    profile: Profile,
    area: Area,
    first_name: &'static str,
    last_name: &'static str,
}

/// The first and last name of a customer.
pub(crate) fn names_of(profile: &Profile) -> (&'static str, &'static str) {
    let race = population::race_and_ethnicity(profile.draw(60));
    let year = date_from_days(profile.birth_date).map_or(1980, |date| date.0);
    (
        name::first_name_of(profile.draw(61), profile.sex, year),
        name::last_name_of(profile.draw(62), race.surname),
    )
}

const NAMES: u32 = 1;
const AREA: u32 = 2;

fn rows(world: &World, unit: u64, needs: u32, out: &mut Vec<Row>) {
    let profile = Profile::of(&world.bank, unit);
    let (first_name, last_name) = if needs & NAMES == 0 {
        ("", "")
    } else {
        names_of(&profile)
    };
    // An area that nobody asks for is the block's first.
    let area = if needs & AREA == 0 {
        0
    } else {
        u64::from(profile.area)
    };
    out.push(Row {
        area: world.bank.area(profile.block, area),
        profile,
        first_name,
        last_name,
    });
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let stream = |name| Stream::new(options.seed, "customers", name);
    let world = World {
        bank,
        tax_id: Permutation::new(identifier::SSN_COUNT, stream("tax_id")),
        email: UniqueNumbers::new(4, stream("email")),
        names: stream("names"),
    };
    Ok(Linked::new(
        "customers",
        TABLE.entry.summary,
        world,
        columns(),
        TABLE.fan_out,
        rows,
    )
    .up_to(LAST_UNIT)
    .primary_key(&["customer_id"])
    .unique(&["tax_id"])
    .unique(&["email"])
    .index(&["last_name", "first_name"]))
}

fn columns() -> Vec<Column<World, Row>> {
    vec![
        Column::big_int("customer_id", "Key", |_, row: &Row| {
            Some(customer_id(row.profile.unit))
        }),
        Column::word("first_name", "First name, by sex and birth decade", |_, row: &Row| {
            Some(row.first_name)
        })
        .needs(NAMES),
        Column::word("last_name", "Last name", |_, row: &Row| Some(row.last_name)).needs(NAMES),
        Column::word("sex", "F or M", |_, row: &Row| Some(row.profile.sex.code())),
        Column::date("birth_date", "Date of birth: 18 years ago or more", |_, row: &Row| {
            Some(row.profile.birth_date)
        }),
        Column::text(
            "tax_id",
            "Tax number in the form of a Social Security number, from a series never issued, unique; NULL from row 48,995,100 on, where the series ends",
            |world: &World, row: &Row, out| {
                if row.profile.unit >= world.tax_id.len() {
                    return Ok(false);
                }
                identifier::write_ssn(world.tax_id.apply(row.profile.unit), out).map(|()| true)
            },
        )
        .nullable(),
        Column::text(
            "email",
            "E-mail under a reserved domain, unique",
            |world: &World, row: &Row, out| {
                let unique = world.email.at(row.profile.unit);
                let domain = world.names.draw(row.profile.unit);
                contact::write_email(row.first_name, row.last_name, unique, domain, out)
                    .map(|()| true)
            },
        )
        .needs(NAMES),
        Column::text(
            "phone",
            "Telephone: an area code of the city, fictitious exchange",
            |_, row: &Row, out| {
                let draw = row.profile.draw(63);
                let code = row.area.place.map_or("202", |place| place.area_code(draw));
                contact::write_phone(code, remix(draw), out).map(|()| true)
            },
        )
        .needs(AREA),
        Column::text("street_address", "House number and street", |_, row: &Row, out| {
            address::street_address(row.profile.draw(64), out).map(|()| true)
        }),
        Column::word("city", "City, one of the sixteen of the branch network", |_, row: &Row| {
            Some(row.area.city)
        })
        .needs(AREA),
        Column::word("state", "Two-letter state code", |_, row: &Row| {
            Some(row.area.state.unwrap_or(""))
        })
        .needs(AREA),
        Column::word("zip", "ZIP code of the city", |_, row: &Row| {
            Some(row.area.zip.unwrap_or(""))
        })
        .needs(AREA),
        Column::word(
            "employment",
            "employed, self-employed, unemployed, student, retired or homemaker",
            |_, row: &Row| Some(row.profile.employment.name()),
        ),
        Column::text("occupation", "Job title of those who work", |_, row: &Row, out| {
            let employed = matches!(
                row.profile.employment,
                Employment::Employed | Employment::SelfEmployed
            );
            if employed {
                work::job_title(row.profile.draw(65), out)?;
            }
            Ok(employed)
        })
        .nullable(),
        Column::money("annual_income", "Yearly gross income in US dollars", |_, row: &Row| {
            Some(row.profile.income)
        }),
        Column::word(
            "segment",
            "basic, core, student, affluent or private, by income",
            |_, row: &Row| Some(row.profile.segment()),
        ),
        Column::small_int(
            "credit_score",
            "Credit score at as_of, 300 to 850; the last one in credit_scores",
            |_, row: &Row| i16::try_from(row.profile.score).ok(),
        ),
        Column::date("customer_since", "Date of the first account", |_, row: &Row| {
            Some(row.profile.since)
        }),
    ]
}
