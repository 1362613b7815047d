//! synthd: writes synthetic data into databases and files, and serves it to MCP clients.
//!
//! Standard output carries what was asked for and nothing else: rows, a list, JSON, or MCP.
//! Progress, summaries, errors and logs go to standard error.
#![forbid(unsafe_code)]

mod catalog;
mod cli;
mod export;
mod generate;
mod list;
mod mcp;
mod number;
mod output;
mod progress;
mod report;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("SYNTHD_LOG")
        .or_else(|_| EnvFilter::try_from_default_env())
        .unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return report::failure(
                &format!("cannot start: {}", error.kind()),
                &["The system may be short of threads or memory.".to_owned()],
            );
        }
    };
    let code = runtime.block_on(async {
        match cli.command {
            Command::Generate(args) => generate::command(args).await,
            Command::Export(args) => export::command(args).await,
            Command::List(args) => list::command(&args),
            Command::Mcp(args) => mcp::command(args).await,
        }
    });
    // A read of standard input that never returns must not keep the process.
    runtime.shutdown_background();
    code
}
