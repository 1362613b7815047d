//! Names and labels with SQL in them, names that need quotes, and tables under other tables.

use super::{assert_harmless, attacked};
use crate::extension::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    labels_with_sql_in_them,
    names_that_need_quotes,
    partitions_through_the_parent,
];

/// Text of every kind that ends a literal, an identifier or a statement somewhere.
const WORDS: &[&str] = &[
    "'; DROP TABLE superusers; --",
    "\"; DROP TABLE superusers; --",
    "$$; DROP TABLE superusers; --",
    "$1",
    "\\'; DROP TABLE superusers; --",
    "x'), (SELECT key FROM synth.secret)--",
    "%s %I %n {} {0}",
    "*/ DROP TABLE superusers; /*",
    "\u{202e}\u{0}x",
    "a\nb",
];

/// A label is parsed into a mask and literals. What is in a literal stays text on its way through every
/// form of masking, whoever runs it.
fn labels_with_sql_in_them(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    let quoted = |text: &str| text.replace('\'', "''");
    for word in WORDS.iter().filter(|word| !word.contains('\0')) {
        let rules = [
            format!("MASKED WITH VALUE '{}'", quoted(word)),
            format!("MASKED WITH partial(0, '{}', 0)", quoted(word)),
            format!("MASKED WITH regex_replace('.+', '{}')", quoted(word)),
            format!("MASKED WITH hash WHEN w = '{}'", quoted(word)),
        ];
        for rule in rules {
            mallory.run("DROP TABLE IF EXISTS bait; CREATE TABLE bait (v text, w text); INSERT INTO bait VALUES ('Real', 'x')");
            let label = format!(
                "SECURITY LABEL FOR pg_synth ON COLUMN bait.v IS '{}'",
                quoted(&rule)
            );
            let set = format!("SELECT synth_set_rule('bait', 'v', '{}')", quoted(&rule));
            for way in [label, set] {
                // A rule, or none; never a statement.
                if let Err(error) = mallory.attempt(&way) {
                    assert!(["42601", "22023"].contains(&&*error.code), "{way}\n{error}");
                    continue;
                }
                for form in [
                    "SELECT synth_mask_table('bait')",
                    "SELECT * FROM synth_plan_mask('bait')",
                    "SELECT * FROM synth_validate_rules('public')",
                    "SELECT * FROM synth.rules",
                    "CALL synth_mask_table_online('bait')",
                ] {
                    if let Err(error) = session.attempt(form) {
                        assert_ne!(error.code, "XX000", "{rule}\n{form}\n{error}");
                        assert_ne!(error.code, "42601", "{rule}\n{form}\n{error}");
                    }
                }
                if rule.contains("VALUE") {
                    assert_eq!(session.value("SELECT v FROM bait"), *word, "{rule}");
                }
            }
        }
        // Without a literal around it there is no rule at all.
        for rule in [
            format!("MASKED WITH {word}"),
            (*word).to_owned(),
            format!("MASKED WITH FUNCTION {word}"),
        ] {
            mallory.refused(
                &format!("SELECT synth_set_rule('bait', 'v', '{}')", quoted(&rule)),
                "42601",
                "",
            );
        }
    }
    mallory.run("DROP TABLE bait");
    assert_harmless(&mut session, &role, false);
}

