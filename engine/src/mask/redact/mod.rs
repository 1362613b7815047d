//! `redact`: finds what identifies somebody in free text and replaces it by tags or pseudonyms.
//!
//! E-mail addresses, IBANs, card numbers, telephone numbers, identifiers and IP addresses are found
//! by their form and check digits; names by dictionaries of the locale and of `en_US`, titles and what
//! stands next to them, in scripts without capitals too (`caseless`). It finds what it knows: a name that is in no dictionary, without a title or
//! a first name before it, stays.

mod caseless;
mod find;
mod words;

use arrow_array::ArrayRef;

use super::arguments::Arguments;
use super::map::{cut, map_text};
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::generator::{self, Bound, LOCALE};
use crate::locale;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::{Alphabet, DomainKey, FormatPreserving, Secret};
use find::{Finder, KINDS, Kind};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "style",
        parameter_type: ParameterType::Text,
        default: Some("'tag'"),
        summary: "What stands for a find: 'tag' ([NAME], [EMAIL], ...) or 'pseudonym' (another of its kind, the same for the same).",
    },
    Parameter {
        name: "kinds",
        parameter_type: ParameterType::Text,
        default: Some("'email,iban,card,phone,id,ip,name'"),
        summary: "What is looked for, separated by commas, out of email, iban, card, phone, id, ip and name.",
    },
    LOCALE,
];

struct Redact {
    finder: Finder,
    pseudonyms: Option<Pseudonyms>,
    max_chars: Option<usize>,
}

/// What makes another of a kind.
struct Pseudonyms {
    key: DomainKey,
    generators: Vec<(Kind, Bound)>,
    first_name: Bound,
    digits: FormatPreserving,
    /// For identifiers that are made of letters too.
    letters: FormatPreserving,
}

pub(super) fn build(
    arguments: &Arguments<'_>,
    target: &Target,
    column_type: ColumnType,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    debug_assert_eq!(column_type, ColumnType::Text);
    let words = arguments.text("kinds", 1..=100)?;
    let kinds = words
        .split(',')
        .map(|word| {
            KINDS
                .iter()
                .find(|(_, name, _)| *name == word.trim())
                .map(|(kind, ..)| *kind)
                .ok_or_else(|| {
                    arguments.error("kinds must be some of email, iban, card, phone, id, ip and name, separated by commas")
                })
        })
        .collect::<Result<Vec<Kind>>>()?;
    let locale = arguments.locale()?;
    let pseudonyms = if arguments.choice("style", &[("tag", false), ("pseudonym", true)])? {
        let bind = |name: &str, local: bool| {
            let given = if local {
                vec![("locale", locale.name)]
            } else {
                vec![]
            };
            generator::find(name)?.bind(&given)
        };
        Some(Pseudonyms {
            key: secret.key("redact"),
            generators: vec![
                (Kind::Email, bind("email", true)?),
                (Kind::Iban, bind("iban", false)?),
                (Kind::Card, bind("credit_card_number", false)?),
                (Kind::Ip, bind("ipv4", false)?),
                (Kind::Phone, bind("phone", true)?),
                (Kind::Name, bind("full_name", true)?),
            ],
            first_name: bind("first_name", true)?,
            digits: secret.format_preserving("redact", Alphabet::Digits),
            letters: secret.format_preserving("redact", Alphabet::Alphanumeric),
        })
    } else {
        None
    };
    let finder = Finder::new(kinds, &[locale, locale::find("en_US")?]);
    Ok(Box::new(Redact {
        finder,
        pseudonyms,
        max_chars: target.max_chars,
    }))
}

impl Redact {
    fn write(&self, kind: Kind, original: &str, out: &mut String) {
        let Some(pseudonyms) = &self.pseudonyms else {
            let tag = KINDS.iter().find(|(k, ..)| *k == kind);
            out.push_str(tag.map_or("[ID]", |(.., tag)| tag));
            return;
        };
        let key = match kind {
            Kind::Email | Kind::Name => original.to_lowercase(),
            _ => original
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect(),
        };
        let entropy = pseudonyms.key.words(key.as_bytes())[0];
        if kind == Kind::Id {
            let mut bytes = original.as_bytes().to_vec();
            // Up to four letters are a prefix, as in MRN; more are of a name, as in a codice fiscale.
            let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic());
            if letters.count() > 4 {
                pseudonyms.letters.encrypt(&mut bytes);
            } else {
                pseudonyms.digits.encrypt(&mut bytes);
            }
            out.push_str(std::str::from_utf8(&bytes).unwrap_or_default());
            return;
        }
        let one_word = kind == Kind::Name && !original.contains(' ');
        let generator = pseudonyms
            .generators
            .iter()
            .find(|(k, _)| *k == kind && !one_word)
            .map_or(&pseudonyms.first_name, |(_, generator)| generator);
        // A String accepts every write.
        let _ = generator.write(entropy, out);
    }
}

