//! The resources, as FHIR R4 spells them: fields in the order of the specification, a file a group.

mod care;
mod claim;
mod drug;
mod measure;
mod people;

use super::source::Chart;
use crate::format::json::{Hyphenated, Out, Value, shape};

pub use people::{organization, practitioner};

/// The base of `fullUrl`: a name that is reserved for documentation (RFC 2606).
pub const BASE: &str = "https://fhir.example.org/r4";

/// A resource type, in the order of the files of a bulk export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Patient,
    Practitioner,
    Organization,
    Encounter,
    Condition,
    Observation,
    MedicationRequest,
    Procedure,
    Immunization,
    AllergyIntolerance,
    Claim,
}

impl Kind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patient => "Patient",
            Self::Practitioner => "Practitioner",
            Self::Organization => "Organization",
            Self::Encounter => "Encounter",
            Self::Condition => "Condition",
            Self::Observation => "Observation",
            Self::MedicationRequest => "MedicationRequest",
            Self::Procedure => "Procedure",
            Self::Immunization => "Immunization",
            Self::AllergyIntolerance => "AllergyIntolerance",
            Self::Claim => "Claim",
        }
    }
}

/// Where resources go.
pub trait Sink {
    /// What they are written to.
    type Out: Out;

    /// Puts a resource there; `write` writes its object.
    fn put(&mut self, kind: Kind, id: &Hyphenated, write: impl Fn(&mut Self::Out));
}

/// The entries of a bundle, in a list that has begun.
pub struct Entries<'a, O>(pub &'a mut O);

impl<O: Out> Sink for Entries<'_, O> {
    type Out = O;

    #[inline]
    fn put(&mut self, kind: Kind, id: &Hyphenated, write: impl Fn(&mut O)) {
        let url = Url(kind, id);
        self.0.item(|out| {
            out.object(
                shape!(["fullUrl" "resource"]),
                |_| true,
                |out, place| match place {
                    0 => url.write(out),
                    _ => write(out),
                },
            );
        });
    }
}

/// The full URL of a resource.
struct Url<'a>(Kind, &'a Hyphenated);

impl Value for Url<'_> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        let kind = self.0.name().as_bytes();
        out.pieces([BASE.as_bytes(), b"/", kind, b"/", &self.1.0]);
    }
}

/// The files of a bulk export.
pub struct Files<'a> {
    out: &'a mut [Vec<u8>],
    /// How many resources were written.
    pub count: u64,
}

impl<'a> Files<'a> {
    pub fn new(out: &'a mut [Vec<u8>]) -> Self {
        Self { out, count: 0 }
    }
}

impl Sink for Files<'_> {
    type Out = Vec<u8>;

    #[inline]
    fn put(&mut self, kind: Kind, _: &Hyphenated, write: impl Fn(&mut Vec<u8>)) {
        if let Some(out) = self.out.get_mut(kind as usize) {
            write(out);
            out.push(b'\n');
            self.count += 1;
        }
    }
}

/// Writes the resources about a patient.
pub struct Writer<'a, S> {
    chart: &'a Chart<'a>,
    /// The patient's id.
    patient: Hyphenated,
    sink: &'a mut S,
}

impl<'a, S: Sink> Writer<'a, S> {
    pub fn new(chart: &'a Chart<'a>, sink: &'a mut S) -> Self {
        Self {
            patient: Hyphenated::of(chart.patient_id()),
            chart,
            sink,
        }
    }

    /// Every resource about the patient: the patient, who has treated them and where, what happened.
    pub fn all(&mut self) {
        self.patient();
        let providers = self.chart.providers();
        for &row in &providers {
            practitioner(self.chart.shared, row, self.sink);
        }
        for row in self.chart.organizations(&providers) {
            organization(self.chart.shared, row, self.sink);
        }
        self.clinical();
    }

    /// The resources that are the patient's alone.
    pub fn own(&mut self) {
        self.patient();
        self.clinical();
    }

    fn clinical(&mut self) {
        let chart = self.chart;
        chart.encounters.clone().for_each(|row| self.encounter(row));
        chart.conditions.clone().for_each(|row| self.condition(row));
        (chart.observations.clone()).for_each(|row| self.observation(row));
        (chart.medications.clone()).for_each(|row| self.medication(row));
        chart.procedures.clone().for_each(|row| self.procedure(row));
        (chart.immunizations.clone()).for_each(|row| self.immunization(row));
        chart.allergies.clone().for_each(|row| self.allergy(row));
        chart.claims.clone().for_each(|row| self.claim(row));
    }
}
