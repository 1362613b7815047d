//! Names in scripts without capitals: Chinese, Japanese and Arabic.
//!
//! Nothing shows there that a word is a name but the dictionaries of the locale, titles, and what
//! stands beside it. Chinese and Japanese are written without blanks: a surname with a given name or
//! a title after it is a name, and so is a surname or given name of several characters that is not
//! part of a longer word. Arabic words are compared without vowel signs and in one spelling of alef,
//! yeh and teh marbuta; connecting words (`بن`, `بنت`, `عبد`) belong to the name.

use std::collections::HashSet;
use std::ops::Range;

use crate::interrupt;
use crate::locale::Locale;

/// Long texts are looked at in stretches of about so many bytes, which end where no name can go on:
/// what is known of each character would take several times the text's memory.
const STRETCH: usize = 1 << 16;

/// Locales whose names have no capitals.
const HAN: [&str; 2] = ["ja_JP", "zh_CN"];
const ARABIC: &str = "ar_SA";

/// Titles behind a Chinese or Japanese name; the first so many stand behind nothing but names.
const HAN_TITLES: [&str; 22] = [
    "先生",
    "女士",
    "小姐",
    "太太",
    "夫人",
    "さん",
    "様",
    "さま",
    "氏",
    "くん",
    "ちゃん",
    "博士",
    "教授",
    "医生",
    "医师",
    "大夫",
    "护士",
    "老师",
    "同志",
    "经理",
    "主任",
    "君",
];
const OF_NAMES_ONLY: usize = 11;

/// The longest given name that is taken for one though it is not known.
const UNKNOWN_GIVEN: usize = 2;

/// Characters behind a name of two characters in a sentence: function words and the time.
const HAN_FOLLOWING: &str =
    "的是在来去说和与跟同因被已于从对给到有没不也都就还再又将要会能可应今昨明前后入出住年男女";

/// Characters behind a surname that is a part of a place's name.
const HAN_PLACES: &str = "県市町村区郡駅州省島川山路街線港湾湖道県庁院校";

/// Words in front of an Arabic name.
const ARABIC_TITLES: [&str; 17] = [
    "السيد",
    "السيدة",
    "الانسة",
    "الدكتور",
    "الدكتورة",
    "دكتور",
    "دكتورة",
    "المهندس",
    "المهندسة",
    "الاستاذ",
    "الاستاذة",
    "المريض",
    "المريضة",
    "الشيخ",
    "الاخ",
    "الاخت",
    "د",
];

/// Words inside of one.
const ARABIC_CONNECTING: [&str; 10] = [
    "بن",
    "بنت",
    "ابن",
    "ابو",
    "ابي",
    "ام",
    "ال",
    "عبد",
    "الابن",
    "الاب",
];

/// Names that are common words too: alone they are taken for the word.
const ARABIC_WORDS: [&str; 34] = [
    "امل",
    "هدي",
    "وعد",
    "بيان",
    "ندي",
    "وفاء",
    "امين",
    "حكيم",
    "حافظ",
    "عطار",
    "نجار",
    "فقيه",
    "رضا",
    "سعيد",
    "صالح",
    "كريم",
    "جميل",
    "جميلة",
    "القاضي",
    "الخطيب",
    "الطويل",
    "المبارك",
    "السالم",
    "غاده",
    "مني",
    "دعاء",
    "سحر",
    "بشري",
    "انتصار",
    "بسمه",
    "شروق",
    "جود",
    "ملاك",
    "مدني",
];

/// Names of the locales that have no capitals.
#[derive(Default)]
pub struct Caseless {
    surnames: HashSet<&'static str>,
    given: HashSet<&'static str>,
    arabic: HashSet<String>,
    /// The longest surname and given name, in characters.
    longest: usize,
}

