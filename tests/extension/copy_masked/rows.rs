//! What a copy of a whole schema holds.

use super::{clinic, contents, decide_rest};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    a_copy_equals_the_masked_original,
    the_result_says_what_was_done,
    the_source_stays_and_later_writes_are_invisible,
    a_masked_key_and_what_refers_to_it_stay_equal,
    partitions_arrive_where_they_belong,
    dropped_and_generated_columns_and_long_values,
    a_copy_is_not_masked_again_and_can_be_copied,
    what_nobody_decided_on,
    nothing_is_left_after_an_error_or_a_rollback,
    an_ended_session_leaves_nothing,
];

const TABLES: [&str; 3] = ["doctors", "patients", "visits"];

fn a_copy_equals_the_masked_original(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("SELECT synth_copy_masked('clinic', 'dev')");
    // Nothing of the original: not in rows, not in a block of the heap.
    for table in TABLES {
        assert_eq!(
            session.value(&format!(
                "SELECT count(*) FROM dev.{table} t WHERE t::text ~* 'original'"
            )),
            "0",
            "{table}"
        );
    }
    for table in TABLES {
        session.run(&format!("SELECT synth_mask_table('clinic.{table}')"));
        assert_eq!(
            contents(&mut session, &format!("dev.{table}")),
            contents(&mut session, &format!("clinic.{table}")),
            "{table}"
        );
    }
}

fn the_result_says_what_was_done(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("CREATE VIEW clinic.names AS SELECT name FROM clinic.patients; ANALYZE");
    let rows = session.rows(
        "SELECT table_name, source_rows, copied_rows, masked_columns, seconds >= 0, note
         FROM synth_copy_masked('clinic', 'dev')",
    );
    let texts: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row.iter().map(|c| c.as_deref().unwrap_or("-")).collect();
            cells.join("|")
        })
        .collect();
    assert_eq!(
        texts,
        [
            "clinic.doctors|5|5|{name}|t|-",
            "clinic.patients|100|100|{birth_date,email,name}|t|-",
            "clinic.visits|300|300|{note}|t|-",
            "view clinic.names|-|-|-|-|not copied: only tables and sequences are copied",
        ]
    );
    let plan = session.rows("SELECT table_name, source_rows, copied_rows, masked_columns::text, undecided_columns::text, problem FROM synth_plan_copy('clinic') WHERE note IS NULL");
    assert_eq!(plan[0][1].as_deref(), Some("5"));
    assert_eq!(plan[1][2].as_deref(), Some("100"));
    assert_eq!(
        plan[0][3].as_deref(),
        Some("{\"name: MASKED WITH full_name\"}")
    );
    assert_eq!((plan[2][4].as_deref(), &plan[2][5]), (Some("{}"), &None));
}

fn the_source_stays_and_later_writes_are_invisible(pg: &Postgres) {
    let mut session = clinic(pg);
    let before: Vec<_> = TABLES
        .map(|table| contents(&mut session, &format!("clinic.{table}")))
        .to_vec();
    let mut other = session.another(pg);
    // The snapshot of the transaction is older than what the other session writes.
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM clinic.visits LIMIT 1");
    other.run("DELETE FROM clinic.visits WHERE patient <= 50; INSERT INTO clinic.doctors (name) VALUES ('Dr. Late')");
    session.run("SELECT synth_copy_masked('clinic', 'dev'); COMMIT");
    assert_eq!(session.value("SELECT count(*) FROM dev.visits"), "300");
    assert_eq!(session.value("SELECT count(*) FROM dev.doctors"), "5");
    // Writers are not blocked while a copy is made, and what they write is not in it.
    session.run("BEGIN; SELECT synth_copy_masked('clinic', 'dev2')");
    other.run("SET lock_timeout = '5s'; INSERT INTO clinic.visits VALUES (1, 99, NULL, 'late'); DELETE FROM clinic.visits WHERE patient = 1 AND number = 99");
    session.run("COMMIT");
    assert_eq!(contents(&mut session, "clinic.patients"), before[1]);
}

