//! The command line, as its users meet it.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use libtest_mimic::{Completion, Trial};
use synth_connectors::ledger::CHUNK_ROWS;

use crate::servers::postgres::{PASSWORD_ROLE, Postgres};
use crate::synthd::{self, Scratch, assert_same, command, finish, kill_after, rows, run};
use crate::{Fixture, plain, signal};

/// A test of a database to load into.
type OnTarget = fn(&Target<'_>);

/// The tests.
pub fn trials(fixture: &Fixture) -> Vec<Trial> {
    let mut out: Vec<Trial> = [
        ("list_shows_the_registry", list as fn()),
        ("help_has_examples", help),
        ("csv_halves_join_to_the_whole", csv_halves),
        ("csv_reader_that_goes_away_is_no_error", csv_closed_early),
        ("csv_disk_full", csv_disk_full),
        ("csv_appears_only_when_complete", csv_complete_or_absent),
        ("csv_cannot_be_resumed", csv_resume),
        ("memory_stays_flat", memory),
        ("unknown_table_lists_known_ones", unknown_table),
        ("wrong_usage_is_status_2", usage),
        ("seeds_are_shown_as_sql_takes_them", seeds),
        ("json_summary", json_summary),
        ("no_progress_in_a_pipe", no_progress_in_a_pipe),
        ("progress_on_a_terminal", progress_on_a_terminal),
        ("unreachable_postgres", unreachable_postgres),
        ("unreachable_sqlite", unreachable_sqlite),
    ]
    .map(|(name, test)| plain(&format!("cli::{name}"), test))
    .into();
    let both: [(&str, OnTarget); 6] = [
        ("killed_loads_resume", killed_loads_resume),
        ("halves_join_and_append", halves_and_append),
        ("other_columns_are_shown", other_columns),
        ("a_complete_load_is_left_alone", complete_load),
        ("ctrl_c_stops_and_says_how_to_go_on", ctrl_c),
        ("a_dropped_table_is_loaded_anew", dropped_table),
    ];
    for (name, test) in both {
        out.push(plain(&format!("cli::sqlite::{name}"), move || {
            let scratch = Scratch::new();
            test(&Target::Sqlite(&scratch));
        }));
        out.push(
            fixture.postgres(&format!("cli::postgres::{name}"), move |pg| {
                test(&Target::Postgres(pg, pg.create_database()));
            }),
        );
    }
    out.push(fixture.postgres(
        "cli::postgres::wrong_password_is_never_shown",
        wrong_password,
    ));
    out.push(fixture.postgres("cli::postgres::schema_and_comments", schema_and_comments));
    out.push(fixture.postgres("cli::postgres::not_permitted", not_permitted));
    out.push(fixture.postgres("cli::postgres::a_lost_connection_resumes", lost_connection));
    out.push(Trial::ignorable_test("cli::sqlite::disk_full", || {
        Ok(sqlite_disk_full())
    }));
    out
}

/// A database to load into.
enum Target<'a> {
    Sqlite(&'a Scratch),
    Postgres(&'a Postgres, String),
}

impl Target<'_> {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(scratch) => scratch.sqlite("target.db"),
            Self::Postgres(pg, database) => pg.url(database),
        }
    }

    fn execute(&self, sql: &str) {
        match self {
            Self::Postgres(pg, database) => {
                pg.psql(database, sql).unwrap();
            }
            Self::Sqlite(_) => crate::block_on(async {
                use sqlx::{AssertSqlSafe, Connection};
                let mut connection =
                    sqlx::SqliteConnection::connect(&format!("{}?mode=rwc", self.url()))
                        .await
                        .unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                    .execute(&mut connection)
                    .await
                    .unwrap();
                connection.close().await.unwrap();
            }),
        }
    }
}

fn list() {
    let text = run(&["list"]).ok().text();
    assert!(text.starts_with("KIND"), "{text}");
    assert!(text.contains("patients(rows, [seed]"), "{text}");
    let json: serde_json::Value =
        serde_json::from_slice(&run(&["list", "--json"]).ok().stdout).unwrap();
    let names: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["name"].as_str().unwrap())
        .collect();
    let registry: Vec<&str> = synth_engine::registry::entries().map(|e| e.name).collect();
    assert_eq!(names, registry);
    let tables = run(&["list", "--kind", "table"]).ok().text();
    assert!(!tables.contains("generator"), "{tables}");
}

