//! Who may, what is refused, what can be seen, and what stops a run.

use std::thread;
use std::time::{Duration, Instant};

use super::{nothing_left, phase, rule, same_rows};
use crate::extension::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    refusals,
    a_cancel_is_resumed,
    progress_is_seen_by_the_owner_and_nobody_else,
    one_call_at_a_time_and_abort,
    changes_of_the_table_begin_anew,
    speed_is_limited,
    locks_that_cannot_be_had_end_a_call,
    a_claim_that_is_given_up_ends_a_call,
    undecided_columns_of_protected_tables,
    owners_cannot_reach_further,
];

/// A table with rows and a rule.
fn table(session: &mut Session, rows: usize) {
    session.run(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v text);
         INSERT INTO t SELECT i, 'Original ' || i FROM generate_series(1, {rows}) i"
    ));
    rule(session, "t", "v", "MASKED WITH hash(20)");
}

/// Starts a slow run in another session, and waits until it has copied something.
fn begin_slowly(
    pg: &Postgres,
    session: &mut Session,
) -> (
    String,
    thread::JoinHandle<Result<(), crate::extension::session::Refusal>>,
) {
    let mut masker = session.another(pg);
    let pid = masker.pid();
    let masking = thread::spawn(move || {
        masker
            .attempt("CALL synth_mask_table_online('t', rows_per_second => 400, batch_rows => 100)")
            .map(|_| ())
    });
    for _ in 0..1000 {
        let done = session.column("SELECT rows_done FROM synth.progress WHERE phase = 'copy'");
        if done.first().is_some_and(|rows| rows != "0") {
            return (pid, masking);
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the run does not get on");
}

fn refusals(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 10);
    let call = "CALL synth_mask_table_online('t')";
    let error = session.refused(
        &format!("BEGIN; {call}"),
        "2D000",
        "cannot run inside a transaction",
    );
    assert!(error.hint.contains("outside of BEGIN"), "{error}");
    session.run("ROLLBACK");
    session.run(&format!(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {call}; END $$"
    ));
    session.refused("SELECT f()", "2D000", "");
    for (arguments, code, says) in [
        ("'t', 0", "22023", "batch_rows must be between 1 and"),
        ("'t', NULL", "22004", "batch_rows must not be null"),
        ("'t', rows_per_second => 0", "22023", "rows_per_second"),
        ("'t', max_replica_lag => '-1 s'", "22023", "max_replica_lag"),
        ("'t', lock_timeout => '0'", "22023", "lock_timeout"),
        (
            "'t', lock_timeout => '1000000 years'",
            "22023",
            "at most a day",
        ),
        ("'t', lock_attempts => 0", "22023", "lock_attempts"),
        ("NULL", "22004", "target must not be null"),
        ("'pg_class'", "42809", "is not a table that can be masked"),
    ] {
        session.refused(
            &format!("CALL synth_mask_table_online({arguments})"),
            code,
            says,
        );
    }
    session.run("CREATE TABLE bare (v text); CREATE TEMP TABLE tmp (v text)");
    rule(&mut session, "tmp", "v", "MASKED WITH hash");
    session.refused(
        "CALL synth_mask_table_online('tmp')",
        "0A000",
        "temporary table",
    );
    session.run("SET pg_synth.verify_runs = 'sometimes'");
    session.refused(call, "22023", "pg_synth.verify_runs");
    session.refused(
        "SELECT synth_mask_table('t')",
        "22023",
        "pg_synth.verify_runs",
    );
    session.run("RESET pg_synth.verify_runs");
    session.refused(
        "CALL synth_mask_table_online('bare')",
        "55000",
        "no masking rule",
    );
    session.run("SET default_transaction_read_only = on");
    session.refused(call, "25006", "read-only");
    session.run(
        "RESET default_transaction_read_only; SET default_transaction_isolation = 'serializable'",
    );
    session.run("CREATE TABLE checked (v text CHECK (v LIKE 'real%')); INSERT INTO checked VALUES ('real secret')");
    rule(&mut session, "checked", "v", "MASKED WITH hash");
    let error = session.refused("CALL synth_mask_table_online('checked')", "23514", "");
    assert!(!error.to_string().contains("real secret"), "{error}");
    assert_eq!(session.value("SELECT v FROM checked"), "real secret");
    assert_eq!(
        session.value("SELECT synth_mask_online_abort('checked')"),
        "t"
    );
    assert_eq!(
        session.value("SELECT synth_mask_online_abort('checked')"),
        "f"
    );
    nothing_left(&mut session);
    session.run(call);
    assert_eq!(phase(&mut session, "t"), "done");
}

fn a_cancel_is_resumed(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 2000);
    session.run("CREATE TABLE copy AS TABLE t");
    rule(&mut session, "copy", "v", "MASKED WITH hash(20)");
    session.run("SELECT synth_mask_table('copy')");
    let (pid, masking) = begin_slowly(pg, &mut session);
    session.run(&format!("SELECT pg_cancel_backend({pid})"));
    assert_eq!(masking.join().unwrap().unwrap_err().code, "57014");
    let done: u32 = session
        .value("SELECT rows_done FROM synth.progress")
        .parse()
        .unwrap();
    assert!((1..2000).contains(&done), "{done}");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "2000",
        "the table is as it was until the end"
    );
    // Changes between are noted.
    session.run(
        "UPDATE t SET v = 'Original changed' WHERE id IN (1, 1999); DELETE FROM t WHERE id = 2",
    );
    session.run("CALL synth_mask_table_online('t')");
    nothing_left(&mut session);
    session.run("DELETE FROM copy WHERE id IN (1, 2, 1999)");
    assert_eq!(
        session.value(
            "SELECT count(*), count(DISTINCT v) FILTER (WHERE id IN (1, 1999)) FROM t"
                .replace("count(*), ", "")
                .as_str()
        ),
        "1"
    );
    session.run("DELETE FROM t WHERE id IN (1, 1999)");
    same_rows(&mut session, "t", "copy");
}

