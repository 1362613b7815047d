//! Clinical trials in the shape of SDTM (CDISC Study Data Tabulation Model), as CSV: demographics (DM),
//! adverse events (AE), vital signs (VS), laboratory (LB) and exposure (EX).
//!
//! Names and order of variables follow the implementation guide (SDTMIG 3.3), values of coded variables
//! CDISC's controlled terminology; the lists stand in `engine/data/healthcare/sdtm_terms.csv`. It is the
//! shape of a submission, not one: there is no define.xml, and adverse events have names of CTCAE 5.0, since
//! `MedDRA` is licensed.
//!
//! A dataset of a range of patients is a function of the range: those of 0 to 100 and of 100 to 200, one
//! after the other, are that of 0 to 200.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::healthcare::research::Research;
//! use synth_engine::format::sdtm::{Dataset, write, write_header};
//!
//! let research = Research::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let mut out = Vec::new();
//! write_header(Dataset::Demographics, &mut out);
//! write(&research, Dataset::Demographics, 0..500, None, &mut out)?;
//! let text = String::from_utf8(out).unwrap();
//! assert!(text.starts_with("STUDYID,DOMAIN,USUBJID,SUBJID,RFSTDTC"));
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod dose;
mod line;
mod records;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::export::{Export, ExportEntry, ExportFile};
use crate::domain::check_units;
use crate::domain::healthcare::LAST_PATIENT;
use crate::domain::healthcare::research::{Baseline, Event, Participant, Research};
use crate::error::Result;

/// Registry entry.
pub static DATASETS: ExportEntry = ExportEntry {
    name: "sdtm",
    summary: "SDTM-shaped CSV of those patients who take part in trials: DM, AE, VS, LB, EX.",
    units: "patients",
    last_unit: LAST_PATIENT,
    batch_units: 4_096,
    build: |options| {
        options.check_day(DATASETS.name)?;
        Ok(Arc::new(Datasets(Research::new(options)?)))
    },
};

/// Writes all datasets.
struct Datasets(Research);

/// The files, in the order of [`Dataset::ALL`].
const FILES: [ExportFile; 5] = [
    ExportFile::csv("DM.csv", Dataset::Demographics.variables()),
    ExportFile::csv("AE.csv", Dataset::AdverseEvents.variables()),
    ExportFile::csv("VS.csv", Dataset::VitalSigns.variables()),
    ExportFile::csv("LB.csv", Dataset::Laboratory.variables()),
    ExportFile::csv("EX.csv", Dataset::Exposure.variables()),
];

impl Export for Datasets {
    fn files(&self) -> &[ExportFile] {
        &FILES
    }

    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64> {
        let starts: Vec<usize> = out.iter().map(Vec::len).collect();
        each(&self.0, units, &Dataset::ALL, |case| {
            for (dataset, out) in Dataset::ALL.into_iter().zip(&mut *out) {
                case.write(&self.0, dataset, out);
            }
        })?;
        // A record a line: no value holds a line feed.
        let lines = |(out, start): (&mut Vec<u8>, usize)| {
            out[start..].split(|&byte| byte == b'\n').skip(1).count() as u64
        };
        Ok(out.iter_mut().zip(starts).map(lines).sum())
    }
}

/// A dataset, in SDTM a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dataset {
    /// DM: a record a participant.
    Demographics,
    /// AE: a record an adverse event.
    AdverseEvents,
    /// VS: a record a vital sign and visit.
    VitalSigns,
    /// LB: a record a laboratory test and visit.
    Laboratory,
    /// EX: a record an interval of constant dosing.
    Exposure,
}

