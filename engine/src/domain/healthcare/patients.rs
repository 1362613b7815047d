//! Patients: one row a person of the US population, in which everything agrees.
//!
//! Birth dates follow the population pyramid at `as_of`. A patient registered on some day of the
//! ten years before (or since birth) and may have died since, by the life table. Age-dependent
//! columns hold for the age at `as_of`, or at death.
//!
//! ```
//! use arrow_array::cast::AsArray;
//! use synth_engine::domain::{TableOptions, table};
//!
//! let batch = table("patients", &TableOptions { seed: 42, ..Default::default() })?.batch(0..3)?;
//! let mrn = batch.column_by_name("mrn").unwrap().as_string::<i32>();
//! assert!(mrn.value(0).starts_with("MRN"));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use super::life::{BLOCK, Life};
use super::sites::{PROVIDERS, SITES};
use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, Date32Array, Float64Array, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray,
};

use crate::calendar::{MICROS_PER_DAY, date_from_days, days_from_date, years_before};
use crate::domain::population::{self, Measure, OLDEST, RaceEthnicityFacts};
use crate::domain::{
    AS_OF, FanOut, ROWS, SEED, START, Table, TableEntry, TableOptions, check_range, table_entry,
    units_of_root,
};
use crate::entropy::{Permutation, Stream, UniqueNumbers, below, normal, remix, round, unit};
use crate::error::{Error, Result};
use crate::generator::address::{self, PLACES, Place};
use crate::generator::name::{self, Sex};
use crate::generator::{contact, identifier};
use crate::registry::Entry;
use crate::schema::{ColumnSpec, ColumnType, Constraint, ForeignKey, TableSpec};

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "patients",
    "Patients of the US population: identity, address, body, insurance.",
    &[ROWS, SEED, START, AS_OF],
);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "patient",
    fan_out: FanOut::One,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(Patients::new(options)?)),
};

/// Years for which a registration may lie back.
const REGISTRY_YEARS: i32 = 10;

/// Correlation of the z-scores of height and weight; for adults about 0.4 (NHANES), for children
/// more.
const HEIGHT_WEIGHT_CORRELATION: f64 = 0.5;
/// The square root of 1 - 0.5^2.
const INDEPENDENT_SHARE: f64 = 0.866_025_403_784_438_6;

/// The streams of draws, one a column or decision.
#[derive(Debug, Clone, Copy)]
struct Streams {
    patient_id: Stream,
    age_sex: Stream,
    birth_day: Stream,
    registered: Stream,
    death: Stream,
    race: Stream,
    first_name: Stream,
    middle_name: Stream,
    last_name: Stream,
    marital: Stream,
    language: Stream,
    street: Stream,
    place: Stream,
    phone: Stream,
    email: Stream,
    blood_type: Stream,
    height: Stream,
    weight: Stream,
    smoking: Stream,
    insurance: Stream,
    provider: Stream,
}

/// The table.
pub struct Patients {
    spec: TableSpec,
    as_of: i32,
    /// For each number of years, the day so many years before `as_of`.
    anniversaries: Vec<i32>,
    /// The year of `as_of`, and for each number of years the first day of the year so many earlier.
    year: i32,
    new_years: Vec<i32>,
    streams: Streams,
    mrn: UniqueNumbers,
    ssn: Permutation,
    email: UniqueNumbers,
    member: UniqueNumbers,
    npi: Permutation,
}

/// What more than one column needs to know of a person, as bits: only what the wanted columns need
/// is computed. A fact includes those that it follows from.
mod fact {
    pub const BIRTH: u16 = 1;
    pub const REGISTRATION: u16 = BIRTH | 1 << 1;
    pub const DEATH: u16 = REGISTRATION | 1 << 2;
    pub const RACE: u16 = 1 << 3;
    pub const FIRST_NAME: u16 = BIRTH | 1 << 4;
    pub const LAST_NAME: u16 = RACE | 1 << 5;
    pub const PLACE: u16 = 1 << 6;
    pub const INSURANCE: u16 = DEATH | 1 << 7;
    pub const HEIGHT: u16 = DEATH | 1 << 8;
    pub const WEIGHT: u16 = DEATH | 1 << 9;
}

