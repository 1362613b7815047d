//! Compiles `data/*.csv` into static tables, so that a malformed figure stops the build and
//! nothing is parsed at run time.

use std::fmt::Write as _;
use std::path::Path;

/// A column: its name in the CSV header and what its cells hold.
/// `s` text, `o` text that may be empty, `t` text with `\n` for a new line, `u` whole number, `f`
/// number, `w` weight (a number, kept in thousandths), `r` a name in ASCII letters (where it is
/// empty, transliterated from the first column).
type Column = (&'static str, char);

/// File stem (with its folder, if any), row type, columns.
const TABLES: &[(&str, &str, &[Column])] = &[
    (
        "first_names",
        "FirstName",
        &[
            ("name", 's'),
            ("sex", 's'),
            ("decade", 'u'),
            ("weight", 'u'),
        ],
    ),
    (
        "last_names",
        "LastName",
        &[
            ("name", 's'),
            ("count", 'u'),
            ("white", 'w'),
            ("black", 'w'),
            ("asian_pacific", 'w'),
            ("native", 'w'),
            ("two_or_more", 'w'),
            ("hispanic", 'w'),
        ],
    ),
    (
        "street_names",
        "StreetName",
        &[("name", 's'), ("weight", 'u')],
    ),
    (
        "us_states",
        "State",
        &[("state", 's'), ("name", 's'), ("population", 'u')],
    ),
    (
        "us_places",
        "Place",
        &[
            ("state", 's'),
            ("city", 's'),
            ("zip", 's'),
            ("latitude", 'f'),
            ("longitude", 'f'),
            ("area_codes", 's'),
            ("population", 'u'),
        ],
    ),
    (
        "population",
        "AgeSex",
        &[("age", 'u'), ("male", 'u'), ("female", 'u')],
    ),
    (
        "life_table",
        "Mortality",
        &[("age", 'u'), ("male", 'f'), ("female", 'f')],
    ),
    (
        "body",
        "BodySize",
        &[
            ("measure", 's'),
            ("sex", 's'),
            ("age", 'f'),
            ("p5", 'f'),
            ("p10", 'f'),
            ("p25", 'f'),
            ("p50", 'f'),
            ("p75", 'f'),
            ("p90", 'f'),
            ("p95", 'f'),
        ],
    ),
    (
        "race_ethnicity",
        "RaceEthnicity",
        &[("race", 's'), ("ethnicity", 's'), ("weight", 'u')],
    ),
    (
        "marital",
        "Marital",
        &[
            ("sex", 's'),
            ("age", 'u'),
            ("never_married", 'w'),
            ("married", 'w'),
            ("separated", 'w'),
            ("divorced", 'w'),
            ("widowed", 'w'),
        ],
    ),
    (
        "insurance",
        "Insurance",
        &[
            ("age", 'u'),
            ("employer", 'w'),
            ("direct_purchase", 'w'),
            ("medicare", 'w'),
            ("medicaid", 'w'),
            ("military", 'w'),
            ("uninsured", 'w'),
        ],
    ),
    (
        "smoking",
        "Smoking",
        &[
            ("sex", 's'),
            ("age", 'u'),
            ("current", 'w'),
            ("former", 'w'),
            ("never", 'w'),
        ],
    ),
    (
        "language",
        "Language",
        &[("group", 's'), ("language", 's'), ("weight", 'w')],
    ),
    (
        "blood_type",
        "BloodType",
        &[("group", 's'), ("blood_type", 's'), ("weight", 'w')],
    ),
    (
        "countries",
        "Country",
        &[
            ("alpha2", 's'),
            ("alpha3", 's'),
            ("numeric", 's'),
            ("name", 's'),
        ],
    ),
    (
        "currencies",
        "Currency",
        &[("code", 's'), ("name", 's'), ("symbol", 's')],
    ),
    ("icd10", "Diagnosis", &[("code", 's'), ("description", 's')]),
    ("languages", "Tongue", &[("code", 's'), ("name", 's')]),
    // Retail, telecom and education.
    ("sales_tax", "SalesTax", &[("state", 's'), ("percent", 'w')]),
    (
        "telecom/plans",
        "TelecomPlan",
        &[
            ("name", 's'),
            ("kind", 's'),
            ("fee_cents", 'u'),
            ("minutes", 'u'),
            ("messages", 'u'),
            ("megabytes", 'u'),
            ("weight", 'u'),
        ],
    ),
    (
        "telecom/quantiles",
        "TelecomQuantile",
        &[
            ("share", 'f'),
            ("call_seconds", 'u'),
            ("session_thousandths", 'u'),
        ],
    ),
    (
        "education/courses",
        "Course",
        &[
            ("department", 's'),
            ("prefix", 's'),
            ("number", 'u'),
            ("title", 's'),
            ("credits", 'u'),
            ("weight", 'u'),
        ],
    ),
    // Clinical trials.
    (
        "healthcare/adverse_events",
        "AdverseEventTerm",
        &[
            ("term", 's'),
            ("body_system", 's'),
            ("per_thousand_years", 'u'),
            ("drug_percent", 'u'),
            ("grade1", 'u'),
            ("grade2", 'u'),
            ("grade3", 'u'),
            ("grade4", 'u'),
            ("days", 'u'),
            ("highest_grade", 'u'),
        ],
    ),
    (
        "healthcare/sdtm_terms",
        "SdtmTerm",
        &[
            ("codelist", 's'),
            ("code", 's'),
            ("variable", 's'),
            ("term", 's'),
        ],
    ),
    // Healthcare.
    (
        "healthcare/diseases",
        "DiseaseFacts",
        &[
            ("key", 's'),
            ("name", 's'),
            ("course", 's'),
            ("specialty", 's'),
            ("bmi", 'f'),
            ("smoking", 'f'),
            ("frailty", 'f'),
            ("mood", 'f'),
            ("allergy", 'f'),
            ("parent", 'o'),
            ("parent_weight", 'f'),
            ("second_parent", 'o'),
            ("second_weight", 'f'),
            ("visits", 'f'),
            ("emergencies", 'f'),
            ("admissions", 'f'),
            ("stay", 'f'),
            ("days", 'u'),
            ("at_emergency", 'f'),
            ("at_inpatient", 'f'),
            ("at_virtual", 'f'),
            ("winter", 'f'),
        ],
    ),
    (
        "healthcare/occurrence",
        "Occurrence",
        &[
            ("key", 's'),
            ("sex", 's'),
            ("a0", 'f'),
            ("a5", 'f'),
            ("a10", 'f'),
            ("a15", 'f'),
            ("a20", 'f'),
            ("a30", 'f'),
            ("a40", 'f'),
            ("a50", 'f'),
            ("a60", 'f'),
            ("a70", 'f'),
            ("a80", 'f'),
            ("a90", 'f'),
        ],
    ),
    (
        "healthcare/disease_codes",
        "DiseaseCode",
        &[
            ("key", 's'),
            ("code", 's'),
            ("description", 's'),
            ("weight", 'u'),
        ],
    ),
    (
        "healthcare/procedures",
        "ProcedureFacts",
        &[
            ("code", 's'),
            ("system", 's'),
            ("description", 's'),
            ("kind", 's'),
            ("reason", 's'),
            ("sex", 's'),
            ("from", 'u'),
            ("to", 'u'),
            ("share", 'f'),
            ("charge", 'f'),
        ],
    ),
];

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

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let mut code = String::new();
    for (stem, row, columns) in TABLES {
        let file = format!("data/{stem}.csv");
        declare(&format!("`{file}`"), row, columns, &mut code)?;
        writeln!(
            code,
            "/// `{file}`.\npub static {}: &[{row}] = &",
            stem.to_uppercase().replace('/', "_")
        )?;
        rows(&file, row, columns, "", &mut code)?;
        writeln!(code, ";")?;
    }
    write_out("data.rs", &code)?;
    write_out("locale.rs", &locales()?)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

fn write_out(name: &str, code: &str) -> Fallible<()> {
    let out = std::env::var("OUT_DIR")?;
    Ok(std::fs::write(Path::new(&out).join(name), code)?)
}

/// One element of `LOCALES` for each folder in `data/locale/`.
fn locales() -> Fallible<String> {
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

/// The struct of a table's rows.
fn declare(file: &str, row: &str, columns: &[Column], code: &mut String) -> Fallible<()> {
    writeln!(
        code,
        "/// A row of {file}.\n#[derive(Debug, Clone, Copy)]\npub struct {row} {{"
    )?;
    for (name, kind) in columns {
        let rust = match kind {
            's' | 'o' | 't' | 'r' => "&'static str",
            'f' => "f64",
            _ => "u64",
        };
        let note = match kind {
            'w' => ", in thousandths",
            'o' => "; empty: as the column before",
            'r' => ": lower-case ASCII letters",
            _ => "",
        };
        writeln!(
            code,
            "    /// Column `{name}`{note}.\n    pub {name}: {rust},"
        )?;
        if *kind == 'r' && columns.iter().any(|c| c.0 == "feminine") {
            writeln!(
                code,
                "    /// Column `feminine` in lower-case ASCII letters.\n    pub feminine_{name}: {rust},"
            )?;
        }
    }
    writeln!(code, "}}")?;
    Ok(())
}

/// The rows of a table as a Rust array.
fn rows(
    file: &str,
    row: &str,
    columns: &[Column],
    locale: &str,
    code: &mut String,
) -> Fallible<()> {
    println!("cargo::rerun-if-changed={file}");
    compile(file, row, columns, locale, code).map_err(|e| format!("{file}: {e}").into())
}

fn compile(
    file: &str,
    row: &str,
    columns: &[Column],
    locale: &str,
    code: &mut String,
) -> Fallible<()> {
    let mut reader = csv::Reader::from_path(file)?;
    let header: Vec<&str> = columns.iter().map(|c| c.0).collect();
    if reader.headers()? != header {
        return Err(format!("the header must be {}", header.join(",")).into());
    }
    writeln!(code, "[")?;
    for record in reader.records() {
        let record = record?;
        write!(code, "    {row} {{ ")?;
        for ((name, kind), cell) in columns.iter().zip(&record) {
            match kind {
                's' if !cell.is_empty() => write!(code, "{name}: {cell:?}, ")?,
                's' => return Err("empty text".into()),
                'o' => write!(code, "{name}: {cell:?}, ")?,
                't' => write!(code, "{name}: {:?}, ", cell.replace("\\n", "\n"))?,
                'r' => {
                    let own = if cell.is_empty() { &record[0] } else { cell };
                    write!(code, "{name}: {:?}, ", romanize(own, locale)?)?;
                    if columns[1].0 == "feminine" {
                        let other = match &record[1] {
                            "" => own,
                            feminine => feminine,
                        };
                        write!(code, "feminine_{name}: {:?}, ", romanize(other, locale)?)?;
                    }
                }
                'u' => write!(code, "{name}: {}, ", cell.parse::<u64>()?)?,
                kind => {
                    let number: f64 = cell.parse()?;
                    if *kind == 'f' {
                        write!(code, "{name}: {number:?}, ")?;
                    } else if number >= 0.0 {
                        write!(code, "{name}: {:.0}, ", number * 1000.0)?;
                    } else {
                        return Err("negative weight".into());
                    }
                }
            }
        }
        writeln!(code, "}},")?;
    }
    write!(code, "]")?;
    Ok(())
}

/// A name as it stands in an e-mail address: lower-case ASCII letters, with the customs of the
/// language where they differ from dropping the accent.
fn romanize(name: &str, locale: &str) -> Fallible<String> {
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
