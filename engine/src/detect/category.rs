//! What a column may hold of people, with the classes of two laws.

/// An identifier of the Safe Harbor list, 45 CFR 164.514(b)(2)(i)(A) to (R).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hipaa {
    /// (A) Names.
    Names,
    /// (B) Geographic subdivisions smaller than a state.
    Places,
    /// (C) Elements of dates, except the year, and ages over 89.
    Dates,
    /// (D) Telephone numbers.
    Telephone,
    /// (E) Fax numbers.
    Fax,
    /// (F) Electronic mail addresses.
    Email,
    /// (G) Social security numbers.
    SocialSecurity,
    /// (H) Medical record numbers.
    MedicalRecord,
    /// (I) Health plan beneficiary numbers.
    HealthPlan,
    /// (J) Account numbers.
    Account,
    /// (K) Certificate and license numbers.
    License,
    /// (L) Vehicle identifiers and serial numbers, license plates.
    Vehicle,
    /// (M) Device identifiers and serial numbers.
    Device,
    /// (N) Web addresses.
    Url,
    /// (O) Internet Protocol addresses.
    Ip,
    /// (P) Biometric identifiers.
    Biometric,
    /// (Q) Full-face photographs and the like.
    Photo,
    /// (R) Any other unique identifying number, characteristic or code.
    Other,
}

impl Hipaa {
    /// Letter and name, as in `(A) names`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Names => "(A) names",
            Self::Places => "(B) geographic subdivisions",
            Self::Dates => "(C) dates and ages",
            Self::Telephone => "(D) telephone numbers",
            Self::Fax => "(E) fax numbers",
            Self::Email => "(F) e-mail addresses",
            Self::SocialSecurity => "(G) social security numbers",
            Self::MedicalRecord => "(H) medical record numbers",
            Self::HealthPlan => "(I) health plan beneficiary numbers",
            Self::Account => "(J) account numbers",
            Self::License => "(K) certificate and license numbers",
            Self::Vehicle => "(L) vehicle identifiers",
            Self::Device => "(M) device identifiers",
            Self::Url => "(N) web addresses",
            Self::Ip => "(O) IP addresses",
            Self::Biometric => "(P) biometric identifiers",
            Self::Photo => "(Q) photographs",
            Self::Other => "(R) other unique identifiers",
        }
    }
}

/// What the General Data Protection Regulation calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gdpr {
    /// Identifies a person by itself (Art. 4(1)).
    Personal,
    /// A special category (Art. 9(1)): health, origin, belief, biometrics and the like.
    Special,
    /// Identifies a person together with others.
    Quasi,
    /// Neither.
    None,
}

impl Gdpr {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal data",
            Self::Special => "special category (Art. 9)",
            Self::Quasi => "quasi-identifier",
            Self::None => "none",
        }
    }
}

/// Declares the categories: variant, name, classes, what it is.
macro_rules! categories {
    ($($variant:ident, $name:literal, $hipaa:expr, $gdpr:ident, $about:literal;)*) => {
        /// What a column holds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Category {
            $(#[doc = $about] $variant,)*
        }

        impl Category {
            /// Every category.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Lower-case name, as in `first_name`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Identifier of the Safe Harbor list, if it is one.
            pub const fn hipaa(self) -> Option<Hipaa> {
                match self { $(Self::$variant => $hipaa,)* }
            }

            /// Class under the GDPR.
            pub const fn gdpr(self) -> Gdpr {
                match self { $(Self::$variant => Gdpr::$gdpr,)* }
            }
        }
    };
}