fn help() {
    for name in ["generate", "list", "mcp"] {
        let text = run(&[name, "--help"]).ok().text();
        assert!(text.contains("Examples:\n  synthd "), "{text}");
    }
    let mut command = command(&["generate", "--help"]);
    command.env("SYNTHD_TO", "postgres://u:SECRET@h/d");
    assert!(!finish(command).ok().text().contains("SECRET"));
}

fn csv_halves() {
    let generate = |start: &str, count: &str| {
        run(&[
            "generate", "patients", "--rows", count, "--start", start, "--seed", "42", "--to",
            "csv:-",
        ])
        .ok()
        .stdout
    };
    let whole = generate("0", "7_001");
    let (head, tail) = (generate("0", "3000"), generate("3000", "4001"));
    let header = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    assert!(
        whole == [&head[..], &tail[header..]].concat(),
        "the halves do not join"
    );
    assert_eq!(String::from_utf8(whole).unwrap().lines().count(), 7_002);
}

fn csv_closed_early() {
    let mut child = command(&["generate", "patients", "--rows", "3000000", "--to", "csv:-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut head = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut head).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "head is not an error"
    );
}

fn csv_disk_full() {
    run(&[
        "generate",
        "patients",
        "--rows",
        "100000",
        "--to",
        "csv:/dev/full",
    ])
    .fails(1, "is full");
    run(&[
        "generate",
        "patients",
        "--rows",
        "0",
        "--to",
        "csv:/dev/full",
    ])
    .fails(1, "is full");
}

fn csv_complete_or_absent() {
    let scratch = Scratch::new();
    let (file, part) = (scratch.path("p.csv"), scratch.path("p.csv.part"));
    let url = scratch.csv("p.csv");
    let big = ["generate", "patients", "--rows", "50000000", "--to", &url];
    let child = command(&big).stderr(Stdio::null()).spawn().unwrap();
    assert!(!kill_after(child, Duration::from_millis(300)));
    assert!(!file.exists() && part.exists(), "a cut file looks complete");
    // Ctrl-C tidies up.
    let mut child = command(&big).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!file.exists() && !part.exists());
    run(&["generate", "patients", "--rows", "10", "--to", &url]).ok();
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 11);
    assert!(!part.exists());
    let nowhere = scratch.csv("no/such/directory.csv");
    run(&["generate", "patients", "--rows", "10", "--to", &nowhere]).fails(1, "cannot write");
}

fn csv_resume() {
    run(&[
        "generate", "uuid", "--rows", "1", "--seed", "1", "--to", "csv:-", "--resume",
    ])
    .fails(1, "cannot be resumed");
    // A fresh seed would start another load next to the one that was cut.
    run(&[
        "generate",
        "uuid",
        "--rows",
        "1",
        "--to",
        "sqlite:x.db",
        "--resume",
    ])
    .fails(2, "--seed");
    run(&[
        "generate", "uuid", "--rows", "1", "--to", "csv:-", "--table", "x",
    ])
    .fails(2, "--table");
}

fn memory() {
    let mut child = command(&[
        "generate",
        "patients",
        "--rows",
        "2000000",
        "--to",
        "csv:/dev/null",
    ])
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kib) = line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok()) {
            peak_kib = peak_kib.max(kib);
        }
        thread::sleep(Duration::from_millis(2));
    }
    eprintln!("peak memory of 2 M rows to CSV: {} MB", peak_kib / 1024);
    assert!(peak_kib > 1_000, "not measured");
    assert!(peak_kib < 100_000, "peak memory is {peak_kib} KiB");
}

fn unknown_table() {
    let ran = run(&["generate", "patientz", "--rows", "1", "--to", "csv:-"])
        .fails(1, "unknown table \"patientz\"");
    assert!(
        ran.stderr.contains("hint: Did you mean patients?") && ran.stderr.contains("All names: "),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.is_empty());
    run(&["generate", "uuid", "--rows", "1", "--to", "oracle://SECRET"]).fails(1, "no driver");
}

fn usage() {
    for arguments in [
        &["generate", "uuid", "--to", "csv:-"][..],
        &["generate", "uuid", "--rows", "1e6", "--to", "csv:-"],
        &["generate", "uuid", "--rows", "-1", "--to", "csv:-"],
        &[
            "generate", "uuid", "--rows", "1", "--to", "csv:-", "--seed", "x",
        ],
        &[
            "generate",
            "uuid",
            "--rows",
            "1",
            "--to",
            "csv:-",
            "--as-of",
            "2026-13-01",
        ],
        &[
            "generate",
            "uuid",
            "--rows",
            "2",
            "--to",
            "csv:-",
            "--start",
            "9223372036854775807",
        ],
        &["generate", "uuid", "--rows", "1"],
        &["list", "--kind", "x"],
        &["mcp", "--destination", "x=csv:-"],
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{arguments:?}");
    }
}

