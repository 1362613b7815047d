use proptest::prelude::*;

use super::*;
use crate::entropy::remix;
use crate::generator;
use crate::locale::NAMES;
use crate::schema::ColumnType;

fn found(table: &str, name: &str, values: impl IntoIterator<Item = String>) -> Option<Finding> {
    let mut sample = Sample::new(Kind::Text);
    for value in values {
        sample.add(Some(&value));
    }
    let target = Target::new(ColumnType::Text);
    let column = Column {
        table,
        name,
        comment: None,
        kind: Kind::Text,
        target: &target,
        unique: false,
        key: false,
    };
    classify(&column, &sample).into_iter().next()
}

fn made(generator: &str, arguments: &[(&str, &str)], count: u64) -> Vec<String> {
    let bound = generator::find(generator).unwrap().bind(arguments).unwrap();
    (0..count).map(|row| bound.value(remix(row))).collect()
}

/// Law: what a generator makes is detected as its category, from the values alone (the column is
/// called `c1`), in every locale, and surely enough to be acted on.
#[test]
fn generators_are_detected_from_values_alone() {
    use Category::*;
    let mut wrong = Vec::new();
    let mut check = |generator: &str, arguments: &[(&str, &str)], expected: &[Category]| {
        let finding = found("t", "c1", made(generator, arguments, 300));
        let right = finding
            .as_ref()
            .is_some_and(|f| expected.contains(&f.category) && f.confidence >= 0.8);
        if !right {
            let got = finding.map(|f| (f.category, f.confidence, f.evidence));
            wrong.push(format!("{generator} {arguments:?}: {got:?}"));
        }
    };
    for locale in NAMES {
        let arguments = &[("locale", *locale)];
        let national = match &locale[3..] {
            "BR" => Cpf,
            "CN" => ResidentId,
            "DE" => SteuerId,
            "ES" => Dni,
            "FR" => Nir,
            "GB" => Nino,
            "IT" => CodiceFiscale,
            "JP" => MyNumber,
            "NL" => Bsn,
            "PL" => Pesel,
            "SA" => SaudiId,
            _ => Ssn,
        };
        check("national_id", arguments, &[national]);
        check("first_name", arguments, &[FirstName]);
        check("last_name", arguments, &[LastName]);
        check("full_name", arguments, &[FullName]);
        check("city", arguments, &[City, Region]);
        check("street_address", arguments, &[StreetAddress]);
        check("phone", arguments, &[Phone]);
        check("email", arguments, &[Email]);
    }
    check("credit_card_number", &[], &[CardNumber]);
    check("iban", &[], &[Iban]);
    check("npi", &[], &[Npi]);
    check("vin", &[], &[Vin]);
    check("imei", &[], &[Imei]);
    check("ipv4", &[], &[IpAddress]);
    check("ipv6", &[], &[IpAddress]);
    check("mac_address", &[], &[MacAddress]);
    check("aba_routing_number", &[], &[Routing]);
    check("user_agent", &[], &[UserAgent]);
    check("ssn", &[], &[Ssn]);
    assert!(wrong.is_empty(), "not detected:\n{}", wrong.join("\n"));
}

/// Masks of identifiers give such with right check digits, which a form that checks them takes.
#[test]
fn masked_identifiers_keep_their_check_digits() {
    use arrow_array::cast::AsArray;
    let masked = |rule: &str, originals: &[String]| -> Vec<String> {
        let rule: Rule = format!("MASKED WITH {rule}").parse().unwrap();
        let target = Target::new(ColumnType::Text);
        let mask =
            crate::mask::build(&rule, &target, &crate::secret::Secret::new([3; 32])).unwrap();
        let input: arrow_array::ArrayRef =
            std::sync::Arc::new(arrow_array::StringArray::from_iter_values(originals));
        let output = mask.apply(&input, &[]).unwrap();
        output
            .as_string::<i32>()
            .iter()
            .map(|v| v.unwrap().to_owned())
            .collect()
    };
    let mut cases = vec![("iban", &[][..], "iban".to_owned())];
    let locales: Vec<[(&str, &str); 1]> =
        NAMES.iter().map(|locale| [("locale", *locale)]).collect();
    for locale in &locales {
        cases.push((
            "national_id",
            locale,
            format!("national_id('{}')", locale[0].1),
        ));
    }
    for (generator, arguments, rule) in cases {
        let originals = made(generator, arguments, 300);
        let before = found("t", "c1", originals.clone()).unwrap();
        let after = masked(&rule, &originals);
        assert!(
            originals.iter().zip(&after).all(|(a, b)| a != b),
            "{rule}: a value stays"
        );
        let finding = found("t", "c1", after).unwrap();
        assert_eq!(finding.category, before.category, "{rule}");
        let counts = |finding: &Finding| {
            (
                finding.evidence.sampled,
                finding.evidence.matched,
                finding.evidence.valid,
            )
        };
        assert_eq!(
            counts(&finding),
            counts(&before),
            "{rule}: check digits are wrong"
        );
        // British numbers have no check digit.
        assert!(
            finding.evidence.valid == Some(300) || rule.contains("en_GB"),
            "{rule}: {:?}",
            finding.evidence
        );
    }
}

