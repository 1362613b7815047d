//! The audit's chain.

use std::thread;

use super::masked;
use crate::extension::session::Cells;
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    a_masking_is_recorded,
    a_run_says_how_it_was_verified,
    what_is_rolled_back_leaves_no_record,
    tampering_is_found,
    an_anchor_finds_a_chain_made_anew,
    a_prepared_transaction_is_no_anchor,
    concurrent_writers_make_one_chain,
    dump_and_restore_keep_the_chain,
    others_see_their_own_records,
];

fn breaks(session: &mut Session) -> Vec<Cells> {
    session.rows("SELECT * FROM synth_audit_verify()")
}

fn a_masking_is_recorded(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE SCHEMA \"odd ' schema\"");
    session.run(
        "CREATE TABLE \"odd ' schema\".\"T\"\"x\" (id int, \"v'; DROP\" text, n text);
         INSERT INTO \"odd ' schema\".\"T\"\"x\" VALUES (1, 'Original', 'a'), (2, NULL, NULL);
         SELECT synth_set_rule('\"odd '' schema\".\"T\"\"x\"', 'v''; DROP', 'MASKED WITH hash(20)');
         SELECT synth_mask_table('\"odd '' schema\".\"T\"\"x\"')",
    );
    assert_eq!(
        session.rows(
            "SELECT id, session_user_name, role_name, operation, target, rules, key_version, rows,
                    before = after AS totals_equal, before -> target -> 'rows', before -> target -> 'nulls',
                    now() - at < '10 minutes', client IS NOT NULL, length(rules_sha256)
             FROM synth.audit_log"
        ),
        [row(&[
            "1",
            "postgres",
            "postgres",
            "mask_table",
            "\"odd ' schema\".\"T\"\"x\"",
            "[[\"\\\"odd ' schema\\\".\\\"T\\\"\\\"x\\\".v'; DROP\", \"MASKED WITH hash(20)\"]]",
            "1",
            "2",
            "t",
            "2",
            "{\"n\": 1, \"id\": 0, \"v'; DROP\": 1}",
            "t",
            "t",
            "64",
        ])]
    );
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
    assert_eq!(
        session.value(
            "SELECT hash = sha256(convert_to('pg_synth audit 1' || chr(10) || id || chr(10) || encode(previous, 'hex') || chr(10) || record, 'UTF8'))
             FROM synth.audit"
        ),
        "t",
        "the chain cannot be checked with other tools as docs/proof.md says"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM synth.audit WHERE record ~ 'Original'"),
        "0",
        "a real value is in the audit"
    );
}

fn a_run_says_how_it_was_verified(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text UNIQUE, n text);
         INSERT INTO t SELECT i, 'Original ' || i, 'Kept ' || i FROM generate_series(1, 300) i;
         CREATE FUNCTION idle(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; SELECT synth_trust_function('idle(text)');
         SELECT synth_set_rule('t', 'v', 'MASKED WITH hash(20)')",
    );
    let last = |session: &mut Session, what: &str| {
        session.value(&format!(
            "SELECT {what} FROM synth.audit_log ORDER BY id DESC LIMIT 1"
        ))
    };
    let column = "concat_ws(' ', verification ->> 'method', verification ->> 'rows', verification ->> 'unmasked_columns',
        verification #>> '{columns,0,values}', verification #>> '{columns,0,kept}', verification #>> '{columns,0,originals_among_them}',
        verification #>> '{columns,0,verdict}')";
    session.run("SELECT synth_mask_table('t')");
    assert_eq!(
        last(&mut session, column),
        "written values equal equal 300 0 0 clean"
    );
    session.run("CALL synth_mask_table_online('t')");
    assert_eq!(
        last(&mut session, column),
        "written values equal equal 300 0 0 clean"
    );
    session.run("SET pg_synth.verify_runs = full; SELECT synth_mask_table('t')");
    assert_eq!(
        last(
            &mut session,
            "concat_ws(' ', verification ->> 'method', verification #>> '{tables,public.t,by_place,heap}', verification #>> '{tables,public.t,by_place,index}', verification #>> '{tables,public.t,surviving}')"
        ),
        "search {\"clean\": 1} {\"clean\": 1} 0"
    );
    session.run("CALL synth_mask_table_online('t')");
    assert_eq!(last(&mut session, "operation"), "verify_masked");
    session.run("SET pg_synth.verify_runs = off; SELECT synth_mask_table('t')");
    assert_eq!(
        last(&mut session, "verification"),
        "{\"method\": \"skipped\"}"
    );
    session.run("RESET pg_synth.verify_runs; SELECT synth_set_rule('t', 'n', 'MASKED WITH FUNCTION public.idle()'); SELECT synth_set_rule('t', 'v', 'NOT MASKED'); SELECT synth_mask_table('t')");
    let said = last(&mut session, column);
    assert!(
        said.starts_with("written values equal equal 300 300 300 not judged"),
        "a mask that leaves what it gets passes for one that masks: {said}"
    );
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
}

