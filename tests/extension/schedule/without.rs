//! Jobs where the library is not preloaded: they are stored, and the user is told what to do.

use crate::extension::{database, tests};
use crate::servers::postgres::Postgres;

tests![without_preloading_it_says_how];

fn without_preloading_it_says_how(pg: &Postgres) {
    let name = database(pg);
    let output = pg.psql_output(
        &name,
        "SELECT synth_schedule('j', '@daily', 'SELECT 1') > now()",
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "t");
    for part in [
        "WARNING",
        "shared_preload_libraries = 'pg_synth'",
        "restart the server",
        "cron.schedule",
    ] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    for call in [
        "SELECT synth_pause('j'), synth_resume('j'), synth_run_now('j')",
        "SELECT synth_unschedule('j')",
    ] {
        pg.psql(&name, call).unwrap_or_else(|e| panic!("{e}"));
    }
    assert_eq!(
        pg.psql(&name, "SELECT count(*) FROM synth.job").as_deref(),
        Ok("0")
    );
}
