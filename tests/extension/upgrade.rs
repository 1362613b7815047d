//! ALTER EXTENSION .. UPDATE from each released version, with data made under it.

use super::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    what_was_made_under_an_earlier_version_holds,
    an_upgraded_extension_is_like_a_fresh_one,
    a_dump_of_a_masked_database_restores,
];

/// The versions that were released before this one.
const RELEASED: [&str; 7] = [
    "0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0",
];

fn at_version(pg: &Postgres, version: &str) -> Session {
    let mut session = fresh(pg);
    session.run("SET client_min_messages = warning");
    session.run(&format!(
        "DROP EXTENSION IF EXISTS pg_synth CASCADE; CREATE EXTENSION pg_synth VERSION '{version}'"
    ));
    session
}

/// A table as a user of an earlier version has it, with rules on it.
const PEOPLE: &str = "
    CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, email text UNIQUE, phone varchar(20), born date, salary integer);
    INSERT INTO people SELECT i, 'Person ' || i, 'person' || i || '@corp.test', '+1 212 736 ' || 1000 + i, date '1950-01-01' + i, 1000 * i FROM generate_series(1, 200) i;
    SELECT synth_set_rule('people', 'name', 'MASKED WITH full_name');
    SELECT synth_set_rule('people', 'email', 'MASKED WITH email');
    SELECT synth_set_rule('people', 'phone', 'MASKED WITH phone');
    SELECT synth_set_rule('people', 'born', 'MASKED WITH date_shift(days => 30)');
    SELECT synth_set_rule('people', 'salary', 'MASKED WITH generalize(5000)');
    SELECT synth_set_rule('people', 'id', 'NOT MASKED');
    CREATE TABLE again AS TABLE people; ALTER TABLE again ADD PRIMARY KEY (id)";

fn what_was_made_under_an_earlier_version_holds(pg: &Postgres) {
    for version in RELEASED {
        let mut session = at_version(pg, version);
        session.run(PEOPLE);
        let generated = session
            .value("SELECT md5(string_agg(p::text, '|')) FROM synth_patients(100, seed => 7) p");
        let rules =
            session.rows("SELECT table_name, column_name, rule FROM synth.rules ORDER BY 1, 2");
        let secret = session.value("SELECT md5(key) FROM synth.secret WHERE version = 1");
        session.run("SELECT synth_mask_table('people')");
        session.run("ALTER EXTENSION pg_synth UPDATE");

        assert_eq!(
            session.value(
                "SELECT md5(string_agg(p::text, '|')) FROM synth_patients(100, seed => 7) p"
            ),
            generated,
            "a seed of {version} gives other rows"
        );
        assert_eq!(
            session.rows("SELECT table_name, column_name, rule FROM synth.rules ORDER BY 1, 2"),
            rules,
            "rules of {version}"
        );
        assert_eq!(
            session.value("SELECT count(*) FROM synth.rules WHERE problem IS NOT NULL"),
            "0"
        );
        assert_eq!(
            session.value("SELECT md5(key) FROM synth.secret WHERE version = 1"),
            secret,
            "the secret of {version}"
        );
        for column in ["name", "email", "phone", "born", "salary", "id"] {
            session.run(&format!("SELECT synth_set_rule('again', '{column}', (SELECT rule FROM synth.rules WHERE table_name = 'people' AND column_name = '{column}'))"));
        }
        session.run("SELECT synth_mask_table('again')");
        assert_eq!(
            session.value("SELECT count(*) FROM people JOIN again USING (id, name, email, phone, born, salary)"),
            "200",
            "what {version} masked and what is masked now no longer join"
        );
        assert_eq!(
            session.value("SELECT count(*) FROM synth_audit_verify()"),
            "0"
        );
        session.run("CREATE TABLE filled (id integer PRIMARY KEY, email text UNIQUE); SELECT synth_fill('filled', 50)");
    }
}

fn an_upgraded_extension_is_like_a_fresh_one(pg: &Postgres) {
    // Members, their definitions, rights and comments.
    let members = "
        SELECT d.classid::regclass::text, pg_describe_object(d.classid, d.objid, 0),
               coalesce(pg_get_functiondef(p.oid), pg_get_viewdef(c.oid), ''),
               coalesce(p.proacl::text, c.relacl::text, ''),
               coalesce(obj_description(d.objid, d.classid::regclass::text), '')
        FROM pg_depend d
        JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_synth'
        LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'v'
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
          AND pg_describe_object(d.classid, d.objid, 0) NOT LIKE '%toast%'
        ORDER BY 1, 2";
    let expected = fresh(pg).rows(members);
    assert!(expected.len() > 250, "{} members", expected.len());
    for version in RELEASED {
        let mut session = at_version(pg, version);
        session.run("ALTER EXTENSION pg_synth UPDATE");
        let upgraded = session.rows(members);
        for (one, other) in upgraded.iter().zip(&expected) {
            assert_eq!(one, other, "after an update from {version}");
        }
        assert_eq!(upgraded.len(), expected.len());
    }
}

fn a_dump_of_a_masked_database_restores(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET client_min_messages = warning");
    session.run(PEOPLE);
    session.run(
        "CREATE TABLE visits (visit integer PRIMARY KEY, person text);
         SELECT synth_set_rule('visits', 'visit', 'NOT MASKED');
         SELECT synth_reference('visits', ARRAY['person'], 'people', ARRAY['email']);
         SELECT synth_protect('people');
         SELECT synth_mask_table('people');
         SELECT synth_schedule('nightly', '0 3 * * *', 'SELECT synth_mask_table(''people'')')",
    );
    let state = [
        "SELECT table_name, column_name, rule FROM synth.rules ORDER BY 1, 2",
        "SELECT from_table::text, from_columns::text, to_table::text, to_columns::text FROM synth.reference",
        "SELECT name, cron, command, owner FROM synth.job",
        "SELECT id, record, encode(hash, 'hex') FROM synth.audit ORDER BY id",
        "SELECT objoid::regclass::text, label FROM pg_seclabel WHERE provider = 'pg_synth' AND objsubid = 0",
    ];
    let before: Vec<_> = state.iter().map(|query| session.rows(query)).collect();
    assert!(before.iter().all(|rows| !rows.is_empty()), "{before:?}");
    let mut restored = Session::open(pg, &pg.create_database());
    pg.dump_and_restore(&session.database, &restored.database);
    for (query, before) in state.iter().zip(&before) {
        assert_eq!(&restored.rows(query), before, "{query}");
    }
    restored.refused(
        "ALTER TABLE people ADD extra text; SELECT synth_mask_table('people')",
        "55000",
        "extra",
    );
}
