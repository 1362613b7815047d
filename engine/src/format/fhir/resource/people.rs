//! Patient, Practitioner, Organization.

use super::super::codes::{
    self, IDENTIFIER_TYPE, LANGUAGE, MEMBER, MRN, NPI, ORGANIZATION_TYPE, SSN, gender, marital,
};
use super::super::element::{Reference, Words, coded, concept};
use super::super::json::{Hyphenated, Member, Plain, Text, put};
use super::super::source::Shared;
use super::{Kind, Sink, Writer};

/// A provider of a block.
pub fn practitioner(shared: &Shared, row: usize, sink: &mut impl Sink) {
    let p = &shared.providers;
    let id = Hyphenated::of(p.provider_id.uuid(row));
    let out = sink.begin(Kind::Practitioner, &id);
    put!(
        out,
        r#"{"resourceType":"Practitioner","id":""#,
        id,
        r#"","identifier":[{"system":""#,
        Plain(NPI),
        r#"","value":"#,
        p.npi.json(row),
        r#"}],"active":true,"name":[{"use":"official","family":"#,
        p.last_name.json(row),
        r#","given":["#,
        p.first_name.json(row),
        r#"],"suffix":["#,
        p.credential.json(row),
        r#"]}],"telecom":[{"system":"email","value":"#,
        p.email.json(row),
        r#","use":"work"}],"gender":""#,
        Plain(gender(p.sex.text(row))),
        r#"","qualification":[{"code":"#,
        Words(p.specialty.json(row)),
        "}]}"
    );
    sink.end(Kind::Practitioner);
}

/// An organization of a block.
pub fn organization(shared: &Shared, row: usize, sink: &mut impl Sink) {
    let o = &shared.organizations;
    let id = Hyphenated::of(o.organization_id.uuid(row));
    let out = sink.begin(Kind::Organization, &id);
    put!(
        out,
        r#"{"resourceType":"Organization","id":""#,
        id,
        r#"","active":true,"type":[{"coding":[{"system":""#,
        Plain(ORGANIZATION_TYPE),
        r#"","code":"prov","display":"Healthcare Provider"}],"text":"#,
        o.r#type.json(row),
        r#"}],"name":"#,
        o.name.json(row),
        // Without a use: an organization's telephone is never at home.
        r#","telecom":[{"system":"phone","value":"#,
        o.phone.json(row),
        r#"}],"address":[{"line":["#,
        o.street_address.json(row),
        r#"],"city":"#,
        o.city.json(row),
        r#","state":"#,
        o.state.json(row),
        r#","postalCode":"#,
        o.zip.json(row),
        r#","country":"US"}]}"#
    );
    sink.end(Kind::Organization);
}

impl<S: Sink> Writer<'_, S> {
    pub(super) fn patient(&mut self) {
        let (p, row, shared) = (
            &self.chart.rows.patients,
            self.chart.patient,
            self.chart.shared,
        );
        let out = self.sink.begin(Kind::Patient, &self.patient);
        put!(
            out,
            r#"{"resourceType":"Patient","id":""#,
            self.patient,
            r#"","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":["#
        );
        if let Some(race) = codes::race(p.race.text(row)) {
            put!(out, r#"{"url":"ombCategory","valueCoding":"#, race, "},");
        }
        put!(
            out,
            r#"{"url":"text","valueString":"#,
            p.race.json(row),
            r#"}]},{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity","extension":[{"url":"ombCategory","valueCoding":"#,
            codes::ethnicity(p.ethnicity.text(row)),
            r#"},{"url":"text","valueString":"#,
            p.ethnicity.json(row),
            r#"}]},{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"#,
            p.sex.json(row),
            r#"}],"identifier":["#
        );
        let identifiers = [
            ("MR", MRN, Some(p.mrn.json(row))),
            ("SS", SSN, p.ssn.maybe_json(row)),
            ("MB", MEMBER, p.insurance_member_id.maybe_json(row)),
        ];
        let mut comma = "";
        for (kind, system, value) in identifiers {
            let Some(value) = value else { continue };
            put!(
                out,
                Plain(comma),
                r#"{"type":{"coding":[{"system":""#,
                Plain(IDENTIFIER_TYPE),
                r#"","code":""#,
                Plain(kind),
                r#""}]},"system":""#,
                Plain(system),
                r#"","value":"#,
                value,
                "}"
            );
            comma = ",";
        }
        let death = p.death_date.maybe_day(row);
        put!(
            out,
            r#"],"active":"#,
            Plain(if death.is_none() { "true" } else { "false" }),
            r#","name":[{"use":"official","family":"#,
            p.last_name.json(row),
            r#","given":["#,
            p.first_name.json(row),
            Member(",", p.middle_name.maybe_json(row)),
            r#"]}],"telecom":[{"system":"phone","value":"#,
            p.phone.json(row),
            r#","use":"home"},{"system":"email","value":"#,
            p.email.json(row),
            r#","use":"home"}],"gender":""#,
            Plain(gender(p.sex.text(row))),
            r#"","birthDate":"#,
            p.birth_date.day(row),
            Member(r#","deceasedDateTime":"#, death),
            r#","address":[{"use":"home","line":["#,
            p.street_address.json(row),
            r#"],"city":"#,
            p.city.json(row),
            r#","state":"#,
            p.state.json(row),
            r#","postalCode":"#,
            p.zip.json(row),
            r#","country":"US"}],"maritalStatus":"#,
            concept(marital(p.marital_status.text(row))),
            r#","communication":[{"language":"#
        );
        let language = p.language.json(row);
        match codes::language(p.language.text(row)) {
            Some(tag) => {
                put!(out, coded(LANGUAGE, Text::word(tag), language));
            }
            None => {
                put!(out, Words(language));
            }
        }
        put!(out, r#","preferred":true}]"#);
        let practitioner = shared.provider_of_npi(p.primary_provider_npi.text(row));
        if let Some(row) = practitioner {
            let id = Hyphenated::of(shared.providers.provider_id.uuid(row));
            let reference = Reference("Practitioner", id);
            put!(out, r#","generalPractitioner":["#, reference, "]");
        }
        put!(out, "}");
        self.sink.end(Kind::Patient);
    }
}
