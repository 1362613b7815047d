//! Values: `synth`, a function for each generator, patterns, templates, JSON and time series.

use std::collections::BTreeSet;

use synth_engine::generator::{GENERATORS, Generator};
use synth_engine::schema::ColumnType;

use super::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests!(
    every_generator_has_a_function,
    row_and_seed_decide,
    calls_without_a_row_are_fresh,
    groups_agree,
    unknown_names_get_suggestions,
    bad_arguments_are_refused,
    nulls_are_defaults,
    patterns_are_unique_when_asked,
    arguments_may_change_by_row,
    workers_give_the_same,
    hostile_arguments_are_bounded,
    templates_take_variables,
    json_follows_its_example,
    series_are_streamed,
    functions_cannot_be_borrowed,
    distributions_have_their_means,
);

/// Arguments that must be given, as SQL, in the order of the parameters.
fn required(generator: &Generator) -> String {
    generator
        .entry
        .parameters
        .iter()
        .filter(|p| p.default.is_none())
        .fold(String::new(), |mut out, p| {
            let (_, value) = generator
                .example
                .iter()
                .find(|(name, _)| *name == p.name)
                .unwrap_or_else(|| panic!("{} has no example", generator.entry.name));
            out.push('\'');
            out.push_str(&value.replace('\'', "''"));
            out.push_str("', ");
            out
        })
}

/// The options of `synth` that say the same.
fn options(generator: &Generator) -> String {
    let arguments: serde_json::Map<String, serde_json::Value> = generator
        .example
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    serde_json::Value::Object(arguments)
        .to_string()
        .replace('\'', "''")
}

/// Each function gives, for row and seed, what the engine gives, in the generator's type; and
/// `synth` the same as text.
fn every_generator_has_a_function(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET extra_float_digits = 1");
    for generator in GENERATORS.iter() {
        let name = generator.entry.name;
        let call = format!(
            "public.synth_{name}({}\"row\" => 5, seed => 1)",
            required(generator)
        );
        let call = call.replace(", \"row\" => 5, seed => 1", ", 5, 1");
        let output = generator.entry.output.unwrap_or(ColumnType::Text);
        let type_name = session.value(&format!("SELECT pg_typeof({call})"));
        let expected = session.value(&format!("SELECT '{}'::regtype", output.sql()));
        assert_eq!(type_name, expected, "synth_{name}");
        let bound = generator
            .bind(generator.example)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected = bound.value(generator.draws(1).at(5));
        let same = session.value(&format!(
            "SELECT {call}::text = '{}'::{}::text",
            expected.replace('\'', "''"),
            output.sql()
        ));
        assert_eq!(same, "t", "synth_{name}: not {expected}");
        assert_eq!(
            session.value(&format!(
                "SELECT public.synth('{name}', 5, 1, '{}')",
                options(generator)
            )),
            expected,
            "synth('{name}')"
        );
    }
}

fn row_and_seed_decide(pg: &Postgres) {
    let mut session = fresh(pg);
    let query = "SELECT synth_full_name(i, 7) || synth_ssn(i, 7) || synth('uuid', i, 7)
        FROM generate_series(1, 200) i";
    let first = session.column(query);
    assert_eq!(
        first,
        session.another(pg).column(query),
        "another session sees other values"
    );
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 200);
    assert_ne!(first, session.column(&query.replace("i, 7", "i, 8")));
    // The order of calls does not matter, and any row number is one.
    assert_eq!(
        session
            .value("SELECT synth_full_name(200, 7) || synth_ssn(200, 7) || synth('uuid', 200, 7)"),
        first[199]
    );
    session.run("SELECT synth_ssn(-9223372036854775808, -1), synth_ssn(9223372036854775807, 1)");
    // The spelling of named arguments: row is a key word.
    assert_eq!(
        session.value("SELECT synth('ssn', \"row\" => 3, seed => 1)"),
        session.value("SELECT synth_ssn(3, 1)")
    );
}

