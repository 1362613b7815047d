//! Kills at random points of every form that masks in place or copies: of the backend, and of the
//! whole server. What was begun is resumed by the same call, and the result is that of a run that
//! nobody disturbed.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{next, same_rows};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![killed_at_random_points];

/// Kills of each form that reach it at work: more than fifty in all.
const KILLS: usize = 8;
const DATABASE: &str = "killed";

/// A form of masking.
struct Form {
    name: &'static str,
    /// What the call is made from; rules are set after it.
    setup: &'static str,
    /// Tables that get the rules.
    ruled: &'static [&'static str],
    call: &'static str,
    /// The masked table, to be proved at the end.
    result: &'static str,
    /// Whether it has ended, after all has been found as it must be.
    ended: fn(&mut Session) -> bool,
}

const FORMS: [Form; 8] = [
    Form {
        name: "rewrite",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original",
        ruled: &["t"],
        call: "SELECT synth_mask_table('t')",
        result: "t",
        ended: |session| all_or_nothing(session, &["t"]),
    },
    Form {
        name: "schema",
        setup: "CREATE SCHEMA s; CREATE TABLE s.a (LIKE original INCLUDING ALL); INSERT INTO s.a TABLE original;
                CREATE TABLE s.b (LIKE original INCLUDING ALL); INSERT INTO s.b TABLE original",
        ruled: &["s.a", "s.b"],
        call: "SELECT * FROM synth_mask_schema('s')",
        result: "s.a",
        ended: |session| all_or_nothing(session, &["s.a", "s.b"]),
    },
    Form {
        name: "online",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original",
        ruled: &["t"],
        call: ONLINE,
        result: "t",
        ended: online_ended,
    },
    Form {
        name: "dealt",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original;
                SELECT synth_set_rule('t', 'email', 'MASKED WITH shuffle'), synth_set_rule('t', 'note', 'MASKED WITH shuffle')",
        ruled: &[],
        call: ONLINE,
        result: "t",
        ended: dealt_ended,
    },
    Form {
        name: "copy",
        setup: "CREATE SCHEMA s; CREATE TABLE s.t (LIKE original INCLUDING ALL); INSERT INTO s.t TABLE original",
        ruled: &["s.t"],
        call: "SELECT * FROM synth_copy_masked('s', 'copied')",
        result: "copied.t",
        ended: copied,
    },
    Form {
        name: "subset",
        setup: "CREATE SCHEMA s; CREATE TABLE s.t (LIKE original INCLUDING ALL); INSERT INTO s.t TABLE original",
        ruled: &["s.t"],
        call: r#"SELECT * FROM synth_copy_masked('s', 'copied', subset => '{"t": "id > 0"}')"#,
        result: "copied.t",
        ended: copied,
    },
    Form {
        name: "triggers",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original;
                CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
                CREATE TRIGGER passing BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION pass()",
        ruled: &["t"],
        call: "SELECT synth_mask_table('t', fire_triggers => true)",
        result: "t",
        ended: |session| all_or_nothing(session, &["t"]),
    },
    Form {
        name: "job",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original; ALTER TABLE t OWNER TO worker",
        ruled: &["t"],
        call: ONLINE,
        result: "t",
        ended: online_ended,
    },
];

const ONLINE: &str = "CALL synth_mask_table_online('t', 100, rows_per_second => 12000)";

const RULES: [(&str, &str); 4] = [
    ("id", "NOT MASKED"),
    ("email", "MASKED WITH email"),
    ("note", "MASKED WITH hash"),
    ("born", "MASKED WITH date_shift(30)"),
];

/// Tables are masked together, or none is.
#[track_caller]
fn all_or_nothing(session: &mut Session, tables: &[&str]) -> bool {
    let mut masked = tables.iter().map(|table| {
        let masked = session.value(&format!(
            "SELECT email NOT LIKE '%real.org' FROM {table} WHERE id = 1"
        )) == "t";
        same_rows(session, table, if masked { "masked" } else { "original" });
        masked
    });
    let first = masked.next().unwrap_or_default();
    assert!(masked.all(|next| next == first), "some tables are masked");
    first
}

/// A copy is there as a whole or not at all.
fn copied(session: &mut Session) -> bool {
    same_rows(session, "s.t", "original");
    let made = session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'copied'");
    if made == "1" {
        same_rows(session, "copied.t", "masked");
    }
    made == "1"
}

/// The table is untouched until the new heap takes its place.
fn online_ended(session: &mut Session) -> bool {
    let phase = super::phase(session, "t");
    let swapped = ["done", "refresh"].contains(&phase.as_str());
    same_rows(session, "t", if swapped { "masked" } else { "original" });
    phase == "done"
}

