//! Masks on keys, and what refers to them.

use super::{mask, rule};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    a_key_and_what_refers_to_it,
    order_of_masking_does_not_matter,
    chains,
    self_references,
    cycles,
    several_columns,
    partitions_and_children,
    types_may_differ,
    databases_that_share_a_secret,
    other_rules_are_refused,
    masks_that_are_not_injective_are_refused,
    tables_of_others,
    hostile_names,
    equality_of_another_kind_is_found,
    a_reference_that_cannot_be_checked_is_told,
    whole_numbers,
];

fn a_reference_that_cannot_be_checked_is_told(pg: &Postgres) {
    let mut session = fresh(pg);
    let (seller, buyer) = (
        format!("seller_{}", session.database),
        format!("buyer_{}", session.database),
    );
    session.run(&format!(
        "CREATE TABLE person (email text PRIMARY KEY); CREATE TABLE visit (email text REFERENCES person);
         INSERT INTO person VALUES ('real@corp.com'); INSERT INTO visit VALUES ('real@corp.com');
         CREATE ROLE {seller}; CREATE ROLE {buyer}; ALTER TABLE person OWNER TO {seller}; ALTER TABLE visit OWNER TO {buyer}"
    ));
    rule(&mut session, "person", "email", "MASKED WITH email");
    let database = session.database.clone();
    let told = || {
        let output = pg.psql_output(&database, "SELECT synth_mask_table('person')");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said.contains("foreign key \"visit_email_fkey\" was not checked again")
    };
    assert!(told());
    session.run(&format!("GRANT SELECT ON person TO {buyer}"));
    assert!(!told());
}

fn a_key_and_what_refers_to_it(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (email text PRIMARY KEY, name text, copy text);
         CREATE TABLE visit (id int PRIMARY KEY, email text NOT NULL REFERENCES person ON UPDATE CASCADE, note text);
         CREATE TABLE letter (email text REFERENCES person DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO person SELECT 'p' || i || '@real.org', 'Real ' || i, 'p' || i || '@real.org' FROM generate_series(1, 3000) i;
         INSERT INTO visit SELECT i, 'p' || i % 3000 + 1 || '@real.org', 'Real note' FROM generate_series(1, 9000) i;
         INSERT INTO letter SELECT email FROM person UNION ALL SELECT NULL",
    );
    rule(&mut session, "person", "email", "MASKED WITH email");
    rule(&mut session, "person", "copy", "MASKED WITH email");
    rule(&mut session, "visit", "note", "MASKED WITH VALUE 'x'");
    assert_eq!(mask(&mut session, "person"), "3000");
    assert_eq!(
        session.value("SELECT count(*) FROM visit JOIN person USING (email) WHERE email NOT LIKE '%@real.org' AND email = copy"),
        "9000",
        "a visit lost its person"
    );
    assert_eq!(
        session.value("SELECT count(*) || ' ' || count(DISTINCT email) FROM letter"),
        "3001 3000"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM visit WHERE note = 'Real note'"),
        "9000",
        "only what refers to the key is masked with it"
    );
    session.run("ALTER TABLE visit ADD CHECK (email <> ''); ALTER TABLE visit VALIDATE CONSTRAINT visit_email_fkey");
    session.refused(
        "INSERT INTO visit VALUES (0, 'p1@real.org')",
        "23503",
        "visit_email_fkey",
    );
}

