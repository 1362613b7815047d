//! A resident of the US: what the customers of a shop, the subscribers of a network and the students of a
//! college have in common. Name, sex, age, address, telephone and e-mail agree with each other.
//!
//! ```
//! use synth_engine::domain::resident::{Residents, facts};
//!
//! let people = Residents::new(42, "customers", 20_454);
//! let person = people.adult(7, facts::NAME | facts::PLACE);
//! assert!(!person.first_name.is_empty() && person.place.zip.len() == 5);
//! ```

use std::fmt::{self, Write};

use super::population::{self, OLDEST};
use crate::calendar::{date_from_days, years_before};
use crate::entropy::{Stream, UniqueNumbers, below, remix};
use crate::generator::address::{self, PLACES, Place};
use crate::generator::contact;
use crate::generator::name::{self, Sex};

/// What is wanted of a person, as bits.
pub mod facts {
    /// Sex and date of birth.
    pub const BIRTH: u32 = 1;
    /// First and last name.
    pub const NAME: u32 = BIRTH | 1 << 1;
    /// Where the person lives.
    pub const PLACE: u32 = 1 << 2;
    /// The first bit that is free for a table's own facts.
    pub const FREE: u32 = 1 << 3;
}

/// A person as far as is wanted; other fields hold no meaning.
#[derive(Debug, Clone, Copy)]
pub struct Resident {
    /// Sex.
    pub sex: Sex,
    /// Days since 1970-01-01.
    pub birth_date: i32,
    /// First name, by sex and decade of birth.
    pub first_name: &'static str,
    /// Last name, by race and ethnicity.
    pub last_name: &'static str,
    /// City, state and ZIP code.
    pub place: &'static Place,
}

/// All residents of one table, by number.
#[derive(Debug, Clone)]
pub struct Residents {
    age_sex: Stream,
    birth: Stream,
    name: Stream,
    place: Stream,
    street: Stream,
    phone: Stream,
    email: Stream,
    email_numbers: UniqueNumbers,
    anniversaries: Vec<i32>,
}

impl Residents {
    /// The people of a table under a seed, at a day.
    pub fn new(seed: u64, table: &str, as_of: i32) -> Self {
        let stream = |column: &str| Stream::new(seed, table, column);
        Self {
            age_sex: stream("sex"),
            birth: stream("birth_date"),
            name: stream("name"),
            place: stream("city"),
            street: stream("street_address"),
            phone: stream("phone"),
            email: stream("email"),
            email_numbers: UniqueNumbers::new(4, stream("email").split(1)),
            anniversaries: (0..=OLDEST.cast_signed() + 1)
                .map(|years| years_before(as_of, years))
                .collect(),
        }
    }

    /// An adult: ages from 18 on as in the population.
    #[inline]
    pub fn adult(&self, number: u64, wanted: u32) -> Resident {
        let birth = |person: &mut Resident| {
            let mut entropy = self.age_sex.draw(number);
            let (mut age, mut sex) = population::age_and_sex(entropy);
            // A fifth is younger: after eight draws hardly anybody is left.
            for _ in 0..8 {
                if age >= 18 {
                    break;
                }
                entropy = remix(entropy);
                (age, sex) = population::age_and_sex(entropy);
            }
            person.sex = sex;
            person.birth_date = self.birth_date(number, age.max(18));
        };
        self.resident(number, wanted, birth)
    }

    /// Somebody whose sex and date of birth a function sets from entropy.
    #[inline]
    pub fn born(&self, number: u64, wanted: u32, born: impl Fn(u64) -> (Sex, i32)) -> Resident {
        self.resident(number, wanted, |person| {
            (person.sex, person.birth_date) = born(self.birth.draw(number));
        })
    }

    #[inline]
    fn resident(&self, number: u64, wanted: u32, birth: impl Fn(&mut Resident)) -> Resident {
        let mut person = Resident {
            sex: Sex::Female,
            birth_date: 0,
            first_name: "",
            last_name: "",
            place: &PLACES.places()[0],
        };
        if wanted & facts::BIRTH != 0 {
            birth(&mut person);
        }
        if wanted & facts::NAME == facts::NAME {
            let entropy = self.name.draw(number);
            let race = population::race_and_ethnicity(entropy);
            let year = date_from_days(person.birth_date).map_or(1980, |date| date.0);
            person.first_name = name::first_name_of(remix(entropy), person.sex, year);
            person.last_name = name::last_name_of(remix(!entropy), race.surname);
        }
        if wanted & facts::PLACE != 0 {
            person.place = self.place(number);
        }
        person
    }

    /// A day on which somebody was born who has this age.
    #[inline]
    fn birth_date(&self, number: u64, age: u32) -> i32 {
        let age = (age as usize).min(self.anniversaries.len() - 2);
        let (youngest, oldest) = (self.anniversaries[age], self.anniversaries[age + 1]);
        let days = u64::from((youngest - oldest).max(1).unsigned_abs());
        oldest + 1 + i32::try_from(below(self.birth.draw(number), days)).unwrap_or(0)
    }

    /// Where the person lives.
    #[inline]
    pub fn place(&self, number: u64) -> &'static Place {
        &PLACES.places()[PLACES.pick(self.place.draw(number))]
    }

    /// House number and street.
    #[inline]
    pub fn write_street(&self, number: u64, out: &mut impl Write) -> fmt::Result {
        address::street_address(self.street.draw(number), out)
    }

    /// A telephone number of the place, of a fictitious exchange.
    #[inline]
    pub fn write_phone(&self, number: u64, place: &Place, out: &mut impl Write) -> fmt::Result {
        let entropy = self.phone.draw(number);
        contact::write_phone(place.area_code(entropy), remix(entropy), out)
    }

    /// An e-mail address under a reserved domain, unique.
    #[inline]
    pub fn write_email(&self, number: u64, person: &Resident, out: &mut impl Write) -> fmt::Result {
        let unique = self.email_numbers.at(number);
        let domain = self.email.draw(number);
        contact::write_email(person.first_name, person.last_name, unique, domain, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::REFERENCE_DATE;

    /// Median age of US adults is 48 (Census Bureau, Vintage 2022, from `population.csv`); standard error
    /// of 4,000 draws 0.35.
    #[test]
    fn adults_are_adult_and_of_all_ages() {
        let people = Residents::new(1, "test", REFERENCE_DATE);
        let mut ages: Vec<f64> = (0..4_000)
            .map(|number| {
                let person = people.adult(number, facts::NAME);
                assert!(person.birth_date <= years_before(REFERENCE_DATE, 18));
                f64::from(REFERENCE_DATE - person.birth_date) / 365.25
            })
            .collect();
        ages.sort_by(f64::total_cmp);
        assert!((ages[2_000] - 48.0).abs() < 1.8, "{}", ages[2_000]);
    }
}
