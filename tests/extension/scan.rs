//! Generators in FROM: planned as a scan of their own, wherever a query may put them.

use super::session::Cells;
use super::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    explain_shows_the_scan,
    the_first_statement_of_a_session_is_planned_so,
    joins,
    a_rescan_gives_the_same_rows,
    correlated_calls,
    wherever_a_table_may_stand,
    prepared_statements,
    cursors,
    copy_to,
    functions_that_call,
    views_and_changes,
    parallel_plans,
    created_tables_hold_what_was_selected,
];

/// The lines of a plan.
fn plan(session: &mut Session, query: &str) -> String {
    session.column(&format!("EXPLAIN {query}")).join("\n")
}

fn explain_shows_the_scan(pg: &Postgres) {
    let mut session = fresh(pg);
    let shown = plan(&mut session, "SELECT * FROM synth_patients(123456, 1)");
    assert!(shown.contains("Custom Scan (pg_synth)"), "{shown}");
    assert!(
        shown.contains("rows=123456 "),
        "the estimate is not exact: {shown}"
    );
    assert!(shown.contains("Generator: synth_patients"), "{shown}");
    let shown = plan(&mut session, "SELECT * FROM synth_patients(rows => 10 * 5)");
    assert!(shown.contains("rows=50 "), "{shown}");
    let shown = plan(&mut session, "SELECT synth_patients(77)");
    assert!(shown.contains("rows=77 "), "{shown}");
    let shown = session
        .column("EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM synth_patients(2500, 1) WHERE sex = 'F'")
        .join("\n");
    assert!(shown.contains("Custom Scan (pg_synth)"), "{shown}");
    assert!(shown.contains("Rows Removed by Filter"), "{shown}");
    for format in ["json", "xml", "yaml", "text"] {
        session.run(&format!(
            "EXPLAIN (VERBOSE, FORMAT {format}) SELECT p.mrn, q.* FROM synth_patients(5, 1) p, synth_patients(5) q"
        ));
    }
}

fn the_first_statement_of_a_session_is_planned_so(pg: &Postgres) {
    let database = super::database(pg);
    let shown = Session::open(pg, &database).column("EXPLAIN SELECT * FROM synth_patients(7, 1)");
    assert!(shown[0].contains("Custom Scan (pg_synth)"), "{shown:?}");
    let counted = Session::open(pg, &database)
        .value("SELECT count(*) FROM synth_patients(7, 1) WITH ORDINALITY");
    assert_eq!(counted, "7");
}

fn joins(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE p AS SELECT * FROM synth_patients(500, 4); ANALYZE p");
    for method in ["hashjoin", "mergejoin", "nestloop"] {
        for other in ["hashjoin", "mergejoin", "nestloop"] {
            session.run(&format!("SET enable_{other} = {}", other == method));
        }
        for (query, expected) in [
            (
                "SELECT count(*) FROM p JOIN synth_patients(500, 4) q USING (mrn)",
                "500",
            ),
            (
                "SELECT count(*) FROM synth_patients(500, 4) p JOIN synth_patients(500, 4) q USING (patient_id)",
                "500",
            ),
            (
                "SELECT count(*) FROM synth_patients(300, 4) a LEFT JOIN synth_patients(100, 4, 250) b USING (ssn) WHERE b.ssn IS NULL",
                "250",
            ),
            (
                "SELECT count(*) FROM p WHERE mrn IN (SELECT mrn FROM synth_patients(100, 4))",
                "100",
            ),
            (
                "SELECT count(*) FROM p WHERE NOT EXISTS (SELECT FROM synth_patients(100, 4) q WHERE q.mrn = p.mrn)",
                "400",
            ),
        ] {
            assert_eq!(session.value(query), expected, "with {method}: {query}");
        }
    }
    session.run("RESET ALL");
    assert_eq!(
        session.value("SELECT count(*) FROM synth_patients(40, 4) p FULL JOIN synth_patients(40, 4, 20) q ON p.mrn = q.mrn"),
        "60"
    );
}

