//! What cannot be met is said before a row is written, also where only the database can judge.

use super::{anew, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    room_under_expression_indexes_is_known,
    room_is_known_in_a_read_only_transaction,
    room_beside_rows_that_are_there,
    types_without_a_hash_function,
    fill_says_a_shortage_before_the_first_row,
    what_refuses_rows_is_named,
    more_keys_than_fit_into_memory,
    ranges_over_columns_are_laid_out,
    exclusions_are_tried_as_far_as_it_is_said,
    exclusions_are_judged_without_writing,
    texts_that_are_looked_for_in_vain_are_announced,
    rows_whose_generated_columns_fail_are_passed_over,
    generated_columns_that_always_fail_are_refused,
    checks_that_fail_for_some_values,
    a_domain_too_narrow_for_a_generated_column,
    overrides_of_a_key_of_two_columns,
    a_generator_for_a_reference,
];

fn problem(session: &mut super::Session, call: &str) -> String {
    let lines = session.rows(&format!(
        "SELECT problem FROM synth_plan_fill({call}) WHERE problem IS NOT NULL"
    ));
    lines
        .into_iter()
        .filter_map(|mut line| line.remove(0))
        .collect::<Vec<_>>()
        .join("; ")
}

fn room_under_expression_indexes_is_known(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer NOT NULL, b text); CREATE UNIQUE INDEX narrow ON target ((a % 6000))
           WHERE a >= 0 AND a IS NOT NULL;
         ALTER TABLE target ADD CHECK (a >= 0)",
    );
    // 6,000 remainders: the plan knows although it writes nothing; it may miss the last few.
    let said = problem(&mut session, "'target', 20000");
    let (_, most) = said.split_once("narrow (a) leaves room for ").expect(&said);
    let most: u32 = most
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect(&said);
    assert!((5_990..=6_000).contains(&most), "{said}");
    assert_eq!(problem(&mut session, "'target', 5000"), "");
    session.run("SELECT synth_fill('target', 5000, 1)");
    assert_eq!(session.value("SELECT count(*) FROM target"), "5000");
    session.refused(
        "SELECT synth_fill('target', 2000, 2)",
        "21000",
        "can hold at most",
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "5000");
}

fn room_is_known_in_a_read_only_transaction(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a smallint NOT NULL); CREATE UNIQUE INDEX few ON target ((abs(a % 7)))");
    session.run("BEGIN READ ONLY");
    let said = problem(&mut session, "'target', 100");
    session.run("COMMIT");
    assert!(said.contains("few (a) leaves room for 7 rows"), "{said}");
}

fn room_beside_rows_that_are_there(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 0 AND 1000000)); CREATE UNIQUE INDEX few ON target ((a % 50)); INSERT INTO target VALUES (1), (2), (3)");
    let said = problem(&mut session, "'target', 100");
    assert!(said.contains("few (a) leaves room for 47 rows"), "{said}");
    assert_eq!(problem(&mut session, "'target', 47"), "");
    session.run("SELECT synth_fill('target', 47, 1)");
}

fn types_without_a_hash_function(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a bit(3) NOT NULL, b integer); CREATE UNIQUE INDEX few ON target ((a & B'011'))");
    let said = problem(&mut session, "'target', 100");
    assert!(said.contains("few (a) leaves room for 4 rows"), "{said}");
}

fn exclusions_are_tried_as_far_as_it_is_said(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    // Equality alone is a unique index by another name.
    session.run("CREATE TABLE equal (a integer NOT NULL, CONSTRAINT seven EXCLUDE USING btree ((abs(a % 7)) WITH =))");
    let said = problem(&mut session, "'equal', 10001");
    assert!(said.contains("seven (a) leaves room for 7 rows"), "{said}");
    session.run("CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 0 AND 2000000000), CONSTRAINT apart EXCLUDE USING gist ((int4range(abs(a), abs(a) + 1)) WITH &&))");
    assert_eq!(problem(&mut session, "'target', 10001"), "");
    session.run("BEGIN READ ONLY");
    let said = problem(&mut session, "'target', 10");
    session.run("COMMIT");
    assert_eq!(said, "");
    // What a trigger does is found out by writing.
    session.run(
        "CREATE FUNCTION t.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER keeps BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION t.keep()",
    );
    let said = problem(&mut session, "'target', 10001");
    assert!(
        said.contains("apart was tried with 10000 rows only"),
        "{said}"
    );
    session.run("BEGIN READ ONLY");
    let said = problem(&mut session, "'target', 10");
    session.run("COMMIT");
    assert!(
        said.contains("apart") && said.contains("read-only transaction"),
        "{said}"
    );
}