impl Caseless {
    /// Of these locales; none if all have capitals.
    pub fn new(locales: &[&'static Locale]) -> Option<Self> {
        let mut names = Self::default();
        for locale in locales {
            let first = locale.first_names.list().iter().map(|known| known.name);
            let last = locale.last_names.list().iter().flat_map(|known| known.name);
            if HAN.contains(&locale.name) {
                names.given.extend(first);
                names.surnames.extend(last);
            } else if locale.name == ARABIC {
                let words = first.chain(last).flat_map(str::split_whitespace);
                names.arabic.extend(words.map(plain));
            }
        }
        let all = names.surnames.iter().chain(&names.given);
        names.longest = all.map(|name| name.chars().count()).max().unwrap_or(0);
        (names.longest > 0 || !names.arabic.is_empty()).then_some(names)
    }

    /// Where names stand, in order.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        type Find = fn(&Caseless, &str) -> Vec<Range<usize>>;
        let (find, separates): (Find, fn(char) -> bool) = if self.longest > 0 {
            (Self::han, |c| {
                c.is_ascii() && c != ' ' || matches!(c, '。' | '、' | '，')
            })
        } else {
            (Self::arabic, |c| {
                !is_arabic_letter(c) && c != ' ' && c != '.'
            })
        };
        let mut found = Vec::new();
        let mut start = 0;
        for (place, c) in text.char_indices() {
            let end = place + c.len_utf8();
            if end == text.len() || end - start >= STRETCH && separates(c) {
                let names = find(self, &text[start..end]).into_iter();
                found.extend(names.map(|name| start + name.start..start + name.end));
                start = end;
            }
        }
        found
    }

    fn han(&self, text: &str) -> Vec<Range<usize>> {
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let end = |at: usize| chars.get(at).map_or(text.len(), |(place, _)| *place);
        let mut found = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            interrupt::check();
            match self.han_name(text, &chars, at) {
                Some(length) => {
                    found.push(end(at)..end(at + length));
                    at += length;
                }
                None => at += 1,
            }
        }
        found
    }

    /// How many characters a name takes that begins here; the longest reading.
    fn han_name(&self, text: &str, chars: &[(usize, char)], at: usize) -> Option<usize> {
        if !is_letter(chars[at].1) {
            return None;
        }
        let place = |at: usize| chars.get(at).map_or(text.len(), |(place, _)| *place);
        let slice = |from: usize, length: usize| text.get(place(from)..place(from + length));
        let letter = |at: usize| chars.get(at).is_some_and(|(_, c)| is_han(*c));
        let lengths = |set: &HashSet<&'static str>, from: usize| -> Vec<usize> {
            (1..=self.longest.min(chars.len() - from))
                .rev()
                .filter(|length| slice(from, *length).is_some_and(|name| set.contains(name)))
                .collect()
        };
        let followed = |at: usize, titles: &[&str]| {
            let at = if chars.get(at).is_some_and(|(_, c)| is_blank(*c)) {
                at + 1
            } else {
                at
            };
            titles
                .iter()
                .any(|title| text[place(at)..].starts_with(title))
        };
        let titled = |at: usize| followed(at, &HAN_TITLES);
        let ends = |at: usize| {
            !letter(at)
                || titled(at)
                || chars
                    .get(at)
                    .is_some_and(|(_, c)| HAN_FOLLOWING.contains(*c))
        };
        for surname in lengths(&self.surnames, at) {
            let blank = chars.get(at + surname).is_some_and(|(_, c)| is_blank(*c));
            let from = at + surname + usize::from(blank);
            if from < chars.len() {
                for given in lengths(&self.given, from) {
                    // A word of two characters may begin a longer one.
                    if surname + given > 2 || ends(from + given) {
                        return Some(from + given - at);
                    }
                }
            }
            if titled(at + surname) {
                return Some(surname);
            }
            // A given name that is not known, between a surname and a title.
            for unknown in 1..=UNKNOWN_GIVEN {
                let end = at + surname + unknown;
                if (at + surname..end).all(letter) && followed(end, &HAN_TITLES[..OF_NAMES_ONLY]) {
                    return Some(surname + unknown);
                }
            }
        }
        let before = at > 0 && is_han(chars[at - 1].1);
        let alone = |length: &usize| {
            let behind = chars.get(at + length).map(|(_, c)| *c);
            let in_place = behind.is_some_and(|c| HAN_PLACES.contains(c));
            let clear = !before && !letter(at + length);
            titled(at + length) || *length > 1 && clear && !in_place && is_han(chars[at].1)
        };
        let given = lengths(&self.given, at).into_iter().find(alone);
        given.or_else(|| lengths(&self.surnames, at).into_iter().find(alone))
    }

    fn arabic(&self, text: &str) -> Vec<Range<usize>> {
        let words = arabic_words(text);
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            interrupt::check();
            let (_, word) = &words[at];
            let titled = ARABIC_TITLES.contains(&word.as_str());
            let first = at + usize::from(titled);
            let joined = |one: usize| {
                words.get(one + 1).is_some_and(|next| {
                    let between = &text[words[one].0.end..next.0.start];
                    between == " "
                        || ARABIC_TITLES.contains(&words[one].1.as_str()) && between == ". "
                })
            };
            if titled && !joined(at) || !titled && !self.is_arabic(word) {
                at += 1;
                continue;
            }
            let mut end = first;
            // A title may follow another: Sheikh Doctor.
            if titled && ARABIC_TITLES.contains(&words[first].1.as_str()) {
                at += 1;
                continue;
            }
            while joined(end) {
                let next = words[end + 1].1.as_str();
                let connects = ARABIC_CONNECTING.contains(&next)
                    || ARABIC_CONNECTING.contains(&words[end].1.as_str());
                if !connects && !self.is_arabic(next) {
                    break;
                }
                end += 1;
            }
            let sure = titled || end > first || !ARABIC_WORDS.contains(&words[first].1.as_str());
            if sure {
                // A conjunction that is written together with the name stays.
                found.push(words[first].0.start..words[end].0.end);
            }
            at = end + 1;
        }
        found
    }

    /// Whether a word is a name, with or without a conjunction or preposition before it.
    fn is_arabic(&self, word: &str) -> bool {
        let known = |word: &str| self.arabic.contains(word);
        known(word)
            || ['و', 'ف', 'ب', 'ل', 'ك']
                .iter()
                .filter_map(|letter| word.strip_prefix(*letter))
                .any(|rest| rest.chars().nth(2).is_some() && known(rest))
            // "to the" takes the article's first letter.
            || word.strip_prefix("لل").is_some_and(|rest| known(&format!("ال{rest}")))
    }
}

