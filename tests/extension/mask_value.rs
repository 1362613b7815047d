//! `synth_mask`: a mask on one value, for those to whom it was granted.

use super::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    values_are_masked_as_tables_are,
    arguments_are_literals,
    bad_calls_are_refused,
    nulls_and_domains,
    expressions_keep_their_mask,
];

fn values_are_masked_as_tables_are(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (e text, v varchar(300), c char(80), d date, z timestamptz, n int, b bigint, r real, f double precision, s smallint);
         INSERT INTO t SELECT 'P' || i || '@real.org', 'Name ' || i, 'Fixed ' || i, date '1990-01-01' + i, timestamptz '1990-01-01 12:00+00' + i * interval '1 day', i, i, i, i, i FROM generate_series(1, 50) i;
         CREATE TABLE masked AS TABLE t",
    );
    let columns = [
        ("e", "email"),
        ("v", "full_name"),
        ("c", "hash"),
        ("d", "date_shift"),
        ("z", "date_shift"),
        ("n", "generalize(10)"),
        ("b", "generalize(10)"),
        ("r", "generalize(10)"),
        ("f", "generalize(10)"),
        ("s", "generalize(10)"),
    ];
    let mut calls = Vec::new();
    for (column, mask) in columns {
        session.run(&format!(
            "SELECT synth_set_rule('masked', '{column}', 'MASKED WITH {mask}')"
        ));
        let (name, argument) = mask
            .split_once('(')
            .map_or((mask, ""), |(name, _)| (name, ", '10'"));
        calls.push(format!("synth_mask('{name}', {column}{argument})::text"));
    }
    session.run("SELECT synth_mask_table('masked')");
    assert_eq!(
        session.rows(&format!("SELECT {} FROM t ORDER BY n", calls.join(", "))),
        session.rows("SELECT e, v, trim(c), d::text, z::text, n::text, b::text, r::text, f::text, s::text FROM masked ORDER BY d IS NULL, ctid"),
    );
}

fn arguments_are_literals(pg: &Postgres) {
    let mut session = fresh(pg);
    for (call, expected) in [
        ("synth_mask('partial', '12345', '1', '***', '2')", "1***45"),
        (
            "synth_mask('partial', '12345', VARIADIC ARRAY['1', '***', '2'])",
            "1***45",
        ),
        (
            "synth_mask('partial', '12345', VARIADIC (ARRAY[['1', '***'], ['2', NULL]])[1:1])",
            "1***",
        ),
        ("synth_mask('partial', 'Ünïcödé', '2')", "Ün****"),
        ("synth_mask('partial', '1', '1')", "****"),
        ("synth_mask('generalize', 37, '10')", "30"),
        ("synth_mask('generalize', (-37)::smallint, '10')", "-40"),
        ("synth_mask('generalize', 'NaN'::float8, '10')", "NaN"),
        ("length(synth_mask('hash', 'x', '20'))", "20"),
        ("length(synth_mask('hash', repeat('x', 1000000)))", "64"),
        (
            "synth_mask('email', 'x', 'pseudonym.example') LIKE '%@pseudonym.example'",
            "true",
        ),
        (
            "pg_typeof(synth_mask('date_shift', date '2000-01-01'))",
            "date",
        ),
        ("synth_mask('date_shift', date 'infinity')", "infinity"),
        (
            "synth_mask('hash', 'a') = synth_mask('hash', 'a'::varchar)",
            "true",
        ),
        (
            "synth_mask('hash', 'a'::text) = synth_mask('hash', 'a'::char(9))",
            "true",
        ),
    ] {
        assert_eq!(
            session.value(&format!("SELECT ({call})::text")),
            expected,
            "{call}"
        );
    }
}

