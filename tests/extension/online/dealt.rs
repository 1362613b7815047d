//! `shuffle` online: values are dealt to other rows while others change the table.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{next, nothing_left, rule, same_rows};
use crate::extension::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    every_value_is_dealt_once,
    rows_that_are_added_are_dealt_values_of_others,
    changes_under_load_lose_and_double_nothing,
    a_run_that_is_stopped_again_and_again,
    a_table_that_was_empty,
    a_column_that_is_unique_in_some_rows,
    partitions_deal_among_themselves,
    what_cannot_be_dealt_online_says_what_can,
    decks_are_nobody_elses,
];

/// A table with a unique column, one whose values repeat and are NULL, one under a condition, and one with
/// long values, and what it held.
const TABLE: &str = "CREATE DOMAIN pay AS numeric(9,2) CHECK (VALUE >= 0);
    CREATE TABLE t (id int PRIMARY KEY, email text UNIQUE, city text, pay pay, tags text[], note text, kind int);
    INSERT INTO t SELECT i, 'person' || i || '@real.org', CASE WHEN i % 10 > 0 THEN 'city ' || i % 7 END, i, ARRAY['a' || i, NULL],
        CASE WHEN i % 40 = 0 THEN (SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, 200) n) ELSE 'note ' || i END, i % 3
    FROM generate_series(1, 3000) i;
    CREATE TABLE original AS TABLE t";

const RULES: [(&str, &str); 5] = [
    ("email", "MASKED WITH shuffle"),
    ("city", "MASKED WITH shuffle"),
    ("pay", "MASKED WITH shuffle WHEN kind = 1"),
    ("tags", "MASKED WITH shuffle"),
    ("note", "MASKED WITH shuffle"),
];

fn begin(pg: &Postgres) -> Session {
    let mut session = fresh(pg);
    session.run(TABLE);
    for (column, text) in RULES {
        rule(&mut session, "t", column, text);
    }
    session
}

/// Asserts that a column holds what it held, in other rows.
#[track_caller]
fn is_dealt(session: &mut Session, column: &str, condition: &str) {
    session.run(&format!(
        "CREATE TEMP VIEW now_values AS SELECT {column} FROM t WHERE {condition};
         CREATE TEMP VIEW old_values AS SELECT {column} FROM original WHERE {condition}"
    ));
    same_rows(session, "now_values", "old_values");
    session.run("DROP VIEW now_values, old_values");
    let kept: u32 = session
        .value(&format!(
            "SELECT count(*) FROM t JOIN original o USING (id) WHERE o.{column} = t.{column} AND t.{condition}"
        ))
        .parse()
        .unwrap();
    // Of distinct values one or two keep their place, and as good as never so many.
    let distinct: u32 = session
        .value(&format!("SELECT count(DISTINCT {column}) FROM original"))
        .parse()
        .unwrap();
    let most = if distinct < 10 { 3000 / 4 } else { 40 };
    assert!(kept <= most, "{column}: {kept} rows have kept their value");
}

fn every_value_is_dealt_once(pg: &Postgres) {
    let mut session = begin(pg);
    session.run("CALL synth_mask_table_online('t', 170)");
    nothing_left(&mut session);
    for column in ["email", "tags", "note", "city"] {
        is_dealt(&mut session, column, "kind >= 0");
    }
    is_dealt(&mut session, "pay", "kind = 1");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM t JOIN original o USING (id)
             WHERE (t.city IS NULL) <> (o.city IS NULL) OR t.kind <> o.kind OR t.kind <> 1 AND t.pay <> o.pay"
        ),
        "0",
        "rows that are not dealt anything have changed"
    );
    // Columns are dealt by themselves: values of one row do not stay together.
    assert_eq!(
        session
            .value("SELECT count(*) < 20 FROM t WHERE substr(email, 7, 4) = substr(tags[1], 2, 4)"),
        "t"
    );
    assert_eq!(
        session.column(
            "SELECT DISTINCT verdict FROM synth_verify_masked('t', false) WHERE verdict NOT IN ('clean', 'expected', 'equal')"
        ),
        Vec::<String>::new()
    );
    // Of a thousand values that repeat, as many stay as chance has it.
    assert_eq!(
        session.rows("SELECT column_name, expected > 300, verdict FROM synth_verify_masked('t', false) WHERE place = 'same row' AND column_name = 'city'"),
        [crate::extension::row(&["city", "t", "expected"])]
    );
}

