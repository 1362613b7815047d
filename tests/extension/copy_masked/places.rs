//! Values and rows that change their place on the way into a copy: `shuffle`, and masked partition
//! keys.

use super::{contents, decide_rest};
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    shuffled_values_are_those_of_the_copied_rows,
    a_shuffle_under_a_condition_and_over_partitions,
    rows_of_masked_partition_keys_arrive_where_they_belong,
    a_subset_of_rows_that_move,
    rows_without_a_partition_leave_nothing,
];

/// Values of a table that are told apart, some of them NULL, some long.
fn people(session: &mut Session) {
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.team (id int PRIMARY KEY);
         CREATE TABLE s.person (id int PRIMARY KEY, team int REFERENCES s.team, pay numeric UNIQUE, note text);
         INSERT INTO s.team SELECT generate_series(1, 10);
         INSERT INTO s.person SELECT i, i % 10 + 1, CASE WHEN i % 4 > 0 THEN i * 10 END, (SELECT string_agg(md5(i || '/' || j), '') FROM generate_series(1, CASE WHEN i % 50 = 0 THEN 200 ELSE 1 END) j) FROM generate_series(1, 2000) i;
         SELECT synth_set_rule('s.person', 'pay', 'MASKED WITH shuffle'), synth_set_rule('s.person', 'note', 'MASKED WITH shuffle')",
    );
    decide_rest(session, "s");
}

fn shuffled_values_are_those_of_the_copied_rows(pg: &Postgres) {
    let mut session = fresh(pg);
    people(&mut session);
    session.run("SELECT synth_copy_masked('s', 'whole')");
    for column in ["pay", "note"] {
        assert_eq!(
            contents(
                &mut session,
                &format!("(SELECT {column} FROM whole.person)")
            ),
            contents(&mut session, &format!("(SELECT {column} FROM s.person)")),
            "{column}"
        );
        // About one value of 2,000 falls on its own row; more than ten do once in 10 million copies.
        let kept: usize = session
            .value(&format!(
                "SELECT count(*) FROM s.person a JOIN whole.person b USING (id) WHERE a.{column} = b.{column}"
            ))
            .parse()
            .unwrap();
        assert!(kept <= 10, "{kept} rows kept their {column}");
    }
    // Who earns nothing is not dealt to.
    assert_eq!(
        session.value("SELECT count(*) FROM s.person a JOIN whole.person b USING (id) WHERE (a.pay IS NULL) <> (b.pay IS NULL)"),
        "0"
    );
    // Of a subset the values of its own rows, and no others.
    session
        .run(r#"SELECT synth_copy_masked('s', 'part', subset => '{"person": "team IN (2, 3)"}')"#);
    assert_eq!(
        contents(&mut session, "(SELECT pay, note FROM part.person)").len(),
        400
    );
    for column in ["pay", "note"] {
        assert_eq!(
            contents(&mut session, &format!("(SELECT {column} FROM part.person)")),
            contents(
                &mut session,
                &format!("(SELECT {column} FROM s.person WHERE team IN (2, 3))")
            ),
            "{column}"
        );
    }
    // Row-level security hides values as it hides rows.
    let role = format!("limited_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {} TO {role}; GRANT USAGE ON SCHEMA s TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA s TO {role}; ALTER TABLE s.person ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON s.person USING (id <= 100)",
        session.database
    ));
    session
        .role(pg, &role)
        .run("SELECT synth_copy_masked('s', 'few')");
    assert_eq!(
        contents(&mut session, "(SELECT pay FROM few.person)"),
        contents(&mut session, "(SELECT pay FROM s.person WHERE id <= 100)")
    );
}

fn a_shuffle_under_a_condition_and_over_partitions(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.t (id int, k int, v int, w int) PARTITION BY LIST (k);
         CREATE TABLE s.t1 PARTITION OF s.t FOR VALUES IN (1); CREATE TABLE s.t2 (w int, v int, k int, id int); ALTER TABLE s.t ATTACH PARTITION s.t2 FOR VALUES IN (2);
         CREATE TABLE s.t3 PARTITION OF s.t FOR VALUES IN (3);
         INSERT INTO s.t SELECT i, i % 2 + 1, i, i FROM generate_series(1, 1000) i;
         SELECT synth_set_rule('s.t', 'v', 'MASKED WITH shuffle'), synth_set_rule('s.t', 'w', 'MASKED WITH shuffle WHEN k = 1')",
    );
    decide_rest(&mut session, "s");
    session.run("SELECT synth_copy_masked('s', 'd')");
    for column in ["v", "w"] {
        assert_eq!(
            contents(&mut session, &format!("(SELECT k, {column} FROM d.t)")),
            contents(&mut session, &format!("(SELECT k, {column} FROM s.t)")),
            "{column}: each partition by itself"
        );
    }
    // Where the condition does not hold, values stand where they stood; of 500 others about one does.
    assert_eq!(
        session.value("SELECT count(*) FILTER (WHERE k = 2) || ' ' || (count(*) FILTER (WHERE k = 1) <= 10) FROM d.t WHERE w = id"),
        "500 true"
    );
}