/// Expressions over shapes, functions of one's own, partial, beside unique expressions and rows that
/// are there: how many fit is known beforehand, and nothing of the table is written for that.
fn exclusions_are_judged_without_writing(pg: &Postgres) {
    const CASES: &[(&str, u32, u32)] = &[
        (
            "id serial, x integer NOT NULL CHECK (x BETWEEN 0 AND 1000), CONSTRAINT apart EXCLUDE USING gist (box(point(x, 0), point(x + 9, 1)) WITH &&)",
            50,
            101,
        ),
        (
            "id serial, c point NOT NULL, x integer NOT NULL CHECK (x BETWEEN 1 AND 100), CONSTRAINT apart EXCLUDE USING gist (circle(point(x, x), 7) WITH &&)",
            5,
            11,
        ),
        (
            "id serial, room integer NOT NULL CHECK (room BETWEEN 1 AND 3), a integer NOT NULL CHECK (a BETWEEN 1 AND 100), CONSTRAINT apart EXCLUDE USING gist (room WITH =, slot(a) WITH &&)",
            30,
            60,
        ),
        (
            "id serial, a integer NOT NULL CHECK (a BETWEEN 1 AND 100), b boolean NOT NULL CHECK (b), CONSTRAINT apart EXCLUDE USING gist (slot(a) WITH &&) WHERE (b)",
            10,
            20,
        ),
    ];
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION btree_gist SCHEMA public");
    for (columns, least, most) in CASES {
        anew(&mut session);
        session.run(&format!(
            "CREATE FUNCTION slot(a integer) RETURNS int4range IMMUTABLE LANGUAGE sql AS 'SELECT pg_catalog.int4range(a, a OPERATOR(pg_catalog.+) 5)';
             CREATE FUNCTION too_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row is written'; END $$;
             CREATE TABLE target ({columns});
             CREATE TRIGGER late BEFORE INSERT ON target EXECUTE FUNCTION too_late()"
        ));
        let said = problem(&mut session, "'target', 20000");
        let found = said
            .split_once("leaves room for ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse::<u32>().ok());
        assert!(
            said.contains("apart") && found.is_some_and(|found| (*least..=*most).contains(&found)),
            "{columns}: {said}"
        );
        session.refused("SELECT synth_fill('target', 20000, 1)", "21000", "apart");
        assert_eq!(
            session.value("SELECT is_called FROM target_id_seq"),
            "f",
            "the sequence stands where it stood"
        );
        assert_eq!(problem(&mut session, &format!("'target', {least}")), "");
        session.run(&format!(
            "DROP TRIGGER late ON target; SELECT synth_fill('target', {least}, 1)"
        ));
        // Beside rows that are there.
        let said = problem(&mut session, "'target', 20000");
        assert!(said.contains("leaves room for"), "{columns}: {said}");
        assert!(
            super::problems(&mut session, &["t"]).is_empty(),
            "{columns}"
        );
    }
    assert_eq!(
        session.value("SELECT count(*) FROM pg_class WHERE relname = 'synth_apart'"),
        "0"
    );
}

fn texts_that_are_looked_for_in_vain_are_announced(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a text NOT NULL CONSTRAINT mixed CHECK (a ~ '^[a-f]+$' AND a ~ '[0-9]'))");
    let said = problem(&mut session, "'target', 10");
    assert!(said.contains("mixed"), "{said}");
    session.refused("SELECT synth_fill('target', 10)", "23514", "mixed");
}

fn fill_says_a_shortage_before_the_first_row(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    // Nothing of a statement that writes may be seen.
    session.run(
        "CREATE FUNCTION t.too_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row is written'; END $$",
    );
    for (columns, index, says) in [
        (
            "a integer NOT NULL",
            "narrow ON target ((abs(a) % 60))",
            "narrow (a) leaves room for 60 rows",
        ),
        (
            "a integer NOT NULL, b boolean NOT NULL CHECK (b)",
            "partial ON target ((abs(a) % 9)) WHERE b",
            "partial (a, b) leaves room for 9 rows",
        ),
        (
            "a integer NOT NULL, b text GENERATED ALWAYS AS (left(md5(a::text), 1)) STORED",
            "computed ON target (b)",
            "computed (b) leaves room for 16 rows",
        ),
    ] {
        session.run(&format!(
            "DROP TABLE IF EXISTS target; CREATE TABLE target ({columns}); CREATE UNIQUE INDEX {index};
             CREATE TRIGGER late BEFORE INSERT ON target EXECUTE FUNCTION too_late()"
        ));
        let refusal = session
            .attempt("SELECT synth_fill('target', 100, 1)")
            .expect_err(index);
        let text = refusal.to_string();
        assert!(text.contains(says), "{text}");
        assert_eq!(refusal.code, "21000", "{text}");
        session.run("DROP TRIGGER late ON target; SELECT synth_fill('target', 9, 1)");
    }
}

