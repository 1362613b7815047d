//! What the values look like: believable by name, told by the seed, and no more memory for more rows.

use super::{anew, assert_rows_hold, contents, prepared};
use crate::extension::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    columns_are_recognised_by_name,
    times_are_in_order,
    a_person_is_one_person,
    optional_columns_are_sometimes_null,
    the_seed_decides,
    without_a_seed_rows_differ,
    memory_does_not_grow_with_rows,
    a_fill_is_logged_and_survives,
    statistics_and_reads_follow,
];

fn columns_are_recognised_by_name(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    let shapes = [
        ("first_name text", "first_name ~ '^[[:alpha:] .''-]+$'"),
        ("last_name varchar(50)", "last_name ~ '^[[:alpha:] .''-]+$'"),
        ("full_name text", "full_name LIKE '% %'"),
        (
            "email text",
            "email ~ '^[^@ ]+@[^@ ]*example[.](com|net|org)$'",
        ),
        ("contact_email text", "contact_email LIKE '%@%'"),
        ("phone text", "phone ~ '^[-+0-9(). x]{7,}$'"),
        ("iban text", "iban ~ '^[A-Z]{2}[0-9]{2}'"),
        ("currency char(3)", "currency ~ '^[A-Z]{3}$'"),
        ("country_code char(2)", "country_code ~ '^[A-Z]{2}$'"),
        ("zip text", "zip ~ '[0-9]'"),
        ("city text", "city ~ '^[[:alpha:]]' AND length(city) > 1"),
        ("lat numeric(9,6)", "lat BETWEEN -90 AND 90"),
        ("lon numeric(9,6)", "lon BETWEEN -180 AND 180"),
        ("latitude double precision", "latitude BETWEEN -90 AND 90"),
        ("longitude real", "longitude BETWEEN -180 AND 180"),
        (
            "birth_date date",
            "birth_date BETWEEN '1900-01-01' AND now()",
        ),
        ("age integer", "age BETWEEN 0 AND 130"),
        ("price numeric(8,2)", "price >= 0"),
        ("quantity integer", "quantity >= 0"),
        ("url text", "url ~ '^https?://'"),
        (
            "ip_address inet",
            "ip_address << '192.0.2.0/24' OR ip_address << '198.51.100.0/24' OR ip_address << '203.0.113.0/24' OR ip_address << '2001:db8::/32' OR ip_address << '3fff::/20'",
        ),
        (
            "created_at timestamptz",
            "created_at BETWEEN '1990-01-01' AND '2040-01-01'",
        ),
        ("year integer", "year BETWEEN 1800 AND 2200"),
        ("month integer", "month BETWEEN 1 AND 12"),
        ("description text", "length(description) > 10"),
        ("username text", "username !~ ' '"),
        ("color text", "length(color) BETWEEN 3 AND 40"),
        (
            "credit_card text",
            "regexp_replace(credit_card, '[ -]', '', 'g') ~ '^[0-9]{12,19}$'",
        ),
        ("uuid text", "uuid::uuid IS NOT NULL"),
        (
            "\"firstName\" text",
            "\"firstName\" ~ '^[[:alpha:] .''-]+$'",
        ),
        ("\"E-Mail\" text", "\"E-Mail\" LIKE '%@%'"),
        (
            "customer_first_name text",
            "customer_first_name ~ '^[[:alpha:] .''-]+$'",
        ),
    ];
    let mut failures = Vec::new();
    for (column, holds) in shapes {
        session.run(&format!(
            "DROP TABLE IF EXISTS target; CREATE TABLE target ({column} NOT NULL)"
        ));
        if let Err(refusal) = session.attempt("SELECT synth_fill('target', 300, seed => 1)") {
            failures.push(format!("{column}: {refusal}"));
            continue;
        }
        let wrong = session.column(&format!(
            "SELECT target::text FROM target WHERE NOT ({holds}) LIMIT 3"
        ));
        if !wrong.is_empty() {
            failures.push(format!("{column}: not {holds}: {wrong:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn times_are_in_order(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz,
         start_date date, end_date date, birth_date date, started_at timestamp, finished_at timestamp, valid_from date, valid_to date)",
    );
    super::fill(&mut session, "target", 1000);
    let broken = session.rows(
        "SELECT count(*) FILTER (WHERE created_at > updated_at), count(*) FILTER (WHERE deleted_at < created_at), count(*) FILTER (WHERE start_date > end_date),
         count(*) FILTER (WHERE started_at > finished_at), count(*) FILTER (WHERE valid_from > valid_to) FROM target",
    );
    assert_eq!(
        broken,
        [crate::extension::row(&["0"; 5])],
        "updated, deleted, end, finished, valid_to before their beginnings"
    );
}

fn a_person_is_one_person(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, full_name text NOT NULL, email text NOT NULL)");
    super::fill(&mut session, "target", 500);
    let agree = session.value("SELECT count(*) FILTER (WHERE full_name LIKE '%' || first_name || '%' AND full_name LIKE '%' || last_name || '%') > 450 FROM target");
    assert_eq!(agree, "t", "full_name is made of first_name and last_name");
}

fn optional_columns_are_sometimes_null(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, middle_name text, n integer, deleted_at timestamptz, needed text NOT NULL)");
    super::fill(&mut session, "target", 1000);
    let some = session.rows("SELECT count(middle_name) BETWEEN 1 AND 999, count(n) BETWEEN 1 AND 999, count(deleted_at) BETWEEN 1 AND 999, count(DISTINCT needed) > 1 FROM target");
    assert_eq!(some, [crate::extension::row(&["t", "t", "t", "t"])]);
}

