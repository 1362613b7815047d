//! Masked partition keys: rows move to the partition of their new value.

use super::{mask, rule};
use crate::extension::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    rows_move_to_their_partition,
    rows_without_a_partition_are_refused
];

fn rows_move_to_their_partition(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, born date, name text, region text, year int GENERATED ALWAYS AS (length(name)) STORED) PARTITION BY LIST (region);
         CREATE TABLE real PARTITION OF t FOR VALUES IN ('Real east', 'Real west') PARTITION BY RANGE (id);
         CREATE TABLE real1 PARTITION OF real FOR VALUES FROM (0) TO (100);
         CREATE TABLE real2 (name text, gone int, region text, id int, born date, year int GENERATED ALWAYS AS (length(name)) STORED); ALTER TABLE real2 DROP gone;
         ALTER TABLE real ATTACH PARTITION real2 DEFAULT;
         CREATE TABLE masked (region text, name text, id int, born date, year int GENERATED ALWAYS AS (length(name)) STORED); ALTER TABLE t ATTACH PARTITION masked FOR VALUES IN ('masked');
         CREATE TABLE other PARTITION OF t DEFAULT;
         CREATE UNIQUE INDEX ON t (id, region); CREATE INDEX ON t (name);
         INSERT INTO t SELECT i, date '2000-01-01' + i, 'Real ' || i, CASE WHEN i % 3 = 0 THEN 'Real east' ELSE 'Real west' END FROM generate_series(1, 3000) i",
    );
    rule(&mut session, "t", "region", "MASKED WITH VALUE 'masked'");
    rule(&mut session, "t", "name", "MASKED WITH hash(20)");
    for part in ["real", "real1"] {
        session.refused(
            &format!("SELECT synth_mask_table('{part}')"),
            "0A000",
            "Mask public.t",
        );
    }
    assert_eq!(mask(&mut session, "t"), "3000");
    assert_eq!(
        session.rows("SELECT tableoid::regclass, count(*), count(DISTINCT id), count(DISTINCT name), min(year), count(*) FILTER (WHERE born = date '2000-01-01' + id) FROM t GROUP BY 1"),
        [row(&["masked", "3000", "3000", "3000", "20", "3000"])]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM masked WHERE name LIKE 'Real%' OR region <> 'masked'"),
        "0"
    );
    session.run("SET enable_seqscan = off");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE id = 77 AND region = 'masked'"),
        "1"
    );
    session.run("INSERT INTO t (id, region) VALUES (5, 'Real east')");
    assert_eq!(session.value("SELECT count(*) FROM real1"), "1");
    // A hash finds its partition by its value.
    session.run("CREATE TABLE h (k text, v int) PARTITION BY HASH (k); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO h SELECT 'Real ' || i, i FROM generate_series(1, 1000) i");
    rule(&mut session, "h", "k", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "h"), "1000");
    session.run("CREATE TABLE again (LIKE h) PARTITION BY HASH (k); CREATE TABLE again0 PARTITION OF again FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE again1 PARTITION OF again FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO again TABLE h");
    assert_eq!(
        session.value("SELECT count(*) FROM (TABLE h0 EXCEPT TABLE again0 UNION ALL TABLE h1 EXCEPT TABLE again1) x"),
        "0"
    );
}

fn rows_without_a_partition_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (k text) PARTITION BY LIST (k); CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('Real'); INSERT INTO t VALUES ('Real')");
    rule(&mut session, "t", "k", "MASKED WITH hash");
    let error = session.refused("SELECT synth_mask_table('t')", "23514", "no partition");
    assert!(error.detail.is_empty(), "{error}");
    assert_eq!(session.value("SELECT k FROM t1"), "Real");
}
