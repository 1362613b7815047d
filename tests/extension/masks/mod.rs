//! What masks do to columns of each kind: companions, conditions, functions, shuffling, arrays, JSON.

pub mod reversing;

use super::{Session, database, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    intervals_survive_by_subject,
    conditions_choose_rows,
    arrays_are_masked_by_element,
    documents_keep_what_no_path_finds,
    other_types,
    keys_stay_unique_and_agree_across_types,
    shuffling_keeps_the_marginal,
    only_trusted_functions_are_called,
    what_a_rule_reads_must_be_there,
    the_registry_says_what_can_be_undone,
];

fn rule(session: &mut Session, table: &str, column: &str, rule: &str) {
    let rule = rule.replace('\'', "''");
    session.run(&format!(
        "SELECT synth_set_rule('{table}', '{column}', 'MASKED WITH {rule}')"
    ));
}

fn intervals_survive_by_subject(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE visit (id int, patient_id int, day date, at timestamptz, days date[]);
         INSERT INTO visit SELECT i, i % 50, date '2020-01-01' + i, timestamptz '2020-01-01 10:30+00' + i * interval '1 day', ARRAY[date '2020-01-01' + i, NULL, 'infinity'] FROM generate_series(1, 3000) i;
         INSERT INTO visit VALUES (3001, NULL, '2020-01-01', NULL, '{}');
         CREATE TABLE lab (patient_id bigint, day date);
         INSERT INTO lab SELECT patient_id, day FROM visit;
         CREATE TABLE original AS TABLE visit",
    );
    for (table, column) in [
        ("visit", "day"),
        ("visit", "at"),
        ("visit", "days"),
        ("lab", "day"),
    ] {
        rule(
            &mut session,
            table,
            column,
            "date_shift(300, subject => 'patient_id')",
        );
    }
    // The subject itself is masked in the same pass: shifts follow who it was.
    rule(&mut session, "visit", "patient_id", "permutation");
    session.run("SELECT synth_mask_table('visit'), synth_mask_table('lab')");
    assert_eq!(
        session.rows(
            "SELECT count(DISTINCT o.patient_id), count(DISTINCT v.patient_id), max(shifts), bool_and(agree), bool_and(moved)
             FROM (SELECT id, day - (SELECT day FROM original WHERE original.id = visit.id) AS shift, at::date - day AS agree_at, days[1] - day AS agree_days, patient_id FROM visit WHERE patient_id IS NOT NULL) v
             JOIN original o USING (id),
             LATERAL (SELECT agree_at = 0 AND agree_days = 0 AS agree, shift BETWEEN -300 AND 300 AND shift <> 0 AS moved) c,
             LATERAL (SELECT count(DISTINCT w.day - p.day) AS shifts FROM visit w JOIN original p USING (id) WHERE p.patient_id = o.patient_id) s"
        ),
        [row(&["50", "50", "1", "t", "t"])],
        "dates of one patient moved by different days"
    );
    // Another table with the subject as another type: the same shift.
    assert_eq!(
        session.value("SELECT count(*) FROM lab l WHERE patient_id IS NOT NULL AND NOT EXISTS (SELECT FROM visit v JOIN original o USING (id) WHERE o.patient_id = l.patient_id AND v.day = l.day)"),
        "0"
    );
    assert_eq!(
        session.value("SELECT days[2] IS NULL AND days[3] = 'infinity' FROM visit WHERE id = 1"),
        "t"
    );
}