fn what_is_rolled_back_leaves_no_record(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("BEGIN; SELECT synth_rotate_secret(); ROLLBACK");
    assert_eq!(session.value("SELECT count(*) FROM synth.audit"), "0");
    session.run(
        "BEGIN; SELECT synth_rotate_secret(); SAVEPOINT a; SELECT synth_rotate_secret();
         SAVEPOINT b; SELECT synth_rotate_secret(); RELEASE b; ROLLBACK TO a; SELECT synth_rotate_secret(); COMMIT",
    );
    assert_eq!(
        session.column("SELECT key_version FROM synth.audit_log ORDER BY id"),
        ["2", "3"],
        "records of a savepoint that was rolled back"
    );
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
}

fn tampering_is_found(pg: &Postgres) {
    let mut session = fresh(pg);
    for _ in 0..5 {
        session.run("SELECT synth_rotate_secret()");
    }
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
    let rehashed = |id: &str| {
        format!(
            "UPDATE synth.audit SET hash = sha256(convert_to('pg_synth audit 1' || chr(10) || id || chr(10) || encode(previous, 'hex') || chr(10) || record, 'UTF8')) WHERE id = {id}"
        )
    };
    let changed = "UPDATE synth.audit SET record = replace(record, 'rotate', 'forged') WHERE id = ";
    let head = "UPDATE synth.audit_head SET (id, hash) = (SELECT id, hash FROM synth.audit ORDER BY id DESC LIMIT 1)";
    for (what, sql, found) in [
        ("a record changed", format!("{changed}3"), vec!["3: has been changed"]),
        (
            "a record and its hash changed",
            format!("{changed}3; {}", rehashed("3")),
            vec!["4: does not follow"],
        ),
        (
            "the last record and its hash changed",
            format!("{changed}5; {}", rehashed("5")),
            vec!["5: does not have the hash that the head says"],
        ),
        (
            "the last record, its hash and the head changed",
            format!("{changed}5; {}; {head}", rehashed("5")),
            vec!["NULL: the head of the chain has been changed"],
        ),
        ("one deleted", "DELETE FROM synth.audit WHERE id = 2".to_owned(), vec!["2: is missing"]),
        (
            "some deleted at the start",
            "DELETE FROM synth.audit WHERE id < 3".to_owned(),
            vec!["1: is missing, and those up to 2"],
        ),
        (
            "deleted, and the others moved up",
            "DELETE FROM synth.audit WHERE id = 4; UPDATE synth.audit SET id = 4 WHERE id = 5".to_owned(),
            vec!["4: has been changed", "5: is missing, the last ones"],
        ),
        (
            "two in each other's place",
            "UPDATE synth.audit SET id = 99 WHERE id = 2; UPDATE synth.audit SET id = 2 WHERE id = 3; UPDATE synth.audit SET id = 3 WHERE id = 99".to_owned(),
            vec!["2: has been changed", "3: has been changed", "4: does not follow"],
        ),
        (
            "the last deleted",
            "DELETE FROM synth.audit WHERE id > 3".to_owned(),
            vec!["4: is missing, and those up to 5, the last ones"],
        ),
        (
            "the last deleted, and the head set back",
            format!("DELETE FROM synth.audit WHERE id > 3; {head}"),
            vec!["NULL: the head of the chain has been changed"],
        ),
        ("all deleted", "DELETE FROM synth.audit".to_owned(), vec!["1: is missing, and those up to 5, the last ones"]),
        ("the head deleted", "DELETE FROM synth.audit_head".to_owned(), vec!["NULL: the head of the chain is missing"]),
        (
            "one added by hand",
            format!(
                "INSERT INTO synth.audit SELECT 6, record, hash, '' FROM synth.audit WHERE id = 5; {}",
                rehashed("6")
            ),
            vec!["6: stands after the head"],
        ),
        (
            "one that is no JSON",
            "UPDATE synth.audit SET record = '{' WHERE id = 1".to_owned(),
            vec!["1: has been changed"],
        ),
    ] {
        session.run(&format!("BEGIN; {sql}"));
        let rows = breaks(&mut session);
        session.run("ROLLBACK");
        let lines: Vec<String> = rows
            .iter()
            .map(|row| {
                let cell = |index: usize| row[index].as_deref().unwrap_or("NULL");
                format!("{}: {}", cell(0), cell(1))
            })
            .collect();
        assert_eq!(lines.len(), found.len(), "{what}: {lines:?}");
        for (line, part) in lines.iter().zip(found) {
            assert!(line.starts_with(part), "{what}: {line:?} is not {part:?}");
        }
    }
    // A new seal hides the broken one, but the record below it says so.
    session.run(&format!(
        "DELETE FROM synth.audit WHERE id > 3; {head}; SELECT synth_rotate_secret()"
    ));
    assert_eq!(
        breaks(&mut session),
        [row(&["4", "was appended to a head whose seal was broken"])]
    );
}