fn order_of_masking_does_not_matter(pg: &Postgres) {
    let mut results = Vec::new();
    for order in [["person", "visit"], ["visit", "person"]] {
        let mut session = fresh(pg);
        session.run(
            "CREATE TABLE person (code text PRIMARY KEY); CREATE TABLE visit (code text REFERENCES person, note text);
             INSERT INTO person VALUES ('Real'); INSERT INTO visit VALUES ('Real', 'Real');
             DELETE FROM synth.secret; INSERT INTO synth.secret VALUES (1, decode(repeat('07', 32), 'hex'))",
        );
        rule(&mut session, "person", "code", "MASKED WITH hash(20)");
        rule(&mut session, "visit", "note", "MASKED WITH hash(20)");
        for table in order {
            assert_eq!(mask(&mut session, table), "1");
        }
        results.push(session.rows("SELECT p.code, v.note FROM person p JOIN visit v USING (code)"));
        assert_eq!(
            session.value("SELECT count(*) FROM visit WHERE code = note"),
            "1",
            "each original is replaced once"
        );
    }
    assert_eq!(results[0], results[1]);
    // A table with nothing but references to a masked key has nothing of its own to mask.
    let mut session = fresh(pg);
    session.run("CREATE TABLE person (code text PRIMARY KEY); CREATE TABLE visit (code text REFERENCES person)");
    rule(&mut session, "person", "code", "MASKED WITH hash");
    session.refused(
        "SELECT synth_mask_table('visit')",
        "55000",
        "public.visit.code is masked together with public.person.code",
    );
}

fn chains(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE a (k text PRIMARY KEY); CREATE TABLE b (k text PRIMARY KEY REFERENCES a);
         CREATE TABLE c (k text PRIMARY KEY REFERENCES b); CREATE TABLE d (k text REFERENCES c);
         INSERT INTO a SELECT 'Real ' || i FROM generate_series(1, 50) i; INSERT INTO b SELECT k FROM a;
         INSERT INTO c SELECT k FROM b; INSERT INTO d SELECT k FROM c",
    );
    rule(&mut session, "a", "k", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "a"), "50");
    assert_eq!(
        session.value("SELECT count(*) FROM a JOIN b USING (k) JOIN c USING (k) JOIN d USING (k) WHERE k NOT LIKE 'Real%'"),
        "50"
    );
}

fn self_references(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE staff (code text PRIMARY KEY, boss text REFERENCES staff, deputy text REFERENCES staff (code));
         INSERT INTO staff SELECT 'Real ' || i, CASE WHEN i > 1 THEN 'Real ' || i / 2 END, 'Real ' || i FROM generate_series(1, 100) i",
    );
    rule(&mut session, "staff", "code", "MASKED WITH hash(20)");
    assert_eq!(mask(&mut session, "staff"), "100");
    assert_eq!(
        session.value("SELECT count(*) FROM staff s JOIN staff b ON b.code = s.boss WHERE s.deputy = s.code AND s.code NOT LIKE 'Real%'"),
        "99"
    );
}

fn cycles(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE a (k text PRIMARY KEY, other text); CREATE TABLE b (k text PRIMARY KEY REFERENCES a, other text);
         CREATE TABLE c (k text PRIMARY KEY REFERENCES b);
         ALTER TABLE a ADD CONSTRAINT back FOREIGN KEY (k) REFERENCES c DEFERRABLE INITIALLY DEFERRED;
         BEGIN; INSERT INTO a VALUES ('Real', 'Real'); INSERT INTO b VALUES ('Real', 'Real'); INSERT INTO c VALUES ('Real'); COMMIT",
    );
    rule(&mut session, "b", "k", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "b"), "1");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM a JOIN b USING (k) JOIN c USING (k) WHERE k NOT LIKE 'Real%'"
        ),
        "1"
    );
    // Masked from the table that carries the rule, once: the others have nothing of their own.
    session.refused("SELECT synth_mask_table('a')", "55000", "public.b.k");
}

