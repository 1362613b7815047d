use super::*;
use crate::generator;

fn text() -> Class {
    Class::text()
}

fn find(table: &str, name: &str, class: &Class) -> Option<Recognized> {
    recognize(&Column {
        table,
        name,
        comment: None,
        class,
    })
}

fn generator_for(table: &str, name: &str) -> Option<&'static str> {
    match find(table, name, &text())?.recognition {
        Recognition::Generator { name, .. } => Some(name),
        _ => None,
    }
}

#[test]
fn names_say_what_a_column_holds() {
    for (name, expected) in [
        ("email", "email"),
        ("billing_email", "email"),
        ("e_mail", "email"),
        ("emailAddress", "email"),
        ("firstName", "first_name"),
        ("vorname", "first_name"),
        ("prenom", "first_name"),
        ("apellido", "last_name"),
        ("surname", "last_name"),
        ("nachname", "last_name"),
        ("customer_name", "full_name"),
        ("contact_name", "full_name"),
        ("company_name", "company"),
        ("product_name", "product_name"),
        ("phone_number", "phone"),
        ("telefon", "phone"),
        ("mobile", "cell_number"),
        ("address_line_1", "street_address"),
        ("address2", "street_address"),
        ("shipping_city", "city"),
        ("stadt", "city"),
        ("plz", "zip"),
        ("postal_code", "zip"),
        ("country", "country_name"),
        ("country_code", "country_code"),
        ("iban", "iban"),
        ("swift_code", "bic"),
        ("credit_card_number", "credit_card_number"),
        ("currency", "currency_code"),
        ("username", "username"),
        ("password", "password"),
        ("password_hash", "sha256"),
        ("website", "url"),
        ("ip_address", "ipv4"),
        ("mac", "mac_address"),
        ("userAgent", "user_agent"),
        ("isbn", "isbn13"),
        ("sku", "sku"),
        ("time_zone", "timezone"),
        ("licence_plate", "licence_plate"),
        ("job_title", "job_title"),
        ("description", "sentence"),
        ("notes", "paragraph"),
        ("clinical_notes", "clinical_note"),
        ("file_name", "file_name"),
        ("national_id", "national_id"),
        ("nationalIdNumber", "national_id"),
        ("vat_number", "vat_number"),
        ("customer_vat_id", "vat_number"),
        ("full_address", "full_address"),
    ] {
        assert_eq!(generator_for("things", name), Some(expected), "{name}");
    }
}

#[test]
fn other_endings_mean_other_things() {
    for name in ["email_verified_by_whom", "xyz", "", "foo_bar", "_", "123"] {
        assert_eq!(generator_for("things", name), None, "{name}");
    }
    let integer = Class::integer();
    for name in ["city_id", "id", "email", "name"] {
        assert_eq!(find("things", name, &integer), None, "{name}");
    }
}

#[test]
fn the_table_tells_whose_name_it_is() {
    for (table, expected) in [
        ("users", "full_name"),
        ("people", "full_name"),
        ("tbl_customer", "full_name"),
        ("companies", "company"),
        ("products", "product_name"),
        ("countries", "country_name"),
        ("cities", "city"),
        ("departments", "department"),
        ("currencies", "currency_name"),
        ("thingummies", "word"),
    ] {
        assert_eq!(generator_for(table, "name"), Some(expected), "{table}");
    }
    assert_eq!(generator_for("countries", "code"), Some("country_code"));
    assert_eq!(generator_for("employees", "title"), Some("job_title"));
    assert_eq!(generator_for("orders", "status"), Some("order_status"));
}

#[test]
fn room_decides_between_name_and_code() {
    for (name, room, expected) in [
        ("state", 2, "state_abbr"),
        ("country", 2, "country_code"),
        ("country", 3, "country_code_alpha3"),
        ("language", 2, "language_code"),
        ("state", 40, "state"),
    ] {
        let class = Class::Text {
            max_chars: Some(room),
            fixed: true,
        };
        let found = find("things", name, &class).unwrap().recognition;
        assert!(
            matches!(found, Recognition::Generator { name, .. } if name == expected),
            "{name}({room}): {found:?}"
        );
    }
    let class = Class::Text {
        max_chars: Some(1),
        fixed: true,
    };
    assert_eq!(
        find("people", "gender", &class).unwrap().recognition,
        Recognition::Words { words: &["F", "M"] }
    );
}