fn a_rescan_gives_the_same_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off");
    // Each row of the outer side reads the inner side anew.
    let query = "SELECT count(DISTINCT mrn), count(*) FROM generate_series(1, 50) i
                 LEFT JOIN (SELECT mrn FROM synth_patients(20) OFFSET 0) p ON p.mrn <> i::text";
    assert_eq!(
        session.rows(query),
        [row(&["20", "1000"])],
        "without a seed"
    );
    // A condition on the outer row is no reason to draw another seed: the call has no argument
    // that could have changed. A function scan behaves so, too.
    for call in [
        "synth_patients(20) p",
        "synth_patients(20) WITH ORDINALITY p",
    ] {
        let counted = session.rows(&format!(
            "SELECT count(DISTINCT first), count(*) FROM (
                SELECT (SELECT min(p.mrn) FROM {call} WHERE p.mrn <> i::text OFFSET 0) AS first
                FROM generate_series(1, 30) i) q"
        ));
        assert_eq!(
            counted,
            [row(&["1", "30"])],
            "with a condition on the outer row: {call}"
        );
    }
}

fn correlated_calls(pg: &Postgres) {
    let mut session = fresh(pg);
    let expected: Vec<Cells> = [("1", "1"), ("2", "2"), ("3", "3")]
        .map(|(i, n)| row(&[i, n]))
        .into();
    for query in [
        "SELECT i, count(*) FROM generate_series(1, 3) i, LATERAL synth_patients(i, 1) p GROUP BY 1 ORDER BY 1",
        "SELECT i, count(*) FROM generate_series(1, 3) i, synth_patients(i, 1) p GROUP BY 1 ORDER BY 1",
        "SELECT i, (SELECT count(*) FROM synth_patients(i, 1)) FROM generate_series(1, 3) i",
        "SELECT i, (SELECT count(p) FROM synth_patients(i) p) FROM generate_series(1, 3) i",
        "SELECT i, count(*) FROM generate_series(1, 3) i, LATERAL (SELECT * FROM synth_patients(i, 1) OFFSET 0) p GROUP BY 1 ORDER BY 1",
    ] {
        assert_eq!(session.rows(query), expected, "{query}");
    }
    // Joined by range of parents: each row its own part of one set.
    assert_eq!(
        session.column(
            "SELECT mrn FROM generate_series(0, 2) i, LATERAL synth_patients(10, 1, start => i * 10)"
        ),
        session.column("SELECT mrn FROM synth_patients(30, 1)")
    );
    assert_eq!(
        session.value(
            "SELECT count(DISTINCT (SELECT mrn FROM synth_patients(1, s))) FROM generate_series(1, 50) s"
        ),
        "50",
        "each outer row has its own seed"
    );
}