fn several_columns(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE account (bank text, number varchar(64), owner text, PRIMARY KEY (number, bank));
         CREATE TABLE transfer (id serial, to_number varchar(64), to_bank text, amount int,
            FOREIGN KEY (to_bank, to_number) REFERENCES account (bank, number));
         INSERT INTO account SELECT 'Real bank ' || i % 7, 'Real ' || i, 'o' FROM generate_series(1, 200) i;
         INSERT INTO transfer (to_number, to_bank) SELECT number, bank FROM account UNION ALL SELECT NULL, 'Real bank 1' UNION ALL SELECT 'Real 5', NULL",
    );
    rule(&mut session, "account", "number", "MASKED WITH hash(20)");
    assert_eq!(mask(&mut session, "account"), "200");
    assert_eq!(
        session.value("SELECT count(*) FROM transfer t JOIN account a ON (a.number, a.bank) = (t.to_number, t.to_bank) WHERE bank LIKE 'Real%' AND number NOT LIKE 'Real%'"),
        "200"
    );
    rule(&mut session, "account", "bank", "MASKED WITH hash(20)");
    assert_eq!(mask(&mut session, "account"), "200");
    assert_eq!(
        session.value("SELECT count(*) FROM transfer t JOIN account a ON (a.number, a.bank) = (t.to_number, t.to_bank) WHERE bank NOT LIKE 'Real%'"),
        "200"
    );
    assert_eq!(
        session.value(
            "SELECT count(*) FROM transfer WHERE to_bank LIKE 'Real%' OR to_number LIKE 'Real%'"
        ),
        "0",
        "a column that is not checked, as the other is NULL, is masked, too"
    );
}

fn partitions_and_children(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text, region text, PRIMARY KEY (code, region)) PARTITION BY LIST (region);
         CREATE TABLE east PARTITION OF person FOR VALUES IN ('e'); CREATE TABLE rest (region text NOT NULL, gone int, code text NOT NULL);
         ALTER TABLE rest DROP gone; ALTER TABLE person ATTACH PARTITION rest DEFAULT;
         CREATE TABLE visit (code text, region text, day int, FOREIGN KEY (code, region) REFERENCES person) PARTITION BY RANGE (day);
         CREATE TABLE visit1 PARTITION OF visit FOR VALUES FROM (0) TO (50); CREATE TABLE visit2 PARTITION OF visit DEFAULT;
         INSERT INTO person SELECT 'Real ' || i, CASE WHEN i % 2 = 0 THEN 'e' ELSE 'w' END FROM generate_series(1, 100) i;
         INSERT INTO visit SELECT code, region, row_number() OVER () FROM person",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash");
    session.refused(
        "SELECT synth_mask_table('east')",
        "0A000",
        "Mask the topmost table",
    );
    assert_eq!(mask(&mut session, "person"), "100");
    assert_eq!(
        session.value("SELECT count(*) FROM visit JOIN person USING (code, region) WHERE code NOT LIKE 'Real%'"),
        "100"
    );
    session.refused(
        "INSERT INTO visit VALUES ('Real 1', 'w', 3)",
        "23503",
        "violates foreign key",
    );
}

fn types_may_differ(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE DOMAIN code AS varchar(40);
         CREATE TABLE a (k text PRIMARY KEY); CREATE TABLE b (k varchar(30) REFERENCES a); CREATE TABLE c (k code REFERENCES a);
         INSERT INTO a SELECT 'p' || i || '@real.org' FROM generate_series(1, 100) i; INSERT INTO b TABLE a; INSERT INTO c TABLE a",
    );
    rule(&mut session, "a", "k", "MASKED WITH hash(30)");
    assert_eq!(mask(&mut session, "a"), "100");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM a JOIN b USING (k) JOIN c USING (k) WHERE k NOT LIKE '%@real.org'"
        ),
        "100"
    );
    // What cannot hold the result is told before a row is touched.
    session.run("CREATE TABLE d (k varchar(15) REFERENCES a)");
    session.refused(
        "SELECT synth_mask_table('a')",
        "22023",
        "the column holds 15",
    );
}

fn databases_that_share_a_secret(pg: &Postgres) {
    let mut keys = Vec::new();
    for setup in [
        "CREATE TABLE t (k text PRIMARY KEY); CREATE TABLE r (k text REFERENCES t); INSERT INTO t VALUES ('Ann'), ('Bob'); INSERT INTO r TABLE t",
        "CREATE TABLE t (k varchar(80) PRIMARY KEY); CREATE TABLE r (k varchar(80) REFERENCES t); INSERT INTO t VALUES ('Bob'), ('Ann'); INSERT INTO r TABLE t",
    ] {
        let mut session = fresh(pg);
        session.run(setup);
        session.run("UPDATE synth.secret SET key = decode(repeat('ab', 32), 'hex')");
        rule(&mut session, "t", "k", "MASKED WITH hash");
        mask(&mut session, "t");
        keys.push(session.column("SELECT k FROM t JOIN r USING (k) ORDER BY k"));
    }
    assert_eq!(keys[0], keys[1], "rows of two databases do not join");
    assert_eq!(keys[0].len(), 2);
}

