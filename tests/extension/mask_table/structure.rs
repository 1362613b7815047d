//! What hangs on a table holds afterwards: indexes, generated columns, partitions, inheritance.

use super::{mask, rule};
use crate::extension::session::Cells;
use crate::extension::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    generated_columns_and_defaults,
    indexes_are_valid_afterwards,
    partitions,
    inheritance,
];

fn generated_columns_and_defaults(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, name text DEFAULT 'nobody',
            shown text GENERATED ALWAYS AS (upper(name)) STORED, len int GENERATED ALWAYS AS (length(name) + id) STORED);
         INSERT INTO t (name) SELECT 'Original ' || i FROM generate_series(1, 2000) i;
         DELETE FROM t WHERE id <= 3; ALTER TABLE t ADD later int DEFAULT 5",
    );
    rule(&mut session, "t", "name", "MASKED WITH full_name");
    assert_eq!(mask(&mut session, "t"), "1997");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE shown = upper(name) AND len = length(name) + id AND later = 5 AND s = id"),
        "1997"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE shown LIKE 'ORIGINAL%'"),
        "0"
    );
    session.run("INSERT INTO t DEFAULT VALUES");
    assert_eq!(
        session.rows("SELECT id, s, name, shown, later FROM t WHERE id > 2000"),
        [row(&["2001", "2001", "nobody", "NOBODY", "5"])]
    );
    // A rule may be put on an identity column only as far as it fits; on a generated one never.
    session.refused(
        "SELECT synth_set_rule('t', 'shown', 'MASKED WITH null')",
        "42809",
        "is generated",
    );
}

fn indexes_are_valid_afterwards(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE EXTENSION amcheck; CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gist;
         CREATE TABLE t (id int PRIMARY KEY, email text UNIQUE, name varchar(60), born date, span int4range,
            EXCLUDE USING gist (span WITH &&, email WITH =));
         INSERT INTO t SELECT i, 'p' || i || '@real.org', 'Name ' || i % 100, date '1950-01-01' + i, int4range(i, i + 5) FROM generate_series(1, 5000) i;
         CREATE INDEX by_name ON t (name); CREATE INDEX by_lower ON t (lower(name) text_pattern_ops);
         CREATE INDEX by_born ON t (born DESC) INCLUDE (name); CREATE INDEX young ON t (name) WHERE born > '1960-01-01';
         CREATE INDEX grams ON t USING gin (name gin_trgm_ops); CREATE INDEX hashed ON t USING hash (name);
         CREATE INDEX blocks ON t USING brin (born); CREATE INDEX dups ON t USING gist (name gist_trgm_ops);
         CREATE INDEX spaced ON t USING spgist (name); CLUSTER t USING by_name; ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey",
    );
    rule(&mut session, "t", "email", "MASKED WITH email");
    rule(&mut session, "t", "name", "MASKED WITH full_name");
    rule(&mut session, "t", "born", "MASKED WITH date_shift");
    assert_eq!(mask(&mut session, "t"), "5000");
    session.run(
        "SELECT bt_index_parent_check(c.oid, true, true) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
         WHERE indrelid = 't'::regclass AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')",
    );
    assert_eq!(
        session.rows("SELECT * FROM verify_heapam('t', check_toast => true)"),
        Vec::<Cells>::new()
    );
    assert_eq!(session.value("SELECT bool_and(indisvalid AND indisready) FROM pg_index WHERE indrelid = 't'::regclass"), "t");
    let someone = session
        .rows("SELECT email, name, born FROM t WHERE id = 77")
        .remove(0);
    let [email, name, born] = [0, 1, 2].map(|i| someone[i].clone().unwrap().replace('\'', "''"));
    for condition in [
        format!("email = '{email}'"),
        format!("name = '{name}'"),
        format!("lower(name) LIKE lower('{name}')"),
        format!("name ILIKE '%{name}%'"),
        format!("born = '{born}'"),
        format!("born BETWEEN date '{born}' - 9 AND date '{born}' + 9"),
        format!("name = '{name}' AND born > '1960-01-01'"),
        "name LIKE '%Name %'".to_owned(),
        "email LIKE 'p%real.org'".to_owned(),
        "span && int4range(100, 110)".to_owned(),
    ] {
        let mut answers = Vec::new();
        for (sequential, index) in [("on", "off"), ("off", "on")] {
            session.run(&format!(
                "SET enable_seqscan = {sequential}; SET enable_indexscan = {index}; SET enable_bitmapscan = {index}; SET enable_indexonlyscan = {index}"
            ));
            answers
                .push(session.column(&format!("SELECT id FROM t WHERE {condition} ORDER BY id")));
        }
        assert_eq!(
            answers[0], answers[1],
            "an index disagrees with the table: {condition}"
        );
    }
    assert_eq!(
        session.value("SELECT relreplident FROM pg_class WHERE relname = 't'"),
        "i"
    );
    session.refused(
        "INSERT INTO t (id, email) SELECT 0, email FROM t WHERE id = 5",
        "23505",
        "t_email_key",
    );
    session.run("VACUUM t");
}

