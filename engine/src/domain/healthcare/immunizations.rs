//! Immunizations: the doses of the CDC's schedule that a patient has had, by age and year.
//!
//! Whether a series is begun and how far it is followed is one draw a patient and series, held against
//! the published coverage of each dose; it is given at a check-up, where there is one about the time, or on
//! another business day, after the age at which the dose is due, and after
//! the vaccine's introduction. Influenza and COVID-19 go by season. Records reach 35 years back.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let doses = table("immunizations", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(doses.batch(0..100)?.num_rows() > 500);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::Write;
use std::sync::Arc;

use super::care::{CheckUps, day_of};
use super::clock::Clock;
use super::life::{LAST_PATIENT, Life, World as Patients, key};
use crate::calendar::{date_from_days, days_from_date};
use crate::domain::finance::bank_days::business_day;
use crate::domain::linked::{Column, Linked, Text};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix, unit};
use crate::error::Result;
use crate::generator::data::{
    HEALTHCARE_VACCINE_SCHEDULE, HEALTHCARE_VACCINE_SEASONS, HEALTHCARE_VACCINES,
};
use crate::generator::identifier;
use crate::generator::name::Sex;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "immunizations",
        "Vaccine doses of patients by the CDC's schedule: CVX code, dose number, lot, day.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all immunizations of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "immunization",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(21.0);

/// How many years before `as_of` records reach back, and those of seasonal vaccines.
const RECORD_YEARS: i32 = 35;
const SEASON_YEARS: i32 = 10;

/// Children of whom no vaccination is known by age 24 months, in 2^-32: 1.2 percent (NIS-Child, born
/// 2015-2016: 1.3).
const UNVACCINATED: u64 = (1 << 32) / 1000 * 12;

/// Of two seasons in a row, how often the same people are vaccinated: this share of the decisions is
/// made once and for all (estimate), in 256ths.
const HABIT: u64 = 179;

/// Days from one dose to the next, at least (ACIP's general minimum is 4 weeks; 3 for COVID-19).
const MINIMUM_INTERVAL: i32 = 21;

/// So many days earlier or later a dose is given for the sake of a check-up (estimate).
const WITH_CHECK_UP: i32 = 40;

const DAYS_PER_MONTH: f64 = 30.436_875;

/// What is given: a vaccine of a manufacturer.
#[derive(Debug, Clone, Copy)]
struct Product {
    cvx: &'static str,
    name: &'static str,
    mvx: &'static str,
    route: &'static str,
    /// The days on which it is in use.
    days: (i32, i32),
}

/// A dose of a series as it is scheduled.
#[derive(Debug, Clone, Copy)]
struct Scheduled {
    number: i16,
    sex: Option<Sex>,
    due: i32,
    spread: f64,
    last: i32,
    /// In 2^-32.
    coverage: u64,
}

#[derive(Debug)]
struct Series {
    /// The first day on which one of its products is in use.
    introduced: i32,
    doses: Vec<Scheduled>,
    /// Its products, as places in [`World::products`].
    products: std::ops::Range<usize>,
    childhood: bool,
}

/// A seasonal dose: who gets it is a matter of the age at its start.
#[derive(Debug, Clone, Copy)]
struct Seasonal {
    influenza: bool,
    follows: bool,
    ages: (i32, i32),
    start: i32,
    days: f64,
    coverage: u64,
    product: usize,
}

/// What all rows share.
struct World {
    patients: Patients,
    draws: Stream,
    keys: Stream,
    record_start: i32,
    products: Vec<Product>,
    series: Vec<Series>,
    /// For each season in which a dose may lie, its doses.
    seasons: Vec<Vec<Seasonal>>,
}

/// A dose that was given.
struct Dose {
    unit: u64,
    ordinal: u32,
    day: i32,
    at: i64,
    product: usize,
    number: i16,
    entropy: u64,
    infant: bool,
}

/// When a patient can be given a dose: at a check-up, or by appointment.
struct Occasions {
    check_ups: CheckUps,
    clock: Clock,
    last_day: i32,
}