/// The facts that a column is made of.
fn facts_of(column: &str) -> u16 {
    match column {
        "first_name" | "middle_name" => fact::FIRST_NAME,
        "last_name" => fact::LAST_NAME,
        "email" => fact::FIRST_NAME | fact::LAST_NAME,
        "sex" | "birth_date" => fact::BIRTH,
        "death_date" | "marital_status" | "smoking_status" => fact::DEATH,
        "race" | "ethnicity" | "language" | "blood_type" => fact::RACE,
        "city" | "state" | "zip" | "latitude" | "longitude" | "phone" | "primary_provider_npi" => {
            fact::PLACE
        }
        "height_cm" => fact::HEIGHT,
        "weight_kg" => fact::WEIGHT,
        "bmi" => fact::HEIGHT | fact::WEIGHT,
        "insurance_type" | "insurance_member_id" => fact::INSURANCE,
        "created_at" => fact::REGISTRATION,
        // A function of the row number alone.
        _ => 0,
    }
}

/// A person as far as is wanted; other fields hold no meaning.
struct Person {
    row: u64,
    sex: Sex,
    birth_date: i32,
    birth_year: i32,
    death_date: Option<i32>,
    created_at: i64,
    /// Age at `as_of` or at death, in full years.
    age: u32,
    /// None where no column needs it.
    race: Option<RaceEthnicityFacts>,
    first_name: &'static str,
    last_name: &'static str,
    place: &'static Place,
    insurance: &'static str,
    height_cm: f64,
    weight_kg: f64,
}

impl Patients {
    /// The table under a seed. `as_of` must lie in
    /// [`AS_OF_RANGE`](crate::calendar::AS_OF_RANGE).
    pub fn new(options: &TableOptions) -> Result<Self> {
        options.check_day(ENTRY.name)?;
        let year = date_from_days(options.as_of).map_or(0, |date| date.0);
        let stream = |column: &str| Stream::new(options.seed, ENTRY.name, column);
        Ok(Self {
            spec: spec(),
            as_of: options.as_of,
            anniversaries: (0..=OLDEST.cast_signed() + 1)
                .map(|years| years_before(options.as_of, years))
                .collect(),
            year,
            new_years: (0..=OLDEST.cast_signed() + 1)
                .map(|years| days_from_date(year - years, 1, 1).unwrap_or(options.as_of))
                .collect(),
            streams: Streams {
                patient_id: stream("patient_id"),
                age_sex: stream("sex"),
                birth_day: stream("birth_date"),
                registered: stream("created_at"),
                death: stream("death_date"),
                race: stream("race"),
                first_name: stream("first_name"),
                middle_name: stream("middle_name"),
                last_name: stream("last_name"),
                marital: stream("marital_status"),
                language: stream("language"),
                street: stream("street_address"),
                place: stream("city"),
                phone: stream("phone"),
                email: stream("email"),
                blood_type: stream("blood_type"),
                height: stream("height_cm"),
                weight: stream("weight_kg"),
                smoking: stream("smoking_status"),
                insurance: stream("insurance_type"),
                provider: stream("primary_provider_npi"),
            },
            mrn: UniqueNumbers::new(8, stream("mrn")),
            ssn: Permutation::new(identifier::SSN_COUNT, stream("ssn")),
            email: UniqueNumbers::new(4, stream("email").split(1)),
            member: UniqueNumbers::new(9, stream("insurance_member_id")),
            npi: Permutation::new(
                identifier::NPI_COUNT,
                stream("primary_provider_npi").split(1),
            ),
        })
    }

    /// The key of a row: what a child table refers to (law 3).
    #[inline]
    pub fn patient_id(&self, row: u64) -> [u8; 16] {
        let unique = self.streams.patient_id.bijection(row);
        identifier::uuid_v4(unique, remix(unique))
    }

    /// Birth, registration, death and age.
    #[inline]
    pub(super) fn life(&self, row: u64) -> Life {
        let person = self.person(row, fact::DEATH);
        let end = person.death_date.unwrap_or(self.as_of);
        Life {
            unit: row,
            sex: person.sex,
            birth: person.birth_date,
            death: person.death_date,
            registered: person.created_at,
            registered_day: day_of(person.created_at),
            end,
            age: person.age,
            exact_age: years_between(person.birth_date, end),
        }
    }

    /// Age in full years at `as_of`, or what it would be, and sex.
    #[inline]
    pub(super) fn age_and_sex(&self, row: u64) -> (u32, Sex) {
        population::age_and_sex(self.streams.age_sex.draw(row))
    }