const LINKED: &str = "CREATE TYPE mood AS ENUM ('a', 'b', 'c');
    CREATE TABLE parent (id integer PRIMARY KEY, email text NOT NULL UNIQUE, mood mood, tags text[], score numeric(5,2), at timestamptz, span int4range);
    CREATE TABLE child (id uuid PRIMARY KEY, parent_id integer NOT NULL REFERENCES parent, body jsonb, day date NOT NULL, code varchar(8) UNIQUE);
    CREATE TABLE parts (n integer NOT NULL, note text) PARTITION BY RANGE (n); CREATE TABLE p1 PARTITION OF parts FOR VALUES FROM (0) TO (50); CREATE TABLE p2 PARTITION OF parts FOR VALUES FROM (70) TO (900)";

fn the_seed_decides(pg: &Postgres) {
    let hashes = |seed: &str| {
        let mut session = prepared(pg);
        // Other object identifiers, and another time zone, than the database before.
        session.run("CREATE TABLE public.other (a integer); SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'SQL, DMY'; SET extra_float_digits = 0");
        anew(&mut session);
        session.run(LINKED);
        session.run(&format!(
            "SELECT * FROM synth_fill_schema('t', 400, seed => {seed})"
        ));
        session.run("RESET TimeZone; RESET DateStyle; RESET extra_float_digits");
        ["parent", "child", "parts"].map(|table| contents(&mut session, table))
    };
    let once = hashes("7");
    assert_eq!(once, hashes("7"), "two databases, one seed");
    let other = hashes("8");
    for (a, b) in once.iter().zip(&other) {
        assert_ne!(a, b, "another seed");
    }
}

fn without_a_seed_rows_differ(pg: &Postgres) {
    let mut session = prepared(pg);
    let mut fills = Vec::new();
    for _ in 0..2 {
        anew(&mut session);
        session.run(LINKED);
        session.run("SELECT synth_fill('parent', 100)");
        fills.push(contents(&mut session, "parent"));
        let seed = session.value("SELECT synth_last_seed()");
        anew(&mut session);
        session.run(LINKED);
        session.run(&format!("SELECT synth_fill('parent', 100, seed => {seed})"));
        assert_eq!(
            fills.last(),
            Some(&contents(&mut session, "parent")),
            "synth_last_seed() gives the rows again"
        );
    }
    assert_ne!(fills[0], fills[1]);
}

/// Peak resident memory of a backend so far, in MB, less what it shares with others.
fn peak(session: &mut Session) -> i64 {
    let pid = session.pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let figure = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|kilobytes| kilobytes.parse::<i64>().ok())
            .unwrap_or_default()
    };
    figure("VmHWM:") / 1024
}

fn memory_does_not_grow_with_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    anew(&mut session);
    session.run(
        "CREATE UNLOGGED TABLE parent (id integer PRIMARY KEY, name text); SELECT synth_fill('parent', 1000, seed => 1);
         CREATE UNLOGGED TABLE target (id bigint PRIMARY KEY, parent_id integer NOT NULL REFERENCES parent, amount numeric(8,2) NOT NULL)",
    );
    let measure = |rows: u32| {
        // A backend of its own: the peak of a process never falls.
        let mut backend = session.another(pg);
        backend.run("SET search_path = t, public; TRUNCATE target");
        // Shared buffers count once they are touched, so both touch all of them.
        backend.run("CREATE TEMPORARY TABLE touched AS SELECT n, repeat('x', 200) FROM generate_series(1, 10000) n; SELECT count(*) FROM touched");
        backend.run(&format!("SELECT synth_fill('target', {rows}, seed => 1)"));
        let peak = peak(&mut backend);
        backend.close();
        peak
    };
    let (few, many) = (measure(200_000), measure(2_000_000));
    assert!(few > 5, "no memory is read: {few} MB");
    // 128 MB of shared buffers are mapped as they are touched; after-trigger events of two million
    // rows would be some 100 MB more.
    assert!(
        many < few + 150,
        "200,000 rows: {few} MB, 2,000,000 rows: {many} MB"
    );
}

fn a_fill_is_logged_and_survives(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, name text NOT NULL); CREATE UNLOGGED TABLE light (id integer PRIMARY KEY)");
    let before = session.value("SELECT pg_current_wal_insert_lsn()");
    super::fill(&mut session, "target", 5000);
    super::fill(&mut session, "light", 5000);
    let logged = session.value(&format!(
        "SELECT pg_current_wal_insert_lsn() - '{before}'::pg_lsn > pg_relation_size('target') / 2"
    ));
    assert_eq!(logged, "t", "a standby would lack the rows");
    assert_eq!(session.value("SELECT bool_and(xmin::text = pg_current_xact_id_if_assigned()::text) IS NOT TRUE FROM target"), "t");
    assert_rows_hold(&mut session, &["t"]);
}

fn statistics_and_reads_follow(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, name text NOT NULL); CREATE INDEX ON target (name)");
    // A command sees the rows that were there when it began; the next one sees the new ones.
    assert_eq!(
        session.rows(
            "BEGIN; SELECT synth_fill('target', 1000, seed => 1), (SELECT count(*) FROM target)"
        )[0][0]
            .as_deref(),
        Some("1000")
    );
    assert_eq!(session.value("SELECT count(*) FROM target"), "1000");
    session.run("SET enable_seqscan = off");
    assert_eq!(
        session.value("SELECT count(*) FROM target WHERE id = (SELECT min(id) FROM target)"),
        "1"
    );
    session.run("COMMIT");
    session.run("VACUUM ANALYZE target");
    assert_eq!(
        session.value("SELECT reltuples::integer FROM pg_class WHERE oid = 'target'::regclass"),
        "1000"
    );
}
