//! `email`: an address under a reserved domain or its own, unique for unique input.

use std::fmt::Write;
use std::sync::LazyLock;

use arrow_array::ArrayRef;

use super::arguments::Arguments;
use super::map::map_text;
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::generator::data::{FIRST_NAMES, LAST_NAMES};
use crate::generator::name;
use crate::registry::{Parameter, ParameterType};
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "domain",
        parameter_type: ParameterType::Text,
        default: Some("'example.com'"),
        summary: "Domain of the new addresses: letters, digits, dots and hyphens, up to 100.",
    },
    Parameter {
        name: "keep_domain",
        parameter_type: ParameterType::Boolean,
        default: Some("false"),
        summary: "Whether an address keeps its own domain; one of more than 64 characters is replaced all the same. Addresses can then be somebody's.",
    },
    Parameter {
        name: "names",
        parameter_type: ParameterType::Boolean,
        default: Some("true"),
        summary: "Whether first and last name stand before the digits; without them an address is short.",
    },
];

/// Crockford's base 32, lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Digits of the tag: 65 bits. Together with the names' bits two of 200 million addresses collide
/// with a probability below 10^-6.
const TAG: usize = 13;

/// The longest domain that is kept.
const LONGEST_KEPT: usize = 64;

/// The most bytes of `first.last.`; names are ASCII.
static LONGEST_NAMES: LazyLock<usize> = LazyLock::new(|| {
    let first = FIRST_NAMES.iter().map(|n| n.name.len()).max();
    let last = LAST_NAMES.iter().map(|n| n.name.len()).max();
    first.unwrap_or(0) + last.unwrap_or(0) + 2
});

struct Email {
    key: DomainKey,
    domain: String,
    keep_domain: bool,
    names: bool,
}

pub(super) fn build(
    arguments: &Arguments<'_>,
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let domain = arguments
        .optional_text("domain", 1..=100)
        .ok()
        .flatten()
        .filter(|domain| is_domain(domain))
        .ok_or_else(|| {
            arguments.error("domain must be text of letters, digits, dots and hyphens, 1 to 100")
        })?;
    let (keep_domain, names) = (
        arguments.boolean("keep_domain")?,
        arguments.boolean("names")?,
    );
    let longest = if keep_domain {
        domain.len().max(LONGEST_KEPT)
    } else {
        domain.len()
    };
    let names_length = if names { *LONGEST_NAMES } else { 0 };
    let hint = if names {
        "; names => false needs fewer"
    } else {
        ""
    };
    arguments.check_width(target, names_length + TAG + 1 + longest, hint)?;
    Ok(Box::new(Email {
        key: secret.key("email"),
        domain: domain.to_owned(),
        keep_domain,
        names,
    }))
}

fn is_domain(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

impl Email {
    fn domain_of<'a>(&'a self, original: &'a str) -> &'a str {
        original
            .rsplit_once('@')
            .map(|(_, domain)| domain)
            .filter(|domain| {
                self.keep_domain && (1..=LONGEST_KEPT).contains(&domain.len()) && is_domain(domain)
            })
            .unwrap_or(&self.domain)
    }
}

impl Mask for Email {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        map_text(values, 48, |original, out| {
            let [names, low, high, _] = self.key.words(original.as_bytes());
            let mut buffer = [0_u8; 128];
            let mut length = 0;
            if self.names {
                let last = name::last_name(crate::entropy::remix(names));
                for name in [name::first_name(names), last] {
                    let end = length + name.len();
                    // Names are short and ASCII.
                    if let Some(cells) = buffer.get_mut(length..end) {
                        cells.copy_from_slice(name.as_bytes());
                        cells.make_ascii_lowercase();
                        buffer[end] = b'.';
                        length = end + 1;
                    }
                }
            }
            let mut bits = u128::from(high) << 64 | u128::from(low);
            for cell in &mut buffer[length..length + TAG] {
                *cell = ALPHABET[usize::try_from(bits & 31).unwrap_or(0)];
                bits >>= 5;
            }
            length += TAG;
            buffer[length] = b'@';
            out.write_str(std::str::from_utf8(&buffer[..=length]).unwrap_or_default())?;
            out.write_str(self.domain_of(original))
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "email" })
    }
}
