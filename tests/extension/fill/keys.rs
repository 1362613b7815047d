//! Primary keys, unique constraints and indexes, identity, sequences and what a table can hold.

use super::{anew, assert_filled, assert_refused, assert_rows_hold, fill, prepared};
use crate::extension::{row, tests};
use crate::servers::postgres::Postgres;

tests![
    keys_of_many_kinds,
    every_value_of_a_small_domain_is_used,
    a_table_says_the_most_it_can_hold,
    a_schema_gives_what_a_table_can_hold,
    what_is_there_counts,
    keys_continue,
    identity_and_serial_columns_keep_their_sequences,
    filling_again_and_again,
    defaults_are_kept,
    sequences_that_end,
];

fn sequences_that_end(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    // One that is not the column's own, and one that begins anew.
    session.run("CREATE SEQUENCE ends MAXVALUE 30; CREATE SEQUENCE turns MAXVALUE 30 CYCLE");
    for sequence in ["ends", "turns"] {
        session.run(&format!(
            "DROP TABLE IF EXISTS target; CREATE TABLE target (id integer PRIMARY KEY DEFAULT nextval('{sequence}'), n integer)"
        ));
        assert_refused(
            &mut session,
            "SELECT synth_fill('target', 31)",
            "target",
            &[&format!("sequence {sequence} leaves room for 30 rows")],
        );
        fill(&mut session, "target", 20);
        assert_refused(
            &mut session,
            "SELECT synth_fill('target', 11)",
            "target",
            &[&format!("sequence {sequence} leaves room for 10 rows")],
        );
        fill(&mut session, "target", 10);
    }
    session.run("CREATE TABLE other (n integer DEFAULT nextval('turns'), t text)");
    fill(&mut session, "other", 100);
}

