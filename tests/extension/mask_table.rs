//! `synth_mask_table`: what it masks, what it leaves, what it refuses, and that originals are gone.

use std::collections::HashSet;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::session::Cells;
use super::{Session, database, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    every_mask_on_every_type,
    pseudonyms_are_consistent_across_databases,
    errors_leave_the_table_and_show_no_value,
    originals_are_gone_from_disk_and_statistics,
    dependents_are_refreshed,
    large_values,
    generated_columns_and_defaults,
    indexes_are_valid_afterwards,
    character_types_and_domains,
    types_without_masks,
    partitions,
    inheritance,
    foreign_keys_are_refused,
    masks_that_would_clash_are_refused,
    temporary_and_unlogged_tables,
    what_is_not_a_table_with_rules,
    transactions,
    read_only_transactions_are_refused,
    row_security_and_triggers,
    readers_wait_and_see_masked_rows,
    rules_made_while_waiting_hold,
    many_rows,
    a_cancel_leaves_the_table,
];

/// Sets a rule.
fn rule(session: &mut Session, table: &str, column: &str, rule: &str) {
    let rule = rule.replace('\'', "''");
    session.run(&format!(
        "SELECT synth_set_rule('{table}', '{column}', '{rule}')"
    ));
}

/// Masks a table; gives the number of rows.
#[track_caller]
fn mask(session: &mut Session, table: &str) -> String {
    session.value(&format!("SELECT synth_mask_table('{table}')"))
}

#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn every_mask_on_every_type(pg: &Postgres) {
    let mut session = fresh(pg);
    let text = ["text", "varchar", "varchar(70)", "char(70)"];
    let dates = ["date", "timestamp", "timestamptz"];
    let numbers = ["smallint", "integer", "bigint", "real", "double precision"];
    let mut cases: Vec<(&str, &str, &str)> = Vec::new();
    for column_type in text {
        for mask in [
            "email",
            "email('pseudonym.example')",
            "first_name",
            "last_name",
            "full_name",
            "phone",
            "hash",
            "hash(20)",
            "hash(length => 32)",
            "partial(2)",
            "partial(1, '**', 2)",
        ] {
            cases.push((mask, column_type, "'Aurora Borealis-Original'"));
        }
    }
    for column_type in dates {
        cases.push(("date_shift", column_type, "'1987-06-05'"));
        cases.push(("date_shift(10)", column_type, "'1987-06-05'"));
    }
    for column_type in numbers {
        cases.push(("generalize(10)", column_type, "37"));
        cases.push(("generalize(width => 1000)", column_type, "-37"));
    }
    for column_type in text.iter().chain(&dates).chain(&numbers).chain(&[
        "uuid", "jsonb", "text[]", "numeric", "bytea", "inet", "point",
    ]) {
        cases.push(("null", column_type, "NULL"));
    }
    for (number, (mask_name, column_type, value)) in cases.iter().enumerate() {
        let about = format!("{mask_name} on {column_type}");
        let table = format!("t{number}");
        session.run(&format!(
            "CREATE TABLE {table} (id int, v {column_type}, other text DEFAULT 'kept');
             INSERT INTO {table} VALUES (1, {value}), (2, NULL), (3, {value})"
        ));
        rule(
            &mut session,
            &table,
            "v",
            &format!("MASKED WITH {mask_name}"),
        );
        assert_eq!(mask(&mut session, &table), "3", "{about}");
        let rows = session.rows(&format!("SELECT id, v::text, other FROM {table}"));
        assert_eq!(rows.len(), 3, "{about}");
        assert_eq!(
            rows[0][1], rows[2][1],
            "{about}: equal values became unequal"
        );
        assert_eq!(rows[1][1], None, "{about}: NULL became something");
        for (id, row) in rows.iter().enumerate() {
            assert_eq!(
                row[0],
                Some((id + 1).to_string()),
                "{about}: rows are in order"
            );
            assert_eq!(row[2].as_deref(), Some("kept"), "{about}");
        }
        if *mask_name == "null" {
            assert_eq!(rows[0][1], None, "{about}");
            continue;
        }
        let masked = rows[0][1].as_deref().unwrap();
        let unchanged = session.value(&format!("SELECT v = {value} FROM {table} WHERE id = 1"));
        assert_eq!(
            unchanged, "f",
            "{about}: the original is there still: {masked}"
        );
        let expected = match *mask_name {
            "generalize(10)" => "30",
            "generalize(width => 1000)" => "-1000",
            "partial(2)" => "Au****",
            "partial(1, '**', 2)" => "A**al",
            _ => masked.trim_end(),
        };
        assert_eq!(masked.trim_end(), expected, "{about}");
        if mask_name.starts_with("date_shift") {
            let most = if *mask_name == "date_shift" { 365 } else { 10 };
            assert_eq!(
                session.value(&format!(
                    "SELECT abs(v::date - date '1987-06-05') BETWEEN 1 AND {most} AND v::time = '00:00' FROM
                     (SELECT v::timestamp AS v FROM {table} WHERE id = 1) q"
                )),
                "t",
                "{about}: {masked}"
            );
        }
    }
    // Values at the edges of their types.
    session.run(
        "CREATE TABLE edges (d date, t timestamp, z timestamptz, i smallint, l bigint, f double precision, r real);
         INSERT INTO edges VALUES
            ('infinity', 'infinity', '-infinity', -32768, -9223372036854775808, 'NaN', '-Infinity'),
            ('-infinity', '294276-12-31 23:59:59.999999', '4713-01-01 00:00:00+00 BC', 32767, 9223372036854775807, 'Infinity', 3.4e38),
            ('5874897-12-31', '4713-01-01 BC', '294276-12-31', 0, 0, -0.5, 'NaN'),
            ('4713-01-01 BC', NULL, NULL, NULL, NULL, 1.7e308, NULL)",
    );
    for column in ["d", "t", "z"] {
        rule(&mut session, "edges", column, "MASKED WITH date_shift");
    }
    for column in ["i", "l", "f", "r"] {
        rule(&mut session, "edges", column, "MASKED WITH generalize(100)");
    }
    assert_eq!(mask(&mut session, "edges"), "4");
    let rows = session.rows("SELECT * FROM edges");
    assert_eq!(
        rows[0],
        row(&[
            "infinity",
            "infinity",
            "-infinity",
            "-32700",
            "-9223372036854775800",
            "NaN",
            "-Infinity"
        ])
    );
    assert_eq!(
        session
            .value("SELECT count(*) FROM edges WHERE isfinite(d) AND isfinite(t) AND isfinite(z)"),
        "1",
        "a finite time became infinite: {rows:?}"
    );
}

