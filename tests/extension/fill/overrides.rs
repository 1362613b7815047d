//! What the caller fixes for a column.

use super::{anew, assert_refused, assert_rows_hold, prepared};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    a_column_gets_what_it_is_told,
    null_fractions_hold,
    distributions_hold,
    overrides_of_a_schema,
    an_override_beats_the_default_and_the_name,
    an_override_does_not_beat_a_constraint,
    overrides_that_make_no_sense_are_refused,
    hostile_overrides_are_data,
    values_for_a_unique_column_beside_rows,
];

fn values_for_a_unique_column_beside_rows(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY, code text UNIQUE); INSERT INTO target SELECT n, n::text FROM generate_series(1, 1000) n",
    );
    let fill = |ids: &str, rows: u32| {
        format!(
            r#"SELECT synth_fill('target', {rows}, 1, '{{"id": {{"values": {ids}}}, "code": {{"values": ["x", "7", "y", "z"]}}}}')"#
        )
    };
    session.run(&fill("[-3, 5, 2000]", 2));
    assert_eq!(
        session.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM target WHERE code > 'a'"),
        "-3 2000"
    );
    assert_refused(
        &mut session,
        &fill("[-3, 5, 2001]", 2),
        "target",
        &["target_pkey (id) leaves room for 1 rows"],
    );
    assert_refused(
        &mut session,
        &fill("[-3, 5]", 1),
        "target",
        &["leaves room for 0 rows"],
    );
}

/// Fills `target`, which is emptied before.
#[track_caller]
fn fill_with(session: &mut Session, rows: u32, overrides: &str) {
    session.run("TRUNCATE target");
    let overrides = overrides.replace('\'', "''");
    let said = session.value(&format!(
        "SELECT synth_fill('target', {rows}, seed => 1, overrides => '{overrides}')"
    ));
    assert_eq!(said, rows.to_string());
}

fn a_column_gets_what_it_is_told(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, a text NOT NULL, n integer, at timestamptz, j jsonb, list integer[])");
    fill_with(&mut session, 500, r#"{"a": {"generator": "iban"}}"#);
    assert_eq!(
        session.value("SELECT bool_and(a ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}$') FROM target"),
        "t"
    );
    fill_with(
        &mut session,
        500,
        r#"{"a": {"values": ["red", "it's", "blue"]}, "n": {"values": [1, 2]}}"#,
    );
    assert_eq!(
        session.column("SELECT a FROM target GROUP BY a ORDER BY a COLLATE \"C\""),
        ["blue", "it's", "red"]
    );
    assert_eq!(
        session.value("SELECT bool_and(n IN (1, 2)) FROM target"),
        "t"
    );
    fill_with(
        &mut session,
        2000,
        r#"{"a": {"values": {"often": 9, "seldom": 1}}}"#,
    );
    let shares = session
        .value("SELECT count(*) FILTER (WHERE a = 'often') BETWEEN 1650 AND 1950 FROM target");
    assert_eq!(shares, "t", "weights 9 to 1");
    fill_with(
        &mut session,
        100,
        r#"{"a": {"value": "same"}, "n": {"value": 7}, "at": {"value": "2024-02-03 04:05:06+00"}, "j": {"value": {"k": [1]}}, "list": {"value": [1, 2]}}"#,
    );
    assert_eq!(
        session.value("SELECT bool_and(a = 'same' AND n = 7 AND at = '2024-02-03 04:05:06+00' AND j = '{\"k\": [1]}' AND list = '{1,2}') FROM target"),
        "t"
    );
    fill_with(&mut session, 100, r#"{"n": {"value": null}}"#);
    assert_eq!(session.value("SELECT count(n) FROM target"), "0");
    assert_rows_hold(&mut session, &["t"]);
}

fn null_fractions_hold(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, a text, b integer, c integer REFERENCES target)");
    for (fraction, low, high) in [("0", 0, 0), ("0.25", 400, 600), ("1", 2000, 2000)] {
        fill_with(
            &mut session,
            2000,
            &format!(
                r#"{{"a": {{"null_fraction": {fraction}}}, "b": {{"null_fraction": {fraction}}}, "c": {{"null_fraction": {fraction}}}}}"#
            ),
        );
        let within = session.value(&format!(
            "SELECT count(*) FILTER (WHERE a IS NULL) BETWEEN {low} AND {high} AND count(*) FILTER (WHERE b IS NULL) BETWEEN {low} AND {high} FROM target"
        ));
        assert_eq!(within, "t", "null_fraction {fraction}");
    }
    fill_with(
        &mut session,
        100,
        r#"{"a": {"generator": "email", "null_fraction": 0.5}}"#,
    );
    assert_eq!(
        session.value("SELECT count(a) BETWEEN 25 AND 75 AND bool_and(a LIKE '%@%') FROM target"),
        "t"
    );
}

