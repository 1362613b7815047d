//! Patient, Practitioner, Organization.

use super::super::codes::{
    self, IDENTIFIER_TYPE, LANGUAGE, MEMBER, MRN, NPI, ORGANIZATION_TYPE, SSN, gender, marital,
};
use super::super::element::{Coding, Reference, Words, coded, concept};
use super::super::source::Shared;
use super::{Kind, Sink, Writer};
use crate::format::json::{Hyphenated, Out, Text, Value, object};

/// A provider of a block.
pub fn practitioner(shared: &Shared, row: usize, sink: &mut impl Sink) {
    let p = &shared.providers;
    let id = Hyphenated::of(p.provider_id.uuid(row));
    sink.put(Kind::Practitioner, &id, |out| {
        object!(out;
            "resourceType": "Practitioner",
            "id": id,
            "identifier": [{ "system": NPI, "value": p.npi.json(row) }],
            "active": true,
            "name": [{
                "use": "official",
                "family": p.last_name.json(row),
                "given": [p.first_name.json(row)],
                "suffix": [p.credential.json(row)]
            }],
            "telecom": [{ "system": "email", "value": p.email.json(row), "use": "work" }],
            "gender": gender(p.sex.text(row)),
            "qualification": [{ "code": Words(p.specialty.json(row)) }]
        );
    });
}

/// An organization of a block.
pub fn organization(shared: &Shared, row: usize, sink: &mut impl Sink) {
    let o = &shared.organizations;
    let id = Hyphenated::of(o.organization_id.uuid(row));
    sink.put(Kind::Organization, &id, |out| {
        object!(out;
            "resourceType": "Organization",
            "id": id,
            "active": true,
            "type": [{
                "coding": [{
                    "system": ORGANIZATION_TYPE,
                    "code": "prov",
                    "display": "Healthcare Provider"
                }],
                "text": o.r#type.json(row)
            }],
            "name": o.name.json(row),
            // Without a use: an organization's telephone is never at home.
            "telecom": [{ "system": "phone", "value": o.phone.json(row) }],
            "address": [{
                "line": [o.street_address.json(row)],
                "city": o.city.json(row),
                "state": o.state.json(row),
                "postalCode": o.zip.json(row),
                "country": "US"
            }]
        );
    });
}

impl<S: Sink> Writer<'_, S> {
    pub(super) fn patient(&mut self) {
        let (p, row, shared) = (
            &self.chart.rows.patients,
            self.chart.patient,
            self.chart.shared,
        );
        let death = p.death_date.maybe_day(row);
        let language = Language {
            tag: codes::language(p.language.text(row)),
            words: p.language.json(row),
        };
        let identifier = |kind, system, value| Identifier {
            kind,
            system,
            value,
        };
        let provider = shared.provider_of_npi(p.primary_provider_npi.text(row));
        let provider = provider.map(|row| {
            let id = Hyphenated::of(shared.providers.provider_id.uuid(row));
            [Reference("Practitioner", id)]
        });
        self.sink.put(Kind::Patient, &self.patient, |out| {
            object!(out;
                "resourceType": "Patient",
                "id": self.patient,
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
                        "extension": [
                            ?codes::race(p.race.text(row)).map(Category),
                            { "url": "text", "valueString": p.race.json(row) }
                        ]
                    },
                    {
                        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity",
                        "extension": [
                            Category(codes::ethnicity(p.ethnicity.text(row))),
                            { "url": "text", "valueString": p.ethnicity.json(row) }
                        ]
                    },
                    {
                        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex",
                        "valueCode": p.sex.json(row)
                    }
                ],
                "identifier": [
                    identifier("MR", MRN, p.mrn.json(row)),
                    ?p.ssn.maybe_json(row).map(|ssn| identifier("SS", SSN, ssn)),
                    ?p.insurance_member_id.maybe_json(row).map(|id| identifier("MB", MEMBER, id))
                ],
                "active": death.is_none(),
                "name": [{
                    "use": "official",
                    "family": p.last_name.json(row),
                    "given": [p.first_name.json(row), ?p.middle_name.maybe_json(row)]
                }],
                "telecom": [
                    { "system": "phone", "value": p.phone.json(row), "use": "home" },
                    { "system": "email", "value": p.email.json(row), "use": "home" }
                ],
                "gender": gender(p.sex.text(row)),
                "birthDate": p.birth_date.day(row),
                "deceasedDateTime"?: death,
                "address": [{
                    "use": "home",
                    "line": [p.street_address.json(row)],
                    "city": p.city.json(row),
                    "state": p.state.json(row),
                    "postalCode": p.zip.json(row),
                    "country": "US"
                }],
                "maritalStatus": concept(marital(p.marital_status.text(row))),
                "communication": [{ "language": language, "preferred": true }],
                "generalPractitioner"?: provider
            );
        });
    }
}

/// A category of the Office of Management and Budget, as an extension has it.
struct Category(Coding);

impl Value for Category {
    fn write(&self, out: &mut impl Out) {
        object!(out; "url": "ombCategory", "valueCoding": self.0);
    }
}

/// What identifies a patient in a system, by its type.
struct Identifier<'a> {
    kind: &'static str,
    system: &'static str,
    value: Text<'a>,
}

impl Value for Identifier<'_> {
    fn write(&self, out: &mut impl Out) {
        object!(out;
            "type": { "coding": [{ "system": IDENTIFIER_TYPE, "code": self.kind }] },
            "system": self.system,
            "value": self.value
        );
    }
}

/// A language, by its tag where it has one.
struct Language<'a> {
    tag: Option<&'static str>,
    words: Text<'a>,
}

impl Value for Language<'_> {
    fn write(&self, out: &mut impl Out) {
        match self.tag {
            Some(tag) => coded(LANGUAGE, tag, self.words).write(out),
            None => Words(self.words).write(out),
        }
    }
}
