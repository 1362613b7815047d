use super::*;
use std::collections::{HashMap, HashSet};

const CUSTOMERS: u64 = 600;

fn bytes(customers: Range<u64>) -> (Vec<u8>, usize) {
    let reports = ExecutionReports::new(&TableOptions::default()).unwrap();
    let mut out = Vec::new();
    let count = customers
        .map(|customer| reports.write(customer, &mut out))
        .sum();
    (out, count)
}

/// Messages as bytes, found by their `CheckSum` field.
fn messages(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|w| w == b"\x0110=").unwrap() + 8;
        found.push(&bytes[..end]);
        bytes = &bytes[end..];
    }
    found
}

/// Tag and value, in order.
fn fields(message: &[u8]) -> Vec<(u16, &str)> {
    let text = std::str::from_utf8(message).unwrap();
    let fields = text.strip_suffix('\x01').unwrap().split('\x01');
    fields
        .map(|field| {
            let (tag, value) = field.split_once('=').unwrap();
            (tag.parse().unwrap(), value)
        })
        .collect()
}

#[test]
fn length_and_checksum_are_right() {
    let (out, count) = bytes(0..CUSTOMERS);
    let messages = messages(&out);
    assert_eq!(messages.len(), count);
    assert!(count > 1_500);
    for message in messages {
        let fields = fields(message);
        assert_eq!(fields[0], (8, "FIX.4.4"));
        assert_eq!(
            [fields[1].0, fields[2].0, fields[fields.len() - 1].0],
            [9, 35, 10]
        );
        let head = format!("8=FIX.4.4\x019={}\x01", fields[1].1).len();
        let body = &message[head..message.len() - 7];
        assert_eq!(body.len().to_string(), fields[1].1);
        let sum: u32 = message[..message.len() - 7]
            .iter()
            .map(|&b| u32::from(b))
            .sum();
        assert_eq!(format!("{:03}", sum % 256), fields[fields.len() - 1].1);
    }
}

/// A message of the FIX 4.4 specification's kind, summed by hand: 8=FIX.4.4|9=5|35=0|10=163|.
#[test]
fn a_heartbeat_has_its_checksum() {
    let mut out = Vec::new();
    frame(b"35=0\x01", &mut out);
    assert_eq!(out, b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01");
}

/// What the specification asks of an execution report, and quantities that agree from report to report.
#[test]
fn reports_tell_the_life_of_each_order() {
    let (out, _) = bytes(0..CUSTOMERS);
    let mut sequences: HashMap<String, u64> = HashMap::new();
    let mut executions = HashSet::new();
    let mut orders: HashMap<String, (u64, f64, String)> = HashMap::new();
    let mut sent: HashMap<String, String> = HashMap::new();
    for message in messages(&out) {
        let fields = fields(message);
        let map: HashMap<u16, &str> = fields.iter().copied().collect();
        assert_eq!(map.len(), fields.len(), "no tag twice");
        for required in [
            35, 49, 56, 34, 52, 37, 17, 150, 39, 55, 54, 38, 40, 151, 14, 6, 60,
        ] {
            assert!(map.contains_key(&required), "{required}");
        }
        let sequence = sequences.entry(map[&56].to_owned()).or_default();
        *sequence += 1;
        assert_eq!(map[&34], sequence.to_string());
        let before = sent.insert(map[&56].to_owned(), map[&52].to_owned());
        assert!(
            before.is_none_or(|before| *before <= *map[&52]),
            "time runs forward"
        );
        assert!(executions.insert(map[&17].to_owned()), "{} twice", map[&17]);

        let whole = |tag: u16| map[&tag].parse::<u64>().unwrap();
        let (ordered, leaves, executed) = (whole(38), whole(151), whole(14));
        let average: f64 = map[&6].parse().unwrap();
        let last = orders.get(map[&37]).cloned();
        let (mut sum, mut gross, status) = last.unwrap_or_default();
        match map[&150] {
            "0" | "8" => assert!(status.is_empty(), "first report of {}", map[&37]),
            _ => assert!(
                status == "0" || status == "1",
                "{status} before {}",
                map[&150]
            ),
        }
        if map[&150] == "F" {
            let price: f64 = map[&31].parse().unwrap();
            sum += whole(32);
            gross += whole(32) as f64 * price;
            assert!(map.contains_key(&64) && map.contains_key(&75));
        }
        assert_eq!(executed, sum);
        let expected = if sum == 0 { 0.0 } else { gross / sum as f64 };
        assert!((average - expected).abs() < 0.000_051);
        match map[&39] {
            "0" => assert!(executed == 0 && leaves == ordered),
            "1" => assert!(executed > 0 && executed < ordered && leaves == ordered - executed),
            "2" => assert!(executed == ordered && leaves == 0),
            "4" | "C" => assert!(executed < ordered && leaves == 0),
            "8" => assert!(executed == 0 && leaves == 0 && map.contains_key(&103)),
            other => panic!("OrdStatus {other}"),
        }
        assert_eq!(map.contains_key(&44), map[&40] == "2");
        assert_eq!(map.contains_key(&99), map[&40] == "3");
        orders.insert(map[&37].to_owned(), (sum, gross, map[&39].to_owned()));
    }
    for status in ["2", "4", "8", "C"] {
        assert!(orders.values().any(|order| order.2 == status), "{status}");
    }
    let closed = |order: &(u64, f64, String)| ["2", "4", "8", "C"].contains(&order.2.as_str());
    assert!(orders.values().all(closed), "every order comes to an end");
}

/// Law 2: ranges of customers can be written by themselves.
#[test]
fn ranges_join() {
    let (whole, _) = bytes(1_000..1_100);
    let joined = [bytes(1_000..1_040).0, bytes(1_040..1_100).0].concat();
    assert_eq!(whole, joined);
}

#[test]
fn averages_are_rounded() {
    let fill = |quantity, price| Fill {
        quantity,
        price,
        executed_at: 0,
    };
    assert_eq!(average(&[]), 0);
    assert_eq!(average(&[fill(1, 1_000), fill(2, 1_001)]), 100_067);
}
