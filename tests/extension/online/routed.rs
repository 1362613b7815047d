//! Masked partition keys: rows go to the shadow of the partition of their new value, and so do changes
//! that others make meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{nothing_left, rule, same_rows};
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    rows_move_to_their_partition,
    changes_follow_rows_that_have_moved,
    nothing_is_lost_while_others_write,
    a_killed_run_goes_on,
    partitions_that_come_and_go,
    what_cannot_be_done_says_what_can,
];

/// Partitions by range below partitions by list, with columns in other orders, and a mirror that the
/// rewrite masks.
const TREE: &str = "CREATE TABLE $t (id int, born date, name text, region text, len int GENERATED ALWAYS AS (length(name)) STORED) PARTITION BY LIST (region);
    CREATE TABLE $t_real PARTITION OF $t FOR VALUES IN ('Real east', 'Real west') PARTITION BY RANGE (id);
    CREATE TABLE $t_real1 PARTITION OF $t_real FOR VALUES FROM (0) TO (100);
    CREATE TABLE $t_real2 (name text, gone int, region text, id int, born date, len int GENERATED ALWAYS AS (length(name)) STORED); ALTER TABLE $t_real2 DROP gone;
    ALTER TABLE $t_real ATTACH PARTITION $t_real2 DEFAULT;
    CREATE TABLE $t_masked (region text, name text, id int, born date, len int GENERATED ALWAYS AS (length(name)) STORED); ALTER TABLE $t ATTACH PARTITION $t_masked FOR VALUES IN ('masked');
    CREATE TABLE $t_other PARTITION OF $t DEFAULT;
    CREATE UNIQUE INDEX ON $t (id, region); CREATE INDEX ON $t (name);
    INSERT INTO $t SELECT i, date '2000-01-01' + i, repeat('Real ' || i, CASE WHEN i % 50 = 0 THEN 600 ELSE 1 END), CASE WHEN i % 3 = 0 THEN 'Real east' ELSE 'Real west' END FROM generate_series(1, 3000) i";

fn rows_move_to_their_partition(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in ["t", "mirror"] {
        session.run(&TREE.replace("$t", table));
        rule(&mut session, table, "region", "MASKED WITH VALUE 'masked'");
        rule(&mut session, table, "name", "MASKED WITH hash(20)");
    }
    session.run("SELECT synth_mask_table('mirror')");
    session.run("CALL synth_mask_table_online('t', 100)");
    same_rows(&mut session, "t", "mirror");
    same_rows(&mut session, "t_masked", "mirror_masked");
    nothing_left(&mut session);
    assert_eq!(
        session.rows("SELECT tableoid::regclass, count(*), count(DISTINCT name) FROM t GROUP BY 1"),
        [row(&["t_masked", "3000", "3000"])]
    );
    session.run("SET enable_seqscan = off");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE id = 77 AND region = 'masked'"),
        "1"
    );
    session.run("SET enable_seqscan = on");
    proof_is_clean(&mut session, "t");
    // A hash finds its partition by its value.
    for table in ["h", "hmirror"] {
        session.run(&hashed(table));
        rule(&mut session, table, "k", "MASKED WITH hash");
    }
    session.run("SELECT synth_mask_table('hmirror')");
    session.run("CALL synth_mask_table_online('h', 64)");
    for part in ["", "0", "1", "2"] {
        same_rows(&mut session, &format!("h{part}"), &format!("hmirror{part}"));
    }
    nothing_left(&mut session);
    proof_is_clean(&mut session, "h");
}

fn hashed(table: &str) -> String {
    let parts = [0, 1, 2]
        .map(|rest| {
            format!("CREATE TABLE {table}{rest} PARTITION OF {table} FOR VALUES WITH (MODULUS 3, REMAINDER {rest});")
        })
        .concat();
    format!(
        "CREATE TABLE {table} (k text PRIMARY KEY, v int, note text) PARTITION BY HASH (k); {parts}
         INSERT INTO {table} SELECT 'Real ' || i, i, 'note ' || i FROM generate_series(1, 3000) i"
    )
}

/// Nothing of the originals is left, and the control totals are as they were. What is removed from a
/// shadow, and leaves bytes in its pages, was masked.
#[track_caller]
fn proof_is_clean(session: &mut Session, table: &str) {
    let found = session.column(&format!(
        "SELECT place || ' ' || object || ': ' || verdict FROM synth_verify_masked('{table}', false)
         WHERE verdict NOT IN ('clean', 'expected', 'equal') AND place NOT LIKE '%statistics' AND place <> 'free space'"
    ));
    assert_eq!(found, Vec::<String>::new());
}

/// Each kind of change, to rows that have been copied, while a reader holds the swap up.
fn changes_follow_rows_that_have_moved(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in ["h", "hmirror"] {
        session.run(&hashed(table));
        rule(&mut session, table, "k", "MASKED WITH hash");
        rule(&mut session, table, "note", "MASKED WITH hash(20)");
    }
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM h");
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt("CALL synth_mask_table_online('h', 200, lock_timeout => '20 ms')")
    });
    until_it_catches_up(&mut session);
    for table in ["h", "hmirror"] {
        session.run(&format!(
            "DELETE FROM {table} WHERE v % 10 = 0;
             UPDATE {table} SET note = note || '!' WHERE v % 10 = 1;
             UPDATE {table} SET k = 'Real moved ' || v WHERE v % 10 = 2;
             INSERT INTO {table} SELECT 'Real new ' || i, i, 'new' FROM generate_series(10001, 10100) i;
             DELETE FROM {table} WHERE k = 'Real 7'; INSERT INTO {table} VALUES ('Real 7', 7, 'again')"
        ));
    }
    reader.run("COMMIT");
    masking
        .join()
        .unwrap()
        .unwrap_or_else(|error| panic!("{error}"));
    session.run("SELECT synth_mask_table('hmirror')");
    for part in ["", "0", "1", "2"] {
        same_rows(&mut session, &format!("h{part}"), &format!("hmirror{part}"));
    }
    nothing_left(&mut session);
    proof_is_clean(&mut session, "h");
}

