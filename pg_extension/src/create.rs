//! `synth_create`: the tables of a domain, created, filled, and tied together.
//!
//! Each table is created by CREATE TABLE AS over its generator, which takes the bulk-load path; keys and
//! indexes are built when the rows are there, references when all tables are. All of it happens in the
//! caller's transaction, as the caller: an error leaves nothing behind.

use std::fmt::Write;
use std::time::{Duration, Instant};

use pgrx::PgSqlErrorCode::*;
use pgrx::iter::TableIterator;
use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::{quote_identifier, quote_literal};
use pgrx::{IntoDatum, JsonB};
use serde_json::Value;
use synth_engine::calendar::format_date;
use synth_engine::domain::{self, Domain, TableEntry, TableOptions};
use synth_engine::schema::{Constraint, TableSpec};

use crate::boundary::{check_for_interrupts, string};
use crate::column::POSTGRES_EPOCH_DAYS;
use crate::error::{or_raise, raise, raise_null, raise_with_detail};
use crate::generate::{Arguments, request, seed_of_call};
use crate::query::{execute, query, with_safe_path};
use crate::sqlstate;

/// A table that took longer is told of while the others are still to come.
const TELL_AFTER: Duration = Duration::from_secs(5);

/// `synth_create(domain text, scale bigint, schema text, seed bigint, as_of date, options jsonb)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_create(
    domain: Option<&str>,
    scale: Option<i64>,
    schema: Option<&str>,
    seed: Option<i64>,
    as_of: Option<Date>,
    options: Option<JsonB>,
) -> TableIterator<
    'static,
    (
        name!(table_name, String),
        name!(rows, i64),
        name!(seed, i64),
    ),
> {
    // SAFETY: raises an error or does nothing.
    unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_create()".as_ptr()) };
    let created = sqlstate::kept(|| {
        let domain = or_raise(domain::domain(
            domain.unwrap_or_else(|| raise_null("domain")),
        ));
        let call = Call {
            domain,
            scale: units(scale),
            seed: seed_of_call(seed),
            as_of: as_of.map(|date| date.to_pg_epoch_days()),
            own: own_arguments(domain, options),
            functions: quote_identifier(extension_schema()),
        };
        // What cannot be is said before anything is made.
        for entry in domain.tables {
            request(entry, &call.arguments(entry));
        }
        let schema = target_schema(schema);
        with_safe_path(|| create(&call, &schema))
    });
    TableIterator::new(created)
}

/// What was asked for.
struct Call {
    domain: &'static Domain,
    scale: u64,
    seed: u64,
    /// In Postgres's count of days.
    as_of: Option<i32>,
    /// Values of the tables' own parameters, by name.
    own: Vec<(String, f64)>,
    /// The schema of the generators, quoted.
    functions: String,
}

impl Call {
    /// The value given for a table's own parameter at a place.
    fn own(&self, entry: &TableEntry, place: usize) -> Option<f64> {
        let parameter = entry.entry.parameters.get(4 + place)?;
        let given = self.own.iter().find(|(name, _)| name == parameter.name);
        given.map(|(_, value)| *value)
    }

    fn arguments(&self, entry: &TableEntry) -> Arguments {
        Arguments {
            rows: Some((entry.units_at)(self.scale).cast_signed()),
            seed: Some(self.seed.cast_signed()),
            start: Some(0),
            as_of: self.as_of,
            own: std::array::from_fn(|place| self.own(entry, place)),
        }
    }

    fn table_options(&self, entry: &TableEntry) -> TableOptions {
        let arguments = self.arguments(entry);
        TableOptions {
            seed: self.seed,
            own: arguments.own,
            ..TableOptions::default()
        }
    }

    /// The generator's rows, as the FROM item `schema.synth_x(...)`.
    fn generator(&self, entry: &TableEntry) -> String {
        let arguments = self.arguments(entry);
        let as_of = arguments.as_of.map_or_else(
            || "NULL".to_owned(),
            |days| {
                format!(
                    "'{}'",
                    format_date(days.saturating_add(POSTGRES_EPOCH_DAYS))
                )
            },
        );
        let own = (0..entry.entry.parameters.len().saturating_sub(4))
            .map(|place| match self.own(entry, place) {
                Some(value) => format!(", '{value}'"),
                None => ", NULL".to_owned(),
            })
            .collect::<String>();
        format!(
            "{}.{}({}, '{}', 0, {as_of}{own})",
            self.functions,
            quote_identifier(format!("synth_{}", entry.entry.name)),
            (entry.units_at)(self.scale),
            self.seed.cast_signed(),
        )
    }
}

