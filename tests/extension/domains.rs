//! The tables of domains: `synth_<table>` for each, and `synth_create`.

use std::collections::BTreeSet;

use synth_engine::domain::{self, DOMAINS, Domain, TableEntry, TableOptions};
use synth_engine::schema::{ColumnType, Constraint, TableSpec};

use super::generate::{canonical, engine_text};
use super::session::Cells;
use super::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    functions_give_the_rows_of_the_engine,
    row_types_are_those_of_the_engine,
    every_form_gives_the_same_rows,
    workers_share_the_units,
    created_domains_hold,
    halves_in_two_databases_join,
    own_parameters_reach_the_tables,
    what_cannot_be_created_is_refused,
    names_are_quoted,
    huge_numbers_are_refused_or_stream,
    a_cancelled_creation_leaves_nothing,
];

fn spec(table: &TableEntry) -> TableSpec {
    (table.build)(&TableOptions::default())
        .unwrap()
        .spec()
        .clone()
}

fn functions_give_the_rows_of_the_engine(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in domain::tables() {
        let name = table.entry.name;
        let options = TableOptions {
            seed: 5,
            ..TableOptions::default()
        };
        let made = (table.build)(&options).unwrap();
        // From the first of a block on, so that tables of blocks have rows.
        for (start, units) in [(0, 25), (1 << 20, 3)] {
            let batch = made.batch(start..start + units).unwrap();
            let columns = &made.spec().columns;
            let selected: Vec<String> = columns.iter().map(canonical).collect();
            let call = format!("synth_{name}({units}, 5, {start})");
            let rows = session.rows(&format!("SELECT {} FROM {call}", selected.join(", ")));
            assert_eq!(rows.len(), batch.num_rows(), "{call}");
            for (index, (column, array)) in columns.iter().zip(batch.columns()).enumerate() {
                for (number, row) in rows.iter().enumerate() {
                    assert_eq!(
                        row[index],
                        engine_text(array, column, number),
                        "{} of row {number} of {call}",
                        column.name
                    );
                }
            }
        }
    }
}

fn row_types_are_those_of_the_engine(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in domain::tables() {
        let columns = session.rows(&format!(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
             WHERE attrelid = 'synth_{}'::regclass AND attnum > 0 ORDER BY attnum",
            table.row
        ));
        let expected: Vec<Cells> = spec(table)
            .columns
            .iter()
            .map(|column| {
                let name = match column.column_type {
                    ColumnType::TimestampTz => "timestamp with time zone",
                    other => other.sql(),
                };
                row(&[&column.name, name])
            })
            .collect();
        assert_eq!(columns, expected, "synth_{}", table.row);
    }
}

/// Tuples, cells, whole rows, numbers of rows, and the tuplestore.
fn every_form_gives_the_same_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in domain::tables() {
        let call = format!("synth_{}(40, 3)", table.entry.name);
        session.run(&format!(
            "CREATE TABLE kept AS SELECT * FROM {call}; CREATE TABLE spooled AS SELECT * FROM {call} WITH ORDINALITY"
        ));
        let text =
            |query: &str| format!("SELECT md5(string_agg(q.line, E'\\n')) FROM ({query}) q(line)");
        let kept = session.value(&text("SELECT kept::text FROM kept"));
        let columns: Vec<String> = spec(table)
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let columns = columns.join(", ");
        for query in [
            format!("SELECT ({call})::text"),
            format!("SELECT r::text FROM {call} r"),
            format!("SELECT row({columns})::text FROM {call}"),
            format!("SELECT row({columns})::text FROM spooled ORDER BY ordinality"),
        ] {
            assert_eq!(session.value(&text(&query)), kept, "{query}");
        }
        assert_eq!(
            session.value(&format!("SELECT count(*) FROM {call}")),
            session.value("SELECT count(*) FROM kept"),
            "count(*) of {call}"
        );
        assert_eq!(
            session.rows(&format!("SELECT 1 FROM {call} LIMIT 3")).len(),
            session.rows("SELECT 1 FROM kept LIMIT 3").len(),
            "LIMIT of {call}"
        );
        session.run("DROP TABLE kept, spooled");
    }
}

