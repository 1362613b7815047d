//! Originals are gone: from disk, statistics, dependents and messages.

use std::path::PathBuf;

use super::{mask, rule};
use crate::extension::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    errors_leave_the_table_and_show_no_value,
    originals_are_gone_from_disk_and_statistics,
    dependents_are_refreshed,
    large_values,
];

fn errors_leave_the_table_and_show_no_value(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE DOMAIN real_mail AS text CHECK (VALUE LIKE '%@real.org')");
    for (name, definition, code) in [
        (
            "checked",
            "CREATE TABLE checked (id int, secret text CHECK (secret LIKE '%@real.org'), other text)",
            "23514",
        ),
        (
            "domained",
            "CREATE TABLE domained (id int, secret real_mail, other text)",
            "23514",
        ),
        (
            "distinct_pairs",
            "CREATE TABLE distinct_pairs (id int, secret text, other text, UNIQUE (other, secret))",
            "23505",
        ),
        (
            "lowered",
            "CREATE TABLE lowered (id int, secret text, other text); CREATE UNIQUE INDEX ON lowered (lower(secret))",
            "23505",
        ),
        (
            "computed",
            "CREATE TABLE computed (id int, secret text, other text, n int GENERATED ALWAYS AS (1 / (position('@real.org' in secret))) STORED)",
            "22012",
        ),
        (
            "excluded",
            "CREATE TABLE excluded (id int, secret text, other text, EXCLUDE USING btree (secret WITH =))",
            "23P01",
        ),
    ] {
        session.run(definition);
        session.run(&format!(
            "INSERT INTO {name} (id, secret, other)
             SELECT i, 'jane.roe' || i || '@real.org', 'confidential' FROM generate_series(1, 3000) i"
        ));
        rule(&mut session, name, "secret", "MASKED WITH partial(0, 'x')");
        let before = session.rows(&format!("SELECT ctid, * FROM {name}"));
        let file = session.value(&format!("SELECT pg_relation_filepath('{name}')"));
        let error = session.refused(&format!("SELECT synth_mask_table('{name}')"), code, "");
        let text = error.to_string();
        for value in ["jane.roe", "@real.org,", "confidential"] {
            assert!(
                !text.contains(value),
                "a real value is shown to whoever reads the log:\n{text}"
            );
        }
        assert_eq!(
            session.rows(&format!("SELECT ctid, * FROM {name}")),
            before,
            "{name} changed"
        );
        assert_eq!(
            session.value(&format!("SELECT pg_relation_filepath('{name}')")),
            file
        );
    }
    // Half of a partitioned table is masked when the other half fails: none stays so.
    session.run(
        "CREATE TABLE parts (id int, secret text) PARTITION BY RANGE (id);
         CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
         CREATE TABLE part2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
         ALTER TABLE part2 ADD CHECK (secret LIKE 'real%');
         INSERT INTO parts SELECT i, 'real' || i FROM generate_series(0, 19) i",
    );
    rule(&mut session, "parts", "secret", "MASKED WITH hash");
    let before = session.rows("SELECT * FROM parts");
    session.refused(
        "SELECT synth_mask_table('parts')",
        "23514",
        "check constraint",
    );
    assert_eq!(session.rows("SELECT * FROM parts"), before);
}

/// The files of a database on disk, read by root past the server.
fn files(session: &mut Session, relations: &str) -> Vec<PathBuf> {
    let directory = PathBuf::from(session.value("SHOW data_directory"));
    session
        .column(&format!(
            "SELECT pg_relation_filepath(oid) FROM pg_class WHERE {relations} AND relfilenode <> 0"
        ))
        .into_iter()
        .map(|path| directory.join(path))
        .collect()
}

/// How many of these files hold these bytes.
fn holding(files: &[PathBuf], bytes: &str) -> usize {
    files
        .iter()
        .filter_map(|file| std::fs::read(file).ok())
        .filter(|content| {
            content
                .windows(bytes.len())
                .any(|window| window == bytes.as_bytes())
        })
        .count()
}

