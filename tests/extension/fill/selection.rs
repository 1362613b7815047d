//! All rows are found before the first is written, however many are asked for and however many are
//! there: a trigger on the statement, which runs before its first row, never does where they are
//! too few.

use super::{anew, prepared};
use crate::extension::session::Session;
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    an_exclusion_is_judged_for_any_number_of_rows,
    exclusions_without_a_temporary_table,
    ranges_are_compared_as_their_operator_does,
    a_caller_without_temporary_tables,
    numbers_below_the_largest_are_used,
    what_there_is_room_for_does_not_depend_on_what_is_asked,
    ranges_that_no_slot_is_left_for,
    rows_that_are_there_are_asked_through_the_index,
    rows_that_are_there_under_row_level_security,
    rows_that_the_caller_may_not_read,
    keys_too_many_for_memory,
    a_table_that_refers_to_itself,
    tables_that_inherit_are_not_in_the_index,
    collations_and_null_keys,
    every_row_of_a_sparse_selection_arrives,
    constraints_that_are_put_off,
    a_shortage_that_no_index_makes,
    a_trigger_may_change_what_is_compared,
    others_write_meanwhile,
    nulls_that_count_as_equal,
];

/// A table whose first row, and whose first statement, is an error.
fn unwritable(session: &mut Session, definition: &str) {
    anew(session);
    session.run(&format!(
        "CREATE FUNCTION t.too_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row is written'; END $$;
         {definition};
         CREATE TRIGGER late BEFORE INSERT ON target EXECUTE FUNCTION t.too_late()"
    ));
}

/// Fills a table that cannot hold that many rows; gives the error.
fn short(session: &mut Session, rows: u32, index: &str) -> String {
    let call = format!("SELECT synth_fill('target', {rows}, 1)");
    session.refused(&call, "21000", index).to_string()
}

fn written(session: &mut Session, rows: u32) {
    session.run(&format!(
        "DROP TRIGGER IF EXISTS late ON target; SELECT synth_fill('target', {rows}, 1)"
    ));
    // Of constraints that are not validated, rows that were there are free.
    let refused: Vec<String> = super::problems(session, &["t"])
        .into_iter()
        .filter(|problem| !problem.contains("new_rows"))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

fn an_exclusion_is_judged_for_any_number_of_rows(pg: &Postgres) {
    let mut session = prepared(pg);
    unwritable(
        &mut session,
        "CREATE TABLE target (x integer NOT NULL CHECK (x BETWEEN 0 AND 1000),
           CONSTRAINT apart EXCLUDE USING gist (box(point(x, 0), point(x + 9, 1)) WITH &&))",
    );
    let said = short(&mut session, 1_000_000, "apart (x) leaves room for ");
    assert!(said.contains("of the 1000000 rows asked for"), "{said}");
    let said =
        session.value("SELECT string_agg(problem, '; ') FROM synth_plan_fill('target', 1000000)");
    assert!(said.contains("apart (x) leaves room for "), "{said}");
    written(&mut session, 50);
}

fn room(session: &mut Session, rows: u32) -> String {
    session.value(&format!(
        "SELECT coalesce(string_agg(problem, '; '), '') FROM synth_plan_fill('target', {rows})"
    ))
}

