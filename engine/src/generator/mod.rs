//! Value generators: pure functions from 64 bits of entropy to one value.
//!
//! A generator does not care whence its entropy comes: a seeded draw gives fake data, a keyed hash
//! of an original gives a pseudonym (law 1). One file per family.
//!
//! ```
//! use arrow_array::cast::AsArray;
//! use synth_engine::generator;
//!
//! let names = generator::find("full_name")?.values(&[1, 2, 1]);
//! let names = names.as_string::<i32>();
//! assert_eq!(names.value(0), names.value(2));
//! # Ok::<(), synth_engine::Error>(())
//! ```

pub mod address;
pub mod contact;
pub mod data;
pub mod identifier;
pub mod name;
pub mod work;

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};

use crate::error::{Error, Result};
use crate::registry::{self, Entry, Kind};
use crate::schema::ColumnType;

/// How a generator makes one value.
#[derive(Debug, Clone, Copy)]
enum Make {
    /// Writes text. Writing into memory cannot fail.
    Text(fn(u64, &mut dyn Write) -> std::fmt::Result),
    /// Gives 16 bytes.
    Uuid(fn(u64) -> [u8; 16]),
}

/// A generator of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Generator {
    /// Its description.
    pub entry: Entry,
    make: Make,
}

impl Generator {
    const fn text(
        name: &'static str,
        summary: &'static str,
        write: fn(u64, &mut dyn Write) -> std::fmt::Result,
    ) -> Self {
        Self {
            entry: entry(name, summary, ColumnType::Text),
            make: Make::Text(write),
        }
    }

    /// One value for each element of `entropy`, never NULL.
    pub fn values(&self, entropy: &[u64]) -> ArrayRef {
        match self.make {
            Make::Text(write) => {
                let mut out = StringBuilder::with_capacity(entropy.len(), entropy.len() * 24);
                for &bits in entropy {
                    // A StringBuilder accepts every write.
                    let _ = write(bits, &mut out);
                    out.append_value("");
                }
                Arc::new(out.finish())
            }
            Make::Uuid(make) => {
                let mut out = FixedSizeBinaryBuilder::with_capacity(entropy.len(), 16);
                for &bits in entropy {
                    // 16 bytes into a builder of width 16.
                    let _ = out.append_value(make(bits));
                }
                Arc::new(out.finish())
            }
        }
    }

    /// The value for one element of entropy, as text.
    pub fn value(&self, entropy: u64) -> String {
        match self.make {
            Make::Text(write) => {
                let mut out = String::new();
                let _ = write(entropy, &mut out);
                out
            }
            Make::Uuid(make) => uuid::Uuid::from_bytes(make(entropy)).to_string(),
        }
    }
}

const fn entry(name: &'static str, summary: &'static str, output: ColumnType) -> Entry {
    Entry {
        kind: Kind::Generator,
        name,
        summary,
        parameters: &[],
        output: Some(output),
        mask: None,
    }
}

