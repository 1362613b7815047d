//! What the name of a column says. The words and their translations are those of
//! [`crate::fill::recognize`]; what filling has no use for is listed here, from memory.

use super::Kind;
#[allow(clippy::enum_glob_use, reason = "tables of categories")]
use super::category::Category::{self, *};
use crate::fill::class::Class;
use crate::fill::recognize::words::{self, Words};
use crate::fill::recognize::{self, Confidence, Recognition};

/// What a name says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// A category, how sure that is, and why.
    Category(Category, f64, String),
    /// Something that is nobody's, such as a product's name.
    Nobody,
    /// Nothing.
    Nothing,
}

/// Endings of names.
#[rustfmt::skip]
const ENDINGS: &[(&str, Category, f64)] = &[
    // Persons.
    ("maiden name", LastName, 0.93), ("middle initial", FirstName, 0.8), ("initials", FullName, 0.6),
    ("father name", FullName, 0.9), ("mother name", FullName, 0.9), ("spouse", FullName, 0.6),
    ("next of kin", FullName, 0.9), ("emergency contact", FullName, 0.85), ("guardian", FullName, 0.7),
    ("cardholder", FullName, 0.9), ("card holder", FullName, 0.9), ("account holder", FullName, 0.9),
    ("beneficiary", FullName, 0.6), ("recipient", FullName, 0.5), ("physician", FullName, 0.7),
    ("email id", Email, 0.93), ("email 1", Email, 0.93),
    ("phone no", Phone, 0.93), ("mobile no", Phone, 0.93), ("contact number", Phone, 0.88),
    ("contact no", Phone, 0.88), ("msisdn", Phone, 0.93), ("whatsapp", Phone, 0.85),
    ("fax", Fax, 0.93), ("fax number", Fax, 0.93), ("fax no", Fax, 0.93),
    ("gender", Gender, 0.9), ("marital status", MaritalStatus, 0.93), ("civil status", MaritalStatus, 0.9),
    ("familienstand", MaritalStatus, 0.9), ("nationality", Nationality, 0.85), ("citizenship", Nationality, 0.88),
    ("job title", JobTitle, 0.8), ("age", Age, 0.8), ("patient age", Age, 0.93),
    ("salary", Income, 0.88), ("income", Income, 0.82), ("wage", Income, 0.82), ("gehalt", Income, 0.88),
    ("salaire", Income, 0.88), ("sueldo", Income, 0.88), ("stipendio", Income, 0.88), ("salario", Income, 0.88),
    // Dates as text or year.
    ("date of birth", BirthDate, 0.95), ("birth date", BirthDate, 0.95), ("birth", BirthDate, 0.85),
    ("born", BirthDate, 0.85), ("born on", BirthDate, 0.93), ("birth year", BirthDate, 0.93),
    ("year of birth", BirthDate, 0.93), ("birth day", BirthDate, 0.93),
    ("date of death", DeathDate, 0.95), ("death date", DeathDate, 0.95), ("deceased", DeathDate, 0.7),
    // Places.
    ("place of birth", City, 0.9), ("birth place", City, 0.9), ("birth city", City, 0.9),
    ("latitude", Coordinates, 0.9), ("longitude", Coordinates, 0.9), ("coordinates", Coordinates, 0.85),
    ("gps", Coordinates, 0.8), ("geo point", Coordinates, 0.85), ("geolocation", Coordinates, 0.88),
    ("home address", StreetAddress, 0.93), ("postal address", StreetAddress, 0.93),
    ("address line", StreetAddress, 0.93), ("full address", StreetAddress, 0.93), ("po box", StreetAddress, 0.8),
    // Numbers that states give.
    ("ssn", Ssn, 0.93), ("social security number", Ssn, 0.93), ("social security", Ssn, 0.9),
    ("social security no", Ssn, 0.93), ("soc sec no", Ssn, 0.9), ("itin", Ssn, 0.8),
    ("nino", Nino, 0.85), ("national insurance number", Nino, 0.93), ("nhs", Nhs, 0.8),
    ("nhs number", Nhs, 0.95), ("nhs no", Nhs, 0.93),
    ("steuer id", SteuerId, 0.93), ("steuerid", SteuerId, 0.93), ("steuernummer", SteuerId, 0.85),
    ("idnr", SteuerId, 0.6), ("nir", Nir, 0.7), ("securite sociale", Nir, 0.9), ("num secu", Nir, 0.9),
    ("dni", Dni, 0.88), ("nie", Dni, 0.7), ("nif", Dni, 0.7), ("codice fiscale", CodiceFiscale, 0.95),
    ("codicefiscale", CodiceFiscale, 0.95), ("codfisc", CodiceFiscale, 0.9), ("cpf", Cpf, 0.93),
    ("bsn", Bsn, 0.93), ("burgerservicenummer", Bsn, 0.95), ("sofinummer", Bsn, 0.9), ("pesel", Pesel, 0.95),
    ("my number", MyNumber, 0.85), ("mynumber", MyNumber, 0.9), ("resident id", ResidentId, 0.85),
    ("iqama", SaudiId, 0.93), ("iqama number", SaudiId, 0.93),
    ("national id", NationalId, 0.85), ("national number", NationalId, 0.8), ("tax id", NationalId, 0.75),
    ("tax number", NationalId, 0.7), ("tax code", NationalId, 0.5), ("identity number", NationalId, 0.85),
    ("identity card", NationalId, 0.85), ("id card", NationalId, 0.85), ("id number", NationalId, 0.6),
    ("personnummer", NationalId, 0.93), ("fodselsnummer", NationalId, 0.93), ("henkilotunnus", NationalId, 0.93),
    ("aadhaar", NationalId, 0.95), ("aadhar", NationalId, 0.95), ("curp", NationalId, 0.93),
    ("rut", NationalId, 0.6), ("personal number", NationalId, 0.8), ("citizen id", NationalId, 0.85),
    ("vat number", TaxNumber, 0.85), ("vat id", TaxNumber, 0.85), ("vat no", TaxNumber, 0.85),
    ("cnpj", TaxNumber, 0.9), ("ein", TaxNumber, 0.7), ("partita iva", TaxNumber, 0.85),
    ("siren", TaxNumber, 0.7), ("siret", TaxNumber, 0.7),
    ("passport", Passport, 0.93), ("passport number", Passport, 0.95), ("passport no", Passport, 0.95),
    ("reisepass", Passport, 0.93), ("pasaporte", Passport, 0.93), ("passeport", Passport, 0.93),
    ("passaporto", Passport, 0.93), ("paspoort", Passport, 0.93),
    ("driver licence", License, 0.93), ("driver licence number", License, 0.95), ("drivers licence", License, 0.93),
    ("driving licence", License, 0.93), ("driving licence number", License, 0.95), ("licence number", License, 0.85),
    ("licence no", License, 0.85), ("fuehrerschein", License, 0.93), ("führerschein", License, 0.93),
    // Health.
    ("mrn", Mrn, 0.95), ("medical record number", Mrn, 0.95), ("medical record no", Mrn, 0.95),
    ("medical record", Mrn, 0.8), ("patient number", Mrn, 0.85), ("patient no", Mrn, 0.85),
    ("chart number", Mrn, 0.85), ("hospital number", Mrn, 0.85), ("fallnummer", Mrn, 0.8),
    ("insurance number", HealthPlan, 0.9), ("insurance id", HealthPlan, 0.88), ("insurance no", HealthPlan, 0.88),
    ("policy number", HealthPlan, 0.82), ("policy no", HealthPlan, 0.8), ("member id", HealthPlan, 0.6),
    ("subscriber id", HealthPlan, 0.7), ("beneficiary id", HealthPlan, 0.88), ("medicare number", HealthPlan, 0.93),
    ("medicaid id", HealthPlan, 0.93), ("health plan number", HealthPlan, 0.95), ("health card", HealthPlan, 0.9),
    ("versichertennummer", HealthPlan, 0.95), ("npi", Npi, 0.93), ("npi number", Npi, 0.95),
    ("disease", Health, 0.8), ("symptom", Health, 0.8), ("symptoms", Health, 0.8), ("disability", Health, 0.88),
    ("hiv status", Health, 0.95), ("prescription", Health, 0.75), ("treatment", Health, 0.6),
    ("pregnant", Health, 0.85), ("smoker", Health, 0.75), ("bmi", Health, 0.7), ("vaccine", Health, 0.7),
    ("blood pressure", Health, 0.8), ("icd", Health, 0.85), ("icd code", Health, 0.9), ("diagnose", Health, 0.88),
    ("diagnosis description", Health, 0.9), ("lab result", Health, 0.8), ("medical history", FreeText, 0.85),
    ("ethnicity", Ethnicity, 0.93), ("ethnic group", Ethnicity, 0.93), ("race", Ethnicity, 0.82),
    ("religion", Religion, 0.95), ("konfession", Religion, 0.93), ("confession", Religion, 0.7),
    ("political party", Politics, 0.9), ("party affiliation", Politics, 0.9), ("political opinion", Politics, 0.95),
    ("trade union", Union, 0.9), ("union member", Union, 0.9), ("union membership", Union, 0.93),
    ("sexual orientation", Orientation, 0.95), ("genotype", Genetic, 0.88), ("genome", Genetic, 0.88),
    ("dna", Genetic, 0.88), ("fingerprint", Biometric, 0.8), ("biometric", Biometric, 0.9),
    ("biometrics", Biometric, 0.9), ("face template", Biometric, 0.93), ("voice print", Biometric, 0.93),
    ("portrait", Photo, 0.82), ("headshot", Photo, 0.9), ("face image", Photo, 0.9),
    ("profile image", Photo, 0.85), ("id image", Photo, 0.8), ("mugshot", Photo, 0.95),
    // Numbers that organizations give.
    ("employee number", EmployeeNumber, 0.82), ("employee no", EmployeeNumber, 0.82),
    ("personnel number", EmployeeNumber, 0.85), ("personalnummer", EmployeeNumber, 0.82),
    ("student number", EmployeeNumber, 0.85), ("matrikelnummer", EmployeeNumber, 0.9),
    ("customer number", EmployeeNumber, 0.7), ("customer no", EmployeeNumber, 0.7),
    ("kundennummer", EmployeeNumber, 0.7), ("member number", EmployeeNumber, 0.75), ("loyalty number", EmployeeNumber, 0.85),
    // Money.
    ("card no", CardNumber, 0.88), ("cc number", CardNumber, 0.93), ("cc num", CardNumber, 0.93),
    ("cc no", CardNumber, 0.93), ("card num", CardNumber, 0.88), ("cvv", CardCode, 0.95), ("cvc", CardCode, 0.93),
    ("cvv2", CardCode, 0.95), ("card expiry", CardCode, 0.85), ("card pin", CardCode, 0.95),
    ("account number", Account, 0.88), ("account no", Account, 0.88), ("bank account", Account, 0.88),
    ("bank account number", Account, 0.95), ("kontonummer", Account, 0.93), ("konto nr", Account, 0.9),
    ("acct no", Account, 0.88), ("acct num", Account, 0.88), ("sort code", Account, 0.7),
    ("routing number", Routing, 0.9), ("aba number", Routing, 0.9), ("aba", Routing, 0.7),
    // Devices and the network.
    ("device id", Device, 0.88), ("device identifier", Device, 0.9), ("serial number", Device, 0.6),
    ("serial no", Device, 0.6), ("udid", Device, 0.93), ("idfa", Device, 0.93), ("gaid", Device, 0.88),
    ("android id", Device, 0.93), ("advertising id", Device, 0.93), ("imsi", Device, 0.93), ("iccid", Device, 0.93),
    ("client ip", IpAddress, 0.93), ("remote addr", IpAddress, 0.85), ("remote address", IpAddress, 0.85),
    ("vehicle registration", LicensePlate, 0.88), ("number plate", LicensePlate, 0.9),
    ("password", Secret, 0.95), ("password hash", Secret, 0.95), ("secret", Secret, 0.82), ("api key", Secret, 0.93),
    ("access token", Secret, 0.93), ("refresh token", Secret, 0.93), ("session token", Secret, 0.93),
    ("auth token", Secret, 0.93), ("reset token", Secret, 0.93), ("private key", Secret, 0.95), ("pin", Secret, 0.7),
    ("password salt", Secret, 0.9), ("security answer", Secret, 0.93), ("secret answer", Secret, 0.93),
    // Text.
    ("clinical note", FreeText, 0.93), ("clinical notes", FreeText, 0.93), ("anamnesis", FreeText, 0.9),
    ("discharge summary", FreeText, 0.93), ("transcript", FreeText, 0.7), ("chat message", FreeText, 0.75),
];

