//! Forms of values without check digits.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::category::Category;
use super::check::is_shaped;
use super::value::{Hit, sign, weak};

/// A mailbox, an @ and a name of at least two parts.
pub(super) fn is_email(text: &str) -> bool {
    let Some((mailbox, host)) = text.rsplit_once('@') else {
        return false;
    };
    let is_mailbox = !mailbox.is_empty()
        && mailbox.len() <= 64
        && mailbox
            .chars()
            .all(|c| c.is_alphanumeric() || "._%+-'".contains(c));
    let top = host.rsplit('.').next().unwrap_or_default();
    is_mailbox
        && host.contains('.')
        && top.chars().count() >= 2
        && !top
            .chars()
            .any(|c| c.is_ascii_digit() && !top.starts_with("xn--"))
        && host.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

/// A scheme of the web, or www.
pub(super) fn is_url(text: &str) -> bool {
    let known = ["http://", "https://", "ftp://", "www."];
    known.iter().any(|start| {
        text.get(..start.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(start))
    }) && !text.contains(' ')
        && text.contains('.')
}

/// Eight, four, four, four and twelve hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Six pairs of hexadecimal digits between colons or dashes, or three groups of four.
pub(super) fn is_mac(text: &str) -> bool {
    let groups = |mark, count, width| {
        let mut parts = 0;
        text.split(mark).all(|part| {
            parts += 1;
            part.len() == width && part.bytes().all(|b| b.is_ascii_hexdigit())
        }) && parts == count
    };
    match text.len() {
        17 => groups(':', 6, 2) || groups('-', 6, 2),
        14 => groups('.', 3, 4),
        _ => false,
    }
}

/// An address of version 4 or 6, with or without the bits of its net.
pub(super) fn is_ip(text: &str) -> bool {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.parse::<Ipv4Addr>().is_ok()
        || (address.len() > 3 && address.contains(':') && address.parse::<Ipv6Addr>().is_ok())
}

/// The year of a date, or of a timestamp that begins with one.
pub(super) fn date_year(text: &str) -> Option<u32> {
    let date = text
        .split_once(['T', ' '])
        .filter(|(_, time)| time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':'))
        .map_or(text, |(date, _)| date);
    let part = |range: std::ops::Range<usize>| date.get(range)?.parse::<u32>().ok();
    let (year, a, b) = if ["####-##-##", "####/##/##", "####.##.##"]
        .iter()
        .any(|shape| is_shaped(date, shape.as_bytes()))
    {
        (part(0..4)?, part(5..7)?, part(8..10)?)
    } else if ["##-##-####", "##/##/####", "##.##.####"]
        .iter()
        .any(|shape| is_shaped(date, shape.as_bytes()))
    {
        (part(6..10)?, part(0..2)?, part(3..5)?)
    } else {
        return None;
    };
    let fits = (1..=31).contains(&a) && (1..=31).contains(&b) && a.min(b) <= 12;
    fits.then_some(year)
}

/// A number with a decimal point and digits on both sides.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.')?;
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (digits(whole) && digits(fraction) && whole.len() <= 15).then(|| text.parse().ok())?
}

/// Latitude and longitude between a comma, with or without parentheses.
pub(super) fn is_coordinate_pair(text: &str) -> bool {
    let inner = text.trim_start_matches('(').trim_end_matches(')');
    inner.split_once([',', ' ']).is_some_and(|(a, b)| {
        decimal(a.trim()).is_some_and(|a| a.abs() <= 180.0)
            && decimal(b.trim()).is_some_and(|b| b.abs() <= 180.0)
    })
}