/// In a read-only transaction there is no temporary table: what a `GiST` index finds there, intervals
/// and the constraint's operators find in memory.
fn exclusions_without_a_temporary_table(pg: &Postgres) {
    const CASES: &[&str] = &[
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 1000), CONSTRAINT apart EXCLUDE USING gist (box(point(x, 0), point(x + 9, 1)) WITH &&)",
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 60), y integer NOT NULL CHECK (y BETWEEN 0 AND 60), r integer NOT NULL CHECK (r BETWEEN 2 AND 9),
         CONSTRAINT apart EXCLUDE USING gist (circle(point(x, y), r) WITH &&)",
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 100), y integer NOT NULL CHECK (y BETWEEN 0 AND 100),
         CONSTRAINT apart EXCLUDE USING gist (polygon(box(point(x, y), point(x + 5, y + 3))) WITH &&)",
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 20), y integer NOT NULL CHECK (y BETWEEN 0 AND 20), CONSTRAINT apart EXCLUDE USING gist (point(x, y) WITH ~=)",
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 2000), CONSTRAINT apart EXCLUDE USING gist (int4multirange(int4range(x, x + 7), int4range(x + 20, x + 22)) WITH &&)",
        "x numeric(8, 3) NOT NULL CHECK (x BETWEEN -40 AND 100), CONSTRAINT apart EXCLUDE USING gist (numrange(x + 0, x + 1.5, '(]') WITH &&)",
        "x inet NOT NULL, CONSTRAINT apart EXCLUDE USING gist (set_masklen(x, 28) inet_ops WITH &&)",
        "room integer NOT NULL CHECK (room BETWEEN 1 AND 20), pet integer NOT NULL CHECK (pet BETWEEN 1 AND 3), x integer NOT NULL CHECK (x BETWEEN 0 AND 100),
         CONSTRAINT apart EXCLUDE USING gist (abs(room) WITH =, abs(pet) WITH <>, int4range(x, x + 7) WITH &&), CONSTRAINT few EXCLUDE USING btree (abs(room * 100 + x) WITH =)",
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 300), live boolean NOT NULL, tall box NOT NULL, CONSTRAINT apart EXCLUDE USING gist (box(point(x, 0), point(x + 5, 5)) WITH &&) WHERE (live), CHECK (live)",
    ];
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION btree_gist SCHEMA public");
    for (place, definition) in CASES.iter().enumerate() {
        unwritable(&mut session, &format!("CREATE TABLE target ({definition})"));
        // With and without rows that are there, in turn.
        if place % 2 == 0 {
            written(&mut session, 5);
        }
        let in_table = room(&mut session, 5000);
        session.run("BEGIN READ ONLY");
        let in_memory = room(&mut session, 5000);
        session.run("COMMIT");
        // Which of two constraints refused more is counted otherwise.
        let most = |said: &str| {
            said.split_once("leaves room for ")
                .map(|(_, most)| most.to_owned())
        };
        assert_eq!(most(&in_memory), most(&in_table), "{definition}");
        assert_ne!(most(&in_memory), None, "{definition}: {in_memory}");
    }
}

/// Ranges are compared by their ends, as whole numbers: a multirange of each, which is compared by
/// its operator, leaves the same room.
fn ranges_are_compared_as_their_operator_does(pg: &Postgres) {
    const CASES: &[(&str, &str, &str)] = &[
        (
            "int4",
            "x integer NOT NULL CHECK (x BETWEEN -500 AND 500), w integer NOT NULL CHECK (w BETWEEN 2 AND 30)",
            "CASE w WHEN 2 THEN NULL ELSE x END, x + w, CASE WHEN w % 2 = 0 THEN '[]' ELSE '()' END",
        ),
        (
            "int8",
            "x bigint NOT NULL CHECK (x BETWEEN 9223372036854770000 AND 9223372036854775000), w integer NOT NULL CHECK (w BETWEEN 1 AND 30)",
            "x + 0, CASE w WHEN 30 THEN NULL ELSE x + w * 7 END",
        ),
        (
            "date",
            "a date NOT NULL CHECK (a BETWEEN '2024-01-01' AND '2024-12-30'), b integer NOT NULL CHECK (b BETWEEN 0 AND 12)",
            "CASE b WHEN 0 THEN '-infinity' ELSE a END, CASE b WHEN 1 THEN NULL WHEN 2 THEN 'infinity' ELSE a + b END",
        ),
        (
            "ts",
            "a timestamp NOT NULL CHECK (a BETWEEN '2024-01-01' AND '2024-02-01'), b integer NOT NULL CHECK (b BETWEEN 0 AND 3)",
            "date_trunc('hour', a), date_trunc('hour', a) + b * '1 hour'::interval, CASE b WHEN 1 THEN '[)' WHEN 2 THEN '(]' ELSE '[]' END",
        ),
        (
            "ts",
            "a timestamp NOT NULL CHECK (a BETWEEN '2024-01-01 00:00:00' AND '2024-01-01 00:00:00.0002'), b integer NOT NULL CHECK (b BETWEEN 0 AND 3)",
            "a + '0'::interval, a + b * '1 microsecond'::interval, CASE b WHEN 1 THEN '()' WHEN 2 THEN '(]' ELSE '[]' END",
        ),
    ];
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public");
    for (kind, columns, range) in CASES {
        let mut said = Vec::new();
        for whole in [
            format!("{kind}range({range})"),
            format!("{kind}multirange({kind}range({range}))"),
        ] {
            unwritable(
                &mut session,
                &format!(
                    "CREATE TABLE target ({columns}, CONSTRAINT apart EXCLUDE USING gist ({whole} WITH &&))"
                ),
            );
            said.push(room(&mut session, 4000));
            written(&mut session, 3);
            said.push(room(&mut session, 4000));
        }
        assert_eq!(said[..2], said[2..], "{range}");
        assert!(said[0].contains("leaves room for "), "{range}: {said:?}");
    }
}