fn partitions(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, name text, region text) PARTITION BY LIST (region);
         CREATE TABLE east PARTITION OF t FOR VALUES IN ('e') PARTITION BY RANGE (id);
         CREATE TABLE east1 PARTITION OF east FOR VALUES FROM (0) TO (100);
         CREATE TABLE east2 (name text, extra int, region text, id int);
         ALTER TABLE east2 DROP extra; ALTER TABLE east ATTACH PARTITION east2 FOR VALUES FROM (100) TO (200);
         CREATE TABLE rest PARTITION OF t DEFAULT; CREATE INDEX ON t (name); CREATE TABLE empty PARTITION OF t FOR VALUES IN ('z');
         INSERT INTO t SELECT i, 'Original ' || i, CASE WHEN i % 2 = 0 THEN 'e' ELSE 'w' END FROM generate_series(0, 199) i; ANALYZE t",
    );
    rule(&mut session, "t", "name", "MASKED WITH hash");
    // One partition alone, by the rule of the root.
    assert_eq!(mask(&mut session, "east2"), "50");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE name LIKE 'Original%'"),
        "150"
    );
    assert_eq!(mask(&mut session, "t"), "200");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM pg_stats WHERE tablename = 't' AND histogram_bounds::text LIKE '%Original%'"
        ),
        "0",
        "the root's statistics hold the partitions' values"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE name LIKE 'Original%'"),
        "0"
    );
    assert_eq!(session.value("SELECT count(DISTINCT id) FROM t WHERE length(name) = 64 AND (region = 'e') = (id % 2 = 0)"), "200");
    // A rule on a partition holds for the tree; another one is refused, the same is not.
    rule(&mut session, "rest", "name", "MASKED WITH first_name");
    for table in ["t", "rest", "east1"] {
        let error = session.refused(
            &format!("SELECT synth_mask_table('{table}')"),
            "42P17",
            "two masking rules",
        );
        assert!(
            error.detail.contains("hash") && error.detail.contains("first_name"),
            "{error}"
        );
    }
    rule(&mut session, "rest", "name", "masked  with HASH");
    assert_eq!(mask(&mut session, "t"), "200");
    session.run("SELECT synth_drop_rule('t', 'name')");
    assert_eq!(mask(&mut session, "t"), "200");
    session.run("SELECT synth_drop_rule('rest', 'name')");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55000",
        "has no masking rule",
    );
    // Keys decide where a row lies.
    rule(&mut session, "t", "region", "MASKED WITH hash");
    session.refused("SELECT synth_mask_table('east')", "0A000", "partition key");
    session.run("SELECT synth_drop_rule('t', 'region')");
    rule(&mut session, "east1", "id", "MASKED WITH generalize(10)");
    for table in ["east", "east1"] {
        session.refused(
            &format!("SELECT synth_mask_table('{table}')"),
            "0A000",
            "partition key",
        );
    }
    session.run("CREATE TABLE x (d text, n text) PARTITION BY RANGE (lower(d)); CREATE TABLE x1 PARTITION OF x DEFAULT");
    rule(&mut session, "x", "d", "MASKED WITH hash");
    session.refused("SELECT synth_mask_table('x1')", "0A000", "partition key");
    // A partition that is elsewhere.
    session.run(
        "CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
         CREATE TABLE y (id int, n text) PARTITION BY LIST (id); CREATE FOREIGN TABLE y1 PARTITION OF y FOR VALUES IN (1) SERVER s",
    );
    rule(&mut session, "y", "n", "MASKED WITH hash");
    session.refused("SELECT synth_mask_table('y')", "42809", "foreign table");
}

fn inheritance(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (id int, name text); CREATE TABLE place (city text);
         CREATE TABLE patient (ward int) INHERITS (person); CREATE TABLE guest (room int) INHERITS (person, place);
         CREATE TABLE baby (weight int) INHERITS (patient, guest);
         INSERT INTO person VALUES (1, 'Real One'); INSERT INTO patient VALUES (2, 'Real Two', 7);
         INSERT INTO guest VALUES (3, 'Real Three', 'Real City', 8); INSERT INTO baby VALUES (4, 'Real Four', 1, 'Real City', 2, 3)",
    );
    rule(&mut session, "person", "name", "MASKED WITH first_name");
    rule(&mut session, "place", "city", "MASKED WITH partial(0)");
    assert_eq!(mask(&mut session, "person"), "4");
    assert_eq!(
        session.value("SELECT count(*) FROM person WHERE name LIKE 'Real%'"),
        "0"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM place WHERE city = '****'"),
        "2"
    );
    assert_eq!(
        session.rows("SELECT id, ward, room, weight FROM baby"),
        [row(&["4", "1", "2", "3"])]
    );
    // Columns that happen to share a name are not one column.
    session.run(
        "CREATE TABLE event (id int); CREATE TABLE login (note text) INHERITS (event); CREATE TABLE orders (note text) INHERITS (event);
         INSERT INTO login VALUES (1, 'mask me'); INSERT INTO orders VALUES (2, 'keep me')",
    );
    rule(&mut session, "login", "note", "MASKED WITH hash");
    assert_eq!(
        mask(&mut session, "event"),
        "1",
        "rows of tables that have a rule"
    );
    assert_eq!(
        session.value("SELECT note FROM orders"),
        "keep me",
        "a column without a rule was masked"
    );
    assert_eq!(session.value("SELECT length(note) FROM login"), "64");
    rule(&mut session, "orders", "note", "NOT MASKED");
    assert_eq!(mask(&mut session, "event"), "1");
    session.refused(
        "SELECT synth_mask_table('orders')",
        "55000",
        "no masking rule",
    );
}