fn other_rules_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text PRIMARY KEY, name text); CREATE TABLE visit (code text REFERENCES person, note text);
         INSERT INTO person VALUES ('Real', 'Real'); INSERT INTO visit VALUES ('Real', 'Real')",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash");
    for other in [
        "MASKED WITH hash(20)",
        "MASKED WITH email",
        "NOT MASKED",
        "MASKED WITH VALUE 'x'",
    ] {
        rule(&mut session, "visit", "code", other);
        for table in ["person", "visit"] {
            let error = session.refused(
                &format!("SELECT synth_mask_table('{table}')"),
                "42P17",
                "visit_code_fkey",
            );
            let text = error.to_string();
            assert!(
                text.contains("public.visit.code")
                    && text.contains("public.person.code")
                    && text.contains(other),
                "{text}"
            );
        }
    }
    // The same rule is no other rule; and NULL refers to nothing.
    rule(&mut session, "visit", "code", "MASKED WITH hash(64)");
    session.refused("SELECT synth_mask_table('person')", "42P17", "hash(64)");
    rule(&mut session, "visit", "code", "masked  with HASH");
    assert_eq!(mask(&mut session, "person"), "1");
    assert_eq!(
        session.value("SELECT count(*) FROM person JOIN visit USING (code)"),
        "1"
    );
    rule(&mut session, "visit", "code", "MASKED WITH null");
    let before = session.value("SELECT code FROM person");
    assert_eq!(mask(&mut session, "person"), "1");
    assert_eq!(session.value("SELECT count(code) FROM visit"), "0");
    assert_ne!(session.value("SELECT code FROM person"), before);
    session.run("INSERT INTO visit SELECT code FROM person");
    assert_eq!(mask(&mut session, "visit"), "2");
    assert_eq!(session.value("SELECT count(code) FROM visit"), "0");
    // A rule on what refers, and none on the key.
    session.run("SELECT synth_drop_rule('person', 'code')");
    rule(&mut session, "visit", "code", "MASKED WITH hash");
    let error = session.refused(
        "SELECT synth_mask_table('visit')",
        "42P17",
        "public.person.code has no rule",
    );
    assert!(
        error.hint.contains("Put the rule on public.person.code"),
        "{error}"
    );
    assert_eq!(session.value("SELECT name FROM person"), "Real");
}

fn masks_that_are_not_injective_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text, region text, UNIQUE (code, region)); CREATE TABLE visit (code text, region text, FOREIGN KEY (code, region) REFERENCES person (code, region))",
    );
    for other in ["first_name", "partial(1)", "VALUE 'x'", "null"] {
        rule(
            &mut session,
            "person",
            "code",
            &format!("MASKED WITH {other}"),
        );
        let error = session.refused(
            "SELECT synth_mask_table('person')",
            "55000",
            "visit_code_region_fkey",
        );
        assert!(error.hint.contains("synth.registry"), "{error}");
    }
}

fn tables_of_others(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("owner_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}; CREATE TABLE stranger (code text);
         SET ROLE {role}; CREATE TABLE person (code text PRIMARY KEY); CREATE TABLE visit (code text REFERENCES person);
         INSERT INTO person VALUES ('Real'); INSERT INTO visit VALUES ('Real'); RESET ROLE;
         ALTER TABLE stranger ADD CONSTRAINT strange FOREIGN KEY (code) REFERENCES person; INSERT INTO stranger VALUES ('Real')"
    ));
    let mut owner = session.role(pg, &role);
    rule(&mut owner, "person", "code", "MASKED WITH hash");
    owner.refused(
        "SELECT synth_mask_table('person')",
        "42501",
        "column public.stranger.code refers to a key",
    );
    assert_eq!(session.value("SELECT code FROM person"), "Real");
    assert_eq!(mask(&mut session, "person"), "1");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM person JOIN visit USING (code) JOIN stranger USING (code)"
        ),
        "1"
    );
    session.run("ALTER TABLE stranger DROP CONSTRAINT strange");
    assert_eq!(mask(&mut owner, "person"), "1");
    owner.refused(
        "SELECT synth_reference('stranger', '{code}', 'person', '{code}')",
        "42501",
        "must be owner of table public.stranger",
    );
}

