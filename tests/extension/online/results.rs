//! The result is that of `synth_mask_table`, and originals are gone.

use super::{nothing_left, phase, rule, same_rows};
use crate::extension::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    equals_the_rewrite,
    partitions_and_children,
    indexes_work_and_are_the_same,
    originals_are_gone,
];

const RULES: &[(&str, &str)] = &[
    ("name", "MASKED WITH full_name"),
    ("email", "MASKED WITH email"),
    ("born", "MASKED WITH date_shift(30)"),
    ("salary", "MASKED WITH generalize(1000)"),
    ("note", "MASKED WITH hash"),
];

fn equals_the_rewrite(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE DOMAIN mail AS text CHECK (VALUE LIKE '%@%');
         CREATE TABLE t (gone int, id bigint, name text NOT NULL, email mail, born date, salary int CHECK (salary >= 0),
            note text, loud text GENERATED ALWAYS AS (upper(name)) STORED, doc text, state char(2));
         ALTER TABLE t ALTER doc SET STORAGE external;
         INSERT INTO t (gone, id, name, email, born, salary, note, doc, state)
         SELECT i, i, 'Person ' || i, nullif('p' || i || '@real.org', 'p7@real.org'), date '1970-01-01' + i, i * 7,
            CASE WHEN i % 10 = 0 THEN repeat(md5(i::text), 200) ELSE 'note ' || i END,
            CASE WHEN i % 5 = 0 THEN repeat(md5(i::text), 100) END, 'NY'
         FROM generate_series(1, 3000) i;
         UPDATE t SET salary = salary + 1 WHERE id % 7 = 0;
         DELETE FROM t WHERE id % 11 = 0;
         ALTER TABLE t DROP COLUMN gone;
         ALTER TABLE t ADD late text DEFAULT 'same for all';
         ALTER TABLE t ADD PRIMARY KEY (id);
         CREATE UNIQUE INDEX ON t (email);
         CREATE TABLE copy (LIKE t INCLUDING ALL);
         INSERT INTO copy (id, name, email, born, salary, note, doc, state, late)
            SELECT id, name, email, born, salary, note, doc, state, late FROM t",
    );
    for table in ["t", "copy"] {
        for (column, masked) in RULES {
            rule(&mut session, table, column, masked);
        }
        rule(&mut session, table, "late", "MASKED WITH hash(20)");
    }
    session.run("SELECT synth_mask_table('copy')");
    session.run("CALL synth_mask_table_online('t', batch_rows => 250)");
    same_rows(&mut session, "t", "copy");
    assert_eq!(phase(&mut session, "t"), "done");
    nothing_left(&mut session);
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE name LIKE 'Person%'"),
        "0"
    );
    // And what the rewrite leaves as proof is there.
    assert_eq!(
        session.rows("SELECT place, object, column_name FROM synth_verify_masked('t') WHERE verdict = 'SURVIVING' AND place <> 'statistics'"),
        Vec::<crate::extension::session::Cells>::new()
    );
    assert_eq!(
        session.value(
            "SELECT count(*) FROM synth_verify_masked('t') WHERE place = 'rows' AND verdict = 'equal'"
        ),
        "1"
    );
    assert_eq!(
        session.value("SELECT jsonb_typeof(record::jsonb -> 'before') FROM synth.audit WHERE record LIKE '%mask_table_online%'"),
        "object"
    );
    // It is a table like any other afterwards.
    session.run(
        "INSERT INTO t (id, name, salary) VALUES (100000, 'New', 1); UPDATE t SET doc = repeat('x', 10000) WHERE id = 1;
         ALTER TABLE t ADD more text; DELETE FROM t WHERE id = 2; ANALYZE t",
    );
    session.run("VACUUM FULL t");
    session.run("VACUUM FREEZE t");
    session.refused(
        "INSERT INTO t (id, name) VALUES (100000, 'Again')",
        "23505",
        "t_pkey",
    );
    assert_eq!(
        session.value("SELECT c.relname = 'pg_toast_' || t.oid FROM pg_class t JOIN pg_class c ON c.oid = t.reltoastrelid WHERE t.relname = 't'"),
        "t"
    );
    // Empty, and without an index.
    session.run("CREATE TABLE e (v text)");
    rule(&mut session, "e", "v", "MASKED WITH hash");
    session.run("CALL synth_mask_table_online('e')");
    assert_eq!(session.value("SELECT count(*) FROM e"), "0");
}

