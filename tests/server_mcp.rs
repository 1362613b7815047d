//! MCP, through the SDK's own client and through bare lines.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::Trial;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientConfig, ProgressNotificationParam, Tool,
};
use rmcp::service::{NotificationContext, RunningService};
use rmcp::transport::TokioChildProcess;
use rmcp::{ClientHandler, RoleClient, ServiceExt};
use serde_json::{Map, Value, json};
use synth_connectors::ledger::CHUNK_ROWS;

use crate::servers::postgres::Postgres;
use crate::synthd::{Scratch, command, rows};
use crate::{Fixture, block_on, plain};

/// The tests.
pub fn trials(fixture: &Fixture) -> Vec<Trial> {
    let mut out: Vec<Trial> = [
        ("tools_are_described", tools_are_described as fn()),
        ("list_generators_answers_as_declared", list_generators),
        ("previews_need_no_destination", previews),
        ("datasets_are_written_with_progress", datasets),
        ("bad_input_says_what_to_change", bad_input),
        ("only_named_destinations_are_reached", unnamed_destinations),
        ("hostile_tables_stay_names", hostile_tables),
        ("files_are_not_replaced", files),
        ("cancelled_loads_stop_and_resume", cancelled),
        ("nothing_but_json_rpc_on_stdout", only_json),
    ]
    .map(|(name, test)| plain(&format!("mcp::{name}"), test))
    .into();
    out.push(fixture.postgres("mcp::postgres_secrets_stay_secret", postgres_secrets));
    out
}

type Progress = (f64, Option<f64>);

/// A client that keeps the progress it is told.
#[derive(Clone, Default)]
struct Client {
    /// Rows so far, of how many.
    progress: Arc<Mutex<Vec<Progress>>>,
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::default()
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.progress
            .lock()
            .unwrap()
            .push((params.progress, params.total));
    }
}

type Session = RunningService<RoleClient, Client>;

async fn connect(client: Client, arguments: &[&str]) -> Session {
    let mut all = vec!["mcp"];
    all.extend(arguments);
    let command = tokio::process::Command::from(command(&all));
    let (transport, _) = TokioChildProcess::builder(command)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    client.serve(transport).await.unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

async fn call(session: &Session, tool: &'static str, arguments: Value) -> CallToolResult {
    let parameters = CallToolRequestParams::new(tool).with_arguments(object(arguments));
    session.call_tool(parameters).await.unwrap()
}

const GENERATE: &str = "generate_synthetic_dataset";

async fn generate(session: &Session, arguments: Value) -> Value {
    let result = call(session, GENERATE, arguments).await;
    assert_ne!(
        result.is_error,
        Some(true),
        "the agent sees an error: {result:?}"
    );
    result.structured_content.unwrap()
}

/// The text of a tool error.
async fn refused(session: &Session, arguments: Value) -> String {
    let shown = arguments.to_string();
    let result = call(session, GENERATE, arguments).await;
    assert_eq!(
        result.is_error,
        Some(true),
        "{shown} is accepted: {result:?}"
    );
    serde_json::to_string(&result.content).unwrap()
}

async fn tool(session: &Session, name: &str) -> Tool {
    let tools = session.list_all_tools().await.unwrap();
    tools.into_iter().find(|tool| tool.name == name).unwrap()
}

/// Checks a value against the parts of JSON Schema that our schemas use.
fn check(schema: &Value, value: &Value, path: &str) {
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = |option: &Value| std::panic::catch_unwind(|| check(option, value, path)).is_ok();
        assert!(
            options.iter().any(fits),
            "{path}: {value} fits nothing of {schema}"
        );
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |t: &Value| t == kind || (t == "number" && kind == "integer");
    match schema.get("type") {
        Some(Value::Array(types)) => {
            assert!(types.iter().any(fits), "{path}: {value} is no {types:?}");
        }
        Some(t) => assert!(fits(t), "{path}: {value} is no {t}"),
        None => {}
    }
    assert!(schema.get("$ref").is_none(), "{path}: $ref");
    if let Value::Object(object) = value {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            assert!(
                object.contains_key(name.as_str().unwrap()),
                "{path}: {name} is missing"
            );
        }
        for (name, value) in object {
            match properties.and_then(|p| p.get(name)) {
                Some(schema) => check(schema, value, &format!("{path}.{name}")),
                None => assert!(
                    properties.is_none()
                        || schema
                            .get("additionalProperties")
                            .is_some_and(|a| a != false),
                    "{path}: {name} is not declared"
                ),
            }
        }
    }
    if let (Value::Array(items), Some(schema)) = (value, schema.get("items")) {
        for (i, item) in items.iter().enumerate() {
            check(schema, item, &format!("{path}[{i}]"));
        }
    }
}