fn a_masked_key_and_what_refers_to_it_stay_equal(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s;
         CREATE TABLE s.person (code text PRIMARY KEY, boss text REFERENCES s.person);
         CREATE TABLE s.visit (code text REFERENCES s.person, day date);
         INSERT INTO s.person SELECT 'original' || i, CASE WHEN i > 1 THEN 'original' || i / 2 END FROM generate_series(1, 50) i;
         INSERT INTO s.visit SELECT code, current_date FROM s.person;
         SELECT synth_set_rule('s.person', 'code', 'MASKED WITH hash(20)');
         SELECT synth_set_rule('s.visit', 'day', 'NOT MASKED')",
    );
    session.run("SELECT synth_copy_masked('s', 'd')");
    assert_eq!(
        session.value("SELECT count(*) FROM d.person p JOIN d.visit v USING (code) LEFT JOIN d.person b ON b.code = p.boss WHERE v::text || p::text !~ 'original'"),
        "50"
    );
    session.run("SELECT synth_set_rule('s.visit', 'code', 'MASKED WITH hash(30)')");
    session.refused("SELECT synth_copy_masked('s', 'd2')", "42P17", "refers to");
}

fn partitions_arrive_where_they_belong(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s;
         CREATE TABLE s.kinds (kind text PRIMARY KEY);
         CREATE TABLE s.events (id bigint, day date NOT NULL, kind text REFERENCES s.kinds, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
         CREATE TABLE s.events_old PARTITION OF s.events FOR VALUES FROM (MINVALUE) TO ('2020-01-01') PARTITION BY LIST (kind);
         CREATE TABLE s.events_old_a PARTITION OF s.events_old FOR VALUES IN ('a', 'it''s');
         CREATE TABLE s.events_old_rest PARTITION OF s.events_old DEFAULT;
         CREATE TABLE s.events_new (note text, kind text, gone int, day date NOT NULL, id bigint NOT NULL);
         ALTER TABLE s.events_new DROP COLUMN gone;
         ALTER TABLE s.events ATTACH PARTITION s.events_new FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
         CREATE INDEX note_index ON s.events (note);
         CREATE TABLE s.follow (id bigint, day date, FOREIGN KEY (id, day) REFERENCES s.events);
         INSERT INTO s.kinds VALUES ('a'), ('b'), ('it''s');
         INSERT INTO s.events SELECT i, date '2019-01-01' + i * 7, (ARRAY['a', 'b', 'it''s'])[i % 3 + 1], 'original ' || i FROM generate_series(1, 100) i;
         INSERT INTO s.follow SELECT id, day FROM s.events WHERE id % 2 = 0;
         SELECT synth_set_rule('s.events', 'note', 'MASKED WITH hash(20)')",
    );
    decide_rest(&mut session, "s");
    let counts = session
        .rows("SELECT table_name, source_rows, copied_rows FROM synth_copy_masked('s', 'd')");
    assert_eq!(counts[0][2].as_deref(), Some("100"), "{counts:?}");
    assert_eq!(counts.len(), 3, "{counts:?}");
    let spread =
        "SELECT tableoid::regclass::text, count(*)::text FROM {}.events GROUP BY 1 ORDER BY 1";
    let of = |schema: &str| spread.replace("{}", schema);
    let strip = |rows: Vec<Vec<Option<String>>>| -> Vec<String> {
        let rows = rows.into_iter();
        rows.map(|row| format!("{row:?}").replace("\"d.", "\"s."))
            .collect()
    };
    let copied = strip(session.rows(&of("d")));
    assert_eq!(copied, strip(session.rows(&of("s"))));
    assert_eq!(
        session
            .value("SELECT count(*) FROM d.events WHERE note ~ 'original' OR length(note) <> 20"),
        "0"
    );
    // A subset takes rows of partitions, found by what refers to them.
    session.run(
        "SELECT synth_copy_masked('s', 'e', subset => '{\"follow\": \"id = 10 OR id = 80\"}')",
    );
    assert_eq!(
        session.column("SELECT id FROM e.events ORDER BY 1"),
        ["10", "80"]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM e.kinds"),
        session.value("SELECT count(DISTINCT kind) FROM e.events")
    );
}

fn dropped_and_generated_columns_and_long_values(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s;
         CREATE DOMAIN s.short AS varchar(40) CHECK (length(VALUE) > 3);
         CREATE TABLE s.t (a int, gone text, name s.short, upper text GENERATED ALWAYS AS (upper(name::text)) STORED,
             long text, list text[], CHECK (name IS NOT NULL));
         INSERT INTO s.t SELECT i, 'original gone', 'original ' || i, repeat('plain ' || i, 20000), ARRAY[repeat(md5(i::text), 500)] FROM generate_series(1, 300) i;
         ALTER TABLE s.t DROP COLUMN gone;
         SELECT synth_set_rule('s.t', 'name', 'MASKED WITH hash(30)')",
    );
    decide_rest(&mut session, "s");
    session.run("SELECT synth_copy_masked('s', 'd')");
    assert_eq!(
        session.value("SELECT count(*) FROM d.t JOIN s.t o USING (a) WHERE t.upper = upper(t.name) AND t.long = o.long AND t.list = o.list AND t.name <> o.name"),
        "300"
    );
    assert_eq!(
        session.value("SELECT max(attnum) FROM pg_attribute WHERE attrelid = 'd.t'::regclass"),
        "5"
    );
    // What was read out of line is stored anew.
    session.run("DROP TABLE s.t");
    assert_eq!(
        session.value("SELECT sum(length(list[1])) FROM d.t"),
        "4800000"
    );
}

