//! Foreign keys of every form.

use super::{anew, assert_filled, assert_refused, assert_rows_hold, fill, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    references_of_every_form,
    tenants,
    keys_that_are_all_in_use,
    cycles,
    one_to_one_within_cycles,
    a_cycle_through_a_table_that_cannot_be_filled,
    a_cycle_with_a_table_whose_rows_may_be_refused,
    children_spread_over_their_parents,
    rows_that_are_there_are_referred_to,
    a_parent_without_rows_is_announced,
    references_to_other_schemas,
    a_hundred_linked_tables,
    the_order_of_tables_does_not_matter,
];

fn references_of_every_form(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p_id integer NOT NULL REFERENCES p)",
        "CREATE TABLE p (id integer PRIMARY KEY, email text NOT NULL UNIQUE); CREATE TABLE c (email text NOT NULL REFERENCES p (email))",
        "CREATE TABLE p (a integer, b text, PRIMARY KEY (a, b)); CREATE TABLE c (b text, a integer, FOREIGN KEY (a, b) REFERENCES p)",
        "CREATE TABLE p (a integer, b text, PRIMARY KEY (a, b)); CREATE TABLE c (x integer, y text, FOREIGN KEY (x, y) REFERENCES p MATCH FULL)",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (id integer PRIMARY KEY REFERENCES p)",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (id integer PRIMARY KEY, p_id integer UNIQUE REFERENCES p, q_id integer NOT NULL UNIQUE REFERENCES p)",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE q (id uuid PRIMARY KEY); CREATE TABLE c (p_id integer REFERENCES p, q_id uuid REFERENCES q, PRIMARY KEY (p_id, q_id))",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (a integer REFERENCES p, b integer REFERENCES p, PRIMARY KEY (a, b), CHECK (a <> b))",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (a integer REFERENCES p, b integer REFERENCES p, PRIMARY KEY (a, b), CHECK (a < b))",
        "CREATE TABLE o (id integer PRIMARY KEY); CREATE TABLE l (o_id integer REFERENCES o, n integer CHECK (n BETWEEN 1 AND 3), PRIMARY KEY (o_id, n)); CREATE TABLE d (o_id integer NOT NULL, n integer NOT NULL, FOREIGN KEY (o_id, n) REFERENCES l)",
        "CREATE TABLE tenant (id integer PRIMARY KEY); CREATE TABLE u (tenant_id integer REFERENCES tenant, id integer, PRIMARY KEY (tenant_id, id)); CREATE TABLE g (tenant_id integer REFERENCES tenant, id integer, PRIMARY KEY (tenant_id, id)); CREATE TABLE m (tenant_id integer NOT NULL, id integer, u_id integer NOT NULL, g_id integer NOT NULL, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, u_id) REFERENCES u, FOREIGN KEY (tenant_id, g_id) REFERENCES g)",
        "CREATE TABLE e (id integer PRIMARY KEY, boss integer REFERENCES e)",
        "CREATE TABLE e (id integer PRIMARY KEY, boss integer NOT NULL REFERENCES e)",
        "CREATE TABLE e (id integer PRIMARY KEY, boss integer REFERENCES e, CHECK (boss <> id))",
        "CREATE TABLE e (a integer, id integer, up integer, PRIMARY KEY (a, id), FOREIGN KEY (a, up) REFERENCES e)",
        "CREATE TABLE e (id integer PRIMARY KEY, next integer NOT NULL UNIQUE REFERENCES e)",
        "CREATE TABLE e (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, boss integer REFERENCES e)",
        "CREATE TABLE p (id integer GENERATED ALWAYS AS IDENTITY (START 1000 INCREMENT 3) PRIMARY KEY); CREATE TABLE c (p_id bigint NOT NULL REFERENCES p)",
        "CREATE DOMAIN k AS integer CHECK (VALUE > 5); CREATE TABLE p (id k PRIMARY KEY); CREATE TABLE c (p_id k NOT NULL REFERENCES p, q_id integer REFERENCES p)",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p_id integer NOT NULL REFERENCES p ON DELETE CASCADE ON UPDATE SET DEFAULT DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p_id integer NOT NULL); ALTER TABLE c ADD FOREIGN KEY (p_id) REFERENCES p NOT VALID",
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p_id integer NOT NULL REFERENCES p, CHECK (p_id > 0 OR p_id <= 0))",
        "CREATE TABLE p (id integer PRIMARY KEY, d date NOT NULL) ; CREATE TABLE c (p_id integer NOT NULL REFERENCES p, d date NOT NULL); CREATE TABLE g (p_id integer NOT NULL REFERENCES p, q_id integer NOT NULL REFERENCES p)",
        "CREATE TABLE p (id char(5) PRIMARY KEY); CREATE TABLE c (p_id varchar(5) NOT NULL REFERENCES p)",
        "CREATE TABLE p (code text PRIMARY KEY CHECK (code ~ '^[A-Z]{4}$')); CREATE TABLE c (code text PRIMARY KEY REFERENCES p); CREATE TABLE g (code text NOT NULL REFERENCES c)",
        "CREATE TABLE p (id integer PRIMARY KEY, name text); CREATE TABLE c (id integer PRIMARY KEY, p_id integer REFERENCES p, kind text CHECK (kind IN ('a', 'b')), UNIQUE (p_id, kind))",
        "CREATE TABLE p (id inet PRIMARY KEY); CREATE TABLE c (p_id inet NOT NULL REFERENCES p)",
        "CREATE TABLE e (a integer, id integer, up integer, PRIMARY KEY (a, id), FOREIGN KEY (a, up) REFERENCES e, CHECK (up <> id))",
        "CREATE TABLE e (a integer, id integer, up integer, PRIMARY KEY (a, id), CHECK ((a IS NULL) = (up IS NULL) OR up IS NULL), FOREIGN KEY (up, a) REFERENCES e (id, a))",
        "CREATE TABLE k (id integer, n integer, d text NOT NULL, PRIMARY KEY (id, n)) PARTITION BY LIST (n); CREATE TABLE k1 PARTITION OF k FOR VALUES IN (1, 2); CREATE TABLE k2 PARTITION OF k DEFAULT; CREATE TABLE c (id integer NOT NULL, n integer NOT NULL, FOREIGN KEY (id, n) REFERENCES k1)",
        "CREATE TABLE z (x text, id integer PRIMARY KEY) PARTITION BY HASH (id); CREATE TABLE z0 (id integer NOT NULL, x text); ALTER TABLE z ATTACH PARTITION z0 FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE z1 PARTITION OF z FOR VALUES WITH (MODULUS 2, REMAINDER 1); CREATE TABLE c (a integer NOT NULL REFERENCES z, b integer NOT NULL REFERENCES z0, c integer REFERENCES z1)",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

