//! The word lists of each locale, one folder each in `data/locale/`.

use std::fmt::Write as _;
use std::path::Path;

use super::table::{Column, Fallible, declare, rows};

/// The tables of one locale, in `data/locale/<locale>/`. A file that is missing is an empty table:
/// `en_US` has tables of its own above.
const LOCALE_TABLES: &[(&str, &str, &[Column])] = &[
    (
        "first_names",
        "LocalFirstName",
        &[
            ("name", 's'),
            ("sex", 's'),
            ("weight", 'u'),
            ("romanized", 'r'),
        ],
    ),
    (
        "last_names",
        "LocalLastName",
        &[
            ("name", 's'),
            ("feminine", 'o'),
            ("weight", 'u'),
            ("romanized", 'r'),
        ],
    ),
    (
        "cities",
        "LocalCity",
        &[
            ("city", 's'),
            ("region", 's'),
            ("region_code", 's'),
            ("postcode", 's'),
            ("latitude", 'f'),
            ("longitude", 'f'),
            ("population", 'u'),
        ],
    ),
    ("streets", "LocalStreet", &[("name", 's'), ("weight", 'u')]),
    ("format", "Setting", &[("key", 's'), ("value", 't')]),
];

/// One element of `LOCALES` for each folder in `data/locale/`.
pub fn locales() -> Fallible<String> {
    println!("cargo::rerun-if-changed=data/locale");
    let mut names = Vec::new();
    for folder in std::fs::read_dir("data/locale")? {
        names.push(folder?.file_name().into_string().map_err(|_| "file name")?);
    }
    names.sort();
    let mut code = String::new();
    for (stem, row, columns) in LOCALE_TABLES {
        declare(
            &format!("`data/locale/*/{stem}.csv`"),
            row,
            columns,
            &mut code,
        )?;
    }
    writeln!(
        code,
        "/// The files of a locale.\n#[derive(Debug)]\npub struct LocaleData {{\n    \
         /// Name, as in `en_US`.\n    pub name: &'static str,"
    )?;
    for (stem, row, _) in LOCALE_TABLES {
        writeln!(
            code,
            "    /// `{stem}.csv`.\n    pub {stem}: &'static [{row}],"
        )?;
    }
    writeln!(
        code,
        "}}\n/// Every locale, by name.\npub static LOCALES: [LocaleData; {}] = [",
        names.len()
    )?;
    for name in &names {
        writeln!(code, "LocaleData {{ name: {name:?},")?;
        for (stem, row, columns) in LOCALE_TABLES {
            let file = format!("data/locale/{name}/{stem}.csv");
            write!(code, "{stem}: &")?;
            if Path::new(&file).exists() {
                rows(&file, row, columns, name, &mut code)?;
            } else {
                write!(code, "[]")?;
            }
            writeln!(code, ",")?;
        }
        writeln!(code, "}},")?;
    }
    let list: Vec<String> = names.iter().map(|n| format!("{n:?}")).collect();
    writeln!(
        code,
        "];\n/// The names of the locales, in alphabetical order.\npub const NAMES: &[&str] = &[{}];",
        list.join(", ")
    )?;
    Ok(code)
}

/// A name as it stands in an e-mail address: lower-case ASCII letters, with the customs of the
/// language where they differ from dropping the accent.
pub fn romanize(name: &str, locale: &str) -> Fallible<String> {
    let umlauts = locale.starts_with("de_");
    let mut text = String::new();
    for letter in name.chars() {
        match letter {
            'ä' | 'Ä' if umlauts => text.push_str("ae"),
            'ö' | 'Ö' if umlauts => text.push_str("oe"),
            'ü' | 'Ü' if umlauts => text.push_str("ue"),
            letter => text.push_str(deunicode::deunicode_char(letter).unwrap_or("")),
        }
    }
    text.retain(|letter| letter.is_ascii_alphabetic());
    text.make_ascii_lowercase();
    if text.is_empty() || text.len() > 32 {
        return Err(format!("{name} has no romanized form of 1 to 32 letters").into());
    }
    Ok(text)
}
