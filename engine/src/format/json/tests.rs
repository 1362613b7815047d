use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::jsonb::Jsonb;
use super::*;

/// Any JSON without objects, through the same calls as described ones; what is null is absent.
fn write(value: &Json, out: &mut impl Out) {
    match value {
        Json::Bool(value) => out.boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => out.decimal(whole, 0),
            None => out.number(number.as_f64().unwrap()),
        },
        Json::String(text) => Text::of(text, is_plain(text.as_bytes())).write(out),
        // Both forms of arrays.
        Json::Array(values) if values.len() % 2 == 0 => out.array(
            values.len(),
            |place| !values[place].is_null(),
            |out, place| write(&values[place], out),
        ),
        Json::Array(values) => out.list(|out| {
            for value in values.iter().filter(|value| !value.is_null()) {
                out.item(|out| write(value, out));
            }
        }),
        Json::Null | Json::Object(_) => unreachable!("names are known when they are compiled"),
    }
}

fn arrays() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>()
            // The reader of text is off by a bit for some.
            .prop_filter("finite, and read as written", |f| {
                f.is_finite() && serde_json::from_str::<f64>(&format!("{f:e}")).ok() == Some(*f)
            })
            .prop_map(Json::from),
        (-1_000_000_i32..1_000_000).prop_map(|k| Json::from(f64::from(k) / 1000.0)),
        "[^\0]{0,12}".prop_map(Json::from),
    ];
    let tree = leaf.prop_recursive(5, 400, 70, |inner| {
        prop::collection::vec(inner, 0..70).prop_map(Json::from)
    });
    tree.prop_map(|inner| json!([inner]))
}

/// `jsonb` as Postgres reads it, written anew from its documentation: every value at the place that the
/// words before it give.
mod reader {
    use std::fmt::Write as _;

    use serde_json::{Map, Value};

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    pub fn container(bytes: &[u8], at: usize) -> Value {
        assert_eq!(at % 4, 0, "containers are aligned");
        let head = word(bytes, at);
        let count = (head & 0x0FFF_FFFF) as usize;
        let is_object = head >> 28 == 2;
        assert!(is_object || head >> 28 == 4, "{head:x}");
        let words = if is_object { 2 * count } else { count };
        let data = at + 4 + 4 * words;
        let mut ends = Vec::new();
        for index in 0..words {
            let entry = word(bytes, at + 4 + 4 * index);
            let length = (entry & 0x0FFF_FFFF) as usize;
            let is_end = entry >> 31 == 1;
            assert_eq!(is_end, index % 32 == 0, "every 32nd has an end");
            let before = ends.last().copied().unwrap_or(0);
            ends.push(if is_end { length } else { before + length });
        }
        let value = |index: usize| {
            let kind = word(bytes, at + 4 + 4 * index) >> 28 & 7;
            let start = data + if index == 0 { 0 } else { ends[index - 1] };
            let end = data + ends[index];
            let aligned = start.next_multiple_of(4);
            match kind {
                0 => Value::from(std::str::from_utf8(&bytes[start..end]).unwrap()),
                1 => numeric(&bytes[aligned..end]),
                2 => Value::from(false),
                3 => Value::from(true),
                5 => container(bytes, aligned),
                other => panic!("type {other}"),
            }
        };
        if !is_object {
            return (0..count).map(value).collect();
        }
        let names: Vec<String> = (0..count)
            .map(|index| value(index).as_str().unwrap().to_owned())
            .collect();
        let order = |name: &String| (name.len(), name.clone());
        assert!(names.is_sorted_by(|a, b| order(a) < order(b)), "{names:?}");
        let values = (0..count).map(|index| value(count + index));
        Value::Object(names.into_iter().zip(values).collect::<Map<_, _>>())
    }

    /// As a decimal with all its digits, so that scales are compared too.
    fn numeric(bytes: &[u8]) -> Value {
        let length = word(bytes, 0);
        let length = if cfg!(target_endian = "little") {
            length >> 2
        } else {
            length
        };
        assert_eq!(length as usize, bytes.len());
        let half = |at: usize| u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap());
        let head = half(4);
        let (negative, scale, weight, digits) = if head & 0x8000 != 0 {
            let weight = i32::from(head & 0x3F) - i32::from(head & 0x40);
            (head & 0x2000 != 0, (head >> 7 & 0x3F) as usize, weight, 6)
        } else {
            let weight = i32::from(half(6).cast_signed());
            (head & 0x4000 != 0, (head & 0x3FFF) as usize, weight, 8)
        };
        let digits: Vec<u16> = (digits..bytes.len()).step_by(2).map(half).collect();
        assert!(
            digits.first() != Some(&0) && digits.last() != Some(&0),
            "{digits:?}"
        );
        let digit = |place: i32| match usize::try_from(weight - place) {
            Ok(index) => digits.get(index).copied().unwrap_or(0),
            Err(_) => 0,
        };
        let places = i32::try_from(scale.div_ceil(4)).unwrap();
        let shown = |places: &mut dyn Iterator<Item = i32>| {
            places.fold(String::new(), |mut text, place| {
                write!(text, "{:04}", digit(place)).unwrap();
                text
            })
        };
        let whole = shown(&mut (0..=weight.max(0)).rev());
        let fraction = shown(&mut (1..=places).map(|place| -place));
        assert!(
            fraction[scale..].bytes().all(|byte| byte == b'0'),
            "more digits than the scale"
        );
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if scale > 0 { "." } else { "" };
        let sign = if negative { "-" } else { "" };
        Value::from(format!(
            "numeric {sign}{whole}{point}{}",
            &fraction[..scale]
        ))
    }
}

