//! Masking rules: what may be said, about which columns, and how long it holds.

use super::session::Cells;
use super::{Session, database, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    rules_are_read,
    rules_are_refused,
    rules_that_do_not_fit_say_what_fits,
    objects_without_rules,
    a_fresh_session_sets_rules,
    rules_follow_renames_and_are_dropped,
    a_changed_type_shows,
    one_table_does_not_hide_the_rules_of_others,
    hostile_names,
    hostile_rules,
    a_dump_carries_rules,
];

/// Doubles quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn rules_are_read(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text, n int, d date, x text NOT NULL); LOAD 'pg_synth'");
    for (column, rule) in [
        ("v", "MASKED WITH email"),
        ("v", "masked with EMAIL"),
        ("v", "  MASKED\n\tWITH   email ( )  "),
        ("v", "MASKED WITH email('a-b.example')"),
        ("v", "MASKED WITH email(domain => 'example.net')"),
        ("v", "MASKED WITH hash(20)"),
        ("v", "MASKED WITH hash(+64)"),
        ("v", "MASKED WITH partial(1)"),
        ("v", "MASKED WITH partial(1, '''')"),
        ("v", "MASKED WITH partial(0, '--; DROP TABLE t', 1000)"),
        ("v", "MASKED WITH partial(prefix => 1, suffix => 2)"),
        ("v", "MASKED WITH partial(1, suffix => 2)"),
        ("v", "MASKED WITH null"),
        ("v", "MASKED WITH VALUE 'x'"),
        ("v", "MASKED WITH VALUE NULL"),
        ("v", "MASKED WITH VALUE 1.50"),
        ("v", "MASKED WITH VALUE true"),
        ("v", "MASKED WITH VALUE ''"),
        ("v", "NOT MASKED"),
        ("n", "MASKED WITH generalize(1000000000)"),
        ("n", "MASKED WITH VALUE -1"),
        ("n", "MASKED WITH VALUE '7'"),
        ("d", "MASKED WITH date_shift"),
        ("d", "MASKED WITH date_shift(36500)"),
        ("d", "MASKED WITH VALUE '2000-01-01'"),
        ("x", "MASKED WITH VALUE 'x'"),
    ] {
        let text = quoted(rule);
        session.run(&format!(
            "SECURITY LABEL FOR pg_synth ON COLUMN t.{column} IS {text}"
        ));
        let shown = format!("SELECT rule, problem FROM synth.rules WHERE column_name = '{column}'");
        assert_eq!(
            session.rows(&shown),
            [vec![Some(rule.to_owned()), None]],
            "{rule}"
        );
        session.run(&format!("SELECT synth_drop_rule('t', '{column}')"));
        session.run(&format!("SELECT synth_set_rule('t', '{column}', {text})"));
        assert_eq!(session.rows(&shown).len(), 1, "{rule}");
        session.run(&format!(
            "SECURITY LABEL FOR pg_synth ON COLUMN t.{column} IS NULL"
        ));
        assert_eq!(session.rows(&shown), Vec::<Cells>::new());
    }
}

