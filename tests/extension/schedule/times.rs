//! When jobs are due: expressions, zones, changes of clocks.

use super::shared;
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    expressions,
    zones_and_changes_of_clocks,
    what_cannot_be_read
];

fn next(session: &mut crate::extension::Session, cron: &str, zone: &str, after: &str) -> String {
    session.value(&format!(
        "SELECT synth.next_run('{cron}', '{zone}', timestamptz '{after}') AT TIME ZONE 'UTC'"
    ))
}

fn expressions(pg: &Postgres) {
    let _server = shared();
    let mut session = fresh(pg);
    for (cron, expected) in [
        ("* * * * *", "2026-03-10 12:01:00"),
        ("*/15 * * * *", "2026-03-10 12:15:00"),
        ("30 2 * * *", "2026-03-11 02:30:00"),
        ("0 0 1 * *", "2026-04-01 00:00:00"),
        ("0 3 * * 1-5", "2026-03-11 03:00:00"),
        ("0 3 * * SUN", "2026-03-15 03:00:00"),
        ("0 3 * * 7", "2026-03-15 03:00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00:00"),
        ("5,10 8-9 * JAN,FEB *", "2027-01-01 08:05:00"),
        ("0 0 L * *", "2026-03-31 00:00:00"),
        // Either day suffices where both are given, as everywhere.
        ("0 0 13 * FRI", "2026-03-13 00:00:00"),
        ("@hourly", "2026-03-10 13:00:00"),
        ("@daily", "2026-03-11 00:00:00"),
        ("@weekly", "2026-03-15 00:00:00"),
        ("@monthly", "2026-04-01 00:00:00"),
        ("@yearly", "2027-01-01 00:00:00"),
    ] {
        assert_eq!(
            next(&mut session, cron, "UTC", "2026-03-10 12:00:00Z"),
            expected,
            "{cron}"
        );
    }
}

fn zones_and_changes_of_clocks(pg: &Postgres) {
    let _server = shared();
    let mut session = fresh(pg);
    for (cron, zone, after, expected) in [
        (
            "0 3 * * *",
            "Asia/Kolkata",
            "2026-03-10 12:00Z",
            "2026-03-10 21:30:00",
        ),
        (
            "0 3 * * *",
            "Europe/Berlin",
            "2026-03-10 12:00Z",
            "2026-03-11 02:00:00",
        ),
        (
            "0 3 * * *",
            "Europe/Berlin",
            "2026-07-10 12:00Z",
            "2026-07-11 01:00:00",
        ),
        // 02:30 is left out on this day: the job runs when the clocks have changed.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28 12:00Z",
            "2026-03-29 01:00:00",
        ),
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-29 01:00Z",
            "2026-03-30 00:30:00",
        ),
        // 02:30 comes twice on this day: the job runs the first time.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24 12:00Z",
            "2026-10-25 00:30:00",
        ),
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-25 00:30Z",
            "2026-10-26 01:30:00",
        ),
        // Every half hour is every half hour.
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-25 00:30Z",
            "2026-10-25 01:00:00",
        ),
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-25 01:00Z",
            "2026-10-25 01:30:00",
        ),
        (
            "0 3 * * *",
            "<+07>-7",
            "2026-03-10 12:00Z",
            "2026-03-10 20:00:00",
        ),
    ] {
        assert_eq!(
            next(&mut session, cron, zone, after),
            expected,
            "{cron} in {zone} after {after}"
        );
    }
    // A whole year, without a jump back and without a day left out or doubled.
    assert_eq!(
        session.value(
            "WITH RECURSIVE runs (at) AS (
                SELECT synth.next_run('30 2 * * *', 'America/New_York', '2026-01-01 12:00Z')
                UNION ALL
                SELECT synth.next_run('30 2 * * *', 'America/New_York', at) FROM runs WHERE at < '2027-01-01 12:00Z')
             SELECT count(DISTINCT (at AT TIME ZONE 'America/New_York')::date) || ' of ' || count(*) FROM runs"
        ),
        "366 of 366"
    );
}

fn what_cannot_be_read(pg: &Postgres) {
    let _server = shared();
    let mut session = fresh(pg);
    for cron in [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "0 0 0 * *",
        "@reboot",
        "a b c d e",
        "-1 * * * *",
        "'; DROP TABLE synth.job; --",
    ] {
        let cron = cron.replace('\'', "''");
        session.refused(
            &format!("SELECT synth_schedule('j', '{cron}', 'SELECT 1')"),
            "22023",
            "30 2 * * 1-5",
        );
    }
    session.refused(
        "SELECT synth_schedule('j', repeat('1,', 5000) || '1 * * * *', 'SELECT 1')",
        "22023",
        "too long",
    );
    session.refused(
        "SELECT synth_schedule('j', '0 0 31 2 *', 'SELECT 1')",
        "22023",
        "would never run",
    );
    session.refused(
        "SELECT synth_schedule('j', '@daily', 'SELECT 1', time_zone => '../../etc/passwd')",
        "22023",
        "pg_timezone_names",
    );
    session.refused(
        "SELECT synth_schedule('j', '0 12 * * *', 'SELECT 1', window_start => '22:00', window_stop => '04:00')",
        "22023",
        "would never run",
    );
    for (arguments, says) in [
        ("overlap => 'often'", "skip, queue, allow"),
        ("missed => 'often'", "skip, run"),
        ("attempts => 0", "1 to 100"),
        ("attempts => 101", "1 to 100"),
        ("retry_delay => '0'", "1 second to 1 day"),
        ("retry_delay => '2 days'", "1 second to 1 day"),
        ("window_start => '22:00'", "needs window_stop"),
        (
            "window_start => '22:00', window_stop => '22:00'",
            "no length",
        ),
    ] {
        session.refused(
            &format!("SELECT synth_schedule('j', '@daily', 'SELECT 1', {arguments})"),
            "22023",
            says,
        );
    }
    session.refused(
        "SELECT synth_schedule('', '@daily', 'SELECT 1')",
        "22023",
        "name",
    );
    session.refused(
        "SELECT synth_schedule(NULL, '@daily', 'SELECT 1')",
        "22004",
        "name",
    );
    session.refused("SELECT synth_pause('nobody')", "42704", "no job");
    assert_eq!(session.value("SELECT count(*) FROM synth.job"), "0");
}