fn pseudonyms_are_consistent_across_databases(pg: &Postgres) {
    let names = [database(pg), database(pg), database(pg)];
    let mut sessions = names.each_ref().map(|name| Session::open(pg, name));
    let key = sessions[0].value("SELECT key FROM synth.secret");
    assert_eq!(key.len(), 2 + 64, "32 bytes");
    sessions[1].run(&format!("UPDATE synth.secret SET key = '{key}'"));
    let mut masked = Vec::new();
    for session in &mut sessions {
        session.run(
            "CREATE TABLE a (e text, n varchar(40), d date, c char(80));
             CREATE TABLE b (d timestamp, n text, e varchar(200), c text);
             INSERT INTO a VALUES ('ada@real.org', 'Ada', '1815-12-10', 'Lovelace');
             INSERT INTO b VALUES ('1815-12-10 10:00', 'Ada', 'ada@real.org', 'Lovelace')",
        );
        for table in ["a", "b"] {
            rule(session, table, "e", "MASKED WITH email");
            rule(session, table, "n", "MASKED WITH full_name");
            rule(session, table, "d", "MASKED WITH date_shift");
            rule(session, table, "c", "MASKED WITH hash");
            mask(session, table);
        }
        let both = session
            .rows("SELECT e, n, d::date, trim(c) FROM a UNION ALL SELECT e, n, d::date, c FROM b");
        assert_eq!(both[0], both[1], "two tables of one database disagree");
        masked.push(both[0].clone());
    }
    assert_eq!(
        masked[0], masked[1],
        "databases that share the secret disagree"
    );
    assert_ne!(masked[0], masked[2], "another secret gives the same");
    // The highest version is in use.
    sessions[2].run(&format!(
        "INSERT INTO synth.secret (version, key) VALUES (2, '{key}')"
    ));
    assert_eq!(
        sessions[2].value("SELECT synth_mask('email', 'ada@real.org')"),
        *masked[0][0].as_ref().unwrap()
    );
    sessions[2].run("DELETE FROM synth.secret");
    sessions[2].refused("SELECT synth_mask_table('a')", "55000", "no masking secret");
}

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
    // A transaction elsewhere that began before keeps deleted rows for a while.
    let mut left = 0;
    for _ in 0..100 {
        session.run("VACUUM FULL pg_statistic");
        session.run("VACUUM FULL pg_statistic_ext_data");
        session.run("CHECKPOINT");
        let catalogs = files(
            &mut session,
            "relname IN ('pg_statistic', 'pg_statistic_ext_data')",
        );
        left = holding(&catalogs, "ORIGINALNAME");
        if left == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
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

fn character_types_and_domains(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE DOMAIN short AS varchar(14); CREATE DOMAIN shorter AS short CHECK (VALUE <> 'bad');
         CREATE DOMAIN letters AS char(20) NOT NULL; CREATE DOMAIN age AS int CHECK (VALUE >= 0);
         CREATE TABLE t (a char(14), b varchar(14), c short, d shorter, e letters, f age, g \"char\", h name);
         INSERT INTO t SELECT 'Original', 'Ünïcödé 😀', 'Original', 'Original', 'Original', 37, 'x', 'Original' FROM generate_series(1, 100)",
    );
    for column in ["a", "b", "c", "d"] {
        rule(&mut session, "t", column, "MASKED WITH phone");
    }
    rule(&mut session, "t", "e", "MASKED WITH hash(20)");
    rule(&mut session, "t", "f", "MASKED WITH generalize(10)");
    for column in ["a", "b", "c", "d"] {
        let message = format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH hash')");
        session.refused(
            &message,
            "22023",
            "needs 64 characters, the column holds 14",
        );
    }
    for column in ["g", "h"] {
        session.refused(
            &format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH hash')"),
            "42804",
            "Masks that fit: null, value.",
        );
    }
    mask(&mut session, "t");
    assert_eq!(session.value("SELECT count(*) FROM t WHERE a = c AND c = d AND length(a) = 14 AND octet_length(e) = 20 AND f = 30"), "100");
    // Every multi-byte prefix is cut between characters.
    session.run("CREATE TABLE u (v varchar(12)); INSERT INTO u VALUES ('äöü😀ßéèêëñ'), ('日本語テキスト'), ('e\u{301}e\u{301}e\u{301}'), ('')");
    rule(&mut session, "u", "v", "MASKED WITH partial(2, '※※', 3)");
    mask(&mut session, "u");
    assert_eq!(
        session.column("SELECT v FROM u"),
        ["äö※※êëñ", "日本※※キスト", "e\u{301}※※\u{301}e\u{301}", "※※"]
    );
    // A domain that the masked values do not meet is named.
    session.run("CREATE DOMAIN adult AS int CHECK (VALUE >= 18); CREATE TABLE p (a adult); INSERT INTO p VALUES (19)");
    rule(&mut session, "p", "a", "MASKED WITH generalize(10)");
    session.refused("SELECT synth_mask_table('p')", "23514", "adult");
}

fn types_without_masks(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE pair AS (a int, b text);
         CREATE TABLE t (c citext, a text[], j jsonb, x xml, n numeric(6, 2), e mood, p pair, u uuid, i inet, b bytea, tm time, o boolean, r int4range)",
    );
    for column in [
        "c", "a", "j", "x", "n", "e", "p", "u", "i", "b", "tm", "o", "r",
    ] {
        for mask in ["email", "hash", "generalize(10)", "date_shift"] {
            let error = session.refused(
                &format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH {mask}')"),
                "42804",
                "does not fit type",
            );
            assert_eq!(error.hint, "Masks that fit: null, value.", "{column}");
        }
    }
    for (column, literal) in [
        ("c", "'x'"),
        ("a", "'{x,y}'"),
        ("j", "'{\"a\": 1}'"),
        ("n", "12.50"),
        ("e", "'bad'"),
        ("p", "'(1,x)'"),
        ("u", "'00000000-0000-0000-0000-000000000000'"),
        ("i", "'192.0.2.1'"),
        ("b", "'\\x00'"),
        ("tm", "'12:00'"),
        ("o", "true"),
        ("r", "'[1,2)'"),
    ] {
        rule(
            &mut session,
            "t",
            column,
            &format!("MASKED WITH VALUE {literal}"),
        );
    }
    session.run("INSERT INTO t (c, n) VALUES ('Real', 1234.56), (NULL, NULL)");
    assert_eq!(mask(&mut session, "t"), "2");
    assert_eq!(
        session.column("SELECT t::text FROM t"),
        vec![
            "(x,\"{x,y}\",\"{\"\"a\"\": 1}\",,12.50,bad,\"(1,x)\",00000000-0000-0000-0000-000000000000,192.0.2.1,\"\\\\x00\",12:00:00,t,\"[1,2)\")";
            2
        ]
    );
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
    assert_eq!(
        session.value(
            "SELECT count(*) FROM pg_statistic WHERE starelid = 't'::regclass AND staattnum = 2"
        ),
        "0",
        "the root's statistics hold the partitions' values"
    );
    assert_eq!(mask(&mut session, "t"), "200");
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
    session.refused("SELECT synth_mask_table('t')", "0A000", "partition key");
    session.run("SELECT synth_drop_rule('t', 'region')");
    rule(&mut session, "east1", "id", "MASKED WITH generalize(10)");
    for table in ["t", "east", "east1"] {
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

fn foreign_keys_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE parent (email text PRIMARY KEY, name text); CREATE TABLE child (email text REFERENCES parent, name text);
         INSERT INTO parent VALUES ('a@real.org', 'A'); INSERT INTO child VALUES ('a@real.org', 'A')",
    );
    for table in ["parent", "child"] {
        rule(&mut session, table, "email", "MASKED WITH email");
        session.refused(
            &format!("SELECT synth_mask_table('{table}')"),
            "0A000",
            "child_email_fkey",
        );
    }
    session.run("ALTER TABLE child DROP CONSTRAINT child_email_fkey");
    mask(&mut session, "parent");
    mask(&mut session, "child");
    session.run("ALTER TABLE child ADD FOREIGN KEY (email) REFERENCES parent");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM parent JOIN child USING (email) WHERE email NOT LIKE 'a@%'"
        ),
        "1"
    );
    // Other columns of the same tables may be masked.
    session.run("SELECT synth_drop_rule('child', 'email')");
    rule(&mut session, "child", "name", "MASKED WITH first_name");
    assert_eq!(mask(&mut session, "child"), "1");
}

