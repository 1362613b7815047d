//! What `synth_unmask` gives back under rules that hold for some rows, and inside documents.

use super::rule;
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    rules_with_a_condition,
    conditions_that_no_longer_say_it,
    documents,
];

fn rules_with_a_condition(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, \"Kind\" varchar(9), n int, tel text, day date, who int);
         INSERT INTO t VALUES (1, 'home', 5, '030 123', '2020-01-01', 1), (2, 'work', 50, '030 123', '2020-01-01', 1), (3, NULL, NULL, '030 123', '2020-01-01', 2);
         CREATE TABLE before AS TABLE t",
    );
    rule(&mut session, "t", "tel", "fpe WHEN \"Kind\" = 'home'");
    rule(
        &mut session,
        "t",
        "day",
        "date_shift(30, subject => 'who') WHEN n >= 50",
    );
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.column("SELECT id FROM t JOIN before USING (id, tel)"),
        ["2", "3"],
        "not what the condition says was masked"
    );
    assert_eq!(
        session.value(
            "SELECT count(*) FROM t JOIN before b USING (id)
             WHERE synth_unmask('t', 'tel', t.tel, companions => ARRAY[t.\"Kind\"::text]) = b.tel
               AND synth_unmask('t', 'day', t.day, companions => ARRAY[t.who::text, t.n::text]) = b.day"
        ),
        "3"
    );
    let error = session.refused(
        "SELECT synth_unmask('t', 'tel', tel) FROM t",
        "22023",
        "Kind",
    );
    assert!(error.hint.contains("companions"), "{error}");
    session.refused(
        "SELECT synth_unmask('t', 'day', day, companions => ARRAY['1']) FROM t",
        "22023",
        "column n",
    );
    session.refused(
        "SELECT synth_unmask('t', 'day', day, companions => ARRAY['1', 'many']) FROM t",
        "22P02",
        "many",
    );
}

fn conditions_that_no_longer_say_it(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (kind text, tel text, fax text, own text); INSERT INTO t VALUES ('home', '030 123', '030 456', '030 789'), (NULL, '030 123', '030 456', NULL); CREATE TABLE before AS TABLE t");
    rule(&mut session, "t", "kind", "hash");
    rule(&mut session, "t", "tel", "fpe WHEN kind = 'home'");
    rule(&mut session, "t", "fax", "fpe WHEN kind IS NOT NULL");
    rule(&mut session, "t", "own", "fpe WHEN own IS NOT NULL");
    session.run("SELECT synth_mask_table('t')");
    let error = session.refused(
        "SELECT synth_unmask('t', 'tel', tel, companions => ARRAY[kind]) FROM t",
        "0A000",
        "kind is masked too",
    );
    assert!(!error.hint.is_empty(), "{error}");
    // NULL stays NULL.
    assert_eq!(
        session.column("SELECT synth_unmask('t', 'fax', fax, companions => ARRAY[kind]) FROM t"),
        ["030 456", "030 456"]
    );
    assert_eq!(
        session.column("SELECT synth_unmask('t', 'own', own) FROM t"),
        ["030 789", "NULL"]
    );
    // Unless its rule makes values of NULLs.
    rule(&mut session, "t", "kind", "VALUE 'x'");
    session.refused(
        "SELECT synth_unmask('t', 'fax', fax, companions => ARRAY[kind]) FROM t",
        "0A000",
        "kind is masked too",
    );
}

fn documents(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r"CREATE TABLE t (id int, d jsonb); INSERT INTO t SELECT i, jsonb_build_object('tel', '+49 30 ' || i, 'n', jsonb_build_array(i, i + 1), 'note', 'kept') FROM generate_series(1, 100) i;
         CREATE TABLE before AS TABLE t",
    );
    rule(
        &mut session,
        "t",
        "d",
        "json_path('$.tel', 'fpe', '$.n[*]', 'permutation')",
    );
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.value("SELECT count(*) FROM t JOIN before USING (id, d)"),
        "0"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t JOIN before b USING (id) WHERE synth_unmask('t', 'd', t.d) = b.d AND t.d->>'note' = 'kept'"),
        "100"
    );
    rule(
        &mut session,
        "t",
        "d",
        "json_path('$.tel', 'fpe', '$.note', 'hash')",
    );
    let error = session.refused(
        "SELECT synth_unmask('t', 'd', d) FROM t",
        "0A000",
        "not reversible",
    );
    assert!(!error.hint.is_empty(), "{error}");
}
