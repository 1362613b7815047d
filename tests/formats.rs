//! The formats, checked by programs that others wrote; `scripts/validators.sh` installs them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Trial};
use synth_engine::generator;

use crate::synthd::{Scratch, run};

/// The tests.
pub fn trials() -> Vec<Trial> {
    vec![
        validated("formats::fhir", fhir),
        validated("formats::hl7", hl7),
        validated("formats::fix", fix),
        validated("formats::pain001", pain001),
        validated("formats::identifiers", identifiers),
        validated("formats::damage_is_found", damage),
        crate::plain("formats::sdtm", sdtm),
        crate::plain("formats::pieces_are_all_or_nothing", pieces),
    ]
}

/// The programs that check.
struct Validators(PathBuf);

impl Validators {
    /// Where `make test` puts them: `$CARGO_TARGET_DIR/validators`.
    fn find() -> Result<Self, String> {
        let own = env::current_exe().unwrap_or_default();
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let directory = target
            .or_else(|| own.ancestors().nth(3).map(Path::to_owned))
            .unwrap_or_default()
            .join("validators");
        if directory.join("installed").exists() {
            Ok(Self(directory))
        } else {
            Err(format!(
                "no validators in {}: run `scripts/validators.sh`",
                directory.display()
            ))
        }
    }

    fn python(&self, script: &str, files: &[PathBuf]) -> Result<String, String> {
        checked(
            Command::new(self.0.join("venv/bin/python"))
                .arg(source(script))
                .args(files),
        )
    }

    fn node(&self, script: &str, files: &[PathBuf]) -> Result<String, String> {
        checked(
            Command::new("node")
                .env("NODE_PATH", self.0.join("node_modules"))
                .arg(source(script))
                .args(files),
        )
    }
}

fn source(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("formats")
        .join(script)
}

