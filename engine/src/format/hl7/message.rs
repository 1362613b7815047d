//! The messages about a patient, segment by segment.

use std::ops::Range;

use super::codes::{self, Group, LABORATORY, VITAL_SIGNS};
use super::segment::{self, EHR, MRN, NPI, Order, RECEIVER, SSN, Segment};
use crate::format::fhir::codes::{language, race};
use crate::format::fhir::element::Instant;
use crate::format::fhir::source::Chart;

/// Appends the messages about a patient, who is given by number too, and gives how many there are.
pub fn write(chart: &Chart<'_>, unit: u64, out: &mut Vec<u8>) -> usize {
    let mut messages = Messages {
        chart,
        unit,
        count: 0,
        person: Vec::new(),
        told: chart.observations.start,
        out,
    };
    person(chart, &mut messages.person);
    for row in chart.encounters.clone() {
        messages.encounter(row);
    }
    messages.count
}

/// The messages of a patient that are being written.
struct Messages<'a> {
    chart: &'a Chart<'a>,
    unit: u64,
    count: usize,
    /// What PID says whenever it is said.
    person: Vec<u8>,
    /// The first observation of which nothing has been told.
    told: usize,
    out: &'a mut Vec<u8>,
}

/// An encounter, with what belongs to it.
struct Visit {
    row: usize,
    id: [u8; 16],
    admitted: Instant,
    /// None: the patient is still there.
    discharged: Option<Instant>,
    organization: [u8; 16],
    /// Of the rows of the patient, the observations of the visit.
    observations: Range<usize>,
    medications: Vec<usize>,
}