#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn rules_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (v text, n int, d date, x text NOT NULL, s varchar(5)); LOAD 'pg_synth'",
    );
    for (column, rule, code, says) in [
        ("v", "", "42601", "expected MASKED WITH or NOT MASKED"),
        ("v", "email", "42601", "expected MASKED WITH or NOT MASKED"),
        ("v", "MASKED", "42601", "expected WITH"),
        ("v", "MASKED WITH", "42601", "expected the name of a mask"),
        (
            "v",
            "MASKED WITH email email",
            "42601",
            "expected the end of the rule",
        ),
        ("v", "MASKED WITH email(", "42601", "expected a literal"),
        ("v", "MASKED WITH email('a'", "42601", "expected , or )"),
        ("v", "MASKED WITH email('a", "42601", ""),
        ("v", "MASKED WITH email('a';)", "42601", "expected , or )"),
        (
            "v",
            "MASKED WITH FUNCTION pg_sleep(1)",
            "42601",
            "expected the function's schema",
        ),
        (
            "v",
            "MASKED WITH VALUE (SELECT 1)",
            "42601",
            "expected a literal",
        ),
        (
            "v",
            "MASKED WITH VALUE now()",
            "42601",
            "expected a literal",
        ),
        (
            "v",
            "MASKED WITH VALUE 'a' || 'b'",
            "42601",
            "expected the end of the rule",
        ),
        ("v", "MASKED WITH VALUE E'x'", "42601", "expected a literal"),
        (
            "v",
            "NOT MASKED; DROP TABLE t",
            "42601",
            "expected the end of the rule",
        ),
        ("v", "MASKED WITH emails", "42704", "Did you mean email?"),
        ("v", "MASKED WITH hash(19)", "22023", "20 to 64"),
        ("v", "MASKED WITH hash(20.5)", "22023", "20 to 64"),
        ("v", "MASKED WITH hash('20')", "22023", "20 to 64"),
        (
            "v",
            "MASKED WITH hash(20, 20)",
            "22023",
            "takes (length integer = 64)",
        ),
        (
            "v",
            "MASKED WITH hash(length => 20, length => 30)",
            "22023",
            "given twice",
        ),
        (
            "v",
            "MASKED WITH hash(size => 20)",
            "22023",
            "takes (length integer = 64)",
        ),
        ("v", "MASKED WITH partial", "22023", "takes (prefix integer"),
        (
            "v",
            "MASKED WITH partial(prefix => 1, '*')",
            "22023",
            "positional argument follows",
        ),
        ("v", "MASKED WITH partial(1001)", "22023", "0 to 1000"),
        ("v", "MASKED WITH partial(-1)", "22023", "0 to 1000"),
        (
            "v",
            "MASKED WITH partial(99999999999999999999)",
            "22023",
            "0 to 1000",
        ),
        (
            "v",
            "MASKED WITH partial(1, '')",
            "22023",
            "1 to 100 characters",
        ),
        (
            "v",
            "MASKED WITH email('two words')",
            "22023",
            "domain must be",
        ),
        ("v", "MASKED WITH email(null)", "22023", "domain must be"),
        ("v", "MASKED WITH null(1)", "22023", "takes no arguments"),
        ("n", "MASKED WITH generalize(0)", "22023", "1 to 1000000000"),
        ("d", "MASKED WITH date_shift(36501)", "22023", "1 to 36500"),
        (
            "s",
            "MASKED WITH partial(3, '***')",
            "22023",
            "needs 6 characters, the column holds 5",
        ),
        ("x", "MASKED WITH null", "22023", "NOT NULL"),
        ("x", "MASKED WITH VALUE NULL", "22023", "NOT NULL"),
        ("n", "MASKED WITH VALUE 'seven'", "22P02", "integer"),
        ("n", "MASKED WITH VALUE 99999999999", "22003", "integer"),
        (
            "d",
            "MASKED WITH VALUE 'yesterday noonish'",
            "22007",
            "date",
        ),
        (
            "s",
            "MASKED WITH VALUE 'too long'",
            "22001",
            "character varying(5)",
        ),
    ] {
        let text = quoted(rule);
        session.refused(
            &format!("SELECT synth_set_rule('t', '{column}', {text})"),
            code,
            says,
        );
        session.refused(
            &format!("SECURITY LABEL FOR pg_synth ON COLUMN t.{column} IS {text}"),
            code,
            says,
        );
    }
    for length in [10_001, 10_000_000] {
        session.refused(
            &format!("SELECT synth_set_rule('t', 'v', 'MASKED WITH VALUE ''' || repeat('x', {length}) || '''')"),
            "42601",
            "at most 10,000 bytes",
        );
    }
    session.refused(
        "SELECT synth_set_rule('t', 'v', NULL)",
        "22004",
        "rule must not be null",
    );
    session.refused(
        "SELECT synth_set_rule('t', NULL, 'NOT MASKED')",
        "22004",
        "column_name must not be null",
    );
    session.refused(
        "SELECT synth_set_rule(NULL, 'v', 'NOT MASKED')",
        "22004",
        "target must not be null",
    );
    assert_eq!(
        session.rows("SELECT * FROM synth.rules"),
        Vec::<Cells>::new(),
        "a refused rule was stored"
    );
    assert_eq!(session.value("SELECT count(*) FROM pg_seclabel"), "0");
}