fn seeds() {
    let of = |seed: &str| {
        run(&[
            "generate", "uuid", "--rows", "3", "--seed", seed, "--to", "csv:-",
        ])
        .ok()
    };
    let (signed, unsigned) = (of("-1"), of("18446744073709551615"));
    assert_eq!(signed.stdout, unsigned.stdout);
    assert!(unsigned.stderr.contains("seed -1,"), "{}", unsigned.stderr);
    let fresh = || {
        run(&["generate", "uuid", "--rows", "3", "--to", "csv:-"])
            .ok()
            .stdout
    };
    assert_ne!(fresh(), fresh(), "without a seed, each run has its own");
}

fn json_summary() {
    let scratch = Scratch::new();
    let url = scratch.sqlite("x.db");
    let ran = run(&[
        "generate", "uuid", "--rows", "3", "--seed", "-5", "--to", &url, "--json", "--quiet",
    ])
    .ok();
    let json: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(json["seed"], "-5");
    assert_eq!(json["rows_written"], "3");
    assert_eq!(json["table"], "uuid");
    assert_eq!(ran.stderr, "", "--quiet");
    // Rows on standard output stay alone there.
    let ran = run(&["generate", "uuid", "--rows", "3", "--to", "csv:-", "--json"]).ok();
    assert_eq!(ran.text().lines().count(), 4);
    assert!(
        ran.stderr.contains("\"rows_written\":\"3\""),
        "{}",
        ran.stderr
    );
}

fn no_progress_in_a_pipe() {
    let ran = run(&[
        "generate",
        "patients",
        "--rows",
        "200000",
        "--seed",
        "42",
        "--to",
        "csv:/dev/null",
    ])
    .ok();
    assert_eq!(ran.stderr.lines().count(), 1, "{:?}", ran.stderr);
    assert!(!ran.stderr.contains(['\r', '\x1b']), "{:?}", ran.stderr);
    assert!(ran.stderr.starts_with("200,000 rows in "), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("seed 42, to csv:/dev/null"),
        "{}",
        ran.stderr
    );
}

fn progress_on_a_terminal() {
    let program = synthd::program();
    let line = format!(
        "stty cols 100 rows 30; {} generate patients --rows 1500000 --to csv:/dev/null",
        program.display()
    );
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("of 1,500,000 rows"),
        "no bar on a terminal: {text:?}"
    );
    assert!(text.contains("1,500,000 rows in "), "{text:?}");
}

fn unreachable_postgres() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://belinda:SECRET@127.0.0.1:{port}/clinic");
    let started = Instant::now();
    let ran = run(&["generate", "uuid", "--rows", "1", "--to", &url])
        .fails(1, "cannot reach the PostgreSQL");
    assert!(ran.stderr.contains("connection refused"), "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("SECRET") && !ran.stderr.contains("belinda"),
        "{}",
        ran.stderr
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    run(&[
        "generate",
        "uuid",
        "--rows",
        "1",
        "--to",
        "postgres://u:SECRET@h:port/d",
    ])
    .fails(1, "not valid");
}

fn unreachable_sqlite() {
    let scratch = Scratch::new();
    let url = scratch.sqlite("no/such/directory.db");
    run(&["generate", "uuid", "--rows", "1", "--to", &url]).fails(1, "cannot reach the SQLite");
    fs::write(
        scratch.path("text.db"),
        "this is no database, just a text that is long enough".repeat(50),
    )
    .unwrap();
    let url = scratch.sqlite("text.db");
    run(&["generate", "uuid", "--rows", "1", "--to", &url]).fails(1, "not an SQLite database");
}

