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
mod arguments;
pub(crate) mod barcode;
mod bound;
mod business;
mod card;
pub(crate) mod check_digit;
mod clinical;
mod color;
pub(crate) mod commerce;
pub mod company;
pub mod contact;
mod country;
pub mod data;
pub(crate) mod device;
mod distribution;
mod draft;
mod draw;
mod feedback;
mod file;
pub(crate) mod finance;
mod geography;
mod geohash;
mod group;
mod iban;
pub mod identifier;
mod internet;
mod json;
mod lorem;
pub mod name;
pub mod national;
mod number;
pub mod person;
pub mod place;
mod quantile;
mod shape;
mod template;
mod time;
mod token;
pub mod work;

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use arrow_array::ArrayRef;

use crate::entropy::{Stream, remix};
use crate::error::{Error, Result};
use crate::locale::Locale;
use crate::registry::{self, Entry, Kind, Parameter};
use crate::schema::ColumnType;
pub use arguments::{Arguments, LOCALE, LOCALE_ONLY};
use bound::Source;
pub use bound::{Bound, Scalar};
pub use group::Group;

/// The families, one file each; each holds its entries next to its code.
static FAMILIES: &[&[Generator]] = &[
    barcode::ENTRIES,
    business::ENTRIES,
    card::ENTRIES,
    clinical::ENTRIES,
    color::ENTRIES,
    commerce::ENTRIES,
    company::ENTRIES,
    contact::ENTRIES,
    country::ENTRIES,
    device::ENTRIES,
    distribution::ENTRIES,
    feedback::ENTRIES,
    file::ENTRIES,
    finance::ENTRIES,
    geography::ENTRIES,
    geohash::ENTRIES,
    iban::ENTRIES,
    identifier::ENTRIES,
    json::ENTRIES,
    internet::ENTRIES,
    lorem::ENTRIES,
    national::ENTRIES,
    number::ENTRIES,
    person::ENTRIES,
    place::ENTRIES,
    shape::ENTRIES,
    template::ENTRIES,
    time::ENTRIES,
    token::ENTRIES,
    work::ENTRIES,
];

