//! Workers together give the rows that one process gives, in every form of statement.

use std::thread;

use super::{EAGER, assert_shared, eager};
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    every_row_comes_once,
    every_statement_form,
    a_fresh_seed_is_the_leaders,
    arguments_of_every_kind,
    rescans_start_anew,
    rows_changed_meanwhile,
];

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
