//! Versions of the secret, and who gets originals back.

use std::path::PathBuf;

use super::masked;
use crate::extension::session::Cells;
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    rotation_keeps_versions,
    shredding_leaves_no_key,
    unmasking_gives_originals_back,
    unmasking_is_for_those_named,
    unmasking_is_recorded_whatever_becomes_of_it,
];

fn rotation_keeps_versions(pg: &Postgres) {
    let mut session = fresh(pg);
    let masked = "SELECT synth_mask('hash', 'Original'::text)";
    let before = session.value(masked);
    assert_eq!(session.value("SELECT synth_rotate_secret()"), "2");
    assert_ne!(session.value(masked), before, "the old version is in use");
    assert_eq!(
        session.rows("SELECT version, in_use, shredded_at IS NULL FROM synth.secret_versions"),
        [row(&["1", "f", "t"]), row(&["2", "t", "t"])]
    );
    assert_eq!(
        session.value("SELECT count(DISTINCT key) FROM synth.secret WHERE length(key) = 32"),
        "2"
    );
    assert_eq!(
        session.rows("SELECT operation, key_version FROM synth.audit_log"),
        [row(&["rotate_secret", "2"])]
    );
    let role = format!("rotator_{}", session.database);
    session.run(&format!("CREATE ROLE {role} LOGIN"));
    let mut other = session.role(pg, &role);
    other.refused("SELECT synth_rotate_secret()", "42501", "permission denied");
    other.refused("SELECT synth_shred_secret(1)", "42501", "permission denied");
    assert_eq!(
        other.column("SELECT version FROM synth.secret_versions"),
        ["1", "2"]
    );
    session.run("BEGIN READ ONLY");
    session.refused("SELECT synth_rotate_secret()", "25006", "read-only");
    session.run("ROLLBACK");
}

/// The file of the secret's table.
fn file(session: &mut Session) -> PathBuf {
    let directory = session.value("SHOW data_directory");
    let path = session.value("SELECT pg_relation_filepath('synth.secret')");
    PathBuf::from(directory).join(path)
}

fn holds(file: &PathBuf, key: &[u8]) -> bool {
    std::fs::read(file).is_ok_and(|content| content.windows(key.len()).any(|bytes| bytes == key))
}

fn shredding_leaves_no_key(pg: &Postgres) {
    let mut session = fresh(pg);
    masked(&mut session, "t");
    let hex = session.value("SELECT encode(key, 'hex') FROM synth.secret");
    let key: Vec<u8> = (0..32)
        .map(|i| u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).unwrap())
        .collect();
    session.run("CHECKPOINT");
    let old = file(&mut session);
    assert!(holds(&old, &key), "this test would not find a key");
    session.refused(
        "SELECT synth_shred_secret(1)",
        "55006",
        "synth_rotate_secret",
    );
    session.run("SELECT synth_rotate_secret()");
    session.run("BEGIN; SELECT synth_shred_secret(1); ROLLBACK");
    assert_eq!(
        session.value("SELECT encode(key, 'hex') FROM synth.secret WHERE version = 1"),
        hex,
        "a key was lost although the transaction was rolled back"
    );
    session.run("SELECT synth_shred_secret(1); CHECKPOINT");
    let new = file(&mut session);
    assert_ne!(old, new);
    assert!(
        !holds(&old, &key) && !holds(&new, &key),
        "the key is in a file"
    );
    assert_eq!(
        session.rows("SELECT version, in_use, shredded_at IS NOT NULL FROM synth.secret_versions"),
        [row(&["1", "f", "t"]), row(&["2", "t", "f"])]
    );
    session.refused("SELECT synth_shred_secret(1)", "55000", "shredded");
    session.refused(
        "SELECT synth_shred_secret(7)",
        "42704",
        "no secret version 7",
    );
    session.refused("SELECT synth_shred_secret(2)", "55006", "in use");
    session.refused(
        "SELECT * FROM synth_verify_masked('t')",
        "55000",
        "no fingerprint",
    );
    assert_eq!(
        session.rows("SELECT operation, key_version FROM synth.audit_log WHERE id > 1 ORDER BY id"),
        [row(&["rotate_secret", "2"]), row(&["shred_secret", "1"])]
    );
    assert_eq!(
        session.rows("SELECT * FROM synth_audit_verify()"),
        Vec::<Cells>::new()
    );
    // The one that is left is whole.
    session.run("SELECT synth_mask_table('t'); SELECT synth_rotate_secret()");
    assert_eq!(
        session.column("SELECT version FROM synth.secret WHERE key IS NOT NULL ORDER BY 1"),
        ["2", "3"]
    );
}