fn workers_share_the_units(pg: &Postgres) {
    let mut session = fresh(pg);
    for table in domain::tables() {
        let query = format!(
            "SELECT count(*), md5(string_agg(r::text, '' ORDER BY r::text COLLATE \"C\")) FROM synth_{}(500, 3) r",
            table.entry.name
        );
        let alone = session.rows(&query);
        session.run(
            "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
             SET max_parallel_workers_per_gather = 2",
        );
        assert_eq!(session.rows(&query), alone, "{query}");
        let plan = session
            .column(&format!("EXPLAIN (COSTS OFF) {query}"))
            .join("\n");
        assert!(
            plan.contains("Workers Planned") && plan.contains("Parallel Custom Scan"),
            "{query}: {plan}"
        );
        session.run("RESET ALL");
    }
}

fn created_domains_hold(pg: &Postgres) {
    let mut session = fresh(pg);
    for domain in DOMAINS {
        let name = domain.name;
        let told = session.rows(&format!(
            "SELECT table_name, rows, used_seed FROM synth_create('{name}', 200, schema => '{name}', seed => 42)"
        ));
        assert_eq!(told.len(), domain.tables.len(), "{name}");
        for (table, told) in domain.tables.iter().zip(&told) {
            let spec = spec(table);
            let target = format!("{name}.{}", spec.name);
            assert_eq!(told[0].as_deref(), Some(target.as_str()));
            assert_eq!(
                told[1],
                Some(session.value(&format!("SELECT count(*) FROM {target}")))
            );
            assert_eq!(told[2].as_deref(), Some("42"));
            let units = (table.units_at)(200);
            let difference = format!(
                "SELECT count(*) FROM (SELECT t::text FROM {target} t EXCEPT ALL SELECT g::text FROM synth_{}({units}, 42) g) d",
                table.entry.name
            );
            assert_eq!(session.value(&difference), "0", "{target}");
            constraints_are_there(&mut session, &target, &spec);
        }
    }
}

fn constraints_are_there(session: &mut Session, target: &str, spec: &TableSpec) {
    let count = |session: &mut Session, kind: char| {
        session.value(&format!(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = '{target}'::regclass AND contype = '{kind}' AND convalidated"
        ))
    };
    let expected = |wanted: fn(&Constraint) -> bool| {
        let found = spec.constraints.iter().filter(|c| wanted(c)).count();
        found.to_string()
    };
    assert_eq!(count(session, 'p'), "1", "{target}");
    assert_eq!(
        count(session, 'f'),
        expected(|c| matches!(c, Constraint::ForeignKey(_))),
        "{target}"
    );
    assert_eq!(
        count(session, 'u'),
        expected(|c| matches!(c, Constraint::Unique(_))),
        "{target}"
    );
    // Every column has a comment; every reference has an index that begins with it.
    assert_eq!(
        session.value(&format!(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = '{target}'::regclass AND attnum > 0
             AND col_description(attrelid, attnum) IS NULL"
        )),
        "0",
        "{target}"
    );
    assert_eq!(
        session.value(&format!(
            "SELECT count(*) FROM pg_constraint c WHERE conrelid = '{target}'::regclass AND contype = 'f'
             AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
                             AND (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] = c.conkey)"
        )),
        "0",
        "a reference of {target} has no index"
    );
    // It has been analyzed.
    assert_ne!(
        session.value(&format!(
            "SELECT reltuples FROM pg_class WHERE oid = '{target}'::regclass"
        )),
        "-1",
        "{target}"
    );
}