fn masks_that_would_clash_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (email text PRIMARY KEY, n int UNIQUE, w text); CREATE UNIQUE INDEX part ON t (w) WHERE n > 0; INSERT INTO t SELECT i || '@real.org', i, i FROM generate_series(1, 3000) i");
    for (column, masked, index) in [
        ("email", "first_name", "t_pkey"),
        ("email", "partial(1)", "t_pkey"),
        ("email", "VALUE 'x'", "t_pkey"),
        ("n", "generalize(10)", "t_n_key"),
        ("n", "VALUE 1", "t_n_key"),
        ("w", "phone", "part"),
    ] {
        rule(&mut session, "t", column, &format!("MASKED WITH {masked}"));
        let error = session.refused("SELECT synth_mask_table('t')", "55000", index);
        assert!(error.hint.contains("synth.registry"), "{error}");
        session.run(&format!("SELECT synth_drop_rule('t', '{column}')"));
    }
    rule(&mut session, "t", "email", "MASKED WITH email");
    rule(&mut session, "t", "n", "MASKED WITH null");
    rule(&mut session, "t", "w", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "t"), "3000");
    assert_eq!(
        session.value("SELECT count(DISTINCT email) + count(DISTINCT w) + count(n) FROM t"),
        "6000"
    );
}

fn temporary_and_unlogged_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    for kind in ["TEMP", "UNLOGGED", ""] {
        session.run(&format!("CREATE {kind} TABLE t (v text); INSERT INTO t SELECT 'Original' FROM generate_series(1, 3000)"));
        let persistence =
            session.value("SELECT relpersistence FROM pg_class WHERE oid = 't'::regclass");
        rule(&mut session, "t", "v", "MASKED WITH last_name");
        assert_eq!(mask(&mut session, "t"), "3000", "{kind}");
        assert_eq!(
            session.value("SELECT count(*) FROM t WHERE v = 'Original'"),
            "0"
        );
        assert_eq!(
            session.value("SELECT relpersistence FROM pg_class WHERE oid = 't'::regclass"),
            persistence
        );
        session.run("TRUNCATE t");
        assert_eq!(mask(&mut session, "t"), "0", "empty");
        session.run("DROP TABLE t");
    }
    session.run("BEGIN; CREATE TEMP TABLE d (v text) ON COMMIT DELETE ROWS; INSERT INTO d VALUES ('Original')");
    rule(&mut session, "d", "v", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "d"), "1");
    session.run("COMMIT");
    session.run("CREATE TEMP TABLE other (v text)");
    let schema = session.value("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()");
    rule(&mut session, "other", "v", "MASKED WITH hash");
    let mut intruder = session.another(pg);
    intruder.refused(
        &format!("SELECT synth_mask_table('{schema}.other')"),
        "0A000",
        "temporary tables of other sessions",
    );
    // Tables in a tablespace of their own stay there.
    let directory = format!("{}/space_{}", pg.socket_dir().display(), session.database);
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::chown(&directory, owner_of(pg).0, owner_of(pg).1).unwrap();
    let space = format!("space_{}", session.database);
    session.run(&format!("CREATE TABLESPACE {space} LOCATION '{directory}'"));
    session.run(&format!(
        "CREATE TABLE spaced (v text) TABLESPACE {space}; INSERT INTO spaced VALUES ('Original')"
    ));
    rule(&mut session, "spaced", "v", "MASKED WITH hash");
    mask(&mut session, "spaced");
    assert_eq!(session.value("SELECT spcname FROM pg_tablespace t JOIN pg_class c ON c.reltablespace = t.oid WHERE relname = 'spaced'"), space);
    session.run("DROP TABLE spaced");
    session.run(&format!("DROP TABLESPACE {space}"));
}

