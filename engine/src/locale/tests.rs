//! Laws and customs of every locale.

use std::collections::HashSet;
use std::fmt::Write;

use unicode_normalization::is_nfc;

use super::*;
use crate::entropy::{Stream, remix};
use crate::generator::name::Sex;
use crate::generator::{self, Bound, GENERATORS, Generator};

fn locales() -> impl Iterator<Item = &'static Locale> {
    NAMES.iter().map(|name| find(name).unwrap())
}

fn bind(generator: &'static Generator, locale: &Locale) -> Bound {
    generator.bind(&[("locale", locale.name)]).unwrap()
}

/// The value of a generator for a row of its group.
fn value(name: &str, locale: &Locale, row: u64) -> String {
    let generator = generator::find(name).unwrap();
    let entropy = generator.draws(7).at(row);
    bind(generator, locale).value(entropy)
}

fn local() -> impl Iterator<Item = &'static Generator> {
    GENERATORS
        .iter()
        .filter(|g| g.entry.parameters.iter().any(|p| p.name == "locale"))
}

/// Whether a letter is of the locale's script; ASCII and punctuation are of every script.
fn of_script(locale: &Locale, letter: char) -> bool {
    if !letter.is_alphabetic() || letter.is_ascii() {
        return true;
    }
    match locale.name {
        "ar_SA" => ('\u{600}'..='\u{6FF}').contains(&letter),
        "ja_JP" => matches!(letter, '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '々'),
        "zh_CN" => ('\u{4E00}'..='\u{9FFF}').contains(&letter),
        _ => letter < '\u{250}',
    }
}

#[test]
fn twelve_locales() {
    assert_eq!(
        NAMES,
        [
            "ar_SA", "de_DE", "en_GB", "en_US", "es_ES", "fr_FR", "it_IT", "ja_JP", "nl_NL",
            "pl_PL", "pt_BR", "zh_CN"
        ]
    );
    let error = find("xx_XX").unwrap_err();
    assert_eq!(error.to_string(), "unknown locale \"xx_XX\"");
}

/// As many names, cities and streets as are promised, each once and in NFC.
#[test]
fn lists_are_whole() {
    for locale in locales() {
        let name = locale.name;
        for sex in [Sex::Female, Sex::Male] {
            let names: HashSet<&str> = locale
                .first_names
                .list()
                .iter()
                .filter(|n| n.sex == sex)
                .map(|n| n.name)
                .collect();
            assert!(names.len() >= 100, "{name}: {} {sex:?}", names.len());
            assert!(!locale.titles[sex.index()].is_empty(), "{name}");
        }
        let last: HashSet<&str> = locale.last_names.list().iter().map(|n| n.name[1]).collect();
        assert!(last.len() >= 200, "{name}: {} last names", last.len());
        let cities: HashSet<&str> = locale.cities.list().iter().map(|c| c.name).collect();
        assert!(cities.len() >= 30, "{name}: {} cities", cities.len());
        assert!(locale.is_us() || locale.streets.names.len() >= 60, "{name}");
        assert_eq!(locale.country_code, &name[3..]);
        assert_eq!(locale.currency.len(), 3, "{name}");
        for setting in LOCALES.iter().find(|l| l.name == name).unwrap().format {
            assert!(is_nfc(setting.value), "{name}: {}", setting.key);
        }
    }
}

/// Romanized names are what an e-mail address takes.
#[test]
fn romanized_names_are_ascii_letters() {
    for locale in locales() {
        let first = locale.first_names.list().iter().map(|n| n.romanized);
        let last = locale.last_names.list().iter().flat_map(|n| n.romanized);
        for name in first.chain(last) {
            assert!(
                (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic()),
                "{}: {name}",
                locale.name
            );
        }
    }
    let romanized = |locale: &str, name: &str| {
        let names = find(locale).unwrap().last_names.list();
        names.iter().find(|n| n.name[1] == name).unwrap().romanized
    };
    assert_eq!(romanized("de_DE", "Müller")[1], "mueller");
    assert_eq!(romanized("de_DE", "Weiß")[1], "weiss");
    assert_eq!(
        romanized("pl_PL", "Wiśniewski"),
        ["wisniewska", "wisniewski"]
    );
    assert_eq!(romanized("es_ES", "Muñoz")[1], "munoz");
    assert_eq!(romanized("ja_JP", "佐藤")[1], "sato");
    assert_eq!(romanized("zh_CN", "吕")[1], "lyu");
}

/// Every generator in every locale: something, in its script, in NFC, on one line.
#[test]
fn every_value_is_in_its_script() {
    for locale in locales() {
        for generator in local() {
            let bound = bind(generator, locale);
            let draws = generator.draws(3);
            for row in 0..400 {
                let value = bound.value(draws.at(row));
                let what = format!("{} in {}: {value:?}", generator.entry.name, locale.name);
                assert!(!value.trim().is_empty(), "{what}");
                assert_eq!(value.trim(), value, "{what}");
                assert!(is_nfc(&value), "{what}");
                assert!(value.chars().all(|c| of_script(locale, c)), "{what}");
                let lines = value.lines().count();
                assert!(
                    lines == 1 || generator.entry.name == "full_address",
                    "{what}"
                );
                assert!(!value.contains(['{', '}', '#']), "{what}");
            }
        }
    }
}

/// Columns of one row are of one person and one place.
#[test]
fn subjects_agree() {
    for locale in locales() {
        for row in 0..300 {
            let value = |name: &str| value(name, locale, row);
            let (first, last) = (value("first_name"), value("last_name"));
            let full = value("full_name");
            assert!(
                full.contains(&first) && full.contains(&last),
                "{full}: {first}, {last}"
            );
            let titled = value("name_with_title");
            assert!(
                titled.contains(&full) && titled.contains(&value("name_title")),
                "{titled}"
            );
            if locale.is_us() {
                let local = format!("{first}.{last}").to_lowercase();
                assert!(value("email").starts_with(&local));
            }

            let city = locale
                .cities
                .list()
                .iter()
                .find(|c| c.name == value("city") && c.region == value("state"))
                .unwrap();
            assert_eq!(city.region_code, value("state_abbr"));
            assert_eq!(value("postcode"), value("zip"));
            let address = value("full_address");
            for part in ["city", "postcode", "street_address"] {
                assert!(address.contains(&value(part)), "{address}: {}", value(part));
            }
            assert!(
                value("street_address").contains(&value("street_name")),
                "{address}"
            );
        }
    }
}

/// Boxes around the countries: south, north, west, east, in degrees.
#[test]
fn coordinates_are_in_the_country() {
    for (name, [south, north, west, east]) in [
        ("ar_SA", [16.0, 32.5, 34.5, 56.0]),
        ("de_DE", [47.2, 55.1, 5.8, 15.1]),
        ("en_GB", [49.8, 60.9, -8.7, 1.8]),
        ("en_US", [18.0, 71.5, -179.0, -66.0]),
        ("es_ES", [27.6, 43.8, -18.2, 4.4]),
        ("fr_FR", [41.3, 51.2, -5.2, 9.6]),
        ("it_IT", [35.4, 47.2, 6.6, 18.6]),
        ("ja_JP", [24.0, 45.6, 122.9, 146.0]),
        ("nl_NL", [50.7, 53.7, 3.3, 7.3]),
        ("pl_PL", [49.0, 54.9, 14.1, 24.2]),
        ("pt_BR", [-33.8, 5.3, -74.0, -34.7]),
        ("zh_CN", [18.1, 53.6, 73.5, 134.8]),
    ] {
        let locale = find(name).unwrap();
        for row in 0..2_000 {
            let entropy = remix(row);
            let city = locale.cities.pick(entropy);
            let (lat, lon) = (city.latitude(entropy), city.longitude(entropy));
            assert!(
                (south..north).contains(&lat) && (west..east).contains(&lon),
                "{name}: {} at {lat}, {lon}",
                city.name
            );
        }
    }
}

/// Polish women bear Kowalska, men Kowalski, in every column; Spaniards have two surnames.
#[test]
fn customs_of_names() {
    let poland = find("pl_PL").unwrap();
    let mut feminine = 0;
    for row in 0..2_000 {
        let (first, last) = (
            value("first_name", poland, row),
            value("last_name", poland, row),
        );
        // All Polish names of women end with a, none of the men's here does.
        if last.ends_with("ska") || last.ends_with("cka") {
            feminine += 1;
            assert!(first.ends_with('a'), "{first} {last}");
        }
        if last.ends_with("ski") || last.ends_with("cki") {
            assert!(!first.ends_with('a'), "{first} {last}");
        }
        assert_eq!(value("full_name", poland, row), format!("{first} {last}"));
    }
    assert!(feminine > 200, "{feminine}");

    let spain = find("es_ES").unwrap();
    assert!(value("last_name", spain, 1).contains(' '));
    let japan = find("ja_JP").unwrap();
    assert!(value("full_name", japan, 1).starts_with(&value("last_name", japan, 1)));
    let arabia = find("ar_SA").unwrap();
    let full = value("full_name", arabia, 1);
    assert!(full.contains(" بن ") || full.contains(" بنت "), "{full}");
}

/// Law 8 for telephone numbers: the beginnings that nobody has.
#[test]
fn telephone_numbers_are_nobodys() {
    for (name, phones, cells) in [
        ("ar_SA", &["015", "018", "019"][..], &["052"][..]),
        (
            "de_DE",
            &[
                "030 23125 ",
                "069 90009 ",
                "040 66969 ",
                "0221 4710 ",
                "089 99998 ",
            ],
            &[
                "0152 28817386",
                "0152 28895456",
                "0152 54599371",
                "0171 39200",
                "0172 99",
                "0174 9091317",
                "0174 9464308",
            ],
        ),
        (
            "en_GB",
            &[
                "020 7946 0",
                "011",
                "0121 496 0",
                "0131 496 0",
                "0141 496 0",
                "0151 496 0",
                "0161 496 0",
                "0191 498 0",
                "028 9649 6",
                "029 2018 0",
                "01632 960",
            ],
            &["07700 900"],
        ),
        ("es_ES", &["99"], &["76", "77"]),
        (
            "fr_FR",
            &[
                "01 99 00 ",
                "02 61 91 ",
                "03 53 01 ",
                "04 65 71 ",
                "05 36 49 ",
            ],
            &["06 39 98 "],
        ),
        ("it_IT", &["0128 ", "0129 "], &["300 ", "301 ", "302 "]),
        (
            "ja_JP",
            &["03-0", "06-0", "052-0", "011-0", "092-0"],
            &["090-0", "080-00"],
        ),
        ("nl_NL", &["0110-", "0119-"], &["06-9"]),
        ("pl_PL", &["92 ", "93 ", "96 ", "97 "], &["98", "99"]),
        (
            "pt_BR",
            &["(20) ", "(23) ", "(25) ", "(26) ", "(29) "],
            &["(20) ", "(23) ", "(25) ", "(26) ", "(29) "],
        ),
        (
            "zh_CN",
            &["010-0", "021-0", "020-0", "0755-0", "028-0"],
            &["154 "],
        ),
    ] {
        let locale = find(name).unwrap();
        for row in 0..2_000 {
            for (kind, allowed) in [("phone", phones), ("cell_number", cells)] {
                let number = value(kind, locale, row);
                assert!(
                    allowed.iter().any(|a| number.starts_with(a)),
                    "{name}: {number}"
                );
                let digits = number.bytes().filter(u8::is_ascii_digit).count();
                assert!((9..=12).contains(&digits), "{name}: {number}");
            }
        }
    }
}

/// What each locale writes for one entropy. A change here changes what seeds mean.
#[test]
fn golden() {
    let mut text = String::new();
    for locale in locales() {
        writeln!(text, "[{}]", locale.name).unwrap();
        for generator in local() {
            let stream = Stream::new(42, "golden", "locale");
            let bound = bind(generator, locale);
            let values: Vec<String> = (0..3)
                .map(|row| {
                    let value = bound.value(generator.entropy(stream.draw(row)));
                    value.replace('\n', "\\n")
                })
                .collect();
            writeln!(text, "{}: {}", generator.entry.name, values.join(" | ")).unwrap();
        }
    }
    if text != include_str!("golden.txt") {
        let target = std::env::temp_dir().join("locale_golden.txt");
        std::fs::write(&target, &text).unwrap();
        panic!(
            "values differ from golden.txt; they are in {}",
            target.display()
        );
    }
}