fn bad_calls_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    for (call, code, says) in [
        ("synth_mask('nonsense', 'x')", "42704", "Known: "),
        ("synth_mask(NULL, 'x')", "22004", "mask must not be null"),
        ("synth_mask('null', 'x')", "22023", "Masks that fit"),
        ("synth_mask('value', 'x', 'y')", "22023", "Masks that fit"),
        (
            "synth_mask('email', 5)",
            "42804",
            "mask email does not fit type integer",
        ),
        (
            "synth_mask('hash', point '(1,2)')",
            "22023",
            "cannot apply hash to point",
        ),
        (
            "synth_mask('hash', '{}'::jsonb)",
            "42804",
            "mask hash does not fit type jsonb",
        ),
        (
            "synth_mask('date_shift', date '2000-01-01', '10', 'patient')",
            "22023",
            "would read another column",
        ),
        ("synth_mask('hash', 'x', '1')", "22023", "20 to 64"),
        ("synth_mask('hash', 'x', NULL)", "22023", "20 to 64"),
        ("synth_mask('hash', 'x', '20', '20')", "22023", "takes"),
        ("synth_mask('partial', 'x')", "22023", "takes"),
        (
            "synth_mask('partial', 'x', '1000', repeat('x', 10000000))",
            "22023",
            "1 to 100 characters",
        ),
        ("synth_mask('partial', 'x', '1001')", "22023", "0 to 1000"),
        (
            "synth_mask(repeat('x', 10000000), 'x')",
            "42704",
            "unknown mask",
        ),
        (
            "synth_mask('partial', 'x', VARIADIC (SELECT array_agg(i::text) FROM generate_series(1, 1000000) i))",
            "22023",
            "takes",
        ),
    ] {
        session.refused(&format!("SELECT {call}"), code, says);
    }
    session.run(
        "CREATE SCHEMA other; DROP EXTENSION pg_synth; CREATE EXTENSION pg_synth SCHEMA other",
    );
    assert_eq!(
        session.value("SELECT other.synth_mask('generalize', 5, '10')"),
        "0",
        "in another schema"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM other.synth_patients(3)"),
        "3"
    );
    // A table of secrets that somebody has changed is refused, not misread.
    session.run("ALTER TABLE synth.secret ADD note text, ADD more text DEFAULT 'x'");
    assert_eq!(
        session.value("SELECT length(other.synth_mask('hash', 'x'))"),
        "64"
    );
    session.run(
        "ALTER EXTENSION pg_synth DROP VIEW synth.secret_versions; DROP VIEW synth.secret_versions; ALTER TABLE synth.secret DROP CONSTRAINT secret_key_check, ALTER key TYPE int USING 1",
    );
    session.refused("SELECT other.synth_mask('hash', 'x')", "55000", "altered");
}

fn nulls_and_domains(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE DOMAIN adult AS int CHECK (VALUE >= 18); CREATE DOMAIN name AS text");
    assert_eq!(session.value("SELECT synth_mask('email', NULL)"), "NULL");
    assert_eq!(
        session.value("SELECT synth_mask('generalize', NULL::int, '10')"),
        "NULL"
    );
    assert_eq!(
        session.value("SELECT synth_mask('generalize', 25::adult, '5')"),
        "25"
    );
    session.refused(
        "SELECT synth_mask('generalize', 25::adult, '10'), 10::adult",
        "23514",
        "adult",
    );
    session.refused(
        "SELECT synth_mask('generalize', x, '20') FROM (SELECT 19::adult AS x OFFSET 0) q",
        "23514",
        "adult",
    );
    assert_eq!(
        session.value("SELECT length(synth_mask('hash', 'x'::public.name)::text)"),
        "64"
    );
}

fn expressions_keep_their_mask(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t AS SELECT i, 'v' || i % 10 AS v, CASE WHEN i % 2 = 0 THEN 'hash' ELSE 'phone' END AS m FROM generate_series(1, 20000) i");
    assert_eq!(
        session.rows("SELECT count(DISTINCT synth_mask('hash', v)), count(DISTINCT synth_mask(m, v)), count(DISTINCT synth_mask('hash', v, (20 + i % 3)::text)) FROM t"),
        [row(&["10", "10", "30"])]
    );
    session.run(
        "CREATE VIEW w AS SELECT i, synth_mask('full_name', v) AS v FROM t; CREATE INDEX ON t (i)",
    );
    assert_eq!(session.value("SELECT count(DISTINCT v) FROM w"), "10");
    // The secret is read anew by the next statement.
    let before = session.value("SELECT synth_mask('hash', 'x')");
    session.run("PREPARE p AS SELECT synth_mask('hash', 'x'); EXECUTE p; INSERT INTO synth.secret (version, key) VALUES (7, synth.random_secret())");
    assert_ne!(session.value("EXECUTE p"), before);
    assert_eq!(session.value("SELECT count(DISTINCT key) = count(*) AND min(length(key)) = 32 FROM (SELECT synth.random_secret() AS key FROM generate_series(1, 100)) k"), "t");
}