/// Hashes of passwords, tokens and keys that say what they are.
pub(super) fn is_secret(text: &str) -> bool {
    [
        "$2a$",
        "$2b$",
        "$2y$",
        "$argon2",
        "$pbkdf2",
        "$scrypt",
        "$6$",
        "$5$",
        "{SSHA",
        "eyJhbGci",
        "AKIA",
        "ghp_",
        "sk_live_",
        "SCRAM-SHA-256$",
        "-----BEGIN",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        && text.len() >= 20
}

/// Postal codes with marks or letters; digits alone say too little.
pub(super) fn postcode(text: &str, out: &mut impl FnMut(Hit)) {
    let compact = text.len() <= 10;
    if !compact || text.len() < 4 {
        return;
    }
    let is_gb = {
        let (outward, inward) = text.split_once(' ').unwrap_or(("", ""));
        let inward = inward.as_bytes();
        (2..=4).contains(&outward.len())
            && outward.starts_with(|c: char| c.is_ascii_uppercase())
            && outward.bytes().any(|b| b.is_ascii_digit())
            && outward.bytes().all(|b| b.is_ascii_alphanumeric())
            && inward.len() == 3
            && inward[0].is_ascii_digit()
            && inward[1..].iter().all(u8::is_ascii_uppercase)
    };
    let is_nl = text.len() == 7
        && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && text.as_bytes()[4] == b' '
        && text.as_bytes()[5..].iter().all(u8::is_ascii_uppercase);
    if is_gb || is_nl {
        out(sign(Category::Postcode, 0.01));
    } else if ["#####-####", "##-###", "#####-###", "###-####"]
        .iter()
        .any(|shape| is_shaped(text, shape.as_bytes()))
    {
        out(sign(Category::Postcode, 0.2));
    } else if matches!(text.len(), 4..=6) && text.bytes().all(|b| b.is_ascii_digit()) {
        out(sign(Category::Postcode, 0.85));
    }
}

/// Telephone numbers: with a sign of their own, or of a form of many things.
pub(super) fn phone(text: &str, count: usize, out: &mut impl FnMut(Hit)) {
    if !(7..=15).contains(&count)
        || !text
            .bytes()
            .all(|b| b.is_ascii_digit() || b" +-./()".contains(&b))
    {
        return;
    }
    let international = text.starts_with('+') || text.starts_with("00 ");
    let area = text.contains('(') && text.contains(')');
    let american = [
        "###-###-####",
        "###.###.####",
        "1-###-###-####",
        "### ### ####",
        // Spain and Poland.
        "### ### ###",
        "## ### ## ##",
    ]
    .iter()
    .any(|shape| is_shaped(text, shape.as_bytes()));
    let national = text.starts_with('0') && text.contains([' ', '/', '-']) && count >= 9;
    let marks = text.bytes().filter(|b| b" -./".contains(b)).count();
    if international || area {
        out(sign(Category::Phone, 0.005));
    } else if american || national {
        out(sign(Category::Phone, 0.05));
    } else if marks <= 5 {
        out(weak(Category::Phone));
    }
}

/// Codes of letters and digits; `compact` is in capitals, without spaces and marks.
pub(super) fn of_code(text: &str, compact: &[u8], out: &mut impl FnMut(Hit)) {
    let digits = compact.iter().filter(|b| b.is_ascii_digit()).count();
    if compact.starts_with(b"MRN") && digits >= 4 {
        out(sign(Category::Mrn, 0.001));
    }
    // ICD-10: a letter, two digits and what is finer after a point.
    let bytes = text.as_bytes();
    let is_icd = matches!(bytes.len(), 5..=8)
        && bytes[0].is_ascii_uppercase()
        && bytes[1].is_ascii_digit()
        && bytes[2].is_ascii_alphanumeric()
        && bytes[3] == b'.'
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric);
    if is_icd {
        out(sign(Category::Health, 0.01));
    }
    if (5..=12).contains(&compact.len()) && digits >= 2 {
        for category in [
            Category::Passport,
            Category::License,
            Category::LicensePlate,
            Category::Mrn,
            Category::HealthPlan,
        ] {
            if category != Category::Mrn || !compact.starts_with(b"MRN") {
                out(weak(category));
            }
        }
    }
}

/// Words that say it: sexes, blood types, marital status.
pub(super) fn of_word(text: &str, out: &mut impl FnMut(Hit)) {
    let lower = text.to_lowercase();
    let category = match lower.as_str() {
        "female" | "male" | "nonbinary" | "non-binary" | "weiblich" | "männlich" | "divers"
        | "diverse" | "femme" | "homme" | "mujer" | "hombre" | "vrouw" | "donna" | "uomo" => {
            (Category::Gender, 0.02)
        }
        "f" | "m" | "w" | "x" => (Category::Gender, 0.3),
        "a+" | "a-" | "b+" | "b-" | "ab+" | "ab-" | "o+" | "o-" => (Category::Health, 0.02),
        "married" | "divorced" | "widowed" | "separated" | "never married" | "verheiratet"
        | "ledig" | "geschieden" | "verwitwet" => (Category::MaritalStatus, 0.02),
        "christian" | "muslim" | "jewish" | "hindu" | "buddhist" | "catholic" | "protestant"
        | "atheist" | "sikh" | "orthodox" => (Category::Religion, 0.02),
        _ => return,
    };
    out(sign(category.0, category.1));
}
