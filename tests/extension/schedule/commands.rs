//! What a job can run, and what its history keeps.

use super::{PATIENCE, prepared, run_now, shared, until, until_runs};
use crate::block_on;
use crate::extension::{row, tests};
use crate::servers::postgres::Postgres;

tests![
    commands_run_outside_of_a_transaction_block,
    a_command_is_one_statement,
    output_is_kept,
    a_failure_is_told,
    names_and_commands_with_quotes,
    masking_generating_and_copying,
    rules_that_do_not_fit_any_more,
    messages_of_code_on_rows_are_withheld,
];

fn commands_run_outside_of_a_transaction_block(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run(
        "CREATE TABLE t (i int, x xid8);
         CREATE PROCEDURE many(n int) LANGUAGE plpgsql AS $$
         BEGIN FOR i IN 1 .. n LOOP INSERT INTO t VALUES (i, pg_current_xact_id()); COMMIT; END LOOP;
         INSERT INTO t VALUES (0, pg_current_xact_id()); ROLLBACK; END $$",
    );
    session.run("SELECT synth_schedule('commits', '@yearly', 'CALL many(3)')");
    run_now(&mut session, "commits", "succeeded", "status");
    assert_eq!(
        session.value("SELECT count(*) || ' ' || count(DISTINCT x) || ' ' || min(i) FROM t"),
        "3 3 1",
        "the procedure could not commit and roll back"
    );
    session.run("SELECT synth_schedule('vacuums', '@yearly', 'VACUUM (FULL) t')");
    run_now(&mut session, "vacuums", "succeeded", "status");
    session.run(
        "SELECT synth_schedule('indexes', '@yearly', 'CREATE INDEX CONCURRENTLY late ON t (i)')",
    );
    run_now(&mut session, "indexes", "succeeded", "status");
    assert_eq!(
        session.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'late'::regclass"),
        "t"
    );
    // A procedure that fails half-way keeps what it has committed.
    session.run("CREATE PROCEDURE half() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (100); COMMIT; INSERT INTO t VALUES (101); RAISE 'stop'; END $$");
    session.run("SELECT synth_schedule('half', '@yearly', 'CALL half()')");
    assert_eq!(run_now(&mut session, "half", "failed", "message"), "stop");
    assert_eq!(
        session.value("SELECT string_agg(i::text, ',') FROM t WHERE i >= 100"),
        "100"
    );
}

fn a_command_is_one_statement(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    for (command, code, says) in [
        ("SELECT 1; SELECT 2", "42601", "one command, not 2"),
        ("", "42601", "one command, not 0"),
        ("-- nothing", "42601", "one command, not 0"),
        ("SELEC 1", "42601", "syntax error"),
        ("BEGIN", "0A000", "transaction"),
        ("COMMIT", "0A000", "transaction"),
        ("COPY pg_class TO STDOUT", "0A000", "no client"),
        ("COPY t FROM STDIN", "0A000", "no client"),
    ] {
        session.refused(
            &format!("SELECT synth_schedule('j', '@daily', '{command}')"),
            code,
            says,
        );
    }
    session.refused(
        "SELECT synth_schedule('j', '@daily', 'SELECT ''' || repeat('x', 200000) || '''')",
        "54000",
        "longer than",
    );
}