/// Holds up the swap, changes the table, and lets the swap come.
fn changed_before_the_swap(pg: &Postgres, session: &mut Session, changes: &[&str]) {
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM t");
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt("CALL synth_mask_table_online('t', lock_timeout => '20 ms')")
    });
    for change in changes {
        super::until_the_swap_waits(session, || masking.is_finished());
        session.run(change);
        // The next round carries it over.
        thread::sleep(Duration::from_millis(300));
    }
    reader.run("COMMIT");
    let outcome = masking.join().unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    nothing_left(session);
}

fn rows_that_are_added_are_dealt_values_of_others(pg: &Postgres) {
    let mut session = begin(pg);
    let insert = |from: u32, to: u32| {
        format!(
            "INSERT INTO t SELECT i, 'late' || i || '@real.org', 'late city', i, ARRAY['late'], 'late ' || i, 1 FROM generate_series({from}, {to}) i"
        )
    };
    let (first, second) = (insert(5001, 5001), insert(5002, 5021));
    changed_before_the_swap(pg, &mut session, &[&first, &second]);
    session.run(
        "INSERT INTO original SELECT i, 'late' || i || '@real.org', 'late city', i, ARRAY['late'], 'late ' || i, 1 FROM generate_series(5001, 5021) i",
    );
    // Nothing has been taken away, so every value is there as often as it was.
    for column in ["email", "tags", "note", "city"] {
        is_dealt(&mut session, column, "kind >= 0");
    }
    is_dealt(&mut session, "pay", "kind = 1");
    assert_eq!(
        session.value("SELECT count(*) >= 3 FROM t WHERE id < 5000 AND email LIKE 'late%'"),
        "t",
        "added rows are dealt their own values"
    );
    // Rows that are taken away leave their values to others; a unique value is freed and taken again.
    session.run("DELETE FROM original; INSERT INTO original TABLE t");
    changed_before_the_swap(
        pg,
        &mut session,
        &[
            "UPDATE t SET city = city",
            "DELETE FROM t WHERE id % 2 = 0",
            "INSERT INTO t SELECT id, email, city, pay, tags, note, kind FROM original WHERE id % 4 = 0",
            "UPDATE t SET email = 'moved' || id WHERE id % 5 = 0",
        ],
    );
    assert_eq!(
        session.value("SELECT concat_ws(' ', count(*), count(email), count(DISTINCT email), min(length(email)) > 0) FROM t"),
        session.value("SELECT concat_ws(' ', count(*), count(*), count(*), true) FROM original WHERE id % 2 = 1 OR id % 4 = 0")
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t JOIN original o USING (id) WHERE t.kind <> o.kind OR t.kind <> 1 AND t.pay <> o.pay"),
        "0"
    );
}

/// Writers keep a mirror in the same transactions: of what is not masked, the table holds the same.
fn changes_under_load_lose_and_double_nothing(pg: &Postgres) {
    let mut session = begin(pg);
    session.run(
        "CREATE SEQUENCE fresh START 100000; CREATE TABLE mirror AS SELECT id, kind FROM t; CREATE INDEX ON mirror (id);
         CREATE TABLE ever AS SELECT 'person' || i || '@real.org' AS email FROM generate_series(0, 3010) i; CREATE INDEX ON ever (email)",
    );
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM t");
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3_u64)
        .map(|number| {
            let mut writer = session.another(pg);
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                let mut state = 0xDEA1 + number;
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    let key = next(&mut state) % 1000 * 3 + number;
                    let change = match next(&mut state) % 5 {
                        0 => "SELECT nextval('fresh'); INSERT INTO ever SELECT 'new' || currval('fresh');
                              INSERT INTO t SELECT currval('fresh'), 'new' || currval('fresh'), 'new city', 1, NULL, 'new', 1;
                              INSERT INTO mirror SELECT currval('fresh'), 1".to_owned(),
                        1 => format!("DELETE FROM t WHERE id = {key}; DELETE FROM mirror WHERE id = {key}"),
                        // A value that another row has had.
                        2 => format!("INSERT INTO ever VALUES ('between{number}');
                              UPDATE t SET email = 'between{number}' WHERE id = {key};
                              UPDATE t SET email = 'person{key}@real.org' WHERE id = {};
                              UPDATE t SET email = 'person{}@real.org' WHERE id = {key}", key + 3, key + 3),
                        3 => format!("UPDATE t SET kind = kind + 1, city = NULL WHERE id BETWEEN {key} AND {key} + 6 AND id % 3 = {number};
                              UPDATE mirror SET kind = kind + 1 WHERE id BETWEEN {key} AND {key} + 6 AND id % 3 = {number}"),
                        _ => format!("UPDATE t SET note = note || 'x' WHERE id = {key}"),
                    };
                    let end = if next(&mut state).is_multiple_of(8) { "ROLLBACK" } else { "COMMIT" };
                    if writer.attempt(&format!("BEGIN; {change}; {end}")).is_err() {
                        writer.run("ROLLBACK");
                    } else {
                        written += 1;
                    }
                }
                written
            })
        })
        .collect();
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt(
            "CALL synth_mask_table_online('t', batch_rows => 100, rows_per_second => 8000, lock_timeout => '50 ms')",
        )
    });
    super::until_the_swap_waits(&mut session, || masking.is_finished());
    stop.store(true, Ordering::Relaxed);
    let written: usize = writers.into_iter().map(|w| w.join().unwrap()).sum();
    reader.run("COMMIT");
    let outcome = masking.join().unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert!(
        written > 50,
        "only {written} changes: this test shows nothing"
    );
    session.run("CREATE TABLE kinds AS SELECT id, kind FROM t");
    same_rows(&mut session, "kinds", "mirror");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM t WHERE email IS NULL OR email NOT IN (SELECT email FROM ever)"
        ),
        "0",
        "values that were never there"
    );
    let kept: u32 = session
        .value("SELECT count(*) FROM t WHERE email = 'person' || id || '@real.org' OR email = 'new' || id")
        .parse()
        .unwrap();
    assert!(kept < 60, "{kept} rows have kept their value");
    session.run("REINDEX TABLE t");
    nothing_left(&mut session);
}

