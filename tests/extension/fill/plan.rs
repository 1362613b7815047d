//! `synth_plan_fill`: what is going to be written, and why.

use super::{anew, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    every_column_has_a_line_and_a_reason,
    a_plan_writes_nothing,
    the_plan_keeps_its_word,
    overrides_show,
    comments_are_read_as_words,
    capacity_is_planned_for,
];

fn every_column_has_a_line_and_a_reason(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY); INSERT INTO parent VALUES (1);
         CREATE TABLE target (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, gone text, parent_id integer NOT NULL REFERENCES parent,
         twice integer GENERATED ALWAYS AS (parent_id * 2) STORED, state text CHECK (state IN ('a', 'b')), created_at timestamptz, blob bytea, price numeric(8,2) DEFAULT 5);
         ALTER TABLE target DROP COLUMN gone",
    );
    let lines = session.rows(
        "SELECT column_name, data_type, reason, problem IS NULL FROM synth_plan_fill('target')",
    );
    let names: Vec<_> = lines
        .iter()
        .map(|line| line[0].clone().unwrap_or_default())
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "email",
            "parent_id",
            "twice",
            "state",
            "created_at",
            "blob",
            "price"
        ],
        "in the order of the table"
    );
    let types: Vec<_> = lines
        .iter()
        .map(|line| line[1].clone().unwrap_or_default())
        .collect();
    assert_eq!(
        types,
        [
            "integer",
            "text",
            "integer",
            "integer",
            "text",
            "timestamp with time zone",
            "bytea",
            "numeric(8,2)"
        ]
    );
    for line in &lines {
        assert!(
            line[2].as_ref().is_some_and(|reason| reason.len() > 5),
            "no reason: {line:?}"
        );
        assert_eq!(
            line[3].as_deref(),
            Some("t"),
            "a problem where there is none: {line:?}"
        );
    }
    assert_eq!(
        session
            .value("SELECT generator FROM synth_plan_fill('target') WHERE column_name = 'email'"),
        "email"
    );
    let reason = session
        .value("SELECT reason FROM synth_plan_fill('target') WHERE column_name = 'parent_id'");
    assert!(reason.contains("parent"), "{reason}");
}

fn a_plan_writes_nothing(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE SEQUENCE s; CREATE TABLE target (id bigint DEFAULT nextval('s') PRIMARY KEY, other serial, third integer GENERATED ALWAYS AS IDENTITY)");
    session.run("SELECT * FROM synth_plan_fill('target', 1000)");
    assert_eq!(session.value("SELECT count(*) FROM target"), "0");
    let fresh = session.value("SELECT (SELECT is_called FROM s) OR (SELECT is_called FROM target_other_seq) OR (SELECT is_called FROM target_third_seq)");
    assert_eq!(fresh, "f", "sequences stand where they stood");
}

/// The columns of the issue, each with a name that says what it holds.
fn the_plan_keeps_its_word(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (first_name text, last_name text, email text, iban text, currency char(3), city text, ip_address inet, url text, uuid uuid, phone text)");
    let generators = session.rows("SELECT column_name, generator FROM synth_plan_fill('target')");
    for line in &generators {
        assert!(line[1].is_some(), "no generator: {line:?}");
    }
    assert!(
        generators
            .iter()
            .any(|line| line[0].as_deref() == Some("iban") && line[1].as_deref() == Some("iban")),
        "{generators:?}"
    );
    assert!(
        generators
            .iter()
            .any(|line| line[0].as_deref() == Some("first_name")
                && line[1].as_deref() == Some("first_name")),
        "{generators:?}"
    );
}

fn overrides_show(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a text, n integer NOT NULL CONSTRAINT small CHECK (n < 10))");
    let overrides = r#"{"a": {"generator": "iban"}}"#;
    let line = session.rows(&format!("SELECT generator, reason FROM synth_plan_fill('target', overrides => '{overrides}') WHERE column_name = 'a'"));
    assert_eq!(line[0][0].as_deref(), Some("iban"));
    assert!(
        line[0][1]
            .as_ref()
            .is_some_and(|reason| reason.contains("override")),
        "{line:?}"
    );
    let problem = session.value(r#"SELECT problem FROM synth_plan_fill('target', overrides => '{"n": {"value": 50}}') WHERE column_name = 'n'"#);
    assert!(problem.contains("small"), "{problem}");
}

fn comments_are_read_as_words(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (x1 text, x2 text, x3 text, x4 text);
         COMMENT ON COLUMN target.x1 IS 'E-mail address of the customer';
         COMMENT ON COLUMN target.x2 IS '''; DROP TABLE t.target; --';
         COMMENT ON COLUMN target.x3 IS '{\"generator\": \"no_such\"} %s %n $1 \\ \u{1f600}';",
    );
    session.run(&format!(
        "COMMENT ON COLUMN target.x4 IS '{}'",
        "long ".repeat(100_000)
    ));
    assert_eq!(
        session.value("SELECT generator FROM synth_plan_fill('target') WHERE column_name = 'x1'"),
        "email"
    );
    assert_eq!(session.value("SELECT synth_fill('target', 50)"), "50");
}

fn capacity_is_planned_for(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (flag boolean PRIMARY KEY, note text)");
    let problem = session
        .value("SELECT problem FROM synth_plan_fill('target', 3) WHERE column_name = 'flag'");
    assert!(
        problem.contains('2') && problem.contains("target_pkey"),
        "{problem}"
    );
    assert_eq!(
        session.value("SELECT count(problem) FROM synth_plan_fill('target', 2)"),
        "0"
    );
}