fn what_refuses_rows_is_named(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a integer NOT NULL, CONSTRAINT apart EXCLUDE USING gist ((int4range(abs(a % 10), abs(a % 10) + 1)) WITH &&))");
    for says in ["can hold at most 10", "apart (a) leaves room for 10 rows"] {
        session.refused("SELECT synth_fill('target', 50, 1)", "21000", says);
    }
    let said = problem(&mut session, "'target', 50");
    assert!(
        said.contains("room for 10 rows") && said.contains("apart (a)"),
        "{said}"
    );
    session.run(
        "DROP TABLE target; CREATE TABLE target (id serial PRIMARY KEY, a integer NOT NULL);
         CREATE UNIQUE INDEX few ON target ((abs(a) % 5));
         CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF abs(NEW.a) % 5 < 2 THEN RETURN NULL; END IF; RETURN NEW; END $$;
         CREATE TRIGGER skips BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION skip()",
    );
    let note = session.value("SELECT note FROM synth_fill_schema('t', 50, 1)");
    assert!(
        note.contains("few (a) refused") && note.contains("trigger skips"),
        "{note}"
    );
    session.run("DROP INDEX few; TRUNCATE target");
    let note = session.value("SELECT note FROM synth_fill_schema('t', 50, 1)");
    assert!(note.contains("trigger skips let"), "{note}");
}

fn more_keys_than_fit_into_memory(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a bigint NOT NULL CHECK (a BETWEEN 0 AND 1000000000000))");
    for number in 1..=25 {
        session.run(&format!("CREATE UNIQUE INDEX ON target ((a + {number}))"));
    }
    assert_eq!(problem(&mut session, "'target', 170000"), "");
    session.run("CREATE UNIQUE INDEX narrow ON target ((a % 60000))");
    let said = problem(&mut session, "'target', 170000");
    assert!(
        said.contains("narrow (a) leaves room for 60000 rows")
            || said.contains("narrow (a) leaves room for 59"),
        "{said}"
    );
}

fn ranges_over_columns_are_laid_out(pg: &Postgres) {
    const CASES: &[&str] = &[
        "begins timestamptz NOT NULL, ends timestamptz NOT NULL, CHECK (begins < ends), EXCLUDE USING gist (tstzrange(begins, ends) WITH &&)",
        "begins timestamp, ends timestamp, EXCLUDE USING gist (tsrange(begins, ends, '[]') WITH &&)",
        "room integer NOT NULL REFERENCES room, \"first day\" date NOT NULL, \"last day\" date NOT NULL, EXCLUDE USING gist (room WITH =, daterange(\"first day\", \"last day\", '[]') WITH &&)",
        "room integer REFERENCES room, begins date NOT NULL, ends date NOT NULL, cancelled boolean NOT NULL, EXCLUDE USING gist (room WITH =, daterange(begins, ends) WITH &&) WHERE (NOT cancelled)",
        "begins timestamptz NOT NULL, ends timestamptz NOT NULL, CHECK (ends >= begins + '00:10:00'::interval), EXCLUDE USING gist (tstzrange(begins, ends) WITH &&)",
        "begins timestamptz NOT NULL, ends timestamptz NOT NULL, until timestamptz NOT NULL, CHECK (begins + '00:10:00'::interval = ends AND until > begins), EXCLUDE USING gist (tstzrange(begins, ends) WITH &&)",
        "a integer NOT NULL, EXCLUDE USING gist (int4range(a, a + 10) WITH &&)",
        "a bigint NOT NULL, b bigint NOT NULL, span int8range GENERATED ALWAYS AS (int8range(a, b, '[]')) STORED, EXCLUDE USING gist (span WITH &&)",
        "begins timestamp NOT NULL, kind text NOT NULL CHECK (kind IN ('x', 'y')), EXCLUDE USING gist (kind WITH =, tsrange(begins, begins + '00:30:00'::interval) WITH &&)",
        "a numeric(12,2) NOT NULL, b numeric(12,2) NOT NULL, EXCLUDE USING gist (numrange(a, b) WITH &&) DEFERRABLE INITIALLY DEFERRED",
        "room integer NOT NULL REFERENCES room, pet integer NOT NULL, EXCLUDE USING gist (room WITH =, pet WITH <>)",
    ];
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION btree_gist SCHEMA public");
    let mut failures = Vec::new();
    for columns in CASES {
        anew(&mut session);
        session.run(&format!(
            "CREATE TABLE room (id integer PRIMARY KEY); INSERT INTO room SELECT generate_series(1, 20);
             CREATE TABLE target ({columns})"
        ));
        // More than are tried, so the plan can promise only what it knows.
        let said = problem(&mut session, "'target', 100000");
        if !said.is_empty() {
            failures.push(format!("{columns}\n    {said}"));
        }
        // What value rows have that may have one only is not looked up.
        let again = if columns.contains("<>") { 0 } else { 500 };
        for rows in [2500 - again, again] {
            if let Err(refusal) =
                session.attempt(&format!("SELECT synth_fill('target', {rows}, {rows})"))
            {
                failures.push(format!("{columns}\n    {refusal}"));
            }
        }
        failures.extend(super::problems(&mut session, &["t"]));
        let count = session.value("SELECT count(*) FROM target");
        if count != "2500" {
            failures.push(format!("{columns}\n    {count} rows"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Where days are few, it is known how many ranges there are.
    anew(&mut session);
    session.run("CREATE TABLE target (a date NOT NULL CHECK (a BETWEEN '2024-01-01' AND '2024-01-30'), CONSTRAINT apart EXCLUDE USING gist (daterange(a, a + 3) WITH &&))");
    let said = problem(&mut session, "'target', 100");
    assert!(said.contains("apart leaves room for 10 rows"), "{said}");
    session.refused("SELECT synth_fill('target', 100)", "21000", "apart (a)");
    session.run("SELECT synth_fill('target', 10)");
}

fn rows_whose_generated_columns_fail_are_passed_over(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id serial PRIMARY KEY, a integer NOT NULL CHECK (a BETWEEN -2 AND 2),
           b integer GENERATED ALWAYS AS (100 / a) STORED)",
    );
    assert_eq!(problem(&mut session, "'target', 1000"), "");
    session.run("SELECT synth_fill('target', 1000, 1)");
    assert_eq!(
        session.value("SELECT count(*) || ' ' || count(*) FILTER (WHERE b = 100 / a) FROM target"),
        "1000 1000"
    );
}

fn generated_columns_that_always_fail_are_refused(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (1 / (a - a)) STORED)");
    let said = problem(&mut session, "'target', 10");
    assert!(said.contains("no row was found that satisfies"), "{said}");
    session.refused(
        "SELECT synth_fill('target', 10)",
        "23514",
        "no row was found",
    );
}

fn checks_that_fail_for_some_values(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer NOT NULL CHECK (a IN (0, 1, 2, 4)), CHECK (8 / a % 2 = 0))",
    );
    assert_eq!(problem(&mut session, "'target', 100"), "");
    session.run("SELECT synth_fill('target', 100, 1)");
    assert_eq!(
        session.value("SELECT bool_and(a IN (1, 2, 4)) FROM target"),
        "t"
    );
}