/// How a generator makes one value.
#[derive(Debug, Clone, Copy)]
enum Make {
    /// Writes text. Writing into memory cannot fail.
    Text(fn(u64, &mut dyn Write) -> std::fmt::Result),
    /// Writes long text, as [`bound::Drafter`].
    Draft(fn(u64, &mut Vec<u8>) -> usize),
    /// Writes text in the language of a locale.
    Local(fn(&'static Locale, u64, &mut dyn Write) -> std::fmt::Result),
    /// Gives 16 bytes.
    Uuid(fn(u64) -> [u8; 16]),
    /// Reads its arguments and gives what makes values.
    Bind(fn(&Arguments<'_>) -> Result<Bound>),
}

/// The values of a generator without parameters that can be told apart by a number.
#[derive(Debug, Clone, Copy)]
struct Enumeration {
    count: u64,
    nth: fn(u64, &mut dyn Write) -> std::fmt::Result,
}

/// A generator of the registry.
///
/// ```
/// use synth_engine::generator;
///
/// let ssn = generator::find("ssn")?.bind(&[])?;
/// let (mut first, mut second) = (String::new(), String::new());
/// ssn.nth(0, &mut first).unwrap();
/// ssn.nth(1, &mut second).unwrap();
/// assert_eq!((first.as_str(), second.as_str()), ("900-01-0001", "900-01-0002"));
/// # Ok::<(), synth_engine::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Generator {
    /// Its description.
    pub entry: Entry,
    /// What it speaks about; generators of one group agree on the same entropy.
    pub group: Option<Group>,
    /// How often the entropy of its group is remixed before it sees it: a last name is made of
    /// once remixed entropy, since a full name takes both names out of one word.
    pub remixes: u8,
    /// Arguments for an example, where a parameter has no default.
    pub example: &'static [(&'static str, &'static str)],
    make: Make,
    enumeration: Option<Enumeration>,
    /// Whether it speaks about several groups and so takes the entropy of the row itself.
    whole_row: bool,
}

impl Generator {
    const fn new(
        name: &'static str,
        summary: &'static str,
        parameters: &'static [Parameter],
        output: ColumnType,
        make: Make,
    ) -> Self {
        Self {
            entry: Entry {
                kind: Kind::Generator,
                name,
                summary,
                parameters,
                output: Some(output),
                mask: None,
            },
            group: None,
            remixes: 0,
            example: &[],
            make,
            enumeration: None,
            whole_row: false,
        }
    }

    /// A generator of text without parameters.
    const fn text(
        name: &'static str,
        summary: &'static str,
        write: fn(u64, &mut dyn Write) -> std::fmt::Result,
    ) -> Self {
        Self::new(name, summary, &[], ColumnType::Text, Make::Text(write))
    }

    /// A generator of long text without parameters.
    const fn draft(
        name: &'static str,
        summary: &'static str,
        draft: fn(u64, &mut Vec<u8>) -> usize,
    ) -> Self {
        Self::new(name, summary, &[], ColumnType::Text, Make::Draft(draft))
    }

    /// A generator of text whose only parameter is a locale.
    const fn local(
        name: &'static str,
        summary: &'static str,
        write: fn(&'static Locale, u64, &mut dyn Write) -> std::fmt::Result,
    ) -> Self {
        Self::new(
            name,
            summary,
            LOCALE_ONLY,
            ColumnType::Text,
            Make::Local(write),
        )
    }

    /// A generator with parameters or of another type than text; what `bind` gives has that type.
    const fn bound(
        name: &'static str,
        summary: &'static str,
        parameters: &'static [Parameter],
        output: ColumnType,
        bind: fn(&Arguments<'_>) -> Result<Bound>,
    ) -> Self {
        Self::new(name, summary, parameters, output, Make::Bind(bind))
    }

    /// The same, in a group.
    const fn in_group(mut self, group: Group) -> Self {
        self.group = Some(group);
        self
    }

    /// The same, in a group whose entropy is remixed once for it.
    const fn remixed_in_group(mut self, group: Group) -> Self {
        self.group = Some(group);
        self.remixes = 1;
        self
    }

    /// The same, with `count` values that can be enumerated; for generators of text without
    /// parameters (the others say so in [`Bound::counted`]).
    const fn enumerated(
        mut self,
        count: u64,
        nth: fn(u64, &mut dyn Write) -> std::fmt::Result,
    ) -> Self {
        self.enumeration = Some(Enumeration { count, nth });
        self
    }

    /// The same, made of the entropy of the row, out of which it derives that of each group.
    const fn of_whole_row(mut self) -> Self {
        self.whole_row = true;
        self
    }

    /// The same, with arguments for an example.
    const fn with_example(mut self, example: &'static [(&'static str, &'static str)]) -> Self {
        self.example = example;
        self
    }

    /// The generator with its arguments: literals by parameter name; what is not given takes the
    /// parameter's default.
    pub fn bind(&'static self, arguments: &[(&str, &str)]) -> Result<Bound> {
        let arguments = Arguments::new(&self.entry, arguments)?;
        let bound = match self.make {
            Make::Text(write) => Bound::new(Source::Text(Arc::new(write))),
            Make::Draft(draft) => Bound::draft(draft),
            Make::Local(write) => {
                let locale = arguments.locale()?;
                Bound::text(move |entropy, out| write(locale, entropy, out))
            }
            Make::Uuid(make) => Bound::new(Source::Uuid(Arc::new(make))),
            Make::Bind(bind) => bind(&arguments)?,
        };
        Ok(match self.enumeration {
            Some(Enumeration { count, nth }) => bound.counted(count, nth),
            None => bound,
        })
    }

    /// The generator with the defaults of its parameters and, for those without, the arguments of
    /// its example.
    pub(crate) fn standard(&'static self) -> Result<Bound> {
        self.bind(self.example)
    }

    /// Its entropy for each row under a seed: that of its group, so that generators of one group
    /// agree in a row, else one of its own.
    pub fn draws(&self, seed: u64) -> Draws {
        Draws {
            rows: Stream::new(seed, "value", "row"),
            subject: self.subject(),
        }
    }

    /// How it derives its entropy from that of a row.
    pub fn subject(&self) -> Subject {
        let name = self.group.map_or(self.entry.name, Group::name);
        Subject {
            stream: (!self.whole_row).then(|| Stream::new(0, "subject", name)),
            remixes: self.remixes,
        }
    }

    /// Its own entropy out of that of its group.
    #[inline]
    pub fn entropy(&self, group: u64) -> u64 {
        remixed(group, self.remixes)
    }

    /// One value for each element of `entropy`, never NULL, with the default arguments.
    ///
    /// To make values again and again, [`Self::bind`] once.
    pub fn values(&'static self, entropy: &[u64]) -> ArrayRef {
        match self.standard() {
            Ok(bound) => bound.values(entropy),
            // Defaults and examples are held to be good by a test.
            Err(_) => Arc::new(arrow_array::StringArray::from(vec![""; entropy.len()])),
        }
    }

    /// The value for one element of entropy, as text, with the default arguments.
    pub fn value(&'static self, entropy: u64) -> String {
        self.standard()
            .map_or_else(|_| String::new(), |bound| bound.value(entropy))
    }
}

/// A standard normal draw, by the quantile.
#[inline]
pub fn standard_normal(entropy: u64) -> f64 {
    quantile::normal(quantile::open_unit(entropy))
}

fn remixed(entropy: u64, times: u8) -> u64 {
    (0..times).fold(entropy, |entropy, _| remix(entropy))
}

/// The entropy of a generator out of that of a row.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    stream: Option<Stream>,
    remixes: u8,
}

impl Subject {
    /// The generator's entropy in a row with this entropy.
    #[inline]
    pub fn of(&self, row: u64) -> u64 {
        self.stream
            .map_or(row, |stream| remixed(stream.draw(row), self.remixes))
    }
}

/// The entropy of a generator for each row under a seed.
///
/// ```
/// use synth_engine::generator;
///
/// let of = |name: &str| {
///     let generator = generator::find(name).unwrap();
///     generator.value(generator.draws(1).at(7))
/// };
/// assert_eq!(of("full_name"), format!("{} {}", of("first_name"), of("last_name")));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    rows: Stream,
    subject: Subject,
}

impl Draws {
    /// The entropy for a row.
    #[inline]
    pub fn at(&self, row: u64) -> u64 {
        self.subject.of(self.rows.draw(row))
    }

    /// The key under which rows take values that do not repeat.
    pub fn key(&self) -> Stream {
        self.subject.stream.map_or(self.rows, |subject| {
            Stream::from_key(subject.draw(self.rows.draw(0)))
        })
    }
}

/// A generator chosen by name with options: a JSON object of its parameters, and `unique`, which
/// says whether values must not repeat over rows.
///
/// ```
/// let (plate, unique) = synth_engine::generator::bind_options(
///     "pattern",
///     r#"{"pattern": "[A-Z]{2}", "unique": true}"#,
/// )?;
/// assert_eq!((plate.distinct(), unique), (Some(676), true));
/// # Ok::<(), synth_engine::Error>(())
/// ```
pub fn bind_options(name: &str, options: &str) -> Result<(Bound, bool)> {
    let generator = find(name)?;
    let problem = |problem: &str| Error::Argument {
        entry: generator.entry.name,
        problem: problem.to_owned(),
    };
    if options.len() > arguments::MOST_BYTES {
        return Err(problem("options must be at most 1 MiB long"));
    }
    let mut options = match serde_json::from_str(options) {
        Ok(serde_json::Value::Object(options)) => options,
        Ok(_) => return Err(problem("options must be a JSON object of parameters")),
        Err(_) => return Err(problem("options is not JSON that can be read")),
    };
    let unique = match options.remove("unique") {
        None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => false,
        Some(serde_json::Value::Bool(true)) => true,
        Some(_) => return Err(problem("unique must be true or false")),
    };
    let given: Vec<(String, String)> = options
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, arguments::plain(value)))
        .collect();
    let given: Vec<(&str, &str)> = given
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Ok((generator.bind(&given)?, unique))
}

/// Every generator, in alphabetical order.
pub static GENERATORS: LazyLock<Vec<Generator>> = LazyLock::new(|| {
    let mut all: Vec<Generator> = FAMILIES.iter().copied().flatten().copied().collect();
    all.sort_by_key(|generator| generator.entry.name);
    all
});

/// The generator of this name.
pub fn find(name: &str) -> Result<&'static Generator> {
    GENERATORS
        .binary_search_by(|generator| generator.entry.name.cmp(name))
        .map(|index| &GENERATORS[index])
        .map_err(|_| Error::Unknown {
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
    use proptest::prelude::*;

    /// Every generator with its default arguments or those of its example.
    fn standard() -> impl Iterator<Item = (&'static Generator, Bound)> {
        GENERATORS.iter().map(|generator| {
            let bound = generator
                .standard()
                .unwrap_or_else(|e| panic!("{}: {e}", generator.entry.name));
            (generator, bound)
        })
    }

    /// A text is the same whether it is made in memory, with whatever is there, or written.
    #[test]
    fn drafts_are_what_is_written() {
        let mut memory = Vec::new();
        let mut drafts = 0;
        for (generator, bound) in standard() {
            for entropy in (0..20).map(remix) {
                if let Some(length) = bound.draft_in(entropy, &mut memory) {
                    let text = std::str::from_utf8(&memory[..length]).unwrap();
                    assert_eq!(text, bound.value(entropy), "{}", generator.entry.name);
                    drafts += 1;
                }
            }
        }
        assert!(drafts > 100, "{drafts}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Laws 1 and 2 for every generator: a value depends on its own entropy alone.
        #[test]
        fn values_are_a_pure_function_of_entropy(entropy in proptest::collection::vec(any::<u64>(), 1..40), cut in 0_usize..40) {
            let cut = cut.min(entropy.len());
            for (generator, bound) in standard() {
                let name = generator.entry.name;
                let whole = bound.values(&entropy);
                prop_assert_eq!(whole.len(), entropy.len());
                prop_assert_eq!(whole.null_count(), 0);
                prop_assert_eq!(Some(bound.output()), generator.entry.output, "{}", name);
                prop_assert_eq!(whole.data_type().clone(), bound.output().arrow(), "{}", name);
                let tail = bound.values(&entropy[cut..]);
                prop_assert_eq!(&whole.slice(cut, entropy.len() - cut), &tail, "{}", name);
                // The text form is that of the array, whatever the type.
                let column = crate::format::text::text_column(&whole)?;
                for (row, bits) in entropy.iter().enumerate() {
                    let (from, to) = (column.offsets[row], column.offsets[row + 1]);
                    let cell = std::str::from_utf8(&column.bytes[from as usize..to as usize])?;
                    prop_assert!(!cell.is_empty(), "{} writes nothing", name);
                    prop_assert_eq!(cell, bound.value(*bits), "{}", name);
                }
            }
        }

        /// Law 3: values that are enumerated are distinct, and there are as many as is said.
        #[test]
        fn enumerated_values_are_distinct(a: u64, b: u64, near in 0_u64..500) {
            for (generator, bound) in standard() {
                let Some(count) = bound.distinct() else { continue };
                let nth = |index: u64| {
                    let mut out = String::new();
                    bound.nth(index, &mut out).map(|()| out)
                };
                prop_assert!(count > 0, "{}", generator.entry.name);
                let a = a % count;
                for b in [b % count, near % count, a.saturating_add(near) % count] {
                    let (x, y) = (nth(a)?, nth(b)?);
                    prop_assert_eq!(a == b, x == y, "{}: {} and {}", generator.entry.name, a, b);
                }
                if count < u64::MAX {
                    prop_assert!(nth(count).is_err(), "{}", generator.entry.name);
                }
            }
        }
    }

    /// An error names the generator and the parameter, and its hint says where parameters are.
    #[test]
    fn arguments_are_checked() {
        let ssn = find("ssn").unwrap();
        let error = ssn.bind(&[("colour", "red")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ssn: there is no parameter \"colour\", it takes none"
        );
        assert!(error.hint().is_some());
        for generator in GENERATORS.iter() {
            for parameter in generator.entry.parameters {
                if parameter.default.is_none() {
                    assert!(
                        generator.example.iter().any(|(n, _)| *n == parameter.name),
                        "{} has no example for {}",
                        generator.entry.name,
                        parameter.name
                    );
                    assert!(generator.bind(&[]).is_err(), "{}", generator.entry.name);
                }
            }
        }
    }

    /// Columns of one row speak about one person.
    #[test]
    fn generators_of_a_group_agree() {
        for row in 0..200 {
            let value = |name: &str| {
                let generator = find(name).unwrap();
                generator.value(generator.draws(7).at(row))
            };
            let (first, last) = (value("first_name"), value("last_name"));
            assert_eq!(value("full_name"), format!("{first} {last}"));
            let local = format!("{first}.{last}").to_lowercase();
            assert!(value("email").starts_with(&local), "{}", value("email"));
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
