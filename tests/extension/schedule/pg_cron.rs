//! The same commands, run by `pg_cron`.

use super::{alone, has_pg_cron, until};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![the_same_commands_work_from_pg_cron];

fn the_same_commands_work_from_pg_cron(pg: &Postgres) {
    if !has_pg_cron() {
        eprintln!(
            "*** NO PG_CRON (Debian package postgresql-15-cron): its test checks nothing ***"
        );
        return;
    }
    // pg_cron lives in the database postgres.
    let _server = alone();
    let mut session = Session::open(pg, "postgres");
    session.run(
        "CREATE EXTENSION IF NOT EXISTS pg_synth; CREATE EXTENSION pg_cron;
         CREATE TABLE people (id int, email text);
         INSERT INTO people SELECT i, 'real' || i || '@corp.com' FROM generate_series(1, 100) i;
         SELECT synth_set_rule('people', 'email', 'MASKED WITH email');
         CREATE SCHEMA source; CREATE TABLE source.people (id int PRIMARY KEY, email text); INSERT INTO source.people TABLE people;
         CREATE TABLE online (LIKE source.people INCLUDING ALL); INSERT INTO online TABLE people;
         SELECT synth_set_rule(t, 'id', 'NOT MASKED'), synth_set_rule(t, 'email', 'MASKED WITH email') FROM unnest(ARRAY['source.people', 'online']::regclass[]) t;
         CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE committed (); COMMIT; RAISE 'stop'; END $$",
    );
    // Due when the server starts, so that nobody waits for a minute to pass.
    for (job, command) in [
        ("mask", "SELECT synth_mask_table('people')"),
        (
            "generate",
            "CREATE TABLE patients AS SELECT * FROM synth_patients(10, 1)",
        ),
        (
            "copy",
            "SELECT * FROM synth_copy_masked('source', 'copied')",
        ),
        (
            "online",
            "CALL synth_mask_table_online('online', batch_rows => 10)",
        ),
        ("commit", "CALL commits()"),
    ] {
        session.run(&format!(
            "SELECT cron.schedule('{job}', '@reboot', $$ {command} $$)"
        ));
    }
    pg.restart("INT");
    let mut session = Session::open(pg, "postgres");
    until(
        &mut session,
        "SELECT string_agg(status, ',' ORDER BY jobid) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')",
        "succeeded,succeeded,succeeded,succeeded,failed",
    );
    for table in ["copied.people", "online"] {
        let masked = format!("SELECT count(*) FROM {table} WHERE email NOT LIKE '%corp.com'");
        assert_eq!(session.value(&masked), "100", "{table}");
    }
    assert_eq!(
        session.value("SELECT count(*) FROM people WHERE email LIKE '%corp.com'"),
        "0"
    );
    assert_eq!(session.value("SELECT count(*) FROM patients"), "10");
    assert_eq!(
        session.value("SELECT to_regclass('committed') IS NOT NULL"),
        "t"
    );
    session.run("DROP EXTENSION pg_cron; DROP TABLE people, patients, committed, online; DROP SCHEMA source, copied CASCADE; DROP PROCEDURE commits; DROP EXTENSION pg_synth");
}
