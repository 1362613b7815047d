//! The rows that resources are made of, patient by patient.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;

use super::PATIENTS_AT_A_TIME;
use super::element::Instant;
use super::record::{
    Allergies, Claims, Conditions, Encounters, Immunizations, Medications, Observations,
    Organizations, Patients, Procedures, Providers, Uuids,
};
use crate::calendar::MICROS_PER_DAY;
use crate::domain::healthcare::LAST_PATIENT;
use crate::domain::healthcare::life::BLOCK;
use crate::domain::{Table, TableOptions, check_units, table};
use crate::error::Result;

/// A table with the columns of it that are wanted.
struct Wanted {
    table: Arc<dyn Table>,
    columns: Vec<usize>,
    /// Whether its rows are made at all.
    read: bool,
}

impl Wanted {
    fn of(name: &str, columns: &[&str], options: &TableOptions) -> Result<Self> {
        let table = table(name, options)?;
        let names = table.spec().column_names();
        let columns = columns
            .iter()
            // `type` is a key word of Rust's, which writes it r#type.
            .map(|wanted| wanted.trim_start_matches("r#"))
            .filter_map(|wanted| names.iter().position(|name| *name == wanted))
            .collect();
        Ok(Self {
            table,
            columns,
            read: true,
        })
    }

    fn rows(&self, units: Range<u64>) -> Result<RecordBatch> {
        let units = if self.read { units } else { 0..0 };
        self.table.project(units, &self.columns)
    }
}

/// Who is shared by the patients of a block.
pub struct Shared {
    /// Providers.
    pub providers: Providers,
    /// Organizations.
    pub organizations: Organizations,
    /// The row of each provider, by key and by NPI.
    provider_rows: HashMap<[u8; 16], usize>,
    npi_rows: HashMap<String, usize>,
    organization_rows: HashMap<[u8; 16], usize>,
}

impl Shared {
    fn of(providers: Providers, organizations: Organizations) -> Self {
        let by_key =
            |keys: &Uuids, rows: usize| (0..rows).map(|row| (keys.uuid(row), row)).collect();
        Self {
            provider_rows: by_key(&providers.provider_id, providers.rows),
            organization_rows: by_key(&organizations.organization_id, organizations.rows),
            npi_rows: (0..providers.rows)
                .map(|row| (providers.npi.text(row).to_owned(), row))
                .collect(),
            providers,
            organizations,
        }
    }

    /// The provider with a key.
    pub fn provider(&self, key: [u8; 16]) -> Option<usize> {
        self.provider_rows.get(&key).copied()
    }

    /// The organization with a key.
    pub fn organization(&self, key: [u8; 16]) -> Option<usize> {
        self.organization_rows.get(&key).copied()
    }

    /// The provider with an NPI.
    pub fn provider_of_npi(&self, npi: &str) -> Option<usize> {
        self.npi_rows.get(npi).copied()
    }
}

/// The rows about some patients.
pub struct Rows {
    pub patients: Patients,
    pub encounters: Encounters,
    pub conditions: Conditions,
    pub observations: Observations,
    pub medications: Medications,
    pub procedures: Procedures,
    pub immunizations: Immunizations,
    pub allergies: Allergies,
    pub claims: Claims,
}

/// What there is about one patient: rows of each table.
pub struct Chart<'a> {
    pub shared: &'a Shared,
    pub rows: &'a Rows,
    pub patient: usize,
    pub encounters: Range<usize>,
    pub conditions: Range<usize>,
    pub observations: Range<usize>,
    pub medications: Range<usize>,
    pub procedures: Range<usize>,
    pub immunizations: Range<usize>,
    pub allergies: Range<usize>,
    pub claims: Range<usize>,
}

