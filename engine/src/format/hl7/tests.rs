use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::table;

fn options() -> TableOptions {
    TableOptions {
        seed: 42,
        ..TableOptions::default()
    }
}

/// Segments that a message may have, in order: name, least, most. A group in brackets repeats as a whole.
struct Structure {
    name: &'static str,
    head: &'static [(&'static str, usize, usize)],
    group: &'static [(&'static str, usize, usize)],
}

const MANY: usize = usize::MAX;

/// From chapters 3, 4 and 7 of the standard, as far as the segments are used.
const STRUCTURES: [Structure; 4] = [
    Structure {
        name: "ADT_A01",
        head: &[
            ("MSH", 1, 1),
            ("EVN", 1, 1),
            ("PID", 1, 1),
            ("PD1", 0, 1),
            ("PV1", 1, 1),
            ("AL1", 0, MANY),
            ("DG1", 1, MANY),
        ],
        group: &[],
    },
    Structure {
        name: "ADT_A03",
        head: &[
            ("MSH", 1, 1),
            ("EVN", 1, 1),
            ("PID", 1, 1),
            ("PD1", 0, 1),
            ("PV1", 1, 1),
            ("AL1", 0, MANY),
            ("DG1", 1, MANY),
        ],
        group: &[],
    },
    Structure {
        name: "ORU_R01",
        head: &[("MSH", 1, 1), ("PID", 1, 1), ("PV1", 1, 1)],
        group: &[("OBR", 1, 1), ("OBX", 1, MANY)],
    },
    Structure {
        name: "ORM_O01",
        head: &[
            ("MSH", 1, 1),
            ("PID", 1, 1),
            ("PV1", 1, 1),
            ("AL1", 0, MANY),
        ],
        // OBR or RXO: one of them, which is checked apart.
        group: &[("ORC", 1, 1), ("OBR", 0, 1), ("RXO", 0, 1), ("DG1", 0, 1)],
    },
];

/// Takes as many segments as a list allows, from a position on; gives the position after them.
fn take(
    list: &[(&str, usize, usize)],
    names: &[&str],
    mut at: usize,
) -> std::result::Result<usize, String> {
    for &(name, least, most) in list {
        let found = names[at..]
            .iter()
            .take_while(|found| **found == name)
            .count();
        if found < least || found > most {
            return Err(format!("{found} {name} at {at} of {names:?}"));
        }
        at += found;
    }
    Ok(at)
}

fn check_structure(structure: &Structure, names: &[&str]) -> std::result::Result<(), String> {
    let mut at = take(structure.head, names, 0)?;
    if structure.group.is_empty() {
        return if at == names.len() {
            Ok(())
        } else {
            Err(format!("{} where it cannot stand", names[at]))
        };
    }
    loop {
        let end = take(structure.group, names, at)?;
        let details = names[at..end]
            .iter()
            .filter(|name| matches!(**name, "OBR" | "RXO"))
            .count();
        if details != 1 {
            return Err(format!("{details} details of an order in {names:?}"));
        }
        at = end;
        if at == names.len() {
            return Ok(());
        }
    }
}

/// The messages about some patients, as lists of segments of lists of fields.
fn messages(patients: Range<u64>) -> Vec<Vec<Vec<String>>> {
    let writer = Messages::new(&options()).unwrap();
    let mut out = Vec::new();
    let mut count = 0;
    for patient in patients {
        count += writer.write(patient, &mut out).unwrap();
    }
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("\r\n"));
    let found: Vec<Vec<Vec<String>>> = text
        .split_terminator('\n')
        .map(|message| {
            assert!(message.ends_with('\r'), "{message:?}");
            message
                .split_terminator('\r')
                .map(|segment| segment.split('|').map(str::to_owned).collect())
                .collect()
        })
        .collect();
    assert_eq!(found.len(), count);
    found
}

/// A field by its number in the standard: MSH-1 is the delimiter itself.
fn field(segment: &[String], number: usize) -> &str {
    let place = if segment[0] == "MSH" {
        number - 1
    } else {
        number
    };
    segment.get(place).map_or("", String::as_str)
}

fn segment<'a>(message: &'a [Vec<String>], name: &str) -> &'a [String] {
    message.iter().find(|segment| segment[0] == name).unwrap()
}

#[test]
fn segments_stand_where_the_structure_has_them() {
    let mut types = BTreeSet::new();
    let mut controls = BTreeSet::new();
    for message in messages(0..120) {
        let msh = &message[0];
        assert_eq!(msh[..2], ["MSH", "^~\\&"]);
        let kind: Vec<&str> = field(msh, 9).split('^').collect();
        let expected = match kind[..2] {
            ["ADT", "A01" | "A08"] => "ADT_A01",
            ["ADT", "A03"] => "ADT_A03",
            ["ORU", "R01"] => "ORU_R01",
            ["ORM", "O01"] => "ORM_O01",
            _ => panic!("message type {kind:?}"),
        };
        assert_eq!(kind[2], expected);
        let structure = STRUCTURES.iter().find(|s| s.name == expected).unwrap();
        let names: Vec<&str> = message.iter().map(|segment| &*segment[0]).collect();
        check_structure(structure, &names).unwrap();
        types.insert(kind.join("^"));
        let control = field(msh, 10);
        assert!(control.len() <= 20, "MSH-10 {control}");
        assert!(controls.insert(control.to_owned()), "twice: {control}");
        assert_eq!((field(msh, 11), field(msh, 12)), ("T", "2.5.1"));
        let mut sets: BTreeMap<&str, usize> = BTreeMap::new();
        for segment in &message {
            if segment[0] == "OBR" && expected == "ORU_R01" {
                sets.remove("OBX");
            }
            if matches!(&*segment[0], "AL1" | "OBX") {
                let place = sets.entry(&*segment[0]).or_default();
                *place += 1;
                assert_eq!(field(segment, 1), place.to_string());
            }
        }
    }
    assert_eq!(types.len(), 5, "{types:?}");
}