    /// Where the patient lives.
    #[inline]
    pub(super) fn place(&self, row: u64) -> &'static Place {
        &PLACES.places()[PLACES.pick(self.streams.place.draw(row))]
    }

    /// Race, ethnicity and what follows from them.
    #[inline]
    pub(super) fn race(&self, row: u64) -> RaceEthnicityFacts {
        population::race_and_ethnicity(self.streams.race.draw(row))
    }

    /// Column `smoking_status`.
    #[inline]
    pub(super) fn smoking(&self, life: &Life) -> &'static str {
        population::smoking_status(self.streams.smoking.draw(life.unit), life.sex, life.age)
    }

    /// Column `insurance_type`, at `life.age`; at another age in full years what it would have said then.
    #[inline]
    pub(super) fn insurance_at(&self, row: u64, age: u32) -> &'static str {
        population::insurance_type(self.streams.insurance.draw(row), age)
    }

    /// The z-scores of height and weight among those of the same sex and age, for life.
    #[inline]
    pub(super) fn body_scores(&self, row: u64) -> (f64, f64) {
        let height = normal(self.streams.height.draw(row));
        let weight = HEIGHT_WEIGHT_CORRELATION * height
            + INDEPENDENT_SHARE * normal(self.streams.weight.draw(row));
        (height, weight)
    }

    /// Height in centimetres and weight in kilograms at an exact age.
    #[inline]
    pub(super) fn body(&self, life: &Life, age: f64) -> (f64, f64) {
        let (height, weight) = self.body_scores(life.unit);
        (
            population::body(Measure::Height, height, life.sex, age),
            population::body(Measure::Weight, weight, life.sex, age),
        )
    }

    /// The primary provider, as a slot of the patient's block.
    #[inline]
    pub(super) fn primary(&self, row: u64) -> u16 {
        SITES.primary(self.place(row).state_index, self.streams.provider.draw(row))
    }

    /// The NPI of the provider in a slot of a block. Those of patients beyond
    /// [`LAST_PATIENT`](super::LAST_PATIENT) begin again with the first.
    pub(super) fn write_npi<W: Write + ?Sized>(
        &self,
        block: u64,
        slot: u16,
        out: &mut W,
    ) -> std::fmt::Result {
        let index = block % (identifier::NPI_COUNT / PROVIDERS) * PROVIDERS + u64::from(slot);
        identifier::write_npi(self.npi.apply(index), out)
    }

    /// The person of a row, as far as `facts` go.
    #[inline]
    fn person(&self, row: u64, facts: u16) -> Person {
        let s = &self.streams;
        let wants = |wanted: u16| facts & wanted == wanted;
        let mut person = Person {
            row,
            sex: Sex::Female,
            birth_date: 0,
            birth_year: 0,
            death_date: None,
            created_at: 0,
            age: 0,
            race: None,
            first_name: "",
            last_name: "",
            place: &PLACES.places()[0],
            insurance: "",
            height_cm: 0.0,
            weight_kg: 0.0,
        };
        if wants(fact::RACE) {
            let race = population::race_and_ethnicity(s.race.draw(row));
            if wants(fact::LAST_NAME) {
                person.last_name = name::last_name_of(s.last_name.draw(row), race.surname);
            }
            person.race = Some(race);
        }
        if wants(fact::PLACE) {
            person.place = &PLACES.places()[PLACES.pick(s.place.draw(row))];
        }
        if wants(fact::BIRTH) {
            self.live(&mut person, facts);
        }
        person
    }

    /// What follows from a person's birth.
    #[inline]
    fn live(&self, person: &mut Person, facts: u16) {
        let (s, row) = (&self.streams, person.row);
        let wants = |wanted: u16| facts & wanted == wanted;
        let (age_now, sex) = population::age_and_sex(s.age_sex.draw(row));
        person.sex = sex;

        // Born after the day `age_now + 1` years ago, up to the day `age_now` years ago.
        let youngest = self.anniversaries[age_now as usize];
        let oldest = self.anniversaries[age_now as usize + 1];
        let birth_date = oldest + 1 + day_below(s.birth_day.draw(row), youngest - oldest);
        person.birth_date = birth_date;
        // Someone of this age was born in the year `age` years back, or the one before.
        let born_before = birth_date < self.new_years[age_now as usize];
        person.birth_year = self.year - age_now.cast_signed() - i32::from(born_before);
        if wants(fact::FIRST_NAME) {
            person.first_name = name::first_name_of(s.first_name.draw(row), sex, person.birth_year);
        }
        if !wants(fact::REGISTRATION) {
            return;
        }

        let registered = s.registered.draw(row);
        let earliest = birth_date.max(self.anniversaries[REGISTRY_YEARS as usize]);
        let created = earliest + day_below(registered, self.as_of - earliest + 1);
        let micros = below(remix(registered), MICROS_PER_DAY.unsigned_abs() / 1_000_000);
        person.created_at = i64::from(created) * MICROS_PER_DAY + micros.cast_signed() * 1_000_000;
        if !wants(fact::DEATH) {
            return;
        }

        let exact_now = years_between(birth_date, self.as_of);
        let died_at = population::age_at_death(
            unit(s.death.draw(row)),
            sex,
            years_between(birth_date, created),
            exact_now,
        );
        let (death_date, exact_age, age) = match died_at {
            Some(died) => {
                let day = (birth_date + days_of_years(died)).clamp(created, self.as_of);
                let died = years_between(birth_date, day);
                (Some(day), died, full_years(died).min(age_now))
            }
            None => (None, exact_now, age_now),
        };
        (person.death_date, person.age) = (death_date, age);

        if wants(fact::INSURANCE) {
            person.insurance = population::insurance_type(s.insurance.draw(row), age);
        }
        if facts & (fact::HEIGHT | fact::WEIGHT) == fact::DEATH {
            return;
        }
        let height_z = normal(s.height.draw(row));
        if wants(fact::HEIGHT) {
            person.height_cm = population::body(Measure::Height, height_z, sex, exact_age);
        }
        if wants(fact::WEIGHT) {
            let weight_z = HEIGHT_WEIGHT_CORRELATION * height_z
                + INDEPENDENT_SHARE * normal(s.weight.draw(row));
            person.weight_kg = population::body(Measure::Weight, weight_z, sex, exact_age);
        }
    }

    /// One column of the given people.
    #[expect(clippy::too_many_lines, reason = "one arm a column")]
    fn column(&self, name: &str, people: &[Person]) -> Result<ArrayRef> {
        let s = &self.streams;
        Ok(match name {
            "patient_id" => {
                let mut ids = FixedSizeBinaryBuilder::with_capacity(people.len(), 16);
                for person in people {
                    ids.append_value(self.patient_id(person.row))?;
                }
                Arc::new(ids.finish())
            }
            "mrn" => text(people, 12, |p, out| {
                let (number, digits) = self.mrn.at(p.row);
                identifier::write_mrn(number, digits, out)
            }),
            "ssn" => optional_text(people, 11, |p, out| {
                // Beyond the last fictitious number there is none left to give.
                if p.row >= self.ssn.len() {
                    return Ok(false);
                }
                identifier::write_ssn(self.ssn.apply(p.row), out).map(|()| true)
            }),
            "first_name" => words(people, |p| p.first_name),
            "middle_name" => optional_text(people, 6, |p, out| {
                let draw = s.middle_name.draw(p.row);
                // One in eight has no middle name.
                if draw & 7 == 0 {
                    return Ok(false);
                }
                let mut middle = name::first_name_of(remix(draw), p.sex, p.birth_year);
                if middle == p.first_name {
                    middle = name::first_name_of(remix(remix(draw)), p.sex, p.birth_year);
                }
                if middle == p.first_name {
                    return Ok(false);
                }
                out.write_str(middle).map(|()| true)
            }),
            "last_name" => words(people, |p| p.last_name),
            "sex" => words(people, |p| p.sex.code()),
            "birth_date" => Arc::new(Date32Array::from_iter_values(
                people.iter().map(|p| p.birth_date),
            )),
            "death_date" => Arc::new(people.iter().map(|p| p.death_date).collect::<Date32Array>()),
            "race" => words(people, |p| p.race.map_or("", |r| r.race)),
            "ethnicity" => words(people, |p| p.race.map_or("", |r| r.ethnicity)),
            "marital_status" => words(people, |p| {
                population::marital_status(s.marital.draw(p.row), p.sex, p.age)
            }),
            "language" => words(people, |p| {
                p.race.map_or("", |r| r.language(s.language.draw(p.row)))
            }),
            "street_address" => text(people, 20, |p, out| {
                address::street_address(s.street.draw(p.row), out)
            }),
            "city" => words(people, |p| p.place.city),
            "state" => words(people, |p| p.place.state),
            "zip" => words(people, |p| p.place.zip),
            "latitude" => floats(people, |p| {
                nearby(p.place.latitude, remix(s.place.draw(p.row)))
            }),
            "longitude" => floats(people, |p| {
                nearby(p.place.longitude, remix(s.place.draw(p.row) ^ 1))
            }),
            "phone" => text(people, 14, |p, out| {
                let draw = s.phone.draw(p.row);
                contact::write_phone(p.place.area_code(draw), remix(draw), out)
            }),
            "email" => text(people, 32, |p, out| {
                let unique = self.email.at(p.row);
                contact::write_email(p.first_name, p.last_name, unique, s.email.draw(p.row), out)
            }),
            "blood_type" => words(people, |p| {
                p.race
                    .map_or("", |r| r.blood_type(s.blood_type.draw(p.row)))
            }),
            "height_cm" => floats(people, |p| p.height_cm),
            "weight_kg" => floats(people, |p| p.weight_kg),
            "bmi" => floats(people, |p| bmi(p.height_cm, p.weight_kg)),
            "smoking_status" => words(people, |p| {
                population::smoking_status(s.smoking.draw(p.row), p.sex, p.age)
            }),
            "insurance_type" => words(people, |p| p.insurance),
            "insurance_member_id" => optional_text(people, 12, |p, out| {
                let prefix = match p.insurance {
                    "Employer" => "EMP",
                    "Direct purchase" => "IND",
                    "Medicare" => "MCR",
                    "Medicaid" => "MCD",
                    "Military" => "MIL",
                    _ => return Ok(false),
                };
                let (number, digits) = self.member.at(p.row);
                out.write_str(prefix)?;
                identifier::write_padded(number, digits, out).map(|()| true)
            }),
            "primary_provider_npi" => text(people, 10, |p, out| {
                let slot = SITES.primary(p.place.state_index, s.provider.draw(p.row));
                self.write_npi(p.row / BLOCK, slot, out)
            }),
            "created_at" => Arc::new(
                TimestampMicrosecondArray::from_iter_values(people.iter().map(|p| p.created_at))
                    .with_timezone("UTC"),
            ),
            _ => {
                return Err(Error::Unknown {
                    kind: "column of patients",
                    name: name.to_owned(),
                    known: self.spec.column_names().join(", "),
                });
            }
        })
    }
}