fn a_caller_without_temporary_tables(pg: &Postgres) {
    let mut session = prepared(pg);
    unwritable(
        &mut session,
        "CREATE TABLE target (x integer NOT NULL CHECK (x BETWEEN 0 AND 2000), y integer NOT NULL CHECK (y BETWEEN 0 AND 3),
           CONSTRAINT apart EXCLUDE USING gist (box(point(x, 10 * y), point(x + 9, 10 * y + 9)) WITH &&))",
    );
    session.run(
        "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_catalog); END $$;
         CREATE ROLE plain_filler; GRANT USAGE ON SCHEMA t TO plain_filler; GRANT SELECT, INSERT ON target TO plain_filler; SET ROLE plain_filler;
         SET extra_float_digits = -10",
    );
    let said = room(&mut session, 10_000);
    assert!(said.contains("apart (x, y) leaves room for "), "{said}");
    short(&mut session, 10_000, "apart (x, y) leaves room for ");
    session.run("RESET ROLE; DROP TRIGGER late ON target; SET ROLE plain_filler; SELECT synth_fill('target', 300, 1)");
    session.refused(
        "SELECT synth_fill('target', 10000, 1)",
        "21000",
        "apart (x, y) leaves room for ",
    );
    session.run(
        "RESET ROLE; DROP OWNED BY plain_filler; DROP ROLE plain_filler; RESET extra_float_digits",
    );
    written(&mut session, 100);
}

/// Beside rows that are there, numbers of which some are refused are drawn from all of their domain,
/// and not only from what is above the largest.
fn numbers_below_the_largest_are_used(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (x integer NOT NULL CHECK (x BETWEEN 0 AND 1000), CONSTRAINT apart EXCLUDE USING gist (int4range(abs(x), x + 10) WITH &&));
         INSERT INTO target VALUES (900)",
    );
    let said = room(&mut session, 500);
    let most = said
        .split("leaves room for ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok())
        .expect(&said);
    assert!((60..=100).contains(&most), "{said}");
    assert_eq!(room(&mut session, most - 10), "");
    written(&mut session, most - 10);
}

/// Numbers are drawn from a part of what they may be, but not where that leaves less room.
fn what_there_is_room_for_does_not_depend_on_what_is_asked(pg: &Postgres) {
    let mut session = prepared(pg);
    for definition in [
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 3000), w integer NOT NULL CHECK (w BETWEEN 5 AND 200), CONSTRAINT apart EXCLUDE USING gist (int4range(abs(x), x + w) WITH &&)",
        "x integer NOT NULL CHECK (x BETWEEN 0 AND 50000), CONSTRAINT apart EXCLUDE USING gist (box(point(x, 0), point(x + 999, 1)) WITH &&)",
    ] {
        unwritable(&mut session, &format!("CREATE TABLE target ({definition})"));
        let said = room(&mut session, 20_000);
        let most = said
            .split("leaves room for ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .expect(&said);
        assert_eq!(room(&mut session, most), "");
        session.run("DROP TRIGGER late ON target");
        session.run(&format!("SELECT synth_fill('target', {most}, 0)"));
    }
    // A range that is far wider than the numbers that are usual.
    anew(&mut session);
    session.run(
        "CREATE TABLE target (x integer NOT NULL, CONSTRAINT apart EXCLUDE USING gist (int4range(abs(x), abs(x) + 100000) WITH &&))",
    );
    assert_eq!(room(&mut session, 500), "");
    written(&mut session, 500);
}