/// A table that is begun twice, with more keys to refer to the second time.
fn one_to_one_within_cycles(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY, a_id integer UNIQUE REFERENCES a); CREATE TABLE c (id integer PRIMARY KEY); CREATE TABLE d (id integer PRIMARY KEY, c_id integer REFERENCES c);
         ALTER TABLE a ADD b_id integer REFERENCES b; ALTER TABLE b ADD c_id integer REFERENCES c; ALTER TABLE c ADD d_id integer NOT NULL REFERENCES d",
        "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a, n smallint NOT NULL CHECK (n BETWEEN 1 AND 20), UNIQUE (a_id, n)); CREATE TABLE c (id integer PRIMARY KEY); CREATE TABLE d (id integer PRIMARY KEY, c_id integer REFERENCES c);
         ALTER TABLE a ADD b_id integer REFERENCES b; ALTER TABLE b ADD c_id integer REFERENCES c; ALTER TABLE c ADD d_id integer NOT NULL REFERENCES d",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn a_cycle_through_a_table_that_cannot_be_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE p (id bigserial PRIMARY KEY);
         CREATE TABLE target (code text PRIMARY KEY, p_id bigint NOT NULL REFERENCES p DEFERRABLE, n smallint NOT NULL CONSTRAINT impossible CHECK (n > 40000));
         ALTER TABLE p ADD code text NOT NULL CHECK (code ~ '^[A-Z]{2}$') REFERENCES target DEFERRABLE",
    );
    assert_refused(
        &mut session,
        "SELECT * FROM synth_fill_schema('t', 10)",
        "target",
        &["impossible", "t.target"],
    );
}