impl Chart<'_> {
    /// The key of the patient.
    pub fn patient_id(&self) -> [u8; 16] {
        self.rows.patients.patient_id.uuid(self.patient)
    }

    /// The id of the bundle: that of the patient, in another namespace.
    pub fn bundle_id(&self) -> [u8; 16] {
        let mut id = self.patient_id();
        // Version 8, "custom" (RFC 9562): no resource has that.
        id[6] = id[6] & 0x0F | 0x80;
        id
    }

    /// The rows of the providers that the patient has to do with, in the order of the table.
    pub fn providers(&self) -> Vec<usize> {
        let rows = self.rows;
        let npi = rows.patients.primary_provider_npi.text(self.patient);
        // Whatever is done or prescribed is so in an encounter, by its provider.
        let keys = self.encounters.clone();
        let mut found: Vec<usize> = keys
            .map(|row| rows.encounters.provider_id.uuid(row))
            .filter_map(|key| self.shared.provider(key))
            .chain(self.shared.provider_of_npi(npi))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The rows of the organizations that the patient has to do with.
    pub fn organizations(&self, providers: &[usize]) -> Vec<usize> {
        let visited = self
            .encounters
            .clone()
            .map(|row| self.rows.encounters.organization_id.uuid(row));
        let work = providers
            .iter()
            .map(|&row| self.shared.providers.organization_id.uuid(row));
        let mut found: Vec<usize> = visited
            .chain(work)
            .filter_map(|key| self.shared.organization_rows.get(&key).copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The tables of a world.
pub struct Source {
    as_of: i32,
    patients: Wanted,
    providers: Wanted,
    organizations: Wanted,
    encounters: Wanted,
    conditions: Wanted,
    observations: Wanted,
    medications: Wanted,
    procedures: Wanted,
    immunizations: Wanted,
    allergies: Wanted,
    claims: Wanted,
    /// The block that was asked for last: most calls ask for it again.
    block: Mutex<Option<(u64, Arc<Shared>)>>,
}

impl Source {
    pub fn new(options: &TableOptions) -> Result<Self> {
        Ok(Self {
            as_of: options.as_of,
            patients: Wanted::of("patients", Patients::COLUMNS, options)?,
            providers: Wanted::of("providers", Providers::COLUMNS, options)?,
            organizations: Wanted::of("organizations", Organizations::COLUMNS, options)?,
            encounters: Wanted::of("encounters", Encounters::COLUMNS, options)?,
            conditions: Wanted::of("conditions", Conditions::COLUMNS, options)?,
            observations: Wanted::of("observations", Observations::COLUMNS, options)?,
            medications: Wanted::of("medications", Medications::COLUMNS, options)?,
            procedures: Wanted::of("procedures", Procedures::COLUMNS, options)?,
            immunizations: Wanted::of("immunizations", Immunizations::COLUMNS, options)?,
            allergies: Wanted::of("allergies", Allergies::COLUMNS, options)?,
            claims: Wanted::of("claims", Claims::COLUMNS, options)?,
            block: Mutex::default(),
        })
    }

    /// The tables that HL7 messages are made of: of others there are no rows.
    pub fn of_messages(options: &TableOptions) -> Result<Self> {
        let mut source = Self::new(options)?;
        for unused in [
            &mut source.procedures,
            &mut source.immunizations,
            &mut source.claims,
        ] {
            unused.read = false;
        }
        Ok(source)
    }

    /// The last instant that the data may mention.
    pub fn midnight(&self) -> Instant {
        Instant(i64::from(self.as_of) * MICROS_PER_DAY)
    }

    fn shared(&self, patient: u64) -> Result<Arc<Shared>> {
        let block = patient / BLOCK;
        let mut kept = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, shared)) = &*kept
            && *number == block
        {
            return Ok(shared.clone());
        }
        let first = block * BLOCK..block * BLOCK + 1;
        let shared = Arc::new(Shared::of(
            Providers::of(&self.providers.rows(first.clone())?)?,
            Organizations::of(&self.organizations.rows(first)?)?,
        ));
        *kept = Some((block, shared.clone()));
        Ok(shared)
    }

    /// Gives the providers and organizations of each block that begins in a range of patients.
    pub fn each_shared(&self, patients: Range<u64>, mut take: impl FnMut(&Shared)) -> Result<()> {
        check_units(&patients, LAST_PATIENT)?;
        let mut first = patients.start.next_multiple_of(BLOCK);
        while first < patients.end {
            take(&*self.shared(first)?);
            first += BLOCK;
        }
        Ok(())
    }

    /// Gives what there is about each patient of a range, in order.
    pub fn each(&self, patients: Range<u64>, mut take: impl FnMut(&Chart<'_>)) -> Result<()> {
        check_units(&patients, LAST_PATIENT)?;
        let mut start = patients.start;
        while start < patients.end {
            let end = patients
                .end
                .min(start + PATIENTS_AT_A_TIME)
                .min((start / BLOCK + 1) * BLOCK);
            self.some(start..end, &mut take)?;
            start = end;
        }
        Ok(())
    }

    /// The same for patients of one block.
    fn some(&self, patients: Range<u64>, take: &mut impl FnMut(&Chart<'_>)) -> Result<()> {
        let shared = self.shared(patients.start)?;
        let rows = Rows {
            patients: Patients::of(&self.patients.rows(patients.clone())?)?,
            encounters: Encounters::of(&self.encounters.rows(patients.clone())?)?,
            conditions: Conditions::of(&self.conditions.rows(patients.clone())?)?,
            observations: Observations::of(&self.observations.rows(patients.clone())?)?,
            medications: Medications::of(&self.medications.rows(patients.clone())?)?,
            procedures: Procedures::of(&self.procedures.rows(patients.clone())?)?,
            immunizations: Immunizations::of(&self.immunizations.rows(patients.clone())?)?,
            allergies: Allergies::of(&self.allergies.rows(patients.clone())?)?,
            claims: Claims::of(&self.claims.rows(patients)?)?,
        };
        let mut chart = Chart {
            shared: &shared,
            rows: &rows,
            patient: 0,
            encounters: 0..0,
            conditions: 0..0,
            observations: 0..0,
            medications: 0..0,
            procedures: 0..0,
            immunizations: 0..0,
            allergies: 0..0,
            claims: 0..0,
        };
        for patient in 0..rows.patients.rows {
            chart.patient = patient;
            let id = chart.patient_id();
            advance(
                &mut chart.encounters,
                id,
                &rows.encounters.patient_id,
                rows.encounters.rows,
            );
            advance(
                &mut chart.conditions,
                id,
                &rows.conditions.patient_id,
                rows.conditions.rows,
            );
            advance(
                &mut chart.observations,
                id,
                &rows.observations.patient_id,
                rows.observations.rows,
            );
            advance(
                &mut chart.medications,
                id,
                &rows.medications.patient_id,
                rows.medications.rows,
            );
            advance(
                &mut chart.procedures,
                id,
                &rows.procedures.patient_id,
                rows.procedures.rows,
            );
            advance(
                &mut chart.immunizations,
                id,
                &rows.immunizations.patient_id,
                rows.immunizations.rows,
            );
            advance(
                &mut chart.allergies,
                id,
                &rows.allergies.patient_id,
                rows.allergies.rows,
            );
            advance(
                &mut chart.claims,
                id,
                &rows.claims.patient_id,
                rows.claims.rows,
            );
            take(&chart);
        }
        Ok(())
    }
}

/// Moves a range on to the rows of the next patient: rows come in the order of patients.
fn advance(range: &mut Range<usize>, patient: [u8; 16], of: &Uuids, rows: usize) {
    let start = range.end;
    let mut end = start;
    while end < rows && of.uuid(end) == patient {
        end += 1;
    }
    *range = start..end;
}
