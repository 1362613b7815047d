//! `synthd generate`: one load from the command line.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use synth_connectors::driver::{self, Sink};
use synth_connectors::ledger::{Grain, Load};
use synth_connectors::load::{self, Control, Outcome};
use synth_engine::calendar::{REFERENCE_DATE, format_date};
use synth_engine::domain::{self, FanOut, OWN_PARAMETERS, Table, TableOptions};
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

/// A load that makes sense, and how to show where it goes.
struct Plan {
    load: Load,
    table: Arc<dyn Table>,
    shown: String,
    /// A file, which has no tables.
    file: bool,
    /// The table's own parameters, as given.
    settings: Vec<String>,
}

/// Runs the command.
pub async fn command(args: GenerateArgs) -> ExitCode {
    let plan = match plan(&args) {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    let started = Instant::now();
    let sink = match driver::open_sink(&args.to).await {
        Ok(sink) => sink,
        Err(error) => return report::connector(&error),
    };
    let to_stdout = matches!(&sink, Sink::File(file) if file.is_stdout());
    let bar = progress::bar(args.rows, args.quiet);
    let control = Control {
        progress: Arc::new({
            let bar = bar.clone();
            move |rows| bar.set_position(rows)
        }),
        stop: stop_on_signal(),
    };
    let result = load::run(sink, &plan.load, plan.table.clone(), args.resume, &control).await;
    bar.finish_and_clear();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => return report::connector(&error),
    };
    let code = summarize(&args, &plan, &outcome, started.elapsed(), to_stdout);
    if outcome.complete {
        return code;
    }
    report::failure("stopped before the end", &[how_to_go_on(&plan)]);
    ExitCode::from(report::INTERRUPTED)
}

/// Checks the arguments, or says what is wrong with them.
fn plan(args: &GenerateArgs) -> Result<Plan, ExitCode> {
    let failed = |error| report::connector(&error);
    let file = driver::find(&args.to).map_err(failed)?.name == synth_connectors::csv::NAME;
    if file && args.table.is_some() {
        return Err(usage(
            "--table has no meaning for a CSV file",
            "Leave it out; the file is named in --to.",
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
    let options = TableOptions {
        seed: args.seed.map_or_else(fresh_seed, Ok)?,
        as_of: args.as_of.unwrap_or(REFERENCE_DATE),
        own: own_parameters(args)?,
    };
    let table = domain::table(&args.generator, &options).map_err(|error| failed(error.into()))?;
    let last = table.last_unit();
    if args
        .start
        .checked_add(args.rows)
        .is_none_or(|end| end > last + 1)
    {
        return Err(usage(
            &format!("--start plus --rows is beyond the last one, {last}"),
            &format!("They are numbered from 0 to {last}."),
        ));
    }
    Ok(Plan {
        load: Load {
            generator: args.generator.clone(),
            options,
            start: args.start,
            units: args.rows,
            grain: Grain::of(&*table),
            target: args
                .table
                .clone()
                .unwrap_or_else(|| table.spec().name.clone()),
        },
        table,
        shown: driver::redact(&args.to),
        file,
        settings: args.set.clone(),
    })
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
    if !args.quiet {
        eprintln!("{}", sentence(load, outcome, seconds, &plan.shown));
    }
    if !args.json {
        return ExitCode::SUCCESS;
    }
    let summary = Summary {
        generator: &load.generator,
        table: (!plan.file).then_some(load.target.as_str()),
        destination: &plan.shown,
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
fn how_to_go_on(plan: &Plan) -> String {
    let load = &plan.load;
    let settings: String = plan
        .settings
        .iter()
        .map(|s| format!(" --set {s}"))
        .collect();
    if plan.file {
        return "The incomplete file is removed; run the command again.".to_owned();
    }
    format!(
        "Go on with: synthd generate {} --rows {} --seed {} --start {} --as-of {}{settings} --to ... --table {} --resume",
        load.generator,
        load.units,
        load.signed_seed(),
        load.start,
        format_date(load.options.as_of),
        load.target
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

/// The table's own parameters out of `--set name=value`.
fn own_parameters(args: &GenerateArgs) -> Result<[Option<f64>; OWN_PARAMETERS], ExitCode> {
    let entry = domain::find(&args.generator);
    let known: Vec<&str> = entry
        .iter()
        .flat_map(|entry| &entry.entry.parameters[4..])
        .map(|parameter| parameter.name)
        .collect();
    let mut own = [None; OWN_PARAMETERS];
    for setting in &args.set {
        let found = setting.split_once('=').and_then(|(name, value)| {
            let place = known.iter().position(|known| *known == name)?;
            Some((place, value.parse::<f64>().ok()?))
        });
        let Some((place, value)) = found else {
            return Err(usage(
                &format!(
                    "--set {setting} is not a parameter of {} with a number",
                    args.generator
                ),
                &match known.as_slice() {
                    [] => "It has none.".to_owned(),
                    known => format!("It has: {}.", known.join(", ")),
                },
            ));
        };
        own[place] = Some(value);
    }
    Ok(own)
}

fn usage(message: &str, hint: &str) -> ExitCode {
    report::failure(message, &[hint.to_owned()]);
    ExitCode::from(report::USAGE)
}

/// A seed from the operating system.
fn fresh_seed() -> Result<u64, ExitCode> {
    getrandom::u64().map_err(|_| {
        report::failure(
            "the operating system gives no random numbers",
            &["Choose a --seed yourself.".to_owned()],
        )
    })
}

/// A token that the first Ctrl-C or SIGTERM cancels; the second ends the process.
fn stop_on_signal() -> CancellationToken {
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
