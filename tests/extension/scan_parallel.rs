//! Scans of generators that parallel workers share, and the columns that scans make.

use std::thread;
use std::time::Duration;

use super::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    every_row_comes_once,
    plans_are_parallel_where_it_pays,
    plans_obey_the_settings,
    every_statement_form,
    a_fresh_seed_is_the_leaders,
    arguments_of_every_kind,
    rescans_start_anew,
    joins_and_unions_are_shared,
    errors_in_workers_arrive_whole,
    a_timeout_ends_all_workers,
    a_worker_that_is_killed_ends_the_query,
    a_cancel_ends_all_workers,
    a_session_that_is_killed_takes_its_workers,
    nothing_is_spooled,
    memory_is_flat,
    explain_shows_what_was_done,
    only_wanted_columns_are_made,
    whole_rows_are_streamed,
    rows_changed_meanwhile,
    lateral_arguments_are_streamed,
];

/// Makes Postgres choose a parallel plan wherever it can.
const EAGER: &str = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; \
     SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2";

fn eager(pg: &Postgres) -> Session {
    let mut session = fresh(pg);
    session.run(EAGER);
    session
}

fn plan_of(session: &mut Session, query: &str) -> String {
    session
        .column(&format!("EXPLAIN (COSTS off) {query}"))
        .join("\n")
}

#[track_caller]
fn assert_shared(session: &mut Session, query: &str) {
    let plan = plan_of(session, query);
    assert!(
        plan.contains("Parallel Custom Scan (pg_synth)"),
        "workers do not share the scan of\n{query}\n{plan}"
    );
}

fn every_row_comes_once(pg: &Postgres) {
    let mut session = eager(pg);
    let query = |rows: u32, start: u32| {
        format!("SELECT * FROM synth_patients({rows}, 7, {start}) ORDER BY mrn")
    };
    assert_shared(&mut session, &query(5000, 3));
    for rows in [0, 1, 1023, 1024, 1025, 2049, 30_000] {
        session.run("SET max_parallel_workers_per_gather = 0");
        let serial = session.rows(&query(rows, 3));
        assert_eq!(serial.len(), rows as usize);
        for workers in [1, 2, 5] {
            for leader in ["on", "off"] {
                session.run(&format!(
                    "SET max_parallel_workers_per_gather = {workers}; SET parallel_leader_participation = {leader}"
                ));
                assert_eq!(
                    session.rows(&query(rows, 3)),
                    serial,
                    "{rows} rows by {workers} workers, leader {leader}"
                );
                assert_eq!(
                    session.value(&format!(
                        "SELECT count(*) FROM synth_patients({rows}, 7, 3)"
                    )),
                    rows.to_string(),
                    "counted by {workers} workers, leader {leader}"
                );
            }
        }
        // Planned, but none can be had.
        session.run("SET max_parallel_workers_per_gather = 2; SET max_parallel_workers = 0");
        for leader in ["on", "off"] {
            session.run(&format!("SET parallel_leader_participation = {leader}"));
            assert_eq!(session.rows(&query(rows, 3)), serial, "no worker starts");
        }
        session.run("RESET max_parallel_workers");
    }
    let last = session.rows("SELECT mrn, count(*) FROM synth_patients(3000, 1, 9223372036854772808) GROUP BY 1 HAVING count(*) > 1");
    assert_eq!(last.len(), 0, "the last rows there are");
    assert_eq!(
        session.value("SELECT count(*) FROM synth_patients(3000, 1, 9223372036854772808)"),
        "3000"
    );
}

fn plans_are_parallel_where_it_pays(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET max_parallel_workers_per_gather = 2");
    for seed in ["1", "NULL"] {
        for query in [
            "SELECT count(*) FROM synth_patients(10000000, SEED)",
            "SELECT avg(bmi) FROM synth_patients(1000000, SEED)",
            "SELECT sex, count(*) FROM synth_patients(1000000, SEED) GROUP BY 1",
            "CREATE TABLE t AS SELECT * FROM synth_patients(1000000, SEED) WHERE bmi > 45",
            "CREATE TABLE t AS SELECT state, max(mrn) FROM synth_patients(1000000, SEED) GROUP BY 1",
            "CREATE MATERIALIZED VIEW m AS SELECT * FROM synth_patients(1000000, SEED) WHERE bmi > 45",
        ] {
            assert_shared(&mut session, &query.replace("SEED", seed));
        }
        for query in [
            "SELECT count(*) FROM synth_patients(1000, SEED)",
            "SELECT * FROM synth_patients(1000000000, SEED) LIMIT 10",
            // Each row would have to be copied from a worker.
            "CREATE TABLE t AS SELECT * FROM synth_patients(1000000, SEED)",
            "DECLARE c CURSOR FOR SELECT avg(bmi) FROM synth_patients(1000000, SEED)",
        ] {
            let query = query.replace("SEED", seed);
            let plan = plan_of(&mut session, &query);
            assert!(!plan.contains("Gather"), "{query}\n{plan}");
        }
    }
}

