//! Whole schemas, triggers, statistics and plans.

use super::{mask, rule};
use crate::extension::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    a_whole_schema,
    triggers_fire_only_when_asked,
    statement_triggers_fire_once,
    columns_are_checked_when_triggers_fire,
    what_triggers_store_is_compared,
    totals_are_of_what_triggers_store,
    triggers_that_cannot_fire,
    statistics_are_replaced,
    a_plan_says_what_would_happen,
    grants_survive_the_upgrade,
];

fn a_whole_schema(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA \"S 1\"; CREATE TABLE \"S 1\".person (code text PRIMARY KEY, name text); CREATE TABLE \"S 1\".visit (code text REFERENCES \"S 1\".person, note text);
         CREATE TABLE \"S 1\".plain (v text); CREATE TABLE outside (code text REFERENCES \"S 1\".person, v text);
         CREATE TABLE \"S 1\".parts (k int, v text) PARTITION BY LIST (k); CREATE TABLE \"S 1\".part1 PARTITION OF \"S 1\".parts FOR VALUES IN (1); CREATE TABLE \"S 1\".part2 PARTITION OF \"S 1\".parts DEFAULT;
         INSERT INTO \"S 1\".person SELECT 'Real ' || i, 'Real' FROM generate_series(1, 10) i; INSERT INTO \"S 1\".visit SELECT code, 'Real' FROM \"S 1\".person;
         INSERT INTO outside SELECT code, 'Real' FROM \"S 1\".person; INSERT INTO \"S 1\".plain VALUES ('Real'); INSERT INTO \"S 1\".parts VALUES (1, 'Real'), (2, 'Real'), (3, 'Real')",
    );
    session.refused(
        "SELECT * FROM synth_mask_schema('S 1')",
        "55000",
        "no table of schema \"S 1\" has a masking rule",
    );
    session.refused(
        "SELECT * FROM synth_mask_schema('s 1')",
        "3F000",
        "does not exist",
    );
    session.refused("SELECT * FROM synth_mask_schema(NULL)", "22004", "null");
    rule(
        &mut session,
        "\"S 1\".person",
        "code",
        "MASKED WITH hash(20)",
    );
    rule(
        &mut session,
        "\"S 1\".visit",
        "note",
        "MASKED WITH VALUE 'masked'",
    );
    rule(
        &mut session,
        "\"S 1\".parts",
        "v",
        "MASKED WITH VALUE 'masked'",
    );
    rule(&mut session, "outside", "v", "MASKED WITH VALUE 'masked'");
    assert_eq!(
        session.rows("SELECT table_name, rows_masked, seconds BETWEEN 0 AND 600 FROM synth_mask_schema('S 1') ORDER BY table_name"),
        [
            row(&["\"S 1\".part1", "1", "t"]),
            row(&["\"S 1\".part2", "2", "t"]),
            row(&["\"S 1\".person", "10", "t"]),
            row(&["\"S 1\".visit", "10", "t"]),
            row(&["public.outside", "10", "t"]),
        ]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM \"S 1\".person JOIN \"S 1\".visit USING (code) JOIN outside o USING (code) WHERE note = 'masked' AND o.v = 'Real' AND length(code) = 20"),
        "10"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM \"S 1\".parts WHERE v = 'masked'"),
        "3"
    );
    // All or nothing.
    session.run("ALTER TABLE \"S 1\".visit ADD CHECK (note <> 'other'); SELECT synth_set_rule('\"S 1\".visit', 'note', 'MASKED WITH VALUE ''other''')");
    let before = session.rows("SELECT * FROM \"S 1\".person ORDER BY 1");
    session.refused(
        "SELECT * FROM synth_mask_schema('S 1')",
        "23514",
        "visit_note_check",
    );
    assert_eq!(
        session.rows("SELECT * FROM \"S 1\".person ORDER BY 1"),
        before
    );
}