/// Where the slots of ranges do not suffice, there may be room all the same.
fn ranges_that_no_slot_is_left_for(pg: &Postgres) {
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public");
    for (definition, rows) in [
        // Before a row that stands at the end.
        (
            "CREATE TABLE target (x integer NOT NULL CHECK (x BETWEEN 0 AND 1000), CONSTRAINT apart EXCLUDE USING gist (int4range(x, x + 10) WITH &&));
             INSERT INTO target VALUES (985)",
            60,
        ),
        // An expression tells rows apart, too.
        (
            "CREATE TABLE target (room integer NOT NULL CHECK (room BETWEEN 1 AND 20), x integer NOT NULL CHECK (x BETWEEN 0 AND 300),
               CONSTRAINT apart EXCLUDE USING gist (abs(room) WITH =, int4range(x, x + 7) WITH &&))",
            400,
        ),
        // A row with NULL beside its range conflicts with none; one with NULL in it with all.
        (
            "CREATE TABLE target (room integer CHECK (room BETWEEN 1 AND 2), x integer CHECK (x BETWEEN 0 AND 300), CONSTRAINT apart EXCLUDE USING gist (room WITH =, int4range(x, x + 7) WITH &&))",
            200,
        ),
        (
            "CREATE TABLE target (x integer CHECK (x BETWEEN 0 AND 3000), CONSTRAINT apart EXCLUDE USING gist (int4range(abs(x), x + 7) WITH &&))",
            200,
        ),
        // Moments go on beyond the years that are usual.
        (
            "CREATE TABLE target (at timestamp NOT NULL, CONSTRAINT apart EXCLUDE USING gist (tsrange(date_trunc('year', at), date_trunc('year', at) + '1 year'::interval) WITH &&))",
            40,
        ),
    ] {
        anew(&mut session);
        session.run(definition);
        assert_eq!(room(&mut session, rows), "", "{definition}");
        written(&mut session, rows);
    }
    // All there is: slots say it, and no search has to.
    unwritable(
        &mut session,
        "CREATE TABLE target (x integer NOT NULL CHECK (x BETWEEN 0 AND 300), CONSTRAINT apart EXCLUDE USING gist (int4range(x, x + 7) WITH &&))",
    );
    short(&mut session, 200, "apart (x) leaves room for 43 rows");
    written(&mut session, 43);
}

fn rows_that_are_there_are_asked_through_the_index(pg: &Postgres) {
    let mut session = prepared(pg);
    // Of 300,000 rows five are in the index: to read all of them would be to look for a needle.
    unwritable(
        &mut session,
        "CREATE TABLE target (a integer NOT NULL, b boolean NOT NULL);
         INSERT INTO target SELECT i, i <= 5 FROM generate_series(1, 300000) i;
         ALTER TABLE target ADD CONSTRAINT new_rows CHECK (b) NOT VALID;
         CREATE UNIQUE INDEX few ON target ((abs(a) % 50)) WHERE b;
         ANALYZE target",
    );
    let said = short(&mut session, 100, "few (a, b) leaves room for 45 rows");
    assert!(said.contains("at most 45 of the 100"), "{said}");
    written(&mut session, 45);
    unwritable(
        &mut session,
        "CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 0 AND 1000), b boolean NOT NULL,
           CONSTRAINT apart EXCLUDE USING gist (int4range(a, a + 10) WITH &&) WHERE (b));
         INSERT INTO target SELECT 0, false FROM generate_series(1, 300000);
         INSERT INTO target SELECT i * 10, true FROM generate_series(0, 89) i;
         ALTER TABLE target ADD CONSTRAINT new_rows CHECK (b) NOT VALID",
    );
    let said = short(&mut session, 100, "apart (a, b) leaves room for ");
    let most = said
        .split("at most ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse().ok());
    assert!(
        most.is_some_and(|most: u32| (5..=11).contains(&most)),
        "{said}"
    );
    written(&mut session, 5);
}

