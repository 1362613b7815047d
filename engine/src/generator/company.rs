//! Companies by locale.

use std::fmt::{self, Write};

use super::name::Sex;
use super::person::choose;
use super::{Generator, Group, work};
use crate::entropy::{below, remix};
use crate::locale::{Field, Locale};

/// Company name: surnames, trade and legal form as is the custom.
pub fn company(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    if locale.is_us() {
        return work::company(entropy, out);
    }
    let third = remix(remix(entropy));
    let shape = below(third, locale.companies.len() as u64);
    let Some(template) = usize::try_from(shape)
        .ok()
        .and_then(|shape| locale.companies.get(shape))
    else {
        return Ok(());
    };
    let surname = |entropy| locale.last_names.pick(entropy).name[Sex::Male.index()];
    template.write(out, |field, out| match field {
        Field::Last => out.write_str(surname(entropy)),
        Field::OtherLast => out.write_str(surname(remix(third))),
        Field::Word => out.write_str(choose(&locale.company_words, remix(third ^ 1))),
        Field::Suffix => company_suffix(locale, entropy, out),
        Field::City => out.write_str(locale.cities.pick(remix(third ^ 2)).name),
        Field::Region => out.write_str(locale.cities.pick(remix(third ^ 2)).region),
        _ => Ok(()),
    })
}

/// Legal form, that of [`company`] where it has one.
pub fn company_suffix(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(choose(&locale.company_suffixes, remix(entropy)))
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::local(
        "company",
        "Company name: surnames, trade and legal form as is the custom.",
        company,
    )
    .in_group(Group::Company),
    Generator::local("company_suffix", "Legal form of a company.", company_suffix)
        .in_group(Group::Company),
];
