//! Observation.

use super::super::codes::{LOINC, OBSERVATION_CATEGORY, interpretation};
use super::super::element::{Quantity, Reference, code, coded, concept, to};
use super::{Kind, Sink, Writer};
use crate::format::json::{Hyphenated, Out, Text, Value, object};

impl<S: Sink> Writer<'_, S> {
    pub(super) fn observation(&mut self, row: usize) {
        let o = &self.chart.rows.observations;
        let id = Hyphenated::of(o.observation_id.uuid(row));
        let (unit, at) = (o.unit.json(row), o.observed_at.instant(row));
        let range = ReferenceRange {
            low: o.reference_low.maybe_double(row),
            high: o.reference_high.maybe_double(row),
            unit,
        };
        self.sink.put(Kind::Observation, &id, |out| {
            object!(out;
                "resourceType": "Observation",
                "id": id,
                "status": "final",
                "category": [code(OBSERVATION_CATEGORY, o.category.json(row))],
                "code": coded(LOINC, o.loinc_code.json(row), o.loinc_name.json(row)),
                "subject": Reference("Patient", self.patient),
                "encounter": to("Encounter", o.encounter_id.uuid(row)),
                "effectiveDateTime": at,
                "issued": at,
                "valueQuantity": Quantity(o.value.double(row), unit),
                "interpretation": [concept(interpretation(o.abnormal_flag.text(row)))],
                "referenceRange"?: range.is_known().then_some([range])
            );
        });
    }
}

/// What is usual, from and to.
#[derive(Clone, Copy)]
struct ReferenceRange<'a> {
    low: Option<f64>,
    high: Option<f64>,
    unit: Text<'a>,
}

impl ReferenceRange<'_> {
    fn is_known(self) -> bool {
        self.low.is_some() || self.high.is_some()
    }
}

impl Value for ReferenceRange<'_> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out;
            "low"?: self.low.map(|low| Quantity(low, self.unit)),
            "high"?: self.high.map(|high| Quantity(high, self.unit))
        );
    }
}
