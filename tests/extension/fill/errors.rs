//! Bad input: an error that says what to do, and nothing written.

use super::{anew, assert_refused, assert_rows_hold, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    the_checker_sees_bad_rows,
    numbers_of_rows_are_bounded,
    targets_that_are_no_tables,
    nulls_are_refused_or_mean_the_default,
    no_value_of_a_table_shows_in_an_error,
    hostile_names_are_names,
    an_error_in_the_users_code_is_the_users,
    one_table_that_fails_leaves_none_filled,
];

/// What all these tests stand on can fail.
fn the_checker_sees_bad_rows(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY); INSERT INTO parent VALUES (1);
         CREATE TABLE target (a integer, b integer NOT NULL, c varchar(5), p integer, u integer, g integer GENERATED ALWAYS AS (b + 1) STORED); INSERT INTO target VALUES (1, 2, 'x', 1, 4), (1, 2, 'x', 1, 4);
         ALTER TABLE target ADD CONSTRAINT low CHECK (a > 5) NOT VALID, ADD CONSTRAINT home FOREIGN KEY (b) REFERENCES parent NOT VALID",
    );
    let problems = super::problems(&mut session, &["t"]).join("\n");
    assert!(
        problems.contains("low") && problems.contains("home"),
        "{problems}"
    );
    // What no statement could bring about is brought about in the catalog.
    session.run("ALTER TABLE target DROP CONSTRAINT low");
    for (attribute, before, change, after) in [
        ("c", "atttypmod = 6", "c = 'ab'", "atttypmod = 5"),
        ("p", "attnotnull = false", "p = NULL", "attnotnull = true"),
    ] {
        let catalog = |value: &str| {
            format!(
                "UPDATE pg_attribute SET {value} WHERE attrelid = 'target'::regclass AND attname = '{attribute}'"
            )
        };
        session.run(&catalog(before));
        session.run(&format!("UPDATE target SET {change}"));
        session.run(&catalog(after));
    }
    session.run(
        "CREATE UNIQUE INDEX twice ON target (u) WHERE a > 100; UPDATE pg_index SET indpred = NULL WHERE indexrelid = 'twice'::regclass",
    );
    let problems = super::problems(&mut session, &["t"]).join("\n");
    for word in ["reading again", "NOT NULL of target.p", "twice"] {
        assert!(problems.contains(word), "no {word}: {problems}");
    }
}

fn numbers_of_rows_are_bounded(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, name text)");
    for rows in ["-1", "-9223372036854775808"] {
        assert_refused(
            &mut session,
            &format!("SELECT synth_fill('target', {rows})"),
            "target",
            &[],
        );
        assert_refused(
            &mut session,
            &format!("SELECT * FROM synth_fill_schema('t', {rows})"),
            "target",
            &[],
        );
        assert_refused(
            &mut session,
            &format!("SELECT * FROM synth_plan_fill('target', {rows})"),
            "target",
            &[],
        );
    }
    assert_eq!(session.value("SELECT synth_fill('target', 0)"), "0");
    // More than an integer key has values: said before the first row, not after an hour.
    assert_refused(
        &mut session,
        "SELECT synth_fill('target', 9223372036854775807)",
        "target",
        &["id"],
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill('target', 5000000000)",
        "target",
        &["id"],
    );
    assert_eq!(session.value("SELECT synth_fill('target', 1)"), "1");
    for seed in [
        "-1",
        "0",
        "9223372036854775807",
        "-9223372036854775808",
        "NULL",
    ] {
        assert_eq!(
            session.value(&format!("SELECT synth_fill('target', 2, seed => {seed})")),
            "2",
            "seed {seed}"
        );
    }
}

fn targets_that_are_no_tables(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer); CREATE VIEW v AS TABLE target; CREATE SCHEMA nothing_here");
    assert_refused(&mut session, "SELECT synth_fill('v', 1)", "target", &["v"]);
    assert_refused(
        &mut session,
        "SELECT * FROM synth_plan_fill('v', 1)",
        "target",
        &["v"],
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill(4294967295::oid::regclass, 1)",
        "target",
        &[],
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill(0::regclass, 1)",
        "target",
        &[],
    );
    assert_refused(
        &mut session,
        "SELECT * FROM synth_fill_schema('no_such_schema', 1)",
        "target",
        &["no_such_schema"],
    );
    assert_eq!(
        session.value("SELECT count(*) FROM synth_fill_schema('nothing_here', 1)"),
        "0"
    );
    session.run("DROP SCHEMA nothing_here");
}