categories! {
    FirstName, "first_name", Some(Hipaa::Names), Personal, "First or given name.";
    LastName, "last_name", Some(Hipaa::Names), Personal, "Last or family name.";
    FullName, "full_name", Some(Hipaa::Names), Personal, "First and last name together.";
    Username, "username", Some(Hipaa::Other), Personal, "Name of an account.";
    Email, "email", Some(Hipaa::Email), Personal, "E-mail address.";
    Phone, "phone", Some(Hipaa::Telephone), Personal, "Telephone number.";
    Fax, "fax", Some(Hipaa::Fax), Personal, "Fax number.";
    StreetAddress, "street_address", Some(Hipaa::Places), Personal, "Street with or without a number.";
    City, "city", Some(Hipaa::Places), Quasi, "City or place.";
    Postcode, "postcode", Some(Hipaa::Places), Quasi, "Postal code.";
    Coordinates, "coordinates", Some(Hipaa::Places), Personal, "Latitude, longitude or both.";
    Region, "region", None, Quasi, "State or province.";
    Country, "country", None, Quasi, "Country.";
    BirthDate, "birth_date", Some(Hipaa::Dates), Personal, "Date of birth.";
    DeathDate, "death_date", Some(Hipaa::Dates), Quasi, "Date of death.";
    EventDate, "event_date", Some(Hipaa::Dates), Quasi, "Date of something that happened to a person.";
    Age, "age", Some(Hipaa::Dates), Quasi, "Age in years.";
    Gender, "gender", None, Quasi, "Sex or gender.";
    MaritalStatus, "marital_status", None, Quasi, "Marital status.";
    Nationality, "nationality", None, Quasi, "Nationality.";
    JobTitle, "job_title", None, Quasi, "Profession or position.";
    Income, "income", None, Quasi, "Salary or income.";
    Ethnicity, "ethnicity", None, Special, "Race or ethnic origin.";
    Religion, "religion", None, Special, "Religion or belief.";
    Politics, "political_opinion", None, Special, "Political opinion.";
    Union, "union_membership", None, Special, "Trade union membership.";
    Orientation, "sexual_orientation", None, Special, "Sex life or sexual orientation.";
    Genetic, "genetic_data", Some(Hipaa::Biometric), Special, "Genetic data.";
    Biometric, "biometric", Some(Hipaa::Biometric), Special, "Fingerprint, voice print, iris.";
    Health, "health", None, Special, "Diagnosis, medication, blood type and the like.";
    Photo, "photo", Some(Hipaa::Photo), Personal, "Picture of a person.";
    Ssn, "us_ssn", Some(Hipaa::SocialSecurity), Personal, "US Social Security number.";
    Nino, "gb_nino", Some(Hipaa::Other), Personal, "National Insurance number.";
    Nhs, "gb_nhs_number", Some(Hipaa::MedicalRecord), Personal, "NHS number.";
    SteuerId, "de_tax_id", Some(Hipaa::Other), Personal, "German tax identification number.";
    Nir, "fr_nir", Some(Hipaa::Other), Personal, "French social security number.";
    Dni, "es_dni", Some(Hipaa::Other), Personal, "Spanish DNI or NIE.";
    CodiceFiscale, "it_codice_fiscale", Some(Hipaa::Other), Personal, "Italian tax code.";
    Cpf, "br_cpf", Some(Hipaa::Other), Personal, "Brazilian CPF.";
    Bsn, "nl_bsn", Some(Hipaa::Other), Personal, "Dutch citizen service number.";
    Pesel, "pl_pesel", Some(Hipaa::Other), Personal, "Polish PESEL.";
    MyNumber, "jp_my_number", Some(Hipaa::Other), Personal, "Japanese individual number.";
    ResidentId, "cn_resident_id", Some(Hipaa::Other), Personal, "Chinese resident identity number.";
    SaudiId, "sa_national_id", Some(Hipaa::Other), Personal, "Saudi national or residence number.";
    NationalId, "national_id", Some(Hipaa::Other), Personal, "Identity number of a country not known.";
    TaxNumber, "tax_number", Some(Hipaa::Other), Quasi, "Tax number, of a company as a rule: VAT number, CNPJ, EIN.";
    Mrn, "medical_record_number", Some(Hipaa::MedicalRecord), Personal, "Medical record number.";
    HealthPlan, "health_plan_number", Some(Hipaa::HealthPlan), Personal, "Number of an insured person.";
    Npi, "us_npi", Some(Hipaa::License), Personal, "National Provider Identifier.";
    Passport, "passport", Some(Hipaa::License), Personal, "Passport or identity card number.";
    License, "license", Some(Hipaa::License), Personal, "Driving or professional licence.";
    EmployeeNumber, "person_number", Some(Hipaa::Other), Personal, "Number of an employee, student, member or customer.";
    CardNumber, "card_number", Some(Hipaa::Account), Personal, "Payment card number.";
    CardCode, "card_security_code", Some(Hipaa::Account), Personal, "Security code or expiry of a payment card.";
    Iban, "iban", Some(Hipaa::Account), Personal, "International bank account number.";
    Account, "account_number", Some(Hipaa::Account), Personal, "Number of an account.";
    Routing, "us_routing_number", None, None, "ABA routing number of a bank.";
    Vin, "vin", Some(Hipaa::Vehicle), Personal, "Vehicle identification number.";
    LicensePlate, "licence_plate", Some(Hipaa::Vehicle), Personal, "Licence plate.";
    Imei, "imei", Some(Hipaa::Device), Personal, "Identity of a mobile device.";
    Device, "device_id", Some(Hipaa::Device), Personal, "Identity or serial number of a device.";
    MacAddress, "mac_address", Some(Hipaa::Device), Personal, "Hardware address.";
    IpAddress, "ip_address", Some(Hipaa::Ip), Personal, "Internet Protocol address.";
    Url, "url", Some(Hipaa::Url), Quasi, "Web address.";
    UserAgent, "user_agent", None, Quasi, "Browser and system.";
    Secret, "secret", Some(Hipaa::Other), Personal, "Password, its hash, token or key.";
    FreeText, "free_text", Some(Hipaa::Other), Personal, "Text in which people may be named.";
}

impl Category {
    /// Whether it is an identity number of a country.
    pub const fn is_national_id(self) -> bool {
        matches!(
            self,
            Self::Ssn
                | Self::Nino
                | Self::Nhs
                | Self::SteuerId
                | Self::Nir
                | Self::Dni
                | Self::CodiceFiscale
                | Self::Cpf
                | Self::Bsn
                | Self::Pesel
                | Self::MyNumber
                | Self::ResidentId
                | Self::SaudiId
                | Self::NationalId
        )
    }
}
