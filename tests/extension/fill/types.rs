//! Every type that a column can have.

use super::{anew, assert_filled, assert_rows_hold, fill, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    every_built_in_type_is_filled,
    values_of_a_type_vary,
    every_type_that_sorts_can_be_unique,
    types_that_refuse_input_stay_null,
    types_of_the_users_own,
    lengths_and_precisions_hold,
    ranges_are_not_all_empty,
];

/// Base types, ranges and multiranges whose input function accepts text.
const TYPES: &[&str] = &[
    "boolean",
    "bytea",
    "\"char\"",
    "name",
    "bigint",
    "smallint",
    "integer",
    "regproc",
    "int2vector",
    "oidvector",
    "text",
    "oid",
    "tid",
    "xid",
    "cid",
    "json",
    "xml",
    "point",
    "lseg",
    "path",
    "box",
    "polygon",
    "line",
    "cidr",
    "real",
    "double precision",
    "circle",
    "macaddr8",
    "money",
    "macaddr",
    "inet",
    "aclitem",
    "character",
    "character(5)",
    "bpchar",
    "character varying",
    "character varying(3)",
    "date",
    "time",
    "time(0)",
    "timestamp",
    "timestamp(0)",
    "timestamptz",
    "interval",
    "interval month",
    "timetz",
    "bit",
    "bit(9)",
    "bit varying",
    "bit varying(4)",
    "numeric",
    "numeric(6,2)",
    "numeric(3,-2)",
    "numeric(2,4)",
    "refcursor",
    "regprocedure",
    "regoper",
    "regoperator",
    "regclass",
    "regtype",
    "uuid",
    "txid_snapshot",
    "pg_lsn",
    "tsvector",
    "tsquery",
    "regconfig",
    "regdictionary",
    "jsonb",
    "int4range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "int8range",
    "jsonpath",
    "regnamespace",
    "regrole",
    "regcollation",
    "int4multirange",
    "nummultirange",
    "tsmultirange",
    "tstzmultirange",
    "datemultirange",
    "int8multirange",
    "pg_snapshot",
    "xid8",
];