fn conditions_choose_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE DOMAIN land AS text;
         CREATE TABLE t (id int, country land, n numeric, \"Odd Name\" varchar(10), a text, b text, c text, d text, e text, f text);
         INSERT INTO t SELECT i, (ARRAY['DE', 'FR', NULL])[i % 3 + 1], i, 'x', 'a' || i, 'b', 'c', 'd', 'e', 'f' FROM generate_series(0, 8) i",
    );
    for (column, condition) in [
        ("country", "VALUE 'XX' WHEN country = 'FR'"),
        ("a", "hash WHEN country = 'DE'"),
        ("b", "VALUE 'none' WHEN n >= 7.0"),
        ("c", "null WHEN country IS NULL"),
        ("d", "hash(20) WHEN \"Odd Name\" <> 'x'"),
        ("e", "hash(20) WHEN id <> 4"),
        ("f", "VALUE 'known' WHEN country IS NOT NULL"),
    ] {
        rule(&mut session, "t", column, condition);
    }
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session
            .rows("SELECT country, a = 'a' || id, b, c, d, e = 'e', f FROM t ORDER BY id LIMIT 3"),
        [
            row(&["DE", "f", "b", "c", "d", "f", "known"]),
            row(&["XX", "t", "b", "c", "d", "f", "known"]),
            super::session::Cells::from(
                [
                    None,
                    Some("t"),
                    Some("b"),
                    None,
                    Some("d"),
                    Some("f"),
                    Some("f")
                ]
                .map(|c| c.map(str::to_owned))
            ),
        ],
        "conditions see the row before it is masked"
    );
    assert_eq!(
        session.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM t WHERE b = 'none'"),
        "7,8"
    );
    assert_eq!(session.value("SELECT id FROM t WHERE e = 'e'"), "4");
    // A conditional mask does not keep keys apart.
    session.run("CREATE TABLE u (k text PRIMARY KEY, c text); INSERT INTO u VALUES ('x', 'y')");
    rule(&mut session, "u", "k", "hash WHEN c = 'y'");
    session.refused("SELECT synth_mask_table('u')", "55000", "equal values");
    for (rule, code, says) in [
        (
            "MASKED WITH hash WHEN nothing = 1",
            "42703",
            "reads column \"nothing\"",
        ),
        (
            "MASKED WITH hash WHEN n = 'abc'",
            "22P02",
            "invalid input syntax",
        ),
        ("MASKED WITH hash WHEN n = NULL", "42601", "IS NULL"),
        (
            "MASKED WITH hash WHEN (SELECT true)",
            "42601",
            "name of a column",
        ),
    ] {
        let rule = rule.replace('\'', "''");
        session.refused(
            &format!("SELECT synth_set_rule('t', 'a', '{rule}')"),
            code,
            says,
        );
    }
}

fn arrays_are_masked_by_element(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, emails text[], codes varchar(12)[], n int[], m numeric(8,2)[], padded char(24)[]);
         INSERT INTO t VALUES
            (1, '{a@x.test,NULL,b@x.test}', '{123456}', '[2:3]={17,25}', '{17.25}', '{ab}'),
            (2, '{{a@x.test,q},{r,s}}', '{}', NULL, '{}', NULL), (3, NULL, NULL, '{}', NULL, NULL)",
    );
    for (column, mask) in [
        ("emails", "email"),
        ("codes", "fpe"),
        ("n", "generalize(10)"),
        ("m", "generalize(0.5)"),
        ("padded", "hash(20)"),
    ] {
        rule(&mut session, "t", column, mask);
    }
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.rows("SELECT array_length(emails, 1), emails[2] IS NULL, emails[1] ~ '@example.com$', length(codes[1]), codes[1] <> '123456', n::text, m::text, length(rtrim(padded[1])) FROM t WHERE id = 1"),
        [row(&["3", "t", "t", "6", "t", "[2:3]={10,20}", "{17.00}", "20"])]
    );
    assert_eq!(
        session.rows("SELECT array_dims(emails), emails[1][1] = (SELECT emails[1] FROM t WHERE id = 1), codes::text, n IS NULL FROM t WHERE id = 2"),
        [row(&["[1:2][1:2]", "t", "{}", "t"])]
    );
    assert_eq!(
        session.value("SELECT (synth_mask('generalize', ARRAY[17, 25], '10'))::text"),
        "{10,20}"
    );
}

