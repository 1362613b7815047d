//! The three schemas of tests/schemas, filled at 1,000 rows a table.

use std::collections::BTreeMap;

use super::{Session, assert_rows_hold, contents, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    everything_is_filled,
    a_film_rental_is_filled,
    a_wholesaler_is_filled,
    equal_databases_get_equal_rows,
    what_is_filled_can_be_dumped_and_restored,
];

const EVERYTHING: &str = include_str!("../../schemas/everything.sql");
const PAGILA_LIKE: &str = include_str!("../../schemas/pagila_like.sql");
const NORTHWIND_LIKE: &str = include_str!("../../schemas/northwind_like.sql");

/// Fills a schema and gives rows written by table; tables that got fewer than asked must say why.
#[track_caller]
fn fill_schema(session: &mut Session, schema: &str, rows: u32, seed: u32) -> BTreeMap<String, u32> {
    let report = session.rows(&format!(
        "SELECT (SELECT relname FROM pg_class WHERE oid = table_name::text::regclass), rows_asked, rows_written, note
         FROM synth_fill_schema('{schema}', {rows}, seed => {seed})"
    ));
    let mut written = BTreeMap::new();
    for line in report {
        let [Some(table), Some(asked), Some(arrived), note] = &line[..] else {
            panic!("a line with NULLs: {line:?}");
        };
        assert_eq!(asked, &rows.to_string(), "{table}");
        assert!(
            asked == arrived || note.is_some(),
            "{table} got {arrived} rows, and no note says why"
        );
        written.insert(table.clone(), arrived.parse().unwrap_or_default());
    }
    let tables = session.column(&format!(
        "SELECT relname FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname COLLATE \"C\""
    ));
    assert_eq!(
        written.keys().cloned().collect::<Vec<_>>(),
        tables,
        "a line for every table, partitions under their root"
    );
    written
}

fn everything_is_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    session.run(EVERYTHING);
    let written = fill_schema(&mut session, "ev", 1000, 1);
    let fewer: Vec<(&str, u32)> = written
        .iter()
        .filter(|(_, rows)| **rows != 1000)
        .map(|(table, rows)| (table.as_str(), *rows))
        .collect();
    let fewer: BTreeMap<&str, u32> = fewer.into_iter().collect();
    let expected = [
        ("small_boolean", 2),
        ("small_enum", 3),
        ("small_pair", 4),
        ("small_singleton", 1),
        ("small_child", 9),
        ("country", 676),
    ];
    for (table, most) in expected {
        assert_eq!(fewer.get(table), Some(&most), "{table}");
    }
    let unexpected: Vec<_> = fewer
        .iter()
        .filter(|(table, _)| {
            **table != "trigger_skips" && !expected.iter().any(|(name, _)| name == *table)
        })
        .collect();
    assert!(
        unexpected.is_empty(),
        "fewer than 1,000 rows: {unexpected:?}"
    );
    let skipped = fewer.get("trigger_skips").copied().unwrap_or_default();
    assert!(
        skipped > 0 && skipped < 1000,
        "a trigger keeps half of the rows out: {skipped}"
    );
    assert_eq!(
        fill_schema(&mut session, "ev_twin", 1000, 1)
            .values()
            .sum::<u32>(),
        2000
    );
    assert_rows_hold(&mut session, &["ev", "ev_twin"]);
    // A second fill goes beside the first.
    fill_schema(&mut session, "ev", 100, 2);
    assert_rows_hold(&mut session, &["ev"]);
}

fn a_film_rental_is_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    session.run(PAGILA_LIKE);
    for round in 1..=2 {
        let written = fill_schema(&mut session, "shop", 1000, round);
        assert!(written.values().all(|rows| *rows == 1000), "{written:?}");
    }
    assert_rows_hold(&mut session, &["shop"]);
    let spread = session.rows(
        "SELECT count(DISTINCT tableoid) = 5, count(DISTINCT customer_id) > 500 FROM shop.payment",
    );
    assert_eq!(
        spread,
        [crate::extension::row(&["t", "t"])],
        "every month and most customers have payments"
    );
    let sane = session.rows(
        "SELECT (SELECT bool_and(return_date IS NULL OR return_date >= rental_date) FROM shop.rental), (SELECT bool_and(release_year BETWEEN 1901 AND 2155) FROM shop.film),
         (SELECT bool_and(fulltext = to_tsvector('english', title || ' ' || coalesce(description, ''))) FROM shop.film), (SELECT count(DISTINCT rating) = 5 FROM shop.film)",
    );
    assert_eq!(sane, [crate::extension::row(&["t", "t", "t", "t"])]);
    // The application goes on.
    session.run("INSERT INTO shop.actor (first_name, last_name) VALUES ('A', 'B'); INSERT INTO shop.country (country) VALUES ('C')");
}

fn a_wholesaler_is_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    session.run(NORTHWIND_LIKE);
    for round in 1..=2 {
        let written = fill_schema(&mut session, "trade", 1000, round);
        assert_eq!(written.len(), 14);
        assert!(written.values().all(|rows| *rows == 1000), "{written:?}");
    }
    assert_rows_hold(&mut session, &["trade"]);
    let joined = session.value(
        "SELECT count(DISTINCT o.order_id) > 500 FROM trade.orders o JOIN trade.order_details d USING (order_id) JOIN trade.products p USING (product_id)",
    );
    assert_eq!(joined, "t", "orders have lines, and lines have products");
}

fn equal_databases_get_equal_rows(pg: &Postgres) {
    let hashes = || {
        let mut session = prepared(pg);
        session.run(NORTHWIND_LIKE);
        fill_schema(&mut session, "trade", 300, 42);
        let tables = session.column("SELECT oid::regclass FROM pg_class WHERE relnamespace = 'trade'::regnamespace AND relkind = 'r' ORDER BY 1");
        tables
            .iter()
            .map(|table| (table.clone(), contents(&mut session, table)))
            .collect::<Vec<_>>()
    };
    assert_eq!(hashes(), hashes());
}

/// The most thorough check there is: every row is read as text into tables whose constraints are
/// built anew.
fn what_is_filled_can_be_dumped_and_restored(pg: &Postgres) {
    let mut session = prepared(pg);
    session.run(EVERYTHING);
    fill_schema(&mut session, "ev", 50, 3);
    let target = pg.create_database();
    let mut other = Session::open(pg, &target);
    other.run("CREATE EXTENSION btree_gist");
    let schemas = ["-n", "ev", "-n", "ev_types", "--no-owner"];
    pg.dump_and_restore_part(&schemas, &session.database, &target);
    let count = "SELECT sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text::bigint)
                 FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ev'::regnamespace";
    assert_eq!(session.value(count), other.value(count), "rows");
}