fn killed_loads_resume(target: &Target<'_>) {
    let url = target.url();
    for (round, seed) in ["1", "-2", "3"].into_iter().enumerate() {
        // Some chunks each; the longest time, in milliseconds, that a load is left to live.
        for (generator, count, longest) in [("patients", "150000", 2_000), ("uuid", "1000000", 400)]
        {
            let killed = format!("{generator}_killed_{round}");
            let whole = format!("{generator}_whole_{round}");
            let arguments = |table: &str| {
                [
                    "generate", generator, "--rows", count, "--seed", seed, "--to", &url,
                    "--table", table, "--resume",
                ]
                .map(str::to_owned)
            };
            let spawn = |table: &str| {
                let arguments = arguments(table);
                command(&arguments.each_ref().map(String::as_str))
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap()
            };
            // Moments that differ from run to run, and cover the load from its start on.
            let clock = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap();
            let jitter = u64::from(clock.subsec_micros());
            let mut cuts = 0;
            for i in 0..8 {
                // The first cut comes early, so that there is one whatever the machine.
                let longest = if i == 0 { longest / 8 } else { longest };
                let time = (jitter * 7 + i * 131 + round as u64 * 57) % longest;
                if kill_after(spawn(&killed), Duration::from_millis(time)) {
                    break;
                }
                cuts += 1;
            }
            assert!(cuts > 0, "the load was never cut");
            let last = arguments(&killed);
            run(&last.each_ref().map(String::as_str)).ok();
            let reference = arguments(&whole);
            run(&reference.each_ref().map(String::as_str)).ok();
            let (left, right) = (rows(&url, &killed), rows(&url, &whole));
            assert_eq!(right.len(), count.parse::<usize>().unwrap());
            assert!(
                right.windows(2).all(|w| w[0] != w[1]),
                "rows are there twice"
            );
            assert_same(&left, &right);
        }
    }
}

fn halves_and_append(target: &Target<'_>) {
    let url = target.url();
    let generate = |table: &str, start: &str, count: &str, seed: &str| {
        run(&[
            "generate", "patients", "--rows", count, "--start", start, "--seed", seed, "--to",
            &url, "--table", table,
        ])
    };
    generate("whole", "0", "3000", "42").ok();
    generate("halves", "1000", "2000", "42").ok();
    generate("halves", "0", "1000", "42").ok();
    assert_same(&rows(&url, "halves"), &rows(&url, "whole"));
    // The same patients again, in other words: the keys are there.
    let ran = generate("whole", "0", "10", "42").fails(1, "same keys");
    assert!(!ran.stderr.contains("Key ("), "no values: {}", ran.stderr);
    assert_eq!(rows(&url, "whole").len(), 3000);
}

fn other_columns(target: &Target<'_>) {
    target.execute(
        "CREATE TABLE uuid (uuid integer NOT NULL, extra text); CREATE VIEW v AS SELECT 1 AS uuid",
    );
    let url = target.url();
    let ran = run(&["generate", "uuid", "--rows", "1", "--to", &url])
        .fails(1, "exists with other columns");
    let says = ran.stderr.to_lowercase();
    let expected = match target {
        Target::Sqlite(_) => "~ uuid is integer, should be text",
        Target::Postgres(..) => "~ uuid is integer, should be uuid",
    };
    assert!(says.contains(expected), "{says}");
    assert!(says.contains("+ extra text is not expected"), "{says}");
    run(&[
        "generate", "uuid", "--rows", "1", "--to", &url, "--table", "v",
    ])
    .fails(1, "v is a view");
}

fn complete_load(target: &Target<'_>) {
    let url = target.url();
    let arguments = [
        "generate", "uuid", "--rows", "100000", "--seed", "9", "--to", &url,
    ];
    let with_resume = [&arguments[..], &["--resume"]].concat();
    run(&with_resume).ok();
    let ran = run(&with_resume).ok();
    assert!(ran.stderr.starts_with("0 rows in"), "{}", ran.stderr);
    run(&arguments).fails(1, "already complete");
    // A load that is cut, and begun again without --resume.
    target.execute("DELETE FROM synth_ledger WHERE chunk_start > 0");
    run(&arguments).fails(1, "--resume");
    // Another load appends.
    run(&[
        "generate", "uuid", "--rows", "5", "--seed", "10", "--to", &url,
    ])
    .ok();
    assert_eq!(rows(&url, "uuid").len(), 100_005);
}

fn dropped_table(target: &Target<'_>) {
    let url = target.url();
    let arguments = [
        "generate", "uuid", "--rows", "300", "--seed", "9", "--to", &url,
    ];
    run(&arguments).ok();
    target.execute("DROP TABLE uuid");
    run(&arguments).ok();
    assert_eq!(rows(&url, "uuid").len(), 300);
}

fn ctrl_c(target: &Target<'_>) {
    let url = target.url();
    let child = command(&[
        "generate", "patients", "--rows", "5000000", "--seed", "4", "--to", &url,
    ])
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    thread::sleep(Duration::from_secs(3));
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(
        stderr.contains("--seed 4") && stderr.contains("--resume"),
        "{stderr}"
    );
    let there = rows(&url, "patients").len();
    assert!(
        there > 0 && (there as u64).is_multiple_of(CHUNK_ROWS),
        "{there} rows are no whole chunks"
    );
}