impl Table for Patients {
    fn spec(&self) -> &TableSpec {
        &self.spec
    }

    fn project(&self, rows: Range<u64>, columns: &[usize]) -> Result<RecordBatch> {
        let n = check_range(&rows)?;
        let schema = Arc::new(self.spec.arrow_schema().project(columns)?);
        let facts = schema
            .fields()
            .iter()
            .fold(0, |facts, field| facts | facts_of(field.name()));
        let people: Vec<Person> = if columns.is_empty() {
            Vec::new()
        } else {
            rows.map(|row| self.person(row, facts)).collect()
        };
        let fields = schema.fields().iter();
        let arrays = fields.map(|field| self.column(field.name(), &people));
        let arrays = arrays.collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(n));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}

/// The day of an instant.
#[inline]
fn day_of(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
}

/// A number of days below `n`, which is positive.
#[inline]
fn day_below(entropy: u64, n: i32) -> i32 {
    let n = u64::from(n.max(1).unsigned_abs());
    i32::try_from(below(entropy, n)).unwrap_or(0)
}

/// The mean length of a Gregorian year in days.
const DAYS_PER_YEAR: f64 = 365.2425;

#[inline]
fn years_between(from: i32, to: i32) -> f64 {
    f64::from(to - from) / DAYS_PER_YEAR
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "ages are below 120 years")]
fn days_of_years(years: f64) -> i32 {
    (years * DAYS_PER_YEAR) as i32
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ages are between 0 and 120 years"
)]
fn full_years(years: f64) -> u32 {
    years as u32
}

