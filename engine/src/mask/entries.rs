//! The registry of masks.

use super::{
    bucket, card_number, date_shift, email, fpe, generalize, hash, json_path, noise, partial,
    permutation, placeholder, pseudonym, redact, regex_replace,
};
use crate::registry::{Entry, Kind, MaskProperties, Parameter, ParameterType};
use crate::schema::ColumnType::{
    self, BigInt, Boolean, Bytes, Date, Double, Enum, Inet, Integer, Json, Numeric, Real, SmallInt,
    Text, Time, Timestamp, TimestampTz, Uuid,
};

const TEXT: &[ColumnType] = &[Text];
const DATES: &[ColumnType] = &[Date, Timestamp, TimestampTz];
const NUMBERS: &[ColumnType] = &[SmallInt, Integer, BigInt, Real, Double, Numeric];

const fn entry(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    mask: MaskProperties,
) -> Entry {
    Entry {
        kind: Kind::Mask,
        name,
        summary,
        parameters,
        output: None,
        mask: Some(mask),
    }
}

/// A keyed mask from dictionaries or formats: consistent, pseudonymous, not injective.
const PSEUDONYM: MaskProperties = MaskProperties {
    accepts: TEXT,
    injective: false,
    consistent: true,
    pseudonymous: true,
    reversible: false,
};

/// The same, on keys.
const UNIQUE: MaskProperties = MaskProperties {
    injective: true,
    ..PSEUDONYM
};

/// A part of the value is kept, no secret is needed.
const COARSER: MaskProperties = MaskProperties {
    pseudonymous: false,
    ..PSEUDONYM
};

/// Encrypts: on keys, and can be undone.
const ENCRYPTED: MaskProperties = MaskProperties {
    reversible: true,
    ..UNIQUE
};

/// A mask whose result does not depend on the value.
const CONSTANT: MaskProperties = MaskProperties {
    accepts: &[],
    injective: false,
    consistent: false,
    pseudonymous: false,
    reversible: false,
};

