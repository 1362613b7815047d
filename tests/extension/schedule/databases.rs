//! Databases that come and go, and jobs that travel with a dump.

use super::{due, prepared, run_now, shared, until, until_runs};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    nothing_is_in_the_way_of_a_database_that_goes,
    extensions_come_and_go,
    dump_and_restore,
];

fn nothing_is_in_the_way_of_a_database_that_goes(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    let mut admin = Session::open(pg, "postgres");
    session.run("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    due(&mut session, "j");
    until_runs(&mut session, "j", "succeeded");
    let database = session.database.clone();
    until(
        &mut admin,
        &format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND backend_type LIKE 'pg_synth%'"
        ),
        "0",
    );
    session.close();
    let copy = format!("{database}_copy");
    admin.run(&format!("CREATE DATABASE {copy} TEMPLATE {database}"));
    admin.run(&format!("DROP DATABASE {database}"));
    // A job that runs is in the way as any session is, and WITH (FORCE) ends it.
    let (mut session, _) = prepared(pg);
    session.run("SELECT synth_schedule('long', '@yearly', 'SELECT pg_sleep(1000)')");
    run_now(&mut session, "long", "running", "status");
    let database = session.database.clone();
    session.close();
    admin.run(&format!("DROP DATABASE {database} WITH (FORCE)"));
    // The jobs of a copy do not run by themselves.
    let mut session = Session::open(pg, &copy);
    assert_eq!(session.value("SELECT state FROM synth.jobs"), "restored");
    session.close();
    admin.run(&format!("DROP DATABASE {copy}"));
}

fn extensions_come_and_go(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run("SELECT synth_schedule('j', '@yearly', 'SELECT pg_sleep(1000)')");
    run_now(&mut session, "j", "running", "status");
    let pid = session.value("SELECT pid FROM synth.job_run");
    session.run("DROP EXTENSION pg_synth");
    session.run(&format!("SELECT pg_cancel_backend({pid})"));
    until(
        &mut session,
        &format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"),
        "0",
    );
    session.run("CREATE EXTENSION pg_synth");
    assert_eq!(session.value("SELECT count(*) FROM synth.job"), "0");
    session.run("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    due(&mut session, "j");
    until_runs(&mut session, "j", "succeeded");
    // From the version before.
    session.run("DROP EXTENSION pg_synth; CREATE EXTENSION pg_synth VERSION '0.2.0'; ALTER EXTENSION pg_synth UPDATE");
    session.run("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    due(&mut session, "j");
    until_runs(&mut session, "j", "succeeded");
}

fn dump_and_restore(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    let mut owner = session.role(pg, &role);
    owner.run("SELECT synth_schedule('mine', '30 2 * * *', 'SELECT current_user', time_zone => 'Europe/Berlin', window_start => '01:00', window_stop => '05:00', retry_delay => '5 minutes', attempts => 3)");
    owner.run("SELECT synth_schedule('other', '@yearly', 'SELECT 1')");
    run_now(&mut owner, "other", "succeeded", "status");
    let jobs = "SELECT name, owner::text, cron, time_zone, command, overlap, attempts::text, retry_delay::text, window_start::text, window_stop::text, missed, active::text FROM synth.job ORDER BY name";
    let before = session.rows(jobs);
    let copy = pg.create_database();
    pg.dump_and_restore(&session.database, &copy);
    let mut copy = Session::open(pg, &copy);
    assert_eq!(copy.rows(jobs), before, "jobs are not as they were");
    assert_eq!(
        copy.value("SELECT string_agg(status, ',') FROM synth.job_run"),
        "succeeded"
    );
    // They wait to be looked at: a database made of a dump may be another one than it was meant for.
    assert_eq!(
        copy.value("SELECT string_agg(DISTINCT state, ',') FROM synth.jobs"),
        "restored"
    );
    due(&mut copy, "other");
    copy.refused("SELECT synth_run_now('other')", "55000", "synth_resume");
    let mut owner_there = copy.role(pg, &role);
    owner_there.run("SELECT synth_resume('mine'), synth_resume('other')");
    assert_eq!(
        copy.value("SELECT string_agg(DISTINCT state, ',') FROM synth.jobs"),
        "scheduled"
    );
    due(&mut copy, "other");
    until_runs(&mut copy, "other", "succeeded,succeeded");
    assert_eq!(copy.value("SELECT count(*) FROM synth.job_run WHERE run_id = (SELECT max(run_id) FROM synth.job_run)"), "1");
}