#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn wherever_a_table_may_stand(pg: &Postgres) {
    let mut session = fresh(pg);
    let first = session.value("SELECT mrn FROM synth_patients(1, 1)");
    for (query, expected) in [
        (
            "SELECT count(*) FROM synth_patients(1000, 1) WHERE sex = 'F' OR sex <> 'F'",
            "1000",
        ),
        (
            "SELECT count(*) FROM (SELECT mrn FROM synth_patients(10, 1) UNION ALL SELECT mrn FROM synth_patients(10, 1)) u",
            "20",
        ),
        (
            "SELECT count(*) FROM (SELECT mrn FROM synth_patients(10, 1) UNION SELECT mrn FROM synth_patients(15, 1)) u",
            "15",
        ),
        (
            "SELECT count(*) FROM (SELECT mrn FROM synth_patients(10, 1) EXCEPT SELECT mrn FROM synth_patients(5, 1)) u",
            "5",
        ),
        (
            "WITH p AS (SELECT * FROM synth_patients(10)) SELECT count(*) FROM p a JOIN p b USING (mrn)",
            "10",
        ),
        (
            "SELECT max(ordinality) FROM synth_patients(12, 1) WITH ORDINALITY",
            "12",
        ),
        (
            "SELECT count(*) FROM ROWS FROM (synth_patients(5, 1), synth_patients(3, 2)) r",
            "5",
        ),
        (
            "SELECT count(*) FROM ROWS FROM (synth_patients(5, 1), generate_series(1, 9)) r",
            "9",
        ),
        (
            "SELECT count(*) FROM synth_patients(5, 1) TABLESAMPLE system (100)",
            "error",
        ),
        (
            "SELECT (array_agg(mrn ORDER BY mrn))[1] = min(mrn) FROM synth_patients(100, 1)",
            "t",
        ),
        (
            "SELECT count(*) FROM synth_patients(100, 1) p WHERE p IS NOT NULL OR true",
            "100",
        ),
        (
            "SELECT count(DISTINCT q) FROM (SELECT p AS q FROM synth_patients(100, 1) p) r",
            "100",
        ),
        (
            "SELECT (to_jsonb(p) ->> 'mrn') FROM synth_patients(1, 1) p",
            &first,
        ),
        (
            "SELECT (p).mrn FROM (SELECT synth_patients(1, 1) AS p) q",
            &first,
        ),
        (
            "SELECT x FROM synth_patients(1, 1) AS renamed(id, x)",
            &first,
        ),
        (
            "SELECT count(*) FROM synth_patients(1000, 1) GROUP BY sex IS NULL HAVING count(*) > 0",
            "1000",
        ),
        (
            "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY mrn) FROM synth_patients(100, 1)) w",
            "100",
        ),
        (
            "SELECT count(*) FROM (SELECT DISTINCT ON (state) * FROM synth_patients(100, 1) ORDER BY state, mrn) d WHERE state IS NULL",
            "0",
        ),
        (
            "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r, synth_patients(1, 1) WHERE i < 5) SELECT count(*) FROM r",
            "5",
        ),
        (
            "SELECT 1 FROM synth_patients(3, 1) GROUP BY GROUPING SETS (())",
            "1",
        ),
        (
            "SELECT CASE WHEN true THEN (SELECT mrn FROM synth_patients(1, 1)) END",
            &first,
        ),
    ] {
        match expected {
            "error" => drop(session.refused(query, "42601", "")),
            expected => assert_eq!(session.value(query), expected, "{query}"),
        }
    }
    let sorted = session.column("SELECT mrn FROM synth_patients(3000, 1) ORDER BY mrn");
    assert_eq!(sorted.len(), 3000);
    assert!(sorted.is_sorted(), "ORDER BY is not kept");
    session.refused(
        "SELECT * FROM synth_patients(1) p FOR UPDATE OF p",
        "0A000",
        "",
    );
}

fn prepared_statements(pg: &Postgres) {
    let mut session = fresh(pg);
    for mode in ["force_generic_plan", "force_custom_plan", "auto"] {
        session.run(&format!("SET plan_cache_mode = {mode}"));
        session.run(
            "PREPARE s(bigint, bigint) AS SELECT count(*), min(mrn) FROM synth_patients($1, $2)",
        );
        for seed in 1..8 {
            let expected = session.rows(&format!(
                "SELECT count(*), min(mrn) FROM synth_patients(100 + {seed}, {seed})"
            ));
            let got = session.rows(&format!("EXECUTE s(100 + {seed}, {seed})"));
            assert_eq!(got, expected, "seed {seed} with {mode}");
        }
        session.refused("EXECUTE s(-1, 1)", "22023", "negative");
        session.refused("EXECUTE s(NULL, 1)", "22004", "null");
        let (one, two) = (
            session.rows("EXECUTE s(50, NULL)"),
            session.rows("EXECUTE s(50, NULL)"),
        );
        assert_ne!(one, two, "a kept plan keeps no seed");
        session.run("DEALLOCATE s");
    }
}