fn documents_keep_what_no_path_finds(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r#"CREATE TABLE t (j jsonb, k json, l jsonb[]);
           INSERT INTO t VALUES ('{"contact": [{"email": "a@real.test", "n": 12345678901234567890.50}, {"email": null}], "age": 37, "keep": "Original"}',
                                 '{ "b" : 1.0, "a": "secret", "b": 2 }', ARRAY['{"x": "real"}'::jsonb])"#,
    );
    rule(
        &mut session,
        "t",
        "j",
        "json_path('$.contact[*].email', 'email', '$.age', 'generalize(10)')",
    );
    rule(&mut session, "t", "k", "json_path('$.a', 'value ''gone''')");
    rule(&mut session, "t", "l", "json_path('$..x', 'partial(1)')");
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.rows("SELECT j #>> '{contact,0,email}' LIKE '%@example.com', j #>> '{contact,0,n}', j #> '{contact,1,email}', j ->> 'age', j ->> 'keep', k::text, l[1]::text FROM t"),
        [row(&["t", "12345678901234567890.50", "null", "30", "Original", r#"{ "b" : 1.0, "a": "gone", "b": 2 }"#, r#"{"x": "r****"}"#])]
    );
    session.refused(
        "SELECT synth_set_rule('t', 'j', 'MASKED WITH json_path(''$.a'', ''emial'')')",
        "42704",
        "unknown mask",
    );
}

fn other_types(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r"CREATE TYPE mood AS ENUM ('good', 'bad', 'so so');
           CREATE TABLE t (n numeric(10,2), p numeric, b bytea, h bytea, i inet, c cidr, m mood, o boolean, tm time, ts timestamp, note text, id text);
           INSERT INTO t VALUES (1234.56, 98765.5, '\xDEADBEEF', '\xDEADBEEF', '192.0.2.77', '198.51.100.0/24', 'good', true, '12:34:56', '2021-05-06 07:08:09',
              'Mary Johnson, mary@corp.test, called from (212) 555-0187', '123456789')",
    );
    for (column, mask) in [
        ("n", "noise(ratio => 0.1)"),
        ("p", "permutation"),
        ("b", "placeholder('png')"),
        ("h", "hash"),
        ("i", "generalize(24)"),
        ("c", "generalize(16)"),
        ("m", r#"pseudonym('weighted', '{"list": {"bad": 1}}')"#),
        ("o", "pseudonym('boolean', '{\"percent\": 0}')"),
        ("tm", "generalize('hour')"),
        ("ts", "generalize('quarter')"),
        ("note", "redact"),
        ("id", "ssn"),
    ] {
        rule(&mut session, "t", column, mask);
    }
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.rows("SELECT n BETWEEN 1111 AND 1358 AND n <> 1234.56, p BETWEEN 10000 AND 99999.9 AND p <> 98765.5, encode(substr(b, 2, 3), 'escape'), length(h), i, c, m, o, tm, ts, note, id ~ '^9[0-9]{8}$' FROM t"),
        [row(&["t", "t", "PNG", "32", "192.0.2.0/24", "198.51.0.0/16", "bad", "f", "12:00:00", "2021-04-01 00:00:00", "[NAME], [EMAIL], called from [PHONE]", "t"])]
    );
}

fn keys_stay_unique_and_agree_across_types(pg: &Postgres) {
    let mut session = fresh(pg);
    let other = database(pg);
    session.run(
        "CREATE TABLE t (i int PRIMARY KEY, b bigint UNIQUE, u uuid UNIQUE, code text UNIQUE, card text UNIQUE, e varchar(80) UNIQUE);
         INSERT INTO t SELECT i, i, gen_random_uuid(), lpad(i::text, 9, '0'), '411111' || lpad(i::text, 10, '0'), i || '@x.test' FROM generate_series(1, 20000) i;
         CREATE TABLE original AS TABLE t",
    );
    for (column, mask) in [
        ("i", "permutation"),
        ("b", "permutation"),
        ("u", "permutation"),
        ("code", "fpe"),
        ("card", "card_number(keep_bin => true)"),
        ("e", "email(keep_domain => true, names => false)"),
    ] {
        rule(&mut session, "t", column, mask);
    }
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.rows("SELECT count(*), bool_and(i = b), bool_and(code ~ '^[0-9]{9}$'), bool_and(card LIKE '411111%'), bool_and(e LIKE '%@x.test'), count(*) FILTER (WHERE u IN (SELECT u FROM original)), bool_and(substr(u::text, 15, 1) = '4') FROM t"),
        [row(&["20000", "t", "t", "t", "t", "0", "t"])]
    );
    // Another database that shares the secret gives the same.
    let secret = session.value("SELECT encode(key, 'hex') FROM synth.secret");
    let mut there = Session::open(pg, &other);
    there.run(&format!(
        "UPDATE synth.secret SET key = decode('{secret}', 'hex')"
    ));
    assert_eq!(
        there.value("SELECT synth_mask('permutation', 1::bigint)"),
        session.value("SELECT synth_mask('permutation', 1::smallint)")
    );
}

fn shuffling_keeps_the_marginal(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "SET work_mem = '64kB';
         CREATE TABLE t (id int PRIMARY KEY, v text, g text, x point);
         INSERT INTO t SELECT i, CASE WHEN i % 10 > 0 THEN repeat('v' || i, 20) END, 'g' || i % 3, point(i, i) FROM generate_series(1, 20000) i;
         CREATE TABLE original AS TABLE t",
    );
    rule(&mut session, "t", "v", "shuffle");
    rule(&mut session, "t", "x", "shuffle");
    rule(&mut session, "t", "g", "shuffle WHEN g <> 'g0'");
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.rows(
            "SELECT (SELECT count(*) FROM (SELECT v FROM t EXCEPT ALL SELECT v FROM original) q),
                    (SELECT count(*) FROM (SELECT x::text FROM t EXCEPT ALL SELECT x::text FROM original) q),
                    (SELECT count(*) FROM (SELECT g FROM t EXCEPT ALL SELECT g FROM original) q),
                    count(*) FILTER (WHERE (t.v IS NULL) <> (o.v IS NULL)),
                    count(*) FILTER (WHERE t.v = o.v) < 20, count(*) FILTER (WHERE (t.g = 'g0') <> (o.g = 'g0'))
             FROM t JOIN original o USING (id)"
        ),
        [row(&["0", "0", "0", "0", "t", "0"])]
    );
}

