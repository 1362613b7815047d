//! Companies and jobs, from the English locale of the `fake` crate.

use std::fmt::Write;

use fake::locales::{Data, EN};

use super::{Generator, name};
use crate::entropy::{below, remix};

/// A US company name: a surname and a legal form.
pub fn company(entropy: u64, out: &mut dyn Write) -> std::fmt::Result {
    out.write_str(name::last_name(entropy))?;
    out.write_str(" ")?;
    out.write_str(choose(EN::COMPANY_SUFFIX, remix(entropy)))
}

/// A job title.
pub fn job_title(entropy: u64, out: &mut dyn Write) -> std::fmt::Result {
    out.write_str(choose(EN::JOB_FIELD, entropy))?;
    out.write_str(" ")?;
    out.write_str(choose(EN::JOB_POSITION, remix(entropy)))
}

fn choose(words: &'static [&'static str], entropy: u64) -> &'static str {
    let index = usize::try_from(below(entropy, words.len() as u64)).unwrap_or(0);
    words.get(index).copied().unwrap_or_default()
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[Generator::text("job_title", "Job title.", job_title)];