fn distributions_hold(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, x double precision NOT NULL, n integer NOT NULL CHECK (n > 0))");
    fill_with(
        &mut session,
        2000,
        r#"{"x": {"distribution": "normal", "arguments": {"mean": 100, "standard_deviation": 10}}}"#,
    );
    assert_eq!(
        session
            .value("SELECT avg(x) BETWEEN 98 AND 102 AND stddev(x) BETWEEN 8 AND 12 FROM target"),
        "t"
    );
    for distribution in ["lognormal", "zipf", "exponential", "poisson"] {
        fill_with(
            &mut session,
            200,
            &format!(r#"{{"x": {{"distribution": "{distribution}"}}}}"#),
        );
        assert_eq!(
            session.value("SELECT count(DISTINCT x) > 2 FROM target"),
            "t",
            "{distribution}"
        );
    }
    fill_with(
        &mut session,
        500,
        r#"{"n": {"distribution": "poisson", "arguments": {"mean": 4}}}"#,
    );
    assert_eq!(
        session.value("SELECT bool_and(n > 0) AND avg(n) BETWEEN 3 AND 6 FROM target"),
        "t",
        "the check holds"
    );
    assert_rows_hold(&mut session, &["t"]);
}

fn overrides_of_a_schema(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY, name text NOT NULL); CREATE TABLE \"The Child\" (id integer PRIMARY KEY, \"A b\" text, parent_id integer NOT NULL REFERENCES parent)",
    );
    let report = session.rows(
        r#"SELECT rows_asked, rows_written FROM synth_fill_schema('t', 100, seed => 1,
           overrides => '{"parent": {"rows": 10, "name": {"value": "p"}}, "The Child": {"A b": {"values": ["x"]}}}') ORDER BY 1"#,
    );
    assert_eq!(
        report,
        [
            crate::extension::row(&["10", "10"]),
            crate::extension::row(&["100", "100"])
        ]
    );
    assert_eq!(
        session.value("SELECT bool_and(name = 'p') FROM parent"),
        "t"
    );
    assert_eq!(
        session.value("SELECT count(*) FILTER (WHERE \"A b\" <> 'x') FROM \"The Child\""),
        "0"
    );
    for overrides in [
        r#"{"no_such_table": {"rows": 1}}"#,
        r#"{"parent": {"no_such_column": {"value": 1}}}"#,
        r#"{"parent": {"rows": -1}}"#,
        r#"{"parent": {"rows": "many"}}"#,
        r#"{"parent": 5}"#,
        "[]",
    ] {
        assert_refused(
            &mut session,
            &format!("SELECT * FROM synth_fill_schema('t', 5, overrides => '{overrides}')"),
            "parent",
            &[],
        );
    }
    let none = session.value(r#"SELECT rows_written FROM synth_fill_schema('t', 5, overrides => '{"parent": {"rows": 0}}') WHERE rows_asked = 0"#);
    assert_eq!(none, "0");
}

fn an_override_beats_the_default_and_the_name(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, email text DEFAULT 'none', created_at timestamptz DEFAULT now(), state text DEFAULT 'new' NOT NULL)",
    );
    fill_with(
        &mut session,
        100,
        r#"{"email": {"generator": "company"}, "created_at": {"value": "2001-01-01"}, "state": {"values": ["old"]}}"#,
    );
    assert_eq!(session.value("SELECT bool_and(email NOT LIKE '%@%' AND created_at = '2001-01-01 00:00+00' AND state = 'old') FROM target"), "t");
}

