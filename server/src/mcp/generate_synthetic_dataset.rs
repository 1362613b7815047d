//! `generate_synthetic_dataset`: shows some rows, and writes all of them to a named destination.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use chrono::{DateTime, SecondsFormat};
use rmcp::RoleServer;
use rmcp::model::{JsonObject, ProgressNotificationParam, Tool, ToolAnnotations};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use synth_connectors::ledger::{Grain, Load};
use synth_connectors::load::{self, Control};
use synth_engine::calendar::{AS_OF_RANGE, REFERENCE_DATE, format_date, parse_date};
use synth_engine::domain::{self, FanOut, OWN_PARAMETERS, Table, TableOptions};
use synth_engine::registry::{self, Kind};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Shared, ToolError, ToolResult, answer, arguments, schema};
use crate::number::{count_from_json, seed_from_json};

/// The tool's name.
pub const NAME: &str = "generate_synthetic_dataset";

const DESCRIPTION: &str = "\
Generates rows of a synthetic table. Always answers with a preview; with a destination it also writes \
all rows there, into a new table or appended to one with equal columns. Nothing is ever changed or \
dropped. The same generator, seed, as_of and row numbers give the same rows every time, so a load \
that was cut is finished by the same call with resume: true.";

/// Rows in a preview at most.
const MOST_PREVIEW_ROWS: u64 = 100;
/// Rows in a preview unless told otherwise.
const PREVIEW_ROWS: u64 = 5;
/// Time between two progress notifications at least.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// A table or generator named by `list_generators`.
    generator: String,
    /// How many rows, as an integer or a string of digits; for a table that belongs to patients,
    /// customers and so on (its first parameter says), how many of those. Without a destination only
    /// the preview is generated.
    #[schemars(schema_with = "schema::count")]
    rows: Value,
    /// The same seed gives the same rows: any signed 64-bit integer; beyond 2^53 as a string of
    /// digits. Left out: a fresh one, which the answer names.
    #[serde(default)]
    #[schemars(schema_with = "schema::seed")]
    seed: Option<Value>,
    /// Number of the first row, default 0: any range of rows costs the same.
    #[serde(default)]
    #[schemars(schema_with = "schema::count")]
    start: Option<Value>,
    /// The last day the data may mention, YYYY-MM-DD from 1900 to 2199. Default 2026-01-01,
    /// whatever today is.
    #[serde(default)]
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    as_of: Option<String>,
    /// The table's own parameters by name, as `list_generators` shows them after `as_of`.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// How many of the rows to show in the answer, default 5.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    preview_rows: Option<u64>,
    /// Name of a destination listed by `list_generators`. Left out: nothing is written.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    destination: Option<String>,
    /// Table to write into, default the generator's name; Postgres takes schema.table too. Not for
    /// file destinations.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    table: Option<String>,
    /// Go on with the same load where it was cut; one that is complete is left as it is.
    #[serde(default)]
    resume: bool,
}

/// Answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    /// The table or generator.
    generator: String,
    /// The seed, as digits: signed 64-bit.
    seed: String,
    /// The last day the data may mention.
    as_of: String,
    /// Number of the first row, as digits.
    start: String,
    /// Rows asked for, or patients, customers and so on, as digits.
    rows: String,
    /// Rows that this call wrote, as digits.
    rows_written: String,
    /// Columns in order.
    columns: Vec<Column>,
    /// The first rows, column by name. Values of type bigint or numeric are strings of digits; dates,
    /// instants and UUIDs are strings; numbers that are not finite are strings.
    preview: Vec<Map<String, Value>>,
    /// Where the rows were written; null: nowhere.
    destination: Option<String>,
    /// The table they were written to; null: none.
    table: Option<String>,
    /// How long it took.
    seconds: f64,
}

/// A column.
#[derive(Debug, Serialize, JsonSchema)]
struct Column {
    /// Name.
    name: String,
    /// SQL type.
    #[serde(rename = "type")]
    sql_type: &'static str,
    /// Whether it may be null.
    nullable: bool,
    /// What it holds.
    comment: String,
}

/// Definition. The names of generators come from the registry.
pub fn tool() -> Tool {
    let mut input = schema::of::<Input>();
    let names: Vec<&str> = registry::entries()
        .filter(|entry| match entry.kind {
            Kind::Table => true,
            // A column of its own takes no arguments.
            Kind::Generator => entry.parameters.iter().all(|p| p.default.is_some()),
            Kind::Mask => false,
        })
        .map(|entry| entry.name)
        .collect();
    schema::restrict(&mut input, "generator", &names);
    Tool::new(NAME, DESCRIPTION, schema::shared(input))
        .with_title("Generate a synthetic dataset")
        .with_raw_output_schema(schema::shared(schema::of::<Output>()))
        .with_annotations(
            ToolAnnotations::with_title("Generate a synthetic dataset")
                .read_only(false)
                .destructive(false)
                .idempotent(false)
                .open_world(false),
        )
}