fn triggers_fire_only_when_asked(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, name text, kind text, loud text); CREATE TABLE seen (what text);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.seen VALUES (TG_NAME); NEW.loud := pg_catalog.upper(NEW.name); RETURN NEW; END $$;
         CREATE TRIGGER on_any BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
         CREATE TRIGGER on_name BEFORE UPDATE OF name ON t FOR EACH ROW EXECUTE FUNCTION note();
         CREATE TRIGGER on_kind BEFORE UPDATE OF kind ON t FOR EACH ROW EXECUTE FUNCTION note();
         CREATE TRIGGER off BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE t DISABLE TRIGGER off;
         CREATE TRIGGER on_insert BEFORE INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()",
    );
    session.run("ALTER TABLE t DISABLE TRIGGER USER; INSERT INTO t SELECT i, 'Real ' || i, 'k', 'REAL' FROM generate_series(1, 2500) i; ALTER TABLE t ENABLE TRIGGER USER; ALTER TABLE t DISABLE TRIGGER off");
    rule(&mut session, "t", "name", "MASKED WITH hash(20)");
    assert_eq!(mask(&mut session, "t"), "2500");
    assert_eq!(session.value("SELECT count(*) FROM seen"), "0");
    assert_eq!(
        session.value("SELECT synth_mask_table('t', fire_triggers => true)"),
        "2500"
    );
    assert_eq!(
        session.rows("SELECT what, count(*) FROM seen GROUP BY what ORDER BY what"),
        [row(&["on_any", "2500"]), row(&["on_name", "2500"])]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE loud = upper(name)"),
        "2500"
    );
    // No dead row keeps an original.
    session.run("CREATE EXTENSION pageinspect");
    assert_eq!(
        session.value("SELECT count(*) FROM generate_series(0, pg_relation_size('t') / 8192 - 1) b, heap_page_items(get_raw_page('t', b::int))"),
        "2500"
    );
    // A trigger that skips a row would leave it as it is.
    session.run("CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER skips BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION skip()");
    session.refused(
        "SELECT synth_mask_table('t', fire_triggers => true)",
        "09000",
        "a row of public.t was not masked",
    );
    session.run("DROP TRIGGER skips ON t");
    // Code of a trigger runs as the table's owner.
    let role = format!("owner_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role}; CREATE TABLE theirs (v text, who text); INSERT INTO theirs VALUES ('Real');
         CREATE FUNCTION whom() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.who := current_user; RETURN NEW; END';
         CREATE TRIGGER whom BEFORE UPDATE ON theirs FOR EACH ROW EXECUTE FUNCTION whom(); ALTER TABLE theirs OWNER TO {role}"
    ));
    rule(&mut session, "theirs", "v", "MASKED WITH hash");
    session.run("SELECT synth_mask_table('theirs', fire_triggers => true)");
    assert_eq!(session.value("SELECT who FROM theirs"), role);
    for option in ["fire_triggers", "gather_statistics", "progress"] {
        session.refused(
            &format!("SELECT synth_mask_table('t', {option} => NULL)"),
            "22004",
            option,
        );
    }
}

/// One UPDATE is one statement: its triggers fire once, and see all rows before and after.
fn statement_triggers_fire_once(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, name text, born date, kind text);
         INSERT INTO t SELECT i, 'Real ' || i, date '1970-01-01' + i, CASE WHEN i % 2 = 0 THEN 'even' END FROM generate_series(1, 2500) i;
         CREATE TABLE seen (what text, n bigint);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.seen VALUES (TG_WHEN || ' ' || TG_LEVEL, 1); RETURN NULL; END $$;
         CREATE FUNCTION tables() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.seen SELECT 'changed', count(*) FROM old_rows o JOIN new_rows n USING (id) WHERE o.name LIKE 'Real%' AND n.name NOT LIKE 'Real%';
            INSERT INTO public.seen SELECT 'left', count(*) FROM new_rows n WHERE n.name LIKE 'Real%'; RETURN NULL; END $$;
         CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
         CREATE TRIGGER b AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
         CREATE TRIGGER c AFTER UPDATE ON t REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tables();
         CREATE TRIGGER d AFTER UPDATE OF kind ON t FOR EACH STATEMENT EXECUTE FUNCTION note()",
    );
    rule(
        &mut session,
        "t",
        "name",
        "MASKED WITH hash(20) WHEN kind = 'even'",
    );
    rule(&mut session, "t", "born", "MASKED WITH date_shift(30)");
    let mask = "SELECT synth_mask_table('t', fire_triggers => true)";
    let log = "SELECT what, n FROM seen ORDER BY what COLLATE \"C\"";
    assert_eq!(session.value(mask), "2500");
    assert_eq!(
        session.rows(log),
        [
            row(&["AFTER STATEMENT", "1"]),
            row(&["BEFORE STATEMENT", "1"]),
            row(&["changed", "1250"]),
            row(&["left", "1250"]),
        ]
    );
    // A statement that finds no row is one all the same.
    session.run("TRUNCATE t, seen");
    assert_eq!(session.value(mask), "0");
    assert_eq!(
        session.rows(log),
        [
            row(&["AFTER STATEMENT", "1"]),
            row(&["BEFORE STATEMENT", "1"]),
            row(&["changed", "0"]),
            row(&["left", "0"]),
        ]
    );
}