/// Of a closed circle the table is promised of which no row can be refused.
fn a_cycle_with_a_table_whose_rows_may_be_refused(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE b (id bigint PRIMARY KEY, a_id integer NOT NULL, n integer NOT NULL); CREATE UNIQUE INDEX ON b ((n % 500));
         CREATE TABLE a (id integer PRIMARY KEY, b_id bigint NOT NULL REFERENCES b DEFERRABLE); ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a DEFERRABLE",
        "CREATE TABLE a (id integer PRIMARY KEY, b_id bigint NOT NULL); CREATE TABLE b (id bigint PRIMARY KEY, a_id integer NOT NULL REFERENCES a DEFERRABLE, n integer NOT NULL, CHECK (length(md5(n::text || 'x')) = 32 AND md5(n::text) < '4'));
         ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE INITIALLY DEFERRED; ALTER TABLE a ADD m text NOT NULL CHECK (md5(m) < '8')",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

/// Tables of several tenants: keys of two columns, of which a reference may leave one empty.
fn tenants(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE tenants (id integer PRIMARY KEY);
         CREATE TABLE users (tenant_id integer NOT NULL REFERENCES tenants, id integer, manager integer, PRIMARY KEY (tenant_id, id),
             FOREIGN KEY (tenant_id, manager) REFERENCES users, CHECK (manager IS DISTINCT FROM id));
         CREATE TABLE docs (tenant_id integer NOT NULL REFERENCES tenants, id integer, owner integer NOT NULL, editor integer, PRIMARY KEY (tenant_id, id),
             FOREIGN KEY (tenant_id, owner) REFERENCES users, FOREIGN KEY (tenant_id, editor) REFERENCES users)",
    );
    for seed in 1..4 {
        let written = session.value(&format!(
            "SELECT min(rows_written) FROM synth_fill_schema('t', 500, seed => {seed})"
        ));
        assert_eq!(written, "500");
        assert_rows_hold(&mut session, &["t"]);
    }
    for (column, table) in [("manager", "users"), ("editor", "docs")] {
        let spread = session.rows(&format!(
            "SELECT count({column}) BETWEEN 300 AND 1499, count(DISTINCT tenant_id) > 20 FROM {table}"
        ));
        assert_eq!(spread, [crate::extension::row(&["t", "t"])], "{table}");
    }
    // Where there is no user at all, there is no editor.
    session.run("TRUNCATE docs, users; ALTER TABLE docs ALTER owner DROP NOT NULL; SELECT synth_fill('docs', 100, 1)");
    assert_eq!(
        session.value("SELECT count(*) || ' ' || count(editor) || ' ' || (count(DISTINCT tenant_id) > 20) FROM docs"),
        "100 0 true"
    );
    // With MATCH FULL there is none or a whole one.
    session.run(
        "CREATE TABLE strict (tenant_id integer NOT NULL, editor integer, FOREIGN KEY (tenant_id, editor) REFERENCES users MATCH FULL)",
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill('strict', 10)",
        "strict",
        &["users"],
    );
}