fn progress_is_seen_by_the_owner_and_nobody_else(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 3000);
    let role = format!("on_{}", session.database);
    let other = format!("off_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; CREATE ROLE {other} LOGIN; ALTER TABLE t OWNER TO {role}"
    ));
    let (pid, masking) = begin_slowly(pg, &mut session);
    let mut owner = session.role(pg, &role);
    let seen = owner.rows("SELECT schema_name, table_name, phase, rows_done > 0, percent > 0 AND percent < 100, rows_per_second > 0, time_left > '0', started <= updated, pid FROM synth.progress");
    assert_eq!(
        seen,
        [crate::extension::row(&[
            "public", "t", "copy", "t", "t", "t", "t", "t", &pid
        ])]
    );
    let mut stranger = session.role(pg, &other);
    assert_eq!(stranger.value("SELECT count(*) FROM synth.progress"), "0");
    for table in ["online_run", "online_part", "online_index"] {
        stranger.refused(&format!("SELECT * FROM synth.{table}"), "42501", "denied");
        owner.refused(&format!("DELETE FROM synth.{table}"), "42501", "denied");
    }
    for what in ["shadow", "log", "map"] {
        let name = session.value(&format!(
            "SELECT relname FROM pg_class WHERE relname ~ '^online_{what}_[0-9]+$'"
        ));
        stranger.refused(&format!("SELECT * FROM synth.{name}"), "42501", "denied");
    }
    stranger.refused(
        "CALL synth_mask_table_online('t')",
        "42501",
        "must be owner",
    );
    stranger.refused(
        "SELECT synth_mask_online_abort('t')",
        "42501",
        "must be owner",
    );
    session.run(&format!("SELECT pg_terminate_backend({pid})"));
    assert!(masking.join().is_err() || phase(&mut session, "t") == "copy");
    owner.run("CALL synth_mask_table_online('t')");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0"
    );
    nothing_left(&mut session);
}

fn one_call_at_a_time_and_abort(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 3000);
    let before = session.rows("SELECT ctid, * FROM t");
    let (pid, masking) = begin_slowly(pg, &mut session);
    let error = session.refused(
        "CALL synth_mask_table_online('t')",
        "55006",
        "being masked online",
    );
    assert!(error.hint.contains(&pid), "{error}");
    session.refused(
        "SELECT synth_mask_online_abort('t')",
        "55006",
        "being masked online",
    );
    session.run(&format!("SELECT pg_cancel_backend({pid})"));
    assert!(masking.join().unwrap().is_err());
    assert_eq!(session.value("SELECT synth_mask_online_abort('t')"), "t");
    nothing_left(&mut session);
    assert_eq!(session.rows("SELECT ctid, * FROM t"), before);
    assert_eq!(session.value("SELECT count(*) FROM synth.progress"), "0");
    // A table that is dropped takes all along.
    let (pid, masking) = begin_slowly(pg, &mut session);
    session.run(&format!("SELECT pg_cancel_backend({pid})"));
    assert!(masking.join().unwrap().is_err());
    session.run("DROP TABLE t");
    nothing_left(&mut session);
}

