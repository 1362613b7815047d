//! What candidates have to pass: the constraints of a table as SQL over rows that are not written.

use arrow_array::{Array, StringArray};
use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::spi::{Result, SpiHeapTupleData};
use synth_engine::fill::{Batch, Given, Plan};

use super::catalog::{Described, Numbers};
use super::filling::given_references;
use super::shortage::unmade_for;
use super::subtransaction::{attempt, is_data_error};
use crate::query::{Parameter, execute, query, with_settings, write};
use crate::scratch::freed;

/// Candidates looked at together.
pub const BATCH: u64 = 1_000;

/// Candidates to look at.
pub struct Candidates<'a> {
    pub batch: &'a Batch,
    /// Their places in the batch.
    pub rows: Vec<usize>,
    /// So many rows come before them, of those that the gate is for.
    pub ahead: u64,
}

impl<'a> Candidates<'a> {
    /// The first candidates of a batch, as far as they are rows.
    pub fn first(batch: &'a Batch, count: u64, ahead: u64) -> Self {
        let is_row = |row: &usize| batch.is_row(*row);
        Self {
            batch,
            rows: (0..count as usize).filter(is_row).collect(),
            ahead,
        }
    }
}

/// What is read of candidates that pass, as SQL.
#[derive(Clone)]
pub struct Reading {
    /// Expressions over a candidate `t`, with names.
    pub computed: String,
    /// What is read of these, as columns of `synth_new`.
    pub read: String,
    /// Conditions over `synth_new` of which none may be true.
    pub unless: Vec<String>,
}

impl Reading {
    /// Runs a query that reads this. Rows that are there are asked through the index that refuses
    /// candidates, whatever the planner thinks of it.
    fn run<T>(&self, query: impl FnOnce() -> T) -> T {
        if self.unless.is_empty() {
            return freed(query);
        }
        freed(|| with_settings(&[(c"enable_seqscan", c"off")], query))
    }
}

/// What the rows of a table have to pass, as SQL.
#[derive(Clone)]
pub struct Gate {
    /// Name and condition.
    conditions: Vec<(String, String)>,
    /// Columns as the conditions read them.
    columns: Vec<String>,
    /// Generated columns, which are computed from the others.
    generated: Vec<String>,
    /// Columns that sequences number: what they give, and SQL around that.
    numbered: Vec<(Numbers, String)>,
    /// So many numbers are given since sequences were read.
    given: u64,
}