/// Within 0.01 degrees (about a kilometre) of a ZIP area's centre, four decimals.
#[inline]
fn nearby(degrees: f64, entropy: u64) -> f64 {
    round((degrees + (unit(entropy) - 0.5) * 0.02) * 10_000.0) / 10_000.0
}

/// Weight in kilograms over height in metres squared, one decimal (WHO).
#[inline]
fn bmi(height_cm: f64, weight_kg: f64) -> f64 {
    let metres = height_cm / 100.0;
    round(weight_kg / (metres * metres) * 10.0) / 10.0
}

fn words(people: &[Person], word: impl Fn(&Person) -> &'static str) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(people.len(), people.len() * 12);
    for person in people {
        out.append_value(word(person));
    }
    Arc::new(out.finish())
}

fn floats(people: &[Person], value: impl Fn(&Person) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(people.iter().map(value)))
}

fn text(
    people: &[Person],
    width: usize,
    write: impl Fn(&Person, &mut StringBuilder) -> std::fmt::Result,
) -> ArrayRef {
    optional_text(people, width, |person, out| {
        write(person, out).map(|()| true)
    })
}

/// `write` says whether there is a value.
fn optional_text(
    people: &[Person],
    width: usize,
    write: impl Fn(&Person, &mut StringBuilder) -> std::result::Result<bool, std::fmt::Error>,
) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(people.len(), people.len() * width);
    for person in people {
        // Writing into a StringBuilder cannot fail; a failure would show as NULL.
        if write(person, &mut out).unwrap_or(false) {
            out.append_value("");
        } else {
            out.append_null();
        }
    }
    Arc::new(out.finish())
}