/// What a program that found no fault printed, or what it says is wrong.
fn checked(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Ok(said),
        Some(1) => Err(said + &String::from_utf8_lossy(&output.stderr)),
        other => panic!(
            "{command:?} ended with {other:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// A test that needs them.
fn validated(name: &str, test: fn(&Validators)) -> Trial {
    Trial::ignorable_test(name, move || match Validators::find() {
        Ok(validators) => {
            test(&validators);
            Ok(Completion::Completed)
        }
        Err(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// Exports a format and gives its files in the order of their names.
fn export(scratch: &Scratch, format: &str, units: &str) -> Vec<PathBuf> {
    let to = scratch.path(format);
    let directory = to.display().to_string();
    run(&[
        "export",
        format,
        "--patients",
        units,
        "--seed",
        "42",
        "--to",
        &directory,
    ])
    .ok();
    files(&to)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap_or_else(|e| panic!("{e}")).path())
        .collect();
    found.sort_unstable();
    found
}

/// Generators of identifiers, and the locales of those that have them.
const IDENTIFIERS: [(&str, &[&str]); 20] = [
    ("aba_routing_number", &[]),
    ("bic", &[]),
    ("credit_card_number", &[]),
    ("cusip", &[]),
    ("ean13", &[]),
    ("ean8", &[]),
    ("gtin14", &[]),
    ("health_insurance_code", &[]),
    ("iban", &[]),
    ("iccid", &[]),
    ("imei", &[]),
    ("imsi", &[]),
    ("isbn10", &[]),
    ("isbn13", &[]),
    ("isin", &[]),
    ("lei", &[]),
    (
        "national_id",
        &[
            "de_DE", "es_ES", "fr_FR", "it_IT", "ja_JP", "nl_NL", "pl_PL", "pt_BR", "zh_CN",
        ],
    ),
    ("npi", &[]),
    ("sedol", &[]),
    ("upc_a", &[]),
];

/// Those whose VAT numbers have check digits that the validator knows.
const VAT_LOCALES: [&str; 10] = [
    "de_DE", "en_GB", "es_ES", "fr_FR", "it_IT", "ja_JP", "nl_NL", "pl_PL", "pt_BR", "zh_CN",
];

fn identifiers(validators: &Validators) {
    const EACH: u64 = 500;
    let mut lines = String::new();
    for (name, locales) in IDENTIFIERS
        .into_iter()
        .chain([("vat_number", &VAT_LOCALES[..])])
    {
        let generator = generator::find(name).unwrap();
        for locale in if locales.is_empty() { &["-"] } else { locales } {
            let options = [("locale", *locale)];
            let bound = generator
                .bind(if locales.is_empty() { &[] } else { &options })
                .unwrap();
            for row in 0..EACH {
                // Spread over all there are.
                let value = bound.value(row.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let _ = writeln!(lines, "{name}\t{locale}\t{value}");
            }
        }
    }
    let scratch = Scratch::new();
    let file = scratch.path("identifiers.tsv");
    fs::write(&file, &lines).unwrap();
    let said = validators.python("identifiers.py", std::slice::from_ref(&file));
    assert_eq!(count(said), lines.lines().count());
    // A wrong digit is found.
    let (before, last) = lines.trim_end().rsplit_once('\t').unwrap();
    let digit = last.chars().last().unwrap();
    let wrong = if digit == '0' { '1' } else { '0' };
    let damaged = format!("{before}\t{}{wrong}\n", &last[..last.len() - 1]);
    fs::write(&file, damaged).unwrap();
    assert!(validators.python("identifiers.py", &[file]).is_err());
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The number that a validator's line begins with.
#[track_caller]
fn count(said: Result<String, String>) -> usize {
    let said = said.unwrap_or_else(|faults| panic!("{faults}"));
    let number = said.split(' ').next().and_then(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {said:?}"))
}

fn fhir(validators: &Validators) {
    let scratch = Scratch::new();
    for format in ["fhir", "fhir_bundles"] {
        let files = export(&scratch, format, "60");
        let lines: usize = files.iter().map(|file| text(file).lines().count()).sum();
        assert!(lines >= 60);
        assert_eq!(count(validators.python("fhir.py", &files)), lines);
        // As bundles the schema takes minutes, and their resources are those of the other files.
        if format == "fhir" {
            let empty = files.iter().find(|file| text(file).is_empty());
            assert!(
                files.len() == 11 && empty.is_none(),
                "no resources: {empty:?}"
            );
            assert_eq!(count(validators.node("fhir.js", &files)), lines);
        }
    }
}

fn hl7(validators: &Validators) {
    let scratch = Scratch::new();
    let files = export(&scratch, "hl7", "60");
    let messages = text(&files[0]).matches('\n').count();
    let said = validators.python("hl7.py", &files);
    let said = said.unwrap_or_else(|faults| panic!("{faults}"));
    for kind in ["ADT^A01", "ADT^A03", "ADT^A08", "ORM^O01", "ORU^R01"] {
        assert!(said.contains(kind), "no {kind}: {said}");
    }
    assert_eq!(count(Ok(said)), messages);
}

fn fix(validators: &Validators) {
    let scratch = Scratch::new();
    let files = export(&scratch, "fix", "60");
    let messages = text(&files[0]).matches('\n').count();
    assert_eq!(count(validators.python("fix.py", &files)), messages);
}

fn pain001(validators: &Validators) {
    let scratch = Scratch::new();
    let files = export(&scratch, "pain001", "2060");
    let names: Vec<String> = files
        .iter()
        .filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
        .collect();
    assert_eq!(
        names,
        [
            "pain001-000000000000.xml",
            "pain001-000000001000.xml",
            "pain001-000000002000.xml"
        ]
    );
    assert_eq!(count(validators.python("pain001.py", &files)), 3);
}

/// A validator that finds nothing wrong with anything would be of no use.
fn damage(validators: &Validators) {
    let scratch = Scratch::new();
    let damaged = |format: &str, file: &str, from: &str, to: &str| {
        let whole = text(
            export(&scratch, format, "3")
                .iter()
                .find(|path| path.ends_with(file))
                .unwrap_or_else(|| panic!("no {file}")),
        );
        let broken = whole.replacen(from, to, 1);
        assert_ne!(whole, broken, "no {from} in {file}");
        let path = scratch.path(file);
        fs::write(&path, broken).unwrap_or_else(|e| panic!("{e}"));
        [path]
    };
    let observation = damaged("fhir", "Observation.ndjson", "\"status\"", "\"state\"");
    assert!(validators.node("fhir.js", &observation).is_err());
    assert!(validators.python("fhir.py", &observation).is_err());
    let dangling = damaged(
        "fhir_bundles",
        "bundles.ndjson",
        "\"reference\":\"Patient/",
        "\"reference\":\"Patient/0",
    );
    assert!(validators.python("fhir.py", &dangling).is_err());
    let wrong = [
        ("hl7", "messages.hl7", "\rPV1|", "\rPV9|", "hl7.py"),
        (
            "fix",
            "execution_reports.fix",
            "\x0154=",
            "\x0155=",
            "fix.py",
        ),
        (
            "pain001",
            "pain001-000000000000.xml",
            "<NbOfTxs>",
            "<NbOfTxs>9",
            "pain001.py",
        ),
    ];
    for (format, file, from, to, script) in wrong {
        let files = damaged(format, file, from, to);
        assert!(validators.python(script, &files).is_err(), "{script}");
    }
}

/// The datasets belong together: each subject is in DM once, and records have the variables of the header.
fn sdtm() {
    let scratch = Scratch::new();
    let files = export(&scratch, "sdtm", "600");
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
    assert_eq!(names, ["AE.csv", "DM.csv", "EX.csv", "LB.csv", "VS.csv"]);
    let subjects = |file: &Path| -> Vec<String> {
        let mut reader = csv::Reader::from_path(file).expect("a dataset");
        let header = reader.headers().expect("a header").clone();
        for (at, name) in ["STUDYID", "DOMAIN", "USUBJID"].into_iter().enumerate() {
            assert_eq!(&header[at], name);
        }
        let domain = file.file_stem().unwrap_or_default().to_string_lossy();
        // A record with another count of values is refused by the reader.
        reader
            .records()
            .map(|record| {
                let record = record.expect("a record");
                assert_eq!(&record[1], domain, "{record:?}");
                record[2].to_owned()
            })
            .collect()
    };
    let mut known = subjects(&files[1]);
    let participants = known.len();
    assert!(
        participants > 10,
        "{participants} participants of 600 patients"
    );
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), participants, "a subject twice in DM");
    for file in &files {
        let found = subjects(file);
        assert!(!found.is_empty(), "{} is empty", file.display());
        for subject in found {
            assert!(known.binary_search(&subject).is_ok(), "{subject} not in DM");
        }
    }
}

/// Where a piece's file cannot be written, none appears.
fn pieces() {
    let scratch = Scratch::new();
    let to = scratch.path("payments");
    let directory = to.display().to_string();
    let export = || {
        run(&[
            "export",
            "pain001",
            "--customers",
            "3000",
            "--seed",
            "42",
            "--to",
            &directory,
        ])
    };
    // What stands in the way is found before anything is written,
    fs::create_dir_all(&to).unwrap_or_else(|e| panic!("{e}"));
    let last = to.join("pain001-000000002000.xml");
    fs::write(&last, "mine").unwrap_or_else(|e| panic!("{e}"));
    export().fails(1, "error: ");
    assert_eq!(files(&to), std::slice::from_ref(&last));
    assert_eq!(text(&last), "mine");
    fs::remove_file(&last).unwrap_or_else(|e| panic!("{e}"));
    // and what fails while the last piece is written takes the others with it.
    let part = to.join("pain001-000000002000.xml.part");
    fs::create_dir(&part).unwrap_or_else(|e| panic!("{e}"));
    export().fails(1, "error: ");
    assert_eq!(files(&to), std::slice::from_ref(&part));
    fs::remove_dir(&part).unwrap_or_else(|e| panic!("{e}"));
    export().ok();
    assert_eq!(files(&to).len(), 3);
}
