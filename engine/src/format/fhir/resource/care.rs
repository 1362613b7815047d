//! Encounter, Condition, Procedure.

use super::super::codes::{
    self, CONDITION_CATEGORY, CONDITION_CLINICAL, CONDITION_VERIFICATION, DISPOSITION, HCPCS,
    ICD10CM, ICD10PCS, class,
};
use super::super::element::{Period, Quantity, Reference, Words, code, coded, to};
use super::super::json::{Hyphenated, Text, put};
use super::{Kind, Sink, Writer};

impl<S: Sink> Writer<'_, S> {
    pub(super) fn encounter(&mut self, row: usize) {
        let e = &self.chart.rows.encounters;
        let id = Hyphenated::of(e.encounter_id.uuid(row));
        let kind = e.encounter_type.text(row);
        let out = self.sink.begin(Kind::Encounter, &id);
        put!(
            out,
            r#"{"resourceType":"Encounter","id":""#,
            id,
            r#"","status":"finished","class":"#,
            class(kind),
            r#","type":["#,
            Words(e.encounter_type.json(row)),
            r#"],"subject":"#,
            Reference("Patient", self.patient),
            r#","participant":[{"individual":"#,
            to("Practitioner", e.provider_id.uuid(row)),
            r#"}],"period":"#,
            Period(
                e.admitted_at.instant(row),
                Some(e.discharged_at.instant(row))
            )
        );
        if kind == "inpatient" {
            let days = f64::from(e.length_of_stay.integer(row));
            put!(out, r#","length":"#, Quantity(days, Text::word("d")));
        }
        put!(
            out,
            r#","reasonCode":["#,
            coded(ICD10CM, e.icd10_code.json(row), e.reason.json(row)),
            "]"
        );
        if let Some(words) = e.discharge_disposition.maybe_json(row) {
            let tag = codes::disposition(e.discharge_disposition.text(row));
            put!(
                out,
                r#","hospitalization":{"dischargeDisposition":"#,
                coded(DISPOSITION, Text::word(tag), words),
                "}"
            );
        }
        put!(
            out,
            r#","serviceProvider":"#,
            to("Organization", e.organization_id.uuid(row)),
            "}"
        );
        self.sink.end(Kind::Encounter);
    }

    pub(super) fn condition(&mut self, row: usize) {
        let c = &self.chart.rows.conditions;
        let id = Hyphenated::of(c.condition_id.uuid(row));
        let category = match c.category.text(row) {
            "chronic" => "problem-list-item",
            _ => "encounter-diagnosis",
        };
        let out = self.sink.begin(Kind::Condition, &id);
        put!(
            out,
            r#"{"resourceType":"Condition","id":""#,
            id,
            r#"","clinicalStatus":"#,
            code(CONDITION_CLINICAL, c.status.json(row)),
            r#","verificationStatus":"#,
            code(CONDITION_VERIFICATION, Text::word("confirmed")),
            r#","category":["#,
            code(CONDITION_CATEGORY, Text::word(category)),
            r#"],"code":"#,
            coded(ICD10CM, c.icd10_code.json(row), c.description.json(row)),
            r#","subject":"#,
            Reference("Patient", self.patient),
            r#","encounter":"#,
            to("Encounter", c.encounter_id.uuid(row)),
            r#","onsetDateTime":"#,
            c.onset_date.day(row)
        );
        if let Some(day) = c.abatement_date.maybe_day(row) {
            put!(out, r#","abatementDateTime":"#, day);
        }
        put!(out, "}");
        self.sink.end(Kind::Condition);
    }

    pub(super) fn procedure(&mut self, row: usize) {
        let p = &self.chart.rows.procedures;
        let id = Hyphenated::of(p.procedure_id.uuid(row));
        let system = match p.code_system.text(row) {
            "HCPCS" => HCPCS,
            _ => ICD10PCS,
        };
        let out = self.sink.begin(Kind::Procedure, &id);
        put!(
            out,
            r#"{"resourceType":"Procedure","id":""#,
            id,
            r#"","status":"completed","code":"#,
            coded(system, p.code.json(row), p.description.json(row)),
            r#","subject":"#,
            Reference("Patient", self.patient),
            r#","encounter":"#,
            to("Encounter", p.encounter_id.uuid(row)),
            r#","performedDateTime":"#,
            p.performed_at.instant(row),
            r#","performer":[{"actor":"#,
            to("Practitioner", p.provider_id.uuid(row)),
            "}]}"
        );
        self.sink.end(Kind::Procedure);
    }
}