async fn check_output(session: &Session, name: &str, output: &Value) {
    let schema = tool(session, name).await.output_schema.unwrap();
    check(&Value::Object((*schema).clone()), output, name);
}

fn tools_are_described() {
    block_on(async {
        let session = connect(Client::default(), &[]).await;
        let info = session.peer_info().unwrap();
        assert!(
            info.instructions
                .as_deref()
                .is_some_and(|i| i.contains("list_generators"))
        );
        let tools = session.list_all_tools().await.unwrap();
        assert_eq!(tools.len(), 2);
        for tool in &tools {
            assert!(tool.description.as_deref().is_some_and(|d| d.len() > 50));
            let input = Value::Object((*tool.input_schema).clone());
            assert_eq!(input["additionalProperties"], false, "{}", tool.name);
            assert_eq!(input["type"], "object");
            assert!(tool.output_schema.is_some(), "{}", tool.name);
            for (name, property) in input["properties"].as_object().unwrap() {
                assert!(
                    property["description"]
                        .as_str()
                        .is_some_and(|d| d.len() > 10),
                    "{name}"
                );
            }
        }
        let hints = |name: &str| {
            let a = tools
                .iter()
                .find(|t| t.name == name)
                .unwrap()
                .annotations
                .clone()
                .unwrap();
            (
                a.read_only_hint,
                a.destructive_hint,
                a.idempotent_hint,
                a.open_world_hint,
            )
        };
        assert_eq!(
            hints("list_generators"),
            (Some(true), Some(false), Some(true), Some(false))
        );
        assert_eq!(
            hints(GENERATE),
            (Some(false), Some(false), Some(false), Some(false))
        );
        let input = Value::Object((*tool(&session, GENERATE).await.input_schema).clone());
        assert_eq!(input["required"], json!(["generator", "rows"]));
        let names = input["properties"]["generator"]["enum"].as_array().unwrap();
        assert!(names.contains(&json!("patients")) && names.contains(&json!("uuid")));
        session.cancel().await.unwrap();
    });
}

fn list_generators() {
    let scratch = Scratch::new();
    let destination = format!("clinic={}", scratch.sqlite("SECRET.db"));
    block_on(async {
        let session = connect(Client::default(), &["--destination", &destination]).await;
        let result = call(&session, "list_generators", json!({})).await;
        let output = result.structured_content.clone().unwrap();
        check_output(&session, "list_generators", &output).await;
        assert_eq!(output["destinations"], json!(["clinic"]));
        assert!(!serde_json::to_string(&result).unwrap().contains("SECRET"));
        let count = output["entries"].as_array().unwrap().len();
        assert_eq!(count, synth_engine::registry::entries().count());
        let output = call(&session, "list_generators", json!({"kind": "table"}))
            .await
            .structured_content
            .unwrap();
        assert!(
            output["entries"]
                .as_array()
                .unwrap()
                .iter()
                .all(|e| e["kind"] == "table")
        );
        let result = call(&session, "list_generators", json!({"kind": "x"})).await;
        assert_eq!(result.is_error, Some(true));
        session.cancel().await.unwrap();
    });
}