fn a_copy_is_not_masked_again_and_can_be_copied(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("SELECT synth_copy_masked('clinic', 'dev')");
    session.refused(
        "SELECT synth_mask_table('dev.patients')",
        "55000",
        "no masking rule",
    );
    assert_eq!(
        session.column("SELECT DISTINCT rule FROM synth.rules WHERE schema_name = 'dev'"),
        ["NOT MASKED"]
    );
    session.run("SELECT synth_copy_masked('dev', 'dev2')");
    for table in TABLES {
        assert_eq!(
            contents(&mut session, &format!("dev.{table}")),
            contents(&mut session, &format!("dev2.{table}"))
        );
    }
}

fn what_nobody_decided_on(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("ALTER TABLE clinic.patients ADD phone text DEFAULT 'original'; ALTER TABLE clinic.visits ADD code text NOT NULL DEFAULT 'original'");
    let error = session.refused(
        "SELECT synth_copy_masked('clinic', 'dev')",
        "55000",
        "clinic.patients: phone",
    );
    assert!(error.hint.contains("NOT MASKED"), "{error}");
    let plan = session.rows("SELECT undecided_columns::text, problem FROM synth_plan_copy('clinic') WHERE problem IS NOT NULL");
    assert_eq!(plan.len(), 2, "{plan:?}");
    assert_eq!(plan[0][0].as_deref(), Some("{phone}"));
    session.refused(
        "SELECT synth_copy_masked('clinic', 'dev', undecided => 'null')",
        "55000",
        "clinic.visits.code",
    );
    session.run("SELECT synth_set_rule('clinic.visits', 'code', 'NOT MASKED'); SELECT synth_copy_masked('clinic', 'dev', undecided => 'null')");
    assert_eq!(session.value("SELECT count(phone) FROM dev.patients"), "0");
    session.run("SELECT synth_copy_masked('clinic', 'dev2', undecided => 'copy')");
    assert_eq!(
        session.value("SELECT count(*) FROM dev2.patients WHERE phone = 'original'"),
        "100"
    );
    // It stays undecided in the copy.
    session.refused(
        "SELECT synth_copy_masked('dev2', 'dev3')",
        "55000",
        "dev2.patients: phone",
    );
    session.refused(
        "SELECT synth_copy_masked('clinic', 'dev3', undecided => 'guess')",
        "22023",
        "One of",
    );
}

fn nothing_is_left_after_an_error_or_a_rollback(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("BEGIN; SELECT synth_copy_masked('clinic', 'dev'); ROLLBACK");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dev'"),
        "0"
    );
    // A check that masked values do not pass; the row is not in the message.
    session.run("ALTER TABLE clinic.visits ADD CHECK (note LIKE 'original%')");
    let error = session.refused(
        "SELECT synth_copy_masked('clinic', 'dev')",
        "23514",
        "visits_note_check",
    );
    assert_eq!(error.detail, "", "{error}");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dev'"),
        "0"
    );
}

fn an_ended_session_leaves_nothing(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run(
        "INSERT INTO clinic.visits SELECT 1, n, NULL, 'original' FROM generate_series(10, 60000) n",
    );
    let mut victim = session.another(pg);
    let pid = victim.pid();
    // The copy is made and waits for its end: that is when the session ends.
    victim.run("BEGIN; SELECT synth_copy_masked('clinic', 'dev')");
    session.run(&format!("SELECT pg_terminate_backend({pid}, 10000)"));
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dev'"),
        "0"
    );
    // And in the middle of it, when rows are read: a policy that ends its own session.
    let mut victim = session.another(pg);
    session.run("SET statement_timeout = '5ms'");
    let error = session.attempt("SELECT synth_copy_masked('clinic', 'dev')");
    assert!(error.is_err(), "60,000 rows in 5 ms");
    session.run("SET statement_timeout = 0");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dev'"),
        "0"
    );
    assert!(victim.attempt("SELECT 1").is_ok());
    session.run("SELECT synth_copy_masked('clinic', 'dev')");
}
