//! Compiles `data/*.csv` into static tables, so that a malformed figure stops the build and
//! nothing is parsed at run time.

use std::fmt::Write as _;
use std::path::Path;

/// A column: its name in the CSV header and what its cells hold.
/// `s` text, `u` whole number, `f` number, `w` weight (a number, kept in thousandths).
type Column = (&'static str, char);

/// File stem, row type, columns.
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
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut code = String::new();
    for (stem, row, columns) in TABLES {
        let file = format!("data/{stem}.csv");
        println!("cargo::rerun-if-changed={file}");
        compile(&file, stem, row, columns, &mut code).map_err(|e| format!("{file}: {e}"))?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("data.rs"), code)?;
    Ok(())
}

fn compile(
    file: &str,
    stem: &str,
    row: &str,
    columns: &[Column],
    code: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(file)?;
    let header: Vec<&str> = columns.iter().map(|c| c.0).collect();
    if reader.headers()? != header {
        return Err(format!("the header must be {}", header.join(",")).into());
    }
    writeln!(
        code,
        "/// A row of `{file}`.\n#[derive(Debug, Clone, Copy)]\npub struct {row} {{"
    )?;
    for (name, kind) in columns {
        let rust = match kind {
            's' => "&'static str",
            'f' => "f64",
            _ => "u64",
        };
        let unit = if *kind == 'w' { ", in thousandths" } else { "" };
        writeln!(
            code,
            "    /// Column `{name}`{unit}.\n    pub {name}: {rust},"
        )?;
    }
    writeln!(
        code,
        "}}\n/// `{file}`.\npub static {}: &[{row}] = &[",
        stem.to_uppercase()
    )?;
    for record in reader.records() {
        let record = record?;
        write!(code, "    {row} {{ ")?;
        for ((name, kind), cell) in columns.iter().zip(&record) {
            match kind {
                's' if !cell.is_empty() => write!(code, "{name}: {cell:?}, ")?,
                's' => return Err("empty text".into()),
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
    writeln!(code, "];")?;
    Ok(())
}
