//! Claim.

use super::super::codes::{CLAIM_TYPE, ICD10CM, PRIORITY};
use super::super::element::{Instant, Money, Period, Reference, Words, code, to};
use super::{Kind, Sink, Writer};
use crate::format::json::{Hyphenated, object};

impl<S: Sink> Writer<'_, S> {
    pub(super) fn claim(&mut self, row: usize) {
        let (c, e) = (&self.chart.rows.claims, &self.chart.rows.encounters);
        let id = Hyphenated::of(c.claim_id.uuid(row));
        let encounter = c.encounter_id.uuid(row);
        // Its last day is that of the encounter that it bills for.
        let mut encounters = self.chart.encounters.clone();
        let billed_for = encounters.find(|&row| e.encounter_id.uuid(row) == encounter);
        let last = billed_for.and_then(|row| e.discharged_at.maybe_instant(row));
        let last = last.map(Instant::day);
        let (billed, service) = (Money(c.billed_amount.cents(row)), c.service_date.day(row));
        self.sink.put(Kind::Claim, &id, |out| {
            object!(out;
                "resourceType": "Claim",
                "id": id,
                "status": "active",
                "type": code(CLAIM_TYPE, c.claim_type.json(row)),
                "use": "claim",
                "patient": Reference("Patient", self.patient),
                "billablePeriod": Period(service, last),
                "created": c.submitted_date.day(row),
                "provider": to("Practitioner", c.provider_id.uuid(row)),
                "priority": code(PRIORITY, "normal"),
                "diagnosis": [{
                    "sequence": 1,
                    "diagnosisCodeableConcept": code(ICD10CM, c.icd10_code.json(row))
                }],
                "insurance": [{
                    "sequence": 1,
                    "focal": true,
                    "coverage": { "display": c.payer.json(row) }
                }],
                "item": [{
                    "sequence": 1,
                    "productOrService": Words(c.claim_type.json(row)),
                    "servicedDate": service,
                    "net": billed,
                    "encounter": [to("Encounter", encounter)]
                }],
                "total": billed
            );
        });
    }
}