#[track_caller]
fn until_it_catches_up(session: &mut Session) {
    for _ in 0..1500 {
        let waits = "SELECT phase || ' ' || waiting_for FROM synth.progress WHERE waiting_for = 'lock' LIMIT 1";
        if session.column(waits).pop().as_deref() == Some("catch up lock") {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the run does not wait for a reader");
}

/// A writer changes keys, and so partitions, of the table and of a mirror at once.
fn nothing_is_lost_while_others_write(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in ["h", "hmirror"] {
        session.run(&hashed(table));
        rule(&mut session, table, "k", "MASKED WITH hash");
        rule(&mut session, table, "note", "MASKED WITH hash(20)");
    }
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM h");
    let stop = Arc::new(AtomicBool::new(false));
    let mut writer = session.another(pg);
    let ended = Arc::clone(&stop);
    let writing = thread::spawn(move || {
        let mut turn = 0;
        while !ended.load(Ordering::Relaxed) {
            turn += 1;
            let (one, two) = (turn * 7 % 3000, turn * 13 % 3000);
            let changes = ["h", "hmirror"].map(|table| {
                format!(
                    "UPDATE {table} SET k = k || 'x' WHERE v = {one};
                     UPDATE {table} SET note = note || 'y' WHERE v = {two};
                     INSERT INTO {table} VALUES ('Fresh ' || {turn}, -{turn}, 'n');
                     DELETE FROM {table} WHERE v = -({turn} / 2)"
                )
            });
            writer.run(&format!("BEGIN; {}; COMMIT", changes.join("; ")));
        }
        turn
    });
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt("CALL synth_mask_table_online('h', 100, rows_per_second => 8000, lock_timeout => '50 ms')")
    });
    until_it_catches_up(&mut session);
    stop.store(true, Ordering::Relaxed);
    let turns = writing.join().unwrap();
    assert!(turns > 10, "only {turns} changes");
    reader.run("COMMIT");
    masking
        .join()
        .unwrap()
        .unwrap_or_else(|error| panic!("{error}"));
    session.run("SELECT synth_mask_table('hmirror')");
    for part in ["0", "1", "2"] {
        same_rows(&mut session, &format!("h{part}"), &format!("hmirror{part}"));
    }
    proof_is_clean(&mut session, "h");
}

fn a_killed_run_goes_on(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in ["h", "hmirror"] {
        session.run(&hashed(table));
        rule(&mut session, table, "k", "MASKED WITH hash");
    }
    session.run("SELECT synth_mask_table('hmirror')");
    for milliseconds in [30, 80, 150, 250, 400] {
        let mut masker = session.another(pg);
        let pid = masker.pid();
        let masking = thread::spawn(move || {
            masker.attempt("CALL synth_mask_table_online('h', 50, rows_per_second => 1000)")
        });
        thread::sleep(Duration::from_millis(milliseconds));
        session.run(&format!("SELECT pg_cancel_backend({pid})"));
        let _ = masking.join();
        session.run("UPDATE h SET v = v WHERE v % 100 = 5");
    }
    session.run("CALL synth_mask_table_online('h')");
    for part in ["0", "1", "2"] {
        same_rows(&mut session, &format!("h{part}"), &format!("hmirror{part}"));
    }
    nothing_left(&mut session);
}

fn partitions_that_come_and_go(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (k text, v int) PARTITION BY LIST (k); CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('Real');
         INSERT INTO t SELECT 'Real', i FROM generate_series(1, 500) i",
    );
    rule(&mut session, "t", "k", "MASKED WITH VALUE 'masked'");
    let error = session.refused("CALL synth_mask_table_online('t')", "23514", "no partition");
    assert!(error.detail.is_empty(), "{error}");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE k = 'Real'"),
        "500"
    );
    // With a partition for them the same call begins anew.
    session.run("CREATE TABLE t2 PARTITION OF t FOR VALUES IN ('masked')");
    session.run("CALL synth_mask_table_online('t')");
    assert_eq!(
        session.rows("SELECT tableoid::regclass, k, count(*) FROM t GROUP BY 1, 2"),
        [row(&["t2", "masked", "500"])]
    );
    nothing_left(&mut session);
}

fn what_cannot_be_done_says_what_can(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE \"It's\" (k int) PARTITION BY HASH (k);
         CREATE TABLE i0 PARTITION OF \"It's\" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE UNLOGGED TABLE i1 PARTITION OF \"It's\" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO \"It's\" SELECT generate_series(1, 100)",
    );
    rule(&mut session, "\"It''s\"", "k", "MASKED WITH permutation");
    let error = session.refused(
        "CALL synth_mask_table_online('\"It''s\"')",
        "0A000",
        "i1 is unlogged",
    );
    let call = error
        .hint
        .split(", which")
        .next()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(session.value(&call), "100", "{error}");
    // Nothing to mask is no error of the program.
    session.run("CREATE TABLE childless (k int) PARTITION BY HASH (k)");
    rule(&mut session, "childless", "k", "MASKED WITH permutation");
    session.run("CALL synth_mask_table_online('childless')");
}
