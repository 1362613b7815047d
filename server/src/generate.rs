//! `synthd generate`: one load from the command line.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use synth_connectors::driver::{self, Sink};
use synth_connectors::ledger::{Grain, Load};
use synth_connectors::load::{self, Control, Outcome};
use synth_engine::calendar::{REFERENCE_DATE, format_date};
use synth_engine::domain::{self, FanOut, OWN_PARAMETERS, Table, TableEntry, TableOptions};
use tokio_util::sync::CancellationToken;

use crate::cli::GenerateArgs;
use crate::number::{grouped, rate};
use crate::{output, progress, report};

/// What `--json` prints. Numbers that may pass 2^53 are strings.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    generator: &'a str,
    table: Option<&'a str>,
    destination: &'a str,
    seed: String,
    as_of: String,
    start: String,
    rows: String,
    rows_written: String,
    complete: bool,
    seconds: f64,
    rows_per_second: u64,
}

/// A load that makes sense, and where it goes.
struct Plan {
    load: Load,
    table: Arc<dyn Table>,
    to: String,
    /// A file, which has no tables.
    file: bool,
    /// The table's own parameters, as given.
    settings: Vec<String>,
}

/// Runs the command: one load, or one a table of a domain.
pub async fn command(args: GenerateArgs) -> ExitCode {
    let plans = match plans(&args) {
        Ok(plans) => plans,
        Err(code) => return code,
    };
    let stop = stop_on_signal();
    for plan in &plans {
        if let Err(code) = run(&args, plan, &stop).await {
            return code;
        }
    }
    ExitCode::SUCCESS
}

/// Runs one load; the error is how the command ends.
async fn run(args: &GenerateArgs, plan: &Plan, stop: &CancellationToken) -> Result<(), ExitCode> {
    let started = Instant::now();
    let sink = driver::open_sink(&plan.to)
        .await
        .map_err(|error| report::connector(&error))?;
    let to_stdout = matches!(&sink, Sink::File(file) if file.is_stdout());
    let bar = progress::bar(plan.load.units, args.quiet);
    let control = Control {
        progress: Arc::new({
            let bar = bar.clone();
            move |units| bar.set_position(units)
        }),
        stop: stop.clone(),
    };
    let result = load::run(sink, &plan.load, plan.table.clone(), args.resume, &control).await;
    bar.finish_and_clear();
    let outcome = result.map_err(|error| report::connector(&error))?;
    let code = summarize(args, plan, &outcome, started.elapsed(), to_stdout);
    if !outcome.complete {
        report::failure("stopped before the end", &[how_to_go_on(args, plan)]);
        return Err(ExitCode::from(report::INTERRUPTED));
    }
    if code == ExitCode::SUCCESS {
        Ok(())
    } else {
        Err(code)
    }
}

/// Checks the arguments, or says what is wrong with them; gives the loads in their order.
fn plans(args: &GenerateArgs) -> Result<Vec<Plan>, ExitCode> {
    let failed = |error| report::connector(&error);
    let driver = driver::find(&args.to).map_err(failed)?.name;
    let file = driver == synth_connectors::csv::NAME;
    if args.schema.is_some() && !file && driver != synth_connectors::postgres::NAME {
        return Err(usage(
            &format!("--schema has no meaning for {driver}"),
            "Leave it out, or choose another file in --to.",
        ));
    }
    if file && (args.table.is_some() || args.schema.is_some()) {
        return Err(usage(
            "--table and --schema have no meaning for a CSV file",
            "Leave them out; the file is named in --to.",
        ));
    }
    if file && args.resume {
        return Err(failed(synth_connectors::Error::NotResumable {
            driver: synth_connectors::csv::NAME,
        }));
    }
    if args.resume && args.seed.is_none() {
        return Err(usage(
            "--resume needs --seed: under a fresh seed this would be another load",
            "The message at Ctrl-C shows the seed of the load that was cut, and so does synth_ledger.",
        ));
    }
    let seed = args.seed.map_or_else(fresh_seed, Ok)?;
    let Ok(domain) = domain::domain(&args.generator) else {
        check_settings(
            args,
            &domain::find(&args.generator)
                .into_iter()
                .collect::<Vec<_>>(),
        )?;
        return Ok(vec![plan(args, &args.generator, args.rows, seed, file)?]);
    };
    if args.table.is_some() {
        return Err(usage(
            &format!("--table names one table; {} has several", domain.name),
            "Leave it out: each has its own name. --schema says where in Postgres.",
        ));
    }
    check_settings(args, domain.tables)?;
    let plans = domain.tables.iter().map(|entry| {
        let units = (entry.units_at)(args.rows);
        let mut plan = plan(args, entry.entry.name, units, seed, file)?;
        plan.load.start = (entry.units_at)(args.start);
        if file {
            plan.to = in_directory(&args.to, &plan.table.spec().name)?;
        }
        Ok(plan)
    });
    plans.collect()
}