/// Every generator, in alphabetical order.
pub static GENERATORS: &[Generator] = &[
    Generator::text(
        "company",
        "Company name: a US surname and a legal form.",
        |e, out| work::company(e, out),
    ),
    Generator::text(
        "email",
        "E-mail address built from a name, under a reserved domain (RFC 2606).",
        |e, out| contact::email(e, out),
    ),
    Generator::text(
        "first_name",
        "US first name, by frequency over all ages and both sexes (SSA).",
        |e, out| out.write_str(name::first_name(e)),
    ),
    Generator::text(
        "full_name",
        "US first and last name, by frequency.",
        |e, out| name::full_name(e, out),
    ),
    Generator::text("job_title", "Job title.", |e, out| work::job_title(e, out)),
    Generator::text(
        "last_name",
        "US last name, by frequency (Census 2010).",
        |e, out| out.write_str(name::last_name(e)),
    ),
    Generator::text(
        "mrn",
        "Medical record number: MRN and eight digits.",
        |e, out| identifier::write_mrn(identifier::below_digits(e, 8), 8, out),
    ),
    Generator::text(
        "npi",
        "National Provider Identifier with a right check digit, from a series never assigned.",
        |e, out| identifier::write_npi(crate::entropy::below(e, identifier::NPI_COUNT), out),
    ),
    Generator::text(
        "phone",
        "US telephone number in the fictitious range 555-0100 to 555-0199 of a real area code.",
        |e, out| contact::phone(e, out),
    ),
    Generator::text(
        "ssn",
        "Social Security number from area numbers never issued (900 to 999, outside the ITIN groups).",
        |e, out| identifier::write_ssn(crate::entropy::below(e, identifier::SSN_COUNT), out),
    ),
    Generator::text(
        "street_address",
        "US street address: number, street and, for one in eight, an apartment.",
        |e, out| address::street_address(e, out),
    ),
    Generator {
        entry: entry("uuid", "UUID in the form of version 4.", ColumnType::Uuid),
        make: Make::Uuid(|e| identifier::uuid_v4(e, crate::entropy::remix(e))),
    },
];

/// The generator of this name.
pub fn find(name: &str) -> Result<&'static Generator> {
    GENERATORS
        .iter()
        .find(|generator| generator.entry.name == name)
        .ok_or_else(|| Error::Unknown {
            kind: "generator",
            name: name.to_owned(),
            known: registry::names(Kind::Generator),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Stream;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use proptest::prelude::*;

    proptest! {
        /// Laws 1 and 2 for every generator: a value depends on its own entropy alone.
        #[test]
        fn values_are_a_pure_function_of_entropy(entropy in proptest::collection::vec(any::<u64>(), 1..40), cut in 0_usize..40) {
            let cut = cut.min(entropy.len());
            for generator in GENERATORS {
                let whole = generator.values(&entropy);
                prop_assert_eq!(whole.len(), entropy.len());
                prop_assert_eq!(whole.null_count(), 0);
                prop_assert_eq!(Some(whole.data_type().clone()), generator.entry.output.map(ColumnType::arrow));
                let tail = generator.values(&entropy[cut..]);
                prop_assert_eq!(&whole.slice(cut, entropy.len() - cut), &tail, "{}", generator.entry.name);
                if let Some(text) = whole.as_string_opt::<i32>() {
                    for (value, bits) in text.iter().flatten().zip(&entropy) {
                        prop_assert!(!value.is_empty());
                        prop_assert_eq!(value, generator.value(*bits));
                    }
                }
            }
        }
    }

    /// Law 8, over 20,000 values of each identifier.
    #[test]
    fn identifiers_are_fictitious() {
        let stream = Stream::new(1, "test", "fictitious");
        for row in 0..20_000 {
            let value = |name: &str| find(name).unwrap().value(stream.draw(row));

            let ssn = value("ssn");
            let parts: Vec<u32> = ssn.split('-').map(|p| p.parse().unwrap()).collect();
            assert!((900..=999).contains(&parts[0]), "{ssn}");
            assert!(
                (1..=49).contains(&parts[1]),
                "{ssn}: the ITIN groups start at 50"
            );
            assert!((1..=9999).contains(&parts[2]), "{ssn}");
            assert_eq!(ssn.len(), 11);

            let phone = value("phone");
            assert_eq!(phone.len(), 14, "{phone}");
            assert_eq!(&phone[5..12], " 555-01", "{phone}");

            let email = value("email");
            let (_, domain) = email.split_once('@').unwrap();
            assert!(
                ["example.com", "example.net", "example.org"].contains(&domain),
                "{email}"
            );

            let npi = value("npi");
            assert!(
                npi.starts_with('9') && npi.len() == 10,
                "{npi}: assigned ones start with 1 or 2"
            );
            assert!(
                luhn3::decimal::valid(format!("80840{npi}").as_bytes()),
                "{npi}"
            );
        }
    }
}