fn an_anchor_finds_a_chain_made_anew(pg: &Postgres) {
    let mut session = fresh(pg);
    masked(&mut session, "t");
    let hash = session.value("SELECT hash FROM synth.audit_log");
    let with = |id: i32, hash: &str| format!("SELECT * FROM synth_audit_verify({id}, '{hash}')");
    assert_eq!(session.rows(&with(1, &hash)), Vec::<Cells>::new());
    session.run("TRUNCATE synth.audit, synth.audit_head; SELECT synth_mask_table('t')");
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
    assert_eq!(
        session.rows(&with(1, &hash)),
        [row(&["1", "does not have the hash that was expected"])]
    );
    assert_eq!(
        session.rows(&with(2, &hash)),
        [row(&["2", "is missing, and was expected"])]
    );
}

fn concurrent_writers_make_one_chain(pg: &Postgres) {
    let mut session = fresh(pg);
    for writer in 0..4 {
        session.run(&format!(
            "CREATE TABLE t{writer} (v text); INSERT INTO t{writer} VALUES ('Original');
             SELECT synth_set_rule('t{writer}', 'v', 'MASKED WITH hash')"
        ));
    }
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut own = session.another(pg);
            thread::spawn(move || {
                for round in 0..8 {
                    let end = ["COMMIT", "COMMIT", "ROLLBACK"][(writer + round) % 3];
                    own.run(&format!(
                        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT synth_mask_table('t{writer}'); {end}"
                    ));
                }
            })
        })
        .collect();
    // Verifying meanwhile finds no break that is not there.
    for _ in 0..5 {
        assert_eq!(breaks(&mut session), Vec::<Cells>::new());
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
    assert_eq!(
        session.rows("SELECT count(*), max(id) FROM synth.audit"),
        [row(&["22", "22"])]
    );
    // A masking that is not finished holds up nobody.
    let mut other = session.another(pg);
    session.run("BEGIN; SELECT synth_mask_table('t0')");
    other.run("SET lock_timeout = 5000; SELECT synth_mask_table('t1')");
    session.run("COMMIT");
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
}

