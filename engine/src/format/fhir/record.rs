//! Rows of the tables by name of their columns: looked up once a batch.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};

use super::element::{Day, Instant};
use crate::error::{Error, Result};

/// A column of any type.
pub struct Cells(ArrayRef);

impl Cells {
    fn of(batch: &RecordBatch, name: &str) -> Result<Self> {
        // `type` is a key word of Rust's, which writes it r#type.
        match batch.column_by_name(name.trim_start_matches("r#")) {
            Some(array) => Ok(Self(array.clone())),
            None => Err(Error::Arrow(format!("no column {name}"))),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        self.0.is_null(row)
    }

    /// Text; empty for NULL.
    pub fn text(&self, row: usize) -> &str {
        self.0.as_string::<i32>().value(row)
    }

    /// Text, or none for NULL.
    pub fn maybe_text(&self, row: usize) -> Option<&str> {
        (!self.is_null(row)).then(|| self.text(row))
    }

    /// The 16 bytes of a UUID.
    pub fn uuid(&self, row: usize) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(self.0.as_fixed_size_binary().value(row));
        bytes
    }

    /// A date.
    pub fn day(&self, row: usize) -> Day {
        Day(self.0.as_primitive::<Date32Type>().value(row))
    }

    /// A date, or none for NULL.
    pub fn maybe_day(&self, row: usize) -> Option<Day> {
        (!self.is_null(row)).then(|| self.day(row))
    }

    /// An instant.
    pub fn instant(&self, row: usize) -> Instant {
        Instant(self.0.as_primitive::<TimestampMicrosecondType>().value(row))
    }

    /// A double.
    pub fn double(&self, row: usize) -> f64 {
        self.0.as_primitive::<Float64Type>().value(row)
    }

    /// A double, or none for NULL.
    pub fn maybe_double(&self, row: usize) -> Option<f64> {
        (!self.is_null(row)).then(|| self.double(row))
    }

    /// A whole number of 32 or 16 bits.
    pub fn integer(&self, row: usize) -> i32 {
        match self.0.as_primitive_opt::<Int32Type>() {
            Some(array) => array.value(row),
            None => i32::from(self.0.as_primitive::<Int16Type>().value(row)),
        }
    }

    /// Money in cents.
    pub fn cents(&self, row: usize) -> i64 {
        let value = self.0.as_primitive::<Decimal128Type>().value(row);
        i64::try_from(value).unwrap_or(i64::MAX)
    }
}

/// The columns of a table that resources are made of.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($column:ident),* $(,)? }) => {
        $(#[$doc])*
        pub struct $name {
            $(pub $column: Cells,)*
            pub rows: usize,
        }

        impl $name {
            /// The names of its columns.
            pub const COLUMNS: &[&str] = &[$(stringify!($column)),*];

            /// Takes the columns off a batch.
            pub fn of(batch: &RecordBatch) -> Result<Self> {
                Ok(Self {
                    $($column: Cells::of(batch, stringify!($column))?,)*
                    rows: batch.num_rows(),
                })
            }
        }
    };
}

record! {
    /// Patients.
    Patients {
        patient_id, mrn, ssn, first_name, middle_name, last_name, sex, birth_date, death_date, race,
        ethnicity, marital_status, language, street_address, city, state, zip, phone, email,
        insurance_member_id, primary_provider_npi,
    }
}
record! {
    /// Providers.
    Providers {
        provider_id, npi, organization_id, first_name, last_name, sex, credential, specialty, email,
    }
}
record! {
    /// Organizations.
    Organizations { organization_id, name, r#type, street_address, city, state, zip, phone }
}
record! {
    /// Encounters.
    Encounters {
        encounter_id, patient_id, provider_id, organization_id, encounter_type, admitted_at,
        discharged_at, length_of_stay, icd10_code, reason, discharge_disposition,
    }
}
record! {
    /// Conditions.
    Conditions {
        condition_id, patient_id, encounter_id, icd10_code, description, category, status, onset_date,
        abatement_date,
    }
}
record! {
    /// Observations.
    Observations {
        observation_id, patient_id, encounter_id, category, loinc_code, loinc_name, value, unit,
        reference_low, reference_high, abnormal_flag, observed_at,
    }
}
record! {
    /// Medications.
    Medications {
        medication_id, patient_id, encounter_id, prescriber_id, condition_id, reason_code, ndc,
        generic_name, strength, form, route, frequency, quantity, days_supply, refills, status,
        started_on, stopped_on,
    }
}
record! {
    /// Procedures.
    Procedures {
        procedure_id, patient_id, encounter_id, provider_id, code, code_system, description,
        performed_at,
    }
}
record! {
    /// Immunizations.
    Immunizations {
        immunization_id, patient_id, cvx_code, vaccine, dose_number, lot_number, manufacturer_code,
        expiration_date, route, site, given_at,
    }
}
record! {
    /// Allergies.
    Allergies {
        allergy_id, patient_id, allergen, category, allergy_type, reaction, severity, criticality,
        clinical_status, onset_date,
    }
}
record! {
    /// Claims.
    Claims {
        claim_id, encounter_id, patient_id, provider_id, payer, claim_type, icd10_code, service_date,
        submitted_date, billed_amount,
    }
}