fn owner_of(pg: &Postgres) -> (Option<u32>, Option<u32>) {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::metadata(pg.socket_dir()).unwrap();
    (Some(data.uid()), Some(data.gid()))
}

fn what_is_not_a_table_with_rules(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text); CREATE INDEX i ON t (v); CREATE VIEW w AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE SEQUENCE s; CREATE TYPE c AS (a int)");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55000",
        "Set one: SELECT synth_set_rule",
    );
    rule(&mut session, "t", "v", "NOT MASKED");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55000",
        "has no masking rule",
    );
    for other in [
        "i",
        "w",
        "m",
        "s",
        "c",
        "pg_class",
        "pg_catalog.pg_authid",
        "pg_toast.pg_toast_1255",
    ] {
        session.refused(
            &format!("SELECT synth_mask_table('{other}')"),
            "42809",
            "is not a table that can be masked",
        );
    }
    session.refused("SELECT synth_mask_table(NULL)", "22004", "null");
    session.refused(
        "SELECT synth_mask_table(987654321)",
        "42809",
        "dropped meanwhile",
    );
    session.refused("SELECT synth_mask_table('missing')", "42P01", "missing");
    session.run("CREATE TABLE nothing ()");
    session.refused(
        "SELECT synth_mask_table('nothing')",
        "55000",
        "has no masking rule",
    );
}