impl Gate {
    /// The gate of a table; `policies` are conditions of row-level security, and `given` says how many
    /// rows were written since the table was described.
    pub fn new(described: &Described, plan: &Plan, policies: &[String], given: u64) -> Self {
        let table = plan.table();
        let mut conditions: Vec<(String, String)> = table
            .checks
            .iter()
            .map(|(name, expression)| (name.clone(), format!("({expression}) IS NOT FALSE")))
            .collect();
        for policy in policies {
            // A policy lets a row pass only if it is true.
            conditions.push((
                super::policies::NAME.to_owned(),
                format!("({policy}) IS TRUE"),
            ));
        }
        if !described.partitions.is_empty() {
            let any: Vec<String> = described
                .partitions
                .iter()
                .map(|partition| format!("({partition})"))
                .collect();
            conditions.push((
                "the partitions".to_owned(),
                format!("({}) IS NOT FALSE", any.join(" OR ")),
            ));
        }
        for (position, column) in table.columns.iter().enumerate() {
            let name = pgrx::spi::quote_identifier(&column.name);
            for (check, expression) in &column.domain_checks {
                if plan.written.contains(&position) {
                    let condition = of_value(expression, &name);
                    conditions.push((check.clone(), format!("({condition}) IS NOT FALSE")));
                }
            }
        }
        conditions.extend(given_references(described, plan));
        let mut columns = Vec::new();
        let mut generated = Vec::new();
        let mut numbered = Vec::new();
        let mut computed = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            let name = pgrx::spi::quote_identifier(&column.name);
            // Domains give way to their base type: their checks refuse rows here, where a cast to
            // them would raise an error.
            let base = &described.columns[position].base;
            let number = plan.written.iter().position(|&written| written == position);
            columns.push(match (number, &column.default) {
                (Some(number), _) => format!("u.c{number}::{base} AS {name}"),
                (None, Given::Generated(expression)) => {
                    generated.push(format!("({expression})::{base} AS {name}"));
                    computed.push(format!("t.{name}"));
                    if column.not_null {
                        let about = format!("generated column {}", column.name);
                        conditions.push((about, format!("t.{name} IS NOT NULL")));
                    }
                    continue;
                }
                (None, Given::Constant(text) | Given::Expression(text)) => {
                    format!("({text})::{base} AS {name}")
                }
                (None, _) => {
                    if let Some(numbers) = &described.columns[position].numbers {
                        numbered.push((numbers.clone(), format!("::{base} AS {name}")));
                        continue;
                    }
                    format!("NULL::{base} AS {name}")
                }
            });
        }
        if !computed.is_empty() {
            // True of every row, once the expressions have been computed without an error.
            let condition = format!("pg_catalog.num_nulls({}) >= 0", computed.join(", "));
            conditions.push(("the generated columns".to_owned(), condition));
        }
        Self {
            conditions,
            columns,
            generated,
            numbered,
            given,
        }
    }

    /// Candidates as rows of the table, with the numbers that sequences would give them if all were
    /// written, after so many others.
    fn source(&self, columns: usize, ahead: u64) -> String {
        let before = self.given.saturating_add(ahead);
        let numbered = self.numbered.iter().map(|(numbers, column)| {
            let Numbers { last, step, end } = numbers;
            let last_of = if step.starts_with('-') { "GREATEST" } else { "LEAST" };
            format!("{last_of}({last}::numeric + {step} * ({before}::numeric + u.synth_place), {end}){column}")
        });
        let columns_of = self.columns.iter().cloned().chain(numbered);
        let columns_of = columns_of.chain(["u.synth_place".to_owned()]);
        let columns_of: Vec<String> = columns_of.collect();
        let inner = format!(
            "SELECT {} FROM {}",
            columns_of.join(", "),
            unnested(columns)
        );
        if self.generated.is_empty() {
            return format!("({inner}) t");
        }
        format!(
            "(SELECT g.*, {} FROM ({inner}) g) t",
            self.generated.join(", ")
        )
    }

    /// Which of the candidates pass.
    pub fn passing(&self, candidates: &Candidates) -> Vec<usize> {
        if self.conditions.is_empty() {
            return candidates.rows.clone();
        }
        let nothing = Reading {
            computed: "NULL::pg_catalog.text AS synth_nothing".to_owned(),
            read: "synth_new.synth_nothing".to_owned(),
            unless: Vec::new(),
        };
        let read = |_: &SpiHeapTupleData| Ok(Some(()));
        let passing = self.select(&nothing, candidates, &read);
        passing.into_iter().map(|(row, ())| row).collect()
    }

    /// An expression over the candidates of some that pass, each with its place in the batch. A candidate
    /// for which an expression raises an error of its data does not pass.
    pub fn select<T>(
        &self,
        reading: &Reading,
        candidates: &Candidates,
        read: &impl Fn(&SpiHeapTupleData) -> Result<Option<T>>,
    ) -> Vec<(usize, T)> {
        let columns = &candidates.batch.columns;
        let run = |rows: &[usize], ahead: u64| {
            let sql = self.statement(reading, columns.len(), ahead);
            let read = |row: &SpiHeapTupleData| {
                let place = row.get::<i64>(row.columns())?.unwrap_or(1);
                Ok(read(row)?.map(|value| (rows[(place - 1) as usize], value)))
            };
            reading.run(|| query(&sql, &parameters(columns, Some(rows)), read))
        };
        among(&candidates.rows, candidates.ahead, &run)
    }

    /// Inserts expressions over the candidates of some that pass, and their places, into a table, without
    /// those that its indexes refuse; gives which arrived.
    pub fn insert(&self, table: &str, reading: &Reading, candidates: &Candidates) -> Vec<usize> {
        let columns = &candidates.batch.columns;
        let run = |rows: &[usize], ahead: u64| {
            let sql = format!(
                "INSERT INTO {table} {} ON CONFLICT DO NOTHING RETURNING synth_place",
                self.statement(reading, columns.len(), ahead),
            );
            let read = |row: &SpiHeapTupleData| {
                let place = row.get::<i64>(1)?;
                Ok(place.map(|place| rows[(place - 1) as usize]))
            };
            reading.run(|| write(&sql, &parameters(columns, Some(rows)), read))
        };
        among(&candidates.rows, candidates.ahead, &run)
    }

    /// Makes a temporary table with the columns that [`Gate::insert`] writes.
    pub fn create(&self, table: &str, reading: &Reading, columns: usize) {
        let sql = format!(
            "CREATE TEMPORARY TABLE {table} AS {} WITH NO DATA",
            self.statement(reading, columns, 0)
        );
        execute(&sql, &nothing(columns));
    }

    /// An expression over a row `synth_new` of which all that is computed is NULL.
    pub fn of_nulls<T>(
        &self,
        computed: &str,
        expression: &str,
        columns: usize,
        read: impl FnMut(&SpiHeapTupleData) -> Result<Option<T>>,
    ) -> Option<T> {
        let sql = format!(
            "SELECT {expression} FROM (VALUES (1)) v
             LEFT JOIN (SELECT {computed} FROM {} WHERE false) synth_new ON true",
            self.source(columns, 0)
        );
        query(&sql, &nothing(columns), read).pop()
    }

    /// The query that reads the candidates that pass, in order.
    fn statement(&self, reading: &Reading, columns: usize, ahead: u64) -> String {
        let unless = if reading.unless.is_empty() {
            String::new()
        } else {
            format!("WHERE ({}) IS NOT TRUE", reading.unless.join(" OR "))
        };
        format!(
            "SELECT {}, synth_new.synth_place
             FROM (SELECT {}, t.synth_place::pg_catalog.int8 FROM {} WHERE {}) synth_new
             {unless} ORDER BY synth_new.synth_place",
            reading.read,
            reading.computed,
            self.source(columns, ahead),
            self.condition(),
        )
    }

    /// All conditions at once.
    fn condition(&self) -> String {
        if self.conditions.is_empty() {
            return "true".to_owned();
        }
        let conditions = self.conditions.iter();
        let conditions: Vec<&str> = conditions
            .map(|(_, condition)| condition.as_str())
            .collect();
        conditions.join(" AND ")
    }

    /// How many of the candidates each condition refuses.
    pub fn refusals(&self, columns: &[StringArray]) -> Vec<(String, i64)> {
        let counts: Vec<String> = self
            .conditions
            .iter()
            .map(|(_, condition)| format!("pg_catalog.count(*) FILTER (WHERE NOT ({condition}))"))
            .collect();
        if counts.is_empty() {
            return Vec::new();
        }
        let sql = format!(
            "SELECT ARRAY[{}] FROM {}",
            counts.join(", "),
            self.source(columns.len(), 0),
        );
        let count = || {
            query(&sql, &parameters(columns, None), |row| {
                row.get::<Vec<i64>>(1)
            })
        };
        let Ok(counts) = attempt(count, is_data_error) else {
            let about = "its expressions, which raise errors".to_owned();
            return vec![(about, i64::MAX)];
        };
        let names = self.conditions.iter().map(|(name, _)| name.clone());
        names.zip(counts.into_iter().flatten()).collect()
    }

    /// Tries candidates without writing: what refuses all of them, if something does.
    pub fn rehearse(&self, plan: &Plan, rows: u64) -> Option<String> {
        let tried = rows.clamp(1, BATCH);
        let columns = plan.batch(0..tried);
        let candidates = Candidates::first(&columns, tried, 0);
        if columns.columns.is_empty() || !self.passing(&candidates).is_empty() {
            return None;
        }
        let more = plan.batch(tried..tried + 10 * BATCH);
        let candidates = Candidates::first(&more, 10 * BATCH, 0);
        if !self.passing(&candidates).is_empty() {
            return None;
        }
        if (0..tried as usize).all(|row| !columns.is_row(row)) {
            return Some(unmade_for(plan, &columns));
        }
        let worst = self
            .refusals(&columns.columns)
            .into_iter()
            .max_by_key(|(_, count)| *count);
        Some(worst.map_or_else(String::new, |(name, _)| name))
    }
}

