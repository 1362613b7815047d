//! MCP over standard input and output, one file per tool.
//!
//! An agent must not be able to do harm: it can write only to destinations that the operator named
//! at start, and there only create tables or append to tables with equal columns. It never sees a
//! URL. Whatever is wrong with a call comes back as a tool error that says what to change.

mod destinations;
mod generate_synthetic_dataset;
mod list_generators;
mod schema;

use std::process::ExitCode;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::stdio;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use tokio::sync::Semaphore;

use crate::cli::McpArgs;
use crate::report;
use destinations::Destinations;

const INSTRUCTIONS: &str = "\
Generates synthetic data that belongs to nobody. Call list_generators for the tables and the \
destinations there are, then generate_synthetic_dataset: without a destination it shows a few rows, \
with one it writes them all there. The same seed gives the same rows; keep the seed of an answer \
to get the same rows again, or to go on with a load that was cut (resume). Seeds and large counts \
travel as strings of digits. Tables are created or appended to, never changed or dropped.";

/// Loads that run at once; more wait for their turn.
const LOADS_AT_ONCE: usize = 4;

/// Runs the command until the client closes standard input.
pub async fn command(args: McpArgs) -> ExitCode {
    let from_environment = std::env::var("SYNTHD_DESTINATIONS").unwrap_or_default();
    let destinations = match Destinations::parse(
        args.destination
            .iter()
            .map(String::as_str)
            .chain(from_environment.split_whitespace()),
    ) {
        Ok(destinations) => destinations,
        Err(problem) => {
            report::failure(
                &problem,
                &["Write --destination NAME=URL, for example clinic=sqlite:clinic.db.".to_owned()],
            );
            return ExitCode::from(report::USAGE);
        }
    };
    let server = Server {
        shared: Arc::new(Shared {
            destinations,
            max_rows: args.max_rows,
            loads: Semaphore::new(LOADS_AT_ONCE),
        }),
    };
    let service = match server.serve(stdio()).await {
        Ok(service) => service,
        Err(error) => {
            tracing::debug!(%error, "initialize");
            return report::failure("the client did not begin an MCP session", &[
                "synthd mcp is started by an MCP client, which talks to it over standard input."
                    .to_owned(),
            ]);
        }
    };
    match service.waiting().await {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => report::failure(
            "the MCP session ended unexpectedly",
            &["This is a defect in synthd: please report it.".to_owned()],
        ),
    }
}

/// What the tools share.
struct Shared {
    destinations: Destinations,
    max_rows: u64,
    loads: Semaphore,
}

/// The MCP server.
#[derive(Clone)]
struct Server {
    shared: Arc<Shared>,
}

/// Why a call cannot be answered, in words for the agent.
struct ToolError(String);

impl From<synth_connectors::Error> for ToolError {
    fn from(error: synth_connectors::Error) -> Self {
        Self(format!("{error}\n{}", error.hint()))
    }
}

type ToolResult = Result<serde_json::Value, ToolError>;

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("synthd", env!("CARGO_PKG_VERSION")).with_title("pg_synth"),
            )
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let result = match request.name.as_ref() {
            list_generators::NAME => list_generators::call(&self.shared, arguments),
            generate_synthetic_dataset::NAME => {
                generate_synthetic_dataset::call(&self.shared, arguments, &context).await
            }
            _ => {
                return Err(ErrorData::invalid_params(
                    "unknown tool; tools/list shows what there is",
                    None,
                ));
            }
        };
        Ok(match result {
            Ok(value) => CallToolResult::structured(value),
            Err(ToolError(text)) => CallToolResult::error(vec![ContentBlock::text(text)]),
        }
        .into())
    }
}

fn tools() -> Vec<Tool> {
    vec![list_generators::tool(), generate_synthetic_dataset::tool()]
}

/// Reads a tool's arguments.
fn arguments<T: serde::de::DeserializeOwned>(arguments: JsonObject) -> Result<T, ToolError> {
    serde_json::from_value(arguments.into())
        .map_err(|error| ToolError(format!("arguments: {error}\nSee the tool's input schema.")))
}

/// Writes a tool's answer.
fn answer<T: serde::Serialize>(value: &T) -> ToolResult {
    serde_json::to_value(value)
        .map_err(|_| ToolError("the answer cannot be written as JSON; this is a defect".to_owned()))
}