impl Occasions {
    /// The day and time of a dose that is wanted for a day: at a check-up that is not too far from it (and
    /// neither before `earliest`), otherwise on the next business day.
    #[inline]
    fn of(&self, wanted: i32, earliest: i32, entropy: u64) -> (i32, i64) {
        let days =
            earliest.max(wanted - WITH_CHECK_UP)..=(wanted + WITH_CHECK_UP).min(self.last_day);
        if let Some(begins) = self.check_ups.near(wanted, days) {
            // A check-up takes 25 minutes at least.
            let minutes = 8 + i64::from(days_below(entropy, 15));
            return (day_of(begins), begins + minutes * 60_000_000);
        }
        let day = business_day(wanted);
        (day, self.clock.appointment(day, 10, remix(entropy)))
    }
}

fn table(options: &TableOptions) -> Result<Linked<World, Dose>> {
    options.check_day(TABLE.entry.name)?;
    let columns = vec![
        Column::uuid("immunization_id", "Key", |w: &World, d: &Dose| {
            Some(key(w.keys, d.unit, d.ordinal))
        }),
        Column::uuid("patient_id", "Patient", |w, d| {
            Some(w.patients.patient_id(d.unit))
        }),
        Column::word("cvx_code", "Vaccine, CVX code", |w, d| {
            Some(w.products[d.product].cvx)
        }),
        Column::word("vaccine", "Vaccine, CVX short description", |w, d| {
            Some(w.products[d.product].name)
        }),
        Column::small_int(
            "dose_number",
            "Number of the dose within its series",
            |_, d| Some(d.number),
        ),
        Column::text(
            "lot_number",
            "Lot, in the shape of the manufacturers' numbers",
            |w, d, out| write_lot(lot(w, d), out).map(|()| true),
        ),
        Column::word("manufacturer_code", "Manufacturer, MVX code", |w, d| {
            Some(w.products[d.product].mvx)
        }),
        Column::date(
            "expiration_date",
            "Last day on which the lot may be used",
            |w, d| {
                let (period, lot) = lot(w, d);
                Some((period + 1) * LOT_DAYS + 180 + days(below(lot, 360)))
            },
        ),
        Column::word("route", "Route, HL7 table 0162: IM, SC or PO", |w, d| {
            Some(w.products[d.product].route)
        }),
        Column::word(
            "site",
            "Site, HL7 table 0163: LT, RT (thigh), LD, RD (deltoid); NULL by mouth",
            |w: &World, d: &Dose| {
                let left = d.entropy & 1 == 0;
                match (w.products[d.product].route, d.infant, left) {
                    ("PO", ..) => None,
                    (_, true, true) => Some("LT"),
                    (_, true, false) => Some("RT"),
                    (_, false, true) => Some("LD"),
                    (_, false, false) => Some("RD"),
                }
            },
        )
        .nullable(),
        Column::instant(
            "given_at",
            "When it was given: in office hours of the patient's state, on a business day",
            |_, d| Some(d.at),
        ),
    ];
    let made = Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        World::new(options)?,
        columns,
        FAN_OUT,
        |world, unit, _, out| world.doses(unit, out),
    );
    Ok(made
        .up_to(LAST_PATIENT)
        .primary_key(&["immunization_id"])
        .references(&["patient_id"], "patients", &["patient_id"])
        .index(&["patient_id"])
        .index(&["cvx_code"]))
}

/// A lot is in use for so many days.
const LOT_DAYS: i32 = 64;

/// The period in which a dose was given, and what stands for its lot: one of eight of the product.
fn lot(world: &World, dose: &Dose) -> (i32, u64) {
    let period = dose.day.div_euclid(LOT_DAYS);
    let product = world.products[dose.product]
        .cvx
        .bytes()
        .fold(0, |sum, byte| sum << 8 | u64::from(byte));
    let which = dose.entropy >> 61;
    let period_bits = u64::from(period.cast_unsigned());
    (period, remix(product << 40 ^ period_bits << 3 ^ which))
}

/// Two letters and four digits.
fn write_lot((_, lot): (i32, u64), out: &mut Text) -> std::fmt::Result {
    const LETTERS: &str = "ABCDEFGHJKLMNPRSTUVWXY";
    for shift in [0, 8] {
        let letter = usize::try_from(below((lot >> shift) << 56, 22)).unwrap_or(0);
        out.write_str(&LETTERS[letter..=letter])?;
    }
    identifier::write_padded(below(remix(lot), 10_000), 4, out)
}