/// What a column demands holds for the update too.
fn columns_are_checked_when_triggers_fire(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r#"CREATE DOMAIN short AS text CHECK (length(VALUE) < 21);
         CREATE TABLE "Odd ""t" (d short, "c' d" varchar(20), pg_synth_masked_rows int); INSERT INTO "Odd ""t" VALUES ('Real', 'Real', 1);
         CREATE TABLE pg_synth_masked_rows (place tid, c0 text);
         CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER passing BEFORE UPDATE ON "Odd ""t" FOR EACH ROW EXECUTE FUNCTION pass()"#,
    );
    let table = r#""Odd ""t""#;
    rule(&mut session, table, "d", "MASKED WITH hash(64)");
    session.refused(
        &format!("SELECT synth_mask_table('{table}', fire_triggers => true)"),
        "23514",
        "short",
    );
    rule(&mut session, table, "d", "MASKED WITH hash(20)");
    rule(&mut session, table, "c' d", "MASKED WITH hash(20)");
    session.run(&format!(
        "SELECT synth_mask_table('{table}', fire_triggers => true)"
    ));
    assert_eq!(
        session.rows(&format!("SELECT length(d), length(\"c' d\") FROM {table}")),
        [row(&["20", "20"])]
    );
}

/// A trigger that puts an original back is found, whatever the mask and whenever it fires.
fn what_triggers_store_is_compared(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, email text, salary numeric(10,2), code char(8), tags text[], loud text);
         INSERT INTO t SELECT i, 'real' || i || '@corp.test', i * 100, 'C' || i, ARRAY['Real ' || i, NULL], NULL FROM generate_series(1, 2000) i;
         CREATE TABLE before AS TABLE t;
         CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF OLD.id = 1700 THEN NEW.email := OLD.email; END IF; RETURN NEW; END $$;
         CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF pg_trigger_depth() = 1 AND OLD.id = 1700 THEN UPDATE public.t SET email = OLD.email WHERE id = OLD.id; END IF; RETURN NULL; END $$;
         CREATE FUNCTION history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF OLD.id = 1700 THEN INSERT INTO public.t (id, email) VALUES (-1, OLD.email); END IF; RETURN NULL; END $$;
         CREATE FUNCTION remove() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF OLD.id = 1700 THEN DELETE FROM public.t WHERE id = OLD.id; END IF; RETURN NULL; END $$;
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF pg_trigger_depth() = 1 THEN UPDATE public.t SET loud = upper(email) WHERE id = NEW.id; END IF; RETURN NULL; END $$",
    );
    for (column, mask) in [
        ("salary", "MASKED WITH noise(0.5)"),
        ("code", "MASKED WITH fpe('alphanumeric')"),
        ("tags", "MASKED WITH hash(20)"),
    ] {
        rule(&mut session, "t", column, mask);
    }
    let call = "SELECT synth_mask_table('t', fire_triggers => true)";
    let changed = "column email of public.t does not hold what its rule gave";
    for (mask, when, function, says) in [
        ("hash(20)", "BEFORE", "back", changed),
        // What it deals out are originals: only the row tells.
        ("shuffle", "BEFORE", "back", changed),
        ("hash(20)", "AFTER", "later", changed),
        ("shuffle", "AFTER", "later", changed),
        ("hash(20)", "AFTER", "history", "have added rows"),
        (
            "hash(20)",
            "AFTER",
            "remove",
            "a row of public.t was not masked",
        ),
    ] {
        rule(&mut session, "t", "email", &format!("MASKED WITH {mask}"));
        session.run(&format!(
            "CREATE TRIGGER a {when} UPDATE ON t FOR EACH ROW EXECUTE FUNCTION {function}()"
        ));
        session.refused(call, "09000", says);
        session.run("DROP TRIGGER a ON t");
        assert_eq!(
            session.value("SELECT count(*) FROM (TABLE t EXCEPT TABLE before) d"),
            "0",
            "{function}: the table has changed"
        );
    }
    // What leaves masked columns alone may update the row again.
    session.run("CREATE TRIGGER a AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()");
    rule(&mut session, "t", "email", "MASKED WITH hash(20)");
    assert_eq!(session.value(call), "2000");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE loud = upper(email) AND email !~ 'corp'"),
        "2000"
    );
}

