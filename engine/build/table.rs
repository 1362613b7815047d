//! A CSV file as a Rust array of structs.

use std::fmt::Write as _;

use super::locale::romanize;

pub type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// A column: its name in the CSV header and what its cells hold.
/// `s` text, `o` text that may be empty, `t` text with `\n` for a new line, `u` whole number, `f`
/// number, `w` weight (a number, kept in thousandths), `r` a name in ASCII letters (where it is
/// empty, transliterated from the first column).
pub type Column = (&'static str, char);

/// The struct of a table's rows.
pub fn declare(file: &str, row: &str, columns: &[Column], code: &mut String) -> Fallible<()> {
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
pub fn rows(
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