fn transactions(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE); INSERT INTO t (v) SELECT 'Original ' || i FROM generate_series(1, 2500) i");
    rule(&mut session, "t", "v", "MASKED WITH email");
    let before = session.rows("SELECT * FROM t");
    session.run("BEGIN");
    mask(&mut session, "t");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0"
    );
    session.run("ROLLBACK");
    assert_eq!(session.rows("SELECT * FROM t"), before);
    session.run("BEGIN; SAVEPOINT a");
    mask(&mut session, "t");
    session.run("ROLLBACK TO a");
    assert_eq!(session.rows("SELECT * FROM t"), before);
    session.run("INSERT INTO t (v) VALUES ('Original late'); SAVEPOINT b");
    assert_eq!(
        mask(&mut session, "t"),
        "2501",
        "rows of the same transaction are masked"
    );
    session.run("RELEASE b; COMMIT");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0"
    );
    // Twice in a transaction, in a function, in DO, in PREPARE, per row.
    session.run("BEGIN");
    mask(&mut session, "t");
    mask(&mut session, "t");
    session.run("COMMIT");
    session.run("CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t (v) VALUES ('Original f'); RETURN synth_mask_table('t'); END $$");
    assert_eq!(session.value("SELECT f()"), "2502");
    session.run("DO $$ BEGIN BEGIN PERFORM synth_mask_table('t'); RAISE 'undo'; EXCEPTION WHEN raise_exception THEN NULL; END; END $$");
    session.run("PREPARE m AS SELECT synth_mask_table('t'); EXECUTE m; EXECUTE m");
    session.run("CREATE TABLE u (v text); INSERT INTO u VALUES ('Original')");
    rule(&mut session, "u", "v", "MASKED WITH hash");
    assert_eq!(session.rows("SELECT relname, synth_mask_table(oid) FROM pg_class WHERE relname IN ('t', 'u') ORDER BY 1"), [row(&["t", "2502"]), row(&["u", "1"])]);
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0"
    );
    // In use by the same session.
    session.run("BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH 1 FROM c");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55006",
        "being used by active queries",
    );
    session.run("ROLLBACK");
    session.refused(
        "SELECT synth_mask_table('t') FROM t",
        "55006",
        "being used by active queries",
    );
    session.run("ALTER TABLE u ADD CONSTRAINT later UNIQUE (v) DEFERRABLE INITIALLY DEFERRED");
    session.run("BEGIN; INSERT INTO u VALUES ('x')");
    let pending = session.attempt("SELECT synth_mask_table('u')");
    assert!(pending.is_ok() || pending.is_err_and(|e| e.code == "55006"));
    session.run("ROLLBACK");
    // Under the snapshot of a transaction that has begun before.
    let mut writer = session.another(pg);
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM u");
    writer.run("INSERT INTO t (v) VALUES ('Original unseen')");
    mask(&mut session, "t");
    session.run("COMMIT");
    assert_eq!(
        writer.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0",
        "a row that the snapshot did not show was left"
    );
    session.run("CREATE TABLE late (v text); INSERT INTO late VALUES ('Original')");
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM u");
    rule(&mut writer, "late", "v", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "late"), "1");
    session.run("COMMIT");
    assert_eq!(writer.value("SELECT length(v) FROM late"), "64");
}

