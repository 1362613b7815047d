//! The progress bar: on a terminal, and nowhere else.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar of so many rows on standard error, if that is a terminal.
pub fn bar(rows: u64, quiet: bool) -> ProgressBar {
    if quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr_with_hz(8));
    if let Ok(style) = ProgressStyle::with_template(
        "{bar:30} {percent:>3}%  {human_pos} of {human_len} rows  {per_sec}  {eta} left",
    ) {
        bar.set_style(style);
    }
    bar
}
