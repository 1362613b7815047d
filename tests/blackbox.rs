//! Black-box tests through real clients against real servers, in one binary.
//!
//! A test that lacks its server says so on standard error and counts as ignored.

mod connectors;
mod extension;
mod formats;
mod server_cli;
mod server_mcp;
mod servers;
mod synthd;

use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use servers::postgres::Postgres;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let postgres = if arguments.list {
        Err("not started for a list".to_owned())
    } else {
        Postgres::start()
    };
    let fixture = Fixture {
        postgres: postgres.map(Arc::new),
        scheduling: Arc::default(),
    };
    if let Err(reason) = &fixture.postgres
        && !arguments.list
    {
        eprintln!("\n*** NO POSTGRES: its tests are IGNORED ***\n{reason}\n");
    }
    if let Some(reason) = fixture.no_extension()
        && !arguments.list
    {
        eprintln!("\n*** NO EXTENSION: its tests are IGNORED ***\n{reason}\n");
    }
    let mut trials = connectors::trials(&fixture);
    trials.extend(extension::trials(&fixture));
    trials.extend(formats::trials());
    trials.extend(server_cli::trials(&fixture));
    trials.extend(server_mcp::trials(&fixture));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(fixture);
    conclusion.exit_code()
}

/// The servers of this run.
pub struct Fixture {
    /// Postgres, or why there is none.
    pub postgres: Result<Arc<Postgres>, String>,
    /// A second one, with the library preloaded, started for the first test that needs it.
    scheduling: Arc<OnceLock<Postgres>>,
}

impl Fixture {
    /// A test that needs Postgres.
    pub fn postgres(&self, name: &str, test: impl Fn(&Postgres) + Send + 'static) -> Trial {
        match self.postgres.clone() {
            Ok(postgres) => Trial::test(name, move || {
                test(&postgres);
                Ok(())
            }),
            Err(reason) => {
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(&reason)))
            }
        }
    }
}

impl Fixture {
    /// A test that needs Postgres with the extension's files installed.
    pub fn extension(&self, name: &str, test: fn(&Postgres)) -> Trial {
        match self.no_extension() {
            None => self.postgres(name, test),
            Some(reason) => {
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(&reason)))
            }
        }
    }

    /// A test that needs a Postgres with the extension preloaded.
    pub fn scheduling(&self, name: &str, test: fn(&Postgres)) -> Trial {
        if self.postgres.is_err() || self.no_extension().is_some() {
            return self.extension(name, test);
        }
        let postgres = Arc::clone(&self.scheduling);
        Trial::test(name, move || {
            test(postgres.get_or_init(extension::schedule::start));
            Ok(())
        })
    }

    /// Why the extension cannot be tested, if so.
    fn no_extension(&self) -> Option<String> {
        static REASON: OnceLock<Option<String>> = OnceLock::new();
        let postgres = self.postgres.as_ref().ok()?;
        REASON
            .get_or_init(|| {
                let found = postgres.psql(
                    "postgres",
                    "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_synth'",
                );
                (found.as_deref() != Ok("1"))
                    .then(|| "the server has no extension pg_synth: run `make install`".to_owned())
            })
            .clone()
    }
}

/// A test that needs no server.
pub fn plain(name: &str, test: impl Fn() + Send + 'static) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        test();
        Ok(())
    })
}

/// Runs a future to its end.
///
/// # Panics
/// If the system gives no threads.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|e| panic!("no runtime: {e}"))
        .block_on(future)
}

/// Sends a signal to a process that the tests started.
pub fn signal(pid: u32, name: &str) {
    // The shell's own kill: the program of that name is not on every machine.
    let _ = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}