/// Control totals of a run are those of the rows as triggers have left them.
fn totals_are_of_what_triggers_store(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, email text, note text);
         INSERT INTO t SELECT i, 'real' || i || '@corp.test', NULL FROM generate_series(1, 300) i;
         CREATE FUNCTION copies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF OLD.id > 200 THEN NEW.note := OLD.email; END IF; RETURN NEW; END $$;
         CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION copies()",
    );
    rule(&mut session, "t", "email", "MASKED WITH hash(20)");
    session.run("SELECT synth_mask_table('t', fire_triggers => true)");
    assert_eq!(
        session.rows(
            "SELECT verification ->> 'rows', verification ->> 'unmasked_columns', before -> 'public.t' -> 'nulls' ->> 'note', after -> 'public.t' -> 'nulls' ->> 'note'
             FROM synth.audit_log WHERE operation = 'mask_table'"
        ),
        [row(&["equal", "differs", "300", "200"])],
        "the record tells of rows that are not stored"
    );
    assert_eq!(
        session.column(
            "SELECT verdict FROM synth_verify_masked('t', false) WHERE place = 'unmasked columns'"
        ),
        ["differs"]
    );
}

fn triggers_that_cannot_fire(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text PRIMARY KEY); CREATE TABLE visit (code text REFERENCES person); INSERT INTO person VALUES ('Real'); INSERT INTO visit VALUES ('Real');
         CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER passing BEFORE UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION pass()",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash");
    session.refused(
        "SELECT synth_mask_table('person', fire_triggers => true)",
        "0A000",
        "trigger \"passing\" of public.visit cannot fire",
    );
    assert_eq!(session.value("SELECT code FROM visit"), "Real");
    assert_eq!(mask(&mut session, "person"), "1");
}

fn statistics_are_replaced(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, name text, kind text); CREATE INDEX ON t (lower(name)); CREATE STATISTICS both_of (mcv) ON name, kind FROM t;
         CREATE MATERIALIZED VIEW m AS SELECT name FROM t;
         INSERT INTO t SELECT i, 'Real ' || i % 10, 'k' || i % 3 FROM generate_series(1, 1000) i; REFRESH MATERIALIZED VIEW m; ANALYZE",
    );
    rule(&mut session, "t", "name", "MASKED WITH hash(20)");
    mask(&mut session, "t");
    assert_eq!(
        session.rows("SELECT tablename, attname, n_distinct, most_common_vals::text LIKE '%Real%' FROM pg_stats WHERE schemaname = 'public' AND (attname IN ('name', 'lower')) ORDER BY 1, 2"),
        [
            row(&["m", "name", "10", "f"]),
            row(&["t", "name", "10", "f"]),
            row(&["t_lower_idx", "lower", "10", "f"]),
        ],
        "the planner guesses"
    );
    assert_eq!(
        session.value("SELECT most_common_vals::text LIKE '%Real%' FROM pg_stats_ext"),
        "f"
    );
    session.run("SELECT synth_mask_table('t', gather_statistics => false)");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_stats WHERE tablename = 't' AND attname = 'name'"),
        "0"
    );
}