/// The check of a domain over a column: `VALUE` outside of quotes is the column.
pub fn of_value(expression: &str, column: &str) -> String {
    replace_word(expression, "VALUE", column)
}

/// SQL with a word replaced wherever it stands outside of quotes; the word may itself be a quoted
/// name.
pub fn replace_word(expression: &str, word: &str, by: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut quote: Option<char> = None;
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let starts_word = out
            .chars()
            .last()
            .is_none_or(|last| !last.is_alphanumeric() && last != '_');
        if quote.is_none()
            && starts_word
            && let Some(after) = rest.strip_prefix(word)
            && !after.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        {
            out.push_str(by);
            rest = after;
            continue;
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// `ROWS FROM (unnest($1), unnest($2)) WITH ORDINALITY u (c0, c1, synth_place)`
pub fn unnested(columns: usize) -> String {
    let arrays: Vec<String> = (1..=columns)
        .map(|number| format!("pg_catalog.unnest(${number})"))
        .collect();
    let names: Vec<String> = (0..columns).map(|number| format!("c{number}")).collect();
    format!(
        "ROWS FROM ({}) WITH ORDINALITY u ({}, synth_place)",
        arrays.join(", "),
        names.join(", ")
    )
}

/// Columns without a row.
fn nothing(columns: usize) -> Vec<Parameter> {
    let column = StringArray::new_null(0);
    parameters(&vec![column; columns], None)
}

/// Columns as arrays of text; of all rows or of some.
pub fn parameters(columns: &[StringArray], rows: Option<&[usize]>) -> Vec<Parameter> {
    columns
        .iter()
        .map(|column| {
            let value = |row: usize| column.is_valid(row).then(|| column.value(row));
            let values: Vec<Option<&str>> = match rows {
                Some(rows) => rows.iter().map(|&row| value(row)).collect(),
                None => (0..column.len()).map(value).collect(),
            };
            (pg_sys::TEXTARRAYOID, values.into_datum())
        })
        .collect::<Vec<(Oid, Option<Datum>)>>()
}

/// Runs a query over candidates, with the number of rows before them; where an expression raises an
/// error, over halves of them.
fn among<T>(rows: &[usize], ahead: u64, run: &impl Fn(&[usize], u64) -> Vec<T>) -> Vec<T> {
    if rows.is_empty() {
        return Vec::new();
    }
    match attempt(|| run(rows, ahead), is_data_error) {
        Ok(found) => found,
        Err(_) if rows.len() == 1 => Vec::new(),
        Err(_) => {
            let (first, second) = rows.split_at(rows.len() / 2);
            let mut found = among(first, ahead, run);
            found.extend(among(second, ahead + first.len() as u64, run));
            found
        }
    }
}