fn plans_obey_the_settings(pg: &Postgres) {
    let mut session = eager(pg);
    let query = "SELECT avg(bmi) FROM synth_patients(1000000, 1)";
    assert_shared(&mut session, query);
    for setting in [
        "max_parallel_workers_per_gather = 0",
        "min_parallel_table_scan_size = '100GB'",
        "parallel_setup_cost = 10000000",
    ] {
        session.run(&format!("SET {setting}"));
        let plan = plan_of(&mut session, query);
        assert!(!plan.contains("Gather"), "{setting}\n{plan}");
        session.run(EAGER);
    }
    // What may not run in workers keeps the scan out of them.
    session.run(
        "CREATE FUNCTION unsafe(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END'",
    );
    for query in [
        "SELECT count(*) FROM synth_patients(100000, 1) WHERE unsafe(mrn)",
        "SELECT count(*) FROM synth_patients((random() * 1000)::bigint, 1)",
        "SELECT (SELECT count(*) FROM synth_patients(i, 1) p) FROM generate_series(1, 3) i",
    ] {
        let plan = plan_of(&mut session, query);
        assert!(!plan.contains("Parallel Custom"), "{query}\n{plan}");
        session.run(query);
    }
}

/// Statements over 5,000 patients of seed SEED, each leaving their MRNs in the table `got`.
const FORMS: &[&str] = &[
    "CREATE TABLE got AS SELECT mrn FROM synth_patients(5000, SEED)",
    "CREATE MATERIALIZED VIEW got AS SELECT mrn FROM synth_patients(5000, SEED)",
    "CREATE TABLE got AS SELECT (p).mrn FROM (SELECT synth_patients(5000, SEED) AS p) q",
    "CREATE TABLE got(mrn text); INSERT INTO got SELECT mrn FROM synth_patients(5000, SEED)",
    "CREATE TABLE got AS WITH p AS MATERIALIZED (SELECT mrn FROM synth_patients(5000, SEED)) SELECT * FROM p",
    "CREATE TABLE got AS SELECT mrn FROM synth_patients(5000, SEED) ORDER BY created_at",
    "CREATE TABLE got AS SELECT mrn FROM (SELECT DISTINCT mrn FROM synth_patients(5000, SEED)) q",
    "CREATE TABLE got AS SELECT mrn FROM synth_patients(5000, SEED) GROUP BY mrn",
    "CREATE TABLE got AS SELECT mrn FROM synth_patients(5000, SEED) WHERE bmi > 0 OR sex = 'F'",
    "CREATE TABLE got AS SELECT unnest(array_agg(mrn)) AS mrn FROM synth_patients(5000, SEED)",
    "CREATE TABLE got AS SELECT mrn FROM synth_patients(5000, SEED) WITH ORDINALITY",
    "CREATE TABLE got AS SELECT (p).mrn FROM (SELECT p FROM synth_patients(5000, SEED) p) q",
    "CREATE TABLE got AS SELECT mrn FROM generate_series(1, 2) i LEFT JOIN synth_patients(5000, SEED) ON true WHERE i = 1",
    "PREPARE s AS SELECT mrn FROM synth_patients(5000, SEED); CREATE TABLE got AS EXECUTE s; DEALLOCATE s",
    "CREATE TABLE got(mrn text); DO $$ DECLARE m text; BEGIN
        FOR m IN SELECT mrn FROM synth_patients(5000, SEED) LOOP INSERT INTO got VALUES (m); END LOOP; END $$",
    "CREATE TABLE got(mrn text); DO $$ BEGIN
        EXECUTE 'INSERT INTO got SELECT mrn FROM synth_patients(5000, SEED)'; END $$",
    "EXPLAIN (ANALYZE, VERBOSE) CREATE TABLE got AS SELECT mrn FROM synth_patients(5000, SEED)",
];

