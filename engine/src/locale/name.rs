//! First and last names of a locale with their weights.

use std::fmt::{self, Write};

use super::data::{LocalFirstName, LocalLastName};
use crate::dictionary::Weighted;
use crate::entropy::remix;
use crate::generator::data::{FIRST_NAMES, LAST_NAMES};
use crate::generator::name::Sex;

/// A first name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// As it is written.
    pub name: &'static str,
    /// Of women or of men.
    pub sex: Sex,
    /// In ASCII letters.
    pub romanized: &'static str,
}

/// First names of both sexes.
#[derive(Debug)]
pub struct FirstNames {
    list: Vec<Given>,
    all: Weighted,
    by_sex: [(Vec<usize>, Weighted); 2],
}

impl FirstNames {
    /// Names of a file; without any, those of the US by frequency over all decades, in the order
    /// of `generator::name::first_name`.
    pub(super) fn new(rows: &'static [LocalFirstName]) -> Self {
        let given = |name, sex, romanized| Given {
            name,
            sex: Sex::from_code(sex).unwrap_or(Sex::Female),
            romanized,
        };
        let (list, weights): (Vec<Given>, Vec<u64>) = if rows.is_empty() {
            FIRST_NAMES
                .iter()
                .map(|n| (given(n.name, n.sex, n.name), n.weight))
                .unzip()
        } else {
            rows.iter()
                .map(|n| (given(n.name, n.sex, n.romanized), n.weight))
                .unzip()
        };
        let by_sex = [Sex::Female, Sex::Male].map(|sex| {
            let indexes: Vec<usize> = (0..list.len()).filter(|&i| list[i].sex == sex).collect();
            let own: Vec<u64> = indexes.iter().map(|&i| weights[i]).collect();
            (indexes, Weighted::new(&own))
        });
        Self {
            all: Weighted::new(&weights),
            list,
            by_sex,
        }
    }

    /// A name by weight, with the sex it goes with.
    #[inline]
    pub fn pick(&self, entropy: u64) -> Given {
        self.list[self.all.pick(entropy)]
    }

    /// A name of one sex by weight.
    #[inline]
    pub fn pick_of(&self, entropy: u64, sex: Sex) -> Given {
        let (indexes, table) = &self.by_sex[sex.index()];
        self.list[indexes[table.pick(entropy)]]
    }

    /// The names.
    pub fn list(&self) -> &[Given] {
        &self.list
    }
}

/// A last name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surname {
    /// As it is written, of women and of men.
    pub name: [&'static str; 2],
    /// The same in ASCII letters.
    pub romanized: [&'static str; 2],
}

/// Last names.
#[derive(Debug)]
pub struct LastNames {
    list: Vec<Surname>,
    table: Weighted,
    double: bool,
    gendered: bool,
}

impl LastNames {
    /// Names of a file; without any, those of the US by frequency. `double`: a person has two.
    pub(super) fn new(rows: &'static [LocalLastName], double: bool) -> Self {
        let (list, weights): (Vec<Surname>, Vec<u64>) = if rows.is_empty() {
            LAST_NAMES
                .iter()
                .map(|n| {
                    let surname = Surname {
                        name: [n.name; 2],
                        romanized: [n.name; 2],
                    };
                    (surname, n.count)
                })
                .unzip()
        } else {
            rows.iter()
                .map(|n| {
                    let feminine = if n.feminine.is_empty() {
                        n.name
                    } else {
                        n.feminine
                    };
                    let surname = Surname {
                        name: [feminine, n.name],
                        romanized: [n.feminine_romanized, n.romanized],
                    };
                    (surname, n.weight)
                })
                .unzip()
        };
        Self {
            table: Weighted::new(&weights),
            double,
            gendered: rows.iter().any(|n| !n.feminine.is_empty()),
            list,
        }
    }

    /// A name by weight.
    #[inline]
    pub fn pick(&self, entropy: u64) -> Surname {
        self.list[self.table.pick(entropy)]
    }

    /// Writes what a person of this sex bears: one name, or two where that is the custom.
    #[inline]
    pub fn write(&self, entropy: u64, sex: Sex, out: &mut dyn Write) -> fmt::Result {
        out.write_str(self.pick(entropy).name[sex.index()])?;
        if self.double {
            out.write_str(" ")?;
            out.write_str(self.pick(remix(entropy)).name[sex.index()])?;
        }
        Ok(())
    }

    /// Whether names of women and men differ.
    #[inline]
    pub const fn gendered(&self) -> bool {
        self.gendered
    }

    /// The names.
    pub fn list(&self) -> &[Surname] {
        &self.list
    }
}
