//! Exclusion constraints, generated columns, triggers, and constraints that no row can meet.

use super::{Impossible, anew, assert_announced, assert_filled, assert_rows_hold, fill, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    exclusion_constraints,
    generated_columns,
    what_cannot_be_met_is_announced,
    triggers_fire,
    exclusions_of_a_partition,
    a_trigger_may_make_rows_alike,
    rows_of_many_columns_fit_a_page,
    a_trigger_may_keep_rows_out,
];

fn exclusion_constraints(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (slot int4range NOT NULL, EXCLUDE USING gist (slot WITH &&))",
        "CREATE TABLE target (room integer NOT NULL, during tsrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&))",
        "CREATE TABLE room (id integer PRIMARY KEY); CREATE TABLE target (room_id integer NOT NULL REFERENCES room, during tstzrange NOT NULL, EXCLUDE USING gist (room_id WITH =, during WITH &&))",
        "CREATE TABLE target (room integer NOT NULL, during daterange NOT NULL, cancelled boolean NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled))",
        "CREATE TABLE target (machine text NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL, CHECK (starts_on < ends_on), EXCLUDE USING gist (machine WITH =, daterange(starts_on, ends_on) WITH &&))",
        "CREATE TABLE target (code text, EXCLUDE USING hash (code WITH =))",
        "CREATE TABLE target (a integer NOT NULL, EXCLUDE USING btree (a WITH =))",
        "CREATE TABLE target (area circle NOT NULL, EXCLUDE USING gist (area WITH &&))",
        "CREATE TABLE target (area box NOT NULL, EXCLUDE USING gist (area WITH &&))",
        "CREATE TABLE target (room integer NOT NULL CHECK (room BETWEEN 1 AND 3), during tstzrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE target (during tsmultirange NOT NULL, EXCLUDE USING gist (during WITH &&))",
    ];
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION btree_gist SCHEMA public");
    assert_filled(&mut session, CASES);
    // Once more into what is there.
    for definition in CASES.iter().take(3) {
        anew(&mut session);
        session.run(definition);
        for rows in [100, 150] {
            let call = format!(
                "SELECT sum(rows_written) >= {rows} FROM synth_fill_schema('t', {rows}, seed => {rows})"
            );
            assert_eq!(session.value(&call), "t", "{definition}");
        }
        assert_rows_hold(&mut session, &["t"]);
    }
}

fn generated_columns(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (a / 2) STORED)",
        "CREATE TABLE target (a smallint NOT NULL, b smallint GENERATED ALWAYS AS (a * 10) STORED)",
        "CREATE TABLE target (a numeric(4,2) NOT NULL, b smallint NOT NULL, c numeric(5,2) GENERATED ALWAYS AS (a * b) STORED)",
        "CREATE TABLE target (a text NOT NULL, b varchar(8) GENERATED ALWAYS AS (lower(a)) STORED)",
        "CREATE TABLE target (a text NOT NULL, b text GENERATED ALWAYS AS (lower(a)) STORED UNIQUE)",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c int4range GENERATED ALWAYS AS (int4range(a, b)) STORED)",
        "CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (a % 1000) STORED CHECK (b > 5))",
        "CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (nullif(a, 3)) STORED NOT NULL)",
        "CREATE TABLE target (a integer NOT NULL, b numeric GENERATED ALWAYS AS (100.0 / a) STORED)",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn what_cannot_be_met_is_announced(pg: &Postgres) {
    const CASES: &[Impossible] = &[
        (
            "CREATE TABLE target (a integer NOT NULL CONSTRAINT empty_set CHECK (a > 5 AND a < 5))",
            &["empty_set", "a"],
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CONSTRAINT never CHECK (false))",
            &["never"],
        ),
        (
            "CREATE TABLE target (amount smallint NOT NULL CONSTRAINT beyond CHECK (amount > 40000))",
            &["beyond", "amount"],
        ),
        (
            "CREATE TABLE target (a varchar(3) NOT NULL CONSTRAINT too_long CHECK (length(a) > 5))",
            &["too_long", "a"],
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CONSTRAINT one_way CHECK (a < b), CONSTRAINT other_way CHECK (b < a))",
            &["_way"],
        ),
        (
            "CREATE TYPE nothing AS ENUM (); CREATE TABLE target (a nothing NOT NULL)",
            &["a"],
        ),
        (
            "CREATE FUNCTION no(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'; CREATE TABLE target (a integer NOT NULL CONSTRAINT asks CHECK (no(a)))",
            &["asks"],
        ),
        (
            "CREATE TABLE target (a text NOT NULL CONSTRAINT rare CHECK (md5(a) = 'd41d8cd98f00b204e9800998ecf8427f' AND a <> ''))",
            &["rare"],
        ),
        (
            "CREATE DOMAIN d AS integer CONSTRAINT none_left CHECK (VALUE > 3 AND VALUE < 4); CREATE TABLE target (a d NOT NULL)",
            &["none_left", "a"],
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CONSTRAINT no_value CHECK (a IS NULL))",
            &["no_value", "a"],
        ),
    ];
    assert_announced(&mut prepared(pg), CASES, 20);
}

