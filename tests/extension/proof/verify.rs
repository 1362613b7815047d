//! `synth_verify_masked` finds what was planted, in each place, and nothing where nothing is.

use crate::extension::schedule::run_now;
use crate::extension::session::Cells;
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    nothing_survives_a_masking,
    a_survivor_is_found_in_each_place,
    what_a_mask_gives_by_itself_is_expected,
    changed_rows_show_in_the_totals,
    dead_statistics_are_found_and_cleared,
    online_clears_statistics_last,
    a_job_clears_statistics_after_its_commit,
    who_masks_is_told_of_dead_statistics,
    partitions,
    many_values,
    it_is_for_owners_of_masked_tables,
];

/// Places with survivors, with object and column.
#[track_caller]
fn survivors(session: &mut Session, table: &str) -> Vec<Cells> {
    session.rows(&format!(
        "SELECT place, object, column_name FROM synth_verify_masked('{table}') WHERE verdict = 'SURVIVING' ORDER BY 1, 2, 3"
    ))
}

/// A table with everything that keeps values, masked.
fn people(session: &mut Session) {
    session.run(
        "CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, code char(12), num bigint, born date, note text, packed text, kept int, sex char(1));
         ALTER TABLE people ALTER note SET STORAGE external;
         INSERT INTO people SELECT i, 'Original Name ' || i, 'C' || i, 5000000000 + i * 7919, date '1950-01-01' + i, repeat('Original note ' || i, 300),
                (SELECT string_agg(md5((i * 1000 + k)::text), '') FROM generate_series(1, 150) k) || repeat('x', 9000), i * 3, substr('fm', i % 2 + 1, 1)
         FROM generate_series(1, 300) i;
         CREATE INDEX people_name ON people (name);
         CREATE INDEX people_lower ON people (lower(name));
         CREATE INDEX people_brin ON people USING brin (name);
         CREATE STATISTICS people_both (mcv) ON name, kept FROM people;
         CREATE STATISTICS people_expression ON (name || ''), kept FROM people;
         CREATE MATERIALIZED VIEW people_view AS SELECT id, name AS who FROM people;
         UPDATE people SET note = note || '!' WHERE id % 7 = 0;
         ANALYZE people, people_view",
    );
    for (column, rule) in [
        ("name", "hash"),
        ("code", "hash(20)"),
        ("num", "generalize(1000000000)"),
        ("born", "date_shift(20)"),
        ("note", "hash"),
        ("packed", "hash"),
        ("sex", "value"),
    ] {
        if column == "code" {
            // Too narrow for a hash.
            session
                .run("SELECT synth_set_rule('people', 'code', 'MASKED WITH partial(0, ''xx'')')");
        } else if rule == "value" {
            session.run("SELECT synth_set_rule('people', 'sex', 'MASKED WITH VALUE ''m''')");
        } else {
            session.run(&format!(
                "SELECT synth_set_rule('people', '{column}', 'MASKED WITH {rule}')"
            ));
        }
    }
    session.run("SELECT synth_mask_table('people')");
    clear_statistics(session);
}

/// What ANALYZE knew before stays in dead rows of its catalogs, as docs/proof.md says.
fn clear_statistics(session: &mut Session) {
    session.until_the_dead_are_unseen();
    assert_eq!(session.value("SELECT synth_purge_statistics()"), "0");
}

/// Writes the table anew, without what is dead in it.
fn vacuum_full(session: &mut Session, table: &str) {
    session.until_the_dead_are_unseen();
    session.run(&format!("VACUUM FULL {table}"));
}

fn nothing_survives_a_masking(pg: &Postgres) {
    let mut session = fresh(pg);
    people(&mut session);
    session.run("ANALYZE people, people_view");
    assert_eq!(survivors(&mut session, "people"), Vec::<Cells>::new());
    let lines = session.rows(
        "SELECT place, object, column_name, checked, verdict FROM synth_verify_masked('people')
         WHERE column_name IN ('name', 'who') OR column_name IS NULL ORDER BY 1, 2, 3",
    );
    for line in [
        ["heap", "public.people", "name", "300", "clean"],
        ["index", "public.people_name", "name", "301", "clean"],
        [
            "materialized view",
            "public.people_view",
            "who",
            "300",
            "clean",
        ],
        ["same row", "public.people", "name", "300", "clean"],
        ["NULLs", "public.people", "name", "0", "equal"],
    ] {
        assert!(
            lines
                .iter()
                .any(|found| found[..3] == row(&line)[..3] && found[4] == row(&line)[4]),
            "no {line:?} in {lines:?}"
        );
    }
    assert_eq!(
        session.column(
            "SELECT place || ' ' || verdict FROM synth_verify_masked('people', false)
             WHERE place IN ('rows', 'unmasked columns') ORDER BY 1"
        ),
        ["rows equal", "unmasked columns equal"]
    );
    assert_eq!(
        session.rows(
            "SELECT operation, target, verification ->> 'surviving', verification ->> 'totals_that_differ'
             FROM synth.audit_log ORDER BY id DESC LIMIT 1"
        ),
        [row(&["verify_masked", "public.people", "0", "0"])]
    );
}