impl Dataset {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Demographics,
        Self::AdverseEvents,
        Self::VitalSigns,
        Self::Laboratory,
        Self::Exposure,
    ];

    /// The two letters of the domain, which are also the usual name of its file.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Demographics => "DM",
            Self::AdverseEvents => "AE",
            Self::VitalSigns => "VS",
            Self::Laboratory => "LB",
            Self::Exposure => "EX",
        }
    }

    /// The names of its variables, in order.
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Demographics => &[
                "STUDYID", "DOMAIN", "USUBJID", "SUBJID", "RFSTDTC", "RFENDTC", "RFXSTDTC",
                "RFXENDTC", "RFICDTC", "RFPENDTC", "DTHDTC", "DTHFL", "SITEID", "BRTHDTC", "AGE",
                "AGEU", "SEX", "RACE", "ETHNIC", "ARMCD", "ARM", "ACTARMCD", "ACTARM", "ARMNRS",
                "COUNTRY",
            ],
            Self::AdverseEvents => &[
                "STUDYID", "DOMAIN", "USUBJID", "AESEQ", "AETERM", "AEDECOD", "AEBODSYS", "AESEV",
                "AESER", "AEACN", "AEREL", "AEOUT", "AESDTH", "AESHOSP", "AESLIFE", "AETOXGR",
                "EPOCH", "AESTDTC", "AEENDTC", "AESTDY", "AEENDY",
            ],
            Self::VitalSigns => &[
                "STUDYID", "DOMAIN", "USUBJID", "VSSEQ", "VSTESTCD", "VSTEST", "VSORRES",
                "VSORRESU", "VSSTRESC", "VSSTRESN", "VSSTRESU", "VSLOBXFL", "VISITNUM", "VISIT",
                "VISITDY", "EPOCH", "VSDTC", "VSDY",
            ],
            Self::Laboratory => &[
                "STUDYID", "DOMAIN", "USUBJID", "LBSEQ", "LBTESTCD", "LBTEST", "LBCAT", "LBORRES",
                "LBORRESU", "LBORNRLO", "LBORNRHI", "LBSTRESC", "LBSTRESN", "LBSTRESU", "LBSTNRLO",
                "LBSTNRHI", "LBNRIND", "LBSPEC", "LBLOBXFL", "VISITNUM", "VISIT", "VISITDY",
                "EPOCH", "LBDTC", "LBDY",
            ],
            Self::Exposure => &[
                "STUDYID", "DOMAIN", "USUBJID", "EXSEQ", "EXTRT", "EXDOSE", "EXDOSTXT", "EXDOSU",
                "EXDOSFRM", "EXDOSFRQ", "EXROUTE", "EPOCH", "EXSTDTC", "EXENDTC", "EXSTDY",
                "EXENDY",
            ],
        }
    }
}

/// Appends the line of variables.
pub fn write_header(dataset: Dataset, out: &mut Vec<u8>) {
    for (place, variable) in dataset.variables().iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(variable.as_bytes());
    }
    out.push(b'\n');
}

/// Appends the records of those of a range of patients who take part in a trial, given by its number, or in
/// any.
pub fn write(
    research: &Research,
    dataset: Dataset,
    patients: Range<u64>,
    trial: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<()> {
    each(research, patients, &[dataset], |case| {
        if trial.is_none_or(|number| number == case.participant.trial.number) {
            case.write(research, dataset, out);
        }
    })
}

/// A participant with what several records are made of, as far as datasets need it.
struct Case<'a> {
    participant: Participant,
    events: &'a [Event],
    baseline: Option<Baseline>,
}

/// Gives the participants among a range of patients.
fn each(
    research: &Research,
    patients: Range<u64>,
    datasets: &[Dataset],
    mut take: impl FnMut(&Case<'_>),
) -> Result<()> {
    check_units(&patients, LAST_PATIENT)?;
    let measured = |dataset| matches!(dataset, Dataset::VitalSigns | Dataset::Laboratory);
    let with_baseline = datasets.iter().any(|&dataset| measured(dataset));
    let with_events = datasets.iter().any(|&dataset| !measured(dataset));
    let mut events = Vec::new();
    let (mut unit, mut later) = research.next_asked(patients.start);
    while unit < patients.end {
        if let Some(participant) = research.asked_to_take_part(unit) {
            events.clear();
            if with_events {
                research.events(&participant, &mut events);
            }
            take(&Case {
                baseline: with_baseline.then(|| research.baseline(&participant)),
                events: &events,
                participant,
            });
        }
        (unit, later) = research.next_asked(later);
    }
    Ok(())
}

impl Case<'_> {
    fn write(&self, research: &Research, dataset: Dataset, out: &mut Vec<u8>) {
        let (participant, events) = (&self.participant, self.events);
        match (dataset, &self.baseline) {
            (Dataset::Demographics, _) => records::demographics(research, participant, events, out),
            (Dataset::AdverseEvents, _) => records::adverse_events(participant, events, out),
            (Dataset::Exposure, _) => records::exposure(participant, events, out),
            (Dataset::VitalSigns, Some(baseline)) => {
                records::vital_signs(research, participant, baseline, out);
            }
            (Dataset::Laboratory, Some(baseline)) => {
                records::laboratory(research, participant, baseline, out);
            }
            (_, None) => {}
        }
    }
}
