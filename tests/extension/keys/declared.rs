//! `synth_reference`: references that no foreign key declares.

use super::{mask, rule};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    declared_references_carry_rules,
    what_is_not_a_reference,
    renames_and_dumps_keep_them,
];

fn declared_references_carry_rules(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text, branch text, PRIMARY KEY (code, branch)); CREATE TABLE log (who text, place text);
         INSERT INTO person SELECT 'Real ' || i, 'b' FROM generate_series(1, 100) i; INSERT INTO log TABLE person; INSERT INTO log VALUES ('Real nobody', 'b')",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash(20)");
    session.run("SELECT synth_reference('log', '{who,place}', 'person', '{code,branch}')");
    // Twice is once.
    session.run("SELECT synth_reference('log', '{who,place}', 'person', '{code,branch}')");
    assert_eq!(session.value("SELECT count(*) FROM synth.reference"), "1");
    assert_eq!(mask(&mut session, "person"), "100");
    assert_eq!(
        session.value("SELECT count(*) FROM log JOIN person ON (code, branch) = (who, place)"),
        "100"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM log WHERE who LIKE 'Real%'"),
        "0",
        "what refers to nothing is masked, too"
    );
    session.run("SELECT synth_drop_reference('log', '{who,place}', 'person', '{code,branch}')");
    session.refused(
        "SELECT synth_drop_reference('log', '{who,place}', 'person', '{code,branch}')",
        "42704",
        "no reference",
    );
    session.run("UPDATE log SET who = 'Real'; DELETE FROM person");
    mask(&mut session, "person");
    assert_eq!(session.value("SELECT DISTINCT who FROM log"), "Real");
}

fn what_is_not_a_reference(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE a (k text, n int, d date, g text GENERATED ALWAYS AS (k) STORED); CREATE TABLE b (k varchar(9), n bigint, d timestamp); CREATE VIEW v AS TABLE a");
    for (arguments, code, says) in [
        ("'a', '{k}', 'b', '{n}'", "42804", "give them one type"),
        ("'a', '{d}', 'b', '{d}'", "42804", "give them one type"),
        ("'a', '{k,n}', 'b', '{k}'", "22023", "2 and 1 were given"),
        ("'a', '{}', 'b', '{}'", "22023", "1 to 32 columns"),
        ("'a', '{k}', 'a', '{k}'", "22023", "cannot refer to itself"),
        (
            "'a', '{x}', 'b', '{k}'",
            "42703",
            "\"x\" of public.a does not exist",
        ),
        ("'a', '{ctid}', 'b', '{k}'", "42703", "does not exist"),
        ("'a', '{NULL}', 'b', '{k}'", "22004", "null"),
        ("'a', NULL, 'b', '{k}'", "22004", "null"),
        ("NULL, '{k}', 'b', '{k}'", "22004", "null"),
        ("'a', '{g}', 'b', '{k}'", "42809", "is generated"),
        ("'v', '{k}', 'b', '{k}'", "42809", "is not a table"),
        ("987654321, '{k}', 'b', '{k}'", "42703", "987654321"),
    ] {
        let error = session
            .attempt(&format!("SELECT synth_reference({arguments})"))
            .expect_err(arguments);
        assert_eq!(error.code, code, "{arguments}: {error}");
        assert!(error.to_string().contains(says), "{arguments}: {error}");
    }
    session.run(
        "SELECT synth_reference('a', '{n}', 'b', '{n}'), synth_reference('a', '{k}', 'b', '{k}')",
    );
    session.run("BEGIN READ ONLY");
    session.refused(
        "SELECT synth_reference('a', '{n}', 'b', '{n}')",
        "25006",
        "read-only",
    );
    session.run("ROLLBACK");
}

fn renames_and_dumps_keep_them(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE gone (x int); CREATE TABLE person (code text PRIMARY KEY, extra int); CREATE TABLE log (nothing int, who text);
         INSERT INTO person VALUES ('Real'); INSERT INTO log VALUES (1, 'Real'); ALTER TABLE log DROP nothing; ALTER TABLE person DROP extra",
    );
    rule(&mut session, "person", "code", "MASKED WITH hash");
    session.run("SELECT synth_reference('log', '{who}', 'person', '{code}'); SELECT synth_protect('person')");
    session.run("CREATE SCHEMA \"Else\"; ALTER TABLE log SET SCHEMA \"Else\"; ALTER TABLE \"Else\".log RENAME TO \"Log\"; ALTER TABLE \"Else\".\"Log\" RENAME who TO \"Who\"");
    assert_eq!(
        session.value("SELECT from_table || ' ' || from_columns::text FROM synth.reference"),
        "\"Else\".\"Log\" {Who}"
    );
    // Into another database, where numbers are others.
    let copy = pg.create_database();
    pg.dump_and_restore(&session.database, &copy);
    let mut session = crate::extension::Session::open(pg, &copy);
    session.run("ALTER TABLE \"Else\".\"Log\" RENAME \"Who\" TO whom");
    assert_eq!(
        session.value("SELECT from_columns FROM synth.reference"),
        "{whom}",
        "a name that changed after the restore is lost with the next dump"
    );
    assert_eq!(mask(&mut session, "person"), "1");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM \"Else\".\"Log\" JOIN person ON code = whom WHERE code <> 'Real'"
        ),
        "1"
    );
    session.run("ALTER TABLE person ADD phone text");
    session.refused(
        "SELECT synth_mask_table('person')",
        "55000",
        "public.person.phone",
    );
    session.run("DROP TABLE \"Else\".\"Log\"");
    assert_eq!(session.value("SELECT count(*) FROM synth.reference"), "0");
}
