//! What is written from the registry: the value functions of the upgrade script, and the tables of
//! `docs/reference.md`. `make generated` rewrites them:
//!
//! ```sh
//! UPDATE_GENERATED=1 cargo test --release -p synth-engine --test generated
//! ```

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_array::{ArrayRef, Date32Array, StringArray};
use synth_engine::domain::{DOMAINS, TableOptions, tables};
use synth_engine::generator::{GENERATORS, Generator};
use synth_engine::mask::{self, Rule, Target};
use synth_engine::registry::{Entry, Kind, Parameter, ParameterType, entries};
use synth_engine::schema::{ColumnType, Constraint, TableSpec};
use synth_engine::secret::Secret;

const SCRIPT: &str = "sql/pg_synth--0.1.0--0.2.0.sql";
const TABLES_SCRIPT: &str = "sql/pg_synth--0.3.0--0.4.0.sql";
const REFERENCE: &str = "docs/reference.md";

/// Key words of Postgres that cannot name an argument without quotes, as far as they may come up
/// (appendix C of its manual: reserved, or cannot be function or type).
const KEYWORDS: &[&str] = &[
    "all",
    "array",
    "as",
    "between",
    "bit",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "column",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "false",
    "for",
    "from",
    "grant",
    "group",
    "in",
    "int",
    "integer",
    "interval",
    "into",
    "is",
    "left",
    "like",
    "limit",
    "not",
    "null",
    "numeric",
    "offset",
    "on",
    "or",
    "order",
    "precision",
    "primary",
    "real",
    "right",
    "row",
    "select",
    "setof",
    "some",
    "table",
    "then",
    "time",
    "timestamp",
    "to",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "when",
    "where",
    "window",
    "with",
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_default()
}

/// The text between the markers of a name must be this; rewrites it where that is asked for.
fn keep(path: &str, (begin, end): (&str, &str), expected: &str) {
    let text = read(path);
    let from = text.find(begin).expect("no begin marker") + begin.len();
    let to = from + text[from..].find(end).expect("no end marker");
    if text[from..to] == *expected {
        return;
    }
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        let text = format!("{}{expected}{}", &text[..from], &text[to..]);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        std::fs::write(path, text).unwrap();
        return;
    }
    panic!("{path} is not what the registry says: run `make generated`");
}

fn sql_type(parameter: &Parameter) -> &'static str {
    match parameter.parameter_type {
        ParameterType::Integer => "bigint",
        ParameterType::Number => "double precision",
        ParameterType::Boolean => "boolean",
        ParameterType::Date => "date",
        ParameterType::Timestamp => "timestamptz",
        ParameterType::Json => "jsonb",
        ParameterType::Text | ParameterType::Literal => "text",
    }
}

fn argument_name(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

/// Name, type and default of each argument: parameters that must be given, row, seed, the others.
fn arguments(generator: &Generator) -> Vec<(String, &'static str, Option<String>)> {
    let of = |parameter: &Parameter| {
        let default = parameter.default.map(str::to_owned);
        (argument_name(parameter.name), sql_type(parameter), default)
    };
    let parameters = generator.entry.parameters;
    let null = || Some("NULL".to_owned());
    let mut all: Vec<_> = parameters
        .iter()
        .filter(|p| p.default.is_none())
        .map(of)
        .collect();
    all.push(("\"row\"".to_owned(), "bigint", null()));
    all.push(("seed".to_owned(), "bigint", null()));
    all.extend(parameters.iter().filter(|p| p.default.is_some()).map(of));
    if enumerable(generator) {
        all.push(("is_unique".to_owned(), "boolean", Some("false".to_owned())));
    }
    all
}

/// Whether its values can be had without repetition.
fn enumerable(generator: &Generator) -> bool {
    let generator = synth_engine::generator::find(generator.entry.name).unwrap();
    let bound = generator.bind(generator.example).unwrap();
    bound.distinct().is_some()
}

/// `synth_iban("row" bigint DEFAULT NULL, ...)`.
fn signature(generator: &Generator) -> String {
    let arguments: Vec<String> = arguments(generator)
        .into_iter()
        .map(|(name, sql_type, default)| {
            let default = default.map_or_else(String::new, |d| format!(" DEFAULT {d}"));
            format!("{name} {sql_type}{default}")
        })
        .collect();
    format!("synth_{}({})", generator.entry.name, arguments.join(", "))
}

fn output(generator: &Generator) -> &'static str {
    generator.entry.output.map_or("text", |output| output.sql())
}