fn an_override_does_not_beat_a_constraint(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY); INSERT INTO parent VALUES (1), (2), (3);
         CREATE TABLE target (id integer PRIMARY KEY, n integer NOT NULL CONSTRAINT small CHECK (n < 10), code varchar(3) UNIQUE, parent_id integer REFERENCES parent, g integer GENERATED ALWAYS AS (n + 1) STORED)",
    );
    for (overrides, says) in [
        (r#"{"n": {"value": 50}}"#, &["n", "small"][..]),
        (r#"{"n": {"values": [20, 30]}}"#, &["n"]),
        (r#"{"n": {"value": null}}"#, &["n"]),
        (r#"{"n": {"null_fraction": 0.5}}"#, &["n"]),
        (r#"{"n": {"value": "word"}}"#, &["n"]),
        (r#"{"n": {"generator": "email"}}"#, &["n"]),
        (r#"{"code": {"value": "abc"}}"#, &["code"]),
        (r#"{"code": {"values": ["abcdef", "ghijkl"]}}"#, &["code"]),
        (r#"{"parent_id": {"value": 99}}"#, &["parent_id"]),
        (r#"{"id": {"values": [1, 2, 3]}}"#, &["id"]),
        (r#"{"g": {"value": 3}}"#, &["g"]),
    ] {
        let call =
            format!("SELECT synth_fill('target', 20, seed => 1, overrides => '{overrides}')");
        assert_refused(&mut session, &call, "target", says);
    }
    fill_with(&mut session, 50, r#"{"parent_id": {"value": 2}}"#);
    assert_eq!(
        session.value("SELECT bool_and(parent_id = 2) FROM target"),
        "t"
    );
    fill_with(&mut session, 3, r#"{"id": {"values": [11, 12, 13]}}"#);
    assert_rows_hold(&mut session, &["t"]);
}

fn overrides_that_make_no_sense_are_refused(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a text, n integer)");
    for (overrides, says) in [
        (r#"{"nothing": {"value": 1}}"#, "nothing"),
        (
            r#"{"a": {"generator": "no_such_generator"}}"#,
            "no_such_generator",
        ),
        (
            r#"{"a": {"generator": "email", "arguments": {"no_such": 1}}}"#,
            "no_such",
        ),
        (r#"{"a": {"generator": 5}}"#, "generator"),
        (r#"{"a": {"values": []}}"#, "values"),
        (r#"{"a": {"values": "x"}}"#, "values"),
        (r#"{"a": {"values": {"x": -1}}}"#, "a"),
        (r#"{"a": {"values": {"x": 0}}}"#, "a"),
        (r#"{"a": {"values": {"x": "heavy"}}}"#, "a"),
        (r#"{"a": {"null_fraction": 1.5}}"#, "null_fraction"),
        (r#"{"a": {"null_fraction": -0.1}}"#, "null_fraction"),
        (r#"{"a": {"null_fraction": "half"}}"#, "null_fraction"),
        (
            r#"{"n": {"distribution": "no_such_distribution"}}"#,
            "no_such_distribution",
        ),
        (
            r#"{"n": {"distribution": "normal", "arguments": {"standard_deviation": -1}}}"#,
            "standard_deviation",
        ),
        (r#"{"a": {"surprise": 1}}"#, "surprise"),
        (r#"{"a": {"generator": "email", "value": "x"}}"#, "a"),
        (r#"{"a": {"generator": "email", "values": ["x"]}}"#, "a"),
        (r#"{"a": null}"#, "a"),
        (r#"{"a": "email"}"#, "a"),
        (r#"{"ctid": {"value": "(0,1)"}}"#, "ctid"),
        ("[1]", ""),
        (r#""email""#, ""),
        ("null", ""),
        ("5", ""),
    ] {
        let call = format!("SELECT synth_fill('target', 10, overrides => '{overrides}')");
        assert_refused(&mut session, &call, "target", &[says]);
    }
}

fn hostile_overrides_are_data(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE kept (id integer); CREATE TABLE target (a text, \"'); DROP TABLE kept; --\" text)");
    fill_with(
        &mut session,
        10,
        r#"{"a": {"value": "'); DROP TABLE t.kept; --"}, "'); DROP TABLE kept; --": {"values": ["$$", "\\", "\""]}}"#,
    );
    session.run("SELECT * FROM kept");
    assert_eq!(
        session.value("SELECT bool_and(a = '''); DROP TABLE t.kept; --') FROM target"),
        "t"
    );
    // Deep, long and wide documents end in an error or in rows, not in a dead server.
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let _ = session.attempt(&format!(
        "SELECT synth_fill('target', 1, overrides => '{{\"a\": {{\"value\": {deep}}}}}')"
    ));
    let long = "x".repeat(1_000_000);
    let _ = session.attempt(&format!(
        "SELECT synth_fill('target', 1, overrides => '{{\"a\": {{\"generator\": \"{long}\"}}}}')"
    ));
    let _ = session.attempt("SELECT synth_fill('target', 1, overrides => '{\"a\": {\"generator\": \"pattern\", \"arguments\": {\"pattern\": \"((((x{1000}){1000}){1000}){1000})\"}}}')");
    session.run("TRUNCATE target");
    assert_eq!(session.value("SELECT synth_fill('target', 1)"), "1");
}
