//! What a single value may be, told from its form, its check digits and lists of names.

use super::category::Category;
use super::{check, dictionary, form};

/// The longest value that is looked at as a whole; longer ones are text.
const LONGEST: usize = 200;

/// A value that may be of a category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    /// The category.
    pub category: Category,
    /// Whether its check digits are right; `None`: it has none. A shape that says too little by
    /// itself is a `Some(false)` too: it is no evidence, but no evidence against it either.
    pub checked: Option<bool>,
    /// Share of random values of this shape that would pass.
    pub chance: f64,
}

/// Says what a value may be. A category is named once at most with a right value.
pub(super) fn matches(value: &str, out: &mut impl FnMut(Hit)) {
    let text = value.trim();
    if text.is_empty() || text.len() > LONGEST {
        if text.len() <= 1_000 && text.starts_with("Mozilla/") {
            out(sign(Category::UserAgent, 0.001));
        }
        return;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if text.contains('@') {
        if form::is_email(text) {
            out(sign(Category::Email, 0.001));
        }
        return;
    }
    if form::is_url(text) {
        out(sign(Category::Url, 0.001));
        return;
    }
    if form::is_uuid(text) {
        return;
    }
    if form::is_mac(text) {
        out(sign(Category::MacAddress, 0.001));
        return;
    }
    if form::is_ip(text) {
        out(sign(Category::IpAddress, 0.002));
        return;
    }
    if let Some(year) = form::date_year(text) {
        if (1880..=2030).contains(&year) {
            out(sign(Category::BirthDate, 0.85));
        }
        return;
    }
    if form::is_secret(text) {
        out(sign(Category::Secret, 0.001));
        return;
    }
    if text.starts_with("Mozilla/") || text.starts_with("Opera/") {
        out(sign(Category::UserAgent, 0.001));
        return;
    }
    form::postcode(text, out);
    if letters == 0 {
        of_numbers(text, digits, out);
        return;
    }
    if digits > 0 {
        of_mixture(text, digits, out);
    } else {
        form::of_word(text, out);
    }
    dictionary::matches(text, digits, out);
}

/// A form that says it by itself.
pub(super) const fn sign(category: Category, chance: f64) -> Hit {
    Hit {
        category,
        checked: None,
        chance,
    }
}

/// A form of many things.
pub(super) const fn weak(category: Category) -> Hit {
    Hit {
        category,
        checked: Some(false),
        chance: 1.0,
    }
}

fn of_numbers(text: &str, count: usize, out: &mut impl FnMut(Hit)) {
    if let Some(degrees) = form::decimal(text) {
        if degrees.abs() <= 180.0 {
            out(sign(Category::Coordinates, 0.8));
        }
        return;
    }
    if form::is_coordinate_pair(text) {
        out(sign(Category::Coordinates, 0.02));
        return;
    }
    if count <= 3
        && let Ok(age) = text.parse::<u32>()
        && age <= 120
    {
        out(sign(Category::Age, 0.85));
    }
    if !(4..=19).contains(&count) {
        return;
    }
    form::phone(text, count, out);
    if text
        .bytes()
        .all(|b| b.is_ascii_digit() || b" -./".contains(&b))
    {
        let mut digits = [0_u8; 19];
        let mut length = 0;
        for digit in text.bytes().filter(u8::is_ascii_digit) {
            digits[length] = digit;
            length += 1;
        }
        check::of_digits(text, &digits[..length], out);
        if matches!(length, 6..=18) && length == text.len() {
            for category in [Category::Account, Category::Mrn, Category::HealthPlan] {
                out(weak(category));
            }
        }
    }
}

fn of_mixture(text: &str, count: usize, out: &mut impl FnMut(Hit)) {
    if text.len() > 60 || count < 1 {
        return;
    }
    let mut compact = [0_u8; 60];
    let mut length = 0;
    for byte in text.bytes() {
        match byte {
            b' ' | b'-' | b'.' | b'/' => {}
            _ if byte.is_ascii_alphanumeric() => {
                compact[length] = byte.to_ascii_uppercase();
                length += 1;
            }
            _ => return,
        }
    }
    let compact = &compact[..length];
    form::of_code(text, compact, out);
    if length >= 9 {
        check::of_letters(compact, out);
    }
}