fn unmasking_gives_originals_back(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("helpdesk_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; CREATE TABLE t (id int, v text, n int); CREATE TABLE before AS SELECT i AS id, '4' || (100000000 + i * 7) AS v, i * 31 AS n FROM generate_series(1, 50) i;
         INSERT INTO t SELECT id, v, n FROM before; GRANT SELECT ON t, before TO {role};
         SELECT synth_set_rule('t', 'v', 'MASKED WITH fpe'); SELECT synth_set_rule('t', 'n', 'MASKED WITH permutation');
         SELECT synth_mask_table('t'); SELECT synth_rotate_secret();
         SELECT synth_grant_unmask('{role}', 't', 'v'); SELECT synth_grant_unmask('{role}', 't', 'n')"
    ));
    assert_eq!(
        session.value("SELECT count(*) FROM t JOIN before b USING (id) WHERE t.v = b.v"),
        "0"
    );
    let mut other = session.role(pg, &role);
    assert_eq!(
        other.value(
            "SELECT count(*) FROM t JOIN before b USING (id)
             WHERE synth_unmask('t', 'v', t.v, 1) = b.v AND synth_unmask('t', 'n', t.n, 1) = b.n"
        ),
        "50"
    );
    assert_eq!(
        session.column(
            "SELECT target || ' ' || key_version FROM synth.audit_log WHERE operation = 'unmask' AND session_user_name ~ 'helpdesk' ORDER BY 1"
        ),
        ["public.t.n 1", "public.t.v 1"],
        "one record a column and statement"
    );
    session.run("SELECT synth_shred_secret(1)");
    other.refused(
        "SELECT synth_unmask('t', 'v', v, 1) FROM t",
        "55000",
        "shredded",
    );
}

fn unmasking_is_for_those_named(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("support_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role};
         CREATE TABLE t (\"odd '; c\" text, other text);
         SELECT synth_set_rule('t', 'odd ''; c', 'MASKED WITH hash'); SELECT synth_set_rule('t', 'other', 'MASKED WITH hash');
         GRANT ALL ON t TO {role}"
    ));
    let mut other = session.role(pg, &role);
    let unmask = "SELECT synth_unmask('t', 'odd ''; c', 'x'::text)";
    let refusal = other.refused(unmask, "42501", "synth_grant_unmask");
    assert!(refusal.message.contains("permission denied to unmask"));
    // Owning a table with such a rule is not enough: it would open the tables of others.
    other.run("CREATE TABLE mine (v text); SELECT synth_set_rule('mine', 'v', 'MASKED WITH hash')");
    other.refused(
        "SELECT synth_unmask('mine', 'v', 'x'::text)",
        "42501",
        "permission denied",
    );
    other.refused(
        &format!("SELECT synth_grant_unmask('{role}', 'mine', 'v')"),
        "42501",
        "permission denied",
    );
    session.run(&format!(
        "SELECT synth_grant_unmask('{role}', 't', 'odd ''; c')"
    ));
    // It is tried now, and this mask cannot be reversed.
    let refusal = other.attempt(unmask).unwrap_err();
    assert!(refusal.to_string().contains("reversible"), "{refusal}");
    other.refused(
        "SELECT synth_unmask('t', 'other', 'x'::text)",
        "42501",
        "permission denied",
    );
    session.run("SELECT synth_set_rule('t', 'odd ''; c', 'MASKED WITH hash(20)')");
    other.refused(unmask, "42501", "another than when");
    session.run(&format!(
        "SELECT synth_set_rule('t', 'odd ''; c', 'MASKED WITH hash'); SELECT synth_revoke_unmask('{role}', 't', 'odd ''; c')"
    ));
    other.refused(unmask, "42501", "permission denied");
    session.refused(
        "SELECT synth_unmask('t', 'nowhere', 'x'::text)",
        "42703",
        "does not exist",
    );
    session.refused(
        "SELECT synth_unmask('t', 'other', 1)",
        "42804",
        "Cast the value",
    );
    session.refused(
        "SELECT synth_unmask('t', 'other', 'x'::text, 9)",
        "42704",
        "no secret version 9",
    );
    assert_eq!(
        session.column(
            "SELECT operation FROM synth.audit_log WHERE operation ~ 'grant|revoke' ORDER BY id"
        ),
        ["grant_unmask", "revoke_unmask"]
    );
}

fn unmasking_is_recorded_whatever_becomes_of_it(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text); SELECT synth_set_rule('t', 'v', 'MASKED WITH hash')");
    let records =
        "SELECT operation, session_user_name, target, key_version FROM synth.audit_log ORDER BY id";
    session.run("BEGIN");
    let _ = session.attempt("SELECT synth_unmask('t', 'v', 'x'::text) FROM generate_series(1, 10)");
    session.run("ROLLBACK");
    let record = row(&["unmask", "postgres", "public.t.v", "1"]);
    assert_eq!(session.rows(records), std::slice::from_ref(&record));
    let _ = session.attempt("DO $$ BEGIN PERFORM synth_unmask('t', 'v', 'x'::text); EXCEPTION WHEN OTHERS THEN NULL; END $$");
    assert_eq!(session.rows(records), [record.clone(), record]);
    assert_eq!(
        session.rows("SELECT * FROM synth_audit_verify()"),
        Vec::<Cells>::new()
    );
    // One that has shown originals stays on record, whatever the reader does to his transaction.
    session.run("CREATE TABLE shown (n text); INSERT INTO shown VALUES ('4100000007'); SELECT synth_set_rule('shown', 'n', 'MASKED WITH fpe'), synth_mask_table('shown')");
    let masked = session.value("SELECT n FROM shown");
    session.run("BEGIN");
    assert_eq!(
        session.value(&format!(
            "SELECT synth_unmask('shown', 'n', '{masked}'::text)"
        )),
        "4100000007"
    );
    session.run("ROLLBACK");
    assert_eq!(
        session.column(
            "SELECT operation || ' ' || target FROM synth.audit_log ORDER BY id DESC LIMIT 1"
        ),
        ["unmask public.shown.n"],
        "originals were shown, and nobody knows"
    );
}