fn output_is_kept(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run("CREATE TABLE t (i int PRIMARY KEY, secret text)");
    session.run("SELECT synth_schedule('writes', '@yearly', 'INSERT INTO t SELECT g, ''Real'' || g FROM generate_series(1, 7) g')");
    assert_eq!(run_now(&mut session, "writes", "succeeded", "rows"), "7");
    // One row is a result; many are data, which is not kept.
    session.run("SELECT synth_schedule('one', '@yearly', 'SELECT count(*), NULL, ''ü'' FROM t')");
    assert_eq!(
        run_now(&mut session, "one", "succeeded", "rows || ': ' || result"),
        "1: 7, , ü"
    );
    session.run("SELECT synth_schedule('many', '@yearly', 'TABLE t')");
    assert_eq!(
        run_now(
            &mut session,
            "many",
            "succeeded",
            "rows || ' ' || (result IS NULL)"
        ),
        "7 true"
    );
    session.run("CREATE PROCEDURE told(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'first %', n; RAISE WARNING E'second\\nline'; RAISE DEBUG 'unheard'; n := n + 1; END $$");
    session.run("SELECT synth_schedule('says', '@yearly', 'CALL told(41)')");
    assert_eq!(
        run_now(
            &mut session,
            "says",
            "succeeded",
            "result || '|' || notices"
        ),
        "42|NOTICE: first 41\nWARNING: second\nline\n"
    );
    session.run("SELECT synth_schedule('floods', '@yearly', $$DO 'BEGIN FOR i IN 1 .. 5000 LOOP RAISE NOTICE ''% %'', i, repeat(''x'', 100); END LOOP; END'$$)");
    assert_eq!(
        run_now(
            &mut session,
            "floods",
            "succeeded",
            "length(notices) <= 16400 AND notices LIKE '%...' || chr(10)"
        ),
        "t",
        "what a command says is not bounded"
    );
    // Errors: SQLSTATE, message and hint; not DETAIL, which shows rows.
    session
        .run("SELECT synth_schedule('collides', '@yearly', 'INSERT INTO t VALUES (1, ''Real1'')')");
    assert_eq!(
        run_now(&mut session, "collides", "failed", "sqlstate"),
        "23505"
    );
    assert_eq!(session.value("SELECT count(*) FROM synth.job_run r WHERE r.job = 'collides' AND r::text LIKE '%(i)=(1)%'"), "0");
    session.run("SELECT synth_schedule('own', '@yearly', $$DO 'BEGIN RAISE ''mine'' USING ERRCODE = ''TT001'', HINT = ''do this''; END'$$)");
    assert_eq!(
        run_now(
            &mut session,
            "own",
            "failed",
            "sqlstate || ' ' || message || ' ' || hint"
        ),
        "TT001 mine do this"
    );
    session.run("SELECT synth_schedule('absent', '@yearly', 'SELECT * FROM nowhere')");
    assert_eq!(
        run_now(&mut session, "absent", "failed", "sqlstate"),
        "42P01"
    );
    // What fails at commit fails.
    session.run("CREATE TABLE late (i int, UNIQUE (i) DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (1)");
    session.run("SELECT synth_schedule('deferred', '@yearly', 'INSERT INTO late VALUES (1)')");
    assert_eq!(
        run_now(&mut session, "deferred", "failed", "sqlstate"),
        "23505"
    );
    assert_eq!(
        session.value("SELECT last_status || ' ' || (last_finished_at >= last_started_at) FROM synth.jobs WHERE name = 'deferred'"),
        "failed true"
    );
}

fn a_failure_is_told(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run(
        "SELECT synth_schedule('breaks', '@yearly', $$DO 'BEGIN RAISE ''real value''; END'$$)",
    );
    let url = pg.url(&session.database);
    let news = block_on(async {
        let mut listener = sqlx::postgres::PgListener::connect(&url).await.unwrap();
        listener.listen("synth_jobs").await.unwrap();
        pg.psql(&session.database, "SELECT synth_run_now('breaks')")
            .unwrap();
        let news = tokio::time::timeout(PATIENCE, listener.recv()).await;
        news.expect("nobody is told").unwrap().payload().to_owned()
    });
    let news: serde_json::Value = serde_json::from_str(&news).unwrap();
    assert_eq!(news["job"], "breaks");
    assert_eq!(news["status"], "failed");
    assert_eq!(news["sqlstate"], "P0001");
    assert!(!news.to_string().contains("real value"));
    until_runs(&mut session, "breaks", "failed");
    let line = format!(
        "run {} of job \"breaks\": failed (SQLSTATE P0001)",
        news["run_id"]
    );
    assert!(pg.log().contains(&line), "no {line:?} in the log");
}