fn cursors(pg: &Postgres) {
    let mut session = fresh(pg);
    let rows = session.column("SELECT mrn FROM synth_patients(3000, 1)");
    session.run("BEGIN; DECLARE s SCROLL CURSOR FOR SELECT mrn FROM synth_patients(3000, 1)");
    assert_eq!(session.column("FETCH 5 FROM s"), rows[..5]);
    assert_eq!(
        session.column("FETCH ABSOLUTE 2500 FROM s"),
        rows[2499..2500]
    );
    let mut back = session.column("FETCH BACKWARD 10 FROM s");
    back.reverse();
    assert_eq!(back, rows[2489..2499]);
    assert_eq!(session.column("FETCH FIRST FROM s"), rows[..1]);
    assert_eq!(session.column("FETCH LAST FROM s"), rows[2999..]);
    // Without a seed, going back shows what was seen before.
    session.run("DECLARE n SCROLL CURSOR FOR SELECT * FROM synth_patients(50)");
    let seen = session.rows("FETCH 20 FROM n");
    session.run("MOVE ABSOLUTE 0 FROM n");
    assert_eq!(session.rows("FETCH 20 FROM n"), seen);
    session.run("DECLARE h CURSOR WITH HOLD FOR SELECT mrn FROM synth_patients(3000, 1); COMMIT");
    assert_eq!(session.column("FETCH ALL FROM h"), rows, "a held cursor");
    session.run("CLOSE h; BEGIN; DECLARE endless NO SCROLL CURSOR FOR SELECT mrn FROM synth_patients(1000000000, 1)");
    assert_eq!(
        session.column("FETCH 3000 FROM endless"),
        rows,
        "rows are made as they are fetched"
    );
    session.run("SAVEPOINT a; FETCH 10 FROM endless; ROLLBACK TO a; CLOSE endless; COMMIT");
}

fn copy_to(pg: &Postgres) {
    let database = super::database(pg);
    let copied = pg
        .psql(
            &database,
            "COPY (SELECT mrn, death_date FROM synth_patients(3000, 1)) TO STDOUT",
        )
        .unwrap();
    let selected = pg
        .psql(&database, "SELECT mrn || E'\\t' || coalesce(death_date::text, '\\N') FROM synth_patients(3000, 1)")
        .unwrap();
    assert_eq!(copied, selected);
    let whole = pg
        .psql(
            &database,
            "COPY (SELECT * FROM synth_patients(1500, 1)) TO STDOUT (FORMAT csv)",
        )
        .unwrap();
    assert_eq!(whole.lines().count(), 1500);
    pg.psql(
        &database,
        "CREATE TABLE p AS SELECT * FROM synth_patients(0); \
         COPY (SELECT * FROM synth_patients(1500, 1)) TO '/tmp/synth-copy' (FORMAT binary)",
    )
    .map(|_| ())
    .or_else(|e| {
        if e.contains("Permission denied") {
            Ok(())
        } else {
            Err(e)
        }
    })
    .unwrap();
}