fn only_trusted_functions_are_called(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA \"My Masks\";
         CREATE FUNCTION \"My Masks\".tail(value text, keep int, fill text) RETURNS text LANGUAGE sql IMMUTABLE RETURN pg_catalog.concat(fill, pg_catalog.right(value, keep));
         CREATE FUNCTION \"My Masks\".who(value text) RETURNS text LANGUAGE sql STABLE RETURN CURRENT_USER;
         CREATE ROLE m_owner; CREATE TABLE t (a varchar(20), w text, n int);
         INSERT INTO t VALUES ('4711', 'x', 1), (NULL, NULL, NULL); ALTER TABLE t OWNER TO m_owner; GRANT USAGE ON SCHEMA \"My Masks\" TO m_owner",
    );
    let set = "SELECT synth_set_rule('t', 'a', 'MASKED WITH FUNCTION \"My Masks\".tail(2, ''#'')')";
    // A warning only, since dumps restore rules first; masking refuses.
    session.run(set);
    session.refused(
        "SELECT synth_mask_table('t')",
        "42883",
        "no trusted function",
    );
    session.run("SELECT synth_trust_function('\"My Masks\".tail(text,int,text)'), synth_trust_function('\"My Masks\".who(text)')");
    session.run("SELECT synth_set_rule('t', 'w', 'MASKED WITH FUNCTION \"My Masks\".who')");
    session.run("SELECT synth_set_rule('t', 'n', 'MASKED WITH FUNCTION \"My Masks\".who')");
    session.refused("SELECT synth_mask_table('t')", "42883", "value integer");
    session.run("SELECT synth_drop_rule('t', 'n'), synth_mask_table('t')");
    assert_eq!(
        session.rows("SELECT a, w FROM t WHERE a IS NOT NULL"),
        [row(&["#11", "m_owner"])],
        "functions run as the owner of the table"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE a IS NULL AND w IS NULL"),
        "1"
    );
    // Another text of the function is another function.
    session.run("CREATE OR REPLACE FUNCTION \"My Masks\".tail(value text, keep int, fill text) RETURNS text LANGUAGE sql IMMUTABLE RETURN value");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55000",
        "has changed since it was trusted",
    );
    assert_eq!(
        session
            .value("SELECT problem LIKE '%has changed%' FROM synth.rules WHERE column_name = 'a'"),
        "t"
    );
    session.run("SELECT synth_distrust_function('\"My Masks\".tail(text,int,text)')");
    session.refused(
        "SELECT synth_mask_table('t')",
        "42883",
        "no trusted function",
    );
    session.run("SET ROLE m_owner");
    session.refused(
        "SELECT synth_trust_function('\"My Masks\".who(text)')",
        "42501",
        "permission denied",
    );
    session.run("RESET ROLE; DROP OWNED BY m_owner; DROP ROLE m_owner");
}

fn what_a_rule_reads_must_be_there(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (d date, s int, g int GENERATED ALWAYS AS (s + 1) STORED)");
    for (subject, code) in [
        ("nobody", "42703"),
        ("S", "42703"),
        ("g", "0A000"),
        ("d", "22023"),
    ] {
        session.refused(
            &format!("SELECT synth_set_rule('t', 'd', 'MASKED WITH date_shift(subject => ''{subject}'')')"),
            code,
            subject,
        );
    }
    rule(&mut session, "t", "d", "date_shift(subject => 's')");
    session.run("ALTER TABLE t RENAME s TO other");
    assert_eq!(
        session.value("SELECT problem LIKE '%reads column \"s\"%' FROM synth.rules"),
        "t"
    );
    session.refused("SELECT synth_mask_table('t')", "42703", "reads column");
}

fn the_registry_says_what_can_be_undone(pg: &Postgres) {
    let mut session = fresh(pg);
    assert_eq!(
        session.column(
            "SELECT name FROM synth.registry WHERE kind = 'mask' AND reversible ORDER BY name"
        ),
        ["fpe", "permutation"]
    );
    assert_eq!(
        session.value("SELECT bool_and(type_preserving) AND count(*) >= 30 FROM synth.registry WHERE kind = 'mask'"),
        "t"
    );
}