fn dump_and_restore_keep_the_chain(pg: &Postgres) {
    let mut session = fresh(pg);
    masked(&mut session, "\"Ä \\ table\"");
    masked(&mut session, "second");
    let copy = pg.create_database();
    pg.dump_and_restore(&session.database, &copy);
    let mut restored = Session::open(pg, &copy);
    let records = "SELECT * FROM synth.audit ORDER BY id";
    assert_eq!(restored.rows(records), session.rows(records));
    assert_eq!(breaks(&mut restored), Vec::<Cells>::new());
    restored.run("SELECT synth_mask_table('second')");
    assert_eq!(breaks(&mut restored), Vec::<Cells>::new());
    assert_eq!(restored.value("SELECT max(id) FROM synth.audit_log"), "3");
}

fn others_see_their_own_records(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("watcher_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}"
    ));
    masked(&mut session, "t");
    let mut other = session.role(pg, &role);
    assert_eq!(other.value("SELECT count(*) FROM synth.audit_log"), "0");
    masked(&mut other, "own");
    assert_eq!(
        other.column("SELECT target FROM synth.audit_log"),
        ["public.own"]
    );
    for query in [
        "SELECT * FROM synth.audit",
        "SELECT * FROM synth.audit_head",
        "DELETE FROM synth.audit",
        "INSERT INTO synth.audit VALUES (9, '', '', '')",
        "SELECT * FROM synth.fingerprint",
        "SELECT * FROM synth.fingerprint_chunk",
        "SELECT * FROM synth.unmask_grant",
        "SELECT * FROM synth_audit_verify()",
    ] {
        other.refused(query, "42501", "permission denied");
    }
    session.run(&format!("GRANT pg_monitor TO {role}"));
    assert_eq!(other.value("SELECT count(*) FROM synth.audit_log"), "2");
    assert_eq!(breaks(&mut other), Vec::<Cells>::new());
    session.run(&format!(
        "GRANT pg_read_all_data, pg_write_all_data TO {role}"
    ));
    assert_eq!(other.value("SELECT count(*) FROM synth.audit"), "0");
    other.run("DELETE FROM synth.audit; UPDATE synth.audit_head SET id = 0");
    assert_eq!(breaks(&mut session), Vec::<Cells>::new());
}

/// What is logged as written is written: a prepared transaction may be rolled back yet.
fn a_prepared_transaction_is_no_anchor(_: &Postgres) {
    let settings = ["max_prepared_transactions=2", "log_min_messages=log"];
    let pg =
        Postgres::start_with("-prepared", &settings).unwrap_or_else(|e| panic!("no cluster: {e}"));
    pg.psql("postgres", "CREATE DATABASE prepared").unwrap();
    let mut session = Session::open(&pg, "prepared");
    session.run("CREATE EXTENSION pg_synth");
    masked(&mut session, "t");
    for end in ["ROLLBACK", "COMMIT"] {
        session.run("BEGIN; SELECT synth_mask_table('t'); PREPARE TRANSACTION 'p'");
        session.run(&format!("{end} PREPARED 'p'"));
        session.run("SELECT synth_mask_table('t')");
        assert_eq!(breaks(&mut session), Vec::<Cells>::new(), "{end}");
    }
    let log = pg.log();
    let anchors: Vec<(&str, &str)> = log
        .lines()
        .filter_map(|line| {
            line.split_once("pg_synth audit record ")?
                .1
                .split_once(": ")
        })
        .collect();
    assert!(anchors.len() >= 3, "{anchors:?}");
    for (id, hash) in anchors {
        assert_eq!(
            session.rows(&format!(
                "SELECT * FROM synth_audit_verify({id}, '{}')",
                hash.trim()
            )),
            Vec::<Cells>::new(),
            "what the log says of record {id} is a false break"
        );
    }
    assert_eq!(
        log.matches("audit record, prepared and not committed, ")
            .count(),
        2
    );
}
