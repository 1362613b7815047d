//! `synthd generate`: one load from the command line.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use synth_connectors::driver;
use synth_connectors::ledger::Load;
use synth_connectors::load::{self, Control, Outcome};
use synth_engine::calendar::{REFERENCE_DATE, format_date};
use synth_engine::domain::{self, LAST_ROW, TableOptions};
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

/// Runs the command.
pub async fn command(args: GenerateArgs) -> ExitCode {
    let seed = match args.seed.map_or_else(fresh_seed, Ok) {
        Ok(seed) => seed,
        Err(code) => return code,
    };
    if args
        .start
        .checked_add(args.rows)
        .is_none_or(|end| end > LAST_ROW + 1)
    {
        return usage(
            &format!("--start plus --rows is beyond the last row, {LAST_ROW}"),
            "Rows are numbered from 0 to 2^63 - 1.",
        );
    }
    let options = TableOptions {
        seed,
        as_of: args.as_of.unwrap_or(REFERENCE_DATE),
    };
    let shown = driver::redact(&args.to);
    let file = match driver::find(&args.to) {
        Ok(found) => found.name == synth_connectors::csv::NAME,
        Err(error) => return report::connector(&error),
    };
    if file && args.table.is_some() {
        return usage(
            "--table has no meaning for a CSV file",
            "Leave it out; the file is named in --to.",
        );
    }
    if file && args.resume {
        return report::connector(&synth_connectors::Error::NotResumable {
            driver: synth_connectors::csv::NAME,
        });
    }
    let load = Load {
        generator: args.generator.clone(),
        options,
        start: args.start,
        rows: args.rows,
        target: args.table.clone().unwrap_or_else(|| args.generator.clone()),
    };
    let table = match domain::table(&args.generator, &options) {
        Ok(table) => table,
        Err(error) => return report::connector(&error.into()),
    };
    let started = Instant::now();
    let sink = match driver::open_sink(&args.to).await {
        Ok(sink) => sink,
        Err(error) => return report::connector(&error),
    };
    let to_stdout = matches!(&sink, driver::Sink::File(file) if file.is_stdout());
    let bar = progress::bar(args.rows, args.quiet);
    let control = Control {
        progress: Arc::new({
            let bar = bar.clone();
            move |rows| bar.set_position(rows)
        }),
        stop: stop_on_signal(),
    };
    let result = load::run(sink, &load, table, args.resume, &control).await;
    bar.finish_and_clear();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => return report::connector(&error),
    };
    let seconds = started.elapsed().as_secs_f64();
    let summary = Summary {
        generator: &load.generator,
        table: (!file).then_some(load.target.as_str()),
        destination: &shown,
        seed: load.signed_seed().to_string(),
        as_of: format_date(options.as_of),
        start: load.start.to_string(),
        rows: load.rows.to_string(),
        rows_written: outcome.rows_written.to_string(),
        complete: outcome.complete,
        seconds,
        rows_per_second: rate(outcome.rows_written, seconds),
    };
    if !args.quiet {
        eprintln!("{}", sentence(&load, &outcome, seconds, &shown));
    }
    let mut code = ExitCode::SUCCESS;
    if args.json
        && let Ok(json) = serde_json::to_string(&summary)
    {
        if to_stdout {
            eprintln!("{json}");
        } else {
            code = output::print(&(json + "\n"));
        }
    }
    if outcome.complete {
        return code;
    }
    report::failure(
        "stopped before the end",
        &[if file {
            "The incomplete file is removed; run the command again.".to_owned()
        } else {
            format!(
                "Go on with: synthd generate {} --rows {} --seed {} --start {} --as-of {} --to ... --table {} --resume",
                load.generator,
                load.rows,
                load.signed_seed(),
                load.start,
                format_date(options.as_of),
                load.target
            )
        }],
    );
    ExitCode::from(report::INTERRUPTED)
}

/// The summary for people.
fn sentence(load: &Load, outcome: &Outcome, seconds: f64, shown: &str) -> String {
    let before = match outcome.rows_before {
        0 => String::new(),
        rows => format!(", {} were there before", grouped(rows)),
    };
    format!(
        "{} rows in {seconds:.1} s ({} rows/s){before}, seed {}, to {shown}",
        grouped(outcome.rows_written),
        grouped(rate(outcome.rows_written, seconds)),
        load.signed_seed(),
    )
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