/// The list above is complete: a server with further types fails here.
fn every_built_in_type_is_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    let quoted: Vec<String> = TYPES
        .iter()
        .map(|name| format!("'{name}'::regtype"))
        .collect();
    let missing = session.column(&format!(
        "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
         AND typtype IN ('b', 'r', 'm') AND typcategory NOT IN ('A', 'Z') AND oid NOT IN ({})
         AND typname NOT IN ('pg_node_tree', 'gtsvector')",
        quoted.join(", ")
    ));
    assert!(missing.is_empty(), "types without a test: {missing:?}");
    let mut failures = Vec::new();
    for name in TYPES {
        anew(&mut session);
        session.run(&format!(
            "CREATE TABLE target (id integer PRIMARY KEY, needed {name} NOT NULL, optional {name}, list {name}[] NOT NULL, grid {name}[][])"
        ));
        if let Err(failure) = super::filled(&mut session, 200) {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn values_of_a_type_vary(pg: &Postgres) {
    let mut session = prepared(pg);
    let mut failures = Vec::new();
    for name in TYPES
        .iter()
        .filter(|name| !name.starts_with("reg") && **name != "aclitem")
    {
        anew(&mut session);
        session.run(&format!(
            "CREATE TABLE target (a {name} NOT NULL, b {name}, c {name}[])"
        ));
        if let Err(refusal) = session.attempt("SELECT synth_fill('target', 300, seed => 1)") {
            failures.push(format!("{name}: {refusal}"));
            continue;
        }
        let few = session.value(
            "SELECT count(DISTINCT a::text) < 2 OR count(DISTINCT c::text) < 2 OR count(b) = 0 FROM target",
        );
        if few == "t" {
            failures.push(format!("{name}: all rows have one value, or none"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn every_type_that_sorts_can_be_unique(pg: &Postgres) {
    let mut session = prepared(pg);
    let small = [
        "boolean",
        "\"char\"",
        "bit",
        "character",
        "regrole",
        "regnamespace",
        "regconfig",
        "regdictionary",
        "numeric(3,-2)",
        "numeric(2,4)",
        "regtype",
        "bit(9)",
        "bit varying(4)",
        "interval month",
        "regproc",
        "regprocedure",
        "regoper",
        "regoperator",
        "regclass",
        "regcollation",
        "bit varying",
    ];
    let mut failures = Vec::new();
    for name in TYPES.iter().filter(|name| !small.contains(name)) {
        anew(&mut session);
        // Not every type has an order.
        if session
            .attempt(&format!(
                "CREATE TABLE target (a {name} UNIQUE NOT NULL, b {name}[] UNIQUE)"
            ))
            .is_err()
        {
            continue;
        }
        if let Err(failure) = super::filled(&mut session, 300) {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn types_that_refuse_input_stay_null(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer, a pg_node_tree, b gtsvector, c pg_ndistinct, d gtsvector[])");
    assert_eq!(fill(&mut session, "target", 50), "50");
    assert_rows_hold(&mut session, &["t"]);
    super::assert_announced(
        &mut session,
        &[(
            "CREATE TABLE target (id integer, tree pg_node_tree NOT NULL)",
            &["tree"],
        )],
        10,
    );
}

fn types_of_the_users_own(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TYPE mood AS ENUM ('a', 'b c', 'd''e', '\"', '{', ''); CREATE TABLE target (a mood NOT NULL, b mood[] NOT NULL)",
        "CREATE DOMAIN d AS integer CHECK (VALUE > 100) CHECK (VALUE < 120); CREATE TABLE target (a d NOT NULL, b d[] NOT NULL)",
        "CREATE DOMAIN d AS text NOT NULL DEFAULT 'x'; CREATE TABLE target (a d)",
        "CREATE DOMAIN d AS varchar(4); CREATE DOMAIN e AS d CHECK (length(VALUE) > 2); CREATE TABLE target (a e NOT NULL UNIQUE)",
        "CREATE DOMAIN d AS integer[] CHECK (cardinality(VALUE) = 2); CREATE TABLE target (a d NOT NULL, b d[])",
        "CREATE TYPE c AS (a integer, b text, c numeric(5,2)); CREATE TABLE target (a c NOT NULL, b c[] NOT NULL)",
        "CREATE TYPE c AS (a integer, b text); CREATE TYPE d AS (x c, y c[]); CREATE TABLE target (a d NOT NULL)",
        "CREATE TYPE c AS (a varchar(3), b timestamptz(0)); CREATE DOMAIN d AS c CHECK ((VALUE).a IS NOT NULL); CREATE TABLE target (a d NOT NULL)",
        "CREATE TYPE r AS RANGE (subtype = float8); CREATE TABLE target (a r NOT NULL, b r[] NOT NULL)",
        "CREATE TYPE r AS RANGE (subtype = text, multirange_type_name = rs); CREATE TABLE target (a r NOT NULL, b rs NOT NULL)",
        "CREATE TYPE mood AS ENUM ('low', 'mid', 'high'); CREATE TYPE r AS RANGE (subtype = mood); CREATE TABLE target (a r NOT NULL)",
        "CREATE TABLE other (a integer NOT NULL, b text); CREATE TABLE target (a other NOT NULL)",
        "CREATE DOMAIN d AS tsrange CHECK (NOT isempty(VALUE)); CREATE TABLE target (a d NOT NULL)",
        "CREATE DOMAIN \"My Domain\" AS \"char\" CHECK (VALUE IN ('a', 'b')); CREATE TABLE target (a \"My Domain\" NOT NULL)",
        "CREATE EXTENSION IF NOT EXISTS citext SCHEMA public; CREATE TABLE target (a citext NOT NULL UNIQUE)",
        "CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public; CREATE TABLE target (a hstore NOT NULL)",
        "CREATE EXTENSION IF NOT EXISTS ltree SCHEMA public; CREATE TABLE target (a ltree NOT NULL, b ltree)",
        "CREATE EXTENSION IF NOT EXISTS cube SCHEMA public; CREATE TABLE target (a cube, b integer)",
    ];
    let mut session = prepared(pg);
    assert_filled(&mut session, CASES);
}

fn lengths_and_precisions_hold(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (first_name varchar(2) NOT NULL, email varchar(12) NOT NULL UNIQUE, description varchar(10) NOT NULL,
         city char(3) NOT NULL, price numeric(2,1) NOT NULL, iban char(34) NOT NULL, phone varchar(5) NOT NULL, at timestamp(0) NOT NULL,
         address varchar(1) NOT NULL, uuid varchar(36) NOT NULL, country varchar(2) NOT NULL, notes varchar(100000) NOT NULL)",
    );
    assert_eq!(fill(&mut session, "target", 500), "500");
    assert_rows_hold(&mut session, &["t"]);
    let longest = session.value("SELECT max(length(first_name)) <= 2 AND max(length(email)) <= 12 AND max(octet_length(city)) <= 12 FROM target");
    assert_eq!(longest, "t");
}

fn ranges_are_not_all_empty(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (a int4range NOT NULL, b tstzrange NOT NULL, c datemultirange NOT NULL)");
    assert_eq!(fill(&mut session, "target", 300), "300");
    let full = session.value(
        "SELECT count(*) FILTER (WHERE NOT isempty(a)) > 200 AND count(*) FILTER (WHERE NOT isempty(b)) > 200
         AND count(*) FILTER (WHERE NOT isempty(c)) > 200 FROM target",
    );
    assert_eq!(full, "t", "most ranges hold something");
}