fn a_survivor_is_found_in_each_place(pg: &Postgres) {
    let mut session = fresh(pg);
    people(&mut session);
    let found = |session: &mut Session, places: &[&str]| {
        let rows = survivors(session, "people");
        let mut names: Vec<String> = rows
            .iter()
            .map(|row| {
                let cell = |index: usize| row[index].clone().unwrap_or_default();
                format!("{} {}", cell(0), cell(1))
            })
            .collect();
        names.dedup();
        assert_eq!(names, places, "{rows:?}");
    };
    found(&mut session, &[]);
    // A dead tuple, and the index tuple that led to it.
    session.run("ALTER TABLE people SET (autovacuum_enabled = false)");
    session.run("UPDATE people SET name = 'Original Name 7' WHERE id = 1; UPDATE people SET name = 'masked' WHERE id = 1");
    found(
        &mut session,
        &["heap public.people", "index public.people_name"],
    );
    vacuum_full(&mut session, "people");
    found(&mut session, &[]);
    // A transaction that was rolled back.
    session.run("BEGIN; INSERT INTO people (id, name) VALUES (1000, 'Original Name 8'); ROLLBACK");
    found(
        &mut session,
        &["heap public.people", "index public.people_name"],
    );
    vacuum_full(&mut session, "people");
    // TOAST: chunks of a dead tuple, as they were and compressed.
    let toast =
        "TOAST pg_toast.pg_toast_".to_owned() + &session.value("SELECT 'people'::regclass::oid");
    for (column, value) in [
        ("note", "repeat('Original note 9', 300)"),
        (
            "packed",
            "(SELECT string_agg(md5((9 * 1000 + k)::text), '') FROM generate_series(1, 150) k) || repeat('x', 9000)",
        ),
    ] {
        session.run(&format!(
            "UPDATE people SET {column} = {value} WHERE id = 1; UPDATE people SET {column} = 'masked' WHERE id = 1"
        ));
        found(&mut session, &[&toast]);
        vacuum_full(&mut session, "people");
        found(&mut session, &[]);
    }
    // Statistics of all kinds, while the table is clean.
    session.run(
        "CREATE TABLE saved AS SELECT id, name FROM people; UPDATE people SET name = 'Original Name ' || id % 20 + 1; ANALYZE people;
         UPDATE people SET name = saved.name FROM saved WHERE saved.id = people.id; DROP TABLE saved",
    );
    vacuum_full(&mut session, "people");
    found(
        &mut session,
        &[
            "extended statistics people_both",
            "extended statistics people_expression",
            "statistics public.people",
        ],
    );
    session.run("ANALYZE people");
    clear_statistics(&mut session);
    found(&mut session, &[]);
    // Elsewhere.
    session.run(
        "CREATE MATERIALIZED VIEW leak AS SELECT name FROM people UNION ALL SELECT 'Original Name 11'",
    );
    found(&mut session, &["materialized view public.leak"]);
    session.run("DROP MATERIALIZED VIEW leak; CREATE TABLE \"odd \"\" copy\" AS SELECT 1 AS n, 'Original Name 12'::varchar AS \"x'y\"");
    found(&mut session, &["other table public.\"odd \"\" copy\""]);
    assert_eq!(
        session.value(
            "SELECT count(*) FROM synth_verify_masked('people', other_tables => false) WHERE verdict = 'SURVIVING'"
        ),
        "0"
    );
    session.run("DROP TABLE \"odd \"\" copy\"");
    found(&mut session, &[]);
}

