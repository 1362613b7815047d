//! Rows of the tables by name of their columns: looked up, and their types settled, once a batch.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};

use super::element::{Day, Instant};
use crate::error::{Error, Result};
use crate::format::json::{Text, is_plain};

/// The column of a name, in the form that its type has.
fn column<T>(batch: &RecordBatch, name: &str, of: fn(&ArrayRef) -> Option<T>) -> Result<T> {
    // `type` is a key word of Rust's, which writes it r#type.
    let array = batch.column_by_name(name.trim_start_matches("r#"));
    let found = array.and_then(of);
    found.ok_or_else(|| Error::Arrow(format!("no column {name}, or not of its type")))
}

/// A column of text.
pub struct Texts {
    array: StringArray,
    /// Whether nothing in it needs escapes in JSON.
    plain: bool,
}

impl Texts {
    fn of(array: &ArrayRef) -> Option<Self> {
        let array = array.as_string_opt::<i32>()?.clone();
        Some(Self {
            plain: is_plain(array.value_data()),
            array,
        })
    }

    /// Text; empty for NULL.
    #[inline]
    pub fn text(&self, row: usize) -> &str {
        self.array.value(row)
    }

    /// Text, or none for NULL.
    #[inline]
    pub fn maybe_text(&self, row: usize) -> Option<&str> {
        self.array.is_valid(row).then(|| self.text(row))
    }

    /// Text as JSON has it.
    #[inline]
    pub fn json(&self, row: usize) -> Text<'_> {
        Text::of(self.text(row), self.plain)
    }

    /// The same, or none for NULL.
    #[inline]
    pub fn maybe_json(&self, row: usize) -> Option<Text<'_>> {
        self.array.is_valid(row).then(|| self.json(row))
    }
}

/// A column of UUIDs.
pub struct Uuids(FixedSizeBinaryArray);

impl Uuids {
    fn of(array: &ArrayRef) -> Option<Self> {
        let array = array.as_fixed_size_binary_opt()?;
        (array.value_length() == 16).then(|| Self(array.clone()))
    }

    /// The 16 bytes.
    #[inline]
    pub fn uuid(&self, row: usize) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(self.0.value(row));
        bytes
    }
}

/// A column of dates.
pub struct Days(Date32Array);

impl Days {
    fn of(array: &ArrayRef) -> Option<Self> {
        Some(Self(array.as_primitive_opt::<Date32Type>()?.clone()))
    }

    /// A date.
    #[inline]
    pub fn day(&self, row: usize) -> Day {
        Day(self.0.value(row))
    }

    /// A date, or none for NULL.
    #[inline]
    pub fn maybe_day(&self, row: usize) -> Option<Day> {
        self.0.is_valid(row).then(|| self.day(row))
    }
}

/// A column of instants.
pub struct Instants(TimestampMicrosecondArray);

impl Instants {
    fn of(array: &ArrayRef) -> Option<Self> {
        let array = array.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(Self(array.clone()))
    }

    /// An instant.
    #[inline]
    pub fn instant(&self, row: usize) -> Instant {
        Instant(self.0.value(row))
    }

    /// An instant, or none for NULL.
    #[inline]
    pub fn maybe_instant(&self, row: usize) -> Option<Instant> {
        self.0.is_valid(row).then(|| self.instant(row))
    }
}

/// A column of doubles.
pub struct Doubles(Float64Array);

impl Doubles {
    fn of(array: &ArrayRef) -> Option<Self> {
        Some(Self(array.as_primitive_opt::<Float64Type>()?.clone()))
    }

    /// A double.
    #[inline]
    pub fn double(&self, row: usize) -> f64 {
        self.0.value(row)
    }

    /// A double, or none for NULL.
    #[inline]
    pub fn maybe_double(&self, row: usize) -> Option<f64> {
        self.0.is_valid(row).then(|| self.double(row))
    }
}

/// A column of whole numbers of 32 or 16 bits.
pub struct Integers(Vec<i32>);