/// A column whose name says nothing is told of, and one whose name agrees is sure, where values are
/// of a form of many things: bare Social Security numbers, postal codes, dates of birth.
#[test]
fn values_that_say_it_together() {
    use Category::*;
    let ssn: Vec<String> = made("ssn", &[], 300)
        .iter()
        .map(|ssn| ssn.replace('-', ""))
        // Those of the engine begin with 9: as they are issued.
        .enumerate()
        .map(|(row, ssn)| format!("{:03}{}", 1 + row * 2, &ssn[3..]))
        .filter(|ssn| &ssn[3..5] != "00" && !ssn.ends_with("0000") && !ssn.starts_with("666"))
        .collect();
    let births: Vec<String> = (0..300_i32)
        .map(|row| {
            let (year, month) = (1935 + row * 7 % 80, 1 + row % 12);
            format!("{year}-{month:02}-{:02}", 1 + row % 28)
        })
        .collect();
    let zips = made("postcode", &[], 300);
    let gb = made("postcode", &[("locale", "en_GB")], 300);
    for (values, category, name) in [
        (ssn.clone(), Ssn, "ssn"),
        (births, BirthDate, "dob"),
        (zips, Postcode, "plz"),
        (gb, Postcode, "postcode"),
    ] {
        let told = found("t", "c1", values.clone()).unwrap();
        assert_eq!(told.category, category, "{told:?}");
        assert!((0.3..0.8).contains(&told.confidence), "{told:?}");
        let named = found("t", name, values).unwrap();
        assert_eq!(named.category, category, "{named:?}");
        assert!(named.confidence > 0.9, "{named:?}");
    }
    // Numbers that are counted up, days of the last years, numbers of five digits.
    let counted = (0..300).map(|row| (123_450_000 + row).to_string());
    assert_eq!(found("t", "c1", counted), None);
    let days =
        (0..300).map(|row| format!("202{}-{:02}-{:02}", row % 6, 1 + row % 12, 1 + row % 28));
    assert_eq!(found("t", "c1", days), None);
    let numbers = (0..300).map(|row| (10_000 + row * 7).to_string());
    assert_eq!(found("t", "c1", numbers), None);
    // What the name says is somebody's else stays what it is.
    assert_ne!(found("products", "sku", ssn).map(|f| f.category), Some(Ssn));
}