/// The same, where values are dealt to other rows: each is in one, and nearly none in its own.
fn dealt_ended(session: &mut Session) -> bool {
    let phase = super::phase(session, "t");
    if !["done", "refresh"].contains(&phase.as_str()) {
        same_rows(session, "t", "original");
        return false;
    }
    for columns in ["email", "note", "id, born"] {
        let differences = format!(
            "SELECT count(*) FROM ((SELECT {columns} FROM t EXCEPT ALL SELECT {columns} FROM original)
                UNION ALL (SELECT {columns} FROM original EXCEPT ALL SELECT {columns} FROM t)) d"
        );
        assert_eq!(session.value(&differences), "0", "{columns}");
    }
    assert_eq!(
        session.value("SELECT count(*) < 40 FROM t JOIN original USING (id, email)"),
        "t",
        "rows have kept their values"
    );
    phase == "done"
}

fn killed_at_random_points(_: &Postgres) {
    let settings = [
        "log_min_messages=fatal",
        "shared_preload_libraries=pg_synth",
        "max_worker_processes=20",
    ];
    let pg = Postgres::start_with("-kill", &settings).unwrap_or_else(|e| panic!("no cluster: {e}"));
    pg.psql("postgres", "CREATE DATABASE killed").unwrap();
    let mut session = Session::open(&pg, DATABASE);
    session.run(
        "CREATE EXTENSION pg_synth;
         CREATE ROLE worker LOGIN; GRANT CREATE ON SCHEMA public TO worker; GRANT EXECUTE ON FUNCTION synth_schedule TO worker;
         CREATE TABLE original (id int PRIMARY KEY, email text UNIQUE, note text, born date);
         INSERT INTO original SELECT i, 'p' || i || '@real.org',
            CASE WHEN i % 20 = 0 THEN repeat(md5(i::text), 200) ELSE 'note ' || i END, date '1970-01-01' + i
         FROM generate_series(1, 3000) i;
         CREATE TABLE masked (LIKE original INCLUDING ALL);
         INSERT INTO masked TABLE original",
    );
    for (column, rule) in RULES {
        super::rule(&mut session, "masked", column, rule);
    }
    session.run("SELECT synth_mask_table('masked'); CHECKPOINT");
    let mut worker = session.role(&pg, "worker");
    worker.run(&format!(
        "SELECT synth_schedule('mask', '@yearly', $${ONLINE}$$, attempts => 1)"
    ));
    worker.close();
    session.close();
    let mut state = 0x000F_EED5;
    let mut all = 0;
    for form in &FORMS {
        let begun = Instant::now();
        let (mut kills, mut runs) = (0, 0);
        // How long it takes if nobody disturbs it: the first run tells.
        let mut usual = Duration::ZERO;
        while kills < KILLS {
            runs += 1;
            let mut session = Session::open(&pg, DATABASE);
            session.run("DROP TABLE IF EXISTS t CASCADE; DROP SCHEMA IF EXISTS s CASCADE; DROP SCHEMA IF EXISTS copied CASCADE");
            session.run(form.setup);
            for table in form.ruled {
                for (column, rule) in RULES {
                    super::rule(&mut session, table, column, rule);
                }
            }
            session.close();
            // The same call again and again, until it ends.
            loop {
                let kill = (kills < KILLS && usual > Duration::ZERO).then(|| Kill {
                    after: usual.mul_f64(
                        f64::from(u32::try_from(next(&mut state)).unwrap()) / 2_f64.powi(31),
                    ),
                    whole_server: next(&mut state).is_multiple_of(2),
                });
                let undisturbed = kill.is_none();
                let (killed, took) = run_and_kill(&pg, form, kill);
                kills += usize::from(killed);
                if undisturbed && usual.is_zero() {
                    usual = took;
                }
                let mut session = Session::open(&pg, DATABASE);
                let ended = (form.ended)(&mut session);
                session.close();
                if ended {
                    break;
                }
            }
            let mut session = Session::open(&pg, DATABASE);
            prove(&mut session, form);
            session.close();
        }
        all += kills;
        eprintln!(
            "{}: {kills} kills in {runs} runs, {usual:?} each, {:?}",
            form.name,
            begun.elapsed()
        );
    }
    assert!(all >= 50, "{all} kills have reached a form at work");
}

