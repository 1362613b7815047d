//! Observation.

use super::super::codes::{LOINC, OBSERVATION_CATEGORY, interpretation};
use super::super::element::{Quantity, Reference, code, coded, concept, to};
use super::super::json::{Hyphenated, put};
use super::{Kind, Sink, Writer};

impl<S: Sink> Writer<'_, S> {
    pub(super) fn observation(&mut self, row: usize) {
        let o = &self.chart.rows.observations;
        let id = Hyphenated::of(o.observation_id.uuid(row));
        let (unit, at) = (o.unit.json(row), o.observed_at.instant(row));
        let out = self.sink.begin(Kind::Observation, &id);
        put!(
            out,
            r#"{"resourceType":"Observation","id":""#,
            id,
            r#"","status":"final","category":["#,
            code(OBSERVATION_CATEGORY, o.category.json(row)),
            r#"],"code":"#,
            coded(LOINC, o.loinc_code.json(row), o.loinc_name.json(row)),
            r#","subject":"#,
            Reference("Patient", self.patient),
            r#","encounter":"#,
            to("Encounter", o.encounter_id.uuid(row)),
            r#","effectiveDateTime":"#
        );
        // The same instant twice, formatted once.
        let start = out.len();
        put!(out, at);
        let end = out.len();
        put!(out, r#","issued":"#);
        out.extend_from_within(start..end);
        put!(
            out,
            r#","valueQuantity":"#,
            Quantity(o.value.double(row), unit),
            r#","interpretation":["#,
            concept(interpretation(o.abnormal_flag.text(row))),
            "]"
        );
        let (low, high) = (
            o.reference_low.maybe_double(row),
            o.reference_high.maybe_double(row),
        );
        if low.is_some() || high.is_some() {
            put!(out, r#","referenceRange":[{"#);
            if let Some(low) = low {
                put!(out, r#""low":"#, Quantity(low, unit));
            }
            if let Some(high) = high {
                let comma = if low.is_some() { "," } else { "" };
                out.extend_from_slice(comma.as_bytes());
                put!(out, r#""high":"#, Quantity(high, unit));
            }
            put!(out, "}]");
        }
        put!(out, "}");
        self.sink.end(Kind::Observation);
    }
}
