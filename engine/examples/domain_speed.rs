//! Times tables of domains and formats, one core, for `make bench`: a line each with its kind and name,
//! thousands of units (patients, customers, ...) a second, thousands of rows or documents a second, and
//! nanoseconds a row. Names as arguments choose; no database.
//!
//! It is processor time that counts, where the system tells it, so that a busy machine matters less.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds, far below 2^53"
)]

use std::hint::black_box;
use std::time::Instant;

use synth_engine::domain::{TableOptions, tables};
use synth_engine::format::export::EXPORTS;

/// Nanoseconds of processor time to measure for, at least.
const LONG_ENOUGH: u64 = 200_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let options = TableOptions {
        seed: 1,
        ..TableOptions::default()
    };
    let clock = Clock::new();
    for entry in tables().filter(|table| wanted(table.entry.name)) {
        let table = (entry.build)(&options)?;
        let step = entry.fan_out.units_of(8192);
        report(&clock, "table", entry.entry.name, step, |units| {
            let batch = table.batch(units)?;
            Ok(black_box(batch).num_rows() as u64)
        })?;
    }
    for entry in EXPORTS.iter().filter(|format| wanted(format.name)) {
        let format = (entry.build)(&options)?;
        report(&clock, "format", entry.name, entry.batch_units, |units| {
            let mut out = vec![Vec::new(); format.files().len()];
            let documents = format.write(units, &mut out)?;
            black_box(out);
            Ok(documents)
        })?;
    }
    Ok(())
}

/// Makes one batch after the other until it has taken long enough; the first one warms up.
fn report(
    clock: &Clock,
    kind: &str,
    name: &str,
    step: u64,
    make: impl Fn(std::ops::Range<u64>) -> synth_engine::Result<u64>,
) -> synth_engine::Result<()> {
    make(0..step)?;
    let (start, mut units, mut rows) = (clock.nanoseconds(), 0, 0);
    let mut taken = 0;
    while taken < LONG_ENOUGH {
        rows += make(units..units + step)?;
        units += step;
        taken = clock.nanoseconds() - start;
    }
    let thousands = |count: u64| count as f64 / taken as f64 * 1e6;
    println!(
        "{kind} {name} {:.2} {:.2} {:.1}",
        thousands(units),
        thousands(rows),
        taken as f64 / rows.max(1) as f64
    );
    Ok(())
}

/// Processor time of this process; time of the clock where the system does not tell.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn nanoseconds(&self) -> u64 {
        let of_processor = || {
            let line = std::fs::read_to_string("/proc/self/schedstat").ok()?;
            line.split(' ').next()?.parse().ok()
        };
        of_processor()
            .unwrap_or_else(|| u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