fn previews() {
    block_on(async {
        let session = connect(Client::default(), &[]).await;
        let output = generate(&session, json!({"generator": "patients", "rows": 1000})).await;
        check_output(&session, GENERATE, &output).await;
        assert_eq!(output["preview"].as_array().unwrap().len(), 5);
        assert_eq!(output["rows_written"], "0");
        assert_eq!(output["destination"], Value::Null);
        let columns = output["columns"].as_array().unwrap();
        assert_eq!(
            columns.len(),
            output["preview"][0].as_object().unwrap().len()
        );
        // The seed of an answer gives the same rows again.
        let again = generate(
            &session,
            json!({"generator": "patients", "rows": "1_000", "seed": output["seed"], "preview_rows": 5}),
        )
        .await;
        assert_eq!(again["preview"], output["preview"]);
        // Big seeds travel as strings, signed or not.
        for seed in [json!("18446744073709551615"), json!("-1"), json!(-1)] {
            let one = generate(
                &session,
                json!({"generator": "uuid", "rows": 1, "seed": seed}),
            )
            .await;
            assert_eq!(one["seed"], "-1");
        }
        // The end of the numbers.
        let last = generate(
            &session,
            json!({"generator": "uuid", "rows": 1, "start": "9223372036854775807", "as_of": "2199-12-31"}),
        )
        .await;
        assert_eq!(last["start"], "9223372036854775807");
        assert_eq!(last["preview"].as_array().unwrap().len(), 1);
        let none = generate(
            &session,
            json!({"generator": "uuid", "rows": 9, "preview_rows": 0}),
        )
        .await;
        assert_eq!(none["preview"], json!([]));
        session.cancel().await.unwrap();
    });
}

fn datasets() {
    let scratch = Scratch::new();
    let url = scratch.sqlite("clinic.db");
    let destination = format!("clinic={url}");
    block_on(async {
        let client = Client::default();
        let session = connect(client.clone(), &["--destination", &destination]).await;
        let arguments = json!({
            "generator": "patients", "rows": "120000", "seed": "42", "destination": "clinic",
            "table": "people", "preview_rows": 2,
        });
        let output = generate(&session, arguments.clone()).await;
        check_output(&session, GENERATE, &output).await;
        assert_eq!(output["rows_written"], "120000");
        assert_eq!(output["table"], "people");
        let progress = client.progress.lock().unwrap().clone();
        assert!(progress.len() >= 2, "{progress:?}");
        assert!(progress.is_sorted_by(|a, b| a.0 < b.0), "{progress:?}");
        assert_eq!(progress.last(), Some(&(120_000.0, Some(120_000.0))));
        // Again: an error that says how; with resume nothing is written twice.
        let text = refused(&session, arguments.clone()).await;
        assert!(text.contains("already complete"), "{text}");
        let mut resumed = arguments;
        resumed["resume"] = json!(true);
        assert_eq!(generate(&session, resumed).await["rows_written"], "0");
        session.cancel().await.unwrap();
    });
    assert_eq!(rows(&url, "people").len(), 120_000);
}

fn bad_input() {
    let scratch = Scratch::new();
    let destination = format!("clinic={}", scratch.sqlite("clinic.db"));
    block_on(async {
        let session = connect(
            Client::default(),
            &["--destination", &destination, "--max-rows", "1000"],
        )
        .await;
        for (arguments, says) in [
            (json!({}), "generator"),
            (json!({"generator": "uuid"}), "rows"),
            (
                json!({"generator": "patientz", "rows": 1}),
                "Did you mean patients?",
            ),
            (json!({"generator": "uuid", "rows": -1}), "rows: "),
            (json!({"generator": "uuid", "rows": 1.5}), "rows: "),
            (json!({"generator": "uuid", "rows": "many"}), "rows: "),
            (json!({"generator": "uuid", "rows": 1001}), "at most 1000"),
            (
                json!({"generator": "uuid", "rows": 1, "seed": 1.5}),
                "seed: ",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "seed": "99999999999999999999"}),
                "seed: ",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "start": "9223372036854775808"}),
                "start: ",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "start": "18446744073709551615"}),
                "start: ",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "as_of": "tomorrow"}),
                "as_of: ",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "preview_rows": 101}),
                "preview_rows: ",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "url": "sqlite:x"}),
                "unknown field",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "table": "x"}),
                "destination",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "resume": true}),
                "destination",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "destination": "clinic", "resume": true}),
                "give the seed",
            ),
            (
                json!({"generator": "uuid", "rows": 1, "destination": "x"}),
                "there are: clinic",
            ),
        ] {
            let text = refused(&session, arguments.clone()).await;
            assert!(text.contains(says), "{arguments}: {text}");
        }
        // The session lives on.
        generate(&session, json!({"generator": "uuid", "rows": 1})).await;
        session.cancel().await.unwrap();
    });
}