fn read_only_transactions_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text); INSERT INTO t VALUES ('Original')");
    rule(&mut session, "t", "v", "MASKED WITH hash");
    for query in [
        "SELECT synth_mask_table('t')",
        "SELECT synth_set_rule('t', 'v', 'NOT MASKED')",
        "SELECT synth_drop_rule('t', 'v')",
    ] {
        session.run("BEGIN READ ONLY");
        session.refused(query, "25006", "read-only transaction");
        session.run("ROLLBACK");
    }
    assert_eq!(session.value("SELECT v FROM t"), "Original");
}

fn row_security_and_triggers(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("owner_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; CREATE TABLE t (id int, v text); CREATE TABLE fired (what text);
         INSERT INTO t SELECT i, 'Original' FROM generate_series(1, 100) i;
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO fired VALUES (TG_OP || coalesce(NEW.v, OLD.v)); RETURN NEW; END $$;
         CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
         CREATE TRIGGER b AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
         ALTER TABLE t ENABLE ALWAYS TRIGGER a;
         CREATE POLICY p ON t USING (id < 3); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; ALTER TABLE t OWNER TO {role}"
    ));
    let mut owner = session.role(pg, &role);
    assert_eq!(owner.value("SELECT count(*) FROM t"), "2");
    rule(&mut owner, "t", "v", "MASKED WITH first_name");
    assert_eq!(mask(&mut owner, "t"), "100");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v = 'Original'"),
        "0",
        "rows hidden by row security kept their values"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM fired"),
        "0",
        "triggers copied originals elsewhere"
    );
    assert_eq!(owner.value("SELECT count(*) FROM t"), "2");
}

