//! HL7 v2.5.1 messages about the encounters of patients.
//!
//! An encounter in hospital or emergency begins with ADT^A01 (admission) and ends with ADT^A03
//! (discharge), unless the patient is still there; any other visit ends with ADT^A08 (update). Between
//! them stand ORM^O01 with what was
//! ordered, a message for laboratory tests and one for medications, and ORU^R01 with what was measured.
//! Order numbers of results are those of their orders.
//!
//! Messages are made from the rows of the tables, so they join with them: PID-3 holds `mrn` and
//! `patient_id`, PV1-19 `encounter_id`, ORC-2 of a medication `medication_id`. Keys are UUIDs, longer
//! than the 15 characters that the standard's table of CX suggests. Identifiers are issued under reserved
//! names; the processing id is T (training).
//!
//! A segment ends with a carriage return, as the standard has it; a message is followed by a line feed,
//! so that a file or stream splits into messages there.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::format::hl7::Messages;
//!
//! let messages = Messages::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let mut out = Vec::new();
//! let count = messages.write(7, &mut out)?;
//! assert_eq!(count, out.iter().filter(|&&byte| byte == b'\n').count());
//! assert!(out.starts_with(b"MSH|^~\\&|PGSYNTH"));
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod codes;
mod message;
mod segment;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::export::{Export, ExportEntry, ExportFile};
use super::fhir::source::Source;
use crate::domain::TableOptions;
use crate::domain::healthcare::LAST_PATIENT;
use crate::error::Result;

/// Registry entry.
pub static MESSAGES: ExportEntry = ExportEntry {
    name: "hl7",
    summary: "HL7 v2.5.1 messages on the encounters of patients: ADT^A01, A03, A08, ORM^O01, ORU^R01.",
    units: "patients",
    last_unit: LAST_PATIENT,
    batch_units: 32,
    build: |options| Ok(Arc::new(Messages::new(options)?)),
};

/// Writes messages of a world.
pub struct Messages {
    source: Source,
}

impl Messages {
    /// The messages of a seed.
    pub fn new(options: &TableOptions) -> Result<Self> {
        options.check_day(MESSAGES.name)?;
        Ok(Self {
            source: Source::of_messages(options)?,
        })
    }

    /// Appends the messages about a patient, each followed by a line feed, and gives their number.
    pub fn write(&self, patient: u64, out: &mut Vec<u8>) -> Result<usize> {
        self.range(patient..patient.saturating_add(1), out)
    }

    fn range(&self, patients: Range<u64>, out: &mut Vec<u8>) -> Result<usize> {
        let mut unit = patients.start;
        let mut count = 0;
        self.source.each(patients, |chart| {
            count += message::write(chart, unit, out);
            unit += 1;
        })?;
        Ok(count)
    }
}

impl Export for Messages {
    fn files(&self) -> &[ExportFile] {
        const { &[ExportFile::joined("messages.hl7")] }
    }

    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64> {
        // Checked even where nothing is asked for.
        let mut none = Vec::new();
        let out = out.first_mut().unwrap_or(&mut none);
        Ok(self.range(units, out)? as u64)
    }
}