fn rules_that_do_not_fit_say_what_fits(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text, n int, d date, r real NOT NULL)");
    for (column, rule, hint) in [
        (
            "n",
            "email",
            "Masks that fit: bucket, generalize, noise, null, permutation, pseudonym, shuffle, value.",
        ),
        (
            "d",
            "hash",
            "Masks that fit: bucket, date_shift, generalize, null, pseudonym, shuffle, value.",
        ),
        (
            "v",
            "generalize(1)",
            "Masks that fit: card_number, city, company, country, email, first_name, fpe, full_name, hash, iban, last_name, national_id, null, partial, phone, pseudonym, redact, regex_replace, shuffle, ssn, state, street, value, zip.",
        ),
        (
            "r",
            "date_shift",
            "Masks that fit: bucket, generalize, noise, pseudonym, shuffle, value.",
        ),
    ] {
        let error = session.refused(
            &format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH {rule}')"),
            "42804",
            "does not fit type",
        );
        assert_eq!(error.hint, hint);
        assert!(
            error
                .message
                .starts_with(&format!("column public.t.{column}: ")),
            "{error}"
        );
    }
}

fn objects_without_rules(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "LOAD 'pg_synth'; CREATE TABLE t (v text, g text GENERATED ALWAYS AS (v) STORED);
         CREATE VIEW w AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
         CREATE TYPE c AS (v text); CREATE INDEX i ON t (v); CREATE EXTENSION postgres_fdw;
         CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE f (v text) SERVER s; CREATE SEQUENCE q",
    );
    for (object, column) in [("w", "v"), ("m", "v"), ("c", "v"), ("f", "v")] {
        session.refused(
            &format!("SELECT synth_set_rule('{object}', '{column}', 'MASKED WITH hash')"),
            "42809",
            "is not a table",
        );
    }
    for (object, column) in [("i", "v"), ("q", "last_value")] {
        session.refused(
            &format!("SELECT synth_set_rule('{object}', '{column}', 'MASKED WITH hash')"),
            "42809",
            "",
        );
    }
    session.refused(
        "SELECT synth_set_rule('t', 'g', 'MASKED WITH hash')",
        "42809",
        "is generated",
    );
    session.refused(
        "SELECT synth_set_rule('pg_class', 'relname', 'NOT MASKED')",
        "42501",
        "system catalog",
    );
    session.refused(
        "SELECT synth_set_rule('t', 'missing', 'NOT MASKED')",
        "42703",
        "missing",
    );
    session.refused(
        "SELECT synth_set_rule('t', 'ctid', 'NOT MASKED')",
        "42809",
        "columns of tables",
    );
    for object in [
        "TABLE t",
        "SCHEMA public",
        "ROLE postgres",
        "FUNCTION synth_last_seed()",
        "DATABASE postgres",
        "TYPE c",
        "VIEW w",
    ] {
        session.refused(
            &format!("SECURITY LABEL FOR pg_synth ON {object} IS 'NOT MASKED'"),
            "42809",
            "columns of tables",
        );
    }
    assert_eq!(session.value("SELECT count(*) FROM pg_seclabel"), "0");
}