impl Messages<'_> {
    fn encounter(&mut self, row: usize) {
        let rows = self.chart.rows;
        let e = &rows.encounters;
        let id = e.encounter_id.uuid(row);
        let of = |range: &Range<usize>, key: &dyn Fn(usize) -> [u8; 16]| {
            range.clone().filter(|&row| key(row) == id).collect()
        };
        let visit = Visit {
            row,
            id,
            admitted: e.admitted_at.instant(row),
            discharged: e.discharged_at.maybe_instant(row),
            organization: e.organization_id.uuid(row),
            observations: self.observed(id),
            medications: of(&self.chart.medications, &|row| {
                rows.medications.encounter_id.uuid(row)
            }),
        };
        let stays = matches!(e.encounter_type.text(row), "inpatient" | "emergency");
        if stays {
            self.admission(&visit, "A01", "ADT_A01", visit.admitted);
        }
        let of_group = |group: &Group| -> Vec<usize> {
            let wanted = |row: &usize| rows.observations.category.text(*row) == group.category;
            visit.observations.clone().filter(wanted).collect()
        };
        let (vital_signs, laboratory) = (of_group(&VITAL_SIGNS), of_group(&LABORATORY));
        if !laboratory.is_empty() {
            self.laboratory_order(&visit);
        }
        if !visit.medications.is_empty() {
            self.medication_orders(&visit);
        }
        if !visit.observations.is_empty() {
            self.results(&visit, &vital_signs, &laboratory);
        }
        if let Some(left) = visit.discharged {
            let (trigger, structure) = if stays {
                ("A03", "ADT_A03")
            } else {
                ("A08", "ADT_A01")
            };
            self.admission(&visit, trigger, structure, left);
        }
    }

    /// The observations of an encounter: they come in the order of encounters.
    fn observed(&mut self, encounter: [u8; 16]) -> Range<usize> {
        let (start, of) = (self.told, &self.chart.rows.observations.encounter_id);
        let rest = start..self.chart.observations.end;
        let count = rest.take_while(|&row| of.uuid(row) == encounter).count();
        self.told += count;
        start..self.told
    }

    /// MSH. The control id is the number of the patient and of the message among those about the patient.
    fn head(&mut self, visit: &Visit, at: Instant, code: &str, trigger: &str, structure: &str) {
        self.count += 1;
        let mut msh = Segment::head(self.out);
        msh.party(3, EHR).field(4).components(&[]);
        msh.component(2)
            .value(visit.organization)
            .component(3)
            .text("UUID");
        msh.party(5, RECEIVER)
            .instant(7, at)
            .parts(9, &[(1, code), (2, trigger), (3, structure)])
            .set(10, self.unit)
            .text("-")
            .value(self.count)
            .set(11, "T")
            .set(12, "2.5.1")
            .set(17, "USA")
            .set(18, "UNICODE UTF-8");
    }

    /// A message ends.
    fn end(&mut self) {
        self.out.push(b'\n');
    }

    /// ADT.
    fn admission(&mut self, visit: &Visit, trigger: &str, structure: &str, at: Instant) {
        let ended = trigger != "A01";
        self.head(visit, at, "ADT", trigger, structure);
        Segment::new("EVN", self.out).instant(2, at).instant(6, at);
        self.patient(at);
        self.primary_provider();
        self.visit(visit, ended);
        self.allergies(visit);
        self.diagnoses(visit, if ended { "F" } else { "A" });
        self.end();
    }

    /// ORM for the laboratory.
    fn laboratory_order(&mut self, visit: &Visit) {
        self.head(visit, visit.admitted, "ORM", "O01", "ORM_O01");
        self.patient(visit.admitted);
        self.visit(visit, false);
        let provider = self.chart.rows.encounters.provider_id.uuid(visit.row);
        let order = visit.order(&LABORATORY);
        self.common_order(order, visit.admitted, provider);
        let mut obr = Segment::new("OBR", self.out);
        obr.set(1, 1)
            .order(2, order, EHR)
            .coded(4, LABORATORY.code, LABORATORY.name, "LN");
        provider_of(self.chart, provider, obr.field(16));
        obr.set(24, LABORATORY.service);
        drop(obr);
        self.main_diagnosis(visit, "W");
        self.end();
    }

    /// ORM for the pharmacy.
    fn medication_orders(&mut self, visit: &Visit) {
        self.head(visit, visit.admitted, "ORM", "O01", "ORM_O01");
        self.patient(visit.admitted);
        self.visit(visit, false);
        self.allergies(visit);
        let m = &self.chart.rows.medications;
        for &row in &visit.medications {
            let order = Order {
                of: m.medication_id.uuid(row),
                suffix: "",
            };
            self.common_order(order, visit.admitted, m.prescriber_id.uuid(row));
            let (name, strength, form) = (
                m.generic_name.text(row),
                m.strength.text(row),
                m.form.text(row),
            );
            let mut rxo = Segment::new("RXO", self.out);
            rxo.field(1)
                .components(&[(1, m.ndc.text(row))])
                .component(2)
                .text(name)
                .text(" ")
                .text(strength)
                .text(" ")
                .text(form)
                .components(&[(3, "NDC")]);
            rxo.parts(5, &[(2, form)])
                .field(7)
                .component(2)
                .text(m.route.text(row))
                .text(", ")
                .text(m.frequency.text(row));
            rxo.set(11, m.quantity.integer(row))
                .set(13, m.refills.integer(row));
            if let Some((number, unit)) = amount(strength) {
                rxo.set(18, number).parts(19, &[(2, unit)]);
            }
            drop(rxo);
            if let Some(code) = m.reason_code.maybe_text(row) {
                Segment::new("DG1", self.out)
                    .set(1, 1)
                    .parts(3, &[(1, code), (3, "I10C")])
                    .set(6, "W");
            }
        }
        self.end();
    }

    /// ORU.
    fn results(&mut self, visit: &Visit, vital_signs: &[usize], laboratory: &[usize]) {
        let o = &self.chart.rows.observations;
        let last = |rows: &[usize]| rows.iter().map(|&row| o.observed_at.instant(row)).max();
        let ready = [vital_signs, laboratory].into_iter().filter_map(last).max();
        let ready = ready.or(visit.discharged).unwrap_or(visit.admitted);
        self.head(visit, ready, "ORU", "R01", "ORU_R01");
        self.patient(ready);
        self.visit(visit, false);
        let provider = self.chart.rows.encounters.provider_id.uuid(visit.row);
        let mut number = 0;
        for (group, rows) in [(&VITAL_SIGNS, vital_signs), (&LABORATORY, laboratory)] {
            let Some(&first) = rows.first() else {
                continue;
            };
            number += 1;
            let order = visit.order(group);
            let mut obr = Segment::new("OBR", self.out);
            obr.set(1, number)
                .order(2, order, EHR)
                .order(3, order, segment::LABORATORY)
                .coded(4, group.code, group.name, "LN")
                .instant(7, o.observed_at.instant(first));
            provider_of(self.chart, provider, obr.field(16));
            obr.instant(22, last(rows).unwrap_or(ready))
                .set(24, group.service)
                .set(25, "F");
            drop(obr);
            for (place, &row) in (1..).zip(rows) {
                self.observation(place, row);
            }
        }
        self.end();
    }

    fn observation(&mut self, place: u32, row: usize) {
        let o = &self.chart.rows.observations;
        let unit = o.unit.text(row);
        let mut obx = Segment::new("OBX", self.out);
        obx.set(1, place)
            .set(2, "NM")
            .coded(3, o.loinc_code.text(row), o.loinc_name.text(row), "LN")
            .set(5, o.value.double(row))
            .coded(6, unit, unit, "UCUM");
        match (
            o.reference_low.maybe_double(row),
            o.reference_high.maybe_double(row),
        ) {
            (Some(low), Some(high)) => obx.set(7, low).text("-").value(high),
            (Some(low), None) => obx.set(7, ">").value(low),
            (None, Some(high)) => obx.set(7, "<").value(high),
            (None, None) => &mut obx,
        };
        if let Some(flag) = o.abnormal_flag.maybe_text(row) {
            obx.set(8, flag);
        }
        obx.set(11, "F").instant(14, o.observed_at.instant(row));
    }

    /// PID, as it is known at an instant.
    fn patient(&mut self, at: Instant) {
        self.out.extend_from_slice(&self.person);
        let mut pid = Segment::resumed(22, self.out);
        let death = &self.chart.rows.patients.death_date;
        if let Some(day) = death.maybe_day(self.chart.patient)
            && day <= at.day()
        {
            pid.day(29, day).set(30, "Y");
        }
    }

    /// PD1.
    fn primary_provider(&mut self) {
        let npi = self
            .chart
            .rows
            .patients
            .primary_provider_npi
            .text(self.chart.patient);
        if let Some(row) = self.chart.shared.provider_of_npi(npi) {
            let mut pd1 = Segment::new("PD1", self.out);
            provider(self.chart, row, pd1.field(4));
        }
    }

    /// PV1; where the visit has ended, with how.
    fn visit(&mut self, visit: &Visit, ended: bool) {
        let (chart, row) = (self.chart, visit.row);
        let e = &chart.rows.encounters;
        let kind = e.encounter_type.text(row);
        let mut pv1 = Segment::new("PV1", self.out);
        pv1.set(1, 1)
            .set(2, codes::class(kind))
            .parts(3, &[(1, codes::point_of_care(kind))])
            .unnamed(4, visit.organization);
        if let Some(place) = chart.shared.organization(visit.organization) {
            let name = chart.shared.organizations.name.text(place);
            pv1.components(&[(9, name)]);
        }
        pv1.set(4, codes::admission(kind));
        provider_of(chart, e.provider_id.uuid(row), pv1.field(7));
        pv1.field(19).identifier(visit.id, EHR, "VN");
        if ended {
            let how = e.discharge_disposition.maybe_text(row).unwrap_or("");
            pv1.set(36, codes::disposition(how));
        }
        pv1.instant(44, visit.admitted);
        if let Some(left) = visit.discharged.filter(|_| ended) {
            pv1.instant(45, left);
        }
    }

    /// AL1 for each allergy that was there when the visit began.
    fn allergies(&mut self, visit: &Visit) {
        let a = &self.chart.rows.allergies;
        let known = (self.chart.allergies.clone())
            .filter(|&row| a.onset_date.day(row) <= visit.admitted.day());
        for (place, row) in (1..).zip(known) {
            let (kind, meaning) = codes::allergen_type(a.category.text(row));
            let (severity, degree) = codes::severity(a.severity.text(row));
            let place: u32 = place;
            Segment::new("AL1", self.out)
                .set(1, place)
                .coded(2, kind, meaning, "HL70127")
                .parts(3, &[(2, a.allergen.text(row))])
                .coded(4, severity, degree, "HL70128")
                .set(5, a.reaction.text(row))
                .day(6, a.onset_date.day(row));
        }
    }

    /// DG1 for what the visit is about, and for what else was found in it.
    fn diagnoses(&mut self, visit: &Visit, kind: &str) {
        self.main_diagnosis(visit, kind);
        if kind == "A" {
            return;
        }
        let c = &self.chart.rows.conditions;
        let main = self.chart.rows.encounters.icd10_code.text(visit.row);
        let found = (self.chart.conditions.clone())
            .filter(|&row| c.encounter_id.uuid(row) == visit.id && c.icd10_code.text(row) != main);
        for (place, row) in (2..).zip(found) {
            let place: u32 = place;
            Segment::new("DG1", self.out)
                .set(1, place)
                .coded(3, c.icd10_code.text(row), c.description.text(row), "I10C")
                .day(5, c.onset_date.day(row))
                .set(6, kind);
        }
    }

    fn main_diagnosis(&mut self, visit: &Visit, kind: &str) {
        let e = &self.chart.rows.encounters;
        Segment::new("DG1", self.out)
            .set(1, 1)
            .coded(
                3,
                e.icd10_code.text(visit.row),
                e.reason.text(visit.row),
                "I10C",
            )
            .day(5, visit.admitted.day())
            .set(6, kind);
    }

    /// ORC of a new order.
    fn common_order(&mut self, order: Order, at: Instant, by: [u8; 16]) {
        let mut orc = Segment::new("ORC", self.out);
        orc.set(1, "NW").order(2, order, EHR).instant(9, at);
        provider_of(self.chart, by, orc.field(12));
    }
}