fn a_run_that_is_stopped_again_and_again(pg: &Postgres) {
    let mut session = begin(pg);
    let mut state = 0x5709;
    let mut stops = 0;
    loop {
        let mut masker = session.another(pg);
        masker.run(&format!(
            "SET statement_timeout = {}",
            20 + next(&mut state) % 60 + 20 * stops
        ));
        match masker.attempt(
            "CALL synth_mask_table_online('t', batch_rows => 100, rows_per_second => 20000)",
        ) {
            Ok(_) => break,
            Err(error) => assert_eq!(error.code, "57014", "{error}"),
        }
        stops += 1;
        if super::phase(&mut session, "t") != "done" && super::phase(&mut session, "t") != "refresh"
        {
            same_rows(&mut session, "t", "original");
        }
    }
    assert!(stops >= 3, "stopped only {stops} times");
    for column in ["email", "tags", "note", "city"] {
        is_dealt(&mut session, column, "kind >= 0");
    }
    is_dealt(&mut session, "pay", "kind = 1");
    nothing_left(&mut session);
}

fn a_table_that_was_empty(pg: &Postgres) {
    let mut session = begin(pg);
    session.run("DELETE FROM t; DELETE FROM original WHERE id > 400");
    session.run("VACUUM t");
    changed_before_the_swap(
        pg,
        &mut session,
        &[
            "INSERT INTO t SELECT * FROM original WHERE id <= 100",
            "INSERT INTO t SELECT * FROM original WHERE id BETWEEN 101 AND 400",
        ],
    );
    for column in ["email", "tags", "note", "city"] {
        is_dealt(&mut session, column, "kind >= 0");
    }
}

/// Values that repeat elsewhere are dealt as often as they are there, and no row keeps its own for want of
/// one.
fn a_column_that_is_unique_in_some_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text, kind int);
         INSERT INTO t SELECT i, 'value ' || i % 100, 0 FROM generate_series(1, 3000) i;
         CREATE UNIQUE INDEX ON t (v) WHERE id = 1;
         CREATE TABLE original AS TABLE t",
    );
    rule(&mut session, "t", "v", "MASKED WITH shuffle");
    let insert = "INSERT INTO t VALUES (5001, 'value 7', 0)";
    changed_before_the_swap(pg, &mut session, &[insert]);
    session.run("INSERT INTO original VALUES (5001, 'value 7', 0)");
    session.run("CREATE TABLE now_values AS SELECT v FROM t; CREATE TABLE old_values AS SELECT v FROM original");
    same_rows(&mut session, "now_values", "old_values");
    // One in a hundred keeps its value by chance.
    assert_eq!(
        session.value("SELECT count(*) < 100 FROM t JOIN original USING (id, v)"),
        "t"
    );
}