/// A number below `n`.
fn days_below(entropy: u64, n: u64) -> i32 {
    days(below(remix(entropy ^ 7), n))
}

/// A small number as days.
fn days(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

impl World {
    fn new(options: &TableOptions) -> Result<Self> {
        let year = date_from_days(options.as_of).map_or(1970, |date| date.0);
        let mut products = Vec::new();
        let mut series: Vec<Series> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for row in HEALTHCARE_VACCINES {
            let product = Product {
                cvx: row.cvx,
                name: row.name,
                mvx: row.mvx,
                route: row.route,
                days: (new_year(row.first_year), new_year(row.last_year + 1) - 1),
            };
            if names.last() == Some(&row.series) {
                if let Some(last) = series.last_mut() {
                    last.products.end += 1;
                }
            } else {
                names.push(row.series);
                series.push(Series {
                    introduced: product.days.0,
                    doses: doses_of(row.series),
                    products: products.len()..products.len() + 1,
                    childhood: false,
                });
            }
            products.push(product);
        }
        for one in &mut series {
            one.childhood = one.doses.first().is_some_and(|dose| dose.due < 19 * 365);
        }
        let seasons = (year - SEASON_YEARS..=year)
            .map(|season| seasonal(season, &mut products))
            .collect();
        let stream = |name| Stream::new(options.seed, TABLE.entry.name, name);
        Ok(Self {
            patients: Patients::new(options)?,
            draws: stream("dose_number"),
            keys: stream("immunization_id"),
            record_start: options.as_of - RECORD_YEARS * 366,
            products,
            series,
            seasons,
        })
    }

    /// The doses of a patient.
    fn doses(&self, unit: u64, out: &mut Vec<Dose>) {
        let life = self.patients.life(unit);
        let own = self.draws.draw(unit);
        let first = out.len();
        let refused = own >> 32 < UNVACCINATED;
        let occasions = Occasions {
            check_ups: self.patients.check_ups(&life),
            clock: Clock::of(self.patients.place(unit).state_index),
            last_day: last_day(&life),
        };
        for (index, series) in self.series.iter().enumerate() {
            if !(refused && series.childhood) {
                let entropy = remix(own ^ (index as u64 + 1) << 40);
                self.series(&life, &occasions, series, entropy, out);
            }
        }
        self.seasons(&life, &occasions, own, out);
        for (ordinal, dose) in (0_u32..).zip(&mut out[first..]) {
            (dose.unit, dose.ordinal) = (unit, ordinal);
        }
    }

    fn series(
        &self,
        life: &Life,
        occasions: &Occasions,
        series: &Series,
        entropy: u64,
        out: &mut Vec<Dose>,
    ) {
        let attitude = entropy >> 32;
        let mut previous = i32::MIN / 2;
        for dose in &series.doses {
            if dose.sex.is_some_and(|sex| sex != life.sex) {
                continue;
            }
            if attitude >= dose.coverage {
                break;
            }
            let draw = remix(entropy ^ u64::from(dose.number.unsigned_abs()));
            let mut due = life.birth + dose.due;
            if due < series.introduced {
                // Caught up within two years of the vaccine's introduction.
                due = series.introduced + days(below(remix(draw), 730));
            }
            let earliest = due.max(previous + MINIMUM_INTERVAL);
            let wanted = earliest.max(due + late(draw, dose.spread));
            let (day, at) = occasions.of(wanted, earliest, draw);
            if day > last_day(life) {
                break;
            }
            if day - life.birth > dose.last {
                break;
            }
            previous = day;
            if day < self.record_start {
                continue;
            }
            let in_use = |product: &usize| {
                let (from, to) = self.products[*product].days;
                (from..=to).contains(&day)
            };
            if let Some(product) = series.products.clone().find(in_use) {
                out.push(Dose {
                    unit: 0,
                    ordinal: 0,
                    day,
                    at,
                    product,
                    number: dose.number,
                    entropy: draw,
                    infant: day - life.birth < 365,
                });
            }
        }
    }

    /// Influenza and COVID-19.
    fn seasons(&self, life: &Life, occasions: &Occasions, own: u64, out: &mut Vec<Dose>) {
        let (flu, covid) = (remix(own ^ 1 << 20), remix(own ^ 1 << 21));
        let (mut given, mut previous) = (0_i16, i32::MIN / 2);
        for (number, season) in (0_u64..).zip(&self.seasons) {
            for dose in season {
                let age = (dose.start - life.birth).div_euclid(365);
                if dose.start > last_day(life) || age < dose.ages.0 || age > dose.ages.1 {
                    continue;
                }
                let draw = remix(flu ^ number << 8 ^ u64::from(dose.follows));
                let attitude = if !dose.influenza {
                    covid >> 32
                } else if draw & 0xFF < HABIT {
                    flu >> 32
                } else {
                    draw >> 32
                };
                // A second dose needs its first, which lies in the same season.
                if attitude >= dose.coverage || dose.follows && previous < dose.start {
                    continue;
                }
                let earliest = match (dose.influenza, dose.follows) {
                    (true, _) => dose.start,
                    (false, true) => previous + MINIMUM_INTERVAL,
                    (false, false) => dose.start.max(previous + 120),
                };
                let wanted = if !dose.influenza && dose.follows {
                    earliest + days(draw & 7)
                } else {
                    earliest.max(dose.start + late(draw, dose.days))
                };
                let (day, at) = occasions.of(wanted, earliest, draw);
                if day > last_day(life) {
                    continue;
                }
                let number = if dose.influenza {
                    1
                } else {
                    previous = day;
                    given += 1;
                    given
                };
                out.push(Dose {
                    unit: 0,
                    ordinal: 0,
                    day,
                    at,
                    product: dose.product,
                    number,
                    entropy: draw,
                    infant: false,
                });
            }
        }
    }
}

/// The last day on which something can be given: the day before death.
#[inline]
fn last_day(life: &Life) -> i32 {
    life.end - i32::from(life.death.is_some())
}

/// How many days after the first possible day: ever fewer people come as time goes by.
#[expect(
    clippy::cast_possible_truncation,
    reason = "below the spread, some years"
)]
fn late(entropy: u64, spread: f64) -> i32 {
    let part = unit(entropy << 16).min(unit(remix(entropy)));
    (part * spread) as i32
}