impl Visit {
    fn order(&self, group: &Group) -> Order {
        Order {
            of: self.id,
            suffix: group.suffix,
        }
    }
}

/// PID up to field 22, which is the same whenever it is said.
fn person(chart: &Chart<'_>, out: &mut Vec<u8>) {
    let (p, row) = (&chart.rows.patients, chart.patient);
    let mut pid = Segment::new("PID", out);
    pid.set(1, 1)
        .field(3)
        .identifier(p.mrn.text(row), MRN, "MR")
        .again()
        .identifier(p.patient_id.uuid(row), EHR, "PI");
    pid.again().identifier(p.ssn.text(row), SSN, "SS");
    pid.parts(
        5,
        &[
            (1, p.last_name.text(row)),
            (2, p.first_name.text(row)),
            (3, p.middle_name.maybe_text(row).unwrap_or("")),
            (7, "L"),
        ],
    );
    pid.day(7, p.birth_date.day(row))
        .set(8, codes::sex(p.sex.text(row)));
    let words = p.race.text(row);
    if let Some(coding) = race(words) {
        pid.coded(10, coding.code, words, "CDCREC");
    } else {
        pid.parts(10, &[(2, words)]);
    }
    pid.parts(
        11,
        &[
            (1, p.street_address.text(row)),
            (3, p.city.text(row)),
            (4, p.state.text(row)),
            (5, p.zip.text(row)),
            (6, "USA"),
            (7, "H"),
        ],
    );
    pid.field(13);
    telephone(&mut pid, p.phone.text(row));
    pid.again()
        .components(&[(2, "NET"), (3, "Internet"), (4, p.email.text(row))]);
    let spoken = p.language.text(row);
    match language(spoken) {
        Some(code) => pid.coded(15, code, spoken, "ISO639"),
        None => pid.parts(15, &[(2, spoken)]),
    };
    let status = p.marital_status.text(row);
    pid.coded(16, codes::marital(status), status, "HL70002");
    let group = p.ethnicity.text(row);
    pid.coded(22, codes::ethnicity(group), group, "HL70189");
    pid.unfinished();
}

