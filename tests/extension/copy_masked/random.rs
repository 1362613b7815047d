//! Random schemas: a subset is exactly what starts and what can be reached from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![subsets_of_random_schemas_are_closed_and_minimal];

/// How many schemas are drawn.
const SCHEMAS: u64 = 12;

/// A stream of small numbers that depends on a seed only.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A row: table and number.
type Row = (u64, u64);

fn subsets_of_random_schemas_are_closed_and_minimal(pg: &Postgres) {
    let mut session = fresh(pg);
    for seed in 1..=SCHEMAS {
        let mut draws = Draws(seed);
        let tables = 2 + draws.below(5);
        let rows = 5 + draws.below(60);
        let mut sql = String::from("CREATE SCHEMA s;");
        let mut references = Vec::new();
        // Keys are of one or two columns; every third table is partitioned.
        for table in 0..tables {
            let parts = if table % 3 == 2 {
                " PARTITION BY HASH (id)"
            } else {
                ""
            };
            write!(sql, "CREATE TABLE s.t{table} (id int, half int, note text, PRIMARY KEY (id, half)){parts};").unwrap();
            if table % 3 == 2 {
                for part in 0..3 {
                    write!(sql, "CREATE TABLE s.t{table}_{part} PARTITION OF s.t{table} FOR VALUES WITH (MODULUS 3, REMAINDER {part});").unwrap();
                }
            }
        }
        for _ in 0..draws.below(3 * tables) {
            let (from, to) = (draws.below(tables), draws.below(tables));
            let number = references.len();
            write!(sql, "ALTER TABLE s.t{from} ADD r{number} int, ADD h{number} int, ADD FOREIGN KEY (r{number}, h{number}) REFERENCES s.t{to};").unwrap();
            references.push((from, to));
        }
        sql.push_str("SET CONSTRAINTS ALL IMMEDIATE;");
        for table in 0..tables {
            write!(sql, "INSERT INTO s.t{table} (id, half, note) SELECT i, i % 7, 'original' FROM generate_series(0, {}) i;", rows - 1).unwrap();
        }
        let mut edges: BTreeMap<Row, Vec<Row>> = BTreeMap::new();
        for (number, &(from, to)) in references.iter().enumerate() {
            for row in 0..rows {
                if draws.below(3) == 0 {
                    let target = draws.below(rows);
                    write!(sql, "UPDATE s.t{from} SET r{number} = {target}, h{number} = {} WHERE id = {row};", target % 7).unwrap();
                    edges.entry((from, row)).or_default().push((to, target));
                }
            }
        }
        session.run(&sql);
        let start = (draws.below(tables), draws.below(rows));
        let children = draws.below(2) == 0;
        let depth = draws.below(3);
        // What is expected: first rows that refer to chosen ones, then what all refer to.
        let mut expected = BTreeSet::from([start]);
        let mut last = expected.clone();
        for _ in 0..if children { depth } else { 0 } {
            let grown: BTreeSet<Row> = edges
                .iter()
                .filter(|(row, targets)| {
                    !expected.contains(row) && targets.iter().any(|target| last.contains(target))
                })
                .map(|(row, _)| *row)
                .collect();
            expected.extend(&grown);
            last = grown;
        }
        let mut stack: Vec<Row> = expected.iter().copied().collect();
        while let Some(row) = stack.pop() {
            for &target in edges.get(&row).into_iter().flatten() {
                if expected.insert(target) {
                    stack.push(target);
                }
            }
        }
        let options = if children {
            format!("children => true, depth => {depth}")
        } else {
            "children => false".to_owned()
        };
        let call = format!(
            "SELECT synth_copy_masked('s', 'd', subset => '{{\"t{}\": \"id = {}\"}}', undecided => 'copy', {options})",
            start.0, start.1
        );
        session.run(&call);
        let mut got = BTreeSet::new();
        for table in 0..tables {
            for id in session.column(&format!("SELECT id FROM d.t{table}")) {
                got.insert((table, id.parse().unwrap()));
            }
        }
        assert_eq!(got, expected, "seed {seed}: {call}");
        // References of the copy hold and are known to: they were checked when they were added.
        assert_eq!(session.value("SELECT count(*) FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = 'd' AND contype = 'f' AND (NOT convalidated OR confrelid::regclass::text !~ '^d[.]')"), "0");
        session.run("DROP SCHEMA s CASCADE; DROP SCHEMA d CASCADE");
    }
}