#[test]
fn numbers_dates_and_truth_values_have_ranges() {
    let integer = Class::integer();
    let range = |name| match find("things", name, &integer).unwrap().recognition {
        Recognition::Number { low, high, .. } => (low, high),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(range("age"), (0.0, 100.0));
    assert_eq!(range("rating"), (1.0, 5.0));
    assert_eq!(range("release_year"), (1950.0, 2026.0));
    assert_eq!(range("lat"), (-90.0, 90.0));
    assert_eq!(range("tax_rate"), (0.0, 0.3));
    for (name, role) in [
        ("created_at", TimeRole::Created),
        ("updated_at", TimeRole::Updated),
        ("date_of_birth", TimeRole::Birth),
        ("dob", TimeRole::Birth),
        ("geburtsdatum", TimeRole::Birth),
        ("hire_date", TimeRole::Hired),
        ("expires_at", TimeRole::Expires),
        ("due_date", TimeRole::Due),
        ("start_date", TimeRole::Start),
        ("valid_to", TimeRole::End),
        ("deleted_at", TimeRole::Deleted),
        ("payment_date", TimeRole::Event),
    ] {
        let found = find("things", name, &Class::TimestampTz)
            .unwrap()
            .recognition;
        assert_eq!(found, Recognition::Time { role }, "{name}");
    }
    let share = |name| match find("things", name, &Class::Boolean).unwrap().recognition {
        Recognition::Boolean { probability } => probability,
        other => panic!("{name}: {other:?}"),
    };
    assert!(share("is_active") > 0.5);
    assert!(share("is_deleted") < 0.5);
}

#[test]
fn columns_of_one_subject_share_a_group() {
    let group = |name| match find("orders", name, &text()).unwrap().recognition {
        Recognition::Generator { group, .. } => group,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(group("first_name"), group("email"));
    assert_eq!(group("billing_city"), group("billing_zip"));
    assert_ne!(group("billing_city"), group("shipping_city"));
    assert_eq!(group("phone"), None);
}

#[test]
fn the_reason_quotes_the_name_and_comments_help() {
    let found = find("things", "billing_email", &text()).unwrap();
    assert_eq!(found.reason, "the name ends in \"email\"");
    assert_eq!(found.confidence, Confidence::High);
    let class = text();
    let column = Column {
        table: "t",
        name: "c17",
        comment: Some("The customer's IBAN, if known"),
        class: &class,
    };
    let found = recognize(&column).unwrap();
    assert!(matches!(
        found.recognition,
        Recognition::Generator { name: "iban", .. }
    ));
    assert_eq!(found.confidence, Confidence::Low);
}

#[test]
fn phrases_are_written_once() {
    for (at, rule) in TEXTS.iter().enumerate() {
        let again = TEXTS[at + 1..]
            .iter()
            .any(|other| other.phrase == rule.phrase);
        assert!(!again, "{} has two rules", rule.phrase);
    }
    for (at, rule) in NUMBERS.iter().enumerate() {
        let again = NUMBERS[at + 1..]
            .iter()
            .any(|other| other.phrase == rule.phrase);
        assert!(!again, "{} has two rules", rule.phrase);
        assert!(rule.low < rule.high, "{}", rule.phrase);
    }
}

#[test]
fn every_generator_named_here_exists() {
    let mut missing: Vec<&str> = TEXTS
        .iter()
        .map(|rule| rule.generator)
        .chain(NAMED.iter().map(|rule| rule.generator))
        .chain(["country_code_alpha3", "mac_address"])
        .filter(|name| !name.is_empty() && generator::find(name).is_err())
        .collect();
    missing.sort_unstable();
    missing.dedup();
    assert!(missing.is_empty(), "no generators: {missing:?}");
}