fn units(scale: Option<i64>) -> u64 {
    let scale = scale.unwrap_or_else(|| raise_null("scale"));
    u64::try_from(scale).unwrap_or_else(|_| {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("scale must not be negative, got {scale}"),
            "Pass 0 or more: how many rows the root table gets.".to_owned(),
        )
    })
}

/// Numbers by name, each a parameter of some table of the domain.
fn own_arguments(domain: &Domain, options: Option<JsonB>) -> Vec<(String, f64)> {
    let Some(JsonB(options)) = options else {
        return Vec::new();
    };
    let mut known: Vec<&str> = domain
        .tables
        .iter()
        .flat_map(|entry| entry.entry.parameters.iter().skip(4))
        .map(|parameter| parameter.name)
        .collect();
    known.sort_unstable();
    known.dedup();
    let hint = if known.is_empty() {
        format!("Domain {} takes none.", domain.name)
    } else {
        format!("Pass numbers for any of: {}.", known.join(", "))
    };
    let Value::Object(options) = options else {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            "options must be a JSON object".to_owned(),
            hint,
        );
    };
    let number = |(name, value): (String, Value)| match value.as_f64() {
        Some(number) if known.contains(&name.as_str()) => (name, number),
        _ => raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!(
                "options of domain {}: {name} is not a parameter with a number",
                domain.name
            ),
            hint.clone(),
        ),
    };
    options.into_iter().map(number).collect()
}

/// The schema in which the extension's functions are.
fn extension_schema() -> String {
    let found = query(
        "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
         WHERE e.extname = 'pg_synth'",
        &[],
        |row| row.get::<String>(1),
    );
    found.into_iter().next().unwrap_or_default()
}

/// The schema that is named, created if it is not there; else the one where the caller's objects go.
fn target_schema(name: Option<&str>) -> String {
    let Some(name) = name else {
        // SAFETY: the list holds schemas; the first is where new objects go.
        return unsafe {
            let path = pg_sys::fetch_search_path(false);
            let first = crate::boundary::oids(path).first().copied();
            let name = first.map(|oid| pg_sys::get_namespace_name(oid));
            match name.filter(|name| !name.is_null()) {
                Some(name) => string(name),
                None => raise(
                    ERRCODE_INVALID_SCHEMA_NAME,
                    "no schema has been selected to create in".to_owned(),
                    "Pass schema => '<name>', or set search_path.".to_owned(),
                ),
            }
        };
    };
    let there = query(
        "SELECT true FROM pg_namespace WHERE nspname = $1",
        &[(pg_sys::TEXTOID, name.into_datum())],
        |row| row.get::<bool>(1),
    );
    if there.is_empty() {
        with_safe_path(|| execute(&format!("CREATE SCHEMA {}", quote_identifier(name)), &[]));
    }
    name.to_owned()
}

/// Creates the tables of a domain; gives each with its rows and the seed.
fn create(call: &Call, schema: &str) -> Vec<(String, i64, i64)> {
    let tables: Vec<(&TableEntry, TableSpec)> = call
        .domain
        .tables
        .iter()
        .map(|entry| {
            let table = or_raise((entry.build)(&call.table_options(entry)));
            (*entry, table.spec().clone())
        })
        .collect();
    refuse_existing(schema, &tables);

    let qualified = |name: &str| format!("{}.{}", quote_identifier(schema), quote_identifier(name));
    let mut created = Vec::with_capacity(tables.len());
    for (entry, spec) in &tables {
        check_for_interrupts();
        let started = Instant::now();
        let name = qualified(&spec.name);
        let rows = execute(
            &format!(
                "CREATE TABLE {name} AS SELECT * FROM {}",
                call.generator(entry)
            ),
            &[],
        );
        execute(&format!("ALTER TABLE {name} {}", rules(spec)), &[]);
        for columns in indexes(spec) {
            execute(&format!("CREATE INDEX ON {name} ({})", list(columns)), &[]);
        }
        comment(&name, spec);
        if started.elapsed() > TELL_AFTER {
            notice!("{name}: {rows} rows");
        }
        created.push((name, rows.cast_signed(), call.seed.cast_signed()));
    }
    for (_, spec) in &tables {
        let name = qualified(&spec.name);
        for constraint in &spec.constraints {
            if let Constraint::ForeignKey(key) = constraint {
                check_for_interrupts();
                execute(
                    &format!(
                        "ALTER TABLE {name} ADD FOREIGN KEY ({}) REFERENCES {} ({})",
                        list(&key.columns),
                        qualified(&key.table),
                        list(&key.referenced)
                    ),
                    &[],
                );
            }
        }
        execute(&format!("ANALYZE {name}"), &[]);
    }
    created
}