fn drop_got(session: &mut Session) {
    session.run(
        "DO $$ BEGIN DROP MATERIALIZED VIEW IF EXISTS got; EXCEPTION WHEN wrong_object_type THEN
            DROP TABLE got; END $$",
    );
}

const SEEDED: &str = "SELECT mrn FROM synth_patients(5000, 11) ORDER BY mrn";

fn every_statement_form(pg: &Postgres) {
    let mut session = eager(pg);
    let expected = session.column(&format!(
        "SET max_parallel_workers_per_gather = 0; {SEEDED}"
    ));
    for forced in ["off", "on", "regress"] {
        session.run(&format!("{EAGER}; SET force_parallel_mode = {forced}"));
        for form in FORMS {
            drop_got(&mut session);
            session.run(&form.replace("SEED", "11"));
            assert!(
                session.column("SELECT mrn FROM got ORDER BY mrn") == expected,
                "other rows with force_parallel_mode {forced}: {form}"
            );
            assert_eq!(
                session.value("SELECT synth_last_seed()"),
                "11",
                "force_parallel_mode {forced}: {form}"
            );
            session.run("SELECT mrn FROM synth_patients(1, 5)");
        }
    }
    session.run(EAGER);
    let copied = pg
        .psql(
            &session.database,
            &format!("{EAGER}; COPY ({SEEDED}) TO STDOUT"),
        )
        .unwrap();
    let copied: Vec<&str> = copied.lines().filter(|line| *line != "SET").collect();
    assert!(copied == expected, "COPY TO gives other rows");
    session.run(&format!("BEGIN; DECLARE c CURSOR FOR {SEEDED}"));
    assert_eq!(session.column("FETCH ALL FROM c"), expected, "a cursor");
    session.run("COMMIT");
}

fn a_fresh_seed_is_the_leaders(pg: &Postgres) {
    let mut session = eager(pg);
    let mut seeds = Vec::new();
    for forced in ["off", "on"] {
        session.run(&format!("SET force_parallel_mode = {forced}"));
        for form in FORMS {
            drop_got(&mut session);
            session.run(&form.replace("SEED", "NULL"));
            seeds.push(session.value("SELECT synth_last_seed()"));
            assert_eq!(
                session.value("SELECT count(*) FROM got JOIN synth_patients(5000, synth_last_seed()) p USING (mrn)"),
                "5000",
                "force_parallel_mode {forced}: the seed reported is not that of\n{form}"
            );
        }
    }
    let all = seeds.len();
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), all, "each call draws its own");
    // A call in the select list of a table's scan: what workers drew would be lost.
    session.run("RESET force_parallel_mode; DROP TABLE IF EXISTS got; CREATE TABLE t AS SELECT generate_series(1, 9000) AS i");
    session
        .run("CREATE TABLE got AS SELECT i, (p).mrn FROM (SELECT i, synth_patients(1) AS p FROM t OFFSET 0) q");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM got, synth_patients(1, synth_last_seed()) p WHERE p.mrn = got.mrn"
        ),
        "1",
        "one row is of the seed reported"
    );
}