#[test]
fn sql_has_a_function_for_each_generator() {
    let mut sql = "\n".to_owned();
    for generator in GENERATORS.iter() {
        let types: Vec<&str> = arguments(generator).iter().map(|a| a.1).collect();
        write!(
            sql,
            "\nCREATE FUNCTION @extschema@.{}\n    RETURNS {} LANGUAGE c VOLATILE PARALLEL SAFE\n    AS 'MODULE_PATHNAME', 'synth_value';\n\
             COMMENT ON FUNCTION @extschema@.synth_{}({}) IS '{}';\n",
            signature(generator),
            output(generator),
            generator.entry.name,
            types.join(", "),
            generator.entry.summary.trim_end_matches('.').replace('\'', "''"),
        )
        .unwrap();
    }
    sql.push('\n');
    keep(
        SCRIPT,
        (
            "-- Generated from the registry: begin",
            "-- Generated from the registry: end",
        ),
        &sql,
    );
}

/// A table's column as SQL declares it.
fn column_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::TimestampTz => "timestamp with time zone",
        other => other.sql(),
    }
}

/// The arguments of a table's function: name, type, default.
fn table_arguments(entry: &Entry) -> Vec<(String, &'static str, Option<&'static str>)> {
    let of = |parameter: &Parameter| {
        (
            argument_name(parameter.name),
            sql_type(parameter),
            parameter.default,
        )
    };
    entry.parameters.iter().map(of).collect()
}

#[test]
fn sql_has_a_function_for_each_table() {
    let mut sql = "\n".to_owned();
    // Patients have theirs since 0.1.0.
    for table in tables().filter(|table| table.entry.name != "patients") {
        let (name, row) = (table.entry.name, table.row);
        let made = (table.build)(&TableOptions::default()).unwrap();
        let columns: Vec<String> = made
            .spec()
            .columns
            .iter()
            .map(|c| {
                format!(
                    "\n    {} {}",
                    argument_name(&c.name),
                    column_type(c.column_type)
                )
            })
            .collect();
        let arguments: Vec<String> = table_arguments(&table.entry)
            .into_iter()
            .map(|(name, sql_type, default)| {
                let default = default.map_or_else(String::new, |d| format!(" DEFAULT {d}"));
                format!("\n    {name} {sql_type}{default}")
            })
            .collect();
        let types: Vec<&str> = table_arguments(&table.entry).iter().map(|a| a.1).collect();
        let summary = table
            .entry
            .summary
            .trim_end_matches('.')
            .replace('\'', "''");
        write!(
            sql,
            "\nCREATE TYPE @extschema@.synth_{row} AS ({}\n);\n\
             COMMENT ON TYPE @extschema@.synth_{row} IS 'a row of synth_{name}; docs/reference.md describes each column';\n\
             CREATE FUNCTION @extschema@.synth_{name}({}\n) RETURNS SETOF @extschema@.synth_{row}\n    \
             LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000\n    \
             SUPPORT synth.rows_support\n    AS 'MODULE_PATHNAME', 'synth_{name}';\n\
             COMMENT ON FUNCTION @extschema@.synth_{name}({}) IS '{summary}';\n",
            columns.join(","),
            arguments.join(","),
            types.join(", "),
        )
        .unwrap();
    }
    sql.push('\n');
    keep(
        TABLES_SCRIPT,
        (
            "-- Tables generated from the registry: begin",
            "-- Tables generated from the registry: end",
        ),
        &sql,
    );
}

/// No value function has the name of a function that is written by hand, and no parameter that of
/// an argument every function has.
#[test]
fn names_do_not_collide() {
    let script = read(SCRIPT);
    let (before, rest) = script
        .split_once("-- Generated from the registry: begin")
        .unwrap();
    let (_, after) = rest
        .split_once("-- Generated from the registry: end")
        .unwrap();
    let by_hand = [&read("sql/pg_synth--0.1.0.sql"), before, after].concat();
    let taken: BTreeSet<&str> = by_hand
        .split("FUNCTION @extschema@.")
        .skip(1)
        .filter_map(|text| text.split('(').next())
        .collect();
    assert!(taken.contains("synth_patients"));
    let tables: BTreeSet<String> = tables()
        .map(|t| format!("synth_{}", t.entry.name))
        .collect();
    for generator in GENERATORS.iter() {
        let name = format!("synth_{}", generator.entry.name);
        assert!(!taken.contains(name.as_str()), "{name} is taken");
        assert!(!tables.contains(&name), "{name} is a table, too");
        for parameter in generator.entry.parameters {
            assert!(
                !["row", "seed", "unique", "is_unique", "generator", "weight"]
                    .contains(&parameter.name),
                "{name}: {}",
                parameter.name
            );
        }
    }
}

/// The value of row 1 under seed 1, as a user gets it.
fn example(generator: &Generator) -> String {
    let generator = synth_engine::generator::find(generator.entry.name).unwrap();
    let bound = generator.bind(generator.example).unwrap();
    let value = bound
        .value(generator.draws(1).at(1))
        .replace(['\n', '\r'], " ");
    let short: String = value.chars().take(60).collect();
    let more = if short.len() < value.len() { "..." } else { "" };
    format!("{short}{more}")
        .replace('|', "\\|")
        .replace('`', "'")
}