fn functions_that_call(pg: &Postgres) {
    let mut session = fresh(pg);
    let rows = session.column("SELECT mrn FROM synth_patients(20, 1)");
    session.run(
        "CREATE FUNCTION looped(n bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
         DECLARE p synth_patient; BEGIN
            FOR p IN SELECT * FROM synth_patients(n, 1) LOOP RETURN NEXT p.mrn; END LOOP; END $$;
         CREATE FUNCTION queried(n bigint) RETURNS SETOF synth_patient LANGUAGE plpgsql AS $$
         BEGIN RETURN QUERY SELECT * FROM synth_patients(n, 1); END $$;
         CREATE FUNCTION executed(n bigint) RETURNS SETOF synth_patient LANGUAGE plpgsql AS $$
         BEGIN RETURN QUERY EXECUTE 'SELECT * FROM synth_patients($1, 1)' USING n; END $$;
         CREATE FUNCTION plain(n bigint) RETURNS SETOF synth_patient LANGUAGE sql AS
         'SELECT * FROM synth_patients(n, 1)';
         CREATE FUNCTION inlined(n bigint) RETURNS SETOF synth_patient LANGUAGE sql STABLE AS
         'SELECT * FROM synth_patients(n, 1)';
         CREATE FUNCTION listed(n bigint) RETURNS SETOF synth_patient LANGUAGE sql AS
         'SELECT synth_patients(n, 1)'",
    );
    // Twice: the second call runs the plan that the first has made.
    for _ in 0..7 {
        assert_eq!(session.column("SELECT looped(20)"), rows);
        for function in ["queried", "executed", "plain", "inlined", "listed"] {
            let query = format!("SELECT mrn FROM {function}(20)");
            assert_eq!(session.column(&query), rows, "{query}");
            let query = format!("SELECT ({function}(20)).mrn");
            assert_eq!(session.column(&query), rows, "{query}");
        }
    }
    session.run(
        "DO $$ DECLARE c refcursor; p record; n int := 0; BEGIN
            OPEN c SCROLL FOR SELECT * FROM synth_patients(10, 1);
            FETCH LAST FROM c INTO p; FETCH PRIOR FROM c INTO p;
            IF p.mrn <> (SELECT mrn FROM synth_patients(1, 1, 8)) THEN RAISE 'another row'; END IF;
            BEGIN PERFORM * FROM synth_patients(-1); EXCEPTION WHEN invalid_parameter_value THEN n := 1; END;
            IF n = 0 THEN RAISE 'not caught'; END IF;
            CLOSE c; END $$",
    );
}

fn views_and_changes(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE VIEW v AS SELECT * FROM synth_patients(30, 1);
         CREATE MATERIALIZED VIEW m AS SELECT * FROM synth_patients(30, 1);
         CREATE TABLE t AS SELECT mrn, 0 AS seen FROM synth_patients(20, 1)",
    );
    assert_eq!(
        session.value("SELECT count(*) FROM v JOIN m USING (patient_id)"),
        "30"
    );
    assert_eq!(
        session
            .value("SELECT (v).mrn = (SELECT min(mrn) FROM m WHERE m.mrn = v.mrn) FROM v LIMIT 1"),
        "t"
    );
    session.run("UPDATE t SET seen = 1 FROM synth_patients(10, 1) p WHERE p.mrn = t.mrn");
    assert_eq!(session.value("SELECT sum(seen) FROM t"), "10");
    session.run("DELETE FROM t USING synth_patients(5, 1) p WHERE p.mrn = t.mrn");
    assert_eq!(session.value("SELECT count(*) FROM t"), "15");
    session.run(
        "MERGE INTO t USING synth_patients(30, 1) p ON p.mrn = t.mrn
         WHEN MATCHED THEN UPDATE SET seen = 2 WHEN NOT MATCHED THEN INSERT VALUES (p.mrn, 3)",
    );
    assert_eq!(
        session.rows("SELECT seen, count(*) FROM t GROUP BY 1 ORDER BY 1"),
        [row(&["2", "15"]), row(&["3", "15"])]
    );
    session.run("SELECT * FROM t JOIN synth_patients(30, 1) p USING (mrn) FOR UPDATE OF t");
    assert_eq!(
        session
            .rows("INSERT INTO t SELECT mrn, 4 FROM synth_patients(2, 9) RETURNING seen")
            .len(),
        2
    );
    assert_eq!(
        session.value("WITH i AS (INSERT INTO t SELECT mrn, 5 FROM synth_patients(4, 10) RETURNING *) SELECT count(*) FROM i"),
        "4"
    );
    // The view is stored with the arguments, and read back by pg_dump.
    assert!(
        session
            .value("SELECT pg_get_viewdef('v')")
            .contains("synth_patients(")
    );
}