fn a_fresh_session_sets_rules(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text)");
    let label = "SECURITY LABEL FOR pg_synth ON COLUMN t.v IS 'MASKED WITH hash'";
    let mut other = session.another(pg);
    other.refused(
        label,
        "22023",
        "security label provider \"pg_synth\" is not loaded",
    );
    other.run("SELECT synth_set_rule('t', 'v', 'MASKED WITH email')");
    other.run(label);
    assert_eq!(
        session.value("SELECT rule FROM synth.rules"),
        "MASKED WITH hash"
    );
    // With the preload setting a bare SECURITY LABEL will do, also for roles that may not LOAD.
    let database = session.database.clone();
    session.run(&format!(
        "ALTER DATABASE {database} SET session_preload_libraries = 'pg_synth'"
    ));
    let mut preloaded = session.another(pg);
    preloaded.run("SECURITY LABEL FOR pg_synth ON COLUMN t.v IS 'NOT MASKED'");
    assert_eq!(
        preloaded.value("SELECT count(*) FROM synth_patients(10, 1)"),
        "10"
    );
}

fn rules_follow_renames_and_are_dropped(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text, w text); SELECT synth_set_rule('t', 'v', 'MASKED WITH hash'), synth_set_rule('t', 'w', 'MASKED WITH email')");
    session.run("CREATE SCHEMA elsewhere; ALTER TABLE t RENAME v TO renamed; ALTER TABLE t RENAME TO u; ALTER TABLE u SET SCHEMA elsewhere");
    assert_eq!(
        session.rows(
            "SELECT schema_name, table_name, column_name, data_type, rule, problem FROM synth.rules"
        ),
        [
            [
                row(&["elsewhere", "u", "renamed", "text", "MASKED WITH hash"]),
                vec![None]
            ]
            .concat(),
            [
                row(&["elsewhere", "u", "w", "text", "MASKED WITH email"]),
                vec![None]
            ]
            .concat(),
        ]
    );
    session.run("INSERT INTO elsewhere.u VALUES ('Original', 'Original'); SELECT synth_mask_table('elsewhere.u')");
    assert_eq!(
        session.value("SELECT length(renamed) FROM elsewhere.u"),
        "64"
    );
    session.run("SELECT synth_drop_rule('elsewhere.u', 'renamed')");
    session.run("SELECT synth_drop_rule('elsewhere.u', 'renamed')");
    assert_eq!(session.column("SELECT column_name FROM synth.rules"), ["w"]);
    session.run("ALTER TABLE elsewhere.u DROP w");
    assert_eq!(
        session.rows("SELECT * FROM synth.rules"),
        Vec::<Cells>::new()
    );
    session.refused(
        "SELECT synth_mask_table('elsewhere.u')",
        "55000",
        "no masking rule",
    );
    session.run("DROP TABLE elsewhere.u");
    session.run("BEGIN; CREATE TABLE t (v text); SELECT synth_set_rule('t', 'v', 'MASKED WITH hash'); ROLLBACK");
    assert_eq!(session.value("SELECT count(*) FROM pg_seclabel"), "0");
}

fn a_changed_type_shows(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text, w text, n text, k text); INSERT INTO t VALUES ('1', '1', NULL, '1')");
    session.run("SELECT synth_set_rule('t', 'v', 'MASKED WITH hash'), synth_set_rule('t', 'w', 'MASKED WITH hash'), synth_set_rule('t', 'n', 'MASKED WITH null'), synth_set_rule('t', 'k', 'MASKED WITH VALUE ''x''')");
    assert_eq!(session.value("SELECT count(problem) FROM synth.rules"), "0");
    session.run("ALTER TABLE t ALTER v TYPE int USING v::int, ALTER w TYPE varchar(10); UPDATE t SET n = ''; ALTER TABLE t ALTER n SET NOT NULL");
    let problems = session.column("SELECT problem FROM synth.rules ORDER BY column_name");
    assert_eq!(problems[0], "NULL");
    assert!(problems[1].contains("NOT NULL"), "{problems:?}");
    assert!(
        problems[2].contains("does not fit type integer"),
        "{problems:?}"
    );
    assert!(problems[3].contains("the column holds 10"), "{problems:?}");
    session.refused(
        "SELECT synth_mask_table('t')",
        "42804",
        "column public.t.v: mask hash does not fit",
    );
    session.run("SELECT synth_drop_rule('t', 'v'), synth_drop_rule('t', 'w'), synth_drop_rule('t', 'n'); ALTER TABLE t ALTER k TYPE int USING k::int");
    session.refused("SELECT synth_mask_table('t')", "22P02", "integer");
    assert_eq!(session.value("SELECT t::text FROM t"), "(1,1,\"\",1)");
}