fn parameters(entry: &Entry) -> String {
    let parameters: Vec<String> = entry
        .parameters
        .iter()
        .map(|p| {
            let default = p.default.map_or_else(String::new, |d| format!(" = {d}"));
            format!("`{}` {}{default}", p.name, p.parameter_type.name())
        })
        .collect();
    parameters.join(", ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a column refers to, for readers.
fn reference(spec: &TableSpec, column: &str) -> String {
    let refers = spec
        .constraints
        .iter()
        .find_map(|constraint| match constraint {
            Constraint::ForeignKey(key) => {
                let place = key.columns.iter().position(|name| name == column)?;
                Some(format!(
                    "; refers to {}.{}",
                    key.table, key.referenced[place]
                ))
            }
            _ => None,
        });
    let key = spec.primary_key().iter().any(|name| name == column);
    match (refers, key) {
        (Some(refers), true) => format!("; primary key{refers}"),
        (Some(refers), false) => refers,
        (None, true) => "; primary key".to_owned(),
        (None, false) => String::new(),
    }
}

/// The section on the tables of each domain.
fn tables_reference() -> String {
    let mut out = "\n\n## Tables\n\nEvery table is a function of a range of units: rows of its domain's root table. `start` is the first of them, and any range gives the same rows whatever comes before it.\n".to_owned();
    for domain in DOMAINS {
        write!(
            out,
            "\n### {}\n\n{} `synth_create('{}', scale)` creates and fills all of them; the scale counts {}.\n\n| function | parameters | rows | a unit |\n|---|---|---|---|\n",
            domain.name, domain.summary, domain.name, domain.root
        )
        .unwrap();
        for table in domain.tables {
            writeln!(
                out,
                "| `synth_{}` | {} | {} | {} |",
                table.entry.name,
                cell(&parameters(&table.entry)),
                cell(table.entry.summary),
                table.fan_out.mean()
            )
            .unwrap();
        }
        for table in domain.tables {
            let made = (table.build)(&TableOptions::default()).unwrap();
            let spec = made.spec();
            write!(
                out,
                "\n#### {}.{}\n\n| column | type | holds |\n|---|---|---|\n",
                domain.name, spec.name
            )
            .unwrap();
            for column in &spec.columns {
                let reference = reference(spec, &column.name);
                writeln!(
                    out,
                    "| `{}` | {}{} | {}{reference} |",
                    column.name,
                    column_type(column.column_type),
                    if column.nullable { ", may be NULL" } else { "" },
                    cell(&column.comment)
                )
                .unwrap();
            }
        }
    }
    out
}

#[test]
fn the_reference_describes_the_registry() {
    let mut out = tables_reference();
    write!(
        out,
        "\n## Generators\n\n{} generators. The example is the value of row 1 under seed 1; generators of one group agree in a row.\n\n| name | type | parameters | group | example | values |\n|---|---|---|---|---|---|\n",
        GENERATORS.len()
    )
    .unwrap();
    for generator in GENERATORS.iter() {
        writeln!(
            out,
            "| `{}` | {} | {} | {} | `{}` | {} |",
            generator.entry.name,
            output(generator),
            cell(&parameters(&generator.entry)),
            generator.group.map_or("", |group| group.name()),
            example(generator),
            cell(generator.entry.summary)
        )
        .unwrap();
    }
    out.push_str("\n### Parameters\n\n| generator | parameter | meaning |\n|---|---|---|\n");
    for generator in GENERATORS.iter() {
        for parameter in generator.entry.parameters {
            writeln!(
                out,
                "| `{}` | `{}` | {} |",
                generator.entry.name,
                parameter.name,
                cell(parameter.summary)
            )
            .unwrap();
        }
    }
    out.push_str("\n## Masks\n\n| name | parameters | takes | injective | consistent | pseudonymous | reversible | does |\n|---|---|---|---|---|---|---|---|\n");
    for entry in entries().filter(|e| e.kind == Kind::Mask) {
        let mask = entry.mask.unwrap();
        let yes = |value: bool| if value { "yes" } else { "no" };
        let accepts: Vec<&str> = mask.accepts.iter().map(|t| t.sql()).collect();
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            entry.name,
            cell(&parameters(entry)),
            if accepts.is_empty() {
                "any".to_owned()
            } else {
                accepts.join(", ")
            },
            yes(mask.injective),
            yes(mask.consistent),
            yes(mask.pseudonymous),
            yes(mask.reversible),
            cell(entry.summary)
        )
        .unwrap();
    }
    out.push('\n');
    keep(
        REFERENCE,
        (
            "<!-- generated from the registry: begin -->",
            "<!-- generated from the registry: end -->",
        ),
        &out,
    );
}

/// Values for the examples of `docs/masks.md`: arguments of a rule, type and value.
const EXAMPLES: &[(&str, ColumnType, &str)] = &[
    ("bucket('0,18,30,50,65')", ColumnType::Numeric, "42"),
    ("card_number", ColumnType::Text, "4111-1111-1111-1111"),
    (
        "card_number(keep_bin => true)",
        ColumnType::Text,
        "4111 1111 1111 1111",
    ),
    ("city", ColumnType::Text, "Springfield"),
    ("company(locale => 'de_DE')", ColumnType::Text, "Acme Inc."),
    ("country", ColumnType::Text, "Iceland"),
    ("date_shift(30)", ColumnType::Date, "1987-06-05"),
    ("email", ColumnType::Text, "ann@corp.test"),
    (
        "email(keep_domain => true, names => false)",
        ColumnType::Text,
        "ann@corp.test",
    ),
    ("first_name(locale => 'pl_PL')", ColumnType::Text, "Ann"),
    ("fpe", ColumnType::Text, "PO-2024/004711"),
    ("fpe('alphanumeric')", ColumnType::Text, "PO-2024/004711"),
    ("full_name", ColumnType::Text, "Ann Miller"),
    ("generalize(10)", ColumnType::Numeric, "37"),
    ("generalize('month')", ColumnType::Date, "1987-06-05"),
    ("generalize(24)", ColumnType::Inet, "192.0.2.77"),
    ("hash(20)", ColumnType::Text, "ann@corp.test"),
    ("iban", ColumnType::Text, "DE89 3704 0044 0532 0130 00"),
    (
        "json_path('$.a[*]', 'partial(1)', '$.n', 'generalize(10)')",
        ColumnType::Json,
        "{\"a\": [\"Ann\"], \"n\": 37, \"k\": 1}",
    ),
    ("last_name", ColumnType::Text, "Miller"),
    (
        "national_id(locale => 'pl_PL')",
        ColumnType::Text,
        "44051401458",
    ),
    ("noise(0.1)", ColumnType::Numeric, "52300.00"),
    ("partial(1, '***', 2)", ColumnType::Text, "12345"),
    ("permutation", ColumnType::Numeric, "4711"),
    ("phone", ColumnType::Text, "030 123456"),
    (
        "pseudonym('job_title')",
        ColumnType::Text,
        "Chief Hat Officer",
    ),
    (
        "redact",
        ColumnType::Text,
        "Ann Miller (ann@corp.test) paid with 4111111111111111",
    ),
    (
        "redact('pseudonym')",
        ColumnType::Text,
        "Ann Miller (ann@corp.test) paid with 4111111111111111",
    ),
    (
        "regex_replace('[0-9]{3}$', '***')",
        ColumnType::Text,
        "room 12345",
    ),
    ("ssn", ColumnType::Text, "123-45-6789"),
    ("state", ColumnType::Text, "Ohio"),
    ("street", ColumnType::Text, "12 Main Street"),
    ("zip", ColumnType::Text, "45678"),
];

/// Each mask that computes is in the examples of `docs/masks.md`, with what it really gives.
#[test]
fn docs_of_masks_are_true() {
    let mut out = String::from("\n| rule | value | result |\n|---|---|---|\n");
    for (rule, column_type, value) in EXAMPLES {
        let parsed: Rule = format!("MASKED WITH {rule}").parse().unwrap();
        let mask = mask::build(&parsed, &Target::new(*column_type), &Secret::new([0; 32])).unwrap();
        let days = synth_engine::calendar::parse_date(value);
        let input: ArrayRef = match column_type {
            ColumnType::Date => Arc::new(Date32Array::from(vec![days])),
            _ => Arc::new(StringArray::from(vec![*value])),
        };
        let masked = mask.apply(&input, &[]).unwrap();
        let result = match column_type {
            ColumnType::Date => {
                synth_engine::calendar::format_date(masked.as_primitive::<Date32Type>().value(0))
            }
            _ => masked.as_string::<i32>().value(0).to_owned(),
        };
        writeln!(
            out,
            "| `{}` | {} | {} |",
            cell(rule),
            cell(value),
            cell(&result)
        )
        .unwrap();
    }
    let shown: BTreeSet<&str> = EXAMPLES
        .iter()
        .map(|(rule, ..)| rule.split('(').next().unwrap_or(rule))
        .collect();
    for entry in entries().filter(|e| e.kind == Kind::Mask && mask::is_computed(e.name)) {
        // Bytes have no text form.
        assert!(
            shown.contains(entry.name) || entry.name == "placeholder",
            "{} has no example",
            entry.name
        );
    }
    out.push('\n');
    keep(
        "docs/masks.md",
        (
            "<!-- generated from the registry: begin -->",
            "<!-- generated from the registry: end -->",
        ),
        &out,
    );
}
