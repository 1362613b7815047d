//! `email`: an address under a reserved domain, unique for unique input.

use std::fmt::Write;

use arrow_array::ArrayRef;

use super::{Literal, Mask, Target, check_width, map_text};
use crate::error::{Error, Result};
use crate::generator::name;
use crate::registry::{Parameter, ParameterType};
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "domain",
    parameter_type: ParameterType::Text,
    default: Some("'example.com'"),
    summary: "Domain of the new addresses: letters, digits, dots and hyphens, up to 100.",
}];

/// Crockford's base 32, lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Digits of the tag: 65 bits. Together with the names' bits two of 200 million addresses collide
/// with a probability below 10^-6.
const TAG: usize = 13;

struct Email {
    key: DomainKey,
    domain: String,
    max_chars: usize,
}

pub(super) fn build(
    arguments: &[Literal],
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let domain = match arguments {
        [Literal::Text(domain)] if is_domain(domain) => domain.clone(),
        _ => {
            return Err(Error::Argument {
                entry: "email",
                problem: "domain must be text of letters, digits, dots and hyphens, 1 to 100"
                    .to_owned(),
            });
        }
    };
    check_width("email", target, TAG + 1 + domain.len())?;
    Ok(Box::new(Email {
        key: secret.key("email"),
        domain,
        max_chars: target.max_chars.unwrap_or(usize::MAX),
    }))
}

fn is_domain(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

impl Mask for Email {
    fn apply(&self, values: &ArrayRef) -> Result<ArrayRef> {
        map_text(values, 48, |original, out| {
            let [names, low, high, _] = self.key.words(original.as_bytes());
            let names = format!(
                "{}.{}.",
                name::first_name(names).to_ascii_lowercase(),
                name::last_name(crate::entropy::remix(names)).to_ascii_lowercase()
            );
            // The tag alone is unique: the names go where the column is too short for them.
            if names.len() + TAG + 1 + self.domain.len() <= self.max_chars {
                out.write_str(&names)?;
            }
            let mut bits = u128::from(high) << 64 | u128::from(low);
            for _ in 0..TAG {
                let digit = usize::try_from(bits & 31).unwrap_or(0);
                out.write_char(char::from(ALPHABET[digit]))?;
                bits >>= 5;
            }
            out.write_char('@')?;
            out.write_str(&self.domain)
        })
    }
}
