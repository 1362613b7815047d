//! Runs the synthd program as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::TryStreamExt;
use synth_connectors::driver;
use synth_engine::format::csv;

/// The program: `$SYNTHD_BIN`, or next to the directory of the test's own executable.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("SYNTHD_BIN") {
        return path.into();
    }
    let own = std::env::current_exe().unwrap_or_else(|e| panic!("where am I: {e}"));
    let path = own
        .ancestors()
        .nth(2)
        .map(|directory| directory.join("synthd"))
        .unwrap_or_default();
    assert!(
        path.exists(),
        "{} is not there: run `cargo build --release -p synthd`, or set SYNTHD_BIN",
        path.display()
    );
    path
}

/// The program with arguments, and without the settings of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "SYNTHD_TO",
        "SYNTHD_DESTINATIONS",
        "SYNTHD_LOG",
        "RUST_LOG",
        "PGPASSWORD",
    ] {
        command.env_remove(name);
    }
    command
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ran {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(
            self.code,
            Some(0),
            "the user sees a failure:\n{}",
            self.stderr
        );
        self
    }

    /// Fails with this status, an `error:` that says this, and a hint.
    #[track_caller]
    pub fn fails(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, Some(code), "stderr:\n{}", self.stderr);
        assert!(
            self.stderr.contains(says),
            "no {says:?} in:\n{}",
            self.stderr
        );
        assert!(
            self.stderr.contains("hint: "),
            "no hint in:\n{}",
            self.stderr
        );
        self
    }
}

/// Runs to the end.
pub fn run(arguments: &[&str]) -> Ran {
    finish(command(arguments))
}

/// Runs a prepared command to the end.
pub fn finish(mut command: Command) -> Ran {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("cannot run synthd: {e}"));
    Ran {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Kills a process after some time, if it still runs; gives whether it had ended by itself.
pub fn kill_after(mut child: Child, time: Duration) -> bool {
    std::thread::sleep(time);
    let ended = matches!(child.try_wait(), Ok(Some(_)));
    let _ = child.kill();
    let _ = child.wait();
    ended
}

/// A directory that vanishes with the test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "synth-test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir_all(&path).unwrap_or_else(|e| panic!("no scratch directory: {e}"));
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// URL of an SQLite file here.
    pub fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    /// URL of a CSV file here.
    pub fn csv(&self, name: &str) -> String {
        format!("csv:{}", self.path(name).display())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All rows of a table as sorted lines of CSV, read through the connector.
pub fn rows(url: &str, table: &str) -> Vec<String> {
    crate::block_on(async {
        let mut reader = driver::open_reader(url)
            .await
            .unwrap_or_else(|e| panic!("cannot open: {e}"));
        let spec = reader
            .describe(table)
            .await
            .unwrap_or_else(|e| panic!("cannot describe {table}: {e}"));
        let batches: Vec<_> = reader
            .read(table, &spec)
            .unwrap_or_else(|e| panic!("cannot read {table}: {e}"))
            .try_collect()
            .await
            .unwrap_or_else(|e| panic!("cannot read {table}: {e}"));
        let mut out = Vec::new();
        for batch in &batches {
            csv::write_batch(batch, &mut out).unwrap_or_else(|e| panic!("{e}"));
        }
        let mut lines: Vec<String> = String::from_utf8_lossy(&out)
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort_unstable();
        lines
    })
}

/// Whether two sets of rows are equal; says how they differ without printing them all.
#[track_caller]
pub fn assert_same(left: &[String], right: &[String]) {
    assert_eq!(left.len(), right.len(), "numbers of rows differ");
    if let Some((l, r)) = left.iter().zip(right).find(|(l, r)| l != r) {
        panic!("rows differ, first:\n{l}\n{r}");
    }
}