fn a_plan_says_what_would_happen(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text PRIMARY KEY, name text, loud text GENERATED ALWAYS AS (upper(name)) STORED); CREATE TABLE visit (code text CONSTRAINT to_person REFERENCES person, note text);
         INSERT INTO person SELECT i, 'Real' FROM generate_series(1, 100) i; INSERT INTO visit SELECT code FROM person; ANALYZE;
         CREATE MATERIALIZED VIEW m AS SELECT name FROM person",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash");
    rule(&mut session, "person", "name", "MASKED WITH full_name");
    rule(&mut session, "visit", "note", "MASKED WITH null");
    let shown = |steps: Vec<crate::extension::session::Cells>| {
        steps
            .into_iter()
            .map(|cells| {
                cells
                    .into_iter()
                    .map(|cell| cell.unwrap_or_else(|| "-".to_owned()))
                    .collect::<Vec<_>>()
                    .join(" | ")
            })
            .collect::<Vec<_>>()
    };
    let steps = shown(session.rows("SELECT action, table_name, column_name, rule, detail, estimated_rows FROM synth_plan_mask('person') ORDER BY step"));
    assert_eq!(
        steps,
        [
            "mask | public.person | code | MASKED WITH hash | - | -",
            "mask | public.person | name | MASKED WITH full_name | - | -",
            "carry | public.visit | code | MASKED WITH hash | refers to public.person.code | -",
            "rewrite | public.person | - | - | a second copy of the table and its indexes until the end | 100",
            "rewrite | public.visit | - | - | a second copy of the table and its indexes until the end | 100",
            "compute | public.person | loud | - | from name | -",
            "verify | public.visit | - | - | foreign key \"to_person\" | -",
            "refresh | public.m | - | - | - | -",
            "analyze | public.person | - | - | - | -",
            "analyze | public.visit | - | - | - | -",
        ]
    );
    assert_eq!(
        session.value("SELECT min(disk_bytes) > 0 AND count(*) = 2 FROM synth_plan_mask('person') WHERE disk_bytes IS NOT NULL"),
        "t"
    );
    let steps = shown(session.rows("SELECT action, table_name, column_name, detail FROM synth_plan_mask('visit') WHERE action IN ('mask', 'leave', 'carry')"));
    assert_eq!(
        steps,
        [
            "mask | public.visit | note | -",
            "leave | public.visit | code | masked together with public.person.code",
        ]
    );
    rule(&mut session, "visit", "code", "MASKED WITH email");
    assert_eq!(
        session.value("SELECT count(*) FROM synth_plan_mask('person') WHERE action = 'refuse' AND detail LIKE '%to_person%'"),
        "1"
    );
    session.refused(
        "SELECT * FROM synth_plan_mask('m')",
        "42809",
        "can be masked",
    );
    session.refused("SELECT * FROM synth_plan_mask(NULL)", "22004", "null");
    assert_eq!(
        session.value("SELECT count(*) FROM person WHERE name = 'Real'"),
        "100",
        "a plan changes nothing"
    );
}

fn grants_survive_the_upgrade(pg: &Postgres) {
    let name = pg.create_database();
    let role = format!("masking_{name}");
    pg.psql(&name, &format!("CREATE ROLE {role}; CREATE EXTENSION pg_synth VERSION '0.2.0'; REVOKE EXECUTE ON FUNCTION synth_mask_table(regclass) FROM PUBLIC; GRANT EXECUTE ON FUNCTION synth_mask_table(regclass) TO {role}"))
        .unwrap();
    let mut session = crate::extension::Session::open(pg, &name);
    session.run("ALTER EXTENSION pg_synth UPDATE");
    assert_eq!(
        session.rows(&format!("SELECT has_function_privilege('{role}', p, 'EXECUTE'), has_function_privilege('pg_monitor', p, 'EXECUTE') FROM to_regprocedure('synth_mask_table(regclass,boolean,boolean,boolean)') p")),
        [row(&["t", "f"])]
    );
}