fn keys_of_many_kinds(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (id integer PRIMARY KEY)",
        "CREATE TABLE target (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, username varchar(8) UNIQUE, phone text UNIQUE, iban text UNIQUE)",
        "CREATE TABLE target (code varchar(3) PRIMARY KEY)",
        "CREATE TABLE target (code char(2) PRIMARY KEY)",
        "CREATE TABLE target (first_name text UNIQUE, city text UNIQUE, country text UNIQUE, company text UNIQUE, color text UNIQUE)",
        "CREATE TABLE target (a smallint, b smallint, PRIMARY KEY (a, b))",
        "CREATE TABLE target (a smallint CHECK (a BETWEEN 1 AND 15), b smallint CHECK (b BETWEEN 1 AND 14), PRIMARY KEY (a, b))",
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE target (mood mood, flag boolean, n smallint CHECK (n BETWEEN 1 AND 50), PRIMARY KEY (mood, flag, n))",
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE target (mood mood UNIQUE, n integer)",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, UNIQUE (a, b), UNIQUE (b, c))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, UNIQUE (a, b), UNIQUE (b))",
        "CREATE TABLE target (email text NOT NULL, deleted_at timestamptz); CREATE UNIQUE INDEX ON target (email) WHERE deleted_at IS NULL",
        "CREATE TABLE target (owner smallint NOT NULL CHECK (owner BETWEEN 1 AND 10), main boolean NOT NULL); CREATE UNIQUE INDEX ON target (owner) WHERE main",
        "CREATE TABLE target (email text NOT NULL); CREATE UNIQUE INDEX ON target (lower(email))",
        "CREATE TABLE target (name text NOT NULL); CREATE UNIQUE INDEX ON target (upper(btrim(name)))",
        "CREATE TABLE target (room integer NOT NULL CHECK (room IN (1, 2)), at timestamp NOT NULL); CREATE UNIQUE INDEX ON target (room, date_trunc('day', at))",
        "CREATE TABLE target (a integer NOT NULL); CREATE UNIQUE INDEX ON target ((a % 1000))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL); CREATE UNIQUE INDEX ON target ((a + b))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a >= 0), b integer NOT NULL); CREATE UNIQUE INDEX ON target ((b / a)); CREATE INDEX ON target ((a * 4))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c integer GENERATED ALWAYS AS (a * b) STORED PRIMARY KEY)",
        "CREATE TABLE target (a jsonb NOT NULL); CREATE UNIQUE INDEX ON target ((a ->> 'id'))",
        "CREATE TABLE target (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b))",
        "CREATE TABLE target (a integer UNIQUE NULLS NOT DISTINCT)",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE target (n integer, p_id integer NOT NULL UNIQUE REFERENCES p); CREATE UNIQUE INDEX ON target (n) WHERE n IS NOT NULL",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE target (a integer, b integer UNIQUE NULLS NOT DISTINCT, p_id integer NOT NULL UNIQUE REFERENCES p, CHECK ((a IS NULL) = (b IS NULL)))",
        "CREATE TABLE target (url varchar(40) UNIQUE, company varchar(40) UNIQUE NOT NULL, user_agent varchar(40) UNIQUE, address varchar(41) UNIQUE NULLS NOT DISTINCT)",
        "CREATE TABLE target (slug varchar(14) UNIQUE NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'))",
        "CREATE TABLE target (a integer PRIMARY KEY DEFERRABLE, b integer UNIQUE DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE target (a integer, b text, PRIMARY KEY (a) INCLUDE (b))",
        "CREATE TABLE target (a numeric(3,1) PRIMARY KEY)",
        "CREATE TABLE target (a text COLLATE \"C\" PRIMARY KEY, b text UNIQUE CHECK (b ~ '^[a-z]{2}$'))",
        "CREATE TABLE target (a date UNIQUE CHECK (a BETWEEN '2024-01-01' AND '2024-12-31'))",
        "CREATE TABLE target (a integer DEFAULT 5 PRIMARY KEY, b text DEFAULT 'x' UNIQUE)",
        "CREATE TABLE target (a integer, b text); CREATE UNIQUE INDEX ON target (a DESC NULLS LAST, b text_pattern_ops); CREATE UNIQUE INDEX ON target (b) WHERE false",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn every_value_of_a_small_domain_is_used(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c');
         CREATE TABLE one (flag boolean PRIMARY KEY);
         CREATE TABLE two (mood mood, flag boolean, n integer CHECK (n BETWEEN 1 AND 7), PRIMARY KEY (mood, flag, n));
         CREATE TABLE three (code text PRIMARY KEY CHECK (code ~ '^[a-c][0-9]$'))",
    );
    assert_eq!(fill(&mut session, "one", 2), "2");
    assert_eq!(fill(&mut session, "two", 42), "42");
    assert_eq!(fill(&mut session, "three", 30), "30");
    assert_rows_hold(&mut session, &["t"]);
}