fn calls_without_a_row_are_fresh(pg: &Postgres) {
    let mut session = fresh(pg);
    let values = session.column("SELECT synth_uuid() FROM generate_series(1, 500)");
    let distinct: BTreeSet<String> = values.iter().cloned().collect();
    assert_eq!(distinct.len(), 500, "values repeat");
    let again = session.column("SELECT synth_uuid() FROM generate_series(1, 500)");
    assert!(
        again.iter().all(|value| !distinct.contains(value)),
        "a later statement repeats them"
    );
    assert_ne!(
        values,
        session
            .another(pg)
            .column("SELECT synth_uuid() FROM generate_series(1, 500)")
    );
    // The session's seed is told, and gives the same values with row numbers from 0.
    assert_eq!(
        session.value("SELECT synth_uuid(0, synth_last_seed())"),
        values[0]
    );
    // A row without a seed takes the session's.
    assert_eq!(session.value("SELECT synth_uuid(0)"), values[0]);
    // A seed without a row counts the calls of a statement.
    let query = "SELECT synth_uuid(seed => 5) FROM generate_series(1, 100)";
    let seeded = session.column(query);
    assert_eq!(seeded.iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(seeded, session.column(query));
    assert_eq!(session.value("SELECT synth_last_seed()"), "5");
}

fn groups_agree(pg: &Postgres) {
    let mut session = fresh(pg);
    let wrong = session.value(
        "SELECT count(*) FROM generate_series(1, 1000) i
         WHERE synth_full_name(i, 3) <> synth_first_name(i, 3) || ' ' || synth_last_name(i, 3)
            OR synth_email(i, 3) NOT LIKE lower(synth_first_name(i, 3)) || '%'
            OR synth_template('{first_name}', i, 3) <> synth_first_name(i, 3)",
    );
    assert_eq!(wrong, "0", "names in one row do not belong to one person");
}

fn unknown_names_get_suggestions(pg: &Postgres) {
    let mut session = fresh(pg);
    let error = session.refused("SELECT synth('emial', 1, 1)", "42704", "emial");
    assert!(error.hint.starts_with("Did you mean email"), "{error}");
    session.refused("SELECT synth(NULL, 1, 1)", "22004", "generator");
    session.refused(
        "SELECT synth('', 1, 1)",
        "42704",
        "SELECT name FROM synth.registry",
    );
    let error = session.refused(
        "SELECT synth_template('{frist_name}', 1, 1)",
        "42704",
        "frist_name",
    );
    assert!(error.hint.contains("first_name"), "{error}");
}

fn bad_arguments_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    for (call, code, says) in [
        (
            "synth_normal(1, 1, standard_deviation => -1)",
            "22023",
            "standard_deviation",
        ),
        ("synth_normal(1, 1, mean => 'NaN')", "22023", "finite"),
        ("synth_uniform(1, 1, 5, 4)", "22023", "maximum"),
        ("synth_poisson(1, 1, 1e300)", "22023", "1000000"),
        ("synth_weighted('[]', 1, 1)", "22023", "1 to 10000"),
        ("synth_weighted('{\"a\": \"x\"}', 1, 1)", "22023", "weights"),
        ("synth_mixture('{}', 1, 1)", "22023", "list of objects"),
        ("synth_pattern('[A-', 1, 1)", "2201B", "character 1"),
        ("synth_pattern('a\\b', 1, 1)", "2201B", "word boundary"),
        ("synth_template('{', 1, 1)", "22023", "character 1"),
        ("synth_geo_point(1, 1, south => 91)", "22023", "south"),
        ("synth('ssn', 1, 1, '[]')", "22023", "object"),
        ("synth('ssn', 1, 1, '{\"mean\": 1}')", "22023", "takes none"),
        (
            "synth('normal', 1, 1, '{\"unique\": 1}')",
            "22023",
            "unique",
        ),
        (
            "synth('normal', 1, 1, '{\"unique\": true}')",
            "0A000",
            "enumerated",
        ),
        ("synth('pattern', 1, 1)", "22023", "\"pattern\" is missing"),
        ("synth_first_name(1, 1, 'xx_XX')", "42", ""),
    ] {
        if call.contains("xx_XX") {
            let error = session.attempt(&format!("SELECT {call}")).expect_err(call);
            assert!(error.code == "42704" || error.code == "42883", "{error}");
            continue;
        }
        let error = session.refused(&format!("SELECT {call}"), code, says);
        assert!(!error.hint.is_empty(), "{call}: no hint\n{error}");
    }
    session.run("SELECT synth_email(1, 1)");
}