fn rows_that_are_there_under_row_level_security(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer NOT NULL, tenant text NOT NULL DEFAULT 'one');
         CREATE UNIQUE INDEX few ON target ((abs(a) % 20));
         INSERT INTO target SELECT i, 'other' FROM generate_series(0, 4) i;
         INSERT INTO target SELECT i, 'one' FROM generate_series(5, 7) i;
         ALTER TABLE target ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON target USING (tenant = 'one');
         CREATE ROLE tenant_filler; GRANT USAGE ON SCHEMA t TO tenant_filler;
         GRANT SELECT, INSERT ON target TO tenant_filler; SET ROLE tenant_filler",
    );
    // Rows of others are not seen, and refuse candidates all the same.
    session.refused(
        "SELECT synth_fill('target', 30, 1)",
        "21000",
        "few (a) leaves room for 17 rows",
    );
    session.refused(
        "SELECT synth_fill('target', 17, 1)",
        "21000",
        "at most 12 of the 17",
    );
    session.run("SELECT synth_fill('target', 12, 1)");
    assert_eq!(session.value("SELECT count(*) FROM target"), "15");
    session.run("RESET ROLE; DROP OWNED BY tenant_filler; DROP ROLE tenant_filler");
}

fn rows_that_the_caller_may_not_read(pg: &Postgres) {
    let mut session = prepared(pg);
    unwritable(
        &mut session,
        "CREATE TABLE target (a integer NOT NULL);
         CREATE UNIQUE INDEX few ON target ((abs(a) % 20)); INSERT INTO target VALUES (1), (2), (3)",
    );
    session.run(
        "CREATE ROLE blind_filler; GRANT USAGE ON SCHEMA t TO blind_filler;
         GRANT INSERT ON target TO blind_filler; SET ROLE blind_filler",
    );
    // Candidates refuse each other, whatever is there.
    short(&mut session, 30, "few (a) leaves room for 20 rows");
    session.run("RESET ROLE; DROP TRIGGER late ON target; SET ROLE blind_filler");
    session.refused(
        "SELECT synth_fill('target', 18, 1)",
        "21000",
        "at most 17 of the 18",
    );
    session.run("SELECT synth_fill('target', 17, 1); RESET ROLE");
    assert_eq!(session.value("SELECT count(*) FROM target"), "20");
    session.run("DROP OWNED BY blind_filler; DROP ROLE blind_filler");
}

fn keys_too_many_for_memory(pg: &Postgres) {
    let mut session = prepared(pg);
    let indexes: Vec<String> = (1..=25)
        .map(|number| format!("CREATE UNIQUE INDEX ON target ((a + {number}));"))
        .collect();
    let indexes = indexes.concat();
    unwritable(
        &mut session,
        &format!(
            "CREATE TABLE target (a bigint NOT NULL CHECK (a BETWEEN 0 AND 1000000000000));
             {indexes} CREATE UNIQUE INDEX narrow ON target ((a % 3000))"
        ),
    );
    let said = short(&mut session, 200_000, "narrow (a) leaves room for ");
    let most = said
        .split("at most ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse().ok());
    assert!(
        most.is_some_and(|most: u32| (2_990..=3_000).contains(&most)),
        "{said}"
    );
}

fn a_table_that_refers_to_itself(pg: &Postgres) {
    let mut session = prepared(pg);
    unwritable(
        &mut session,
        "CREATE TABLE target (id integer PRIMARY KEY, boss integer REFERENCES target, a integer NOT NULL);
         CREATE UNIQUE INDEX few ON target ((abs(a) % 60))",
    );
    short(&mut session, 100, "few (a) leaves room for 60 rows");
    let said =
        session.value("SELECT string_agg(problem, '; ') FROM synth_plan_fill('target', 100)");
    assert!(said.contains("few (a) leaves room for 60 rows"), "{said}");
    written(&mut session, 60);
    assert_ne!(session.value("SELECT count(boss) FROM target"), "0");
    // What looks at the reference is judged as the rows are there.
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY, boss integer REFERENCES target, a integer NOT NULL,
           CHECK (boss IS NOT NULL OR id < 50));
         CREATE UNIQUE INDEX few ON target (boss, (abs(a) % 5)) NULLS NOT DISTINCT",
    );
    let said = session
        .rows("SELECT problem FROM synth_plan_fill('target', 200) WHERE problem IS NOT NULL");
    assert!(said.is_empty(), "{said:?}");
    written(&mut session, 200);
    // Rows that are there are few to refer to, and later rows refer to the new ones.
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES target, kind integer NOT NULL CHECK (kind BETWEEN 1 AND 3),
           UNIQUE (parent, kind)); INSERT INTO target VALUES (1, 1, 1)",
    );
    let said =
        session.rows("SELECT problem FROM synth_plan_fill('target', 50) WHERE problem IS NOT NULL");
    assert!(said.is_empty(), "{said:?}");
    written(&mut session, 50);
}