fn keys_that_are_all_in_use(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE target (p_id integer NOT NULL CONSTRAINT one_each UNIQUE REFERENCES p);
         SELECT synth_fill('p', 10); SELECT synth_fill('target', 7)",
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill('target', 5)",
        "target",
        &["one_each (p_id) leaves room for 3 rows"],
    );
    fill(&mut session, "target", 3);
    assert_refused(
        &mut session,
        "SELECT synth_fill('target', 1)",
        "target",
        &["one_each (p_id) leaves room for 0 rows"],
    );
    let note = session.value(
        r#"SELECT note FROM synth_fill_schema('t', 5, overrides => '{"p": {"rows": 2}}') WHERE rows_written = 2 AND note IS NOT NULL"#,
    );
    assert!(note.contains("one_each"), "{note}");
    // In a circle that is closed, both tables grow.
    anew(&mut session);
    session.run(
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer NOT NULL UNIQUE); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a DEFERRABLE);
         ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE",
    );
    for seed in 1..4 {
        let written = session.value(&format!(
            "SELECT sum(rows_written) FROM synth_fill_schema('t', 50, seed => {seed})"
        ));
        assert_eq!(written, "100");
    }
    assert_rows_hold(&mut session, &["t"]);
}

fn cycles(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b",
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer NOT NULL); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b",
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer NOT NULL); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a DEFERRABLE); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE",
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer NOT NULL); CREATE TABLE b (id integer PRIMARY KEY, c_id integer NOT NULL); CREATE TABLE c (id integer PRIMARY KEY, a_id integer REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (c_id) REFERENCES c",
        "CREATE TABLE a (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b_id integer NOT NULL UNIQUE); CREATE TABLE b (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_id integer NOT NULL UNIQUE REFERENCES a DEFERRABLE INITIALLY DEFERRED); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b",
        "CREATE TABLE a (id integer PRIMARY KEY, self integer REFERENCES a, b_id integer, x integer); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a, self integer NOT NULL REFERENCES b); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b; CREATE TABLE c (a_id integer NOT NULL REFERENCES a, b_id integer NOT NULL REFERENCES b)",
    ];
    let mut session = prepared(pg);
    assert_filled(&mut session, CASES);
    anew(&mut session);
    session.run(
        "CREATE TABLE a (id integer PRIMARY KEY, b_id integer NOT NULL); CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a);
         ALTER TABLE a ADD CONSTRAINT closes_the_ring FOREIGN KEY (b_id) REFERENCES b",
    );
    // Neither can come first: no INSERT could either.
    assert_refused(
        &mut session,
        "SELECT * FROM synth_fill_schema('t', 10)",
        "a",
        &[],
    );
    // A cycle that is closed is used.
    anew(&mut session);
    session.run(CASES[0]);
    session.run("SELECT * FROM synth_fill_schema('t', 100, seed => 1)");
    assert_eq!(
        session.value("SELECT count(b_id) > 0 FROM a"),
        "t",
        "the nullable edge of a cycle is not always NULL"
    );
}

fn children_spread_over_their_parents(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child (parent_id integer NOT NULL REFERENCES parent, other_id integer REFERENCES parent)",
    );
    fill(&mut session, "parent", 100);
    fill(&mut session, "child", 5000);
    let spread = session.rows(
        "SELECT count(DISTINCT parent_id) > 60, max(n) < 2500, count(*) FILTER (WHERE n > 1) > 30
         FROM (SELECT parent_id, count(*) AS n FROM child GROUP BY parent_id) counts",
    );
    assert_eq!(
        spread,
        [crate::extension::row(&["t", "t", "t"])],
        "most parents have children, none has half of them"
    );
    assert_eq!(
        session.value("SELECT count(*) > 100 FROM child WHERE parent_id IS DISTINCT FROM other_id"),
        "t",
        "two references are drawn apart"
    );
}