/// Runs the tool.
pub async fn call(
    shared: &Shared,
    input: JsonObject,
    context: &RequestContext<RoleServer>,
) -> ToolResult {
    let started = Instant::now();
    let input: Input = arguments(input)?;
    let (load, table, preview_rows) = validate(shared, &input)?;
    let preview_units = table.fan_out().units_of(preview_rows);
    let end = load
        .range()
        .end
        .min(load.start.saturating_add(preview_units));
    let preview = table
        .batch(load.start..end)
        .map_err(synth_connectors::Error::from)?;
    let shown = preview
        .num_rows()
        .min(usize::try_from(preview_rows).unwrap_or(usize::MAX));
    let preview = preview.slice(0, shown);
    let mut rows_written = 0;
    let mut target = None;
    if let Some(name) = &input.destination {
        if input.resume && input.seed.is_none() {
            return Err(ToolError(
                "resume: give the seed of the load that was cut; without it this would be another load"
                    .to_owned(),
            ));
        }
        let file = shared.destinations.is_file(name)?;
        if file && input.table.is_some() {
            return Err(ToolError(
                "table: this destination is a file, which has no tables; leave table out"
                    .to_owned(),
            ));
        }
        target = (!file).then(|| load.target.clone());
        rows_written = write(shared, name, &load, table.clone(), input.resume, context).await?;
    } else if input.resume || input.table.is_some() {
        return Err(ToolError(
            "table and resume go with a destination; add one, or leave them out for a preview"
                .to_owned(),
        ));
    }
    answer(&Output {
        seed: load.signed_seed().to_string(),
        as_of: format_date(load.options.as_of),
        start: load.start.to_string(),
        rows: load.units.to_string(),
        rows_written: rows_written.to_string(),
        columns: table
            .spec()
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                sql_type: column.column_type.sql(),
                nullable: column.nullable,
                comment: column.comment.clone(),
            })
            .collect(),
        preview: objects(&preview),
        destination: input.destination,
        table: target,
        seconds: started.elapsed().as_secs_f64(),
        generator: load.generator,
    })
}

/// The load that is asked for, and the rows to show.
fn validate(shared: &Shared, input: &Input) -> Result<(Load, Arc<dyn Table>, u64), ToolError> {
    let about = |name: &str| {
        let name = name.to_owned();
        move |problem: String| ToolError(format!("{name}: {problem}"))
    };
    let rows = count_from_json(&input.rows).map_err(about("rows"))?;
    let start = match &input.start {
        Some(start) => count_from_json(start).map_err(about("start"))?,
        None => 0,
    };
    let seed = match &input.seed {
        Some(seed) => seed_from_json(seed).map_err(about("seed"))?,
        None => getrandom::u64().map_err(|_| {
            ToolError("the operating system gives no random numbers; choose a seed".to_owned())
        })?,
    };
    let as_of = match &input.as_of {
        Some(text) => parse_date(text)
            .filter(|days| AS_OF_RANGE.contains(days))
            .ok_or_else(|| {
                ToolError("as_of: must be YYYY-MM-DD, from 1900-01-01 to 2199-12-31".to_owned())
            })?,
        None => REFERENCE_DATE,
    };
    let own = own_parameters(&input.generator, &input.parameters)?;
    let options = TableOptions { seed, as_of, own };
    let table = domain::table(&input.generator, &options).map_err(synth_connectors::Error::from)?;
    let most = match table.fan_out() {
        FanOut::One => shared.max_rows,
        many @ FanOut::Mean(_) => many.units_of(shared.max_rows),
    };
    if rows > most {
        return Err(ToolError(format!(
            "rows: at most {most} in one call, which make about {} rows; several calls with another \
             start make more",
            shared.max_rows
        )));
    }
    let last = table.last_unit();
    if start.checked_add(rows).is_none_or(|end| end > last + 1) {
        return Err(ToolError(format!(
            "start: start plus rows must not pass the last one, {last}"
        )));
    }
    let preview_rows = input.preview_rows.unwrap_or(PREVIEW_ROWS);
    if preview_rows > MOST_PREVIEW_ROWS {
        return Err(ToolError(format!(
            "preview_rows: at most {MOST_PREVIEW_ROWS}; write to a destination for more"
        )));
    }
    let load = Load {
        generator: input.generator.clone(),
        options,
        start,
        units: rows,
        grain: Grain::of(&*table),
        target: input
            .table
            .clone()
            .unwrap_or_else(|| table.spec().name.clone()),
    };
    Ok((load, table, preview_rows))
}

/// The table's own parameters, by name.
fn own_parameters(
    generator: &str,
    given: &Map<String, Value>,
) -> Result<[Option<f64>; OWN_PARAMETERS], ToolError> {
    let known: Vec<&str> = domain::find(generator)
        .iter()
        .flat_map(|entry| &entry.entry.parameters[4..])
        .map(|parameter| parameter.name)
        .collect();
    let mut own = [None; OWN_PARAMETERS];
    for (name, value) in given {
        let place = known.iter().position(|known| known == name);
        let (Some(place), Some(value)) = (place, value.as_f64()) else {
            return Err(ToolError(format!(
                "parameters: {name} is not a parameter of {generator} with a number; it has: {}",
                if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                }
            )));
        };
        own[place] = Some(value);
    }
    Ok(own)
}