fn nulls_are_refused_or_mean_the_default(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer)");
    for call in [
        "SELECT synth_fill(NULL, 1)",
        "SELECT synth_fill('target', NULL)",
        "SELECT * FROM synth_fill_schema(NULL, 1)",
        "SELECT * FROM synth_fill_schema('t', NULL)",
        "SELECT * FROM synth_plan_fill(NULL)",
    ] {
        assert_refused(&mut session, call, "target", &[]);
    }
    assert_eq!(
        session.value("SELECT synth_fill('target', 3, NULL, '{}')"),
        "3"
    );
    let seeds = session.rows("SELECT synth_fill('target', 1), synth_last_seed() IS NOT NULL");
    assert_eq!(
        seeds,
        [crate::extension::row(&["1", "t"])],
        "the seed that was drawn is told"
    );
}

fn no_value_of_a_table_shows_in_an_error(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (code text PRIMARY KEY); INSERT INTO parent VALUES ('Confidential-1'), ('Confidential-2');
         CREATE TABLE target (code text PRIMARY KEY REFERENCES parent CHECK (code LIKE 'Other-%'))",
    );
    let refusal = assert_refused(
        &mut session,
        "SELECT synth_fill('target', 2)",
        "target",
        &["code"],
    );
    assert!(!refusal.to_string().contains("Confidential"), "{refusal}");
    session.run("ALTER TABLE target DROP CONSTRAINT target_code_check");
    let refusal = assert_refused(
        &mut session,
        "SELECT synth_fill('target', 3)",
        "target",
        &["2"],
    );
    assert!(!refusal.to_string().contains("Confidential"), "{refusal}");
}

fn hostile_names_are_names(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        r#"CREATE TABLE kept (id integer);
        CREATE TYPE "bad""type" AS ENUM ('a''b', 'c"d', 'e\f', '{}', 'NULL', '(,)');
        CREATE DOMAIN "d;--" AS integer CHECK (VALUE > 0);
        CREATE TYPE "c(o)m,p" AS ("a,b" text, "c""d" "bad""type");
        CREATE TABLE "ta""ble'; DROP TABLE kept; --" ("id""x" integer PRIMARY KEY, "c'; --" "bad""type" NOT NULL, "SELECT" "d;--" NOT NULL, "a b" "c(o)m,p" NOT NULL,
            "%s %I" text NOT NULL, "$1" integer NOT NULL CHECK ("$1" > 3), "ünï" "bad""type"[] NOT NULL, "row" text UNIQUE);
        CREATE TABLE "child $$" ("par""ent" integer REFERENCES "ta""ble'; DROP TABLE kept; --", "e'" text GENERATED ALWAYS AS ('x' || "par""ent"::text) STORED) ;
        CREATE TABLE "pa""rt" ("k'" text NOT NULL) PARTITION BY LIST ("k'"); CREATE TABLE "pa""rt1" PARTITION OF "pa""rt" FOR VALUES IN ('a''b', '"');
        ALTER TABLE "child $$" RENAME CONSTRAINT "child $$_par""ent_fkey" TO "f'k"; CREATE UNIQUE INDEX "i""x" ON "ta""ble'; DROP TABLE kept; --" (lower("%s %I"))"#,
    );
    assert_eq!(session.value("SELECT sum(rows_written) FROM synth_fill_schema('t', 100, seed => 1, overrides => '{\"kept\": {\"rows\": 1}}')"), "301");
    assert_rows_hold(&mut session, &["t"]);
}

fn an_error_in_the_users_code_is_the_users(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY);
         CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM t.target) >= 0 THEN RAISE EXCEPTION 'no rows today' USING ERRCODE = 'TT001'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER bad BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION bad()",
    );
    session.refused("SELECT synth_fill('target', 10)", "TT001", "no rows today");
    session.run("DROP TRIGGER bad ON target; CREATE CONSTRAINT TRIGGER bad AFTER INSERT ON target DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bad()");
    session.refused("SELECT synth_fill('target', 10)", "TT001", "no rows today");
    assert_eq!(session.value("SELECT count(*) FROM target"), "0");
}

fn one_table_that_fails_leaves_none_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a_id integer NOT NULL REFERENCES a); CREATE TABLE c (n integer NOT NULL CONSTRAINT impossible CHECK (n > 1 AND n < 1))");
    assert_refused(
        &mut session,
        "SELECT * FROM synth_fill_schema('t', 10)",
        "a",
        &["impossible", "c"],
    );
    assert_eq!(session.value("SELECT count(*) FROM b"), "0");
    // Said to be left out, it is.
    assert_eq!(session.value("SELECT sum(rows_written) FROM synth_fill_schema('t', 10, overrides => '{\"c\": {\"rows\": 0}}')"), "20");
}