fn rows_that_are_there_are_referred_to(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY, name text); INSERT INTO parent VALUES (-7, 'x'), (900000, 'y'), (12, 'z'), (13, 'deleted'); DELETE FROM parent WHERE id = 13;
         CREATE TABLE child (parent_id integer NOT NULL REFERENCES parent)",
    );
    fill(&mut session, "child", 300);
    assert_eq!(
        session.value("SELECT count(DISTINCT parent_id) FROM child"),
        "3"
    );
    // Filled parents are added to those.
    fill(&mut session, "parent", 50);
    session.run("DELETE FROM parent WHERE id NOT IN (SELECT parent_id FROM child) AND id % 2 = 0");
    fill(&mut session, "child", 1000);
    assert_rows_hold(&mut session, &["t"]);
    assert_eq!(
        session.value("SELECT count(DISTINCT parent_id) > 10 FROM child"),
        "t"
    );
}

fn a_parent_without_rows_is_announced(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE target (id integer PRIMARY KEY, parent_id integer NOT NULL CONSTRAINT belongs REFERENCES parent)",
    );
    assert_refused(
        &mut session,
        "SELECT synth_fill('target', 10)",
        "target",
        &["parent", "belongs"],
    );
    let problem = session
        .value("SELECT problem FROM synth_plan_fill('target', 10) WHERE column_name = 'parent_id'");
    assert!(problem.contains("parent"), "{problem}");
    // Without a parent there is NULL.
    session.run("ALTER TABLE target ALTER parent_id DROP NOT NULL");
    assert_eq!(fill(&mut session, "target", 10), "10");
    assert_eq!(session.value("SELECT count(parent_id) FROM target"), "0");
}

fn references_to_other_schemas(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other; CREATE TABLE other.target (id integer PRIMARY KEY); CREATE TABLE target (id integer PRIMARY KEY, o integer NOT NULL REFERENCES other.target)",
    );
    assert_refused(
        &mut session,
        "SELECT * FROM synth_fill_schema('t', 10)",
        "target",
        &["other"],
    );
    session.run("SELECT synth_fill('other.target', 20)");
    assert_eq!(
        session.value("SELECT sum(rows_written) FROM synth_fill_schema('t', 30)"),
        "30"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM other.target"),
        "20",
        "the other schema is left alone"
    );
    assert_rows_hold(&mut session, &["t", "other"]);
}

fn a_hundred_linked_tables(pg: &Postgres) {
    use std::fmt::Write as _;
    let mut session = prepared(pg);
    anew(&mut session);
    let mut definition = String::new();
    // Each refers to some that come later by name, so that the order has to be found.
    for n in (0..150).rev() {
        let _ = write!(
            definition,
            "CREATE TABLE t{n:03} (id integer PRIMARY KEY, name text NOT NULL"
        );
        for other in [n + 1, n * 2 + 5, n + 17 + n * 3]
            .into_iter()
            .filter(|other| *other < 150)
        {
            let _ = write!(
                definition,
                ", r{other} integer {} REFERENCES t{other:03}",
                if other % 2 == 0 { "NOT NULL" } else { "" }
            );
        }
        definition.push_str(");\n");
    }
    session.run(&definition);
    let report = session
        .rows("SELECT count(*), sum(rows_written) FROM synth_fill_schema('t', 50, seed => 1)");
    assert_eq!(report, [crate::extension::row(&["150", "7500"])]);
    assert_rows_hold(&mut session, &["t"]);
}

fn the_order_of_tables_does_not_matter(pg: &Postgres) {
    let mut contents = Vec::new();
    for order in [["a", "b", "c"], ["c", "b", "a"]] {
        let mut session = prepared(pg);
        anew(&mut session);
        for table in order {
            session.run(&format!(
                "CREATE TABLE {table} (id integer PRIMARY KEY, name text NOT NULL, up integer)"
            ));
        }
        session.run("ALTER TABLE c ADD FOREIGN KEY (up) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (up) REFERENCES a; SELECT * FROM synth_fill_schema('t', 100, seed => 5)");
        contents.push(["a", "b", "c"].map(|table| super::contents(&mut session, table)));
    }
    assert_eq!(
        contents[0], contents[1],
        "the same seed, tables made in another order"
    );
}
