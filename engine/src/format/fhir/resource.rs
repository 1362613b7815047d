//! The resources, as FHIR R4 spells them: fields in the order of the specification.

use serde::Serialize;

use super::codes::{
    self, ALLERGY_CLINICAL, ALLERGY_VERIFICATION, CLAIM_TYPE, CONDITION_CATEGORY,
    CONDITION_CLINICAL, CONDITION_VERIFICATION, CVX, DISPOSITION, HCPCS, ICD10CM, ICD10PCS,
    IDENTIFIER_TYPE, LANGUAGE, LOINC, MEMBER, MRN, NDC, NPI, OBSERVATION_CATEGORY,
    ORGANIZATION_TYPE, PRIORITY, ROUTE, SITE, SSN, class, gender, interpretation, marital,
};
use super::element::{
    Address, Coding, Concept, ContactPoint, Day, Extension, FullUrl, HumanName, Id, Identifier,
    Instant, Money, Named, Period, Quantity, Reference, Target, code, coded, count, dollars, name,
    quantity, to, words,
};
use super::source::{Chart, Shared};
use crate::error::Result;

const US_CORE_RACE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race";
const US_CORE_ETHNICITY: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity";
const US_CORE_BIRTH_SEX: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex";

/// A resource of any type.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Resource<'a> {
    Patient(Patient<'a>),
    Practitioner(Practitioner<'a>),
    Organization(Organization<'a>),
    Encounter(Encounter<'a>),
    Condition(Condition<'a>),
    Observation(Observation<'a>),
    MedicationRequest(MedicationRequest<'a>),
    Procedure(Procedure<'a>),
    Immunization(Immunization<'a>),
    AllergyIntolerance(AllergyIntolerance<'a>),
    Claim(Claim<'a>),
}

impl<'a> Resource<'a> {
    /// Its type, its id, and the place of its file in a bulk export.
    fn facts(&self) -> (&'static str, Id, usize) {
        match self {
            Self::Patient(r) => (r.resource_type, r.id, 0),
            Self::Practitioner(r) => (r.resource_type, r.id, 1),
            Self::Organization(r) => (r.resource_type, r.id, 2),
            Self::Encounter(r) => (r.resource_type, r.id, 3),
            Self::Condition(r) => (r.resource_type, r.id, 4),
            Self::Observation(r) => (r.resource_type, r.id, 5),
            Self::MedicationRequest(r) => (r.resource_type, r.id, 6),
            Self::Procedure(r) => (r.resource_type, r.id, 7),
            Self::Immunization(r) => (r.resource_type, r.id, 8),
            Self::AllergyIntolerance(r) => (r.resource_type, r.id, 9),
            Self::Claim(r) => (r.resource_type, r.id, 10),
        }
    }

    /// The place of its file.
    pub fn file(&self) -> usize {
        self.facts().2
    }

    /// Its absolute URL in a bundle.
    pub fn full_url(&self) -> FullUrl {
        let (of, id, _) = self.facts();
        FullUrl(Target { of, id })
    }

    /// A provider of a block.
    pub fn practitioner(shared: &'a Shared, row: usize) -> Self {
        let p = &shared.providers;
        Self::Practitioner(Practitioner {
            resource_type: "Practitioner",
            id: Id(p.provider_id.uuid(row)),
            identifier: [Identifier {
                kind: None,
                system: NPI,
                value: p.npi.text(row),
            }],
            active: true,
            name: [name(
                p.first_name.text(row),
                None,
                p.last_name.text(row),
                Some(p.credential.text(row)),
            )],
            telecom: [ContactPoint {
                system: "email",
                value: p.email.text(row),
                usage: "work",
            }],
            gender: gender(p.sex.text(row)),
            qualification: [Qualification {
                code: words(p.specialty.text(row)),
                issuer: None,
            }],
        })
    }

    /// An organization of a block.
    pub fn organization(shared: &'a Shared, row: usize) -> Self {
        let o = &shared.organizations;
        Self::Organization(Organization {
            resource_type: "Organization",
            id: Id(o.organization_id.uuid(row)),
            active: true,
            r#type: [Concept::with_text(
                Coding {
                    system: ORGANIZATION_TYPE,
                    code: "prov",
                    display: Some("Healthcare Provider"),
                },
                o.r#type.text(row),
            )],
            name: o.name.text(row),
            telecom: [OrganizationPhone {
                system: "phone",
                value: o.phone.text(row),
            }],
            address: [Address {
                usage: None,
                line: [o.street_address.text(row)],
                city: o.city.text(row),
                state: o.state.text(row),
                postal_code: o.zip.text(row),
                country: "US",
            }],
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient<'a> {
    resource_type: &'static str,
    id: Id,
    extension: Vec<Extension<'a>>,
    identifier: Vec<Identifier<'a>>,
    active: bool,
    name: [HumanName<'a>; 1],
    telecom: [ContactPoint<'a>; 2],
    gender: &'static str,
    birth_date: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    deceased_date_time: Option<Day>,
    address: [Address<'a>; 1],
    marital_status: Concept<'static>,
    communication: [Communication<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    general_practitioner: Option<[Reference; 1]>,
}

#[derive(Serialize)]
struct Communication<'a> {
    language: Concept<'a>,
    preferred: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Practitioner<'a> {
    resource_type: &'static str,
    id: Id,
    identifier: [Identifier<'a>; 1],
    active: bool,
    name: [HumanName<'a>; 1],
    telecom: [ContactPoint<'a>; 1],
    gender: &'static str,
    qualification: [Qualification<'a>; 1],
}

#[derive(Serialize)]
struct Qualification<'a> {
    code: Concept<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<Reference>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization<'a> {
    resource_type: &'static str,
    id: Id,
    active: bool,
    r#type: [Concept<'a>; 1],
    name: &'a str,
    telecom: [OrganizationPhone<'a>; 1],
    address: [Address<'a>; 1],
}

/// A contact point without a use: an organization's is never `home`.
#[derive(Serialize)]
struct OrganizationPhone<'a> {
    system: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Encounter<'a> {
    resource_type: &'static str,
    id: Id,
    status: &'static str,
    class: Coding<'static>,
    r#type: [Concept<'a>; 1],
    subject: Reference,
    participant: [Participant; 1],
    period: Period<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<Quantity<'static>>,
    reason_code: [Concept<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    hospitalization: Option<Hospitalization<'a>>,
    service_provider: Reference,
}

#[derive(Serialize)]
struct Participant {
    individual: Reference,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hospitalization<'a> {
    discharge_disposition: Concept<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition<'a> {
    resource_type: &'static str,
    id: Id,
    clinical_status: Concept<'a>,
    verification_status: Concept<'static>,
    category: [Concept<'static>; 1],
    code: Concept<'a>,
    subject: Reference,
    encounter: Reference,
    onset_date_time: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    abatement_date_time: Option<Day>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation<'a> {
    resource_type: &'static str,
    id: Id,
    status: &'static str,
    category: [Concept<'a>; 1],
    code: Concept<'a>,
    subject: Reference,
    encounter: Reference,
    effective_date_time: Instant,
    issued: Instant,
    value_quantity: Quantity<'a>,
    interpretation: [Concept<'static>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_range: Option<[ReferenceRange<'a>; 1]>,
}

#[derive(Serialize)]
struct ReferenceRange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    low: Option<Quantity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<Quantity<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MedicationRequest<'a> {
    resource_type: &'static str,
    id: Id,
    status: &'static str,
    intent: &'static str,
    medication_codeable_concept: MedicationConcept<'a>,
    subject: Reference,
    encounter: Reference,
    authored_on: Day,
    requester: Reference,
    reason_code: [Concept<'a>; 1],
    reason_reference: [Reference; 1],
    dosage_instruction: [Dosage<'a>; 1],
    dispense_request: DispenseRequest<'a>,
}

/// A product by its code, with its strength and form in words.
#[derive(Serialize)]
struct MedicationConcept<'a> {
    coding: [Coding<'a>; 1],
    text: Words<'a>,
}

/// Words with blanks between.
struct Words<'a>([&'a str; 3]);

impl<'a> From<[&'a str; 3]> for Words<'a> {
    fn from(words: [&'a str; 3]) -> Self {
        Self(words)
    }
}

impl Serialize for Words<'_> {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        let [a, b, c] = self.0;
        serializer.collect_str(&format_args!("{a} {b} {c}"))
    }
}

#[derive(Serialize)]
struct Dosage<'a> {
    text: &'a str,
    route: Concept<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DispenseRequest<'a> {
    validity_period: Period<Day>,
    number_of_repeats_allowed: i32,
    quantity: Quantity<'static>,
    expected_supply_duration: Quantity<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Procedure<'a> {
    resource_type: &'static str,
    id: Id,
    status: &'static str,
    code: Concept<'a>,
    subject: Reference,
    encounter: Reference,
    performed_date_time: Instant,
    performer: [Performer; 1],
}

#[derive(Serialize)]
struct Performer {
    actor: Reference,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Immunization<'a> {
    resource_type: &'static str,
    id: Id,
    status: &'static str,
    vaccine_code: Concept<'a>,
    patient: Reference,
    occurrence_date_time: Instant,
    primary_source: bool,
    manufacturer: Named<'a>,
    lot_number: &'a str,
    expiration_date: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Concept<'a>>,
    route: Concept<'a>,
    protocol_applied: [Protocol; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Protocol {
    dose_number_positive_int: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllergyIntolerance<'a> {
    resource_type: &'static str,
    id: Id,
    clinical_status: Concept<'a>,
    verification_status: Concept<'static>,
    r#type: &'a str,
    category: [&'a str; 1],
    criticality: &'a str,
    code: Concept<'a>,
    patient: Reference,
    onset_date_time: Day,
    reaction: [Reaction<'a>; 1],
}

#[derive(Serialize)]
struct Reaction<'a> {
    manifestation: [Concept<'a>; 1],
    severity: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim<'a> {
    resource_type: &'static str,
    id: Id,
    status: &'static str,
    r#type: Concept<'a>,
    r#use: &'static str,
    patient: Reference,
    billable_period: Period<Day>,
    created: Day,
    provider: Reference,
    priority: Concept<'static>,
    diagnosis: [Diagnosis<'a>; 1],
    insurance: [Insurance<'a>; 1],
    item: [Item<'a>; 1],
    total: Money,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnosis<'a> {
    sequence: u8,
    diagnosis_codeable_concept: Concept<'a>,
}

#[derive(Serialize)]
struct Insurance<'a> {
    sequence: u8,
    focal: bool,
    coverage: Named<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    sequence: u8,
    product_or_service: Concept<'a>,
    serviced_date: Day,
    net: Money,
    encounter: [Reference; 1],
}

/// What takes resources one after the other.
type Put<'p, 'a> = &'p mut dyn FnMut(Resource<'a>) -> Result<()>;

impl<'a> Chart<'a> {
    /// Every resource about the patient: the patient, who has treated them and where, what happened.
    pub fn resources(&'a self, put: Put<'_, 'a>) -> Result<()> {
        put(Resource::Patient(self.patient_resource()))?;
        let providers = self.providers();
        for &row in &providers {
            put(Resource::practitioner(self.shared, row))?;
        }
        for row in self.organizations(&providers) {
            put(Resource::organization(self.shared, row))?;
        }
        self.clinical(put)
    }

    /// The resources that are the patient's alone.
    pub fn own_resources(&'a self, put: Put<'_, 'a>) -> Result<()> {
        put(Resource::Patient(self.patient_resource()))?;
        self.clinical(put)
    }

    fn clinical(&'a self, put: Put<'_, 'a>) -> Result<()> {
        for row in self.encounters.clone() {
            put(Resource::Encounter(self.encounter(row)))?;
        }
        for row in self.conditions.clone() {
            put(Resource::Condition(self.condition(row)))?;
        }
        for row in self.observations.clone() {
            put(Resource::Observation(self.observation(row)))?;
        }
        for row in self.medications.clone() {
            put(Resource::MedicationRequest(self.medication(row)))?;
        }
        for row in self.procedures.clone() {
            put(Resource::Procedure(self.procedure(row)))?;
        }
        for row in self.immunizations.clone() {
            put(Resource::Immunization(self.immunization(row)))?;
        }
        for row in self.allergies.clone() {
            put(Resource::AllergyIntolerance(self.allergy(row)))?;
        }
        for row in self.claims.clone() {
            put(Resource::Claim(self.claim(row)))?;
        }
        Ok(())
    }

    fn subject(&self) -> Reference {
        to("Patient", self.patient_id())
    }

    fn patient_resource(&'a self) -> Patient<'a> {
        let (p, row) = (&self.rows.patients, self.patient);
        let identifiers = [
            (Some("MR"), MRN, Some(p.mrn.text(row))),
            (Some("SS"), SSN, p.ssn.maybe_text(row)),
            (Some("MB"), MEMBER, p.insurance_member_id.maybe_text(row)),
        ];
        let race = p.race.text(row);
        let mut categories: Vec<Extension<'a>> = codes::race(race)
            .map(|coding| Extension::coding("ombCategory", coding))
            .into_iter()
            .collect();
        categories.push(Extension::text("text", race));
        let ethnicity = p.ethnicity.text(row);
        let practitioner = self
            .shared
            .provider_of_npi(p.primary_provider_npi.text(row))
            .map(|row| {
                [to(
                    "Practitioner",
                    self.shared.providers.provider_id.uuid(row),
                )]
            });
        let language = p.language.text(row);
        Patient {
            resource_type: "Patient",
            id: Id(self.patient_id()),
            extension: vec![
                Extension::of(US_CORE_RACE, categories),
                Extension::of(
                    US_CORE_ETHNICITY,
                    vec![
                        Extension::coding("ombCategory", codes::ethnicity(ethnicity)),
                        Extension::text("text", ethnicity),
                    ],
                ),
                Extension::code(US_CORE_BIRTH_SEX, p.sex.text(row)),
            ],
            identifier: identifiers
                .into_iter()
                .filter_map(|(kind, system, value)| {
                    Some(Identifier {
                        kind: kind.map(|kind| code(IDENTIFIER_TYPE, kind)),
                        system,
                        value: value?,
                    })
                })
                .collect(),
            active: p.death_date.maybe_day(row).is_none(),
            name: [name(
                p.first_name.text(row),
                p.middle_name.maybe_text(row),
                p.last_name.text(row),
                None,
            )],
            telecom: [
                ContactPoint {
                    system: "phone",
                    value: p.phone.text(row),
                    usage: "home",
                },
                ContactPoint {
                    system: "email",
                    value: p.email.text(row),
                    usage: "home",
                },
            ],
            gender: gender(p.sex.text(row)),
            birth_date: p.birth_date.day(row),
            deceased_date_time: p.death_date.maybe_day(row),
            address: [Address {
                usage: Some("home"),
                line: [p.street_address.text(row)],
                city: p.city.text(row),
                state: p.state.text(row),
                postal_code: p.zip.text(row),
                country: "US",
            }],
            marital_status: Concept::of(marital(p.marital_status.text(row))),
            communication: [Communication {
                language: match codes::language(language) {
                    Some(tag) => coded(LANGUAGE, tag, language),
                    None => words(language),
                },
                preferred: true,
            }],
            general_practitioner: practitioner,
        }
    }

    fn encounter(&'a self, row: usize) -> Encounter<'a> {
        let e = &self.rows.encounters;
        let kind = e.encounter_type.text(row);
        let days = e.length_of_stay.integer(row);
        Encounter {
            resource_type: "Encounter",
            id: Id(e.encounter_id.uuid(row)),
            status: "finished",
            class: class(kind),
            r#type: [words(kind)],
            subject: self.subject(),
            participant: [Participant {
                individual: to("Practitioner", e.provider_id.uuid(row)),
            }],
            period: Period {
                start: e.admitted_at.instant(row),
                end: Some(e.discharged_at.instant(row)),
            },
            length: (kind == "inpatient").then(|| quantity(f64::from(days), "d")),
            reason_code: [coded(ICD10CM, e.icd10_code.text(row), e.reason.text(row))],
            hospitalization: e.discharge_disposition.maybe_text(row).map(|disposition| {
                Hospitalization {
                    discharge_disposition: coded(
                        DISPOSITION,
                        codes::disposition(disposition),
                        disposition,
                    ),
                }
            }),
            service_provider: to("Organization", e.organization_id.uuid(row)),
        }
    }

    fn condition(&'a self, row: usize) -> Condition<'a> {
        let c = &self.rows.conditions;
        let chronic = c.category.text(row) == "chronic";
        Condition {
            resource_type: "Condition",
            id: Id(c.condition_id.uuid(row)),
            clinical_status: code(CONDITION_CLINICAL, c.status.text(row)),
            verification_status: code(CONDITION_VERIFICATION, "confirmed"),
            category: [code(
                CONDITION_CATEGORY,
                if chronic {
                    "problem-list-item"
                } else {
                    "encounter-diagnosis"
                },
            )],
            code: coded(ICD10CM, c.icd10_code.text(row), c.description.text(row)),
            subject: self.subject(),
            encounter: to("Encounter", c.encounter_id.uuid(row)),
            onset_date_time: c.onset_date.day(row),
            abatement_date_time: c.abatement_date.maybe_day(row),
        }
    }

    fn observation(&'a self, row: usize) -> Observation<'a> {
        let o = &self.rows.observations;
        let unit = o.unit.text(row);
        let (low, high) = (
            o.reference_low.maybe_double(row),
            o.reference_high.maybe_double(row),
        );
        let bound = |value: Option<f64>| value.map(|value| quantity(value, unit));
        Observation {
            resource_type: "Observation",
            id: Id(o.observation_id.uuid(row)),
            status: "final",
            category: [code(OBSERVATION_CATEGORY, o.category.text(row))],
            code: coded(LOINC, o.loinc_code.text(row), o.loinc_name.text(row)),
            subject: self.subject(),
            encounter: to("Encounter", o.encounter_id.uuid(row)),
            effective_date_time: o.observed_at.instant(row),
            issued: o.observed_at.instant(row),
            value_quantity: quantity(o.value.double(row), unit),
            interpretation: [Concept::of(interpretation(o.abnormal_flag.text(row)))],
            reference_range: (low.is_some() || high.is_some()).then(|| {
                [ReferenceRange {
                    low: bound(low),
                    high: bound(high),
                }]
            }),
        }
    }

    fn medication(&'a self, row: usize) -> MedicationRequest<'a> {
        let m = &self.rows.medications;
        MedicationRequest {
            resource_type: "MedicationRequest",
            id: Id(m.medication_id.uuid(row)),
            status: match m.status.text(row) {
                "active" => "active",
                "completed" => "completed",
                _ => "stopped",
            },
            intent: "order",
            medication_codeable_concept: MedicationConcept {
                coding: [Coding {
                    system: NDC,
                    code: m.ndc.text(row),
                    display: Some(m.generic_name.text(row)),
                }],
                text: [
                    m.generic_name.text(row),
                    m.strength.text(row),
                    m.form.text(row),
                ]
                .into(),
            },
            subject: self.subject(),
            encounter: to("Encounter", m.encounter_id.uuid(row)),
            authored_on: m.started_on.day(row),
            requester: to("Practitioner", m.prescriber_id.uuid(row)),
            reason_code: [code(ICD10CM, m.reason_code.text(row))],
            reason_reference: [to("Condition", m.condition_id.uuid(row))],
            dosage_instruction: [Dosage {
                text: m.frequency.text(row),
                route: words(m.route.text(row)),
            }],
            dispense_request: DispenseRequest {
                validity_period: Period {
                    start: m.started_on.day(row),
                    end: m.stopped_on.maybe_day(row),
                },
                number_of_repeats_allowed: m.refills.integer(row),
                quantity: count(m.quantity.integer(row)),
                expected_supply_duration: quantity(f64::from(m.days_supply.integer(row)), "d"),
            },
        }
    }

    fn procedure(&'a self, row: usize) -> Procedure<'a> {
        let p = &self.rows.procedures;
        let system = match p.code_system.text(row) {
            "HCPCS" => HCPCS,
            _ => ICD10PCS,
        };
        Procedure {
            resource_type: "Procedure",
            id: Id(p.procedure_id.uuid(row)),
            status: "completed",
            code: coded(system, p.code.text(row), p.description.text(row)),
            subject: self.subject(),
            encounter: to("Encounter", p.encounter_id.uuid(row)),
            performed_date_time: p.performed_at.instant(row),
            performer: [Performer {
                actor: to("Practitioner", p.provider_id.uuid(row)),
            }],
        }
    }

    fn immunization(&'a self, row: usize) -> Immunization<'a> {
        let i = &self.rows.immunizations;
        Immunization {
            resource_type: "Immunization",
            id: Id(i.immunization_id.uuid(row)),
            status: "completed",
            vaccine_code: coded(CVX, i.cvx_code.text(row), i.vaccine.text(row)),
            patient: self.subject(),
            occurrence_date_time: i.given_at.instant(row),
            primary_source: true,
            manufacturer: Named {
                display: i.manufacturer_code.text(row),
            },
            lot_number: i.lot_number.text(row),
            expiration_date: i.expiration_date.day(row),
            site: i.site.maybe_text(row).map(|site| code(SITE, site)),
            route: code(ROUTE, i.route.text(row)),
            protocol_applied: [Protocol {
                dose_number_positive_int: i.dose_number.integer(row).max(1),
            }],
        }
    }

    fn allergy(&'a self, row: usize) -> AllergyIntolerance<'a> {
        let a = &self.rows.allergies;
        AllergyIntolerance {
            resource_type: "AllergyIntolerance",
            id: Id(a.allergy_id.uuid(row)),
            clinical_status: code(ALLERGY_CLINICAL, a.clinical_status.text(row)),
            verification_status: code(ALLERGY_VERIFICATION, "confirmed"),
            r#type: a.allergy_type.text(row),
            category: [a.category.text(row)],
            criticality: a.criticality.text(row),
            code: words(a.allergen.text(row)),
            patient: self.subject(),
            onset_date_time: a.onset_date.day(row),
            reaction: [Reaction {
                manifestation: [words(a.reaction.text(row))],
                severity: a.severity.text(row),
            }],
        }
    }

    fn claim(&'a self, row: usize) -> Claim<'a> {
        let c = &self.rows.claims;
        let encounter = c.encounter_id.uuid(row);
        // Its last day is that of the encounter that it bills for.
        let last = self
            .encounters
            .clone()
            .find(|&row| self.rows.encounters.encounter_id.uuid(row) == encounter)
            .map(|row| self.rows.encounters.discharged_at.instant(row).day());
        let billed = dollars(c.billed_amount.cents(row));
        let kind = c.claim_type.text(row);
        Claim {
            resource_type: "Claim",
            id: Id(c.claim_id.uuid(row)),
            status: "active",
            r#type: code(CLAIM_TYPE, kind),
            r#use: "claim",
            patient: self.subject(),
            billable_period: Period {
                start: c.service_date.day(row),
                end: last,
            },
            created: c.submitted_date.day(row),
            provider: to("Practitioner", c.provider_id.uuid(row)),
            priority: code(PRIORITY, "normal"),
            diagnosis: [Diagnosis {
                sequence: 1,
                diagnosis_codeable_concept: code(ICD10CM, c.icd10_code.text(row)),
            }],
            insurance: [Insurance {
                sequence: 1,
                focal: true,
                coverage: Named {
                    display: c.payer.text(row),
                },
            }],
            item: [Item {
                sequence: 1,
                product_or_service: words(kind),
                serviced_date: c.service_date.day(row),
                net: billed,
                encounter: [to("Encounter", encounter)],
            }],
            total: billed,
        }
    }
}