/// The keys that the tables of one half refer to are those of the parents in the same half, made in
/// another database; and two halves are the whole.
fn halves_in_two_databases_join(pg: &Postgres) {
    let (mut here, mut there) = (fresh(pg), fresh(pg));
    // Where blocks begin, whatever their size.
    let half = 4096;
    for domain in DOMAINS {
        for table in domain.tables {
            let spec = spec(table);
            for constraint in &spec.constraints {
                let Constraint::ForeignKey(key) = constraint else {
                    continue;
                };
                let parent = parent(domain, &key.table);
                for start in [0, half] {
                    let keys = |session: &mut Session,
                                entry: &TableEntry,
                                columns: &[String],
                                units: u64| {
                        let columns: Vec<String> =
                            columns.iter().map(|c| format!("\"{c}\"")).collect();
                        let not_null = columns.iter().map(|c| format!("{c} IS NOT NULL"));
                        let not_null = not_null.collect::<Vec<_>>().join(" AND ");
                        session
                            .column(&format!(
                                "SELECT DISTINCT row({})::text FROM synth_{}({}, 11, {}) WHERE {not_null}",
                                columns.join(", "),
                                entry.entry.name,
                                (entry.units_at)(units),
                                (entry.units_at)(start),
                            ))
                            .into_iter()
                            .collect::<BTreeSet<String>>()
                    };
                    let children = keys(&mut here, table, &key.columns, 60);
                    let parents = keys(&mut there, parent, &key.referenced, 60);
                    let missing = children.difference(&parents).count();
                    assert_eq!(
                        missing,
                        0,
                        "{}.{:?} from {start}: {missing} of {} keys have no parent",
                        spec.name,
                        key.columns,
                        children.len()
                    );
                }
            }
        }
    }
    for table in domain::tables() {
        let name = table.entry.name;
        let digest = |session: &mut Session, start: u64, units: u64| {
            session.value(&format!(
                "SELECT coalesce(string_agg(md5(r::text), ''), '') FROM synth_{name}({units}, 11, {start}) r"
            ))
        };
        let whole = digest(&mut here, 0, 30);
        let halves = digest(&mut here, 0, 13) + &digest(&mut there, 13, 17);
        assert_eq!(whole, halves, "synth_{name}");
    }
}

fn parent(domain: &'static Domain, name: &str) -> &'static TableEntry {
    domain
        .tables
        .iter()
        .find(|table| spec(table).name == name)
        .unwrap_or_else(|| panic!("{name} is not in {}", domain.name))
}

fn own_parameters_reach_the_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    let own: Vec<_> = domain::tables()
        .filter(|table| table.entry.parameters.len() > 4)
        .collect();
    assert!(!own.is_empty(), "no table has a parameter of its own");
    for table in own {
        let (name, parameter) = (table.entry.name, &table.entry.parameters[4]);
        let digest = |session: &mut Session, arguments: &str| {
            session.value(&format!(
                "SELECT coalesce(md5(string_agg(r::text, '')), '') FROM synth_{name}(300, 2{arguments}) r"
            ))
        };
        let default = parameter.default.unwrap();
        let usual = digest(&mut session, "");
        assert_eq!(
            usual,
            digest(&mut session, &format!(", {} => {default}", parameter.name))
        );
        assert_eq!(
            usual,
            digest(&mut session, &format!(", {} => NULL", parameter.name))
        );
        for bad in ["'NaN'", "'-Infinity'", "-1"] {
            session.refused(
                &format!(
                    "SELECT count(*) FROM synth_{name}(3, {} => {bad})",
                    parameter.name
                ),
                "22023",
                parameter.name,
            );
        }
    }
    let names: BTreeSet<&str> = domain::domain("finance")
        .unwrap()
        .tables
        .iter()
        .flat_map(|table| table.entry.parameters[4..].iter().map(|p| p.name))
        .collect();
    assert!(names.contains("fraud_rate"), "{names:?}");
    let episodes = |session: &mut Session, rate: &str, schema: &str| {
        session
            .value(&format!(
                "SELECT rows FROM synth_create('finance', 300, '{schema}', 3, options => '{{\"fraud_rate\": {rate}}}')
                 WHERE table_name LIKE '%.fraud_episodes'"
            ))
            .parse::<u64>()
            .unwrap()
    };
    assert_eq!(episodes(&mut session, "0", "honest"), 0);
    assert!(episodes(&mut session, "0.5", "crooked") > 50);
}

