//! Encounter, Condition, Procedure.

use super::super::codes::{
    self, CONDITION_CATEGORY, CONDITION_CLINICAL, CONDITION_VERIFICATION, DISPOSITION, HCPCS,
    ICD10CM, ICD10PCS, class,
};
use super::super::element::{Period, Quantity, Reference, Words, code, coded, to};
use super::{Kind, Sink, Writer};
use crate::format::json::{Hyphenated, Out, Text, Value, object};

impl<S: Sink> Writer<'_, S> {
    pub(super) fn encounter(&mut self, row: usize) {
        let e = &self.chart.rows.encounters;
        let id = Hyphenated::of(e.encounter_id.uuid(row));
        let kind = e.encounter_type.text(row);
        let left = e.discharged_at.maybe_instant(row);
        let period = Period(e.admitted_at.instant(row), left);
        let stayed = kind == "inpatient" && left.is_some();
        let days = f64::from(e.length_of_stay.integer(row));
        self.sink.put(Kind::Encounter, &id, |out| {
            object!(out;
                "resourceType": "Encounter",
                "id": id,
                "status": if left.is_some() { "finished" } else { "in-progress" },
                "class": class(kind),
                "type": [Words(e.encounter_type.json(row))],
                "subject": Reference("Patient", self.patient),
                "participant": [{ "individual": to("Practitioner", e.provider_id.uuid(row)) }],
                "period": period,
                "length"?: stayed.then_some(Quantity(days, "d")),
                "reasonCode": [coded(ICD10CM, e.icd10_code.json(row), e.reason.json(row))],
                "hospitalization"?: e.discharge_disposition.maybe_json(row).map(Hospitalization),
                "serviceProvider": to("Organization", e.organization_id.uuid(row))
            );
        });
    }

    pub(super) fn condition(&mut self, row: usize) {
        let c = &self.chart.rows.conditions;
        let id = Hyphenated::of(c.condition_id.uuid(row));
        let category = match c.category.text(row) {
            "chronic" => "problem-list-item",
            _ => "encounter-diagnosis",
        };
        self.sink.put(Kind::Condition, &id, |out| {
            object!(out;
                "resourceType": "Condition",
                "id": id,
                "clinicalStatus": code(CONDITION_CLINICAL, c.status.json(row)),
                "verificationStatus": code(CONDITION_VERIFICATION, "confirmed"),
                "category": [code(CONDITION_CATEGORY, category)],
                "code": coded(ICD10CM, c.icd10_code.json(row), c.description.json(row)),
                "subject": Reference("Patient", self.patient),
                "encounter": to("Encounter", c.encounter_id.uuid(row)),
                "onsetDateTime": c.onset_date.day(row),
                "abatementDateTime"?: c.abatement_date.maybe_day(row)
            );
        });
    }

    pub(super) fn procedure(&mut self, row: usize) {
        let p = &self.chart.rows.procedures;
        let id = Hyphenated::of(p.procedure_id.uuid(row));
        let system = match p.code_system.text(row) {
            "HCPCS" => HCPCS,
            _ => ICD10PCS,
        };
        self.sink.put(Kind::Procedure, &id, |out| {
            object!(out;
                "resourceType": "Procedure",
                "id": id,
                "status": "completed",
                "code": coded(system, p.code.json(row), p.description.json(row)),
                "subject": Reference("Patient", self.patient),
                "encounter": to("Encounter", p.encounter_id.uuid(row)),
                "performedDateTime": p.performed_at.instant(row),
                "performer": [{ "actor": to("Practitioner", p.provider_id.uuid(row)) }]
            );
        });
    }
}

/// How a stay ended, in the words of the table.
struct Hospitalization<'a>(Text<'a>);

impl Value for Hospitalization<'_> {
    fn write(&self, out: &mut impl Out) {
        let tag = codes::disposition(self.0.text());
        object!(out; "dischargeDisposition": coded(DISPOSITION, tag, self.0));
    }
}
