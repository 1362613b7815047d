//! Kills at random points of every form that masks in place or copies: of the backend, and of the
//! whole server. What was begun is resumed by the same call, and the result is that of a run that
//! nobody disturbed.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::same_rows;
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![killed_at_random_points];

/// Kills of each form: fifty in all.
const KILLS: usize = 10;
const DATABASE: &str = "killed";

/// A form of masking.
struct Form {
    name: &'static str,
    /// What the call is made from; rules are set after it.
    setup: &'static str,
    /// Tables that get the rules.
    ruled: &'static [&'static str],
    call: &'static str,
    /// The most milliseconds before a kill.
    longest: u64,
    /// Whether it has ended, after all has been found as it must be.
    ended: fn(&mut Session) -> bool,
}

const FORMS: [Form; 5] = [
    Form {
        name: "rewrite",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original",
        ruled: &["t"],
        call: "SELECT synth_mask_table('t')",
        longest: 60,
        ended: |session| all_or_nothing(session, &["t"]),
    },
    Form {
        name: "schema",
        setup: "CREATE SCHEMA s; CREATE TABLE s.a (LIKE original INCLUDING ALL); INSERT INTO s.a TABLE original;
                CREATE TABLE s.b (LIKE original INCLUDING ALL); INSERT INTO s.b TABLE original",
        ruled: &["s.a", "s.b"],
        call: "SELECT * FROM synth_mask_schema('s')",
        longest: 100,
        ended: |session| all_or_nothing(session, &["s.a", "s.b"]),
    },
    Form {
        name: "online",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original",
        ruled: &["t"],
        call: ONLINE,
        longest: 220,
        ended: online_ended,
    },
    Form {
        name: "copy",
        setup: "CREATE SCHEMA s; CREATE TABLE s.t (LIKE original INCLUDING ALL); INSERT INTO s.t TABLE original",
        ruled: &["s.t"],
        call: "SELECT * FROM synth_copy_masked('s', 'copied')",
        longest: 100,
        ended: |session| {
            same_rows(session, "s.t", "original");
            let made = session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'copied'");
            if made == "1" {
                same_rows(session, "copied.t", "masked");
            }
            made == "1"
        },
    },
    Form {
        name: "job",
        setup: "CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original; ALTER TABLE t OWNER TO worker",
        ruled: &["t"],
        call: ONLINE,
        longest: 220,
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

/// The table is untouched until the new heap takes its place.
fn online_ended(session: &mut Session) -> bool {
    let phase = super::phase(session, "t");
    let swapped = ["done", "refresh"].contains(&phase.as_str());
    same_rows(session, "t", if swapped { "masked" } else { "original" });
    phase == "done"
}

fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    *state >> 33
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
    for form in &FORMS {
        let begun = Instant::now();
        let (mut kills, mut runs) = (0, 0);
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
                let patience = (kills < KILLS)
                    .then(|| Duration::from_millis(10 + next(&mut state) % form.longest));
                let whole_server = next(&mut state).is_multiple_of(2);
                kills += usize::from(run_and_kill(&pg, form, patience, whole_server));
                let mut session = Session::open(&pg, DATABASE);
                let ended = (form.ended)(&mut session);
                session.close();
                if ended {
                    break;
                }
            }
            let mut session = Session::open(&pg, DATABASE);
            super::nothing_left(&mut session);
            session.run("SET enable_seqscan = off");
            let table = if form.name == "copy" {
                "copied.t"
            } else {
                form.ruled[0]
            };
            let found = session.value(&format!(
                "SELECT count(*) FROM {table} t JOIN masked USING (email) WHERE t.id = masked.id"
            ));
            assert_eq!(
                found, "3000",
                "{}: the index does not find the rows",
                form.name
            );
            session.close();
        }
        eprintln!(
            "{}: {kills} kills in {runs} runs, {:?}",
            form.name,
            begun.elapsed()
        );
    }
}

/// Runs a form in a process of its own, and after some time kills it: the backend, or the whole
/// server. Gives whether it was killed; without a time it runs to its end.
fn run_and_kill(pg: &Postgres, form: &Form, after: Option<Duration>, whole_server: bool) -> bool {
    let mut run = Run::begin(pg, form);
    let Some(after) = after else {
        run.wait(pg);
        return false;
    };
    thread::sleep(after);
    if run.has_ended(pg) {
        return false;
    }
    if whole_server {
        pg.restart("KILL");
    } else {
        if let Some(pid) = run.pid(pg) {
            crate::signal(pid, "KILL");
        }
        if let Run::Client(client) = &mut run {
            let _ = client.wait();
        }
        pg.wait_until_ready()
            .unwrap_or_else(|e| panic!("the server does not recover: {e}"));
    }
    run.settle(pg);
    true
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

    fn pid(&self, pg: &Postgres) -> Option<u32> {
        let query = match self {
            Self::Client(_) => "SELECT pid FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()".to_owned(),
            Self::Job(run) => format!("SELECT pid FROM synth.job_run WHERE run_id = {run} AND status = 'running'"),
        };
        pg.psql(DATABASE, &query).ok()?.parse().ok()
    }

    /// Waits for the end of a run that is left alone.
    fn wait(&mut self, pg: &Postgres) {
        match self {
            Self::Client(client) => {
                let status = client.wait();
                assert!(
                    status.is_ok_and(|status| status.success()),
                    "the call fails by itself"
                );
            }
            Self::Job(_) => self.settle(pg),
        }
    }

    /// Waits until a run that was killed is known to be gone.
    fn settle(&mut self, pg: &Postgres) {
        match self {
            Self::Client(client) => drop(client.wait()),
            Self::Job(run) => {
                let begun = Instant::now();
                while !["succeeded", "interrupted"].contains(&Self::status(pg, run).as_str()) {
                    assert!(
                        begun.elapsed() < Duration::from_mins(1),
                        "run {run} does not end"
                    );
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}
