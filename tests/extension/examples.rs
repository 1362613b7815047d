//! What the documentation shows, run as it stands.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{Session, database, tests};
use crate::servers::postgres::Postgres;

tests![documented_sql_runs, the_adult_example_masks];

/// Comment before a block that no test runs.
const NOT_RUN: &str = "<!-- not run -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The SQL blocks of a document, in order.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<(String, bool)> = None;
    let mut previous = "";
    for line in text.lines() {
        let trimmed = line.trim();
        match &mut block {
            Some((sql, runs)) if trimmed == "```" => {
                if *runs {
                    blocks.push(std::mem::take(sql));
                }
                block = None;
            }
            Some((sql, _)) => {
                sql.push_str(line);
                sql.push('\n');
            }
            None if trimmed == "```sql" => block = Some((String::new(), previous != NOT_RUN)),
            None => {}
        }
        if !trimmed.is_empty() {
            previous = trimmed;
        }
    }
    blocks
}

fn documented_sql_runs(pg: &Postgres) {
    let mut documents = vec![root().join("README.md")];
    documents.extend(
        fs::read_dir(root().join("docs"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    documents.sort();
    let mut failures = String::new();
    for document in documents {
        let Ok(text) = fs::read_to_string(&document) else {
            continue;
        };
        let blocks = blocks(&text);
        let script = blocks.join("\n");
        if script.trim().is_empty() {
            continue;
        }
        let name = if script.to_uppercase().contains("CREATE EXTENSION PG_SYNTH") {
            pg.create_database()
        } else {
            database(pg)
        };
        let path = pg.socket_dir().join(format!("{name}.sql"));
        fs::write(&path, &script).unwrap();
        let ran = pg
            .program("psql")
            .args(["-X", "-v", "ON_ERROR_STOP=1", "-d", &name, "-f", "-"])
            .stdin(Stdio::from(fs::File::open(&path).unwrap()))
            .output()
            .unwrap();
        if !ran.status.success() {
            let _ = writeln!(
                failures,
                "{}: {}",
                document.display(),
                String::from_utf8_lossy(&ran.stderr)
            );
        }
    }
    assert!(
        failures.is_empty(),
        "who types what the documentation shows sees:\n{failures}"
    );
}

/// Fifteen columns as in the UCI file, 200 rows.
fn adults() -> String {
    let mut csv = "age,workclass,fnlwgt,education,education.num,marital.status,occupation,relationship,race,sex,capital.gain,capital.loss,hours.per.week,native.country,income\n".to_owned();
    for i in 0..200 {
        let _ = writeln!(
            csv,
            "{},{},{},Bachelors,13,Never-married,{},Not-in-family,White,{},{},0,{},{},<=50K",
            17 + i % 74,
            ["Private", "?", "State-gov"][i % 3],
            100_000 + i * 37,
            ["Sales", "Prof-specialty", "?", "Craft-repair"][i % 4],
            ["Male", "Female"][i % 2],
            i * 11,
            20 + i % 40,
            ["United-States", "Mexico", "?"][i % 3],
        );
    }
    csv
}

fn the_adult_example_masks(pg: &Postgres) {
    let name = database(pg);
    let directory = pg.socket_dir().join(&name);
    fs::create_dir(&directory).unwrap();
    let csv = directory.join("adult.csv");
    match std::env::var_os("PG_SYNTH_ADULT_CSV") {
        Some(real) => {
            fs::copy(real, &csv).unwrap_or_else(|e| panic!("PG_SYNTH_ADULT_CSV: {e}"));
        }
        None => fs::write(&csv, adults()).unwrap(),
    }
    let script = fs::read(root().join("docs/examples/adult.sql")).unwrap();
    fs::write(directory.join("adult.sql"), script).unwrap();
    // The cluster's user must be able to read what was written here.
    for path in [directory.clone(), csv.clone(), directory.join("adult.sql")] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let ran = pg
        .program("psql")
        .current_dir(&directory)
        .args([
            "-X",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &name,
            "-f",
            "adult.sql",
        ])
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "the example fails:\n{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let mut session = Session::open(pg, &name);
    let rows = fs::read_to_string(&csv)
        .unwrap()
        .lines()
        .filter(|line| !line.is_empty())
        .count()
        - 1;
    assert_eq!(
        session.value("SELECT count(*) FROM adult"),
        rows.to_string()
    );
    assert_eq!(
        session.value("SELECT count(*) FROM adult WHERE age % 10 = 0 AND fnlwgt IS NULL AND native_country = 'withheld'"),
        rows.to_string(),
        "the example leaves real values"
    );
    assert_eq!(
        session.value("SELECT count(DISTINCT hours_per_week) > 1 FROM adult"),
        "t"
    );
}