fn one_table_does_not_hide_the_rules_of_others(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text); CREATE TABLE strange (v text); SELECT synth_set_rule('t', 'v', 'MASKED WITH hash'), synth_set_rule('strange', 'v', 'MASKED WITH hash')");
    // The one way to make a view of a table.
    session.run("CREATE RULE \"_RETURN\" AS ON SELECT TO strange DO INSTEAD SELECT 'x'::text AS v");
    let rows = session.rows("SELECT table_name, problem FROM synth.rules ORDER BY 1");
    assert_eq!(
        rows[0],
        [
            Some("strange".to_owned()),
            Some("public.strange is not a table".to_owned())
        ]
    );
    assert_eq!(rows[1], [Some("t".to_owned()), None]);
    // Labels that were written past the provider.
    session.run("SET allow_system_table_mods = on; UPDATE pg_seclabel SET label = 'nonsense' WHERE objoid = 't'::regclass");
    let problem = session.value("SELECT problem FROM synth.rules WHERE table_name = 't'");
    assert!(problem.contains("expected MASKED WITH"), "{problem}");
    session.refused(
        "SELECT synth_mask_table('t')",
        "42601",
        "column public.t.v: ",
    );
    for arguments in [
        "0, 1::smallint, 'x'",
        "987654, 1::smallint, 'NOT MASKED'",
        "'t'::regclass, 99::smallint, 'NOT MASKED'",
        "'pg_class'::regclass, 1::smallint, 'NOT MASKED'",
    ] {
        assert_ne!(
            session.value(&format!("SELECT synth.rule_problem({arguments})")),
            "NULL",
            "{arguments}"
        );
    }
}

fn hostile_names(pg: &Postgres) {
    let mut session = fresh(pg);
    let long = "ä".repeat(31);
    for name in [
        "We\"ird; DROP TABLE x",
        "it's",
        "a.b.c",
        "Mixed Case",
        "select",
        "名前 😀",
        "tab\tnew\nline",
        "\\",
        "%s%n",
        "$1",
        "x--",
        &long,
        " ",
        "Pg_class",
        "NULL",
    ] {
        let identifier = format!("\"{}\"", name.replace('"', "\"\""));
        let text = quoted(&identifier);
        let column = quoted(name);
        session.run(&format!(
            "CREATE SCHEMA {identifier} CREATE TABLE {identifier} ({identifier} text UNIQUE, \"other\" int);
             INSERT INTO {identifier}.{identifier} VALUES ('Original', 1);
             CREATE MATERIALIZED VIEW {identifier}.m AS SELECT {identifier} FROM {identifier}.{identifier};
             CREATE STATISTICS {identifier}.{identifier} ON {identifier}, other FROM {identifier}.{identifier}"
        ));
        let target = quoted(&format!("{identifier}.{identifier}"));
        session.run(&format!(
            "SELECT synth_set_rule({target}, {column}, 'MASKED WITH email')"
        ));
        assert_eq!(
            session.rows("SELECT schema_name, table_name, column_name FROM synth.rules"),
            [row(&[name, name, name])]
        );
        assert_eq!(
            session.value(&format!("SELECT synth_mask_table({target})")),
            "1",
            "{name}"
        );
        assert_eq!(
            session.value(&format!(
                "SELECT m.{identifier} LIKE '%@example.com' FROM {identifier}.m"
            )),
            "t",
            "{name}: {text}"
        );
        session.run(&format!(
            "SELECT synth_set_rule({target}, {column}, 'MASKED WITH first_name')"
        ));
        let error = session.refused(
            &format!("SELECT synth_mask_table({target})"),
            "55000",
            "unique index",
        );
        assert!(error.message.contains(name), "{error}");
        session.run(&format!(
            "SELECT synth_drop_rule({target}, {column}); DROP SCHEMA {identifier} CASCADE"
        ));
    }
}

