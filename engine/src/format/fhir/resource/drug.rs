//! `MedicationRequest`, Immunization, `AllergyIntolerance`.

use super::super::codes::{ALLERGY_CLINICAL, ALLERGY_VERIFICATION, CVX, ICD10CM, NDC, ROUTE, SITE};
use super::super::element::{Period, Quantity, Reference, Words, code, coded, to};
use super::super::json::{Hyphenated, Plain, Text, put};
use super::{Kind, Sink, Writer};

impl<S: Sink> Writer<'_, S> {
    pub(super) fn medication(&mut self, row: usize) {
        let m = &self.chart.rows.medications;
        let id = Hyphenated::of(m.medication_id.uuid(row));
        let status = match m.status.text(row) {
            "active" => "active",
            "completed" => "completed",
            _ => "stopped",
        };
        let started = m.started_on.day(row);
        let out = self.sink.begin(Kind::MedicationRequest, &id);
        put!(
            out,
            r#"{"resourceType":"MedicationRequest","id":""#,
            id,
            r#"","status":""#,
            Plain(status),
            r#"","intent":"order","medicationCodeableConcept":{"coding":[{"system":""#,
            Plain(NDC),
            r#"","code":"#,
            m.ndc.json(row),
            r#","display":"#,
            m.generic_name.json(row),
            r#"}],"text":"#
        );
        // Three strings in one: the quotes between them become blanks.
        let words = [
            m.generic_name.json(row),
            m.strength.json(row),
            m.form.json(row),
        ];
        for (place, word) in words.into_iter().enumerate() {
            if place > 0 {
                out.pop();
            }
            let start = out.len();
            put!(out, word);
            if place > 0 {
                out[start] = b' ';
            }
        }
        put!(
            out,
            r#"},"subject":"#,
            Reference("Patient", self.patient),
            r#","encounter":"#,
            to("Encounter", m.encounter_id.uuid(row)),
            r#","authoredOn":"#,
            started,
            r#","requester":"#,
            to("Practitioner", m.prescriber_id.uuid(row)),
            r#","reasonCode":["#,
            code(ICD10CM, m.reason_code.json(row)),
            r#"],"reasonReference":["#,
            to("Condition", m.condition_id.uuid(row)),
            r#"],"dosageInstruction":[{"text":"#,
            m.frequency.json(row),
            r#","route":"#,
            Words(m.route.json(row)),
            r#"}],"dispenseRequest":{"validityPeriod":"#,
            Period(started, m.stopped_on.maybe_day(row)),
            r#","numberOfRepeatsAllowed":"#,
            m.refills.integer(row),
            r#","quantity":{"value":"#,
            m.quantity.integer(row),
            r#"},"expectedSupplyDuration":"#,
            Quantity(f64::from(m.days_supply.integer(row)), Text::word("d")),
            "}}"
        );
        self.sink.end(Kind::MedicationRequest);
    }

    pub(super) fn immunization(&mut self, row: usize) {
        let i = &self.chart.rows.immunizations;
        let id = Hyphenated::of(i.immunization_id.uuid(row));
        let out = self.sink.begin(Kind::Immunization, &id);
        put!(
            out,
            r#"{"resourceType":"Immunization","id":""#,
            id,
            r#"","status":"completed","vaccineCode":"#,
            coded(CVX, i.cvx_code.json(row), i.vaccine.json(row)),
            r#","patient":"#,
            Reference("Patient", self.patient),
            r#","occurrenceDateTime":"#,
            i.given_at.instant(row),
            r#","primarySource":true,"manufacturer":{"display":"#,
            i.manufacturer_code.json(row),
            r#"},"lotNumber":"#,
            i.lot_number.json(row),
            r#","expirationDate":"#,
            i.expiration_date.day(row)
        );
        if let Some(site) = i.site.maybe_json(row) {
            put!(out, r#","site":"#, code(SITE, site));
        }
        put!(
            out,
            r#","route":"#,
            code(ROUTE, i.route.json(row)),
            r#","protocolApplied":[{"doseNumberPositiveInt":"#,
            i.dose_number.integer(row).max(1),
            "}]}"
        );
        self.sink.end(Kind::Immunization);
    }

    pub(super) fn allergy(&mut self, row: usize) {
        let a = &self.chart.rows.allergies;
        let id = Hyphenated::of(a.allergy_id.uuid(row));
        let out = self.sink.begin(Kind::AllergyIntolerance, &id);
        put!(
            out,
            r#"{"resourceType":"AllergyIntolerance","id":""#,
            id,
            r#"","clinicalStatus":"#,
            code(ALLERGY_CLINICAL, a.clinical_status.json(row)),
            r#","verificationStatus":"#,
            code(ALLERGY_VERIFICATION, Text::word("confirmed")),
            r#","type":"#,
            a.allergy_type.json(row),
            r#","category":["#,
            a.category.json(row),
            r#"],"criticality":"#,
            a.criticality.json(row),
            r#","code":"#,
            Words(a.allergen.json(row)),
            r#","patient":"#,
            Reference("Patient", self.patient),
            r#","onsetDateTime":"#,
            a.onset_date.day(row),
            r#","reaction":[{"manifestation":["#,
            Words(a.reaction.json(row)),
            r#"],"severity":"#,
            a.severity.json(row),
            "}]}"
        );
        self.sink.end(Kind::AllergyIntolerance);
    }
}
