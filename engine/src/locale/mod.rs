//! Locales: language and country.

use crate::error::{Error, Result};

/// A locale.
#[derive(Debug, PartialEq, Eq)]
pub struct Locale {
    /// Name, as in `en_US`.
    pub name: &'static str,
}

/// The names of the locales there are.
pub const NAMES: &[&str] = &["en_US"];

static EN_US: Locale = Locale { name: "en_US" };

/// The locale of this name.
pub fn find(name: &str) -> Result<&'static Locale> {
    match name {
        "en_US" => Ok(&EN_US),
        _ => Err(Error::Unknown {
            kind: "locale",
            name: name.to_owned(),
            known: NAMES.join(", "),
        }),
    }
}