fn names_and_commands_with_quotes(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    let role = format!("O'Brien \"{}\"; --", session.database);
    let quoted = role.replace('"', "\"\"");
    session.run(&format!(
        "CREATE ROLE \"{quoted}\" LOGIN; GRANT EXECUTE ON FUNCTION synth_schedule TO \"{quoted}\""
    ));
    let mut owner = session.role(pg, &role);
    owner.run(r#"SELECT synth_schedule(E'it''s "mine"; --\n$1', '@yearly', 'SELECT ''a"b'', current_user')"#);
    let run = owner.value(r#"SELECT synth_run_now(E'it''s "mine"; --\n$1')"#);
    until(
        &mut session,
        &format!("SELECT status FROM synth.job_run WHERE run_id = {run}"),
        "succeeded",
    );
    assert_eq!(
        owner.value(&format!(
            "SELECT result FROM synth.job_run WHERE run_id = {run}"
        )),
        format!("a\"b, {role}")
    );
    owner.run(r#"SELECT synth_pause(E'it''s "mine"; --\n$1'), synth_resume(E'it''s "mine"; --\n$1'), synth_unschedule(E'it''s "mine"; --\n$1')"#);
    assert_eq!(session.value("SELECT count(*) FROM synth.job"), "0");
}

fn masking_generating_and_copying(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    let mut owner = session.role(pg, &role);
    owner.run("CREATE TABLE people (id int, email text); INSERT INTO people SELECT i, 'real' || i || '@corp.com' FROM generate_series(1, 100) i");
    owner.run("SELECT synth_set_rule('people', 'email', 'MASKED WITH email')");
    owner.run("SELECT synth_schedule('mask', '30 2 * * *', $$SELECT synth_mask_table('people')$$)");
    assert_eq!(run_now(&mut owner, "mask", "succeeded", "result"), "100");
    assert_eq!(
        owner.value("SELECT count(*) FROM people WHERE email LIKE '%corp.com'"),
        "0"
    );
    owner.run("SELECT synth_schedule('generate', '@daily', 'CREATE TABLE patients AS SELECT * FROM synth_patients(50, 1)')");
    assert_eq!(run_now(&mut owner, "generate", "succeeded", "rows"), "50");
    // Masked copying and online masking are commands as any other.
    session.run(&format!(
        "GRANT CREATE ON DATABASE {} TO {role}",
        session.database
    ));
    owner.run(
        "CREATE SCHEMA source; CREATE TABLE source.people (id int PRIMARY KEY, email text);
         INSERT INTO source.people SELECT i, 'real' || i || '@corp.com' FROM generate_series(1, 100) i;
         CREATE TABLE online (LIKE source.people INCLUDING ALL); INSERT INTO online TABLE source.people;
         SELECT synth_set_rule(t, 'id', 'NOT MASKED'), synth_set_rule(t, 'email', 'MASKED WITH email') FROM unnest(ARRAY['source.people', 'online']::regclass[]) t",
    );
    owner.run("SELECT synth_schedule('copy', '@daily', $$SELECT * FROM synth_copy_masked('source', 'copied')$$)");
    assert_eq!(run_now(&mut owner, "copy", "succeeded", "rows"), "1");
    owner.run("SELECT synth_schedule('online', '@daily', $$CALL synth_mask_table_online('online', batch_rows => 10)$$)");
    run_now(&mut owner, "online", "succeeded", "status");
    for table in ["copied.people", "online"] {
        assert_eq!(
            owner.rows(&format!(
                "SELECT count(*), count(*) FILTER (WHERE email LIKE '%corp.com') FROM {table}"
            )),
            [row(&["100", "0"])],
            "{table}"
        );
    }
    assert_eq!(
        owner.value("SELECT count(*) FROM source.people WHERE email LIKE '%corp.com'"),
        "100",
        "the source of a copy is masked"
    );
}

fn rules_that_do_not_fit_any_more(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run(
        "CREATE TABLE p (id int, v text) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
         CREATE TABLE other (v text); INSERT INTO p VALUES (1, '7'); INSERT INTO other VALUES ('x');
         SELECT synth_set_rule('p', 'v', 'MASKED WITH email'), synth_set_rule('other', 'v', 'MASKED WITH hash')",
    );
    session.run(
        "SELECT synth_schedule('mask', '@daily', $$SELECT synth_mask_table('p')$$, attempts => 3)",
    );
    session.run("SELECT synth_schedule('part', '@daily', $$SELECT synth_mask_table('p1')$$)");
    session.run("SELECT synth_schedule('other', '@daily', $$SELECT synth_mask_table('other')$$)");
    run_now(&mut session, "mask", "succeeded", "status");
    session.run("TRUNCATE p; ALTER TABLE p ALTER v TYPE int USING 7; INSERT INTO p VALUES (1, 7)");
    for job in ["mask", "part"] {
        assert_eq!(
            run_now(
                &mut session,
                job,
                "refused",
                "sqlstate || ' ' || (message LIKE '%public.p%v%') || ' ' || (hint <> '')"
            ),
            "55000 true true",
            "{job}"
        );
    }
    // Others do not suffer, and what was refused runs once its rule fits.
    run_now(&mut session, "other", "succeeded", "status");
    session.run("SELECT synth_set_rule('p', 'v', 'MASKED WITH generalize(10)')");
    run_now(&mut session, "mask", "succeeded", "status");
    // A column that nobody has decided upon, in a table that is protected.
    session.run("SELECT synth_set_rule('p', 'id', 'NOT MASKED'), synth_protect('p')");
    run_now(&mut session, "mask", "succeeded", "status");
    session.run("ALTER TABLE p ADD iban text");
    assert_eq!(
        run_now(
            &mut session,
            "mask",
            "refused",
            "sqlstate || ' ' || (message LIKE '%iban%')"
        ),
        "55000 true"
    );
    run_now(&mut session, "other", "succeeded", "status");
    // Wherever in a command the call stands, and however its argument is written.
    for (number, command) in [
        "SELECT * FROM synth_mask_schema('public')",
        "SELECT m.rows_masked FROM synth_mask_schema(schema => 'public') m WHERE m.rows_masked > 0",
        "SELECT s.n FROM (SELECT coalesce(synth_mask_table('p'), 0) + 1 AS n) s",
        "WITH m AS MATERIALIZED (SELECT * FROM synth_mask_schema(('pub' || 'lic')::name)) SELECT count(*) FROM m",
        "INSERT INTO other SELECT table_name FROM synth_mask_schema('public')",
        "CREATE TABLE made AS SELECT * FROM synth_mask_schema('public')",
        "SELECT * FROM synth_copy_masked('public', 'copied')",
        "SELECT synth_copy_masked(target_schema => 'copied', source_schema => 'public')",
        "CALL synth_mask_table_online(batch_rows => 10, target => 'p')",
        "EXPLAIN ANALYZE SELECT synth_mask_table('p')",
    ]
    .iter()
    .enumerate()
    {
        session.run(&format!(
            "SELECT synth_schedule('form {number}', '@daily', $f${command}$f$)"
        ));
        let job = format!("form {number}");
        assert_eq!(
            run_now(
                &mut session,
                &job,
                "refused",
                "sqlstate || ' ' || (message LIKE '%iban%')"
            ),
            "55000 true",
            "{command}"
        );
    }
}

/// Code of the user's that is given real values may put one into its message: neither the client nor
/// the log nor the history of jobs gets it.
fn messages_of_code_on_rows_are_withheld(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.people (id int PRIMARY KEY, name text); INSERT INTO s.people VALUES (1, concat('Ann ', 'Withheld'));
         CREATE TABLE s.noted (LIKE s.people INCLUDING ALL); INSERT INTO s.noted TABLE s.people;
         CREATE FUNCTION s.number(v text) RETURNS text LANGUAGE sql AS 'SELECT v::int::text';
         CREATE FUNCTION s.tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more of %', OLD.name USING DETAIL = OLD.name, HINT = OLD.name, ERRCODE = 'TT001'; END $$;
         CREATE TRIGGER tells BEFORE UPDATE ON s.noted FOR EACH ROW EXECUTE FUNCTION s.tells();
         SELECT synth_trust_function('s.number(text)');
         SELECT synth_set_rule('s.people', 'name', 'MASKED WITH FUNCTION s.number'), synth_set_rule('s.people', 'id', 'NOT MASKED'),
                synth_set_rule('s.noted', 'name', 'MASKED WITH hash'), synth_set_rule('s.noted', 'id', 'NOT MASKED')",
    );
    for (number, (command, code, says)) in [
        (
            "SELECT synth_mask_table('s.people')",
            "22P02",
            "masks s.people.name",
        ),
        (
            "SELECT * FROM synth_mask_schema('s')",
            "22P02",
            "masks s.people.name",
        ),
        (
            "SELECT * FROM synth_copy_masked('s', 'copied')",
            "22P02",
            "masks s.people.name",
        ),
        (
            "CALL synth_mask_table_online('s.people')",
            "22P02",
            "masks s.people.name",
        ),
        (
            "SELECT synth_mask_table('s.noted', fire_triggers => true)",
            "38000",
            "SQLSTATE TT001",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let error = session.refused(command, code, says);
        assert!(error.hint.contains("withheld"), "{command}: {error}");
        let text = error.to_string();
        assert!(
            !text.contains("Withheld"),
            "{command}: the client sees {text}"
        );
        let job = format!("job {number}");
        session.run(&format!(
            "SELECT synth_schedule('{job}', '@daily', $f${command}$f$, attempts => 1)"
        ));
        let told = run_now(
            &mut session,
            &job,
            "failed",
            "concat_ws(' ', sqlstate, message, hint, notices::text, result)",
        );
        assert!(
            told.contains(says) && !told.contains("Withheld"),
            "{command}: {told}"
        );
    }
    let log = pg.log();
    assert!(
        log.contains("masks s.people.name"),
        "this test would not find a message"
    );
    assert!(
        !log.contains("Ann Withheld"),
        "the server's log has a value"
    );
}