impl Mask for Redact {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let mut buffer = String::new();
        map_text(values, 64, |original, out| {
            buffer.clear();
            let mut from = 0;
            for (range, kind) in self.finder.find(original) {
                buffer.push_str(&original[from..range.start]);
                self.write(kind, &original[range.clone()], &mut buffer);
                from = range.end;
            }
            buffer.push_str(&original[from..]);
            std::fmt::Write::write_str(out, cut(&buffer, self.max_chars))
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "redact" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;
    use arrow_array::cast::AsArray;

    use super::*;
    use crate::mask::{Rule, build};

    fn redacted(rule: &str, text: &str) -> String {
        let rule: Rule = rule.parse().unwrap();
        let mask = build(&rule, &Target::new(ColumnType::Text), &Secret::new([1; 32])).unwrap();
        let input: ArrayRef = Arc::new(StringArray::from(vec![text]));
        mask.apply(&input, &[])
            .unwrap()
            .as_string::<i32>()
            .value(0)
            .to_owned()
    }

    #[test]
    fn finds_are_tagged_and_the_rest_stays() {
        for (text, expected) in [
            (
                "Call Mary Johnson at (212) 555-0187 or mary.j@corp.test.",
                "Call [NAME] at [PHONE] or [EMAIL].",
            ),
            (
                "Dr. Xylander saw the patient on 2024-01-02.",
                "Dr. [NAME] saw the patient on 2024-01-02.",
            ),
            ("born 03-04-1987, 030 901820", "born 03-04-1987, [PHONE]"),
            (
                "card 4111 1111 1111 1111, exp 08/30",
                "card [CARD], exp 08/30",
            ),
            (
                "IBAN DE89 3704 0044 0532 0130 00 please",
                "IBAN [IBAN] please",
            ),
            ("SSN 123-45-6789; MRN34732693", "SSN [ID]; [ID]"),
            ("from 192.0.2.7 to 300.1.1.1", "from [IP] to 300.1.1.1"),
            (
                "Will the white house wait until May?",
                "Will the white house wait until May?",
            ),
            ("Barbara O'Neill-Smith's visit", "[NAME] visit"),
            (
                "Reach me under +49 30 901820 tomorrow",
                "Reach me under [PHONE] tomorrow",
            ),
            (
                "Totals: 12.50 and 1,234 in 2024",
                "Totals: 12.50 and 1,234 in 2024",
            ),
            ("", ""),
            ("çok güzel 日本", "çok güzel 日本"),
        ] {
            assert_eq!(redacted("MASKED WITH redact", text), expected, "{text}");
        }
        assert_eq!(
            redacted("MASKED WITH redact(kinds => 'email')", "Mary a@b.test"),
            "Mary [EMAIL]"
        );
        assert_eq!(
            redacted(
                "MASKED WITH redact(locale => 'de_DE')",
                "Herr Müller und Sabine Krüger"
            ),
            "Herr [NAME] und [NAME]"
        );
    }

    /// Time in proportion to what is found: with the square of it, this takes minutes.
    #[test]
    fn a_long_text_full_of_finds() {
        const TIMES: usize = 50_000;
        for locale in ["en_US", "zh_CN", "ar_SA"] {
            let text = "Mary Jones, a@b.test, 192.0.2.7, 123-45-6789; ".repeat(TIMES);
            let rule = format!("MASKED WITH redact(locale => '{locale}')");
            assert_eq!(
                redacted(&rule, &text),
                "[NAME], [EMAIL], [IP], [ID]; ".repeat(TIMES),
                "{locale}"
            );
        }
        // Names that stand where a stretch of the text ends.
        let text = format!("{}王小明先生。", "。".repeat(21_844)).repeat(20);
        assert_eq!(
            redacted("MASKED WITH redact(locale => 'zh_CN')", &text),
            format!("{}[NAME]先生。", "。".repeat(21_844)).repeat(20)
        );
    }

    /// Names as each locale writes them, in a sentence: none survives, of either name.
    #[test]
    fn names_of_every_locale_are_found() {
        for name in locale::NAMES {
            let locale = locale::find(name).unwrap();
            let generator = generator::find("full_name")
                .unwrap()
                .bind(&[("locale", locale.name)])
                .unwrap();
            let rule = format!("MASKED WITH redact(locale => '{}')", locale.name);
            let (before, after) = match locale.name {
                "ja_JP" => ("患者の", "は来院した。"),
                "zh_CN" => ("患者", "今天来院。"),
                "ar_SA" => ("حضر ", "، ثم"),
                _ => ("(", ") 2024"),
            };
            let mut left = Vec::new();
            for entropy in 0..500_u64 {
                let mut name = String::new();
                generator
                    .write(entropy.wrapping_mul(0x9E37_79B9_7F4A_7C15), &mut name)
                    .unwrap();
                let text = redacted(&rule, &format!("{before}{name}{after}"));
                if text != format!("{before}[NAME]{after}") {
                    left.push((name, text));
                }
            }
            assert!(
                left.is_empty(),
                "{}: {} of 500, {left:?}",
                locale.name,
                left.len()
            );
        }
    }

    #[test]
    fn identifiers_of_other_countries_are_found() {
        for text in [
            "RSSMRA85T10A562S",
            "1HGCM82633A004352",
            "12.345.678/0001-95",
            "1 84 12 76 451 089 46",
            "2 91 01 2A 451 089",
        ] {
            let sentence = format!("no. {text}, in 2024");
            assert_eq!(
                redacted("MASKED WITH redact", &sentence),
                "no. [ID], in 2024"
            );
            let other = redacted("MASKED WITH redact('pseudonym')", &sentence);
            let same = other.chars().zip(sentence.chars()).filter(|(a, b)| a == b);
            assert!(same.count() < sentence.len() - 4, "{sentence}: {other}");
        }
        assert_eq!(
            redacted("MASKED WITH redact", "INTERNATIONALIZED STUFF"),
            "INTERNATIONALIZED STUFF"
        );
    }

    #[test]
    fn pseudonyms_are_the_same_for_the_same() {
        let rule = "MASKED WITH redact('pseudonym')";
        let text = redacted(
            rule,
            "Mary Johnson met Paul; Mary Johnson paid with 4111111111111111",
        );
        assert!(
            !text.contains("Johnson")
                && !text.contains("Paul")
                && !text.contains("4111111111111111")
        );
        let name = text.split(" met").next().unwrap();
        assert_eq!(text.matches(name).count(), 2, "{text}");
    }
}