fn new_year(year: u64) -> i32 {
    let year = i32::try_from(year).unwrap_or(2999);
    days_from_date(year, 1, 1).unwrap_or(i32::MAX)
}

/// Percent in thousandths as 2^-32.
fn threshold(thousandths_of_percent: u64) -> u64 {
    (thousandths_of_percent << 32) / 100_000
}

#[expect(clippy::cast_possible_truncation, reason = "ages are below 120 years")]
fn months(months: f64) -> i32 {
    (months * DAYS_PER_MONTH) as i32
}

fn doses_of(series: &str) -> Vec<Scheduled> {
    let rows = HEALTHCARE_VACCINE_SCHEDULE
        .iter()
        .filter(|row| row.series == series);
    rows.map(|row| Scheduled {
        number: i16::try_from(row.dose).unwrap_or(i16::MAX),
        sex: Sex::from_code(row.sex),
        due: months(row.age_months),
        spread: row.spread_months * DAYS_PER_MONTH,
        last: months(row.last_age_months),
        coverage: threshold(row.coverage),
    })
    .collect()
}

/// The doses of a season; their products are added.
fn seasonal(year: i32, products: &mut Vec<Product>) -> Vec<Seasonal> {
    let this = |from: u64, to: u64| {
        let year = u64::try_from(year).unwrap_or(0);
        (from..=to).contains(&year)
    };
    let rows = HEALTHCARE_VACCINE_SEASONS
        .iter()
        .filter(|row| this(row.first_year, row.last_year));
    rows.map(|row| {
        products.push(Product {
            cvx: row.cvx,
            name: row.name,
            mvx: row.mvx,
            route: "IM",
            days: (i32::MIN, i32::MAX),
        });
        Seasonal {
            influenza: row.series == "influenza",
            follows: row.series == "covid_primary" && row.dose == 2,
            ages: (days(row.from_age), days(row.to_age)),
            start: days_from_date(year, 1, 1).unwrap_or(i32::MAX / 2) + days(row.start_day),
            days: f64::from(days(row.days)),
            coverage: threshold(row.coverage),
            product: products.len() - 1,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests;
