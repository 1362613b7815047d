//! What the documentation shows, run as it stands.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{Session, database, tests};
use crate::servers::postgres::Postgres;

tests![documented_sql_runs, the_adult_example_masks];

/// Comment before a block that no test runs.
const NOT_RUN: &str = "<!-- not run -->";

/// Comment before an output that is another one each time: it shows the secret, or chance, or time.
const VARIES: &str = "<!-- output varies -->";

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A block of SQL, and the output that is shown for it.
#[derive(Default)]
struct Block {
    sql: String,
    /// The lines of the document that hold the output.
    output: Option<Range<usize>>,
}

/// The SQL blocks of a document that are run, in order.
fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut at = 0;
    let (mut previous, mut shows) = ("", false);
    while at < lines.len() {
        let line = lines[at].trim();
        if line.starts_with("```") {
            let begin = at + 1;
            let length = lines[begin..].iter().position(|line| line.trim() == "```");
            let end = begin + length.expect("a block without an end");
            if line == "```sql" && previous != NOT_RUN {
                let sql = lines[begin..end].join("\n");
                blocks.push(Block { sql, output: None });
                shows = true;
            } else if let (true, "```", Some(block)) = (shows, line, blocks.last_mut()) {
                block.output = Some(begin..end);
                shows = false;
            } else {
                shows = false;
            }
            at = end;
            previous = "```";
        } else if !line.is_empty() {
            shows &= line == VARIES;
            previous = line;
        }
        at += 1;
    }
    blocks
}

/// Lines without what an editor would take off them, and without how many rows there are.
fn trimmed<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lines = lines.into_iter().map(str::trim_end);
    let is_count =
        |line: &str| line.starts_with('(') && line.ends_with(" rows)") || line == "(1 row)";
    let told = lines.filter(|line| !line.is_empty() && !is_count(line));
    told.collect()
}

/// Runs the blocks of a document, and gives what psql prints for each.
fn outputs(pg: &Postgres, blocks: &[Block]) -> Result<Vec<String>, String> {
    const MARK: &str = "\u{1}";
    let mut script = String::new();
    for block in blocks {
        let _ = writeln!(script, "{}\n\\echo {MARK}", block.sql);
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
        // As the documents were written.
        .env("PGTZ", "UTC")
        .args([
            "-X",
            "-q",
            "-P",
            "footer=off",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
        ])
        .args([&name, "-f", "-"])
        .stdin(Stdio::from(fs::File::open(&path).unwrap()))
        .output()
        .unwrap();
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    let printed = String::from_utf8(ran.stdout).unwrap();
    Ok(printed.split(MARK).map(str::to_owned).collect())
}

/// Who types what the documentation shows sees what it shows. With `UPDATE_GENERATED=1` outputs are
/// written anew.
fn documented_sql_runs(pg: &Postgres) {
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    let mut documents = vec![root().join("README.md")];
    documents.extend(
        fs::read_dir(root().join("docs"))
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    documents.sort();
    let mut failures = String::new();
    let mut compared = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let blocks = blocks(&lines);
        if blocks.is_empty() {
            continue;
        }
        let printed = match outputs(pg, &blocks) {
            Ok(printed) => printed,
            Err(error) => {
                let _ = writeln!(failures, "{}: {error}", document.display());
                continue;
            }
        };
        // From the last one on, so that places stay what they are.
        for (block, printed) in blocks.iter().zip(&printed).rev() {
            let Some(output) = block.output.clone() else {
                continue;
            };
            let varies = lines[..output.start].iter().rev().nth(1) == Some(&VARIES);
            let shown = trimmed(lines[output.clone()].iter().copied());
            let printed: Vec<&str> = printed.trim_matches('\n').lines().collect();
            if varies {
                continue;
            }
            compared += 1;
            // Of several results a document may show one.
            let all = trimmed(printed.iter().copied());
            if shown.is_empty() || all.windows(shown.len()).any(|part| part == shown) {
                continue;
            }
            if update {
                lines.splice(output, printed);
            } else {
                let _ = writeln!(
                    failures,
                    "{}, line {}: now it is\n{}",
                    document.display(),
                    output.start,
                    printed.join("\n")
                );
            }
        }
        if update {
            fs::write(&document, lines.join("\n") + "\n").unwrap();
        }
    }
    assert!(
        failures.is_empty(),
        "the documentation shows something else (`make generated`):\n{failures}"
    );
    assert!(compared > 10, "outputs are compared");
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