fn partitions_and_children(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE p (id int, name text) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (500);
         CREATE TABLE p2 (name text, id int);
         ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (500) TO (1000);
         CREATE INDEX ON p (name);
         ALTER TABLE p ADD PRIMARY KEY (id);
         INSERT INTO p SELECT i, 'Name ' || i FROM generate_series(0, 999) i;
         CREATE TABLE copy AS SELECT * FROM p",
    );
    rule(&mut session, "p", "name", "MASKED WITH hash(20)");
    rule(&mut session, "copy", "name", "MASKED WITH hash(20)");
    session.run("SELECT synth_mask_table('copy')");
    session.run("CALL synth_mask_table_online('p', 100)");
    same_rows(&mut session, "p", "copy");
    nothing_left(&mut session);
    assert_eq!(
        session.rows("SELECT table_name, phase FROM synth.progress ORDER BY 1"),
        [row(&["p1", "done"]), row(&["p2", "done"])]
    );
    session.run("INSERT INTO p VALUES (1, 'x') ON CONFLICT DO NOTHING");
}

fn indexes_work_and_are_the_same(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text, b int, r int4range, EXCLUDE USING gist (r WITH &&),
            CONSTRAINT later UNIQUE (a) DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO t SELECT i, 'Value ' || i, i, int4range(i * 10, i * 10 + 5) FROM generate_series(1, 2000) i;
         CREATE INDEX partial_index ON t (b) WHERE b % 2 = 0;
         CREATE INDEX expression_index ON t (lower(a), b DESC) INCLUDE (id);
         CREATE INDEX brin_index ON t USING brin (b);
         CREATE INDEX hash_index ON t USING hash (a);
         CREATE INDEX gin_index ON t USING gin (string_to_array(a, ' ')) WITH (fastupdate = off);
         CLUSTER t USING t_pkey",
    );
    rule(&mut session, "t", "a", "MASKED WITH hash(20)");
    let described = "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisprimary, indisclustered, indisvalid FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1";
    let before = session.rows(described);
    session.run("CALL synth_mask_table_online('t', 300)");
    assert_eq!(session.rows(described), before, "an index was changed");
    session.run("SET enable_seqscan = off; CREATE EXTENSION IF NOT EXISTS amcheck");
    for index in ["t_pkey", "expression_index", "partial_index", "later"] {
        session.run(&format!("SELECT bt_index_check('{index}', true)"));
    }
    let value = session.value("SELECT a FROM t WHERE id = 77");
    for condition in [
        format!("a = '{value}'"),
        format!("lower(a) = '{value}'"),
        format!("string_to_array(a, ' ') @> ARRAY['{value}']"),
        "b BETWEEN 77 AND 77".to_owned(),
        "r && '[771,772)'".to_owned(),
    ] {
        assert_eq!(
            session.value(&format!("SELECT id FROM t WHERE {condition}")),
            "77",
            "{condition}"
        );
    }
    session.refused(
        "INSERT INTO t VALUES (5000, 'x', 1, '[771,772)')",
        "23P01",
        "exclusion constraint",
    );
}

fn originals_are_gone(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, name text, note text);
         ALTER TABLE t ALTER note SET STORAGE external;
         CREATE INDEX ON t (name);
         CREATE INDEX ON t (upper(name));
         CREATE STATISTICS st (mcv) ON name, note FROM t;
         INSERT INTO t SELECT i, 'ORIGINALNAME' || i % 7, repeat('ORIGINALNOTE' || i, 400) FROM generate_series(1, 500) i;
         CREATE MATERIALIZED VIEW m AS SELECT name FROM t;
         ANALYZE t, m; CHECKPOINT",
    );
    let directory = session.value("SHOW data_directory");
    let files = "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relnamespace <> 'pg_catalog'::regnamespace AND relfilenode <> 0";
    let holding = |paths: Vec<String>| {
        paths
            .into_iter()
            .filter(|path| {
                let bytes = std::fs::read(format!("{directory}/{path}")).unwrap_or_default();
                bytes.windows(8).any(|window| window == b"ORIGINAL")
            })
            .count()
    };
    let old = session.column(files);
    assert!(holding(old.clone()) >= 4, "this test would find nothing");
    rule(&mut session, "t", "name", "MASKED WITH hash");
    rule(&mut session, "t", "note", "MASKED WITH hash");
    session.run("CALL synth_mask_table_online('t', 100)");
    session.run("CHECKPOINT");
    assert_eq!(holding(old), 0, "originals are in files left over");
    let now = session.column(files);
    assert_eq!(holding(now), 0, "originals are in the files in use");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM (SELECT s::text FROM pg_statistic s WHERE starelid >= 16384
             UNION ALL SELECT d::text FROM pg_statistic_ext_data d) AS x (t) WHERE t ~ 'ORIGINAL'"
        ),
        "0",
        "originals are in the planner's statistics"
    );
    assert_eq!(
        session.value("SELECT count(*) > 0 FROM pg_stats WHERE tablename = 't' AND attname = 'name' AND most_common_vals IS NOT NULL"),
        "t",
        "the planner knows nothing of the masked rows"
    );
    assert_eq!(
        session.value(
            "SELECT count(*) FROM m JOIN t USING (name) WHERE length(m.name) = 64 AND t.id = 1"
        ),
        session.value("SELECT count(*) FROM t WHERE name = (SELECT name FROM t WHERE id = 1)")
    );
}