fn a_table_says_the_most_it_can_hold(pg: &Postgres) {
    let mut session = prepared(pg);
    let cases = [
        ("CREATE TABLE target (flag boolean PRIMARY KEY)", 3, "2"),
        (
            "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE target (mood mood PRIMARY KEY)",
            4,
            "3",
        ),
        (
            "CREATE TABLE target (a boolean, b boolean, PRIMARY KEY (a, b))",
            5,
            "4",
        ),
        (
            "CREATE TABLE target (id boolean PRIMARY KEY CHECK (id))",
            2,
            "1",
        ),
        (
            "CREATE TABLE target (n integer PRIMARY KEY CHECK (n BETWEEN 1 AND 10))",
            11,
            "10",
        ),
        (
            "CREATE TABLE target (code text PRIMARY KEY CHECK (code IN ('a', 'b')))",
            3,
            "2",
        ),
        (
            "CREATE TABLE target (code text PRIMARY KEY CHECK (code ~ '^[a-e]$'))",
            6,
            "5",
        ),
        ("CREATE TABLE target (flag boolean UNIQUE NOT NULL)", 3, "2"),
        (
            "CREATE TABLE target (flag boolean UNIQUE NULLS NOT DISTINCT)",
            4,
            "3",
        ),
        (
            "CREATE DOMAIN d AS integer CHECK (VALUE IN (4, 5, 6)); CREATE TABLE target (a d PRIMARY KEY)",
            4,
            "3",
        ),
        (
            "CREATE TABLE parent (id integer PRIMARY KEY); INSERT INTO parent VALUES (1), (2), (3); CREATE TABLE target (id integer PRIMARY KEY REFERENCES parent)",
            4,
            "3",
        ),
        (
            "CREATE TABLE parent (id integer PRIMARY KEY); INSERT INTO parent VALUES (1), (2); CREATE TABLE target (a integer REFERENCES parent, b integer REFERENCES parent, PRIMARY KEY (a, b))",
            5,
            "4",
        ),
    ];
    let mut failures = Vec::new();
    for (definition, rows, most) in cases {
        anew(&mut session);
        session.run(definition);
        let call = format!("SELECT synth_fill('target', {rows}, seed => 1)");
        match session.attempt(&call) {
            Ok(_) => failures.push(format!("{definition}\n    {rows} rows: no error")),
            Err(refusal) => {
                if let Some(fault) = super::fault(&refusal) {
                    failures.push(format!("{definition}\n    {rows} rows: {fault}: {refusal}"));
                } else if !refusal.to_string().contains(most) {
                    failures.push(format!(
                        "{definition}\n    {rows} rows: does not say {most}: {refusal}"
                    ));
                }
            }
        }
        if let Err(refusal) =
            session.attempt(&format!("SELECT synth_fill('target', {most}, seed => 1)"))
        {
            failures.push(format!("{definition}\n    {most} rows: {refusal}"));
        }
        let there = session.value("SELECT count(*) FROM target");
        if there != most {
            failures.push(format!("{definition}\n    {there} rows, not {most}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn a_schema_gives_what_a_table_can_hold(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE flags (flag boolean PRIMARY KEY);
         CREATE TABLE steps (flag boolean REFERENCES flags, n integer CHECK (n IN (1, 2, 3)), PRIMARY KEY (flag, n));
         CREATE TABLE things (id integer PRIMARY KEY, flag boolean NOT NULL REFERENCES flags)",
    );
    let report = session.rows(
        "SELECT table_name::text, rows_asked, rows_written, coalesce(note, '') <> '' FROM synth_fill_schema('t', 100, seed => 1) ORDER BY 3",
    );
    let names: Vec<String> = report
        .iter()
        .map(|line| line[0].clone().unwrap_or_default())
        .collect();
    assert!(
        names[0].contains("flags") && names[1].contains("steps") && names[2].contains("things"),
        "{names:?}"
    );
    let counts: Vec<_> = report.into_iter().map(|line| line[1..].to_vec()).collect();
    assert_eq!(
        counts,
        [
            row(&["100", "2", "t"]),
            row(&["100", "6", "t"]),
            row(&["100", "100", "f"])
        ],
        "rows asked, rows written, whether a note says why"
    );
    assert_rows_hold(&mut session, &["t"]);
    // Nothing more goes in; that is no error here.
    let again = session.value("SELECT string_agg(rows_written::text, ',' ORDER BY rows_written) FROM synth_fill_schema('t', 10, seed => 2)");
    assert_eq!(again, "0,0,10");
}

fn what_is_there_counts(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (n integer PRIMARY KEY CHECK (n BETWEEN 1 AND 10), x integer);
         INSERT INTO target VALUES (3), (7), (10)",
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill('target', 8, seed => 1)",
        "target",
        &["7"],
    );
    assert_eq!(fill(&mut session, "target", 7), "7");
    assert_rows_hold(&mut session, &["t"]);
    session.run("CREATE TABLE codes (code text PRIMARY KEY CHECK (code IN ('a', 'b', 'c', 'd'))); INSERT INTO codes VALUES ('b')");
    assert_eq!(fill(&mut session, "codes", 3), "3");
    session.run("CREATE TABLE mails (id serial PRIMARY KEY, email text UNIQUE NOT NULL)");
    for seed in [1, 1, 2] {
        session.run(&format!("SELECT synth_fill('mails', 200, seed => {seed})"));
    }
    assert_eq!(session.value("SELECT count(*) FROM mails"), "600");
    assert_rows_hold(&mut session, &["t"]);
}

fn keys_continue(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY, name text);
         INSERT INTO target SELECT n, 'mine' FROM generate_series(1, 500) n;
         INSERT INTO target VALUES (2147483647, 'the last')",
    );
    assert_eq!(fill(&mut session, "target", 500), "500");
    assert_eq!(
        session.value("SELECT count(*) FROM target WHERE name IN ('mine', 'the last')"),
        "501",
        "rows that were there"
    );
    assert_rows_hold(&mut session, &["t"]);
}