/// Numbers as decimals in full, as the reader gives them; what is absent left out.
fn in_full(value: &Json) -> Json {
    match value {
        Json::Number(number) => {
            let mut text = Vec::new();
            match number.as_i64() {
                Some(whole) => text.decimal(whole, 0),
                None => text.number(number.as_f64().unwrap()),
            }
            let text = String::from_utf8(text).unwrap();
            let (sign, text) = text
                .strip_prefix('-')
                .map_or(("", &*text), |rest| ("-", rest));
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let exponent: i64 = exponent.parse().unwrap();
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let digits = format!("{whole}{fraction}");
            let point = i64::try_from(whole.len()).unwrap() + exponent;
            let padded = match usize::try_from(point) {
                Ok(point) => format!("{digits:0<point$}"),
                Err(_) => format!("{}{digits}", "0".repeat(usize::try_from(-point).unwrap())),
            };
            let (whole, fraction) = padded.split_at(usize::try_from(point).unwrap_or(0));
            let whole = whole.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            let sign = if padded.bytes().all(|byte| byte == b'0') {
                ""
            } else {
                sign
            };
            let dot = if fraction.is_empty() { "" } else { "." };
            Json::from(format!("numeric {sign}{whole}{dot}{fraction}"))
        }
        Json::Array(values) => values
            .iter()
            .filter(|value| !value.is_null())
            .map(in_full)
            .collect(),
        Json::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), in_full(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> Json {
    let mut out = Vec::new();
    write(&mut out);
    serde_json::from_slice(&out).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&out));
    })
}

fn binary(write: impl FnOnce(&mut Jsonb)) -> Json {
    let mut out = Jsonb::default();
    write(&mut out);
    out.check().unwrap();
    assert_eq!(out.len(), 1);
    reader::container(out.document(0).unwrap(), 0)
}

proptest! {
    #[test]
    fn both_forms_say_the_same(value in arrays()) {
        let wanted = in_full(&value);
        prop_assert_eq!(in_full(&text(|out| write(&value, out))), wanted.clone());
        prop_assert_eq!(binary(|out| write(&value, out)), wanted);
    }

    #[test]
    fn ids_read_back(id: [u8; 16]) {
        let text = Hyphenated::of(id).0;
        let text = std::str::from_utf8(&text).unwrap();
        prop_assert_eq!(text, uuid::Uuid::from_bytes(id).hyphenated().to_string());
    }

    #[test]
    fn decimals_keep_their_places(units: i64, places in 0_u8..20) {
        let mut text = Vec::new();
        text.decimal(units, places);
        let wanted = format!("numeric {}", String::from_utf8(text).unwrap());
        let read = binary(|out| array!(out; Decimal(units, places)));
        prop_assert_eq!(&read[0], &Json::from(wanted));
    }
}

struct Decimal(i64, u8);

impl Value for Decimal {
    fn write(&self, out: &mut impl Out) {
        out.decimal(self.0, self.1);
    }
}

fn person(out: &mut impl Out, middle: Option<&'static str>) {
    object!(out;
        "resourceType": "Person",
        "id": 7,
        "name": [{ "use": "official", "given": ["Ann", ?middle] }, []],
        "weight": 71.5,
        "alive": true,
        "middle"?: middle,
        "to": { "a": Joined([Text::of("a\"b", false), Text::of("c", true)]), "": {} }
    );
}

#[test]
fn an_object_is_written_as_described() {
    for middle in [Some("Bea"), None] {
        let mut wanted = json!({
            "resourceType": "Person",
            "id": 7,
            "name": [{ "use": "official", "given": ["Ann"] }, []],
            "weight": 71.5,
            "alive": true,
            "to": { "a": "a\"b c", "": {} },
        });
        if let Some(middle) = middle {
            wanted["middle"] = middle.into();
            wanted["name"][0]["given"] = json!(["Ann", middle]);
        }
        assert_eq!(text(|out| person(out, middle)), wanted);
        assert_eq!(binary(|out| person(out, middle)), in_full(&wanted));
    }
}

#[test]
fn documents_stand_one_after_the_other() {
    let mut out = Jsonb::default();
    for middle in [None, Some("x"), None] {
        person(&mut out, middle);
    }
    assert_eq!(out.len(), 3);
    let (first, third) = (out.document(0).unwrap(), out.document(2).unwrap());
    assert_eq!(first, third);
    assert_ne!(Some(first), out.document(1));
    assert_eq!(out.document(3), None);
    out.clear();
    assert!(out.is_empty());
}

#[test]
fn what_jsonb_cannot_hold_is_refused() {
    let mut out = Jsonb::default();
    object!(&mut out; "a": Text::of("a\0b", false));
    assert!(matches!(out.check(), Err(crate::Error::Jsonb)));
    out.clear();
    assert!(out.check().is_ok());

    let long = "x".repeat(1 << 28);
    object!(&mut out; "a": Text::of(&long, true));
    assert!(matches!(out.check(), Err(crate::Error::Jsonb)));
}

#[test]
fn text_that_needs_escapes_is_known() {
    assert!(!is_plain(b"a\"b") && !is_plain(b"\x1f") && is_plain("é~ ".as_bytes()));
}