fn what_a_mask_gives_by_itself_is_expected(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE p AS SELECT patient_id, first_name, last_name, phone, round(bmi::numeric, -1)::int AS bmi, sex, zip FROM synth_patients(3000, 1);
         SELECT synth_set_rule('p', 'first_name', 'MASKED WITH first_name');
         SELECT synth_set_rule('p', 'last_name', 'MASKED WITH last_name');
         SELECT synth_set_rule('p', 'phone', 'MASKED WITH phone');
         SELECT synth_set_rule('p', 'bmi', 'MASKED WITH generalize(10)');
         SELECT synth_set_rule('p', 'sex', 'MASKED WITH VALUE ''female''');
         SELECT synth_set_rule('p', 'zip', 'MASKED WITH hash(20)');
         SELECT synth_mask_table('p')",
    );
    let verdicts = session.rows(
        "SELECT column_name, verdict, coincident > 0 FROM synth_verify_masked('p') WHERE place = 'heap' ORDER BY 1",
    );
    assert_eq!(
        verdicts[..2],
        [
            row(&["bmi", "expected", "t"]),
            row(&["first_name", "expected", "t"])
        ]
    );
    assert_eq!(survivors(&mut session, "p"), Vec::<Cells>::new());
    // A name that the mask does not give is found all the same.
    session.run(
        "CREATE TABLE q (first_name text); INSERT INTO q SELECT first_name FROM synth_patients(500, 2);
         INSERT INTO q VALUES ('Wolfeschlegelstein');
         SELECT synth_set_rule('q', 'first_name', 'MASKED WITH first_name'); SELECT synth_mask_table('q');
         UPDATE q SET first_name = 'Wolfeschlegelstein' WHERE ctid = (SELECT min(ctid) FROM q)",
    );
    assert_eq!(
        session
            .rows("SELECT surviving, verdict FROM synth_verify_masked('q') WHERE place = 'heap'")
            [0][0]
            .as_deref()
            .map(|count| count != "0"),
        Some(true)
    );
}

fn changed_rows_show_in_the_totals(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, v text, n numeric, w text); INSERT INTO t SELECT i, 'Original ' || i, i / 3.0, repeat('w', i * 20) FROM generate_series(1, 200) i;
         SELECT synth_set_rule('t', 'v', 'MASKED WITH hash'); SELECT synth_mask_table('t')",
    );
    let totals = |session: &mut Session| {
        session.column(
            "SELECT place || ' ' || coalesce(column_name, '') || ' ' || verdict FROM synth_verify_masked('t') WHERE verdict IN ('equal', 'differs') ORDER BY 1",
        )
    };
    let equal = ["NULLs v equal", "rows  equal", "unmasked columns  equal"];
    assert_eq!(totals(&mut session), equal);
    session.run("BEGIN; UPDATE t SET n = n + 1 WHERE id = 100");
    assert_eq!(totals(&mut session)[2], "unmasked columns  differs");
    session.run("ROLLBACK; BEGIN; UPDATE t SET v = NULL WHERE id = 100");
    assert_eq!(totals(&mut session)[0], "NULLs v differs");
    session.run("ROLLBACK; BEGIN; DELETE FROM t WHERE id = 100");
    assert_eq!(totals(&mut session)[1], "rows  differs");
    session.run("ROLLBACK");
    vacuum_full(&mut session, "t");
    assert_eq!(totals(&mut session), equal, "order and place do not count");
}

/// A table with statistics of every kind, and rules.
const FILLED: &str = "CREATE TABLE s (a text, b int, c text); INSERT INTO s SELECT 'Original ' || i % 30, i % 10, 'Other original ' || i % 20 FROM generate_series(1, 3000) i;
         CREATE STATISTICS s_both (mcv) ON a, b FROM s; CREATE STATISTICS s_expression ON (c || ''), b FROM s; ANALYZE s;
         SELECT synth_set_rule('s', 'a', 'MASKED WITH hash(20)'); SELECT synth_set_rule('s', 'c', 'MASKED WITH hash(20)')";

/// Where originals are left in statistics of that table.
fn statistics_of_s(session: &mut Session) -> Vec<String> {
    session.column(
        "SELECT DISTINCT place || ' ' || object FROM synth_verify_masked('s', false)
         WHERE verdict = 'SURVIVING' ORDER BY 1",
    )
}