fn unnamed_destinations() {
    let scratch = Scratch::new();
    let (secret, named) = (scratch.sqlite("other.db"), scratch.sqlite("named.db"));
    block_on(async {
        let session = connect(Client::default(), &[]).await;
        let text = refused(
            &session,
            json!({"generator": "uuid", "rows": 1, "destination": secret}),
        )
        .await;
        assert!(text.contains("--destination NAME=URL"), "{text}");
        session.cancel().await.unwrap();
        let session = connect(
            Client::default(),
            &["--destination", &format!("named={named}")],
        )
        .await;
        for name in [
            secret.as_str(),
            "csv:-",
            "",
            "NAMED",
            "../named",
            named.as_str(),
        ] {
            let text = refused(
                &session,
                json!({"generator": "uuid", "rows": 1, "destination": name}),
            )
            .await;
            assert!(!text.contains(".db"), "{text}");
        }
        session.cancel().await.unwrap();
    });
    assert!(!scratch.path("other.db").exists() && !scratch.path("named.db").exists());
}

fn hostile_tables() {
    let scratch = Scratch::new();
    let url = scratch.sqlite("clinic.db");
    let names = [
        "x\"; drop table y",
        "x'; drop table y; --",
        "\"\"",
        "a.b",
        "😀",
    ];
    block_on(async {
        let session = connect(Client::default(), &["--destination", &format!("d={url}")]).await;
        let one = |table: &str| json!({"generator": "uuid", "rows": 1, "seed": 1, "destination": "d", "table": table});
        generate(&session, one("y")).await;
        for table in names {
            assert_eq!(
                generate(&session, one(table)).await["rows_written"],
                "1",
                "{table}"
            );
        }
        for table in [
            "",
            "synth_ledger",
            "sqlite_schema",
            "a\nb",
            &"x".repeat(256),
        ] {
            let text = refused(&session, one(table)).await;
            assert!(text.contains("table name"), "{table}: {text}");
        }
        generate(&session, one(&"x".repeat(200))).await;
        session.cancel().await.unwrap();
    });
    assert_eq!(rows(&url, "y").len(), 1, "y is still there");
    for table in names {
        assert_eq!(rows(&url, table).len(), 1, "{table}");
    }
}

fn files() {
    let scratch = Scratch::new();
    let path = scratch.path("rows.csv");
    let destination = format!("file={}", scratch.csv("rows.csv"));
    block_on(async {
        let session = connect(Client::default(), &["--destination", &destination]).await;
        let arguments = json!({"generator": "uuid", "rows": 10, "destination": "file"});
        let output = generate(&session, arguments.clone()).await;
        assert_eq!(
            (&output["rows_written"], &output["table"]),
            (&json!("10"), &Value::Null)
        );
        let before = std::fs::read(&path).unwrap();
        let text = refused(&session, arguments).await;
        assert!(text.contains("exists already"), "{text}");
        assert_eq!(
            std::fs::read(&path).unwrap(),
            before,
            "the file was replaced"
        );
        session.cancel().await.unwrap();
    });
}

fn cancelled() {
    let scratch = Scratch::new();
    let url = scratch.sqlite("clinic.db");
    let request = |id: u32, rows: u32, resume: bool| {
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": GENERATE, "arguments":
            {"generator": "uuid", "rows": rows, "seed": "5", "destination": "d", "resume": resume}}})
    };
    let mut raw = Raw::start(&["--destination", &format!("d={url}")]);
    raw.send(&request(2, 10_000_000, false));
    std::thread::sleep(Duration::from_millis(400));
    raw.send(
        &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}),
    );
    std::thread::sleep(Duration::from_millis(300));
    let there = rows(&url, "uuid").len();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        rows(&url, "uuid").len(),
        there,
        "the load goes on after it was cancelled"
    );
    assert!(
        there > 0 && there < 10_000_000 && (there as u64).is_multiple_of(CHUNK_ROWS),
        "{there}"
    );
    // The session lives on.
    raw.send(&json!({"jsonrpc": "2.0", "id": 3, "method": "ping"}));
    raw.answer(3);
    raw.end();
}