/// What has ended holds together: nothing of the run is left, the indexes find the rows, no original
/// survives, and the audit is whole.
fn prove(session: &mut Session, form: &Form) {
    super::nothing_left(session);
    let (name, table) = (form.name, form.result);
    session.run("SET enable_seqscan = off");
    let expected = if name == "dealt" {
        "original USING (email)"
    } else {
        "masked USING (email) WHERE t.id = masked.id"
    };
    let found = session.value(&format!("SELECT count(*) FROM {table} t JOIN {expected}"));
    assert_eq!(found, "3000", "{name}: the index does not find the rows");
    // A copy has no fingerprint: it has been compared with what masking gives. Statistics are cleared by
    // a call of their own, as docs/proof.md says.
    if !table.starts_with("copied") {
        let verified = format!(
            "SELECT string_agg(v::text, '; ') FILTER (WHERE verdict = 'differs' OR verdict = 'SURVIVING' AND place NOT LIKE '%statistics'), count(*) > 4
             FROM synth_verify_masked('{table}', false) v"
        );
        let verified = session.rows(&verified);
        assert_eq!(verified, [[None, Some("t".to_owned())]], "{name}");
    }
    assert_eq!(
        session.value("SELECT count(*) FROM synth_audit_verify()"),
        "0",
        "{name}: the audit is broken"
    );
}

/// When and what to kill.
struct Kill {
    after: Duration,
    whole_server: bool,
}

/// Runs a form in a process of its own, and kills its backend, or the whole server, some time after it
/// has begun to work; without a kill it runs to its end. Gives whether the kill has ended it, and how
/// long it has worked.
fn run_and_kill(pg: &Postgres, form: &Form, kill: Option<Kill>) -> (bool, Duration) {
    let mut watch = Session::open(pg, DATABASE);
    let mut run = Run::begin(pg, form);
    let pid = run.until_at_work(pg, &mut watch);
    let begun = Instant::now();
    let (Some(kill), Some(pid)) = (kill, pid) else {
        run.wait(pg);
        watch.close();
        return (false, begun.elapsed());
    };
    thread::sleep(kill.after);
    if kill.whole_server {
        pg.restart("KILL");
    } else {
        crate::signal(pid, "KILL");
    }
    let killed = run.settle(pg);
    pg.wait_until_ready()
        .unwrap_or_else(|e| panic!("the server does not recover: {e}"));
    (killed, begun.elapsed())
}

/// A form at work.
enum Run {
    /// In a client's backend.
    Client(Child),
    /// In the process of a job, by the number of its run.
    Job(String),
}

impl Run {
    fn begin(pg: &Postgres, form: &Form) -> Self {
        if form.name == "job" {
            let mut worker = Session::of_role(pg, DATABASE, "worker");
            let run = worker.value("SELECT synth_run_now('mask')");
            worker.close();
            return Self::Job(run);
        }
        let client = pg
            .program("psql")
            .args(["-X", "-q", "-d", DATABASE, "-c", form.call])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self::Client(client.unwrap())
    }

    fn status(pg: &Postgres, run: &str) -> String {
        let query = format!("SELECT status FROM synth.job_run WHERE run_id = {run}");
        // The server may be coming back.
        pg.psql(DATABASE, &query).unwrap_or_default()
    }

    fn has_ended(&mut self, pg: &Postgres) -> bool {
        match self {
            Self::Client(client) => match client.try_wait() {
                Ok(Some(status)) => {
                    assert!(status.success(), "the call fails by itself");
                    true
                }
                _ => false,
            },
            Self::Job(run) => {
                let status = Self::status(pg, run);
                assert_ne!(status, "failed", "the job fails by itself");
                status == "succeeded"
            }
        }
    }

    /// Waits until the statement has begun; gives the process that it runs in, unless it has ended.
    fn until_at_work(&mut self, pg: &Postgres, watch: &mut Session) -> Option<u32> {
        let query = match self {
            Self::Client(_) => "SELECT pid FROM pg_stat_activity WHERE application_name = 'psql' AND state = 'active' AND query ~ 'synth_'".to_owned(),
            Self::Job(run) => format!("SELECT r.pid FROM synth.job_run r JOIN pg_stat_activity a ON a.pid = r.pid WHERE r.run_id = {run} AND r.status = 'running' AND a.state = 'active'"),
        };
        loop {
            if let Some(pid) = watch.column(&query).pop() {
                return pid.parse().ok();
            }
            if self.has_ended(pg) {
                return None;
            }
        }
    }

    /// Waits for the end of a run that is left alone.
    fn wait(&mut self, pg: &Postgres) {
        assert!(!self.settle(pg), "the call fails by itself");
    }

    /// Waits until a run is known to be over; gives whether it was ended by a kill.
    fn settle(&mut self, pg: &Postgres) -> bool {
        match self {
            Self::Client(client) => {
                // psql gives 1 for an error of the statement, and 2 if the connection is lost.
                let status = client.wait().unwrap().code();
                assert!(
                    status == Some(0) || status == Some(2),
                    "the call fails by itself: {status:?}"
                );
                status == Some(2)
            }
            Self::Job(run) => {
                let begun = Instant::now();
                loop {
                    match Self::status(pg, run).as_str() {
                        "succeeded" => return false,
                        "interrupted" => return true,
                        status => assert!(
                            begun.elapsed() < Duration::from_mins(1),
                            "run {run} does not end: {status}"
                        ),
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}
