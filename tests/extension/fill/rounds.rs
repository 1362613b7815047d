//! Tables that refer to themselves are judged before their first row is written, whatever looks at
//! that reference: a trigger on the statement, which runs before its first row, never does where
//! there is room for fewer rows.

use super::{anew, assert_rows_hold, prepared};
use crate::extension::session::Session;
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    room_is_said_before_the_first_round,
    what_is_said_holds_for_many_rounds,
    numbers_are_foreseen_as_the_sequence_gives_them,
    a_caller_who_may_not_read_the_sequence,
    rounds_under_row_level_security,
    rounds_beside_rows_of_others,
    a_trigger_in_rounds,
    keys_that_only_the_database_gives,
    numbers_from_more_of_their_domain,
];

const TOO_LATE: &str = "CREATE FUNCTION t.too_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row is written'; END $$;
     CREATE TRIGGER late BEFORE INSERT ON target EXECUTE FUNCTION t.too_late()";

fn problem(session: &mut Session, rows: u32) -> String {
    session.value(&format!(
        "SELECT coalesce(string_agg(problem, '; '), '') FROM synth_plan_fill('target', {rows})"
    ))
}

fn room_is_said_before_the_first_round(pg: &Postgres) {
    const CASES: [(&str, u32); 9] = [
        // A CHECK compares the reference with the row itself.
        (
            "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target CHECK (parent <> id), k integer NOT NULL);
             CREATE UNIQUE INDEX few ON target ((coalesce(parent, 0) % 7), (abs(k) % 5))",
            35,
        ),
        // Only the first three rows may be referred to, each by three.
        (
            "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target, kind integer NOT NULL CHECK (kind BETWEEN 1 AND 3),
               CHECK (parent + 0 <= 3), CONSTRAINT few UNIQUE NULLS NOT DISTINCT (parent, kind))",
            12,
        ),
        // Beside a row that is there.
        (
            "CREATE TABLE target (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES target, kind integer NOT NULL CHECK (kind BETWEEN 1 AND 3),
               CHECK (parent * 2 = 2), CONSTRAINT few UNIQUE (parent, kind)); INSERT INTO target VALUES (1, 1, 1)",
            2,
        ),
        // NULL counts, once for each kind.
        (
            "CREATE TABLE target (id integer PRIMARY KEY, parent integer REFERENCES target, kind integer NOT NULL CHECK (kind BETWEEN 1 AND 4), CHECK (abs(parent) = 1));
             CREATE UNIQUE INDEX few ON target (parent, kind) NULLS NOT DISTINCT",
            8,
        ),
        // A generated column has the reference in it.
        (
            "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target, side integer GENERATED ALWAYS AS (coalesce(parent, 0) % 2) STORED, k integer NOT NULL);
             CREATE UNIQUE INDEX few ON target (side, (abs(k) % 10))",
            20,
        ),
        // Keys of another type, which the plan makes.
        (
            "CREATE TABLE target (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), parent uuid REFERENCES target, k integer NOT NULL, CHECK (parent <> id));
             CREATE UNIQUE INDEX few ON target ((parent IS NULL), (abs(k) % 20))",
            40,
        ),
        // Several columns, of which a generated one.
        (
            "CREATE TABLE target (tenant integer NOT NULL, id integer NOT NULL, key text GENERATED ALWAYS AS ('k' || id) STORED, parent text, k integer NOT NULL,
               PRIMARY KEY (tenant, key), FOREIGN KEY (tenant, parent) REFERENCES target, CHECK (length(parent) < 4 OR k > 0));
             CREATE UNIQUE INDEX few ON target ((coalesce(parent, '') <> ''), (abs(k) % 15))",
            30,
        ),
        // An exclusion constraint with the reference in it.
        (
            "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target, x integer NOT NULL CHECK (x BETWEEN 0 AND 4), CHECK (abs(parent) <= 2),
               CONSTRAINT few EXCLUDE USING gist (int4range(coalesce(parent, 0) * 10 + x, coalesce(parent, 0) * 10 + x + 1) WITH &&))",
            15,
        ),
        // Each row is referred to once at most; the others refer to none.
        (
            "CREATE TABLE target (id serial PRIMARY KEY, next integer UNIQUE REFERENCES target CHECK (next <> id), k integer NOT NULL);
             CREATE UNIQUE INDEX few ON target ((abs(k) % 120))",
            120,
        ),
    ];
    let mut session = prepared(pg);
    for (definition, most) in CASES {
        anew(&mut session);
        session.run(&format!("{definition}; {TOO_LATE}"));
        let said = problem(&mut session, 1000);
        let says = format!("leaves room for {most} rows");
        assert!(
            said.contains("few") && said.contains(&says),
            "{definition}: {said}"
        );
        session.refused(
            "SELECT synth_fill('target', 1000, 1)",
            "21000",
            &format!("at most {most} of the 1000"),
        );
        assert_eq!(problem(&mut session, most), "", "{definition}");
        session.run("DROP TRIGGER late ON target");
        let rows = session.value("SELECT count(*) FROM target");
        session.run(&format!("SELECT synth_fill('target', {most}, 1)"));
        assert_rows_hold(&mut session, &["t"]);
        let rows = rows.parse::<u32>().expect("a count") + most;
        assert_eq!(
            session.value("SELECT count(*) FROM target"),
            rows.to_string()
        );
        // No round is left over for the next call.
        session.refused("SELECT synth_fill('target', 1, 1)", "21000", "few");
    }
}

