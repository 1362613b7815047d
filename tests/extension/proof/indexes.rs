//! Indexes of every access method: a clean one after a masking, and one that remembers.

use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    every_method_is_clean_after_a_masking,
    what_a_method_remembers_is_found,
    a_large_tree_is_walked,
    paths_that_lead_to_no_value_are_told,
    what_is_made_of_values_is_compared,
    an_index_that_cannot_be_read_says_so,
];

/// Lines of indexes: name, and verdict without its reason.
fn verdicts(session: &mut Session, table: &str) -> Vec<String> {
    session.column(&format!(
        "SELECT DISTINCT object || ' ' || CASE WHEN verdict ~ '^not judged: [0-9]+' THEN 'not judged' ELSE verdict END
         FROM synth_verify_masked('{table}', false) WHERE place = 'index' ORDER BY 1"
    ))
}

/// A table with an index of each method, masked. Names sort after every hash, so that the largest of a
/// range of pages shows one that is planted.
fn indexed(session: &mut Session, rows: usize) {
    session.run(&format!(
        "CREATE EXTENSION btree_gist; CREATE EXTENSION btree_gin; CREATE EXTENSION pg_trgm;
         CREATE TABLE x (id int PRIMARY KEY, name text, tags text[], doc jsonb, n int, addr inet);
         INSERT INTO x SELECT i, 'original name ' || i, ARRAY['Original tag ' || i, 'Other tag ' || i],
                jsonb_build_object('mail', 'original' || i || '@real.org', 'kind', 'k' || i % 3), 5000000 + i, '10.0.0.0'::inet + i
         FROM generate_series(1, {rows}) i;
         CREATE INDEX x_hash ON x USING hash (name);
         CREATE INDEX x_gin ON x USING gin (tags);
         CREATE INDEX x_gin_two ON x USING gin (n, tags);
         CREATE INDEX x_gin_trgm ON x USING gin (name gin_trgm_ops);
         CREATE INDEX x_gin_doc ON x USING gin (doc);
         CREATE INDEX x_gin_path ON x USING gin (doc jsonb_path_ops);
         CREATE INDEX x_gist ON x USING gist (name);
         CREATE INDEX x_gist_n ON x USING gist (n) INCLUDE (name);
         CREATE INDEX x_gist_trgm ON x USING gist (name gist_trgm_ops);
         CREATE INDEX x_gist_inet ON x USING gist (addr inet_ops);
         CREATE INDEX x_spgist ON x USING spgist (name);
         CREATE INDEX x_spgist_inet ON x USING spgist (addr inet_ops);
         CREATE INDEX x_spgist_more ON x USING spgist (addr inet_ops) INCLUDE (name);
         CREATE INDEX x_brin ON x USING brin (name, n) WITH (pages_per_range = 1);
         CREATE INDEX x_brin_multi ON x USING brin (n int4_minmax_multi_ops) WITH (pages_per_range = 1);
         CREATE INDEX x_brin_bloom ON x USING brin (name text_bloom_ops) WITH (pages_per_range = 1)"
    ));
    for (column, rule) in [
        ("name", "hash(30)"),
        ("tags", "hash(30)"),
        ("doc", "json_path('$.mail', 'email')"),
        ("n", "permutation"),
        ("addr", "VALUE '192.0.2.1'"),
    ] {
        let rule = rule.replace('\'', "''");
        session.run(&format!(
            "SELECT synth_set_rule('x', '{column}', 'MASKED WITH {rule}')"
        ));
    }
    session.run("SELECT synth_mask_table('x'); ALTER TABLE x SET (autovacuum_enabled = false)");
}

const METHODS: [&str; 15] = [
    "x_hash",
    "x_gin",
    "x_gin_two",
    "x_gin_trgm",
    "x_gin_doc",
    "x_gin_path",
    "x_gist",
    "x_gist_n",
    "x_gist_trgm",
    "x_gist_inet",
    "x_spgist",
    "x_spgist_inet",
    "x_spgist_more",
    "x_brin",
    "x_brin_multi",
];

/// A bloom filter holds hashes and no values, and is never judged.
const BLOOM: &str = "public.x_brin_bloom not judged";

fn every_method_is_clean_after_a_masking(pg: &Postgres) {
    let mut session = fresh(pg);
    indexed(&mut session, 2000);
    let mut wanted: Vec<String> = METHODS
        .iter()
        .map(|name| format!("public.{name} clean"))
        .collect();
    wanted.push(BLOOM.to_owned());
    let mut found = verdicts(&mut session, "x");
    found.retain(|line| line != "public.x_brin_bloom clean");
    wanted.sort();
    assert_eq!(found, wanted);
    let unread = session.column(
        "SELECT object FROM synth_verify_masked('x', false) WHERE place = 'index' GROUP BY 1 HAVING max(checked) = 0",
    );
    assert_eq!(unread, Vec::<String>::new(), "nothing was read");
}