fn nulls_are_defaults(pg: &Postgres) {
    let mut session = fresh(pg);
    assert_eq!(
        session.value("SELECT synth_normal(1, 1, NULL, NULL) = synth_normal(1, 1)"),
        "t"
    );
    assert_eq!(
        session.value("SELECT synth('ssn', 1, 1, NULL) = synth_ssn(1, 1)"),
        "t"
    );
    assert_eq!(
        session.value("SELECT synth_ssn(1, 1, NULL) = synth_ssn(1, 1)"),
        "t"
    );
    session.refused(
        "SELECT synth_pattern(NULL, 1, 1)",
        "22023",
        "\"pattern\" is missing",
    );
}

fn patterns_are_unique_when_asked(pg: &Postgres) {
    let mut session = fresh(pg);
    assert_eq!(
        session.value(
            r"SELECT count(DISTINCT v) || ' ' || bool_and(v ~ '^[A-Z]{2}-\d{2}$')
              FROM generate_series(0, 67599) i, synth_pattern('[A-Z]{2}-\d{2}', i, 1, is_unique => true) v"
        ),
        "67600 true"
    );
    let error = session.refused(
        r"SELECT synth_pattern('[A-Z]{2}-\d{2}', 67600, 1, is_unique => true)",
        "22003",
        "67600 distinct values",
    );
    assert!(error.hint.contains("0 to 67599"), "{error}");
    session.refused("SELECT synth_pattern('a+', -1, 1, true)", "22003", "row -1");
    // Another seed is another order; a pattern without bound on texts goes on for every row.
    assert_eq!(
        session.value(
            "SELECT count(*) < 10 FROM generate_series(0, 999) i
             WHERE synth_pattern('\\d{6}', i, 1, true) = synth_pattern('\\d{6}', i, 2, true)"
        ),
        "t"
    );
    assert_eq!(
        session.value(
            "SELECT count(DISTINCT synth_pattern('[a-z]{40}', i * 1000000007::bigint, 1, true)) FROM generate_series(1, 5000) i"
        ),
        "5000"
    );
    for name in ["ssn", "npi", "email", "uuid"] {
        assert_eq!(
            session.value(&format!(
                "SELECT count(DISTINCT synth('{name}', i, 1, '{{\"unique\": true}}')) FROM generate_series(0, 19999) i"
            )),
            "20000",
            "{name}"
        );
    }
}

fn arguments_may_change_by_row(pg: &Postgres) {
    let mut session = fresh(pg);
    let column = session.column(
        "SELECT synth(name, i, 1, options::jsonb) FROM (VALUES
            (1, 'ssn', '{}'), (2, 'pattern', '{\"pattern\": \"a{3}\"}'), (3, 'ssn', '{}'),
            (4, 'uniform_integer', '{\"minimum\": 4, \"maximum\": 4}')) v (i, name, options)",
    );
    assert_eq!(
        column[1..],
        [
            "aaa".to_owned(),
            session.value("SELECT synth_ssn(3, 1)"),
            "4".to_owned()
        ]
    );
    // More arguments than are kept.
    assert_eq!(
        session.value(
            "SELECT count(*) FROM generate_series(1, 1000) i
             WHERE synth_pattern('x{' || i % 100 || '}', i, 1) <> repeat('x', i % 100)"
        ),
        "0"
    );
    assert_eq!(
        session.value(
            "SELECT count(*) FROM generate_series(1, 300) i
             WHERE synth_uniform_integer(i, i % 3, i, i) <> i"
        ),
        "0"
    );
}

