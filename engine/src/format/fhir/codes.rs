//! Code systems, and the codes of FHIR and HL7 for the words of the tables. Sources: the FHIR R4
//! specification (hl7.org/fhir/R4) and US Core; language codes are BCP 47.

use super::element::Coding;

pub const UCUM: &str = "http://unitsofmeasure.org";
pub const LOINC: &str = "http://loinc.org";
pub const ICD10CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
pub const CVX: &str = "http://hl7.org/fhir/sid/cvx";
pub const NDC: &str = "http://hl7.org/fhir/sid/ndc";
pub const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
pub const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";
pub const HCPCS: &str = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";
pub const ICD10PCS: &str = "http://www.cms.gov/Medicare/Coding/ICD10";
pub const ROUTE: &str = "http://terminology.hl7.org/CodeSystem/v2-0162";
pub const SITE: &str = "http://terminology.hl7.org/CodeSystem/v2-0163";
pub const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
/// The namespace of medical record numbers, under the reserved base.
pub const MRN: &str = "https://fhir.example.org/r4/sid/mrn";
pub const MEMBER: &str = "https://fhir.example.org/r4/sid/member";

pub const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
pub const CONDITION_VERIFICATION: &str =
    "http://terminology.hl7.org/CodeSystem/condition-ver-status";
pub const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
pub const ALLERGY_CLINICAL: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
pub const ALLERGY_VERIFICATION: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
pub const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
pub const INTERPRETATION: &str =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
pub const CLAIM_TYPE: &str = "http://terminology.hl7.org/CodeSystem/claim-type";
pub const PRIORITY: &str = "http://terminology.hl7.org/CodeSystem/processpriority";
pub const DISPOSITION: &str = "http://terminology.hl7.org/CodeSystem/discharge-disposition";
pub const ORGANIZATION_TYPE: &str = "http://terminology.hl7.org/CodeSystem/organization-type";
pub const LANGUAGE: &str = "urn:ietf:bcp:47";
const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
const OMB: &str = "urn:oid:2.16.840.1.113883.6.238";
const NULL_FLAVOR: &str = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";

const fn coding(system: &'static str, code: &'static str, display: &'static str) -> Coding {
    Coding {
        system,
        code,
        display,
    }
}

/// Administrative gender.
pub fn gender(sex: &str) -> &'static str {
    match sex {
        "F" => "female",
        "M" => "male",
        _ => "unknown",
    }
}

/// The class of an encounter.
pub fn class(encounter_type: &str) -> Coding {
    match encounter_type {
        "emergency" => coding(ACT, "EMER", "emergency"),
        "inpatient" => coding(ACT, "IMP", "inpatient encounter"),
        "virtual" => coding(ACT, "VR", "virtual"),
        _ => coding(ACT, "AMB", "ambulatory"),
    }
}

/// Marital status.
pub fn marital(status: &str) -> Coding {
    match status {
        "Married" => coding(MARITAL, "M", "Married"),
        "Separated" => coding(MARITAL, "L", "Legally Separated"),
        "Divorced" => coding(MARITAL, "D", "Divorced"),
        "Widowed" => coding(MARITAL, "W", "Widowed"),
        "Never married" => coding(MARITAL, "S", "Never Married"),
        _ => coding(NULL_FLAVOR, "UNK", "unknown"),
    }
}

/// Race, in the categories of the Office of Management and Budget; none where it has no code.
pub fn race(race: &str) -> Option<Coding> {
    Some(match race {
        "American Indian or Alaska Native" => {
            coding(OMB, "1002-5", "American Indian or Alaska Native")
        }
        "Asian" => coding(OMB, "2028-9", "Asian"),
        "Black or African American" => coding(OMB, "2054-5", "Black or African American"),
        "Native Hawaiian or Other Pacific Islander" => {
            coding(OMB, "2076-8", "Native Hawaiian or Other Pacific Islander")
        }
        "White" => coding(OMB, "2106-3", "White"),
        _ => return None,
    })
}

/// Ethnicity, in the same categories.
pub fn ethnicity(ethnicity: &str) -> Coding {
    if ethnicity == "Hispanic or Latino" {
        coding(OMB, "2135-2", "Hispanic or Latino")
    } else {
        coding(OMB, "2186-5", "Not Hispanic or Latino")
    }
}

/// The tag of a language; none where there is no single one.
pub fn language(name: &str) -> Option<&'static str> {
    Some(match name {
        "English" => "en",
        "Spanish" => "es",
        "Chinese" => "zh",
        "Vietnamese" => "vi",
        "Korean" => "ko",
        "Tagalog" => "tl",
        "Japanese" => "ja",
        "Hindi" => "hi",
        "Gujarati" => "gu",
        "Bengali" => "bn",
        "Urdu" => "ur",
        "Punjabi" => "pa",
        "Khmer" => "km",
        "Hmong" => "hmn",
        "Thai" => "th",
        "Telugu" => "te",
        "Lao" => "lo",
        "Tamil" => "ta",
        "Portuguese" => "pt",
        "Arabic" => "ar",
        "Russian" => "ru",
        "Haitian Creole" => "ht",
        "French" => "fr",
        "Polish" => "pl",
        "Persian" => "fa",
        "German" => "de",
        "Italian" => "it",
        "Armenian" => "hy",
        "Serbo-Croatian" => "sh",
        "Greek" => "el",
        "Swahili" => "sw",
        "Hebrew" => "he",
        _ => return None,
    })
}

/// What an abnormal flag means.
pub fn interpretation(flag: &str) -> Coding {
    match flag {
        "L" => coding(INTERPRETATION, "L", "Low"),
        "LL" => coding(INTERPRETATION, "LL", "Critical low"),
        "H" => coding(INTERPRETATION, "H", "High"),
        "HH" => coding(INTERPRETATION, "HH", "Critical high"),
        _ => coding(INTERPRETATION, "N", "Normal"),
    }
}

/// How a stay ended.
pub fn disposition(words: &str) -> &'static str {
    match words {
        "Home" => "home",
        "Skilled nursing facility" => "snf",
        "Expired" => "exp",
        _ => "oth",
    }
}