/// Writes a load; returns the rows written.
async fn write(
    shared: &Shared,
    destination: &str,
    load: &Load,
    table: Arc<dyn Table>,
    resume: bool,
    context: &RequestContext<RoleServer>,
) -> Result<u64, ToolError> {
    let cancelled = || {
        ToolError(format!(
            "cancelled; what is committed stays, and the same call with seed \"{}\" and resume: true \
             writes the rest",
            load.signed_seed()
        ))
    };
    let _turn = tokio::select! {
        () = context.ct.cancelled() => return Err(cancelled()),
        turn = shared.loads.acquire() => {
            turn.map_err(|_| ToolError("the server is shutting down".to_owned()))?
        }
    };
    let (rows_done, progress) = watch::channel(0);
    let notifier = notify(progress, load.units, context);
    let control = Control {
        progress: Arc::new(move |rows| {
            // Nobody listens if the client did not ask for progress.
            let _ = rows_done.send(rows);
        }),
        stop: context.ct.child_token(),
    };
    let outcome = match shared.destinations.open(destination).await {
        Ok(sink) => load::run(sink, load, table, resume, &control)
            .await
            .map_err(ToolError::from),
        Err(error) => Err(error),
    };
    // The last notification precedes the answer.
    drop(control);
    if let Some(notifier) = notifier {
        let _ = notifier.await;
    }
    let outcome = outcome?;
    if !outcome.complete {
        return Err(cancelled());
    }
    Ok(outcome.rows_written)
}

/// Passes progress on to the client, if it asked for that; ends when the sender is dropped.
fn notify(
    mut progress: watch::Receiver<u64>,
    total: u64,
    context: &RequestContext<RoleServer>,
) -> Option<tokio::task::JoinHandle<()>> {
    let token = context.meta.get_progress_token()?;
    let peer = context.peer.clone();
    Some(tokio::spawn(async move {
        while progress.changed().await.is_ok() {
            let rows = *progress.borrow_and_update();
            #[expect(clippy::cast_precision_loss, reason = "progress is approximate")]
            let parameters = ProgressNotificationParam::new(token.clone(), rows as f64)
                .with_total(total as f64)
                .with_message(format!("{rows} of {total} rows"));
            if peer.notify_progress(parameters).await.is_err() {
                return;
            }
            if rows < total {
                tokio::time::sleep(PROGRESS_INTERVAL).await;
            }
        }
    }))
}

/// Rows as JSON objects.
fn objects(batch: &RecordBatch) -> Vec<Map<String, Value>> {
    let schema = batch.schema();
    let columns: Vec<(&str, Vec<Value>)> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| (field.name().as_str(), values(array)))
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            columns
                .iter()
                .map(|(name, values)| ((*name).to_owned(), values[row].clone()))
                .collect()
        })
        .collect()
}

/// A column's values as JSON.
fn values(array: &ArrayRef) -> Vec<Value> {
    let each = |value: &dyn Fn(usize) -> Value| {
        (0..array.len())
            .map(|row| {
                if array.is_null(row) {
                    Value::Null
                } else {
                    value(row)
                }
            })
            .collect()
    };
    if let Some(a) = array.as_string_opt::<i32>() {
        each(&|row| a.value(row).into())
    } else if let Some(a) = array.as_primitive_opt::<Int64Type>() {
        each(&|row| a.value(row).to_string().into())
    } else if let Some(a) = array.as_primitive_opt::<Int32Type>() {
        each(&|row| a.value(row).into())
    } else if let Some(a) = array.as_primitive_opt::<Int16Type>() {
        each(&|row| a.value(row).into())
    } else if let Some(a) = array.as_primitive_opt::<Decimal128Type>() {
        each(&|row| a.value_as_string(row).into())
    } else if let Some(a) = array.as_boolean_opt() {
        each(&|row| a.value(row).into())
    } else if let Some(a) = array.as_primitive_opt::<Float64Type>() {
        each(&|row| {
            let value = a.value(row);
            serde_json::Number::from_f64(value)
                .map_or_else(|| value.to_string().into(), Value::Number)
        })
    } else if let Some(a) = array.as_primitive_opt::<Date32Type>() {
        each(&|row| format_date(a.value(row)).into())
    } else if let Some(a) = array.as_primitive_opt::<TimestampMicrosecondType>() {
        each(&|row| {
            DateTime::from_timestamp_micros(a.value(row)).map_or(Value::Null, |instant| {
                instant.to_rfc3339_opts(SecondsFormat::AutoSi, true).into()
            })
        })
    } else if let Some(a) = array.as_fixed_size_binary_opt() {
        each(&|row| {
            Uuid::from_slice(a.value(row)).map_or(Value::Null, |uuid| uuid.to_string().into())
        })
    } else {
        each(&|_| Value::Null)
    }
}
