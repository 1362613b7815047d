//! Scans of generators that parallel workers share, and the columns that scans make.

mod ends;
mod plans;
mod rows;
mod streaming;

use super::{Session, Test, fresh};
use crate::servers::postgres::Postgres;

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        ends::tests(),
        plans::tests(),
        rows::tests(),
        streaming::tests(),
    ]
    .concat()
}

/// Makes Postgres choose a parallel plan wherever it can, and end what nothing else ends.
const EAGER: &str = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; \
     SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; \
     SET statement_timeout = '60s'";

fn eager(pg: &Postgres) -> Session {
    let mut session = fresh(pg);
    session.run(EAGER);
    session
}

fn plan_of(session: &mut Session, query: &str) -> String {
    session
        .column(&format!("EXPLAIN (COSTS off) {query}"))
        .join("\n")
}

#[track_caller]
fn assert_shared(session: &mut Session, query: &str) {
    let plan = plan_of(session, query);
    assert!(
        plan.contains("Parallel Custom Scan (pg_synth)"),
        "workers do not share the scan of\n{query}\n{plan}"
    );
}