fn hostile_names(pg: &Postgres) {
    let mut session = fresh(pg);
    let (table, column) = (r#""; DROP TABLE ""x"""#, r#"it's "a" KEY"#);
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (t, c) = (quoted(table), quoted(column));
    session.run(&format!(
        "CREATE SCHEMA {t}; CREATE TABLE {t}.{t} ({c} text PRIMARY KEY); CREATE TABLE {t}.\"Ref\" ({c} text CONSTRAINT {t} REFERENCES {t}.{t});
         INSERT INTO {t}.{t} VALUES ('Real'); INSERT INTO {t}.\"Ref\" VALUES ('Real')"
    ));
    let name = format!("{t}.{t}");
    rule(&mut session, &name, column, "MASKED WITH hash");
    // Objects in the search path that look like those of the system.
    session.run(
        "CREATE SCHEMA trap; CREATE FUNCTION trap.fell(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fell into the trap'; END $$;
         CREATE OPERATOR trap.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap.fell);
         CREATE OPERATOR trap.<> (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap.fell);
         CREATE FUNCTION trap.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fell into the trap'; END $$;
         CREATE TABLE trap.pg_class (oid oid); CREATE TABLE trap.pg_constraint (oid oid);
         SET search_path = trap, public, pg_catalog",
    );
    assert_eq!(
        session.value(&format!(
            "SELECT public.synth_mask_table('{}')",
            name.replace('\'', "''")
        )),
        "1"
    );
    session.run(&format!(
        "SELECT * FROM public.synth_validate_rules(); SELECT * FROM public.synth_plan_mask('{}')",
        name.replace('\'', "''")
    ));
    session.run("RESET search_path");
    assert_eq!(
        session.value(&format!(
            "SELECT count(*) FROM {t}.{t} JOIN {t}.\"Ref\" USING ({c}) WHERE {c} <> 'Real'"
        )),
        "1"
    );
}

fn equality_of_another_kind_is_found(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         CREATE TABLE person (code text COLLATE blind PRIMARY KEY); CREATE TABLE visit (code text COLLATE blind REFERENCES person);
         INSERT INTO person VALUES ('Real'); INSERT INTO visit VALUES ('REAL')",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash");
    let error = session.refused(
        "SELECT synth_mask_table('person')",
        "23503",
        "visit_code_fkey",
    );
    assert!(error.detail.is_empty(), "a real value is told: {error}");
    assert_eq!(session.value("SELECT code FROM person"), "Real");
}

fn whole_numbers(pg: &Postgres) {
    let mut session = fresh(pg);
    let masks = session.column(
        "SELECT name FROM synth.registry WHERE kind = 'mask' AND injective AND accepts LIKE '%integer%'",
    );
    for masking in masks {
        session.run(
            "DROP TABLE IF EXISTS s, r, t; CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE r (id int REFERENCES t); CREATE TABLE s (id int UNIQUE REFERENCES t);
             INSERT INTO t SELECT i FROM generate_series(1, 2000) i; INSERT INTO r TABLE t; INSERT INTO s TABLE t",
        );
        rule(&mut session, "t", "id", &format!("MASKED WITH {masking}"));
        assert_eq!(mask(&mut session, "t"), "2000", "{masking}");
        assert_eq!(
            session.value("SELECT count(DISTINCT id) FROM t JOIN r USING (id) JOIN s USING (id)"),
            "2000",
            "{masking}"
        );
        assert_ne!(
            session.value("SELECT count(*) FROM t WHERE id BETWEEN 1 AND 2000"),
            "2000",
            "{masking}"
        );
    }
}
