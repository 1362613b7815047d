//! Transactions, other sessions, row security, triggers, size and cancelling.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use super::{mask, rule};
use crate::extension::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    transactions,
    row_security_and_triggers,
    readers_wait_and_see_masked_rows,
    rules_made_while_waiting_hold,
    many_rows,
    a_cancel_leaves_the_table,
    progress_is_seen_from_another_session,
];

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

fn progress_is_seen_from_another_session(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.0004); RETURN md5($1); END $$;
         SELECT synth_trust_function('slow(text)');
         CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'Original ' || i FROM generate_series(1, 8000) i; ANALYZE t",
    );
    rule(&mut session, "t", "v", "MASKED WITH FUNCTION public.slow()");
    let stranger = format!("stranger_{}", session.database);
    session.run(&format!("CREATE ROLE {stranger} LOGIN"));
    let mut masker = session.another(pg);
    let pid = masker.pid();
    let masking = thread::spawn(move || masker.attempt("SELECT synth_mask_table('t')"));
    let seen = "SELECT table_name, phase, rows_done > 0, rows_total BETWEEN 4000 AND 16000, percent > 0 AND percent < 100,
                       rows_per_second > 0, time_left > '0', started < clock_timestamp(), pid FROM synth.progress WHERE rows_done > 0";
    let mut found = Vec::new();
    for _ in 0..1000 {
        found = session.rows(seen);
        if !found.is_empty() || masking.is_finished() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(
        found,
        [row(&["t", "rewrite", "t", "t", "t", "t", "t", "t", &pid])],
        "another session does not see how far the rewrite is"
    );
    let mut other = session.role(pg, &stranger);
    assert_eq!(other.value("SELECT count(*) FROM synth.progress"), "0");
    let outcome = masking.join().unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert_eq!(session.value("SELECT count(*) FROM synth.progress"), "0");
}