fn dead_statistics_are_found_and_cleared(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(FILLED);
    let all = [
        "extended statistics s_both",
        "extended statistics s_expression",
        "statistics public.s",
    ];
    // While somebody may see the dead rows, they stay, and this is said.
    let mut old = session.another(pg);
    old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class");
    session.run("SELECT synth_mask_table('s')");
    assert_eq!(statistics_of_s(&mut session), all);
    let left = session.value("SELECT synth_purge_statistics()");
    assert_ne!(left, "0", "dead rows that may be seen are gone");
    assert_eq!(statistics_of_s(&mut session), all);
    old.run("COMMIT");
    session.until_the_dead_are_unseen();
    assert_eq!(session.value("SELECT synth_purge_statistics()"), "0");
    assert_eq!(statistics_of_s(&mut session), Vec::<String>::new());
    assert_ne!(
        session.value("SELECT count(*) FROM pg_stats WHERE tablename = 's'"),
        "0",
        "live statistics are gone, too"
    );
    // Rolled back, nothing has happened.
    session.run("BEGIN; SELECT synth_purge_statistics(); ROLLBACK; ANALYZE s");
    // Not for everybody: it locks what planning needs.
    let role = format!("purger_{}", session.database);
    session.run(&format!("CREATE ROLE {role} LOGIN"));
    let mut other = session.role(pg, &role);
    other.refused("SELECT synth_purge_statistics()", "42501", "denied");
    session.run(&format!(
        "GRANT EXECUTE ON FUNCTION synth_purge_statistics() TO {role}"
    ));
    other.run("SELECT synth_purge_statistics()");
    // While another session holds the catalog, it gives up, and says what to do.
    let mut busy = session.another(pg);
    busy.run("BEGIN; LOCK TABLE pg_catalog.pg_statistic IN ROW EXCLUSIVE MODE");
    let error = session.refused("SELECT synth_purge_statistics()", "55P03", "in 2 seconds");
    assert!(error.hint.contains("ANALYZE"), "{error}");
    busy.run("COMMIT");
}

/// In a cluster of its own: open transactions of any database keep dead rows, and the last step of an
/// online masking waits for them for a second only.
fn online_clears_statistics_last(_: &Postgres) {
    let pg = Postgres::start_with("-purge", &["log_min_messages=fatal", "autovacuum=off"])
        .unwrap_or_else(|e| panic!("no cluster: {e}"));
    let mut session = fresh(&pg);
    session.run(FILLED);
    session.run("CALL synth_mask_table_online('s')");
    assert_eq!(statistics_of_s(&mut session), Vec::<String>::new());
}

/// In a cluster of its own, for the same reason.
fn a_job_clears_statistics_after_its_commit(_: &Postgres) {
    let pg = Postgres::start_with(
        "-purge-job",
        &[
            "shared_preload_libraries=pg_synth",
            "log_min_messages=fatal",
            "autovacuum=off",
        ],
    )
    .unwrap_or_else(|e| panic!("no cluster: {e}"));
    let mut session = fresh(&pg);
    session.run(FILLED);
    session.run("SELECT synth_schedule('mask', '@yearly', 'SELECT synth_mask_table(''s'')')");
    assert_eq!(
        run_now(
            &mut session,
            "mask",
            "succeeded",
            "result || ' ' || coalesce(notices, 'silent')"
        ),
        "3000 silent"
    );
    assert_eq!(statistics_of_s(&mut session), Vec::<String>::new());
    // While somebody may see them, they stay: the run has done its work, and says what is left.
    session.run("UPDATE s SET a = 'Original ' || b; ANALYZE s");
    let mut old = session.another(&pg);
    old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class");
    let notices = run_now(&mut session, "mask", "succeeded", "notices");
    assert!(notices.contains("could not be cleared yet"), "{notices}");
    assert_ne!(statistics_of_s(&mut session), Vec::<String>::new());
    old.run("COMMIT");
    // A command that does not mask leaves the catalogs alone.
    session.run("SELECT synth_schedule('other', '@yearly', 'SELECT 1')");
    run_now(&mut session, "other", "succeeded", "status");
    assert_ne!(statistics_of_s(&mut session), Vec::<String>::new());
    session.run("SELECT synth_schedule('several', '@yearly', $$DO 'BEGIN PERFORM synth_mask_table(''s''); END'$$)");
    run_now(&mut session, "several", "succeeded", "status");
    assert_eq!(statistics_of_s(&mut session), Vec::<String>::new());
}

