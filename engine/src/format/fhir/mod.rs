//! FHIR R4 resources of patients: a bundle a patient, or a file of NDJSON a resource type, as the bulk
//! export writes them.
//!
//! Resources are made from the rows of the tables, so that a bundle joins with `synth_patients` and
//! its children of the same seed. References are relative (`Patient/<id>`); in a bundle each entry's
//! `fullUrl` has the same base, so they resolve there, and in a bulk export they resolve between files.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::format::fhir::Bundles;
//!
//! let bundles = Bundles::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let mut out = Vec::new();
//! bundles.write_bundle(7, &mut out)?;
//! let bundle: serde_json::Value = serde_json::from_slice(&out).unwrap();
//! assert_eq!(bundle["entry"][0]["resource"]["resourceType"], "Patient");
//! # Ok::<(), synth_engine::Error>(())
//! ```

pub(super) mod codes;
pub(super) mod element;
pub(super) mod record;
mod resource;
pub(super) mod source;

use std::ops::Range;
use std::sync::Arc;

use super::export::{Export, ExportEntry, ExportFile};
use super::json::{Hyphenated, Jsonb, Out, Value, object};
use crate::domain::TableOptions;
use crate::domain::healthcare::LAST_PATIENT;
use crate::error::Result;
use resource::{Entries, Files, Writer, organization, practitioner};
use source::{Chart, Source};

/// Patients whose rows are made at a time: enough to spread the cost of a batch.
const PATIENTS_AT_A_TIME: u64 = 32;

/// Registry entry of the bulk export.
pub static RESOURCES: ExportEntry = ExportEntry {
    name: "fhir",
    summary: "FHIR R4 resources of patients, a file of NDJSON a resource type, as in a bulk export.",
    units: "patients",
    last_unit: LAST_PATIENT,
    batch_units: PATIENTS_AT_A_TIME,
    build: |options| Ok(Arc::new(BulkExport(Bundles::new(options)?))),
};

/// Registry entry of bundles.
pub static BUNDLES: ExportEntry = ExportEntry {
    name: "fhir_bundles",
    summary: "FHIR R4 bundles, one a patient with all resources about them, one a line.",
    units: "patients",
    last_unit: LAST_PATIENT,
    batch_units: PATIENTS_AT_A_TIME,
    build: |options| Ok(Arc::new(Bundles::new(options)?)),
};

/// The resource types, in the order of their files.
const FILES: [ExportFile; 11] = [
    file("Patient.ndjson"),
    file("Practitioner.ndjson"),
    file("Organization.ndjson"),
    file("Encounter.ndjson"),
    file("Condition.ndjson"),
    file("Observation.ndjson"),
    file("MedicationRequest.ndjson"),
    file("Procedure.ndjson"),
    file("Immunization.ndjson"),
    file("AllergyIntolerance.ndjson"),
    file("Claim.ndjson"),
];

const fn file(name: &'static str) -> ExportFile {
    ExportFile::joined(name)
}

/// Writes bundles of a world.
pub struct Bundles {
    source: Source,
}

impl Bundles {
    /// The bundles of a seed.
    pub fn new(options: &TableOptions) -> Result<Self> {
        options.check_day(RESOURCES.name)?;
        Ok(Self {
            source: Source::new(options)?,
        })
    }

    /// Appends the bundle of a patient as text, without a line end.
    pub fn write_bundle(&self, patient: u64, out: &mut Vec<u8>) -> Result<()> {
        let end = patient.saturating_add(1);
        self.source
            .each(patient..end, |chart| self.bundle(chart, out))
    }

    /// Writes the bundles of some patients as Postgres stores them.
    ///
    /// # Errors
    /// Beyond the last patient, or if one cannot be stored.
    pub fn write_jsonb(&self, patients: Range<u64>, out: &mut Jsonb) -> Result<()> {
        self.source
            .each(patients, |chart| self.bundle(chart, out))?;
        out.check()
    }

    fn bundle(&self, chart: &Chart<'_>, out: &mut impl Out) {
        object!(out;
            "resourceType": "Bundle",
            "id": Hyphenated::of(chart.bundle_id()),
            "type": "collection",
            "timestamp": self.source.midnight(),
            "entry": Resources(chart)
        );
    }
}

/// All resources about a patient, as entries of a bundle.
struct Resources<'a>(&'a Chart<'a>);

impl Value for Resources<'_> {
    fn write(&self, out: &mut impl Out) {
        out.list(|out| Writer::new(self.0, &mut Entries(out)).all());
    }
}

impl Export for Bundles {
    fn files(&self) -> &[ExportFile] {
        const { &[file("bundles.ndjson")] }
    }

    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64> {
        let count = units.end.saturating_sub(units.start);
        if let Some(out) = out.first_mut() {
            self.source.each(units, |chart| {
                self.bundle(chart, out);
                out.push(b'\n');
            })?;
        }
        Ok(count)
    }
}

/// Writes resources by type.
struct BulkExport(Bundles);

impl Export for BulkExport {
    fn files(&self) -> &[ExportFile] {
        &FILES
    }

    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64> {
        let (source, mut files) = (&self.0.source, Files::new(out));
        // Who is shared by patients stands in the files once, with the first patient of their block.
        source.each_shared(units.clone(), |shared| {
            (0..shared.providers.rows).for_each(|row| practitioner(shared, row, &mut files));
            (0..shared.organizations.rows).for_each(|row| organization(shared, row, &mut files));
        })?;
        source.each(units, |chart| Writer::new(chart, &mut files).own())?;
        Ok(files.count)
    }
}

#[cfg(test)]
mod tests;