/// XCN of the provider with a key, in the field that has begun.
fn provider_of(chart: &Chart<'_>, key: [u8; 16], out: &mut Segment<'_>) {
    if let Some(row) = chart.shared.provider(key) {
        provider(chart, row, out);
    }
}

/// XCN of a provider.
fn provider(chart: &Chart<'_>, row: usize, out: &mut Segment<'_>) {
    let p = &chart.shared.providers;
    out.components(&[
        (1, p.npi.text(row)),
        (2, p.last_name.text(row)),
        (3, p.first_name.text(row)),
        (7, p.credential.text(row)),
    ])
    .authority(9, NPI)
    .components(&[(10, "L"), (13, "NPI")]);
}

/// XTN of a telephone number written as `(508) 555-0116`.
fn telephone(out: &mut Segment<'_>, number: &str) {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    out.components(&[(2, "PRN"), (3, "PH"), (5, "1")]);
    match digits.split_at_checked(3) {
        Some((area, local)) => out.components(&[(6, area), (7, local)]),
        None => out.components(&[(7, &digits)]),
    };
}

/// A strength of one number and a unit, such as `10 mg`; none for what has several.
fn amount(strength: &str) -> Option<(&str, &str)> {
    let (number, unit) = strength.split_once(' ')?;
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then_some((number, unit))
}