fn what_cannot_be_created_is_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE SCHEMA taken; CREATE TABLE taken.patients (id integer); CREATE ROLE visitor; CREATE SCHEMA private");
    let tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'synth')";
    let before = session.value(tables);
    for (call, code, says) in [
        ("synth_create('helthcare', 10)", "42704", "healthcare"),
        ("synth_create(NULL, 10)", "22004", "domain"),
        ("synth_create('healthcare', NULL)", "22004", "scale"),
        ("synth_create('healthcare', -1)", "22023", "scale"),
        (
            "synth_create('healthcare', 10, as_of => '1066-10-14')",
            "22008",
            "as_of",
        ),
        (
            "synth_create('healthcare', 10, schema => 'taken')",
            "42P07",
            "patients",
        ),
        (
            "synth_create('healthcare', 9223372036854775807, schema => 'huge')",
            "22003",
            "last",
        ),
        (
            "synth_create('healthcare', 10, options => '{\"fraud_rate\": 1}')",
            "22023",
            "fraud_rate",
        ),
        (
            "synth_create('finance', 10, options => '{\"fraud_rate\": \"x\"}')",
            "22023",
            "fraud_rate",
        ),
        (
            "synth_create('finance', 10, options => '[]')",
            "22023",
            "object",
        ),
        (
            "synth_create('healthcare', 10, schema => '')",
            "42601",
            "zero-length",
        ),
    ] {
        session.refused(&format!("SELECT * FROM {call}"), code, says);
    }
    session.run("SET ROLE visitor");
    for schema in ["private", "new_one"] {
        let error = session.attempt(&format!(
            "SELECT * FROM synth_create('retail', 1, '{schema}')"
        ));
        assert_eq!(error.unwrap_err().code, "42501");
    }
    session.run("RESET ROLE");
    session.run("SET default_transaction_read_only = on");
    let error = session.attempt("SELECT * FROM synth_create('retail', 1)");
    assert_eq!(error.unwrap_err().code, "25006");
    session.run("RESET default_transaction_read_only");
    assert_eq!(session.value(tables), before, "something was left behind");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname IN ('huge', 'new_one', '')"),
        "0"
    );
    // Without a schema the tables go where the caller's tables go.
    session.run("SET search_path = private, public");
    session.run("SELECT * FROM synth_create('education', 5)");
    assert_ne!(session.value("SELECT count(*) FROM private.students"), "0");
}

fn names_are_quoted(pg: &Postgres) {
    let mut session = fresh(pg);
    let schema = "Cli\"nic'; DROP SCHEMA synth CASCADE; --";
    session.run(&format!(
        "SELECT * FROM synth_create('education', 5, schema => $q${schema}$q$)"
    ));
    assert_eq!(
        session.value(&format!(
            "SELECT count(*) > 0 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $q${schema}$q$"
        )),
        "t"
    );
    // Functions of others that bear the names of ours are not called.
    session.run(
        "CREATE SCHEMA evil;
         CREATE FUNCTION evil.synth_students(bigint, bigint, integer, date) RETURNS TABLE (x integer) LANGUAGE sql AS 'SELECT 1/0';
         SET search_path = evil, public; SELECT * FROM synth_create('education', 5, 'fine')",
    );
}

fn huge_numbers_are_refused_or_stream(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET statement_timeout = '10s'");
    for table in domain::tables() {
        let name = table.entry.name;
        let most = i64::MAX;
        for arguments in [
            format!("{most}, 1"),
            format!("1, 1, {most}"),
            format!("{most}, 1, {most}"),
            format!("1000000000, 1, {}", 1_u64 << 30),
        ] {
            let call = format!("SELECT 1 FROM synth_{name}({arguments}) LIMIT 1");
            if let Err(error) = session.attempt(&call) {
                assert_eq!(error.code, "22003", "{call}: {error}");
                assert!(!error.hint.is_empty(), "{call}: {error}");
            }
        }
    }
}

fn a_cancelled_creation_leaves_nothing(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET statement_timeout = '300ms'");
    let error = session.attempt("SELECT * FROM synth_create('healthcare', 10000000, 'clinic')");
    assert_eq!(error.unwrap_err().code, "57014");
    session.run("RESET statement_timeout");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'clinic'"),
        "0"
    );
}