/// The check above finds what is wrong.
#[test]
fn wrong_structures_are_found() {
    let of = |name: &str| STRUCTURES.iter().find(|s| s.name == name).unwrap();
    for (name, segments) in [
        ("ADT_A01", &["MSH", "PID", "EVN", "PV1", "DG1"][..]),
        ("ADT_A01", &["MSH", "EVN", "PID", "PV1", "DG1", "OBX"]),
        ("ORU_R01", &["MSH", "PID", "PV1", "OBX"]),
        ("ORU_R01", &["MSH", "PID", "PV1", "OBR", "OBX", "DG1"]),
        ("ORM_O01", &["MSH", "PID", "PV1", "ORC"]),
        ("ORM_O01", &["MSH", "PID", "PV1", "ORC", "OBR", "RXO"]),
    ] {
        assert!(check_structure(of(name), segments).is_err(), "{segments:?}");
    }
}

/// How many stays of a patient have not ended.
fn still_there(patient: u64) -> usize {
    let rows = table("encounters", &options()).unwrap();
    let rows = rows.batch(patient..patient + 1).unwrap();
    rows.column_by_name("discharged_at").unwrap().null_count()
}

/// Who is still in hospital was admitted, and not discharged.
#[test]
fn who_is_still_there_was_not_discharged() {
    let patient = (0..20_000).find(|&patient| still_there(patient) > 0);
    let found = messages(patient.unwrap()..patient.unwrap() + 1);
    let last = found.iter().rfind(|message| {
        let of_a_stay = |m: &&Vec<Vec<String>>| field(segment(m, "PV1"), 2) == "I";
        of_a_stay(message)
    });
    let visit = field(segment(last.unwrap(), "PV1"), 19);
    let kinds: Vec<&str> = found
        .iter()
        .filter(|message| field(segment(message, "PV1"), 19) == visit)
        .map(|message| field(&message[0], 9))
        .collect();
    assert_eq!(kinds[0], "ADT^A01^ADT_A01");
    assert!(!kinds.contains(&"ADT^A03^ADT_A03"), "{kinds:?}");
}

/// Messages say what the rows say.
#[test]
fn messages_have_the_rows_of_the_patient() {
    for patient in 0..15 {
        let found = messages(patient..patient + 1);
        let rows = |name: &str| {
            table(name, &options())
                .unwrap()
                .batch(patient..patient + 1)
                .unwrap()
                .num_rows()
        };
        let of = |kind: &str| {
            found
                .iter()
                .filter(|message| field(&message[0], 9).starts_with(kind))
                .count()
        };
        let there = still_there(patient);
        assert_eq!(of("ADT^A03") + of("ADT^A08") + there, rows("encounters"));
        assert_eq!(of("ADT^A01"), of("ADT^A03") + there);
        let segments = |name: &str| {
            found
                .iter()
                .flatten()
                .filter(|segment| segment[0] == name)
                .count()
        };
        assert_eq!(segments("OBX"), rows("observations"));
        assert_eq!(segments("RXO"), rows("medications"));
    }
}

/// Results have the number of the order that asked for them, and come after it.
#[test]
fn results_follow_orders() {
    let mut ordered = BTreeSet::new();
    let mut results = 0;
    for message in messages(0..60) {
        let kind = field(&message[0], 9);
        for segment in message.iter().filter(|segment| segment[0] == "OBR") {
            let number = field(segment, 2).to_owned();
            if kind.starts_with("ORM") {
                assert!(ordered.insert(number), "ordered twice");
            } else if field(segment, 24) == "LAB" {
                assert!(ordered.contains(&number), "{number} was not ordered");
                results += 1;
            }
        }
    }
    assert_eq!(results, ordered.len());
    assert!(results > 0);
}

/// Time runs forward within the messages of an encounter, and nothing is told before it happened.
#[test]
fn messages_come_in_the_order_of_time() {
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for message in messages(0..60) {
        let at = field(&message[0], 7).to_owned();
        assert_eq!(at.len(), "20200213081500+0000".len());
        let visit = field(segment(&message, "PV1"), 19).to_owned();
        for obx in message.iter().filter(|segment| segment[0] == "OBX") {
            assert!(field(obx, 14) <= &*at, "{obx:?} in a message of {at}");
        }
        if let Some(before) = last.insert(visit, at.clone()) {
            assert!(before <= at, "{before} before {at}");
        }
    }
}

#[test]
fn delimiters_in_text_are_escaped() {
    let mut out = Vec::new();
    segment::Segment::new("NTE", &mut out).parts(3, &[(1, "a|b^c&d~e\\f\r\ng"), (3, "x")]);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "NTE|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X0D\\\\X0A\\g^^x\r"
    );
}
