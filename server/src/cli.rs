//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use synth_engine::calendar;
use synth_engine::registry::Kind;

use crate::number;

/// Generates synthetic data: the same seed gives the same rows, into any database.
#[derive(Debug, Parser)]
#[command(name = "synthd", version, about, long_about = None, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write generated rows into a database or file
    Generate(GenerateArgs),
    /// Show the tables, generators and masks there are
    List(ListArgs),
    /// Serve MCP clients over standard input and output
    Mcp(McpArgs),
}

const GENERATE_EXAMPLES: &str = "\
Examples:
  synthd generate patients --rows 1000000 --seed 42 --to sqlite:clinic.db
  synthd generate patients --rows 1000000 --to postgres://me@localhost/clinic --table demo.patients
  synthd generate patients --rows 1000 --to csv:- | head
  synthd generate encounters --patients 1000 --seed 42 --to csv:encounters.csv
  synthd generate healthcare --patients 1000 --seed 42 --to csv:clinic/
  synthd generate finance --customers 1000 --set fraud_rate=0.01 --to postgres://me@localhost/bank --schema bank
  PGPASSWORD=... SYNTHD_TO=postgres://me@db/clinic synthd generate patients --rows 5000

A load that was cut goes on where it stopped: the same command with
its seed (the summary and the message at Ctrl-C show it) and --resume.
Exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.";

/// Arguments of `generate`.
#[derive(Debug, Args)]
#[command(after_help = GENERATE_EXAMPLES)]
pub struct GenerateArgs {
    /// A table or generator of `synthd list`, or a domain: healthcare, finance, retail, telecom, education
    pub generator: String,
    /// How many rows; for a table that belongs to patients, customers, ...: how many of those
    #[arg(
        long,
        short = 'n',
        help = "How many rows; for a table that belongs to patients, customers and so on: how many of those, and all rows of exactly them. 1_000_000 is the same as 1000000",
        visible_aliases = ["patients", "customers", "subscribers", "students", "securities"],
        value_parser = number::parse_count
    )]
    pub rows: u64,
    /// A parameter of the table's own, as `--set fraud_rate=0.01`; repeatable
    #[arg(long, value_name = "NAME=NUMBER")]
    pub set: Vec<String>,
    /// The same seed gives the same rows; default: a fresh one, shown in the summary
    #[arg(long, value_parser = number::parse_seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,
    /// Number of the first row: any range of rows costs the same
    #[arg(long, default_value = "0", value_parser = number::parse_count)]
    pub start: u64,
    /// The last day the data may mention, YYYY-MM-DD; default: 2026-01-01, whatever today is
    #[arg(long, value_parser = parse_date, allow_hyphen_values = true)]
    pub as_of: Option<i32>,
    /// Where to
    #[arg(
        help = "Where to: postgres://user@host/database, sqlite:FILE, csv:FILE, or csv:- for standard output",
        long,
        short = 't',
        value_name = "URL",
        env = "SYNTHD_TO",
        hide_env_values = true
    )]
    pub to: String,
    /// Name of the table there; default: the generator's name. Postgres takes schema.table too
    #[arg(long)]
    pub table: Option<String>,
    /// Schema of the tables there, for Postgres
    #[arg(long, conflicts_with = "table")]
    pub schema: Option<String>,
    /// Go on with a load that was cut; a complete one is left as it is. Needs the seed that the load
    /// had: without it, this would be another load
    #[arg(long)]
    pub resume: bool,
    /// Give the summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// No progress and no summary
    #[arg(long, short)]
    pub quiet: bool,
}

const LIST_EXAMPLES: &str = "\
Examples:
  synthd list
  synthd list --kind table
  synthd list --json | jq '.[].name'";

/// Arguments of `list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct ListArgs {
    /// Only this kind
    #[arg(long, value_enum)]
    pub kind: Option<KindArg>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// A kind of registry entry, on the command line and over MCP.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum KindArg {
    /// Generates rows.
    Table,
    /// Generates the values of one column.
    Generator,
    /// Replaces the values of one column.
    Mask,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Table => Self::Table,
            KindArg::Generator => Self::Generator,
            KindArg::Mask => Self::Mask,
        }
    }
}

const MCP_EXAMPLES: &str = "\
Examples:
  synthd mcp
  synthd mcp --destination clinic=sqlite:clinic.db --max-rows 100000
  SYNTHD_DESTINATIONS='clinic=sqlite:clinic.db test=postgres://me@localhost/test' synthd mcp

Clients see the names of destinations, never their URLs, and can write nowhere else. They can create
tables and append to tables with equal columns; they cannot change or remove anything.";

/// Arguments of `mcp`.
#[derive(Debug, Args)]
#[command(after_help = MCP_EXAMPLES)]
pub struct McpArgs {
    /// A destination that clients may write to, by this name; repeatable
    #[arg(long, value_name = "NAME=URL")]
    pub destination: Vec<String>,
    /// The most rows that one call may write
    #[arg(long, default_value = "10000000", value_parser = number::parse_count)]
    pub max_rows: u64,
}

fn parse_date(text: &str) -> Result<i32, String> {
    calendar::parse_date(text)
        .filter(|days| calendar::AS_OF_RANGE.contains(days))
        .ok_or_else(|| "expected YYYY-MM-DD, from 1900-01-01 to 2199-12-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn seeds_may_be_negative() {
        let cli = Cli::try_parse_from([
            "synthd", "generate", "x", "--rows", "1", "--to", "csv:-", "--seed", "-1",
        ])
        .unwrap();
        let Command::Generate(args) = cli.command else {
            panic!("generate was asked for");
        };
        assert_eq!(args.seed, Some(u64::MAX));
    }
}