/// The load of one table.
fn plan(
    args: &GenerateArgs,
    generator: &str,
    units: u64,
    seed: u64,
    file: bool,
) -> Result<Plan, ExitCode> {
    let options = TableOptions {
        seed,
        as_of: args.as_of.unwrap_or(REFERENCE_DATE),
        own: own_parameters(args, generator),
    };
    let table =
        domain::table(generator, &options).map_err(|error| report::connector(&error.into()))?;
    let last = table.last_unit();
    if args
        .start
        .checked_add(units)
        .is_none_or(|end| end > last + 1)
    {
        return Err(usage(
            &format!("--start plus --rows is beyond the last one, {last}"),
            &format!("They are numbered from 0 to {last}."),
        ));
    }
    let name = args.table.as_ref().unwrap_or(&table.spec().name);
    Ok(Plan {
        load: Load {
            generator: generator.to_owned(),
            options,
            start: args.start,
            units,
            grain: Grain::of(&*table),
            target: match &args.schema {
                Some(schema) => format!("{schema}.{name}"),
                None => name.clone(),
            },
        },
        table,
        to: args.to.clone(),
        file,
        settings: args.set.clone(),
    })
}

/// The URL of a table's file in the directory that a CSV URL names, which is made.
fn in_directory(url: &str, table: &str) -> Result<String, ExitCode> {
    let (path, options) = match url.split_once('?') {
        Some((path, options)) => (path, format!("?{options}")),
        None => (url, String::new()),
    };
    let directory = path
        .strip_prefix("csv:")
        .filter(|directory| directory.ends_with('/'));
    let Some(directory) = directory else {
        return Err(usage(
            "several tables make several files: --to must name a directory",
            "Write it with a slash at its end: --to csv:clinic/",
        ));
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        report::failure(
            &format!("cannot make the directory {directory}: {error}"),
            &["Name another in --to.".to_owned()],
        )
    })?;
    Ok(format!("csv:{directory}{table}.csv{options}"))
}

/// Shows how the load went, on standard error and, for `--json`, on standard output.
fn summarize(
    args: &GenerateArgs,
    plan: &Plan,
    outcome: &Outcome,
    elapsed: Duration,
    to_stdout: bool,
) -> ExitCode {
    let load = &plan.load;
    let seconds = elapsed.as_secs_f64();
    let shown = driver::redact(&plan.to);
    if !args.quiet {
        eprintln!("{}", sentence(load, outcome, seconds, &shown));
    }
    if !args.json {
        return ExitCode::SUCCESS;
    }
    let summary = Summary {
        generator: &load.generator,
        table: (!plan.file).then_some(load.target.as_str()),
        destination: &shown,
        seed: load.signed_seed().to_string(),
        as_of: format_date(load.options.as_of),
        start: load.start.to_string(),
        rows: load.units.to_string(),
        rows_written: outcome.rows_written.to_string(),
        complete: outcome.complete,
        seconds,
        rows_per_second: rate(outcome.rows_written, seconds),
    };
    match serde_json::to_string(&summary) {
        Ok(json) if to_stdout => {
            eprintln!("{json}");
            ExitCode::SUCCESS
        }
        Ok(json) => output::print(&(json + "\n")),
        Err(_) => ExitCode::FAILURE,
    }
}

