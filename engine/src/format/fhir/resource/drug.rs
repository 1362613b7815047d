//! `MedicationRequest`, Immunization, `AllergyIntolerance`.

use super::super::codes::{ALLERGY_CLINICAL, ALLERGY_VERIFICATION, CVX, ICD10CM, NDC, ROUTE, SITE};
use super::super::element::{Period, Quantity, Reference, Words, code, coded, to};
use super::{Kind, Sink, Writer};
use crate::format::json::{Hyphenated, Joined, object};

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
        let name = m.generic_name.json(row);
        let days = f64::from(m.days_supply.integer(row));
        self.sink.put(Kind::MedicationRequest, &id, |out| {
            object!(out;
                "resourceType": "MedicationRequest",
                "id": id,
                "status": status,
                "intent": "order",
                "medicationCodeableConcept": {
                    "coding": [{ "system": NDC, "code": m.ndc.json(row), "display": name }],
                    "text": Joined([name, m.strength.json(row), m.form.json(row)])
                },
                "subject": Reference("Patient", self.patient),
                "encounter": to("Encounter", m.encounter_id.uuid(row)),
                "authoredOn": started,
                "requester": to("Practitioner", m.prescriber_id.uuid(row)),
                "reasonCode": [code(ICD10CM, m.reason_code.json(row))],
                "reasonReference": [to("Condition", m.condition_id.uuid(row))],
                "dosageInstruction": [{
                    "text": m.frequency.json(row),
                    "route": Words(m.route.json(row))
                }],
                "dispenseRequest": {
                    "validityPeriod": Period(started, m.stopped_on.maybe_day(row)),
                    "numberOfRepeatsAllowed": m.refills.integer(row),
                    "quantity": { "value": m.quantity.integer(row) },
                    "expectedSupplyDuration": Quantity(days, "d")
                }
            );
        });
    }

    pub(super) fn immunization(&mut self, row: usize) {
        let i = &self.chart.rows.immunizations;
        let id = Hyphenated::of(i.immunization_id.uuid(row));
        let (e, at) = (&self.chart.rows.encounters, i.given_at.instant(row));
        let during = |row: &usize| {
            let left = e.discharged_at.maybe_instant(*row);
            e.admitted_at.instant(*row) <= at && left.is_some_and(|left| at <= left)
        };
        let encounter = self.chart.encounters.clone().find(during);
        let encounter = encounter.map(|row| to("Encounter", e.encounter_id.uuid(row)));
        self.sink.put(Kind::Immunization, &id, |out| {
            object!(out;
                "resourceType": "Immunization",
                "id": id,
                "status": "completed",
                "vaccineCode": coded(CVX, i.cvx_code.json(row), i.vaccine.json(row)),
                "patient": Reference("Patient", self.patient),
                "encounter"?: encounter,
                "occurrenceDateTime": at,
                "primarySource": true,
                "manufacturer": { "display": i.manufacturer_code.json(row) },
                "lotNumber": i.lot_number.json(row),
                "expirationDate": i.expiration_date.day(row),
                "site"?: i.site.maybe_json(row).map(|site| code(SITE, site)),
                "route": code(ROUTE, i.route.json(row)),
                "protocolApplied": [{ "doseNumberPositiveInt": i.dose_number.integer(row).max(1) }]
            );
        });
    }

    pub(super) fn allergy(&mut self, row: usize) {
        let a = &self.chart.rows.allergies;
        let id = Hyphenated::of(a.allergy_id.uuid(row));
        self.sink.put(Kind::AllergyIntolerance, &id, |out| {
            object!(out;
                "resourceType": "AllergyIntolerance",
                "id": id,
                "clinicalStatus": code(ALLERGY_CLINICAL, a.clinical_status.json(row)),
                "verificationStatus": code(ALLERGY_VERIFICATION, "confirmed"),
                "type": a.allergy_type.json(row),
                "category": [a.category.json(row)],
                "criticality": a.criticality.json(row),
                "code": Words(a.allergen.json(row)),
                "patient": Reference("Patient", self.patient),
                "onsetDateTime": a.onset_date.day(row),
                "reaction": [{
                    "manifestation": [Words(a.reaction.json(row))],
                    "severity": a.severity.json(row)
                }]
            );
        });
    }
}
