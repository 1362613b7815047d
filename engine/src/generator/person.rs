//! Names of persons by locale. Fed with the same entropy they are of one person: first name, last
//! name, full name and title, and [`super::contact`]'s e-mail address.
//!
//! ```
//! use synth_engine::generator;
//!
//! let value = |name: &str, entropy| -> synth_engine::Result<String> {
//!     Ok(generator::find(name)?.bind(&[("locale", "ja_JP")])?.value(entropy))
//! };
//! let last = generator::find("last_name")?.entropy(7);
//! let full = format!("{} {}", value("last_name", last)?, value("first_name", 7)?);
//! assert_eq!(value("full_name", 7)?, full);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::{self, Write};

use super::name::Sex;
use super::{Generator, Group};
use crate::entropy::{below, remix, unremix};
use crate::locale::{Field, Given, Locale};

/// The first name of a person, with sex and romanized form.
#[inline]
pub fn given(locale: &Locale, entropy: u64) -> Given {
    locale.first_names.pick(entropy)
}

/// First and last name of a person in lower-case ASCII letters (`en_US`: as written), for
/// addresses and login names.
#[inline]
pub fn romanized(locale: &Locale, entropy: u64) -> (&'static str, &'static str) {
    let given = given(locale, entropy);
    let last = locale.last_names.pick(remix(entropy));
    (given.romanized, last.romanized[given.sex.index()])
}

/// First name.
pub fn first_name(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(given(locale, entropy).name)
}

/// First name of a woman.
pub fn first_name_female(
    locale: &'static Locale,
    entropy: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    out.write_str(locale.first_names.pick_of(entropy, Sex::Female).name)
}

/// First name of a man.
pub fn first_name_male(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(locale.first_names.pick_of(entropy, Sex::Male).name)
}

/// Last name, of the person whose entropy, remixed, this is: where names of women and men differ
/// it has the sex of the first name.
pub fn last_name(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let sex = if locale.last_names.gendered() {
        given(locale, unremix(entropy)).sex
    } else {
        Sex::Male
    };
    locale.last_names.write(entropy, sex, out)
}

/// First and last name in the order of the language; in Arabic the father's name stands between.
pub fn full_name(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let given = given(locale, entropy);
    locale.full_name.write(out, |field, out| match field {
        Field::First => out.write_str(given.name),
        Field::Last => locale.last_names.write(remix(entropy), given.sex, out),
        Field::Child => out.write_str(locale.child[given.sex.index()]),
        Field::Father => {
            let father = locale.first_names.pick_of(remix(entropy ^ 5), Sex::Male);
            out.write_str(father.name)
        }
        _ => Ok(()),
    })
}

/// A title that fits the person's sex.
pub fn name_title(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let titles = &locale.titles[given(locale, entropy).sex.index()];
    out.write_str(choose(titles, remix(entropy ^ 6)))
}

/// What may follow a name.
pub fn name_suffix(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(choose(&locale.name_suffixes, remix(entropy ^ 7)))
}

/// Title and full name.
pub fn name_with_title(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    locale.name_with_title.write(out, |field, out| match field {
        Field::Title => name_title(locale, entropy, out),
        Field::Full => full_name(locale, entropy, out),
        _ => Ok(()),
    })
}

/// One of a list, all equally likely; empty where there is none.
#[inline]
pub(super) fn choose<'a>(words: &[&'a str], entropy: u64) -> &'a str {
    usize::try_from(below(entropy, words.len() as u64))
        .ok()
        .and_then(|index| words.get(index))
        .copied()
        .unwrap_or_default()
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::local(
        "first_name",
        "First name, by frequency over both sexes (en_US: over all ages, SSA).",
        first_name,
    )
    .in_group(Group::Person),
    Generator::local(
        "first_name_female",
        "First name of a woman, by frequency.",
        first_name_female,
    )
    .in_group(Group::Person),
    Generator::local(
        "first_name_male",
        "First name of a man, by frequency.",
        first_name_male,
    )
    .in_group(Group::Person),
    Generator::local(
        "full_name",
        "First and last name, by frequency, in the order of the language.",
        full_name,
    )
    .in_group(Group::Person),
    Generator::local(
        "last_name",
        "Last name, by frequency (en_US: Census 2010); two in es_ES, feminine for women in pl_PL.",
        last_name,
    )
    .remixed_in_group(Group::Person),
    Generator::local("name_suffix", "Suffix of a name.", name_suffix).in_group(Group::Person),
    Generator::local(
        "name_title",
        "Title that fits the sex of first_name.",
        name_title,
    )
    .in_group(Group::Person),
    Generator::local("name_with_title", "Title and full name.", name_with_title)
        .in_group(Group::Person),
];