fn wrong_password(pg: &Postgres) {
    let database = pg.create_database();
    pg.psql(
        &database,
        &format!("CREATE ROLE {PASSWORD_ROLE} LOGIN PASSWORD 'right'"),
    )
    .unwrap();
    let url = format!(
        "postgres://{PASSWORD_ROLE}:WRONGSECRET@127.0.0.1:{}/{database}",
        pg.port()
    );
    let mut command = command(&["generate", "uuid", "--rows", "1", "--to", &url]);
    command.env("SYNTHD_LOG", "trace");
    let ran = finish(command).fails(1, "refused the user name or password");
    assert!(!ran.stderr.contains("WRONGSECRET"), "{}", ran.stderr);
    // Right, by PGPASSWORD: may connect, but not create tables in public.
    let url = format!(
        "postgres://{PASSWORD_ROLE}@127.0.0.1:{}/{database}",
        pg.port()
    );
    let mut command = synthd::command(&["generate", "uuid", "--rows", "1", "--table", "mine.t"]);
    pg.psql(
        &database,
        &format!("CREATE SCHEMA mine AUTHORIZATION {PASSWORD_ROLE}"),
    )
    .unwrap();
    command.env("PGPASSWORD", "right").env("SYNTHD_TO", url);
    finish(command).ok();
    assert_eq!(
        pg.psql(&database, "SELECT count(*) FROM mine.t").unwrap(),
        "1"
    );
}

fn not_permitted(pg: &Postgres) {
    let database = pg.create_database();
    pg.psql(
        &database,
        "CREATE ROLE plain LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    )
    .unwrap();
    let url = format!("postgres://plain@127.0.0.1:{}/{database}", pg.port());
    run(&["generate", "uuid", "--rows", "1", "--to", &url])
        .fails(1, "permission denied for schema public");
    let url = pg.url(&database);
    run(&[
        "generate",
        "uuid",
        "--rows",
        "1",
        "--to",
        &url,
        "--table",
        "nowhere.t",
    ])
    .fails(1, "does not exist");
    let url = pg.url("no_such_database");
    run(&["generate", "uuid", "--rows", "1", "--to", &url]).fails(1, "no such database");
}

fn lost_connection(pg: &Postgres) {
    let database = pg.create_database();
    let url = pg.url(&database);
    let arguments = [
        "generate", "uuid", "--rows", "600000", "--seed", "8", "--to", &url,
    ];
    let child = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(250));
    pg.psql(
        "postgres",
        &format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ),
    )
    .unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("was lost") && stderr.contains("--resume"),
        "{stderr}"
    );
    run(&[&arguments[..], &["--resume"]].concat()).ok();
    assert_eq!(rows(&url, "uuid").len(), 600_000);
}

fn schema_and_comments(pg: &Postgres) {
    let database = pg.create_database();
    pg.psql(&database, "CREATE SCHEMA demo").unwrap();
    let url = format!(
        "postgres:///{database}?host={}&port={}&user=postgres",
        pg.socket_dir().display(),
        pg.port()
    );
    run(&[
        "generate",
        "patients",
        "--rows",
        "10",
        "--to",
        &url,
        "--table",
        "demo.people",
    ])
    .ok();
    let value = |sql: &str| pg.psql(&database, sql).unwrap();
    assert_eq!(value("SELECT count(*) FROM demo.people"), "10");
    assert_eq!(value("SELECT count(*) FROM demo.synth_ledger"), "1");
    assert_eq!(
        value(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'demo.people'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL"
        ),
        "0"
    );
    assert_ne!(value("SELECT obj_description('demo.people'::regclass)"), "");
    assert_eq!(
        value(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'demo.people'::regclass AND contype = 'p'"
        ),
        "1"
    );
    assert!(pg.bindir().join("postgres").exists() && pg.pid() > 0);
    let failed = pg.psql_output(&database, "SELECT 1/0");
    assert!(String::from_utf8_lossy(&failed.stderr).contains("division by zero"));
}

/// On a file system of 3 MB, which only root can make.
fn sqlite_disk_full() -> Completion {
    let scratch = Scratch::new();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
        .arg(scratch.directory())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!(
            "\n*** IGNORED: a small file system for the disk-full test cannot be mounted ***\n"
        );
        return Completion::ignored_with("cannot mount a tmpfs");
    }
    let url = scratch.sqlite("full.db");
    let ran = run(&["generate", "patients", "--rows", "100000", "--to", &url]);
    let _ = Command::new("umount")
        .arg("-l")
        .arg(scratch.directory())
        .status();
    ran.fails(1, "the disk of the SQLite destination is full");
    Completion::Completed
}