fn readers_wait_and_see_masked_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (v text); INSERT INTO t SELECT 'Original' FROM generate_series(1, 1000)",
    );
    rule(&mut session, "t", "v", "MASKED WITH hash");
    session.run("BEGIN");
    mask(&mut session, "t");
    let readers: Vec<_> = [
        "SELECT count(*) FROM t WHERE v = 'Original'",
        "SELECT count(*) FILTER (WHERE v = 'Original') FROM t",
    ]
    .into_iter()
    .map(|query| {
        let mut reader = session.another(pg);
        let pid = reader.pid();
        (pid, thread::spawn(move || reader.value(query)))
    })
    .collect();
    let mut watcher = session.another(pg);
    for (pid, _) in &readers {
        watcher.until_blocked(pid);
    }
    session.run("COMMIT");
    for (_, reader) in readers {
        assert_eq!(
            reader.join().unwrap(),
            "0",
            "a reader saw originals after the commit"
        );
    }
}

fn rules_made_while_waiting_hold(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (a text, b text); INSERT INTO t VALUES ('Original', 'Original')");
    rule(&mut session, "t", "a", "MASKED WITH hash");
    for isolation in ["READ COMMITTED", "REPEATABLE READ"] {
        session.run("BEGIN; LOCK TABLE t");
        rule(&mut session, "t", "b", "MASKED WITH hash");
        let mut masker = session.another(pg);
        let pid = masker.pid();
        masker.run(&format!("BEGIN ISOLATION LEVEL {isolation}"));
        let waiting = thread::spawn(move || {
            masker.run("SELECT synth_mask_table('t')");
            masker.run("COMMIT");
        });
        session.another(pg).until_blocked(&pid);
        session.run("INSERT INTO t VALUES ('Original', 'Original'); COMMIT");
        waiting.join().unwrap();
        assert_eq!(
            session.value("SELECT count(*) FROM t WHERE a = 'Original' OR b = 'Original'"),
            "0",
            "{isolation}: a rule that held when masking began was not kept"
        );
        session
            .run("SELECT synth_drop_rule('t', 'b'); UPDATE t SET a = 'Original', b = 'Original'");
    }
}

fn many_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE p AS SELECT * FROM synth_patients(200000, 1); ALTER TABLE p ADD PRIMARY KEY (patient_id); CREATE UNIQUE INDEX ON p (email)");
    session
        .run("CREATE TABLE before AS SELECT patient_id, email, mrn, birth_date, bmi, state FROM p");
    for (column, masked) in [
        ("email", "email"),
        ("first_name", "first_name"),
        ("last_name", "last_name"),
        ("ssn", "hash(20)"),
        ("mrn", "partial(3)"),
        ("birth_date", "date_shift(30)"),
        ("phone", "phone"),
        ("bmi", "generalize(5)"),
        ("middle_name", "null"),
    ] {
        rule(&mut session, "p", column, &format!("MASKED WITH {masked}"));
    }
    assert_eq!(mask(&mut session, "p"), "200000");
    assert_eq!(
        session.rows("SELECT count(*), count(*) FILTER (WHERE b.email = p.email OR b.birth_date = p.birth_date), count(DISTINCT p.email), count(DISTINCT p.ssn), count(p.middle_name), count(*) FILTER (WHERE b.state = p.state AND abs(b.birth_date - p.birth_date) <= 30 AND p.mrn = 'MRN****') FROM before b JOIN p USING (patient_id)"),
        [row(&["200000", "0", "200000", "200000", "0", "200000"])]
    );
}

fn a_cancel_leaves_the_table(pg: &Postgres) {
    let mut session = fresh(pg);
    session
        .run("CREATE TABLE t AS SELECT i, 'Original ' || i AS v FROM generate_series(1, 600000) i");
    rule(&mut session, "t", "v", "MASKED WITH email");
    session.run("CREATE FUNCTION slow(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END'; ALTER TABLE t ADD CHECK (slow(v))");
    let before: HashSet<String> = session
        .column("SELECT relname FROM pg_class")
        .into_iter()
        .collect();
    session.run("SET statement_timeout = 100");
    let begun = Instant::now();
    session.refused("SELECT synth_mask_table('t')", "57014", "statement timeout");
    assert!(begun.elapsed() < Duration::from_secs(5));
    session.run("RESET statement_timeout");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "600000"
    );
    let after: HashSet<String> = session
        .column("SELECT relname FROM pg_class")
        .into_iter()
        .collect();
    assert_eq!(before, after, "a half-made table was left");
    assert_eq!(
        session.value("SELECT current_user = session_user"),
        "t",
        "another user than before"
    );
}
