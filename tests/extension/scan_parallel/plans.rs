//! Which plans are parallel, and what EXPLAIN says of them.

use super::{EAGER, assert_shared, eager, plan_of};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    plans_are_parallel_where_it_pays,
    plans_obey_the_settings,
    joins_and_unions_are_shared,
    explain_shows_what_was_done,
];

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