fn identity_and_serial_columns_keep_their_sequences(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE a (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
         CREATE TABLE b (id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT 5) PRIMARY KEY, name text);
         CREATE TABLE c (id smallserial PRIMARY KEY, name text);
         CREATE TABLE d (id smallint GENERATED ALWAYS AS IDENTITY (START -1 INCREMENT -3 MINVALUE -30000) PRIMARY KEY, name text);
         CREATE SEQUENCE s START 7; CREATE TABLE e (id bigint DEFAULT nextval('s') PRIMARY KEY, name text);
         CREATE TABLE f (id integer GENERATED ALWAYS AS IDENTITY (MAXVALUE 50) PRIMARY KEY)",
    );
    for table in ["a", "b", "c", "d", "e"] {
        session.run(&format!("INSERT INTO {table} (name) VALUES ('before')"));
        for _ in 0..2 {
            assert_eq!(fill(&mut session, table, 100), "100", "{table}");
        }
        // The application goes on as if it had made the rows itself.
        session.run(&format!(
            "INSERT INTO {table} (name) SELECT 'after' FROM generate_series(1, 50)"
        ));
        assert_eq!(
            session.value(&format!("SELECT count(*) FROM {table}")),
            "251"
        );
    }
    let like_the_sequence = session.value("SELECT bool_and(id % 5 = 0 AND id >= 100) FROM b");
    assert_eq!(like_the_sequence, "t", "values as START and INCREMENT say");
    assert_eq!(fill(&mut session, "f", 50), "50");
    assert_refused(&mut session, "SELECT synth_fill('f', 1)", "f", &["id"]);
    assert_rows_hold(&mut session, &["t"]);
}

fn filling_again_and_again(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY, email text UNIQUE, code char(4) UNIQUE NOT NULL);
         CREATE TABLE child (parent_id integer REFERENCES parent, line smallint CHECK (line BETWEEN 1 AND 50), at timestamp NOT NULL, PRIMARY KEY (parent_id, line))",
    );
    for round in 1..=6 {
        // The same seed again must not meet its own rows.
        let seed = round / 2;
        let said = session.value(&format!(
            "SELECT sum(rows_written) FROM synth_fill_schema('t', 150, seed => {seed})"
        ));
        assert_eq!(said, "300", "round {round}");
        session.run("DELETE FROM child WHERE line = 7");
    }
    assert_rows_hold(&mut session, &["t"]);
}

fn defaults_are_kept(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer DEFAULT 7, b timestamptz DEFAULT now() NOT NULL, c uuid DEFAULT gen_random_uuid() NOT NULL, d text DEFAULT 'x', e text[] DEFAULT '{}' NOT NULL)",
    );
    assert_eq!(fill(&mut session, "target", 200), "200");
    assert_rows_hold(&mut session, &["t"]);
    session.run("CREATE TABLE empty (); CREATE TABLE one (a integer DEFAULT 1)");
    assert_eq!(fill(&mut session, "empty", 20), "20");
    assert_eq!(session.value("SELECT count(*) FROM empty"), "20");
    assert_eq!(fill(&mut session, "one", 20), "20");
}