fn workers_give_the_same(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE n AS SELECT i::bigint FROM generate_series(1, 200000) i; ANALYZE n;
         SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0",
    );
    let query = "SELECT md5(string_agg(v, ',' ORDER BY i)) FROM (
        SELECT i, synth_email(i, 1) || synth_normal(i, 1) || synth('ssn', i, 1) AS v FROM n OFFSET 0) s";
    session.run("SET max_parallel_workers_per_gather = 0");
    let alone = session.value(query);
    session.run("SET max_parallel_workers_per_gather = 2");
    let plan = session
        .column(&format!("EXPLAIN (COSTS OFF) {query}"))
        .join("\n");
    assert!(plan.contains("Gather"), "{plan}");
    assert_eq!(session.value(query), alone);
    // Fresh values do not repeat over workers either.
    assert_eq!(
        session.value(
            "SELECT count(DISTINCT v) FROM (SELECT synth_uuid(seed => 1) v FROM n OFFSET 0) s"
        ),
        "200000"
    );
}

fn hostile_arguments_are_bounded(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET statement_timeout = '20s'");
    for call in [
        "synth_pattern(repeat('a', 100000000), 1, 1)",
        "synth_pattern('(((x{999}){999}){999}){999}', 1, 1)",
        "synth_pattern(repeat('(', 1900), 1, 1)",
        "synth_template(repeat('{ssn}', 100000), 1, 1)",
        "synth_template(repeat('{zipf:ranks=100000}', 1000), 1, 1)",
        "synth_weighted(to_jsonb(array_fill(1, ARRAY[1000000])), 1, 1)",
        "synth_mixture((SELECT jsonb_agg('{\"generator\": \"poisson\", \"mean\": 1000000}'::jsonb) FROM generate_series(1, 9999)), 1, 1)",
        "synth_json(to_jsonb(repeat('x', 200000000)), 1, 1)",
        "synth(repeat('x', 100000000), 1, 1)",
        "synth('ssn', 1, 1, jsonb_build_object('x', repeat('y', 100000000)))",
    ] {
        let error = session
            .attempt(&format!("SELECT length({call}::text)"))
            .expect_err(call);
        assert!(
            ["22023", "2201B", "42704", "54000", "54001"].contains(&error.code.as_str()),
            "{call}\n{:.300}",
            error.to_string()
        );
        assert!(error.message.len() < 1_000_000_000);
    }
    // A deep document is answered or refused, and does not grow.
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert!(
        session
            .value(&format!("SELECT length(synth_json('{deep}', 1, 1)::text)"))
            .len()
            <= 4
    );
    let too_deep = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
    session.refused(
        &format!("SELECT synth_json('{too_deep}', 1, 1)"),
        "22023",
        "JSON",
    );
    session.run("SELECT synth_email(1, 1)");
}

fn templates_take_variables(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, first_name text); INSERT INTO t VALUES (1, 'Ada'), (2, NULL)",
    );
    assert_eq!(
        session.column("SELECT synth_template('{id}: {first_name} {{{pattern:[A-Z]{2}}}}', id, 1, to_jsonb(t)) ~ '^(1: Ada|2: ) \\{[A-Z]{2}\\}$' FROM t ORDER BY id"),
        ["t", "t"]
    );
}

fn json_follows_its_example(pg: &Postgres) {
    let mut session = fresh(pg);
    let query = r#"SELECT synth_json('{"email": "x", "n": 250, "tags": ["a", "b"], "at": "2026-01-01T00:00:00Z"}', i, 1)::jsonb AS j
        FROM generate_series(1, 300) i"#;
    assert_eq!(
        session.value(&format!(
            "SELECT bool_and(j->>'email' LIKE '%@example.%' AND (j->>'n')::int BETWEEN 100 AND 999
                AND jsonb_array_length(j->'tags') BETWEEN 1 AND 3 AND (j->>'at')::timestamptz IS NOT NULL)
             FROM ({query}) s"
        )),
        "t"
    );
}