fn originals_are_gone_from_disk_and_statistics(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, kind text, note text, gone text DEFAULT 'DROPPEDCOLUMN',
            loud text GENERATED ALWAYS AS (upper(name)) STORED);
         ALTER TABLE t ALTER note SET STORAGE external;
         CREATE INDEX ON t (name);
         CREATE INDEX ON t (upper(name));
         CREATE INDEX ON t (id) WHERE name > 'ORIGINALNAME5';
         CREATE INDEX ON t USING brin (name);
         CREATE STATISTICS st (mcv, dependencies) ON name, kind FROM t;
         CREATE STATISTICS se ON (lower(name)), kind FROM t;
         INSERT INTO t SELECT i, 'ORIGINALNAME' || i % 7, 'KIND' || i % 3, repeat('ORIGINALNOTE' || i, 400) FROM generate_series(1, 500) i;
         UPDATE t SET name = name || 'X' WHERE id % 5 = 0;
         DELETE FROM t WHERE id > 450;
         ALTER TABLE t ADD late text DEFAULT 'ORIGINALLATE';
         ALTER TABLE t DROP COLUMN gone;
         CREATE MATERIALIZED VIEW m AS SELECT name, lower(note) AS note, 'M' || id AS k FROM t;
         CREATE INDEX ON m (name);
         CREATE VIEW v AS SELECT name FROM m;
         CREATE MATERIALIZED VIEW nested AS SELECT DISTINCT name FROM v;
         CREATE MATERIALIZED VIEW emptied AS SELECT name FROM t;
         CREATE STATISTICS sm (mcv) ON name, k FROM m;
         ANALYZE t, m, nested, emptied;
         REFRESH MATERIALIZED VIEW emptied WITH NO DATA;
         CHECKPOINT",
    );
    let everything = "relnamespace <> 'pg_catalog'::regnamespace";
    let found = files(&mut session, everything);
    for original in ["ORIGINALNAME", "ORIGINALNOTE1", "DROPPEDCOLUMN"] {
        assert!(
            holding(&found, original) > 0,
            "this test would not find {original}"
        );
    }
    let statistics = "SELECT count(*) FROM (
            SELECT s::text FROM pg_statistic s WHERE starelid >= 16384
            UNION ALL SELECT d::text FROM pg_statistic_ext_data d
            UNION ALL SELECT a.attmissingval::text FROM pg_attribute a WHERE attrelid >= 16384) AS all_of(text)
         WHERE text ~* 'ORIGINAL'";
    assert_ne!(
        session.value(statistics),
        "0",
        "this test would not find statistics"
    );
    let old_files = found;
    for (column, masked) in [("name", "hash"), ("note", "partial(3)"), ("late", "null")] {
        rule(&mut session, "t", column, &format!("MASKED WITH {masked}"));
    }
    assert_eq!(mask(&mut session, "t"), "450");
    assert_eq!(
        session.value(statistics),
        "0",
        "ANALYZE's memory of originals"
    );
    session.run("CHECKPOINT");
    let found = files(&mut session, everything);
    for original in [
        "ORIGINALNAME",
        "ORIGINALNOTE1",
        "originalnote1",
        "DROPPEDCOLUMN",
        "ORIGINALLATE",
    ] {
        assert_eq!(
            holding(&found, original),
            0,
            "{original} is in the database's files"
        );
        assert_eq!(
            holding(&old_files, original),
            0,
            "{original} is in files left over"
        );
    }
    assert_eq!(
        session.value("SELECT count(DISTINCT name) FROM nested"),
        "14"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM m WHERE length(name) = 64"),
        "450"
    );
    session.refused("SELECT * FROM emptied", "55000", "has not been populated");
    // What a catalog has deleted lies in its pages until they are written anew.
    session.until_the_dead_are_unseen();
    session.run("SELECT synth_purge_statistics()");
    session.run("CHECKPOINT");
    let catalogs = files(
        &mut session,
        "relname IN ('pg_statistic', 'pg_statistic_ext_data')",
    );
    let left = holding(&catalogs, "ORIGINALNAME");
    assert_eq!(left, 0, "originals in the catalogs' files");
}

fn dependents_are_refreshed(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("dep_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role};
         CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'Real Name');
         CREATE MATERIALIZED VIEW m AS SELECT * FROM t WITH NO DATA;
         CREATE MATERIALIZED VIEW n AS SELECT name FROM t;
         ALTER TABLE t OWNER TO {role}"
    ));
    let mut owner = session.role(pg, &role);
    rule(&mut owner, "t", "name", "MASKED WITH first_name");
    let error = owner.refused("SELECT synth_mask_table('t')", "42501", "materialized view");
    assert!(error.message.contains("public.n"), "{error}");
    assert_eq!(session.value("SELECT name FROM t"), "Real Name");
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        session.value("SELECT n.name = t.name AND t.name <> 'Real Name' FROM n, t"),
        "t"
    );
    session.refused("SELECT * FROM m", "55000", "not been populated");
}

fn large_values(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, masked text, external text, extended text, main text, b bytea, j jsonb);
         ALTER TABLE t ALTER external SET STORAGE external, ALTER main SET STORAGE main, ALTER masked SET STORAGE external;
         INSERT INTO t SELECT i, repeat(md5(i::text), 1000), repeat(md5(i::text), 3000),
            repeat('abc' || i, 50000), repeat('z' || i, 3000), decode(repeat(md5(i::text), 2000), 'hex'),
            jsonb_build_object('k', repeat(md5(i::text), 500)) FROM generate_series(1, 60) i",
    );
    let sums = "SELECT string_agg(md5(t.id::text || external || extended || main || b::text || j::text), ',' ORDER BY id) FROM t";
    let before = session.value(sums);
    rule(&mut session, "t", "masked", "MASKED WITH partial(4)");
    mask(&mut session, "t");
    assert_eq!(
        session.value(sums),
        before,
        "columns without a rule were changed"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE length(masked) = 8"),
        "60"
    );
    session.run("VACUUM (FULL) t");
    assert_eq!(session.value(sums), before);
    // Values that are small as stored and huge as read: a batch must not hold too many.
    session.run(
        "CREATE TABLE huge AS SELECT i, repeat('x', 9000000) AS v FROM generate_series(1, 300) i",
    );
    rule(&mut session, "huge", "v", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "huge"), "300");
    assert_eq!(session.value("SELECT count(DISTINCT v) FROM huge"), "1");
    let pid = session.pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(
        kilobytes < 700_000,
        "masking 2.7 GB of text took {kilobytes} kB of memory"
    );
}