/// An identifier, and a literal.
fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn lit(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Schemas, tables and columns with quotes, capitals, spaces and key words for names, through every
/// function that takes a name.
fn names_that_need_quotes(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE canary (v text)");
    for (number, name) in [
        "Mixed Case",
        "quo\"te",
        "it's",
        "select",
        "semi;colon",
        "per%s",
        "dol$$lar",
        "ünïcode",
        "a.b",
        "x\"; DROP TABLE canary; --",
    ]
    .into_iter()
    .enumerate()
    {
        let schema_name = format!("S{name} {number}");
        let (schema, column) = (ident(&schema_name), ident(name));
        let (table, refers) = (format!("{schema}.{column}"), format!("{schema}.refers"));
        let copy = format!("copy {name}");
        let (t, r, c, s, copy_text) = (
            lit(&table),
            lit(&refers),
            lit(name),
            lit(&schema_name),
            lit(&copy),
        );
        session.run(&format!(
            "CREATE SCHEMA {schema};
             CREATE TABLE {table} ({column} text PRIMARY KEY, other text); INSERT INTO {table} VALUES ('Original', 'kind');
             CREATE TABLE {refers} (id int PRIMARY KEY, {column} text REFERENCES {table}); INSERT INTO {refers} VALUES (1, 'Original');
             SELECT synth_set_rule({t}, {c}, 'MASKED WITH email'), synth_set_rule({t}, 'other', 'NOT MASKED'), synth_set_rule({r}, 'id', 'NOT MASKED');
             SELECT * FROM synth_detect({s}); SELECT * FROM synth_validate_rules({s}); SELECT * FROM synth_plan_mask({t}); SELECT synth_protect({t});
             SELECT * FROM synth_plan_copy({s}); SELECT * FROM synth_copy_masked({s}, {copy_text})"
        ));
        let copied = format!("{}.{column}", ident(&copy));
        assert_eq!(
            session.value(&format!(
                "SELECT count(*) FROM {copied} WHERE {column} LIKE '%@%'"
            )),
            "1",
            "{name}: the copy"
        );
        assert_eq!(session.value(&format!("SELECT synth_mask_table({t})")), "1");
        assert_eq!(
            session.value(&format!("SELECT count(*) FROM {table} JOIN {refers} USING ({column}) WHERE {column} LIKE '%@%'")),
            "1",
            "{name}: the key and what refers to it"
        );
        session.run(&format!("SELECT * FROM synth_mask_schema({s}); SELECT * FROM synth_verify_masked({t}); SELECT synth_fill({t}, 5); SELECT * FROM synth_fill_schema({s}, 5); SELECT * FROM synth_plan_fill({t}, 5)"));
        let alone = format!("{schema}.alone");
        let a = lit(&alone);
        session.run(&format!("CREATE TABLE {alone} ({column} text); INSERT INTO {alone} VALUES ('Original'); SELECT synth_set_rule({a}, {c}, 'MASKED WITH hash')"));
        session.run(&format!("CALL synth_mask_table_online({a})"));
        session.run(&format!(
            "SELECT synth_unprotect({t}); SELECT synth_drop_rule({t}, {c})"
        ));
    }
    assert_eq!(session.value("SELECT count(*) FROM canary"), "0");
}

/// Who owns a partition, or a table above another's, gets nothing of the others by masking.
fn partitions_through_the_parent(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    session.run(&format!(
        "CREATE TABLE top (k int, v text) PARTITION BY LIST (k);
         CREATE TABLE theirs PARTITION OF top FOR VALUES IN (1); CREATE TABLE ours PARTITION OF top FOR VALUES IN (2);
         INSERT INTO top VALUES (1, 'Original'), (2, 'Original'); ALTER TABLE ours OWNER TO {role};
         SELECT synth_set_rule('top', 'v', 'MASKED WITH hash')"
    ));
    // The rule of the tree holds, and is the owner's of the tree.
    mallory.refused(
        "SELECT synth_set_rule('top', 'v', 'NOT MASKED')",
        "42501",
        "must be owner",
    );
    mallory.refused("SELECT synth_mask_table('top')", "42501", "must be owner");
    mallory.refused(
        "SELECT synth_mask_table('theirs')",
        "42501",
        "must be owner",
    );
    // A rule of one's own on the part contradicts it: nobody masks then, rather than by the wrong one.
    if mallory
        .attempt("SELECT synth_set_rule('ours', 'v', 'NOT MASKED')")
        .is_ok()
    {
        for query in [
            "SELECT synth_mask_table('top')",
            "SELECT synth_mask_table('ours')",
        ] {
            let error = session
                .attempt(query)
                .expect_err("an ambiguous rule is followed");
            assert!(!error.hint.is_empty() && error.code != "XX000", "{error}");
        }
        mallory.run("SELECT synth_drop_rule('ours', 'v')");
    }
    // Code of the part runs as its owner when the tree is masked.
    mallory
        .run("ALTER TABLE ours ADD CHECK (holds(v)); DROP TABLE IF EXISTS planted; TRUNCATE seen");
    assert_eq!(session.value("SELECT synth_mask_table('top')"), "2");
    assert_harmless(&mut session, &role, true);
    assert_eq!(
        session.rows("SELECT count(*), count(*) FILTER (WHERE v ~ '^[0-9a-f]{64}$') FROM top"),
        [row(&["2", "2"])]
    );
    // A part of one's own under a table of another's is masked by the other's rule, not the reverse.
    mallory.run("CREATE TABLE mine (k int, v text) PARTITION BY LIST (k)");
    mallory.refused(
        "ALTER TABLE mine ATTACH PARTITION theirs FOR VALUES IN (1)",
        "42501",
        "must be owner",
    );
}