fn series_are_streamed(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET statement_timeout = '10s'");
    let query = "SELECT at, value FROM synth_timeseries('2026-01-01 00:00Z', '1 hour', 1000000000, seed => 1)";
    let first = session.rows(&format!("{query} LIMIT 3"));
    assert_eq!(first[1][0].as_deref(), Some("2026-01-01 01:00:00+00"));
    assert_eq!(
        session.rows("SELECT * FROM synth_timeseries('2026-01-01 00:00Z', '1 hour', 3, 1)"),
        first
    );
    assert_eq!(
        session.value(
            "SELECT count(*) || ' ' || (abs(avg((value IS NULL)::int) - 0.25) < 0.05)
             FROM synth_timeseries('2026-01-01', '1 s', 10000, 1, gaps => 0.25)"
        ),
        "10000 true"
    );
    // One seed a call, also where none is given.
    assert_eq!(
        session
            .value(
                "SELECT count(*) FROM (SELECT * FROM synth_timeseries('2026-01-01', '1 s', 5)) a
             JOIN synth_timeseries('2026-01-01', '1 s', 5, synth_last_seed()) b USING (at, value)"
            )
            .parse::<u32>()
            .map(|n| n == 5),
        Ok(true)
    );
    for (points, code) in [("-1", "22023"), ("NULL", "22004")] {
        session.refused(
            &format!("SELECT count(*) FROM synth_timeseries('2026-01-01', '1 s', {points})"),
            code,
            "points",
        );
    }
    session.refused(
        "SELECT * FROM synth_timeseries('2026-01-01', '1 s', 3, gaps => 2)",
        "22023",
        "gaps",
    );
}

/// A function of one's own over the shared symbol must be what the registry says.
fn functions_cannot_be_borrowed(pg: &Postgres) {
    let mut session = fresh(pg);
    let path = session.value("SELECT probin FROM pg_proc WHERE proname = 'synth_ssn'");
    session.run(&format!(
        "CREATE SCHEMA other;
         CREATE FUNCTION other.synth_ssn(bigint, bigint) RETURNS uuid LANGUAGE c AS '{path}', 'synth_value';
         CREATE FUNCTION other.nothing(\"row\" bigint, seed bigint) RETURNS text LANGUAGE c AS '{path}', 'synth_value'"
    ));
    session.refused("SELECT other.synth_ssn(1, 1)", "42P13", "does not fit");
    session.refused("SELECT other.nothing(1, 1)", "42704", "nothing");
}

fn distributions_have_their_means(pg: &Postgres) {
    let mut session = fresh(pg);
    // Means of 100,000 draws, within 5 standard errors.
    for (call, mean, error) in [
        ("synth_normal(i, 1, 50, 5)", 50.0, 5.0 * 5.0 / 316.2),
        ("synth_exponential(i, 1, 3)", 3.0, 5.0 * 3.0 / 316.2),
        ("synth_poisson(i, 1, 4)", 4.0, 5.0 * 2.0 / 316.2),
        ("synth_uniform_integer(i, 1, 1, 6)", 3.5, 5.0 * 1.71 / 316.2),
        (
            "(synth_weighted('{\"1\": 3, \"5\": 1}', i, 1))::int",
            2.0,
            5.0 * 1.74 / 316.2,
        ),
    ] {
        let found: f64 = mean_of(&mut session, call);
        assert!((found - mean).abs() < error, "{call}: {found}, not {mean}");
    }
}

fn mean_of(session: &mut Session, call: &str) -> f64 {
    session
        .value(&format!(
            "SELECT avg({call})::float8 FROM generate_series(1, 100000) i"
        ))
        .parse()
        .unwrap_or_else(|e| panic!("{call}: {e}"))
}
