//! MCP over standard input and output.
use std::process::ExitCode;
use crate::cli::McpArgs;
/// Runs the command.
pub async fn command(_args: McpArgs) -> ExitCode { ExitCode::SUCCESS }