/// Words of dates that concern a person, wherever they stand.
const EVENTS: &[&str] = &[
    "admission",
    "admitted",
    "admit",
    "discharge",
    "discharged",
    "visit",
    "visited",
    "encounter",
    "appointment",
    "surgery",
    "hospitalized",
    "diagnosed",
    "vaccinated",
    "treatment",
    "prescribed",
    "hired",
    "hire",
    "terminated",
    "retired",
    "married",
    "enrolled",
    "graduated",
];

/// What the name of a column says, and its comment where the name says nothing.
pub(super) fn said(table: &str, name: &str, comment: Option<&str>, kind: Kind) -> Said {
    let words = words::words(name);
    if kind == Kind::Moment {
        return moment(&words);
    }
    if let Some((category, sure, place)) = ending(&words) {
        return Said::Category(
            category,
            sure,
            format!("the name ends in \"{}\"", words.tail(place)),
        );
    }
    let class = Class::text();
    let column = recognize::Column {
        table,
        name,
        comment,
        class: &class,
    };
    let Some(found) = recognize::recognize(&column) else {
        return Said::Nothing;
    };
    let sure: f64 = match found.confidence {
        Confidence::High => 0.9,
        Confidence::Medium => 0.65,
        Confidence::Low => 0.3,
    };
    let category = match &found.recognition {
        Recognition::Generator { name, .. } => of_generator(name),
        _ => None,
    };
    match category {
        // A description is text, and names people now and then only.
        Some((category, most)) => Said::Category(category, sure.min(most), found.reason),
        None if found.confidence > Confidence::Low => Said::Nobody,
        None => Said::Nothing,
    }
}