/// Columns and constraints.
fn spec() -> TableSpec {
    use ColumnType::{Date, Double, Text, TimestampTz, Uuid};
    let column = ColumnSpec::new;
    let unique = |name: &str| Constraint::Unique(vec![name.to_owned()]);
    TableSpec {
        name: ENTRY.name.to_owned(),
        columns: vec![
            column("patient_id", Uuid, "Key"),
            column("mrn", Text, "Medical record number, unique"),
            column("ssn", Text, "Social Security number from a series never issued, unique; NULL from row 48,995,100 on, where the series ends").nullable(),
            column("first_name", Text, "First name, by sex and birth decade"),
            column("middle_name", Text, "Middle name").nullable(),
            column("last_name", Text, "Last name, by race and ethnicity"),
            column("sex", Text, "F or M"),
            column("birth_date", Date, "Date of birth, by the population pyramid at as_of"),
            column("death_date", Date, "Date of death, by the life table").nullable(),
            column("race", Text, "Race, Census categories"),
            column("ethnicity", Text, "Hispanic or Latino, or not"),
            column("marital_status", Text, "Never married, Married, Separated, Divorced or Widowed"),
            column("language", Text, "Preferred language"),
            column("street_address", Text, "House number and street"),
            column("city", Text, "City"),
            column("state", Text, "Two-letter state code"),
            column("zip", Text, "ZIP code of the city"),
            column("latitude", Double, "Degrees north, near the ZIP area's centre"),
            column("longitude", Double, "Degrees east, near the ZIP area's centre"),
            column("phone", Text, "Telephone: an area code of the city, fictitious exchange"),
            column("email", Text, "E-mail under a reserved domain, unique"),
            column("blood_type", Text, "ABO group and Rh factor"),
            column("height_cm", Double, "Height in centimetres, by sex and age"),
            column("weight_kg", Double, "Weight in kilograms, by sex, age and height"),
            column("bmi", Double, "Body mass index in kg/m2, computed"),
            column("smoking_status", Text, "Current, Former or Never"),
            column("insurance_type", Text, "Employer, Direct purchase, Medicare, Medicaid, Military or Uninsured"),
            column("insurance_member_id", Text, "Member number, unique; NULL for the uninsured").nullable(),
            column("primary_provider_npi", Text, "NPI of a provider in the same state, series never assigned"),
            column("created_at", TimestampTz, "When the patient was registered"),
        ],
        constraints: vec![
            Constraint::PrimaryKey(vec!["patient_id".to_owned()]),
            unique("mrn"),
            unique("ssn"),
            unique("email"),
            unique("insurance_member_id"),
            Constraint::ForeignKey(ForeignKey {
                columns: vec!["primary_provider_npi".to_owned()],
                table: "providers".to_owned(),
                referenced: vec!["npi".to_owned()],
            }),
            Constraint::Index(vec!["primary_provider_npi".to_owned()]),
        ],
        comment: ENTRY.summary.to_owned(),
    }
}

#[cfg(test)]
mod tests;