fn triggers_fire(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE log (what text, n bigint);
         CREATE TABLE target (id integer PRIMARY KEY, name text NOT NULL, slug text);
         CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := 'slug-' || NEW.id; RETURN NEW; END $$;
         CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('row', NEW.id); RETURN NULL; END $$;
         CREATE FUNCTION log_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log SELECT 'statement', count(*) FROM fresh; RETURN NULL; END $$;
         CREATE FUNCTION before_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('before', 0); RETURN NULL; END $$;
         CREATE TRIGGER a BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION change();
         CREATE TRIGGER b AFTER INSERT ON target FOR EACH ROW EXECUTE FUNCTION log();
         CREATE TRIGGER c AFTER INSERT ON target REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION log_all();
         CREATE TRIGGER d BEFORE INSERT ON target FOR EACH STATEMENT EXECUTE FUNCTION before_all();",
    );
    assert_eq!(fill(&mut session, "target", 250), "250");
    let counts = session.rows(
        "SELECT (SELECT count(*) FROM target WHERE slug = 'slug-' || id), (SELECT count(DISTINCT n) FROM log WHERE what = 'row'),
         (SELECT sum(n) FROM log WHERE what = 'statement'), (SELECT count(*) > 0 FROM log WHERE what = 'before')",
    );
    assert_eq!(counts, [crate::extension::row(&["250", "250", "250", "t"])]);
    assert_rows_hold(&mut session, &["t"]);
}

fn exclusions_of_a_partition(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (k integer NOT NULL, d integer NOT NULL) PARTITION BY LIST (k);
         CREATE TABLE one PARTITION OF target FOR VALUES IN (1); CREATE TABLE two PARTITION OF target FOR VALUES IN (2);
         ALTER TABLE one ADD CONSTRAINT apart EXCLUDE USING gist (int4range(d, d + 5) WITH &&)",
    );
    assert_eq!(fill(&mut session, "target", 300), "300");
    assert_rows_hold(&mut session, &["t"]);
}

fn a_trigger_may_make_rows_alike(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY, code text NOT NULL UNIQUE);
         CREATE FUNCTION shorten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.code := left(md5(NEW.code), 1); RETURN NEW; END $$;
         CREATE TRIGGER shortens BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION shorten()",
    );
    let lines =
        session.rows("SELECT rows_written, note FROM synth_fill_schema('t', 50, seed => 1)");
    assert_eq!(lines[0][0].as_deref(), Some("16"), "{lines:?}");
    assert!(
        lines[0][1]
            .as_ref()
            .is_some_and(|note| note.contains("shortens")),
        "{lines:?}"
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "16");
}

fn rows_of_many_columns_fit_a_page(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "DO $$ BEGIN EXECUTE 'CREATE TABLE target (' || (SELECT string_agg('c' || i || ' ' || (ARRAY['integer', 'text', 'date', 'boolean', 'numeric(8,2)', 'real'])[1 + i % 6], ',') FROM generate_series(1, 1600) i) || ')'; END $$",
    );
    assert_eq!(fill(&mut session, "target", 200), "200");
    let share = session.value("SELECT count(c1) > 50 FROM target");
    assert_eq!(share, "t", "columns are not all NULL");
}

fn a_trigger_may_keep_rows_out(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY);
         CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
         CREATE TRIGGER skip BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION skip();
         CREATE TABLE child (target_id integer NOT NULL REFERENCES target)",
    );
    let said = fill(&mut session, "target", 200);
    let there = session.value("SELECT count(*) FROM target");
    assert_eq!(said, there, "the number of rows that arrived");
    assert!(
        there
            .parse::<u32>()
            .is_ok_and(|rows| rows > 0 && rows < 200),
        "{there}"
    );
    // Children refer to the rows that are there, not to those that should have been.
    assert_eq!(fill(&mut session, "child", 200), "200");
    assert_rows_hold(&mut session, &["t"]);
}