fn arguments_of_every_kind(pg: &Postgres) {
    let mut session = eager(pg);
    let expected = session.rows(
        "SET max_parallel_workers_per_gather = 0; SELECT count(*), min(mrn) FROM synth_patients(4000, 12, 5)",
    );
    session.run(EAGER);
    session.run(
        "PREPARE s(bigint, bigint, bigint) AS SELECT count(*), min(mrn) FROM synth_patients($1, $2, $3);
         CREATE FUNCTION called(n bigint, seed bigint) RETURNS TABLE(c bigint, m text) LANGUAGE plpgsql AS
         $$ BEGIN RETURN QUERY SELECT count(*), min(mrn) FROM synth_patients(n, seed, 5); END $$",
    );
    for query in [
        "SELECT count(*), min(mrn) FROM synth_patients(2 * 2000, 6 + 6, 5)",
        "SELECT count(*), min(mrn) FROM synth_patients((SELECT 4000), (SELECT 12), (SELECT 5))",
        "SELECT count(*), min(mrn) FROM synth_patients((SELECT count(*) FROM synth_patients(4000)), 12, 5)",
        "SELECT count(*), min(mrn) FROM synth_patients(length(current_setting('TimeZone')) + 3997, 12, 5)",
    ] {
        assert_eq!(session.rows(query), expected, "{query}");
        assert_shared(&mut session, query);
    }
    for mode in ["force_generic_plan", "force_custom_plan"] {
        session.run(&format!("SET plan_cache_mode = {mode}"));
        assert_shared(&mut session, "EXECUTE s(4000, 12, 5)");
        for _ in 0..2 {
            assert_eq!(session.rows("EXECUTE s(4000, 12, 5)"), expected, "{mode}");
            assert_eq!(
                session.rows("SELECT * FROM called(4000, 12)"),
                expected,
                "{mode}"
            );
        }
        let (one, two) = (
            session.rows("EXECUTE s(4000, NULL, 5)"),
            session.rows("EXECUTE s(4000, NULL, 5)"),
        );
        assert_ne!(one, two, "a kept plan keeps no seed");
        assert_eq!(
            session.rows("EXECUTE s(4000, synth_last_seed(), 5)"),
            two,
            "{mode}: the seed reported is not the one used"
        );
        for (arguments, code, says) in [
            ("-1, 1, 0", "22023", "Pass 0 or more for rows."),
            ("NULL, 1, 0", "22004", "Pass a value for rows."),
            ("1, 1, -1", "22023", "Pass 0 or more for start."),
            ("2, 1, 9223372036854775807", "22003", "at most"),
        ] {
            session.refused(&format!("EXECUTE s({arguments})"), code, says);
        }
    }
}

fn rescans_start_anew(pg: &Postgres) {
    let mut session = eager(pg);
    session.run("SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off");
    for leader in ["on", "off"] {
        session.run(&format!("SET parallel_leader_participation = {leader}"));
        for (call, seeds) in [
            ("synth_patients(5000, 3)", "1"),
            ("synth_patients(5000)", "1"),
            ("synth_patients((SELECT 5000), (SELECT NULL::bigint))", "1"),
        ] {
            let query = format!(
                "SELECT count(*), count(DISTINCT m), min(c), max(c) FROM generate_series(1, 4) i
                 LEFT JOIN (SELECT count(*) AS c, min(mrn) AS m FROM {call}) p ON p.m <> i::text"
            );
            assert_shared(&mut session, &query);
            assert_eq!(
                session.rows(&query),
                [row(&["4", seeds, "5000", "5000"])],
                "{call}, leader {leader}"
            );
            // A limit shuts the workers down before the next round starts them again.
            let query = format!(
                "SELECT count(*) FROM generate_series(1, 4) i
                 LEFT JOIN (SELECT mrn FROM {call} LIMIT 10) p ON p.mrn <> i::text"
            );
            assert_eq!(session.value(&query), "40", "{call}, leader {leader}");
        }
    }
    let query = "SELECT count(*) FROM generate_series(1, 20) i, LATERAL (
                    SELECT count(*) AS c FROM synth_patients(2000, 1) WHERE bmi > i) q WHERE c > 0";
    assert_eq!(session.value(query), "20", "a condition on the outer row");
}