fn tables_that_inherit_are_not_in_the_index(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer NOT NULL); CREATE TABLE heir () INHERITS (target);
         CREATE UNIQUE INDEX few ON target ((abs(a) % 10)); INSERT INTO heir SELECT generate_series(1, 8)",
    );
    written(&mut session, 10);
    assert_eq!(session.value("SELECT count(*) FROM ONLY target"), "10");
    session.refused("SELECT synth_fill('target', 1, 1)", "21000", "few (a)");
}

fn collations_and_null_keys(pg: &Postgres) {
    let mut session = prepared(pg);
    unwritable(
        &mut session,
        r#"CREATE SCHEMA IF NOT EXISTS "My Schema"; CREATE COLLATION IF NOT EXISTS "My Schema"."Bytes" FROM "C";
         CREATE TABLE target (a text NOT NULL, b integer);
         INSERT INTO target SELECT 'k' || i, NULL FROM generate_series(1, 1000) i;
         ALTER TABLE target ADD CONSTRAINT new_rows CHECK (a IN ('a', 'b', 'c') AND b IS NULL) NOT VALID;
         CREATE UNIQUE INDEX few ON target (lower(a) COLLATE "My Schema"."Bytes", (b + 1)) NULLS NOT DISTINCT"#,
    );
    short(&mut session, 10, "few (a, b) leaves room for 3 rows");
    written(&mut session, 2);
    session.refused(
        "SELECT synth_fill('target', 2, 1)",
        "21000",
        "few (a, b) leaves room for 1 rows",
    );
    session.run(r#"DROP TABLE target; DROP SCHEMA "My Schema" CASCADE"#);
}

/// Most candidates are refused, and the load goes through more than one chunk of COPY.
fn every_row_of_a_sparse_selection_arrives(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE FUNCTION t.rare(a bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN a % 5 = 0; END';
         CREATE TABLE target (a bigint NOT NULL CHECK (a BETWEEN 0 AND 2000000000), b serial, CHECK (t.rare(a)));
         CREATE UNIQUE INDEX distinct_ ON target ((a + 1))",
    );
    session.run("SELECT synth_fill('target', 140000, 1)");
    assert_eq!(
        session.value("SELECT count(*) || ' ' || count(DISTINCT a) || ' ' || max(b) || ' ' || bool_and(a % 5 = 0) FROM target"),
        "140000 140000 140000 true"
    );
    // The same rows once more.
    let rows = "SELECT md5(string_agg(a || ' ' || b, ',' ORDER BY b)) FROM target";
    let before = session.value(rows);
    session.run("TRUNCATE target RESTART IDENTITY; SELECT synth_fill('target', 140000, 1)");
    assert_eq!(session.value(rows), before);
}

fn constraints_that_are_put_off(pg: &Postgres) {
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION btree_gist SCHEMA public");
    unwritable(
        &mut session,
        "CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 0 AND 1000), b integer NOT NULL GENERATED ALWAYS AS (a % 30) STORED,
           CONSTRAINT few UNIQUE (b) DEFERRABLE INITIALLY DEFERRED,
           CONSTRAINT apart EXCLUDE USING gist ((a % 100) WITH =, int4range(0, a % 7 + 1) WITH &&) DEFERRABLE INITIALLY DEFERRED)",
    );
    short(&mut session, 31, "few (b) leaves room for 30 rows");
    session.run("BEGIN");
    written(&mut session, 30);
    session.run("COMMIT");
}