/// Rules are proposed in the locale of the values.
#[test]
fn rules_are_of_the_locale_of_the_values() {
    let mut wrong = Vec::new();
    for locale in NAMES.iter().filter(|name| !name.starts_with("en_")) {
        for generator in ["first_name", "last_name", "full_name", "city", "phone"] {
            let values = made(generator, &[("locale", locale)], 300);
            if generator == "phone" && !values.iter().all(|v| v.starts_with('+')) {
                continue;
            }
            let rule = found("t", generator, values).and_then(|f| f.rule().map(Rule::to_string));
            let rule = rule.unwrap_or_default();
            if !rule.contains(locale) {
                wrong.push(format!("{locale} {generator}: {rule}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let american = found("t", "first_name", made("first_name", &[], 300)).unwrap();
    assert_eq!(
        american.rule().unwrap().to_string(),
        "MASKED WITH first_name"
    );
    let numbers = (0..50).map(|row| format!("+49 30 {:07}", row * 1_234));
    let phone = found("t", "phone", numbers).unwrap();
    assert_eq!(
        phone.rule().unwrap().to_string(),
        "MASKED WITH phone(locale => 'de_DE')"
    );
}

/// What is nobody's is not taken for people, whatever it is made of.
#[test]
fn what_is_nobodys_is_left_alone() {
    let mut wrong = Vec::new();
    for (generator, arguments) in [
        ("uuid", &[][..]),
        ("sha256", &[]),
        ("sku", &[]),
        ("ean13", &[]),
        ("isbn13", &[]),
        ("color", &[]),
        ("hex_color", &[]),
        ("product_name", &[]),
        ("product_category", &[]),
        ("material", &[]),
        ("order_status", &[]),
        ("currency_code", &[]),
        ("semver", &[]),
        ("word", &[]),
        ("sentence", &[]),
        ("paragraph", &[]),
        ("timestamp", &[]),
        ("department", &[]),
        ("industry", &[]),
        ("catchphrase", &[]),
        ("file_name", &[]),
        ("weekday", &[]),
        ("unix_time", &[]),
        ("order_number", &[]),
        ("tracking_number", &[]),
        ("price", &[]),
    ] {
        let Ok(known) = generator::find(generator) else {
            panic!("no generator {generator}");
        };
        let bound = known.bind(arguments).or_else(|_| known.standard()).unwrap();
        let values = (0..300).map(|row| bound.value(remix(row)));
        if let Some(finding) = found("t", "c1", values)
            && finding.confidence >= 0.5
            && finding.category.gdpr() != Gdpr::None
        {
            wrong.push(format!(
                "{generator}: {:?} {} {:?}",
                finding.category, finding.confidence, finding.evidence
            ));
        }
    }
    assert!(wrong.is_empty(), "taken for people:\n{}", wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Random numbers of any width, and random letters, are nobody's.
    #[test]
    fn random_values_are_nobodys(seed: u64, width in 1_u32..19, size in 1_u64..400) {
        let numbers: Vec<String> = (0..size)
            .map(|row| {
                let digits = format!("{:020}", remix(seed ^ row));
                digits[digits.len() - width as usize..].to_owned()
            })
            .collect();
        let letters: Vec<String> = (0..size)
            .map(|row| {
                let mut bits = remix(seed ^ row ^ 0x4d);
                (0..width)
                    .map(|_| {
                        let letter = char::from(b'a' + (bits % 26) as u8);
                        bits /= 26;
                        letter
                    })
                    .collect()
            })
            .collect();
        for values in [numbers, letters] {
            if let Some(finding) = found("t", "c1", values.clone()) {
                prop_assert!(
                    finding.confidence < 0.6 || size < 3,
                    "{:?} at {}: {:?}, such as {}",
                    finding.category, finding.confidence, finding.evidence, values[0]
                );
            }
        }
    }

    #[test]
    fn no_value_panics(text in "\\PC{0,60}", other in "[0-9A-Z .:/@+()-]{0,40}") {
        for kind in [Kind::Text, Kind::Json, Kind::Number, Kind::Moment] {
            let mut sample = Sample::new(kind);
            sample.add(Some(&text));
            sample.add(Some(&other));
            sample.add(None);
            prop_assert_eq!(sample.sampled(), 3);
        }
        let _ = found(&text, &other, [text.clone()]);
    }
}

#[test]
fn names_without_values_and_against_them() {
    let sure = |name: &str, values: Vec<String>| {
        found("t", name, values).map(|f| (f.category, f.confidence))
    };
    assert!(matches!(sure("email", vec![]), Some((Category::Email, c)) if c > 0.85));
    assert!(matches!(sure("passport_no", vec![]), Some((Category::Passport, c)) if c > 0.85));
    // A column that is called so and holds something else.
    let counts: Vec<String> = (0..200).map(|n| format!("item {n}")).collect();
    assert_eq!(sure("email", counts), None);
    // A name that says one thing, and values that are another.
    let mails = made("email", &[], 100);
    assert!(matches!(sure("name", mails), Some((Category::Email, c)) if c > 0.95));
    // Last names that are on no list.
    let foreign: Vec<String> = (0..100)
        .map(|n| format!("Xqz{}", "abcdefghij".split_at(n % 9).1))
        .collect();
    assert!(matches!(sure("surname", foreign), Some((Category::LastName, c)) if c >= 0.8));
}

#[test]
fn documents_are_classified_by_path() {
    let mut sample = Sample::new(Kind::Json);
    for row in 0..50 {
        let mail = made("email", &[], 60)[row].clone();
        sample.add(Some(&format!(
            r#"{{"contact": [{{"email": "{mail}", "note": "x{row}"}}], "total": {row}}}"#
        )));
    }
    let target = Target {
        type_name: "jsonb".to_owned(),
        column_type: None,
        ..Target::new(ColumnType::Text)
    };
    let column = Column {
        table: "t",
        name: "payload",
        comment: None,
        kind: Kind::Json,
        target: &target,
        unique: false,
        key: false,
    };
    let findings = classify(&column, &sample);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].path.as_deref(), Some("$.contact[*].email"));
    assert!(findings[0].confidence > 0.9);
}

#[test]
fn every_category_is_named_once() {
    let mut names: Vec<&str> = Category::ALL.iter().map(|c| c.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Category::ALL.len());
    assert_eq!(Category::Email.hipaa(), Some(Hipaa::Email));
    assert_eq!(
        Category::Religion.gdpr().name(),
        "special category (Art. 9)"
    );
}