fn changes_of_the_table_begin_anew(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 1500);
    for change in [
        "ALTER TABLE t ADD more text",
        "VACUUM FULL t",
        "SELECT synth_set_rule('t', 'v', 'MASKED WITH hash(30)')",
        "UPDATE synth.secret SET key = synth.random_secret()",
        "ALTER TABLE t ALTER v TYPE varchar(100)",
    ] {
        session.run("UPDATE t SET v = 'Original ' || id");
        let (_, masking) = begin_slowly(pg, &mut session);
        session.run(change);
        let outcome = masking.join().unwrap();
        let error = outcome.expect_err(change);
        assert_eq!(error.code, "55000", "{change}: {error}");
        session.run("DROP TABLE IF EXISTS copy; CREATE TABLE copy (LIKE t); INSERT INTO copy SELECT * FROM t");
        let masked = session.value("SELECT rule FROM synth.rules WHERE table_name = 't'");
        rule(&mut session, "copy", "v", &masked);
        session.run("SELECT synth_mask_table('copy')");
        session.run("CALL synth_mask_table_online('t')");
        same_rows(&mut session, "t", "copy");
        nothing_left(&mut session);
    }
    // An index is no reason to begin anew.
    session.run("UPDATE t SET v = 'Original ' || id");
    let (_, masking) = begin_slowly(pg, &mut session);
    session.run("CREATE INDEX later ON t (v)");
    masking.join().unwrap().unwrap();
    session.run("SET enable_seqscan = off");
    assert_eq!(
        session.value("SELECT count(*) FROM t a JOIN t b USING (v)"),
        "1500"
    );
}

fn speed_is_limited(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 1000);
    let begun = Instant::now();
    session.run("CALL synth_mask_table_online('t', 200, rows_per_second => 1000)");
    // The rows are copied, and read once more for the fingerprint. Not asserted upwards: a slow
    // machine is slow.
    assert!(
        begun.elapsed() > Duration::from_millis(1800),
        "{:?}",
        begun.elapsed()
    );
}