fn what_a_method_remembers_is_found(pg: &Postgres) {
    let mut session = fresh(pg);
    indexed(&mut session, 2000);
    // A row that comes and goes leaves its keys behind.
    session.run(
        "INSERT INTO x VALUES (5001, 'original name 77', ARRAY['Original tag 77'], '{\"mail\": \"original77@real.org\"}', 5000077, '10.0.0.77');
         SELECT gin_clean_pending_list('x_gin'); DELETE FROM x WHERE id = 5001",
    );
    let found = verdicts(&mut session, "x");
    for (name, verdict) in [
        ("x_hash", "not judged"),
        ("x_gin", "SURVIVING"),
        ("x_gin_two", "SURVIVING"),
        ("x_gin_trgm", "not judged"),
        ("x_gin_doc", "SURVIVING"),
        ("x_gin_path", "not judged"),
        ("x_gist", "not judged"),
        ("x_gist_n", "SURVIVING"),
        ("x_spgist", "SURVIVING"),
        ("x_spgist_more", "SURVIVING"),
        ("x_brin", "SURVIVING"),
    ] {
        let line = format!("public.{name} {verdict}");
        assert!(found.contains(&line), "no {line} in {found:#?}");
    }
    session.run("REINDEX TABLE x");
    let mut left = verdicts(&mut session, "x");
    left.retain(|line| !line.ends_with(" clean") && line != BLOOM);
    assert_eq!(left, Vec::<String>::new(), "REINDEX builds them anew");
}

fn a_large_tree_is_walked(pg: &Postgres) {
    let mut session = fresh(pg);
    let name = "md5(i::text) || ' original ' || repeat(md5((i % 50)::text), 8) || i";
    session.run(&format!(
        "CREATE TABLE big (id int, name text); INSERT INTO big SELECT i, {name} FROM generate_series(1, 30000) i;
         CREATE INDEX big_spgist ON big USING spgist (name);
         SELECT synth_set_rule('big', 'name', 'MASKED WITH hash(40)'); SELECT synth_mask_table('big');
         ALTER TABLE big SET (autovacuum_enabled = false)"
    ));
    let values = "SELECT checked, surviving, verdict FROM synth_verify_masked('big', false) WHERE place = 'index' ORDER BY checked DESC LIMIT 1";
    assert_eq!(session.rows(values), [row(&["30000", "0", "clean"])]);
    session.run(&format!(
        "INSERT INTO big SELECT i, {name} FROM generate_series(1, 30000, 1000) i; DELETE FROM big WHERE name LIKE '%original%'"
    ));
    assert_eq!(session.rows(values), [row(&["30030", "30", "SURVIVING"])]);
}

/// VACUUM removes values from a tree, and leaves the paths to them, which spell how they began.
fn paths_that_lead_to_no_value_are_told(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE big (id int, name text); INSERT INTO big SELECT i, 'Original ' || i FROM generate_series(1, 3000) i;
         CREATE INDEX big_spgist ON big USING spgist (name);
         SELECT synth_set_rule('big', 'name', 'MASKED WITH hash(40)'); SELECT synth_mask_table('big')",
    );
    assert_eq!(verdicts(&mut session, "big"), ["public.big_spgist clean"]);
    session.run("INSERT INTO big SELECT i, 'Original ' || i FROM generate_series(1, 3000) i; DELETE FROM big WHERE name LIKE 'Original%'");
    session.until_the_dead_are_unseen();
    session.run("VACUUM big");
    assert_eq!(
        verdicts(&mut session, "big"),
        ["public.big_spgist clean", "public.big_spgist not judged"],
        "values are gone, and their paths are there"
    );
    let says = session.value(
        "SELECT verdict FROM synth_verify_masked('big', false) WHERE verdict LIKE 'not judged%'",
    );
    assert!(
        says.contains("on paths that lead to none any more") && says.contains("REINDEX"),
        "{says}"
    );
    session.run("REINDEX TABLE big");
    assert_eq!(verdicts(&mut session, "big"), ["public.big_spgist clean"]);
}

/// An SP-GiST index of polygons holds the boxes around them.
fn what_is_made_of_values_is_compared(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE plots (id int, area polygon);
         INSERT INTO plots SELECT i, polygon(box(point(i, i), point(i + 2, i + 3))) FROM generate_series(1, 700) i;
         CREATE INDEX plots_spgist ON plots USING spgist (area);
         SELECT synth_set_rule('plots', 'area', 'MASKED WITH VALUE ''((0,0),(0,1),(1,1))''');
         SELECT synth_mask_table('plots'); ALTER TABLE plots SET (autovacuum_enabled = false)",
    );
    let boxes =
        "SELECT checked, verdict FROM synth_verify_masked('plots', false) WHERE place = 'index'";
    assert_eq!(session.rows(boxes), [row(&["700", "clean"])]);
    session.run("INSERT INTO plots VALUES (5000, polygon(box(point(5, 5), point(7, 8)))); DELETE FROM plots WHERE id = 5000");
    assert_eq!(
        session.rows(boxes),
        [row(&[
            "701",
            "not judged: 1 keys of no row that is there; REINDEX builds it anew"
        ])]
    );
    session.until_the_dead_are_unseen();
    session.run("REINDEX TABLE plots");
    assert_eq!(session.rows(boxes), [row(&["700", "clean"])]);
}

fn an_index_that_cannot_be_read_says_so(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE EXTENSION bloom; CREATE TABLE b (v text); INSERT INTO b SELECT 'Original ' || i FROM generate_series(1, 200) i;
         CREATE INDEX b_bloom ON b USING bloom (v);
         SELECT synth_set_rule('b', 'v', 'MASKED WITH hash'); SELECT synth_mask_table('b')",
    );
    let says = session.value(
        "SELECT verdict FROM synth_verify_masked('b', false) WHERE object = 'public.b_bloom'",
    );
    assert!(
        says.starts_with("not checked: ") && says.contains("hashes") && says.contains("REINDEX"),
        "{says}"
    );
}
