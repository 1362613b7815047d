//! `synthd export`: bundles, messages and sets of files, into a directory.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use synth_connectors::export::{self, Exported};
use synth_connectors::load::Control;
use synth_engine::calendar::{REFERENCE_DATE, format_date};
use synth_engine::domain::TableOptions;
use synth_engine::format::export::{EXPORTS, ExportEntry};

use crate::cli::ExportArgs;
use crate::generate::{fresh_seed, stop_on_signal, usage};
use crate::number::{grouped, rate};
use crate::{output, progress, report};

/// What `--json` prints. Numbers that may pass 2^53 are strings.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    format: &'a str,
    directory: String,
    files: Vec<String>,
    seed: String,
    as_of: String,
    start: String,
    units: String,
    documents: String,
    seconds: f64,
    units_per_second: u64,
}

/// Runs the command.
pub async fn command(args: ExportArgs) -> ExitCode {
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

async fn run(args: ExportArgs) -> Result<(), ExitCode> {
    let Some(entry) = EXPORTS.iter().find(|entry| entry.name == args.format) else {
        let known: Vec<&str> = EXPORTS.iter().map(|entry| entry.name).collect();
        return Err(usage(
            &format!("there is no format {}", args.format),
            &format!("Choose one of: {}.", known.join(", ")),
        ));
    };
    let last = entry.last_unit;
    if args
        .start
        .checked_add(args.units)
        .is_none_or(|end| end > last + 1)
    {
        return Err(usage(
            &format!(
                "--start plus the number of {} is beyond the last one, {last}",
                entry.units
            ),
            &format!("They are numbered from 0 to {last}."),
        ));
    }
    let options = TableOptions {
        seed: args.seed.map_or_else(fresh_seed, Ok)?,
        as_of: args.as_of.unwrap_or(REFERENCE_DATE),
        ..TableOptions::default()
    };
    let made = (entry.build)(&options)
        .map_err(|error| report::connector(&synth_connectors::Error::from(error)))?;
    let started = Instant::now();
    let bar = progress::bar(args.units, args.quiet);
    let control = Control {
        progress: Arc::new({
            let bar = bar.clone();
            move |units| bar.set_position(units)
        }),
        stop: stop_on_signal(),
    };
    let units = args.start..args.start + args.units;
    let (to, replace) = (PathBuf::from(&args.to), args.replace);
    let written = tokio::task::spawn_blocking({
        let (made, units) = (made.clone(), units.clone());
        move || export::write(entry, &*made, units, &to, replace, &control)
    })
    .await;
    bar.finish_and_clear();
    let exported = written
        .map_err(|_| report::connector(&synth_connectors::Error::Thread))?
        .map_err(|error| report::connector(&error))?;
    if !exported.complete {
        report::failure(
            "stopped before the end",
            &["The incomplete files are removed; run the command again.".to_owned()],
        );
        return Err(ExitCode::from(report::INTERRUPTED));
    }
    let seconds = started.elapsed().as_secs_f64();
    if !args.quiet {
        eprintln!("{}", sentence(entry, &options, exported, seconds, &args.to));
    }
    if !args.json {
        return Ok(());
    }
    let summary = Summary {
        format: entry.name,
        directory: args.to.clone(),
        files: export::names(entry, &*made, units).collect(),
        seed: options.seed.cast_signed().to_string(),
        as_of: format_date(options.as_of),
        start: args.start.to_string(),
        units: exported.units.to_string(),
        documents: exported.documents.to_string(),
        seconds,
        units_per_second: rate(exported.units, seconds),
    };
    match serde_json::to_string(&summary).map(|json| output::print(&(json + "\n"))) {
        Ok(code) if code == ExitCode::SUCCESS => Ok(()),
        Ok(code) => Err(code),
        Err(_) => Err(ExitCode::FAILURE),
    }
}

/// The summary for people.
fn sentence(
    entry: &ExportEntry,
    options: &TableOptions,
    exported: Exported,
    seconds: f64,
    to: &str,
) -> String {
    format!(
        "{} documents of {} {} in {seconds:.1} s ({} {}/s), seed {}, to {to}",
        grouped(exported.documents),
        grouped(exported.units),
        entry.units,
        grouped(rate(exported.units, seconds)),
        entry.units,
        options.seed.cast_signed(),
    )
}
