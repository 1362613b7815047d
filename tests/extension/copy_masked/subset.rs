//! Which rows a subset consists of.

use super::{clinic, contents, decide_rest};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    start_rows_and_what_they_refer_to,
    rows_that_refer_to_chosen_ones,
    circles_self_references_and_composite_keys,
    shares_are_deterministic,
    inheritance_children_stand_for_themselves,
    conditions_are_one_expression_and_nothing_else,
    conditions_cannot_write,
    the_plan_counts_the_rows,
    declared_references_compare_as_their_type_does,
];

fn start_rows_and_what_they_refer_to(pg: &Postgres) {
    let mut session = clinic(pg);
    let rows = session.rows(
        r#"SELECT source_rows, copied_rows FROM synth_copy_masked('clinic', 'dev', subset => '{"patients": "patients.id IN (20, 33)"}')"#,
    );
    let counts: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row[0].as_deref().unwrap(), row[1].as_deref().unwrap()))
        .collect();
    assert_eq!(counts, [("5", "3"), ("100", "3"), ("300", "0")]);
    // 20 has guardian 11; doctors are 1, 4 and 2.
    assert_eq!(
        session.column("SELECT id FROM dev.patients ORDER BY 1"),
        ["11", "20", "33"]
    );
    assert_eq!(
        session.column("SELECT id FROM dev.doctors ORDER BY 1"),
        ["1", "2", "4"]
    );
    // The next key is the next of the source.
    assert_eq!(
        session.value("INSERT INTO dev.patients (name, doctor) VALUES ('New', 1) RETURNING id"),
        "101"
    );
    assert_eq!(
        session.value("INSERT INTO dev.doctors (name) VALUES ('New') RETURNING id"),
        "6"
    );
    assert_eq!(session.value("SELECT max(id) FROM clinic.doctors"), "5");
    assert_eq!(
        session.value("INSERT INTO clinic.doctors (name) VALUES ('New') RETURNING id"),
        "6"
    );
}

fn rows_that_refer_to_chosen_ones(pg: &Postgres) {
    let mut session = clinic(pg);
    let copy = |session: &mut crate::extension::Session, schema: &str, options: &str| {
        session.run(&format!(
            r#"SELECT synth_copy_masked('clinic', '{schema}', subset => '{{"doctors": "id = 1"}}', {options})"#
        ));
        session.value(&format!("SELECT (SELECT count(*) FROM {schema}.doctors) || ' ' || (SELECT count(*) FROM {schema}.patients) || ' ' || (SELECT count(*) FROM {schema}.visits)"))
    };
    assert_eq!(copy(&mut session, "a", "children => false"), "1 0 0");
    // The patients of doctor 1 are 5, 10, ...; 10, 20, ... have guardians 1, 11, ... of doctor 2.
    assert_eq!(
        copy(&mut session, "b", "children => true, depth => 1"),
        "2 30 0"
    );
    assert_eq!(
        copy(&mut session, "c", "children => true, depth => 2"),
        "2 30 60"
    );
    assert_eq!(copy(&mut session, "d", "children => true"), "2 30 60");
    assert_eq!(
        copy(&mut session, "e", "children => true, depth => 0"),
        "1 0 0"
    );
    session.refused(
        "SELECT synth_copy_masked('clinic', 'f', depth => 1)",
        "22023",
        "without children",
    );
}

