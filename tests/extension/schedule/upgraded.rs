//! What an earlier version left, and goes on under this one: a job with its history, an online run
//! that was interrupted, references, protection, trust, grants and versions of the secret.

use super::{prepared, run_now, shared};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![what_an_earlier_version_left_goes_on];

/// What must be the same before and after.
const KEPT: [&str; 8] = [
    "SELECT name, cron, command, owner, active::text FROM synth.job",
    "SELECT job, status, result, attempt::text FROM synth.job_run ORDER BY run_id",
    "SELECT version::text, in_use::text, (shredded_at IS NULL)::text FROM synth.secret_versions",
    "SELECT md5(string_agg(key::text, ',' ORDER BY version)) FROM synth.secret",
    "SELECT from_table::text, from_columns::text, to_table::text, to_columns::text FROM synth.reference",
    "SELECT function::text, digest::text FROM synth.trusted_functions",
    "SELECT objoid::regclass::text, objsubid::text, label FROM pg_seclabel WHERE provider = 'pg_synth' ORDER BY 1, 2",
    "SELECT phase, rows_done::text FROM synth.progress",
];

fn what_an_earlier_version_left_goes_on(pg: &Postgres) {
    let _server = shared();
    for version in ["0.3.0", "0.4.0"] {
        let (mut session, role) = prepared(pg);
        leave(&mut session, version, &role);
        let before: Vec<_> = KEPT.iter().map(|query| session.rows(query)).collect();
        assert!(before.iter().all(|rows| !rows.is_empty()), "{before:?}");
        let records = session.rows("SELECT id::text, record FROM synth.audit ORDER BY id");
        session.run("ALTER EXTENSION pg_synth UPDATE");
        for (query, before) in KEPT.iter().zip(&before) {
            assert_eq!(&session.rows(query), before, "{version}: {query}");
        }
        assert_eq!(
            session.rows("SELECT id::text, record FROM synth.audit ORDER BY id"),
            records
        );
        goes_on(pg, &mut session, version, &role);
    }
}

fn leave(session: &mut Session, version: &str, role: &str) {
    session.run(&format!(
        "SET client_min_messages = warning; DROP EXTENSION pg_synth CASCADE; CREATE EXTENSION pg_synth VERSION '{version}';
         CREATE TABLE people (id int PRIMARY KEY, code text UNIQUE, name text);
         INSERT INTO people SELECT i, (100000000 + i)::text, 'Person ' || i FROM generate_series(1, 200) i;
         CREATE TABLE originals AS TABLE people; CREATE TABLE visits (visit int PRIMARY KEY, person text);
         INSERT INTO visits SELECT id, code FROM people;
         CREATE FUNCTION initial(v text) RETURNS text LANGUAGE sql AS $$ SELECT left(v, 1) $$;
         SELECT synth_trust_function('initial(text)');
         SELECT synth_set_rule('people', 'id', 'NOT MASKED'), synth_set_rule('people', 'code', 'MASKED WITH fpe'),
                synth_set_rule('people', 'name', 'MASKED WITH FUNCTION public.initial'), synth_set_rule('visits', 'visit', 'NOT MASKED');
         SELECT synth_reference('visits', ARRAY['person'], 'people', ARRAY['code']);
         SELECT synth_mask_table('people'); SELECT synth_protect('people');
         SELECT synth_rotate_secret(); SELECT synth_grant_unmask('{role}', 'people', 'code');
         GRANT SELECT ON people, originals TO {role};
         CREATE TABLE online (id int PRIMARY KEY, v text); INSERT INTO online SELECT i, 'Original ' || i FROM generate_series(1, 5000) i;
         CREATE TABLE offline AS TABLE online;
         SELECT synth_set_rule(t, 'id', 'NOT MASKED'), synth_set_rule(t, 'v', 'MASKED WITH hash(20)') FROM unnest(ARRAY['online', 'offline']::regclass[]) t;
         SELECT synth_schedule('nightly', '@yearly', $$SELECT synth_mask_table('offline')$$)"
    ));
    assert_eq!(run_now(session, "nightly", "succeeded", "result"), "5000");
    // An online run that has committed something and is interrupted: again, until it has.
    session.run("SET statement_timeout = '500 ms'");
    for _ in 0..50 {
        session.refused(
            "CALL synth_mask_table_online('online', batch_rows => 100, rows_per_second => 400)",
            "57014",
            "",
        );
        let done = session.column("SELECT rows_done FROM synth.progress WHERE phase = 'copy'");
        if done.first().is_some_and(|rows| rows != "0") {
            break;
        }
    }
    session.run("RESET statement_timeout");
}

fn goes_on(pg: &Postgres, session: &mut Session, version: &str, role: &str) {
    let mut reader = session.role(pg, role);
    assert_eq!(
        reader.value("SELECT count(*) FROM people p JOIN originals o USING (id) WHERE synth_unmask('people', 'code', p.code, 1) = o.code"),
        "200",
        "{version}: the grant to unmask"
    );
    session.run("CALL synth_mask_table_online('online')");
    assert_eq!(
        session
            .value("SELECT count(*) FROM online JOIN offline USING (id, v) WHERE v !~ 'Original'"),
        "5000",
        "{version}: rows masked before and after the update, under one secret"
    );
    assert_eq!(run_now(session, "nightly", "succeeded", "result"), "5000");
    session.run("SELECT synth_mask_table('people')");
    assert_eq!(
        session.rows("SELECT count(*), count(*) FILTER (WHERE name = 'P'), count(DISTINCT code) FROM people JOIN visits ON code = person AND id = visit"),
        [crate::extension::row(&["200", "200", "200"])],
        "{version}: the reference or the trusted function"
    );
    session.refused(
        "ALTER TABLE people ADD extra text; SELECT synth_mask_table('people')",
        "55000",
        "extra",
    );
    assert_eq!(
        session.value("SELECT count(*) FROM synth_audit_verify()"),
        "0",
        "{version}"
    );
}