fn joins_and_unions_are_shared(pg: &Postgres) {
    let mut session = eager(pg);
    session.run("CREATE TABLE p AS SELECT * FROM synth_patients(20000, 1); ANALYZE p");
    session.run("SET enable_mergejoin = off; SET enable_nestloop = off");
    for (query, expected) in [
        (
            "SELECT count(*) FROM synth_patients(30000, 1) p JOIN synth_patients(30000, 1, 10000) q USING (mrn)",
            "20000",
        ),
        (
            "SELECT count(*) FROM p JOIN synth_patients(30000, 1) q USING (mrn)",
            "20000",
        ),
        (
            "SELECT count(*) FROM p LEFT JOIN synth_patients(30000, 1, 10000) q USING (mrn) WHERE q.mrn IS NULL",
            "10000",
        ),
        (
            "SELECT count(*) FROM synth_patients(30000, 1) q WHERE mrn IN (SELECT mrn FROM p)",
            "20000",
        ),
        (
            "SELECT count(DISTINCT mrn) FROM (SELECT mrn FROM synth_patients(30000, 1) UNION ALL
             SELECT mrn FROM synth_patients(30000, 1, 30000) UNION ALL SELECT mrn FROM p) u",
            "60000",
        ),
        (
            "SELECT count(*) FROM (SELECT mrn FROM synth_patients(30000) UNION ALL SELECT mrn FROM synth_patients(10000)) u",
            "40000",
        ),
        (
            "SELECT count(*) FROM (SELECT p FROM synth_patients(3000) p UNION ALL SELECT q FROM synth_patients(1000, 1) q) u(x) WHERE (x).mrn <> ''",
            "4000",
        ),
    ] {
        assert_shared(&mut session, query);
        assert_eq!(session.value(query), expected, "{query}");
    }
    let plan = plan_of(
        &mut session,
        "SELECT count(*) FROM p JOIN synth_patients(2000000, 1) q USING (mrn)",
    );
    assert!(plan.contains("Parallel Hash"), "{plan}");
    let union = plan_of(
        &mut session,
        "SELECT count(*) FROM (SELECT mrn FROM synth_patients(9000) UNION ALL SELECT mrn FROM synth_patients(9000)) u",
    );
    assert!(union.contains("Parallel Append"), "{union}");
}