fn circles_self_references_and_composite_keys(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s;
         CREATE TABLE s.a (x int, y int, b int, PRIMARY KEY (x, y));
         CREATE TABLE s.b (id int PRIMARY KEY, x int, y int, FOREIGN KEY (x, y) REFERENCES s.a);
         ALTER TABLE s.a ADD FOREIGN KEY (b) REFERENCES s.b;
         CREATE TABLE s.tree (id int PRIMARY KEY, up int REFERENCES s.tree);
         INSERT INTO s.a SELECT i, i + 1 FROM generate_series(1, 20) i;
         INSERT INTO s.b SELECT i, i % 20 + 1, i % 20 + 2 FROM generate_series(1, 20) i;
         UPDATE s.a SET b = x WHERE x < 8;
         INSERT INTO s.b VALUES (99, 3, NULL);
         INSERT INTO s.tree SELECT i, nullif(i - 1, 0) FROM generate_series(1, 300) i;
         UPDATE s.tree SET up = 50 WHERE id = 1",
    );
    decide_rest(&mut session, "s");
    session
        .run(r#"SELECT synth_copy_masked('s', 'd', subset => '{"a": "x = 5", "tree": "id = 3"}')"#);
    // a5 -> b5 -> a6 -> b6 -> a7 -> b7 -> a8, where it ends.
    assert_eq!(
        session.column("SELECT x FROM d.a ORDER BY 1"),
        ["5", "6", "7", "8"]
    );
    assert_eq!(
        session.column("SELECT id FROM d.b ORDER BY 1"),
        ["5", "6", "7"]
    );
    // A circle of 50 rows.
    assert_eq!(
        session.value("SELECT count(*) || ' ' || max(id) FROM d.tree"),
        "50 50"
    );
    // A reference with a NULL refers to nothing.
    session.run(r#"SELECT synth_copy_masked('s', 'e', subset => '{"b": "id = 99"}')"#);
    assert_eq!(
        session.value("SELECT (SELECT count(*) FROM e.a) || ' ' || (SELECT count(*) FROM e.b)"),
        "0 1"
    );
}

fn shares_are_deterministic(pg: &Postgres) {
    let mut session = clinic(pg);
    for schema in ["a", "b"] {
        session.run(&format!(r#"SELECT synth_copy_masked('clinic', '{schema}', subset => '{{"visits": {{"percent": 20}}}}')"#));
    }
    let count: u32 = session
        .value("SELECT count(*) FROM a.visits")
        .parse()
        .unwrap();
    assert!((30..=90).contains(&count), "20 % of 300 are {count}");
    let first = contents(&mut session, "a.visits");
    assert_eq!(first, contents(&mut session, "b.visits"));
    // A larger share holds the smaller one; a number is kept.
    session.run(r#"SELECT synth_copy_masked('clinic', 'c', subset => '{"visits": {"percent": 60}}'); SELECT synth_copy_masked('clinic', 'd', subset => '{"visits": {"rows": 7, "where": "patient > 10"}}'); SELECT synth_copy_masked('clinic', 'e', subset => '{"visits": {"percent": 100, "rows": 1000}, "doctors": {"percent": 0}, "patients": {"rows": 0}}')"#);
    assert_eq!(
        session.value("SELECT count(*) FROM a.visits a JOIN c.visits USING (patient, number)"),
        count.to_string()
    );
    assert_eq!(
        session.value("SELECT count(*) FROM d.visits WHERE patient > 10"),
        "7"
    );
    assert_eq!(session.value("SELECT count(*) FROM d.visits"), "7");
    assert_eq!(
        session.value(
            "SELECT (SELECT count(*) FROM e.visits) || ' ' || (SELECT count(*) FROM e.patients)"
        ),
        "300 100"
    );
}

fn inheritance_children_stand_for_themselves(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.p (id int, name text CHECK (name <> '')); CREATE TABLE s.c (extra text) INHERITS (s.p);
         INSERT INTO s.p VALUES (1, 'original'), (2, 'original'); INSERT INTO s.c VALUES (1, 'original', 'x'), (3, 'original', 'y');
         SELECT synth_set_rule('s.p', 'name', 'MASKED WITH hash(20)');
         SELECT synth_set_rule('s.p', 'id', 'NOT MASKED'); SELECT synth_set_rule('s.c', 'extra', 'NOT MASKED')",
    );
    session.run("SELECT synth_copy_masked('s', 'd')");
    assert_eq!(
        session.column("SELECT tableoid::regclass || ' ' || id FROM d.p ORDER BY 1"),
        ["d.c 1", "d.c 3", "d.p 1", "d.p 2"]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM d.p WHERE name ~ 'original'"),
        "0"
    );
    session.run(r#"SELECT synth_copy_masked('s', 'e', subset => '{"p": "id = 1"}')"#);
    assert_eq!(
        session.column("SELECT tableoid::regclass || ' ' || id FROM e.p ORDER BY 1"),
        ["e.p 1"]
    );
}

fn conditions_are_one_expression_and_nothing_else(pg: &Postgres) {
    let mut session = clinic(pg);
    for condition in [
        "true; DROP TABLE clinic.visits",
        "true) OR (true",
        "true ORDER BY 1",
        "true FROM clinic.doctors",
        "true LIMIT 1",
        "true, true",
        "true AS x",
        "true UNION SELECT true",
        "*",
        "DISTINCT true",
        "",
        "true FOR UPDATE",
        "true GROUP BY 1",
        "true -- \n; SELECT 1",
        "true WHERE true",
        "SELECT true",
        "true INTO x",
        "'x",
        "/* ",
    ] {
        let subset = serde_json::json!({ "patients": condition })
            .to_string()
            .replace('\'', "''");
        session.refused(
            &format!("SELECT synth_copy_masked('clinic', 'dev', subset => '{subset}')"),
            "42601",
            "",
        );
    }
    for (condition, code) in [
        ("id = $1", "42P02"),
        ("$1", "42P02"),
        ("(SELECT $1)", "42P02"),
        ("id", "42804"),
        ("count(*) > 1", "42803"),
        ("nothing > 1", "42703"),
        ("id > 'x'", "22P02"),
    ] {
        let subset = serde_json::json!({ "patients": condition })
            .to_string()
            .replace('\'', "''");
        session.refused(
            &format!("SELECT synth_copy_masked('clinic', 'dev', subset => '{subset}')"),
            code,
            "",
        );
    }
    // What may stand after WHERE, with a comment at its end.
    session.run(r#"SELECT synth_copy_masked('clinic', 'dev', subset => '{"patients": "id IN (SELECT patient FROM clinic.visits v WHERE v.patient = patients.id AND v.number > 2) AND name LIKE ''%1%'' AND birth_date > ''1980-03-01'' -- end"}')"#);
    assert_eq!(
        session.value("SELECT count(*) FROM dev.patients WHERE id NOT IN (SELECT guardian FROM dev.patients WHERE guardian IS NOT NULL)"),
        session.value("SELECT count(*) FROM clinic.patients p WHERE name LIKE '%1%' AND birth_date > '1980-03-01' AND NOT EXISTS (SELECT FROM clinic.patients q WHERE q.guardian = p.id AND q.name LIKE '%1%' AND q.birth_date > '1980-03-01')")
    );
}

fn conditions_cannot_write(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("CREATE TABLE public.log (v text); CREATE FUNCTION public.spy(v text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (v); RETURN true; END $$; CREATE FUNCTION public.open() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN SET transaction_read_only = off; RETURN true; END $$");
    session.refused(r#"SELECT synth_copy_masked('clinic', 'dev', subset => '{"patients": "public.spy(name)"}')"#, "25006", "read-only");
    session.refused(r#"SELECT synth_copy_masked('clinic', 'dev', subset => '{"patients": "public.open() AND public.spy(name)"}')"#, "25001", "read-write");
    session.run("INSERT INTO public.log VALUES ('still writable')");
}

fn the_plan_counts_the_rows(pg: &Postgres) {
    let mut session = clinic(pg);
    let counts = session.column(r#"SELECT copied_rows FROM synth_plan_copy('clinic', subset => '{"patients": "patients.id IN (20, 33)"}') WHERE note IS NULL"#);
    assert_eq!(counts, ["3", "3", "0"]);
    // Twice in one session, and nothing stays.
    session.run(r#"SELECT synth_plan_copy('clinic', subset => '{"patients": "true"}')"#);
    assert_eq!(
        session.value("SELECT count(*) FROM pg_class WHERE relname = 'synth_subset'"),
        "0"
    );
}

/// A reference that no foreign key declares finds what a foreign key would: by the equality of the
/// key's type, here of citext, and of numbers of different widths.
fn declared_references_compare_as_their_type_does(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE EXTENSION citext; CREATE SCHEMA c;
         CREATE TABLE c.people (email citext PRIMARY KEY, number bigint UNIQUE);
         CREATE TABLE c.visits (id int PRIMARY KEY, email citext, number int);
         INSERT INTO c.people VALUES ('Ann@real.org', 1), ('bob@real.org', 2), ('eve@real.org', 3);
         INSERT INTO c.visits VALUES (1, 'ANN@REAL.ORG', 2), (2, 'eve@real.org', 3);
         SELECT synth_reference('c.visits', '{email}', 'c.people', '{email}');
         SELECT synth_reference('c.visits', '{number}', 'c.people', '{number}')",
    );
    session.run(r#"SELECT synth_copy_masked('c', 'made', subset => '{"visits": "id = 1"}', undecided => 'copy')"#);
    assert_eq!(
        session.column("SELECT email FROM made.people ORDER BY number"),
        ["Ann@real.org", "bob@real.org"]
    );
}