/// Conditions that no index says, and rounds up to the fifth; the sequence stands where it stood.
fn what_is_said_holds_for_many_rounds(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(&format!(
        "CREATE TABLE target (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES target, a integer NOT NULL,
           CHECK (parent < id)); CREATE UNIQUE INDEX few ON target ((parent IS NULL), (abs(a) % 9000)); {TOO_LATE}"
    ));
    let said = problem(&mut session, 30_000);
    let most: u32 = said
        .split("leaves room for ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .expect(&said);
    assert!((17_000..=18_000).contains(&most), "{said}");
    session.refused(
        "SELECT synth_fill('target', 30000, 1)",
        "21000",
        "few (parent, a) leaves room for ",
    );
    assert_eq!(
        session.value("SELECT is_called FROM target_id_seq"),
        "f",
        "no number is drawn"
    );
    assert_eq!(problem(&mut session, 12_000), "");
    session.run("DROP TRIGGER late ON target; SELECT synth_fill('target', 12000, 1)");
    assert_rows_hold(&mut session, &["t"]);
    assert_eq!(
        session.value("SELECT count(*) || ' ' || max(id) FROM target"),
        "12000 12000",
        "numbers have no gaps"
    );
    let levels = session.value(
        "WITH RECURSIVE l AS (SELECT id, 1 AS level FROM target WHERE parent IS NULL UNION ALL SELECT c.id, level + 1 FROM target c JOIN l ON c.parent = l.id)
         SELECT max(level) > 3 FROM l",
    );
    assert_eq!(levels, "t");
}

fn numbers_are_foreseen_as_the_sequence_gives_them(pg: &Postgres) {
    let mut session = prepared(pg);
    for (sequence, allowed, most) in [
        ("INCREMENT 10 START 500", "IN (500, 510)", 9),
        ("INCREMENT -1 START -3 MAXVALUE -1", "IN (-3, -4)", 9),
        ("START 100 CACHE 50", "= 101", 6),
        ("START 7 MAXVALUE 9", "IN (7, 8)", 3),
    ] {
        anew(&mut session);
        session.run(&format!(
            "CREATE TABLE target (id integer GENERATED BY DEFAULT AS IDENTITY ({sequence}) PRIMARY KEY, parent integer REFERENCES target, kind integer NOT NULL CHECK (kind BETWEEN 1 AND 3),
               CHECK (abs(parent) * sign(parent) {allowed}), CONSTRAINT few UNIQUE NULLS NOT DISTINCT (parent, kind)); {TOO_LATE}"
        ));
        session.refused(
            "SELECT synth_fill('target', 100, 1)",
            "21000",
            &format!("at most {most} of the 100"),
        );
        session.run(&format!(
            "DROP TRIGGER late ON target; SELECT synth_fill('target', {most}, 1)"
        ));
        assert_rows_hold(&mut session, &["t"]);
    }
}

/// INSERT into an identity column asks for no right to its sequence.
fn a_caller_who_may_not_read_the_sequence(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(&format!(
        "CREATE TABLE target (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent integer REFERENCES target, kind integer NOT NULL CHECK (kind BETWEEN 1 AND 3),
           CHECK (parent + 0 <= 3), CONSTRAINT few UNIQUE NULLS NOT DISTINCT (parent, kind)); {TOO_LATE};
         CREATE ROLE round_filler; GRANT USAGE ON SCHEMA t TO round_filler;
         GRANT SELECT, INSERT (parent, kind) ON target TO round_filler; SET ROLE round_filler"
    ));
    session.refused(
        "SELECT synth_fill('target', 100, 1)",
        "21000",
        "at most 12 of the 100",
    );
    assert!(problem(&mut session, 100).contains("leaves room for 12 rows"));
    session.run("RESET ROLE; DROP TRIGGER late ON target; SET ROLE round_filler; SELECT synth_fill('target', 12, 1)");
    assert_eq!(session.value("SELECT max(id) FROM target"), "12");
    session.run("RESET ROLE; DROP OWNED BY round_filler; DROP ROLE round_filler");
}