/// What belongs to the owner of a table is run as the owner, whoever masks.
fn owners_cannot_reach_further(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("mean_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}; CREATE TABLE trophy (who text)"
    ));
    let mut owner = session.role(pg, &role);
    owner.run(
        "CREATE TABLE seen (who text); GRANT ALL ON seen TO PUBLIC;
         CREATE FUNCTION grab(v text) RETURNS bool VOLATILE LANGUAGE plpgsql AS $$
         BEGIN
            BEGIN INSERT INTO public.seen VALUES (current_user); EXCEPTION WHEN others THEN NULL; END;
            BEGIN INSERT INTO public.trophy VALUES (current_user); EXCEPTION WHEN others THEN NULL; END;
            RETURN true;
         END $$;
         CREATE FUNCTION folded(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.grab(v); RETURN lower(v); END $$;
         CREATE FUNCTION md5(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$;
         CREATE TABLE t (id int, v text CHECK (grab(v)), \"quoted \"\"; DROP TABLE trophy; --\" text);
         CREATE INDEX ON t (folded(v));
         INSERT INTO t SELECT i, 'Original ' || i, 'Original' FROM generate_series(1, 20) i;
         CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES ('trigger'); RETURN NEW; END $$;
         CREATE TRIGGER fires AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION fired();
         ALTER TABLE t ENABLE ALWAYS TRIGGER fires;
         ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
         TRUNCATE seen",
    );
    rule(&mut owner, "t", "v", "MASKED WITH hash(20)");
    rule(
        &mut owner,
        "t",
        "quoted \"; DROP TABLE trophy; --",
        "MASKED WITH hash(20)",
    );
    session.run("SET search_path = public, pg_catalog");
    session.run("CALL public.synth_mask_table_online('t')");
    session.run("RESET search_path");
    assert_eq!(
        session.value("SELECT count(*) FROM trophy"),
        "0",
        "the owner wrote as a superuser"
    );
    assert_eq!(
        session.column("SELECT DISTINCT who FROM seen WHERE who <> 'trigger'"),
        std::slice::from_ref(&role),
    );
    assert_eq!(
        session.value("SELECT count(*) FROM seen WHERE who = 'trigger'"),
        "0",
        "a trigger fired"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE length(v) = 20 AND \"quoted \"\"; DROP TABLE trophy; --\" <> 'Original'"),
        "20"
    );
    owner.refused("CREATE TRIGGER mine AFTER INSERT ON seen FOR EACH ROW EXECUTE FUNCTION synth.online_capture()", "42501", "denied");
    owner.refused("CREATE TABLE synth.online_log_1 (a int)", "42501", "denied");
}

/// A reader who does not end: the call backs off, gives up and keeps what is done.
fn locks_that_cannot_be_had_end_a_call(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 500);
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM t");
    let begun = Instant::now();
    let error = session.refused(
        "CALL synth_mask_table_online('t', lock_timeout => '20 ms', lock_attempts => 4)",
        "55P03",
        "could not lock public.t in 4 attempts",
    );
    // Three pauses, each twice the one before: 100, 200 and 400 ms.
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_millis(700),
        "it waited {waited:?} only"
    );
    assert!(error.hint.contains("What is done is kept"), "{error}");
    assert_eq!(
        session.rows("SELECT phase, rows_done, waiting_for FROM synth.progress"),
        [crate::extension::row(&["catch up", "500", "lock"])]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "500"
    );
    reader.run("COMMIT");
    session.run("CALL synth_mask_table_online('t', lock_timeout => '20 ms', lock_attempts => 4)");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0"
    );
    assert_eq!(phase(&mut session, "t"), "done");
    nothing_left(&mut session);
}

/// Code on the table's rows that gives up all advisory locks would let another session mask the table
/// at the same time: nothing of that step is committed.
fn a_claim_that_is_given_up_ends_a_call(pg: &Postgres) {
    let mut session = fresh(pg);
    table(&mut session, 500);
    session.run(
        "CREATE FUNCTION unlocks(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN IF i = 350 THEN PERFORM pg_advisory_unlock_all(); END IF; RETURN true; END $$;
         ALTER TABLE t ADD CONSTRAINT c CHECK (unlocks(id))",
    );
    let call = "CALL synth_mask_table_online('t', batch_rows => 100)";
    let error = session.refused(call, "55000", "the claim on public.t has been given up");
    assert!(error.hint.contains("pg_advisory_unlock_all"), "{error}");
    let done: u32 = session
        .value("SELECT rows_done FROM synth.progress")
        .parse()
        .unwrap();
    assert!((1..500).contains(&done), "{done} rows are committed");
    session.refused(call, "55000", "the claim on public.t has been given up");
    session.run("ALTER TABLE t DROP CONSTRAINT c");
    session.run(call);
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE v LIKE 'Original%'"),
        "0"
    );
    nothing_left(&mut session);
}

/// Default deny holds for masking online and for copies, whatever these do with undecided columns.
fn undecided_columns_of_protected_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, v text); INSERT INTO s.t VALUES (1, 'Original')");
    rule(&mut session, "s.t", "v", "MASKED WITH hash");
    rule(&mut session, "s.t", "id", "NOT MASKED");
    session.run("SELECT synth_protect('s.t'); ALTER TABLE s.t ADD phone text DEFAULT 'Original'");
    for call in [
        "CALL synth_mask_table_online('s.t')",
        "SELECT * FROM synth_copy_masked('s', 'copied')",
        "SELECT * FROM synth_copy_masked('s', 'copied', undecided => 'copy')",
        "SELECT * FROM synth_copy_masked('s', 'copied', undecided => 'null')",
    ] {
        session.refused(call, "55000", "phone");
    }
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'copied'"),
        "0"
    );
    rule(&mut session, "s.t", "phone", "MASKED WITH phone");
    session.run("CALL synth_mask_table_online('s.t'); ");
    session.run("SELECT * FROM synth_copy_masked('s', 'copied')");
    assert_eq!(
        session.value("SELECT count(*) FROM copied.t WHERE t::text LIKE '%Original%'"),
        "0"
    );
}