fn a_shortage_that_no_index_makes(pg: &Postgres) {
    let mut session = prepared(pg);
    unwritable(
        &mut session,
        "CREATE FUNCTION t.odd(a integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN a % 2 = 1; END';
         CREATE TABLE target (a integer PRIMARY KEY CHECK (a BETWEEN 1 AND 1000), CONSTRAINT odd CHECK (t.odd(a)))",
    );
    let said = short(&mut session, 501, "odd refused ");
    assert!(said.contains("at most 500 of the 501"), "{said}");
    let said =
        session.value("SELECT string_agg(problem, '; ') FROM synth_plan_fill('target', 501)");
    assert!(said.contains("odd refused "), "{said}");
    written(&mut session, 500);
}

fn a_trigger_may_change_what_is_compared(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id bigserial, a integer NOT NULL); CREATE UNIQUE INDEX few ON target ((abs(a) % 20000));
         CREATE FUNCTION t.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER keeps BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION t.keep()",
    );
    let said =
        session.value("SELECT string_agg(problem, '; ') FROM synth_plan_fill('target', 40000)");
    assert!(
        said.contains("few (a) leaves room for ")
            && said.contains("unless trigger keeps changes rows"),
        "{said}"
    );
    session.refused(
        "SELECT synth_fill('target', 40000, 1)",
        "21000",
        "few (a) refused",
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "0");
    session.run(
        "CREATE OR REPLACE FUNCTION t.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := NEW.id; RETURN NEW; END $$;
         SELECT synth_fill('target', 500, 1)",
    );
}

/// A row that comes between the search and the load: here a trigger on the statement writes it.
fn others_write_meanwhile(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer NOT NULL); CREATE UNIQUE INDEX many ON target ((abs(a) % 100));
         CREATE FUNCTION t.meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF pg_trigger_depth() = 1 THEN INSERT INTO t.target SELECT generate_series(0, 49) ON CONFLICT DO NOTHING; END IF;
             RETURN NULL;
         END $$;
         CREATE TRIGGER others BEFORE INSERT ON target EXECUTE FUNCTION t.meanwhile();
         SELECT synth_fill('target', 50, 1)",
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "100");
    session.refused("SELECT synth_fill('target', 1, 1)", "21000", "many (a)");
}

/// Each column that may be NULL has one value more; how many fit is said of all of them.
fn nulls_that_count_as_equal(pg: &Postgres) {
    const CASES: [(&str, u32); 5] = [
        (
            "a integer CHECK (a BETWEEN 1 AND 4), b integer CHECK (b BETWEEN 1 AND 3), UNIQUE NULLS NOT DISTINCT (a, b)",
            20,
        ),
        (
            "a integer CHECK (a BETWEEN 1 AND 4), b integer NOT NULL CHECK (b BETWEEN 1 AND 3), UNIQUE NULLS NOT DISTINCT (a, b)",
            15,
        ),
        (
            "a boolean, b boolean, c boolean, UNIQUE NULLS NOT DISTINCT (a, b, c)",
            27,
        ),
        (
            "a integer CHECK (a BETWEEN 1 AND 4), b boolean, CONSTRAINT k CHECK (a > 0), UNIQUE NULLS NOT DISTINCT (b)",
            3,
        ),
        (
            "a integer CHECK (a BETWEEN 1 AND 4), b text GENERATED ALWAYS AS ((a + 1)::text) STORED, UNIQUE NULLS NOT DISTINCT (a)",
            5,
        ),
    ];
    let mut session = prepared(pg);
    for (columns, most) in CASES {
        unwritable(&mut session, &format!("CREATE TABLE target ({columns})"));
        let says = format!("leaves room for {most} rows");
        let said =
            session.value("SELECT string_agg(problem, '; ') FROM synth_plan_fill('target', 100)");
        assert!(said.contains(&says), "{columns}: {said}");
        short(&mut session, most + 1, &says);
        written(&mut session, most);
    }
    unwritable(
        &mut session,
        "CREATE TABLE target (a integer CHECK (a BETWEEN 1 AND 4)); CREATE UNIQUE INDEX few ON target ((a + 1)) NULLS NOT DISTINCT",
    );
    short(&mut session, 6, "few (a) leaves room for 5 rows");
    written(&mut session, 2);
    session.refused(
        "SELECT synth_fill('target', 4, 2)",
        "21000",
        "few (a) leaves room for 3 rows",
    );
    written(&mut session, 3);
}