/// A Chinese character.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '々')
}

/// What Chinese and Japanese names are written in.
fn is_letter(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3041}'..='\u{30FA}')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{3000}' | '\u{A0}' | '・' | '·')
}

/// An Arabic letter or a sign at one.
fn is_arabic_letter(c: char) -> bool {
    matches!(c, '\u{0620}'..='\u{065F}' | '\u{0670}'..='\u{06D3}')
}

/// Runs of Arabic letters and their signs, in one spelling.
fn arabic_words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words: Vec<(Range<usize>, String)> = Vec::new();
    let mut start = None;
    for (place, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_arabic_letter(c), start) {
            (true, None) => start = Some(place),
            (false, Some(from)) => {
                words.push((from..place, plain(&text[from..place])));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// A word without vowel signs and in one spelling of letters that are often exchanged.
fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}'))
        .map(|c| match c {
            'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
            'ى' => 'ي',
            'ة' => 'ه',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale;

    fn found<'a>(locale: &str, text: &'a str) -> Vec<&'a str> {
        let names = Caseless::new(&[locale::find(locale).unwrap()]).unwrap();
        names
            .find(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn names_stand_out_without_capitals() {
        for (locale, text, expected) in [
            (
                "ja_JP",
                "患者の佐藤 陽子さんは来院した。",
                vec!["佐藤 陽子"],
            ),
            ("ja_JP", "田中様に連絡。山口県と石川県から。", vec!["田中"]),
            ("ja_JP", "鈴木、高橋が参加。", vec!["鈴木", "高橋"]),
            ("ja_JP", "陽子さんへ", vec!["陽子"]),
            ("zh_CN", "患者王秀英今天来医院。", vec!["王秀英"]),
            ("zh_CN", "李静，女，45岁。", vec!["李静"]),
            ("zh_CN", "张先生说病人陈丽在住院", vec!["张", "陈丽"]),
            ("zh_CN", "高血压，黄疸，周围水肿", vec![]),
            (
                "ar_SA",
                "المريضة فاطمة بنت محمد العتيبي حضرت اليوم",
                vec!["فاطمة بنت محمد العتيبي"],
            ),
            ("ar_SA", "كان هناك أمل في الشفاء", vec![]),
            ("ar_SA", "اتصلت بالدكتور. قال العُتيبي نعم", vec!["العُتيبي"]),
        ] {
            assert_eq!(found(locale, text), expected, "{locale}: {text}");
        }
        assert!(Caseless::new(&[locale::find("de_DE").unwrap()]).is_none());
    }
}