/// A session by bare lines.
struct Raw {
    child: std::process::Child,
    lines: BufReader<std::process::ChildStdout>,
    seen: Vec<Value>,
}

impl Raw {
    fn start(arguments: &[&str]) -> Self {
        let mut all = vec!["mcp"];
        all.extend(arguments);
        let mut child = command(&all)
            .env("SYNTHD_LOG", "trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut raw = Self {
            child,
            lines,
            seen: Vec::new(),
        };
        raw.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}}));
        raw.answer(1);
        raw.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        raw
    }

    fn send(&mut self, message: &Value) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{message}").unwrap();
        stdin.flush().unwrap();
    }

    /// Reads lines up to the answer with this id; each must be JSON-RPC.
    fn answer(&mut self, id: u32) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.lines.read_line(&mut line).unwrap(),
                0,
                "standard output ended"
            );
            let message: Value = serde_json::from_str(&line)
                .unwrap_or_else(|e| panic!("not JSON ({e}) on standard output: {line:?}"));
            assert_eq!(message["jsonrpc"], "2.0", "{line}");
            self.seen.push(message.clone());
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Closes standard input; the server must end by itself.
    fn end(mut self) {
        drop(self.child.stdin.take());
        for _ in 0..100 {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0));
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        panic!("synthd outlives its client");
    }
}

fn only_json() {
    let scratch = Scratch::new();
    let mut raw = Raw::start(&["--destination", &format!("d={}", scratch.sqlite("x.db"))]);
    raw.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}));
    assert_eq!(
        raw.answer(2)["result"]["tools"].as_array().unwrap().len(),
        2
    );
    raw.send(
        &json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
        "name": GENERATE, "_meta": {"progressToken": "token"},
        "arguments": {"generator": "patients", "rows": 60_000, "destination": "d"}}}),
    );
    let answer = raw.answer(3);
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    assert_eq!(
        serde_json::from_str::<Value>(answer["result"]["content"][0]["text"].as_str().unwrap())
            .unwrap(),
        answer["result"]["structuredContent"],
        "clients without structured content see the same"
    );
    let progress: Vec<&Value> = raw
        .seen
        .iter()
        .filter(|m| m["method"] == "notifications/progress")
        .collect();
    assert!(
        progress
            .iter()
            .all(|p| p["params"]["progressToken"] == "token")
    );
    assert!(progress.len() >= 2, "{progress:?}");
    // Without a token there is no progress.
    raw.seen.clear();
    raw.send(
        &json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {
        "name": GENERATE, "arguments": {"generator": "uuid", "rows": 30_000, "destination": "d"}}}),
    );
    raw.answer(4);
    assert_eq!(raw.seen.len(), 1, "{:?}", raw.seen);
    raw.send(&json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "drop_table", "arguments": {}}}));
    assert!(raw.answer(5)["error"]["code"].is_number());
    raw.end();
}

fn postgres_secrets(pg: &Postgres) {
    let database = pg.create_database();
    let refused_port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let good = format!("good={}", pg.url(&database));
    let bad = format!("bad=postgres://belinda:SECRET@127.0.0.1:{refused_port}/{database}");
    block_on(async {
        let session = connect(
            Client::default(),
            &["--destination", &good, "--destination", &bad],
        )
        .await;
        let text = refused(
            &session,
            json!({"generator": "uuid", "rows": 1, "destination": "bad"}),
        )
        .await;
        for secret in ["SECRET", "belinda", "127.0.0.1", &database] {
            assert!(!text.contains(secret), "{text}");
        }
        let arguments =
            json!({"generator": "uuid", "rows": 3, "destination": "good", "table": "public.ids"});
        let output = generate(&session, arguments).await;
        assert_eq!(output["rows_written"], "3");
        for table in [
            "a.b.c",
            "pg_catalog.pg_class",
            "pg_catalog.x",
            &"x".repeat(200),
        ] {
            let arguments =
                json!({"generator": "uuid", "rows": 3, "destination": "good", "table": table});
            refused(&session, arguments).await;
        }
        session.cancel().await.unwrap();
    });
    assert_eq!(pg.psql(&database, "SELECT count(*) FROM ids").unwrap(), "3");
}