/// Three levels, columns in different orders, a generated column, and a key that is hashed.
fn moving(session: &mut Session) {
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.person (id int PRIMARY KEY);
         INSERT INTO s.person SELECT generate_series(1, 3000);
         CREATE TABLE s.t (id int REFERENCES s.person, region text, name text, year int GENERATED ALWAYS AS (length(name)) STORED, UNIQUE (id, region)) PARTITION BY LIST (region);
         CREATE TABLE s.east PARTITION OF s.t FOR VALUES IN ('Real east') PARTITION BY RANGE (id);
         CREATE TABLE s.east1 PARTITION OF s.east FOR VALUES FROM (0) TO (1000);
         CREATE TABLE s.east2 (gone int, name text, region text, id int, year int GENERATED ALWAYS AS (length(name)) STORED); ALTER TABLE s.east2 DROP gone; ALTER TABLE s.east ATTACH PARTITION s.east2 DEFAULT;
         CREATE TABLE s.rest (region text, name text, id int, year int GENERATED ALWAYS AS (length(name)) STORED, CHECK (length(region) > 3)); ALTER TABLE s.t ATTACH PARTITION s.rest DEFAULT;
         CREATE TABLE s.h (k text, v int) PARTITION BY HASH (k);
         CREATE TABLE s.h0 PARTITION OF s.h FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE s.h1 PARTITION OF s.h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO s.t SELECT i, CASE WHEN i % 3 = 0 THEN 'Real east' ELSE 'Real west' END, 'Real ' || i FROM generate_series(1, 3000) i;
         INSERT INTO s.h SELECT 'Real ' || i, i FROM generate_series(1, 2000) i;
         SELECT synth_set_rule('s.t', 'region', 'MASKED WITH hash(30)'), synth_set_rule('s.t', 'name', 'MASKED WITH hash(20)'), synth_set_rule('s.h', 'k', 'MASKED WITH hash')",
    );
    decide_rest(session, "s");
}

fn rows_of_masked_partition_keys_arrive_where_they_belong(pg: &Postgres) {
    let mut session = fresh(pg);
    moving(&mut session);
    assert_eq!(
        session.rows("SELECT table_name, copied_rows FROM synth_copy_masked('s', 'd')"),
        [
            row(&["s.h", "2000"]),
            row(&["s.person", "3000"]),
            row(&["s.t", "3000"])
        ]
    );
    // As the rewrite places them.
    session.run("SELECT synth_mask_table('s.t'), synth_mask_table('s.h')");
    for table in ["h0", "h1", "east1", "east2", "rest"] {
        let columns = if table.starts_with('h') {
            "k, v"
        } else {
            "id, region, name, year"
        };
        assert_eq!(
            contents(&mut session, &format!("(SELECT {columns} FROM d.{table})")),
            contents(&mut session, &format!("(SELECT {columns} FROM s.{table})")),
            "{table}"
        );
    }
    // The copy's partitions hold by Postgres's own judgement, and its keys.
    session.run("INSERT INTO d.t (id, region) VALUES (5, 'Real east'); SET enable_seqscan = off");
    assert_eq!(session.value("SELECT count(*) FROM d.east1"), "1");
    session.refused(
        "INSERT INTO d.t (id, region) SELECT id, region FROM d.t LIMIT 1",
        "23505",
        "id_region_key",
    );
}

fn a_subset_of_rows_that_move(pg: &Postgres) {
    let mut session = fresh(pg);
    moving(&mut session);
    session.run(
        r#"SELECT synth_copy_masked('s', 'd', subset => '{"t": "id <= 60", "h": {"rows": 50}}')"#,
    );
    assert_eq!(
        session.value("SELECT (SELECT count(*) FROM d.t) || ' ' || (SELECT count(*) FROM d.person) || ' ' || (SELECT count(*) FROM d.h) || ' ' || (SELECT count(*) FROM d.t WHERE t::text LIKE '%Real%')"),
        "60 60 50 0"
    );
    session.run("CREATE TABLE again (LIKE d.h) PARTITION BY HASH (k); CREATE TABLE again0 PARTITION OF again FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE again1 PARTITION OF again FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO again TABLE d.h");
    assert_eq!(
        contents(&mut session, "d.h0"),
        contents(&mut session, "again0")
    );
}

fn rows_without_a_partition_leave_nothing(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.t (k text) PARTITION BY LIST (k); CREATE TABLE s.t1 PARTITION OF s.t FOR VALUES IN ('Real'); INSERT INTO s.t VALUES ('Real');
         SELECT synth_set_rule('s.t', 'k', 'MASKED WITH hash')",
    );
    let error = session.refused(
        "SELECT synth_copy_masked('s', 'd')",
        "23514",
        "no partition",
    );
    assert!(
        error.detail.is_empty() && !error.to_string().contains("Real"),
        "{error}"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'd'"),
        "0"
    );
}