impl Integers {
    fn of(array: &ArrayRef) -> Option<Self> {
        if let Some(wide) = array.as_primitive_opt::<Int32Type>() {
            return Some(Self(wide.values().to_vec()));
        }
        let narrow = array.as_primitive_opt::<Int16Type>()?.values();
        Some(Self(narrow.iter().map(|&value| value.into()).collect()))
    }

    /// A whole number.
    #[inline]
    pub fn integer(&self, row: usize) -> i32 {
        self.0[row]
    }
}

/// A column of money.
pub struct Amounts(Decimal128Array);

impl Amounts {
    fn of(array: &ArrayRef) -> Option<Self> {
        Some(Self(array.as_primitive_opt::<Decimal128Type>()?.clone()))
    }

    /// Money in cents.
    #[inline]
    pub fn cents(&self, row: usize) -> i64 {
        i64::try_from(self.0.value(row)).unwrap_or(i64::MAX)
    }
}

/// The columns of a table that resources are made of.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($of:ident { $($column:ident),* $(,)? })* }) => {
        $(#[$doc])*
        pub struct $name {
            $($(pub $column: $of,)*)*
            pub rows: usize,
        }

        impl $name {
            /// The names of its columns.
            pub const COLUMNS: &[&str] = &[$($(stringify!($column)),*),*];

            /// Takes the columns off a batch.
            pub fn of(batch: &RecordBatch) -> Result<Self> {
                Ok(Self {
                    $($($column: column(batch, stringify!($column), $of::of)?,)*)*
                    rows: batch.num_rows(),
                })
            }
        }
    };
}

record! {
    /// Patients.
    Patients {
        Uuids { patient_id }
        Texts {
            mrn, ssn, first_name, middle_name, last_name, sex, race, ethnicity, marital_status,
            language, street_address, city, state, zip, phone, email, insurance_member_id,
            primary_provider_npi,
        }
        Days { birth_date, death_date }
    }
}
record! {
    /// Providers.
    Providers {
        Uuids { provider_id, organization_id }
        Texts { npi, first_name, last_name, sex, credential, specialty, email }
    }
}
record! {
    /// Organizations.
    Organizations {
        Uuids { organization_id }
        Texts { name, r#type, street_address, city, state, zip, phone }
    }
}
record! {
    /// Encounters.
    Encounters {
        Uuids { encounter_id, patient_id, provider_id, organization_id }
        Texts { encounter_type, icd10_code, reason, discharge_disposition }
        Instants { admitted_at, discharged_at }
        Integers { length_of_stay }
    }
}
record! {
    /// Conditions.
    Conditions {
        Uuids { condition_id, patient_id, encounter_id }
        Texts { icd10_code, description, category, status }
        Days { onset_date, abatement_date }
    }
}
record! {
    /// Observations.
    Observations {
        Uuids { observation_id, patient_id, encounter_id }
        Texts { category, loinc_code, loinc_name, unit, abnormal_flag }
        Doubles { value, reference_low, reference_high }
        Instants { observed_at }
    }
}
record! {
    /// Medications.
    Medications {
        Uuids { medication_id, patient_id, encounter_id, prescriber_id, condition_id }
        Texts { reason_code, ndc, generic_name, strength, form, route, frequency, status }
        Integers { quantity, days_supply, refills }
        Days { started_on, stopped_on }
    }
}
record! {
    /// Procedures.
    Procedures {
        Uuids { procedure_id, patient_id, encounter_id, provider_id }
        Texts { code, code_system, description }
        Instants { performed_at }
    }
}
record! {
    /// Immunizations.
    Immunizations {
        Uuids { immunization_id, patient_id }
        Texts { cvx_code, vaccine, lot_number, manufacturer_code, route, site }
        Integers { dose_number }
        Days { expiration_date }
        Instants { given_at }
    }
}
record! {
    /// Allergies.
    Allergies {
        Uuids { allergy_id, patient_id }
        Texts { allergen, category, allergy_type, reaction, severity, criticality, clinical_status }
        Days { onset_date }
    }
}
record! {
    /// Claims.
    Claims {
        Uuids { claim_id, encounter_id, patient_id, provider_id }
        Texts { payer, claim_type, icd10_code }
        Days { service_date, submitted_date }
        Amounts { billed_amount }
    }
}