fn parallel_plans(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE p AS SELECT * FROM synth_patients(20000, 1); ANALYZE p");
    session.run(
        "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
         SET max_parallel_workers_per_gather = 2",
    );
    for forced in ["off", "on"] {
        session.run(&format!("SET force_parallel_mode = {forced}"));
        for (query, expected) in [
            (
                "SELECT count(*) FROM p JOIN synth_patients(5000, 1) q USING (mrn)",
                "5000",
            ),
            ("SELECT count(*) FROM synth_patients(5000, 1)", "5000"),
            ("SELECT count(*) FROM synth_patients(5000)", "5000"),
            (
                "SELECT count(*) FROM (SELECT synth_patients(5000)) q",
                "5000",
            ),
            (
                "SELECT count(*) FROM p WHERE mrn IN (SELECT mrn FROM synth_patients(5000, 1, 19000))",
                "1000",
            ),
            (
                "SELECT count(*) FROM synth_patients(500, 1) WITH ORDINALITY",
                "500",
            ),
            ("SELECT count(p) FROM synth_patients(500, 1) p", "500"),
        ] {
            assert_eq!(
                session.value(query),
                expected,
                "force_parallel_mode {forced}: {query}"
            );
        }
        // Workers must agree on the rows of one call: without a seed the outer join would lose or
        // double rows if each drew its own.
        let counted = session.rows(
            "SELECT count(*), count(DISTINCT q.mrn) FROM p LEFT JOIN synth_patients(100) q ON q.mrn <> p.mrn",
        );
        let pairs: u32 = counted[0][0].as_deref().unwrap().parse().unwrap();
        assert!((1_999_900..=2_000_000).contains(&pairs), "{pairs} pairs");
        assert_eq!(
            counted[0][1].as_deref(),
            Some("100"),
            "workers drew seeds of their own"
        );
        session
            .run("DROP TABLE IF EXISTS q; CREATE TABLE q AS SELECT mrn FROM synth_patients(100)");
        assert_eq!(
            session.value(
                "SELECT count(*) FROM q JOIN synth_patients(100, synth_last_seed()) p USING (mrn)"
            ),
            "100",
            "the fresh seed is not the one reported (force_parallel_mode {forced})"
        );
    }
    let plan = session
        .column("EXPLAIN SELECT * FROM synth_patients(3, 1)")
        .join("\n");
    assert!(
        plan.contains("Gather"),
        "a call with a seed is parallel safe:\n{plan}"
    );
    let plan = session
        .column("EXPLAIN SELECT * FROM synth_patients(3)")
        .join("\n");
    assert!(
        !plan.contains("Gather") || plan.contains("Parallel Custom Scan"),
        "a call without a seed is made whole by a worker, which keeps the seed to itself:\n{plan}"
    );
}

fn created_tables_hold_what_was_selected(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE p AS SELECT * FROM synth_patients(20000, 77)");
    let listed = session.column("SELECT synth_patients(20000, 77)::text");
    assert_eq!(
        session.column("SELECT p::text FROM p"),
        listed,
        "row by row"
    );
    // Stored rows are read column by column, too: offsets within them are right.
    for column in [
        "mrn",
        "death_date",
        "bmi",
        "created_at",
        "insurance_member_id",
    ] {
        assert_eq!(
            session.column(&format!("SELECT {column}::text FROM p")),
            session.column(&format!(
                "SELECT (synth_patients(20000, 77)).{column}::text"
            )),
            "{column}"
        );
    }
    session.run("CREATE INDEX ON p (created_at); ALTER TABLE p ADD PRIMARY KEY (patient_id)");
    session.run("VACUUM (FULL, ANALYZE) p");
    assert_eq!(
        session.column("SELECT p::text FROM p"),
        listed,
        "after VACUUM FULL"
    );
    session.run("CREATE EXTENSION amcheck");
    assert_eq!(
        session.rows("SELECT * FROM verify_heapam('p')"),
        Vec::<Cells>::new()
    );
}