fn partitions_deal_among_themselves(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, k text, v text, w text) PARTITION BY LIST (k);
         CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a', 'masked');
         CREATE TABLE t_b (w text, gone int, id int, v text, k text); ALTER TABLE t_b DROP gone;
         ALTER TABLE t ATTACH PARTITION t_b DEFAULT;
         INSERT INTO t SELECT i, substr('abc', i % 3 + 1, 1), 'v' || i % 3 || '-' || i, 'Original ' || i FROM generate_series(0, 1499) i;
         CREATE TABLE original AS TABLE t",
    );
    rule(&mut session, "t", "v", "MASKED WITH shuffle");
    rule(&mut session, "t", "w", "MASKED WITH hash(20)");
    session.run("CALL synth_mask_table_online('t', 100)");
    let dealt = "SELECT string_agg(DISTINCT substr(v, 1, 2), ' ' ORDER BY substr(v, 1, 2)) FROM t WHERE k = ";
    assert_eq!(session.value(&format!("{dealt}'a'")), "v0");
    assert_eq!(session.value(&format!("{dealt}'b'")), "v1 v2");
    assert_eq!(
        session.value("SELECT count(*) FROM ((SELECT v FROM t EXCEPT SELECT v FROM original) UNION ALL (SELECT v FROM original EXCEPT SELECT v FROM t)) d"),
        "0"
    );
    // Rows move when their partition key is masked; their values are those of the partition they were in.
    rule(&mut session, "t", "k", "MASKED WITH VALUE 'masked'");
    session.run("CALL synth_mask_table_online('t', 100)");
    assert_eq!(
        session.value("SELECT concat_ws(' ', count(*), count(DISTINCT v), min(k)) FROM t_a"),
        "1500 1500 masked"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t JOIN original o USING (id) WHERE (o.k = 'a') <> (t.v LIKE 'v0%')"),
        "0"
    );
    assert_eq!(
        session.column(
            "SELECT DISTINCT verdict FROM synth_verify_masked('t', false) WHERE verdict NOT IN ('clean', 'expected', 'equal')"
        ),
        Vec::<String>::new()
    );
    nothing_left(&mut session);
}

fn what_cannot_be_dealt_online_says_what_can(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE \"It's\" (during int4range, where_at bit(4) UNIQUE, EXCLUDE USING gist (during WITH &&));
         INSERT INTO \"It's\" VALUES ('[1,2)', B'0001'), ('[2,3)', B'0010')",
    );
    for (column, says) in [
        ("during", "takes part in constraint \"It's_during_excl\""),
        ("where_at", "its type has no hash function"),
    ] {
        rule(&mut session, "\"It''s\"", column, "MASKED WITH shuffle");
        let error = session.refused("CALL synth_mask_table_online('\"It''s\"')", "0A000", says);
        let call = error
            .hint
            .split(", which")
            .next()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(session.value(&call), "2", "{error}");
        session.run(&format!("SELECT synth_drop_rule('\"It''s\"', '{column}')"));
    }
    // A unique index that comes meanwhile has the values dealt anew.
    session.run(TABLE);
    rule(&mut session, "t", "pay", "MASKED WITH shuffle");
    let mut masker = session.another(pg);
    masker.run("SET statement_timeout = '300 ms'");
    assert!(
        masker
            .attempt("CALL synth_mask_table_online('t', batch_rows => 100, rows_per_second => 500)")
            .is_err()
    );
    session.run("CREATE UNIQUE INDEX ON t (pay)");
    session.run("CALL synth_mask_table_online('t')");
    is_dealt(&mut session, "pay", "kind >= 0");
}

/// Values that wait to be dealt are originals: nobody reads them, and giving up drops them.
fn decks_are_nobody_elses(pg: &Postgres) {
    let mut session = begin(pg);
    let role = format!("deck_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; ALTER TABLE t OWNER TO {role}"
    ));
    let mut owner = session.role(pg, &role);
    owner.run("SET statement_timeout = '3 s'");
    assert!(
        owner
            .attempt("CALL synth_mask_table_online('t', batch_rows => 100, rows_per_second => 500)")
            .is_err()
    );
    assert_eq!(super::phase(&mut owner, "t"), "deal");
    let made = session.column(
        "SELECT relname FROM pg_class WHERE relname ~ '^online_(deal|deck)' AND relkind = 'r' ORDER BY 1",
    );
    assert_eq!(made.len(), 6, "{made:?}");
    for name in &made {
        owner.refused(&format!("TABLE synth.{name}"), "42501", "denied");
        assert_eq!(
            session.value(&format!(
                "SELECT reloptions FROM pg_class WHERE relname = '{name}'"
            )),
            "{autovacuum_enabled=off}"
        );
    }
    assert_eq!(owner.value("SELECT synth_mask_online_abort('t')"), "t");
    nothing_left(&mut session);
    same_rows(&mut session, "t", "original");
}