fn rounds_under_row_level_security(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(&format!(
        "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target, k integer NOT NULL CHECK (k BETWEEN 1 AND 5));
         CREATE UNIQUE INDEX few ON target (parent, k) NULLS NOT DISTINCT;
         ALTER TABLE target ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON target USING (parent IS NULL OR parent % 2 = 1 AND parent < 8); {TOO_LATE};
         CREATE ROLE branch_filler; GRANT USAGE ON SCHEMA t TO branch_filler; GRANT USAGE ON SEQUENCE target_id_seq TO branch_filler;
         GRANT SELECT, INSERT ON target TO branch_filler; SET ROLE branch_filler"
    ));
    // Of no parent, 1, 3, 5 and 7.
    session.refused(
        "SELECT synth_fill('target', 100, 1)",
        "21000",
        "at most 25 of the 100",
    );
    assert!(problem(&mut session, 100).contains("leaves room for 25 rows"));
    session.run("RESET ROLE; DROP TRIGGER late ON target; SET ROLE branch_filler; SELECT synth_fill('target', 25, 1)");
    assert_eq!(session.value("SELECT count(*) FROM target"), "25");
    session.run("RESET ROLE; DROP OWNED BY branch_filler; DROP ROLE branch_filler");
}

/// One-to-one references to another table use each of its keys once, over all rounds.
fn rounds_beside_rows_of_others(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(&format!(
        "CREATE TABLE owner (id integer PRIMARY KEY); INSERT INTO owner SELECT generate_series(1, 500);
         CREATE TABLE target (id serial PRIMARY KEY, owner_id integer NOT NULL UNIQUE REFERENCES owner, parent integer REFERENCES target, k integer NOT NULL, CHECK (parent <> id));
         CREATE UNIQUE INDEX few ON target ((coalesce(parent, 0) % 3), (abs(k) % 40)); {TOO_LATE}"
    ));
    assert!(problem(&mut session, 400).contains("few (parent, k) leaves room for 120 rows"));
    session.refused(
        "SELECT synth_fill('target', 400, 1)",
        "21000",
        "at most 120 of the 400",
    );
    session.run("DROP TRIGGER late ON target; SELECT synth_fill('target', 70, 1)");
    let said = problem(&mut session, 400);
    assert!(said.contains("leaves room for 50 rows"), "{said}");
    session.run("SELECT synth_fill('target', 50, 2)");
    assert_rows_hold(&mut session, &["t"]);
}

fn a_trigger_in_rounds(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target CHECK (parent <> id), k integer NOT NULL);
         CREATE UNIQUE INDEX few ON target ((coalesce(parent, 0) % 7), (abs(k) % 2000));
         CREATE FUNCTION t.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER keeps BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION t.keep()",
    );
    let said = problem(&mut session, 20_000);
    assert!(
        said.contains("few (parent, k) leaves room for ")
            && said.contains("unless trigger keeps changes rows"),
        "{said}"
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "0");
    assert_eq!(problem(&mut session, 500), "");
    session.run("SELECT synth_fill('target', 500, 1)");
    assert_rows_hold(&mut session, &["t"]);
}

/// Ranges far wider than the numbers that are usual, in rounds: also where fewer are no error.
fn numbers_from_more_of_their_domain(pg: &Postgres) {
    let mut session = prepared(pg);
    for call in [
        "SELECT synth_fill('target', 300, 1)",
        "SELECT rows_written FROM synth_fill_schema('t', 300, 1)",
    ] {
        anew(&mut session);
        session.run(
            "CREATE TABLE target (id serial PRIMARY KEY, parent integer REFERENCES target CHECK (parent <> id), x integer NOT NULL,
               CONSTRAINT apart EXCLUDE USING gist (int4range(abs(x), abs(x) + 100000) WITH &&))",
        );
        assert_eq!(session.value(call), "300", "{call}");
        assert_rows_hold(&mut session, &["t"]);
    }
}

/// What such keys are is known when they are written; a shortage is an error that undoes the load.
fn keys_that_only_the_database_gives(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE SEQUENCE keys;
         CREATE TABLE target (id text PRIMARY KEY DEFAULT 'k' || nextval('t.keys'), parent text REFERENCES target CHECK (parent <> id), k integer NOT NULL);
         CREATE UNIQUE INDEX few ON target ((parent IS NULL), (abs(k) % 30))",
    );
    session.refused(
        "SELECT synth_fill('target', 100, 1)",
        "21000",
        "at most 60 of the 100",
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "0");
    session.run("SELECT synth_fill('target', 60, 1)");
    assert_rows_hold(&mut session, &["t"]);
}