fn moment(words: &Words) -> Said {
    let word = |at: usize| words.canonical(at).unwrap_or_default();
    let any = |known: &[&str]| (0..words.len()).find(|at| known.contains(&word(*at)));
    let found = if let Some(at) = any(&["birth", "born", "birthday"]) {
        Some((BirthDate, 0.95, at))
    } else if let Some(at) = any(&["death", "died", "deceased"]) {
        Some((DeathDate, 0.93, at))
    } else {
        any(EVENTS).map(|at| (EventDate, 0.85, at))
    };
    found.map_or(Said::Nothing, |(category, sure, at)| {
        let reason = format!("the name has the word \"{}\"", words.original(at));
        Said::Category(category, sure, reason)
    })
}

fn ending(words: &Words) -> Option<(Category, f64, usize)> {
    ENDINGS
        .iter()
        .filter_map(|(phrase, category, sure)| Some((*category, *sure, words.ends_in(phrase)?)))
        .min_by_key(|(_, _, place)| *place)
}

/// The category of what a generator makes, and how sure a name that asks for it can be at most.
pub(super) fn of_generator(name: &str) -> Option<(Category, f64)> {
    Some(match name {
        "first_name" | "first_name_female" | "first_name_male" => (FirstName, 0.9),
        "last_name" => (LastName, 0.9),
        "full_name" | "name" => (FullName, 0.9),
        "username" => (Username, 0.88),
        "email" | "free_email" | "safe_email" => (Email, 0.93),
        "phone" | "cell_number" => (Phone, 0.93),
        "street_address" | "street_name" | "full_address" | "address" => (StreetAddress, 0.9),
        "secondary_address" | "building_number" => (StreetAddress, 0.82),
        "city" => (City, 0.88),
        "state" | "state_abbr" => (Region, 0.8),
        "zip" | "postcode" => (Postcode, 0.9),
        "country_name" | "country_code" | "country_code_alpha3" => (Country, 0.85),
        "latitude" | "longitude" | "geo_point" => (Coordinates, 0.9),
        "ssn" => (Ssn, 0.93),
        "npi" => (Npi, 0.93),
        "mrn" => (Mrn, 0.95),
        "blood_type" | "icd10_code" | "diagnosis" | "allergen" | "drug_name" | "drug_dose" => {
            (Health, 0.88)
        }
        "clinical_note" => (FreeText, 0.9),
        "comment" | "review" | "paragraph" => (FreeText, 0.5),
        "sentence" | "ticket_subject" => (FreeText, 0.2),
        "job_title" => (JobTitle, 0.8),
        "iban" => (Iban, 0.93),
        "credit_card_number" => (CardNumber, 0.93),
        "credit_card_expiry" | "cvv" => (CardCode, 0.88),
        "url" => (Url, 0.6),
        "image_url" => (Photo, 0.4),
        "ipv4" | "ipv6" | "ip" => (IpAddress, 0.93),
        "mac_address" => (MacAddress, 0.93),
        "user_agent" => (UserAgent, 0.9),
        "password" => (Secret, 0.95),
        "vin" => (Vin, 0.93),
        "imei" => (Imei, 0.93),
        "licence_plate" => (LicensePlate, 0.93),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(table: &str, name: &str) -> Option<Category> {
        match said(table, name, None, Kind::Text) {
            Said::Category(category, sure, _) if sure >= 0.5 => Some(category),
            _ => None,
        }
    }

    #[test]
    fn names_of_several_languages_and_abbreviations() {
        for (name, expected) in [
            ("email", Email),
            ("billingEmail", Email),
            ("EMAIL_ADDR", Email),
            ("correo", Email),
            ("vorname", FirstName),
            ("nachname", LastName),
            ("apellidos", LastName),
            ("cognome", LastName),
            ("fornamn", FirstName),
            ("姓名", FullName),
            ("телефон", Phone),
            ("tel_nr", Phone),
            ("handynummer", Phone),
            ("fax_no", Fax),
            ("geburtsdatum", BirthDate),
            ("date_naissance", BirthDate),
            ("fecha_nacimiento", BirthDate),
            ("plz", Postcode),
            ("ssn", Ssn),
            ("passport_no", Passport),
            ("mrn", Mrn),
            ("policy_number", HealthPlan),
            ("driver_license_number", License),
            ("kontonummer", Account),
            ("cc_num", CardNumber),
            ("client_ip", IpAddress),
            ("pwd_hash", Secret),
            ("codice_fiscale", CodiceFiscale),
            ("anschrift", StreetAddress),
            ("religion", Religion),
        ] {
            assert_eq!(category("t", name), Some(expected), "{name}");
        }
        assert_eq!(category("customers", "name"), Some(FullName));
        for name in [
            "email_count",
            "order_status",
            "color",
            "sku",
            "quantity",
            "product_name",
            "is_active",
            "page",
            "language",
            "message_id",
            "image_width",
            "currency",
            "storage",
            "package",
        ] {
            assert_eq!(category("products", name), None, "{name}");
        }
    }

    #[test]
    fn dates() {
        for (name, expected) in [
            ("dob", Some(BirthDate)),
            ("deceased_on", Some(DeathDate)),
            ("admitted_at", Some(EventDate)),
            ("created_at", None),
            ("updated", None),
        ] {
            let found = match said("t", name, None, Kind::Moment) {
                Said::Category(category, ..) => Some(category),
                _ => None,
            };
            assert_eq!(found, expected, "{name}");
        }
    }
}