fn a_domain_too_narrow_for_a_generated_column(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 1 AND 2000),
           b varchar(3) GENERATED ALWAYS AS (a::text) STORED)",
    );
    session.run("SELECT synth_fill('target', 300, 1)");
    assert_eq!(
        session.value("SELECT count(*) FROM target WHERE b = a::text"),
        "300"
    );
}

fn overrides_of_a_key_of_two_columns(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (a integer, b text, PRIMARY KEY (a, b)); INSERT INTO parent VALUES (1, 'x'), (2, 'y'), (3, 'z');
         CREATE TABLE target (a integer NOT NULL, b text NOT NULL, CONSTRAINT pair FOREIGN KEY (a, b) REFERENCES parent)",
    );
    let given = r#"'{"a": {"values": [1, 2, 9]}, "b": {"values": ["x", "y"]}}'"#;
    assert_eq!(
        problem(&mut session, &format!("'target', 100, {given}")),
        ""
    );
    session.run(&format!("SELECT synth_fill('target', 100, 1, {given})"));
    assert_eq!(
        session.value(
            "SELECT count(*) || ' ' || count(DISTINCT (a, b)) FROM target JOIN parent USING (a, b)"
        ),
        "100 2"
    );
    let given = r#"'{"a": {"values": [1]}, "b": {"values": ["y"]}}'"#;
    let said = problem(&mut session, &format!("'target', 10, {given}"));
    assert!(said.contains("pair"), "{said}");
    let call = format!("SELECT synth_fill('target', 10, 1, {given})");
    session.refused(&call, "23514", "pair");
    assert_eq!(session.value("SELECT count(*) FROM target"), "100");
}

fn a_generator_for_a_reference(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (code text PRIMARY KEY); INSERT INTO parent VALUES ('DE'), ('FR');
         CREATE TABLE target (code text NOT NULL CONSTRAINT known REFERENCES parent)",
    );
    session.run(r#"SELECT synth_fill('target', 20, 1, '{"code": {"generator": "country_code"}}')"#);
    assert_eq!(
        session.value("SELECT count(*) FROM target JOIN parent USING (code)"),
        "20"
    );
    let given = r#"'{"code": {"generator": "first_name"}}'"#;
    let said = problem(&mut session, &format!("'target', 20, {given}"));
    assert!(said.contains("known"), "{said}");
}