/// What to do about a load that was stopped.
fn how_to_go_on(args: &GenerateArgs, plan: &Plan) -> String {
    if plan.file {
        return "The incomplete file is removed; run the command again.".to_owned();
    }
    let load = &plan.load;
    let mut options = Vec::new();
    for setting in &plan.settings {
        options.push(format!("--set {setting}"));
    }
    options.push("--to ...".to_owned());
    // Of a domain the tables before are complete, and are left as they are.
    let of_domain = args.generator != load.generator;
    match (&args.schema, of_domain) {
        (Some(schema), true) => options.push(format!("--schema {schema}")),
        (None, true) => {}
        (_, false) => options.push(format!("--table {}", load.target)),
    }
    let options = options.join(" ");
    format!(
        "Go on with: synthd generate {} --rows {} --seed {} --start {} --as-of {} {options} --resume",
        args.generator,
        args.rows,
        load.signed_seed(),
        args.start,
        format_date(load.options.as_of),
    )
}

/// The summary for people.
fn sentence(load: &Load, outcome: &Outcome, seconds: f64, shown: &str) -> String {
    let before = match outcome.units_before {
        0 => String::new(),
        units => {
            let unit = match domain::find(&load.generator) {
                Some(entry) if entry.fan_out != FanOut::One => entry.entry.parameters[0].name,
                _ => "rows",
            };
            format!(", {} {unit} were there before", grouped(units))
        }
    };
    format!(
        "{} rows in {seconds:.1} s ({} rows/s){before}, seed {}, to {shown}",
        grouped(outcome.rows_written),
        grouped(rate(outcome.rows_written, seconds)),
        load.signed_seed(),
    )
}

/// The value of `--set name=value`.
fn setting(text: &str) -> Option<(&str, f64)> {
    let (name, value) = text.split_once('=')?;
    Some((name, value.parse().ok()?))
}

/// Checks that each `--set` gives a number to a parameter that some of the tables have.
fn check_settings(args: &GenerateArgs, tables: &[&TableEntry]) -> Result<(), ExitCode> {
    let mut known: Vec<&str> = tables
        .iter()
        .flat_map(|entry| &entry.entry.parameters[4..])
        .map(|parameter| parameter.name)
        .collect();
    known.sort_unstable();
    known.dedup();
    let wrong = args
        .set
        .iter()
        .find(|text| setting(text).is_none_or(|(name, _)| !known.contains(&name)));
    let Some(wrong) = wrong else {
        return Ok(());
    };
    Err(usage(
        &format!(
            "--set {wrong} does not give a number to a parameter of {}",
            args.generator
        ),
        &match known.as_slice() {
            [] => "It has none.".to_owned(),
            known => format!("It has: {}.", known.join(", ")),
        },
    ))
}

/// A table's own parameters out of `--set name=value`.
fn own_parameters(args: &GenerateArgs, generator: &str) -> [Option<f64>; OWN_PARAMETERS] {
    let known = domain::find(generator).map_or(&[][..], |entry| &entry.entry.parameters[4..]);
    std::array::from_fn(|place| {
        let wanted = known.get(place)?.name;
        // The last one counts.
        let mut settings = args.set.iter().rev().filter_map(|text| setting(text));
        settings
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    })
}

pub fn usage(message: &str, hint: &str) -> ExitCode {
    report::failure(message, &[hint.to_owned()]);
    ExitCode::from(report::USAGE)
}

/// A seed from the operating system.
pub fn fresh_seed() -> Result<u64, ExitCode> {
    getrandom::u64().map_err(|_| {
        report::failure(
            "the operating system gives no random numbers",
            &["Choose a --seed yourself.".to_owned()],
        )
    })
}

/// A token that the first Ctrl-C or SIGTERM cancels; the second ends the process.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        if interrupted().await.is_err() {
            return;
        }
        eprintln!("stopping after the current chunk; once more stops at once");
        token.cancel();
        if interrupted().await.is_ok() {
            std::process::exit(report::INTERRUPTED.into());
        }
    });
    stop
}

async fn interrupted() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