/// Every mask, in alphabetical order.
pub static ENTRIES: &[Entry] = &[
    entry(
        "bucket",
        "Replaces a number or date by the lower bound of its bucket.",
        bucket::PARAMETERS,
        MaskProperties {
            accepts: &[
                SmallInt,
                Integer,
                BigInt,
                Real,
                Double,
                Numeric,
                Date,
                Timestamp,
                TimestampTz,
            ],
            ..COARSER
        },
    ),
    entry(
        "card_number",
        "Replaces a card number by one of the same layout with a right Luhn digit: under a test BIN of its brand, or encrypted under its own BIN (then injective and reversible).",
        card_number::PARAMETERS,
        PSEUDONYM,
    ),
    entry(
        "city",
        "Replaces text by the name of a city, by population.",
        pseudonym::MEDIUM,
        PSEUDONYM,
    ),
    entry(
        "company",
        "Replaces text by the name of a company that is made up.",
        pseudonym::LONG,
        PSEUDONYM,
    ),
    entry(
        "country",
        "Replaces text by the English name of a country.",
        pseudonym::COUNTRY,
        PSEUDONYM,
    ),
    entry(
        "date_shift",
        "Moves a date by up to so many days either way, never by 0; the time of day stays. With a subject all dates of one move alike (and can be moved back); without, all events of one day do.",
        date_shift::PARAMETERS,
        MaskProperties {
            accepts: DATES,
            ..PSEUDONYM
        },
    ),
    entry(
        "email",
        "Replaces an address by first.last.<65 bits>@domain, unique for unique input.",
        email::PARAMETERS,
        UNIQUE,
    ),
    entry(
        "first_name",
        "Replaces text by a first name, by frequency.",
        pseudonym::SHORT,
        PSEUDONYM,
    ),
    entry(
        "fpe",
        "Encrypts digits or letters in place (FF1 of NIST SP 800-38G; texts too short for it by a keyed table) and keeps all other characters: a value without any of the alphabet stays as it is.",
        fpe::PARAMETERS,
        ENCRYPTED,
    ),
    entry(
        "full_name",
        "Replaces text by a first and last name, by frequency.",
        pseudonym::MEDIUM,
        PSEUDONYM,
    ),
    entry(
        "generalize",
        "Rounds a number down to a multiple of the width, a date to the start of its month, year, ..., an address to its network.",
        generalize::PARAMETERS,
        MaskProperties {
            accepts: &[
                SmallInt,
                Integer,
                BigInt,
                Real,
                Double,
                Numeric,
                Date,
                Timestamp,
                TimestampTz,
                Time,
                Inet,
            ],
            ..COARSER
        },
    ),
    entry(
        "hash",
        "Replaces text by its keyed hash (HMAC-SHA-256) in hexadecimal, bytes by its bytes.",
        hash::PARAMETERS,
        MaskProperties {
            accepts: &[Text, Bytes],
            ..UNIQUE
        },
    ),
    entry(
        "iban",
        "Replaces an IBAN by one of the same country at a bank that does not exist, check digits right.",
        pseudonym::IBAN,
        PSEUDONYM,
    ),
    entry(
        json_path::NAME,
        "Masks the strings and numbers that a path finds in a JSON document; all else stays as it was written.",
        json_path::PARAMETERS,
        MaskProperties {
            accepts: &[Json],
            ..PSEUDONYM
        },
    ),
    entry(
        "last_name",
        "Replaces text by a last name, by frequency.",
        pseudonym::SHORT,
        PSEUDONYM,
    ),
    entry(
        "national_id",
        "Replaces a national identifier by one with right check digits that is not issued, with the separators of the original.",
        &[crate::generator::LOCALE],
        PSEUDONYM,
    ),
    entry(
        "noise",
        "Moves a number by a keyed part of it, never by nothing.",
        noise::PARAMETERS,
        MaskProperties {
            accepts: NUMBERS,
            ..PSEUDONYM
        },
    ),
    entry("null", "Replaces the value by NULL.", &[], CONSTANT),
    entry(
        "partial",
        "Keeps the first and last characters and pads between; a value too short to hide anything becomes padding alone.",
        partial::PARAMETERS,
        COARSER,
    ),
    entry(
        "permutation",
        "Permutes whole numbers, decimals and UUIDs among themselves under the secret; results fit every type that held the values, 0 stays 0.",
        permutation::PARAMETERS,
        MaskProperties {
            accepts: &[SmallInt, Integer, BigInt, Numeric, Uuid],
            ..ENCRYPTED
        },
    ),
    entry(
        "phone",
        "Replaces text by a telephone number that is nobody's.",
        &[crate::generator::LOCALE],
        PSEUDONYM,
    ),
    entry(
        "placeholder",
        "Replaces bytes by a small document.",
        placeholder::PARAMETERS,
        MaskProperties {
            accepts: &[Bytes],
            ..CONSTANT
        },
    ),
    entry(
        "pseudonym",
        "Replaces the value by one of any generator, chosen by the keyed hash of the value.",
        pseudonym::PSEUDONYM,
        MaskProperties {
            accepts: &[
                Text,
                SmallInt,
                Integer,
                BigInt,
                Real,
                Double,
                Numeric,
                Date,
                Timestamp,
                TimestampTz,
                Time,
                Boolean,
                Uuid,
                Json,
                Enum,
                Inet,
            ],
            ..PSEUDONYM
        },
    ),
    entry(
        "redact",
        "Replaces names, e-mail and IP addresses, telephone, card and account numbers and identifiers in free text by tags or pseudonyms.",
        redact::PARAMETERS,
        PSEUDONYM,
    ),
    entry(
        "regex_replace",
        "Replaces what a regular expression finds in text.",
        regex_replace::PARAMETERS,
        COARSER,
    ),
    entry(
        super::SHUFFLE,
        "Deals the values of the column out to other rows at random: the marginal distribution stays, every value is still there.",
        &[],
        CONSTANT,
    ),
    entry(
        "ssn",
        "Replaces text by a US Social Security number never issued, with the separators of the original.",
        &[],
        PSEUDONYM,
    ),
    entry(
        "state",
        "Replaces text by the name of a state, province or region.",
        pseudonym::MEDIUM,
        PSEUDONYM,
    ),
    entry(
        "street",
        "Replaces text by a street and house number.",
        pseudonym::LONG,
        PSEUDONYM,
    ),
    entry(
        "value",
        "Replaces the value by a literal.",
        &[Parameter {
            name: "literal",
            parameter_type: ParameterType::Literal,
            default: None,
            summary: "Any literal that the column's type reads.",
        }],
        CONSTANT,
    ),
    entry(
        "zip",
        "Replaces text by a postal code.",
        &[crate::generator::LOCALE],
        PSEUDONYM,
    ),
];