fn hostile_rules(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE victim (v text); CREATE TABLE t (v text)");
    for literal in [
        "'); DROP TABLE victim; --",
        "' || (SELECT 1) || '",
        "$$",
        "\\'; DROP TABLE victim",
        "{}",
        "%s",
        "\u{0001}\u{202e}😀",
        "${x}",
        "\n;\n",
    ] {
        session.run("TRUNCATE t; INSERT INTO t VALUES ('Original')");
        let rule = format!("MASKED WITH VALUE {}", quoted(literal));
        session.run(&format!(
            "SELECT synth_set_rule('t', 'v', {})",
            quoted(&rule)
        ));
        assert_eq!(session.value("SELECT rule FROM synth.rules"), rule);
        session.run("SELECT synth_mask_table('t')");
        assert_eq!(
            session.value("SELECT v FROM t"),
            literal,
            "a literal is not a value any more"
        );
        let padding = format!("MASKED WITH partial(1, {})", quoted(literal));
        session.run("UPDATE t SET v = 'Original'");
        session.run(&format!(
            "SELECT synth_set_rule('t', 'v', {})",
            quoted(&padding)
        ));
        session.run("SELECT synth_mask_table('t')");
        assert_eq!(session.value("SELECT v FROM t"), format!("O{literal}"));
    }
    assert_eq!(session.value("SELECT count(*) FROM victim"), "0");
}

fn a_dump_carries_rules(pg: &Postgres) {
    let from = database(pg);
    let mut session = Session::open(pg, &from);
    session.run(
        "CREATE TABLE \"We\"\"ird\" (\"it's\" text, n int, d date); CREATE VIEW v AS SELECT * FROM synth_patients(3, 1);
         CREATE TABLE p (k int, v text) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p DEFAULT;
         INSERT INTO \"We\"\"ird\" VALUES ('Original', 1, '2000-01-01');
         SELECT synth_set_rule('\"We\"\"ird\"', 'it''s', 'MASKED WITH partial(1, ''it''''s'')'),
                synth_set_rule('\"We\"\"ird\"', 'n', 'MASKED WITH VALUE 5'), synth_set_rule('p', 'v', 'MASKED WITH hash')",
    );
    let rules = session.rows("SELECT * FROM synth.rules");
    assert_eq!(rules.len(), 3);
    for has_extension in [false, true] {
        let to = if has_extension {
            database(pg)
        } else {
            pg.create_database()
        };
        if has_extension {
            // As documented: restored tables get their rules where the library is preloaded.
            pg.psql(
                &to,
                &format!("ALTER DATABASE {to} SET session_preload_libraries = 'pg_synth'"),
            )
            .unwrap();
        }
        pg.dump_and_restore(&from, &to);
        let mut copy = Session::open(pg, &to);
        assert_eq!(copy.rows("SELECT * FROM synth.rules"), rules);
        assert_eq!(copy.value("SELECT count(*) FROM v"), "3");
        assert_eq!(
            copy.value("SELECT count(*) FROM synth.secret"),
            "1",
            "a restored database has a secret of its own"
        );
        assert_ne!(
            copy.value("SELECT key FROM synth.secret"),
            session.value("SELECT key FROM synth.secret"),
            "the dump carried the secret"
        );
        copy.run("SELECT synth_mask_table('\"We\"\"ird\"')");
        assert_eq!(
            copy.value("SELECT \"it's\" || n FROM \"We\"\"ird\""),
            "Oit's5"
        );
    }
    assert_eq!(
        pg.psql(
            &from,
            "SELECT count(*) FROM pg_extension WHERE extname = 'pg_synth' AND 'synth.secret'::regclass = ANY (extconfig)"
        )
        .unwrap(),
        "0",
        "the secret is marked for dumping"
    );
}