/// Raises an error if a table of a name that is needed is there already.
fn refuse_existing(schema: &str, tables: &[(&TableEntry, TableSpec)]) {
    let names: Vec<String> = tables.iter().map(|(_, spec)| spec.name.clone()).collect();
    let taken = query(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = ANY ($2) ORDER BY 1",
        &[
            (pg_sys::TEXTOID, schema.into_datum()),
            (pg_sys::TEXTARRAYOID, names.into_datum()),
        ],
        |row| row.get::<String>(1),
    );
    if !taken.is_empty() {
        raise_with_detail(
            ERRCODE_DUPLICATE_TABLE,
            format!("schema {schema} has tables of these names already"),
            format!("There: {}.", taken.join(", ")),
            "Pass schema => '<another>', or drop them.",
        );
    }
}

/// The actions of ALTER TABLE that put a table's own rules in place: one pass over the rows for all
/// NOT NULLs.
fn rules(spec: &TableSpec) -> String {
    let mut actions = String::new();
    let mut action = |text: std::fmt::Arguments<'_>| {
        let comma = if actions.is_empty() { "" } else { ", " };
        // Writing into a String cannot fail.
        let _ = write!(actions, "{comma}{text}");
    };
    for column in spec.columns.iter().filter(|column| !column.nullable) {
        let name = quote_identifier(&column.name);
        action(format_args!("ALTER COLUMN {name} SET NOT NULL"));
    }
    for constraint in &spec.constraints {
        match constraint {
            Constraint::PrimaryKey(columns) => {
                action(format_args!("ADD PRIMARY KEY ({})", list(columns)));
            }
            Constraint::Unique(columns) => action(format_args!("ADD UNIQUE ({})", list(columns))),
            _ => {}
        }
    }
    actions
}

/// The columns of each index beyond those of constraints: what is looked for, and what refers to other
/// tables, unless another index begins with it.
fn indexes(spec: &TableSpec) -> Vec<&[String]> {
    let mut begun: Vec<&[String]> = Vec::new();
    let mut wanted: Vec<&[String]> = Vec::new();
    for constraint in &spec.constraints {
        match constraint {
            Constraint::PrimaryKey(columns) | Constraint::Unique(columns) => begun.push(columns),
            Constraint::Index(columns) => wanted.push(columns),
            Constraint::ForeignKey(key) => wanted.push(&key.columns),
            _ => {}
        }
    }
    // The longest first, so that it serves the shorter ones too.
    wanted.sort_by_key(|columns| std::cmp::Reverse(columns.len()));
    let mut made = Vec::new();
    for columns in wanted {
        if !begun.iter().any(|there| there.starts_with(columns)) {
            begun.push(columns);
            made.push(columns);
        }
    }
    made
}

/// Puts the spec's comments on a table and its columns.
fn comment(name: &str, spec: &TableSpec) {
    let quoted = |text: &str| quote_literal(text);
    let table = quoted(&spec.comment);
    execute(&format!("COMMENT ON TABLE {name} IS {table}"), &[]);
    for column in &spec.columns {
        execute(
            &format!(
                "COMMENT ON COLUMN {name}.{} IS {}",
                quote_identifier(&column.name),
                quoted(&column.comment)
            ),
            &[],
        );
    }
}

/// Column names, quoted, with commas between.
fn list(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(quote_identifier).collect();
    quoted.join(", ")
}