/// What a masking says to its caller.
fn who_masks_is_told_of_dead_statistics(pg: &Postgres) {
    let session = fresh(pg);
    let said = |sql: &str| {
        let output = pg.psql_output(&session.database, sql);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    said(
        "CREATE TABLE unknown (v text) WITH (autovacuum_enabled = off); INSERT INTO unknown SELECT 'Original ' || i FROM generate_series(1, 100) i;
         SELECT synth_set_rule('unknown', 'v', 'MASKED WITH hash')",
    );
    let notices = said("SELECT synth_mask_table('unknown')");
    assert!(
        !notices.contains("statistics"),
        "nothing was known of the table: {notices}"
    );
    said(FILLED);
    for statement in [
        "SELECT synth_mask_table('s')",
        "SELECT synth_mask_table('s', gather_statistics => false)",
        "SELECT * FROM synth_mask_schema('public')",
    ] {
        let notices = said(statement);
        assert!(
            notices.contains("dead rows of statistics")
                && notices.contains("After COMMIT: SELECT synth_purge_statistics()"),
            "{statement} says {notices:?}"
        );
        said("ANALYZE s");
    }
}

fn partitions(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE parts (id int, v text) PARTITION BY RANGE (id);
         CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
         CREATE TABLE part2 (extra int, v text, id int NOT NULL); ALTER TABLE part2 DROP extra;
         ALTER TABLE parts ATTACH PARTITION part2 FOR VALUES FROM (100) TO (200);
         INSERT INTO parts SELECT i, 'Original ' || i FROM generate_series(0, 199) i; CREATE INDEX ON parts (v); ANALYZE parts;
         SELECT synth_set_rule('parts', 'v', 'MASKED WITH hash'); SELECT synth_mask_table('parts')",
    );
    let rows = survivors(&mut session, "parts");
    assert!(
        !rows.is_empty()
            && rows
                .iter()
                .all(|row| row[0].as_deref() == Some("statistics")),
        "dead rows of pg_statistic, and nothing else: {rows:?}"
    );
    clear_statistics(&mut session);
    assert_eq!(survivors(&mut session, "parts"), Vec::<Cells>::new());
    assert_eq!(
        session.column("SELECT DISTINCT object FROM synth_verify_masked('parts') WHERE place = 'heap' ORDER BY 1"),
        ["public.part1", "public.part2"]
    );
    session.run("UPDATE parts SET v = 'Original 150' WHERE id = 150; ANALYZE parts");
    let rows = survivors(&mut session, "parts");
    assert!(
        rows.contains(&row(&["heap", "public.part2", "v"])),
        "{rows:?}"
    );
}

fn many_values(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE many AS SELECT i AS id, 'Original ' || i AS v FROM generate_series(1, 1300000) i;
         SELECT synth_set_rule('many', 'v', 'MASKED WITH hash(20)'); SELECT synth_mask_table('many')",
    );
    assert_eq!(
        session.value("SELECT sum(octet_length(contents)) < 70000000 FROM synth.fingerprint_chunk"),
        "t",
        "the fingerprint is larger than it may be"
    );
    assert_eq!(survivors(&mut session, "many"), Vec::<Cells>::new());
    session.run(
        "INSERT INTO many SELECT i, 'Original ' || i FROM generate_series(1, 1300000, 1000) i",
    );
    let counts = session.rows(
        "SELECT surviving BETWEEN 1300 AND 1310, verdict FROM synth_verify_masked('many') WHERE place = 'heap'",
    );
    assert_eq!(counts, [row(&["t", "SURVIVING"])]);
}

fn it_is_for_owners_of_masked_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("curious_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; CREATE TABLE t (v text); INSERT INTO t VALUES ('Original'); GRANT ALL ON t TO {role};
         CREATE TABLE hidden (v text); INSERT INTO hidden SELECT 'Original text ' || i FROM generate_series(1, 200) i;
         CREATE TABLE own (v text); INSERT INTO own SELECT 'Original text ' || i FROM generate_series(1, 200) i; ALTER TABLE own OWNER TO {role}"
    ));
    session.refused(
        "SELECT * FROM synth_verify_masked('t')",
        "55000",
        "synth_mask_table",
    );
    session.refused("SELECT * FROM synth_verify_masked(NULL)", "22004", "target");
    let mut other = session.role(pg, &role);
    other.refused(
        "SELECT * FROM synth_verify_masked('t')",
        "42501",
        "must be owner",
    );
    other.run(
        "SELECT synth_set_rule('own', 'v', 'MASKED WITH hash'); SELECT synth_mask_table('own')",
    );
    assert_eq!(
        other.value("SELECT count(*) FROM synth_verify_masked('own') WHERE object ~ 'hidden'"),
        "0",
        "values of a table that one may not read can be tested"
    );
    let found = survivors(&mut session, "own");
    assert_eq!(found, [row(&["other table", "public.hidden", "v"])]);
}
