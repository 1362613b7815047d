//! Scans make the columns that are wanted, row by row, and keep none.

use super::{EAGER, eager, plan_of};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    nothing_is_spooled,
    memory_is_flat,
    only_wanted_columns_are_made,
    whole_rows_are_streamed,
    lateral_arguments_are_streamed,
];

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