fn errors_in_workers_arrive_whole(pg: &Postgres) {
    let mut session = eager(pg);
    session.run(
        "CREATE FUNCTION fails(text) RETURNS boolean LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN
            RAISE EXCEPTION 'it fails' USING ERRCODE = 'P0123', DETAIL = 'in a worker', HINT = 'Do not.'; END $$",
    );
    let query = "SELECT count(*) FROM synth_patients(100000) WHERE fails(mrn)";
    assert_shared(&mut session, query);
    for settings in [
        "SET parallel_leader_participation = off",
        "SET parallel_leader_participation = on",
        "SET max_parallel_workers_per_gather = 0",
    ] {
        session.run(settings);
        let error = session.refused(query, "P0123", "it fails");
        assert_eq!(error.hint, "Do not.", "the hint is lost");
        assert_eq!(error.detail, "in a worker", "the detail is lost");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
    until_no_worker(&mut session);
}

/// Waits until all parallel workers have ended.
fn until_no_worker(session: &mut Session) {
    let workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND datname = current_database()";
    for _ in 0..250 {
        if session.value(workers) == "0" {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("workers outlive their query");
}

/// Minutes of work for any number of workers.
const ENDLESS: &[&str] = &[
    "SELECT avg(bmi) FROM synth_patients(1000000000000, 1)",
    "SELECT count(*) FROM synth_patients(100000000000000)",
    "CREATE TABLE t AS SELECT * FROM synth_patients(1000000000000) WHERE bmi < 0",
];

fn a_timeout_ends_all_workers(pg: &Postgres) {
    let mut session = eager(pg);
    let mut watcher = session.another(pg);
    for query in ENDLESS {
        assert_shared(&mut session, query);
        session.run("SET statement_timeout = 300");
        session.refused(query, "57014", "statement timeout");
        session.run("SET statement_timeout = 0");
        until_no_worker(&mut watcher);
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

/// Runs a statement while another session does something to one of its processes; gives the error.
fn disturbed(
    pg: &Postgres,
    session: &mut Session,
    query: &str,
    action: &str,
    processes: &str,
) -> super::session::Refusal {
    let pid = session.pid();
    let mut other = session.another(pg);
    let act = format!(
        "SELECT count({action}(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE {} AND query LIKE '%synth_patients%' AND state = 'active' LIMIT 1) p",
        processes.replace("PID", &pid)
    );
    // Workers have started, and rows are being made.
    let ready = format!("SELECT count(*) FROM pg_stat_activity WHERE leader_pid = {pid}");
    let disturber = thread::spawn(move || {
        while other.value(&ready) == "0" {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(50));
        while other.value(&act) == "0" {
            thread::sleep(Duration::from_millis(5));
        }
        until_no_worker(&mut other);
    });
    let error = match session.attempt(query) {
        Ok(rows) => panic!("an answer in spite of {action}: {rows:?}"),
        Err(error) => error,
    };
    disturber.join().unwrap();
    error
}

fn a_worker_that_is_killed_ends_the_query(pg: &Postgres) {
    let mut session = eager(pg);
    for query in ENDLESS {
        // Either no row is missing, or there is an error.
        let error = disturbed(
            pg,
            &mut session,
            query,
            "pg_terminate_backend",
            "leader_pid = PID",
        );
        assert_eq!(error.code, "57P01", "{error}");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

fn a_cancel_ends_all_workers(pg: &Postgres) {
    let mut session = eager(pg);
    for query in ENDLESS {
        let error = disturbed(pg, &mut session, query, "pg_cancel_backend", "pid = PID");
        assert_eq!(error.code, "57014", "{error}");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

fn a_session_that_is_killed_takes_its_workers(pg: &Postgres) {
    let mut session = eager(pg);
    for query in ENDLESS {
        let mut killed = session.another(pg);
        killed.run(EAGER);
        // The disturber waits until all workers have ended.
        let error = disturbed(pg, &mut killed, query, "pg_terminate_backend", "pid = PID");
        assert_eq!(error.code, "57P01", "{error}");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

fn nothing_is_spooled(pg: &Postgres) {
    let mut session = fresh(pg);
    // The first temporary file would be an error.
    session.run("SET temp_file_limit = 0; SET work_mem = '64kB'");
    for settings in [
        EAGER,
        "SET max_parallel_workers_per_gather = 0",
        "RESET ALL; SET temp_file_limit = 0; SET work_mem = '64kB'",
    ] {
        session.run(settings);
        for (query, expected) in [
            ("SELECT count(*) FROM synth_patients(200000, 1)", "200000"),
            (
                "SELECT count(p) FROM synth_patients(20000, 1) p WHERE p IS DISTINCT FROM NULL",
                "20000",
            ),
            (
                "SELECT count(*) FROM (SELECT * FROM synth_patients(1000000000, 1) LIMIT 10) q",
                "10",
            ),
            (
                "SELECT count(*) FROM (SELECT p FROM synth_patients(1000000000, 1) p LIMIT 10) q",
                "10",
            ),
            (
                "SELECT count(*) FROM (SELECT * FROM synth_patients(1000000000) WHERE sex = 'F' LIMIT 10) q",
                "10",
            ),
            (
                "SELECT count(*) FROM (SELECT q.* FROM generate_series(1, 3) i, synth_patients(1000000000, i) q LIMIT 10) q",
                "10",
            ),
        ] {
            assert_eq!(session.value(query), expected, "{settings}: {query}");
        }
    }
    session.refused(
        "SELECT count(*) FROM synth_patients(20000, 1) WITH ORDINALITY",
        "53400",
        "temp_file_limit",
    );
}

fn memory_is_flat(pg: &Postgres) {
    let mut session = eager(pg);
    let pid = session.pid();
    let peak = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: u64 = line
            .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
            .unwrap();
        kilobytes
    };
    for workers in ["0", "2"] {
        session.run(&format!("SET max_parallel_workers_per_gather = {workers}"));
        for query in [
            "SELECT count(mrn) FROM synth_patients(ROWS, 1)",
            "SELECT count(p) FROM synth_patients(ROWS, 1) p",
            "SELECT count(*) FROM synth_patients(ROWS, 1) WHERE email IS NULL",
        ] {
            session.run(&query.replace("ROWS", "20000"));
            let before = peak();
            session.run(&query.replace("ROWS", "400000"));
            let grown = peak().saturating_sub(before);
            assert!(
                grown < 8_000,
                "{workers} workers: {grown} kB more for twenty times the rows: {query}"
            );
        }
    }
}

fn explain_shows_what_was_done(pg: &Postgres) {
    let mut session = eager(pg);
    let query = "SELECT avg(bmi) FROM synth_patients(10000, 5, 7)";
    let shown = plan_of(&mut session, query);
    for line in ["Rows: 10000", "Seed: 5", "Start: 7", "Columns: 1 of 30"] {
        assert!(shown.contains(line), "no {line} in\n{shown}");
    }
    assert!(!shown.contains("Batches"), "nothing was done yet\n{shown}");
    let shown = plan_of(&mut session, "SELECT count(*) FROM synth_patients(10000)");
    assert!(
        shown.contains("Seed: drawn when the scan starts"),
        "{shown}"
    );
    assert!(shown.contains("Columns: 0 of 30"), "{shown}");
    let shown = plan_of(
        &mut session,
        "SELECT count(*) FROM synth_patients((SELECT 6), NULL, 2 + 3)",
    );
    assert!(shown.contains("Rows: $0"), "{shown}");
    assert!(shown.contains("Start: 5"), "{shown}");
    for workers in [0, 2] {
        session.run(&format!("SET max_parallel_workers_per_gather = {workers}"));
        let analyzed = "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off)";
        let shown = session.column(&format!(
            "{analyzed} SELECT avg(bmi) FROM synth_patients(10000)"
        ));
        let shown = shown.join("\n");
        let seed = session.value("SELECT synth_last_seed()");
        for line in [&format!("Seed: {seed}"), "Rows: 10000", "Batches: 10"] {
            assert!(shown.contains(line), "no {line} in\n{shown}");
        }
        for (format, expected) in [
            (
                "json",
                ["\"Rows\": 10000", "\"Seed\": 5", "\"Batches\": 10"],
            ),
            ("yaml", ["Rows: 10000", "Seed: 5", "Batches: 10"]),
            (
                "xml",
                [
                    "<Rows>10000</Rows>",
                    "<Seed>5</Seed>",
                    "<Batches>10</Batches>",
                ],
            ),
        ] {
            let shown = session.value(&format!(
                "EXPLAIN (ANALYZE, VERBOSE, FORMAT {format}) {query}"
            ));
            for part in expected {
                assert!(shown.contains(part), "no {part} in\n{shown}");
            }
        }
    }
    session.run("RESET ALL");
    let limited = session
        .column("EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT * FROM synth_patients(1000000000, 1) LIMIT 10")
        .join("\n");
    assert!(
        limited.contains("Batches: 1\n"),
        "LIMIT does not stop the work\n{limited}"
    );
}

fn only_wanted_columns_are_made(pg: &Postgres) {
    let mut session = fresh(pg);
    let columns = session.column(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'synth_patient'::regclass AND attnum > 0 ORDER BY attnum",
    );
    assert_eq!(columns.len(), 30);
    session.run("CREATE TABLE whole AS SELECT * FROM synth_patients(3000, 1)");
    for settings in ["SET max_parallel_workers_per_gather = 0", EAGER] {
        session.run(settings);
        for column in &columns {
            for query in [
                format!("SELECT {column}::text FROM source ORDER BY 1"),
                format!("SELECT concat(sex, {column}) FROM source ORDER BY 1"),
                format!(
                    "SELECT {column}::text FROM source WHERE death_date IS NULL AND bmi > 25 ORDER BY 1"
                ),
                format!("SELECT state || count({column}) FROM source GROUP BY state ORDER BY 1"),
            ] {
                assert_eq!(
                    session.column(&query.replace("source", "synth_patients(3000, 1)")),
                    session.column(&query.replace("source", "whole")),
                    "{query}"
                );
            }
        }
    }
    for (query, made) in [
        ("SELECT count(*) FROM synth_patients(10, 1)", 0),
        ("SELECT 1 FROM synth_patients(10, 1)", 0),
        ("SELECT mrn FROM synth_patients(10, 1) WHERE bmi > 30", 2),
        ("SELECT mrn, mrn || sex FROM synth_patients(10, 1)", 2),
        ("SELECT p.* FROM synth_patients(10, 1) p", 30),
        ("SELECT p FROM synth_patients(10, 1) p", 30),
        (
            "SELECT FROM synth_patients(10, 1) p WHERE EXISTS (SELECT FROM whole w WHERE w.ssn = p.ssn)",
            1,
        ),
    ] {
        let shown = plan_of(&mut session, query);
        assert!(
            shown.contains(&format!("Columns: {made} of 30")),
            "{query}\n{shown}"
        );
        session.run(query);
    }
}

fn whole_rows_are_streamed(pg: &Postgres) {
    let mut session = fresh(pg);
    let listed = session.column("SELECT synth_patients(2500, 1)::text");
    for query in [
        "SELECT p::text FROM synth_patients(2500, 1) p",
        "SELECT (p.*)::text FROM synth_patients(2500, 1) p",
        "SELECT x::text FROM (SELECT p AS x, p.mrn FROM synth_patients(2500, 1) p OFFSET 0) q",
        "SELECT p::text FROM generate_series(1, 1) i, synth_patients(2500 * i, i) p",
    ] {
        let plan = plan_of(&mut session, query);
        assert!(!plan.contains("Function Scan on synth_patients"), "{plan}");
        assert_eq!(session.column(query), listed, "{query}");
    }
    session.run("CREATE TABLE kept AS SELECT p AS whole, p.* FROM synth_patients(2500, 1) p");
    assert_eq!(session.column("SELECT whole::text FROM kept"), listed);
    assert_eq!(
        session.value(
            "SELECT count(*) FROM kept WHERE (whole).mrn = mrn AND (whole).created_at = created_at"
        ),
        "2500"
    );
    session.run("ALTER TABLE kept ALTER whole TYPE text USING whole::text");
    assert_eq!(session.column("SELECT whole FROM kept"), listed, "stored");
}

/// Postgres evaluates a statement anew for a row that another session has changed while this one
/// waited for it.
fn rows_changed_meanwhile(pg: &Postgres) {
    let mut session = fresh(pg);
    let mut other = session.another(pg);
    session.run(
        "CREATE TABLE t AS SELECT mrn, 0 AS n, 0 AS seen, '' AS found FROM synth_patients(1, 1)",
    );
    for (query, check) in [
        (
            "UPDATE t SET seen = (SELECT count(*) FROM synth_patients(n, 1))",
            "SELECT seen FROM t",
        ),
        (
            "UPDATE t SET seen = (SELECT count(*) FROM synth_patients(n, 1) WHERE bmi > 0)",
            "SELECT seen FROM t",
        ),
        (
            "UPDATE t SET seen = (SELECT count(p.mrn) FROM (SELECT * FROM synth_patients(n, 1) OFFSET 0) p)",
            "SELECT seen FROM t",
        ),
        (
            "UPDATE t SET seen = n, found = p.mrn FROM synth_patients(5, 1) p WHERE p.mrn = t.mrn",
            "SELECT CASE WHEN found = mrn THEN seen END FROM t",
        ),
        (
            "UPDATE t SET seen = n, found = (p).mrn FROM (SELECT p FROM synth_patients(5, 1) p) q WHERE (p).mrn = t.mrn",
            "SELECT CASE WHEN found = mrn THEN seen END FROM t",
        ),
        (
            "MERGE INTO t USING synth_patients(5, 1) p ON p.mrn = t.mrn WHEN MATCHED THEN UPDATE SET seen = n, found = p.mrn",
            "SELECT CASE WHEN found = mrn THEN seen END FROM t",
        ),
    ] {
        session.run("UPDATE t SET n = 0, seen = -1, found = ''; BEGIN; UPDATE t SET n = 40");
        let pid = other.pid();
        let waiting = thread::spawn(move || {
            other.run(query);
            other
        });
        session.until_blocked(&pid);
        session.run("COMMIT");
        other = waiting.join().unwrap();
        assert_eq!(session.value(check), "40", "after waiting: {query}");
    }
}

fn lateral_arguments_are_streamed(pg: &Postgres) {
    let mut session = fresh(pg);
    for settings in ["SET max_parallel_workers_per_gather = 0", EAGER] {
        session.run(settings);
        for (query, expected) in [
            (
                "SELECT count(*) FROM generate_series(1, 3) i, synth_patients(i * 10, 1) p",
                "60",
            ),
            (
                "SELECT count(DISTINCT p.mrn) FROM generate_series(0, 4) i, synth_patients(10, 1, i * 10) p",
                "50",
            ),
            (
                "SELECT count(DISTINCT p.mrn) FROM generate_series(0, 4) i, synth_patients(i) p",
                "10",
            ),
            (
                "SELECT count(p.mrn) FROM generate_series(0, 4) i LEFT JOIN LATERAL synth_patients(i, 1) p ON p.bmi > 0 AND i <> 2",
                "8",
            ),
            (
                "SELECT count(*) FROM synth_patients(50, 1) p, LATERAL synth_patients(2, length(p.mrn)) q WHERE p.mrn <> q.mrn",
                "100",
            ),
            (
                "SELECT count(*) FROM synth_patients(9, 1) p, LATERAL (SELECT q FROM synth_patients(length(p.mrn), 2) q) r",
                "99",
            ),
        ] {
            let plan = plan_of(&mut session, query);
            assert!(!plan.contains("Function Scan on synth_patients"), "{plan}");
            assert_eq!(session.value(query), expected, "{query}");
        }
    }
}
