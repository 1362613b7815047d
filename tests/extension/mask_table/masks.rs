//! Each mask on each type it takes, and what has no mask.

use super::{mask, rule};
use crate::extension::{Session, database, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    every_mask_on_every_type,
    pseudonyms_are_consistent_across_databases,
    character_types_and_domains,
    types_without_masks,
];

#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn every_mask_on_every_type(pg: &Postgres) {
    let mut session = fresh(pg);
    let text = ["text", "varchar", "varchar(70)", "char(70)"];
    let dates = ["date", "timestamp", "timestamptz"];
    let numbers = ["smallint", "integer", "bigint", "real", "double precision"];
    let mut cases: Vec<(&str, &str, &str)> = Vec::new();
    for column_type in text {
        for mask in [
            "email",
            "email('pseudonym.example')",
            "first_name",
            "last_name",
            "full_name",
            "phone",
            "hash",
            "hash(20)",
            "hash(length => 32)",
            "partial(2)",
            "partial(1, '**', 2)",
        ] {
            cases.push((mask, column_type, "'Aurora Borealis-Original'"));
        }
    }
    for column_type in dates {
        cases.push(("date_shift", column_type, "'1987-06-05'"));
        cases.push(("date_shift(10)", column_type, "'1987-06-05'"));
    }
    for column_type in numbers {
        cases.push(("generalize(10)", column_type, "37"));
        cases.push(("generalize(width => 1000)", column_type, "-37"));
    }
    for column_type in text.iter().chain(&dates).chain(&numbers).chain(&[
        "uuid", "jsonb", "text[]", "numeric", "bytea", "inet", "point",
    ]) {
        cases.push(("null", column_type, "NULL"));
    }
    for (number, (mask_name, column_type, value)) in cases.iter().enumerate() {
        let about = format!("{mask_name} on {column_type}");
        let table = format!("t{number}");
        session.run(&format!(
            "CREATE TABLE {table} (id int, v {column_type}, other text DEFAULT 'kept');
             INSERT INTO {table} VALUES (1, {value}), (2, NULL), (3, {value})"
        ));
        rule(
            &mut session,
            &table,
            "v",
            &format!("MASKED WITH {mask_name}"),
        );
        assert_eq!(mask(&mut session, &table), "3", "{about}");
        let rows = session.rows(&format!("SELECT id, v::text, other FROM {table}"));
        assert_eq!(rows.len(), 3, "{about}");
        assert_eq!(
            rows[0][1], rows[2][1],
            "{about}: equal values became unequal"
        );
        assert_eq!(rows[1][1], None, "{about}: NULL became something");
        for (id, row) in rows.iter().enumerate() {
            assert_eq!(
                row[0],
                Some((id + 1).to_string()),
                "{about}: rows are in order"
            );
            assert_eq!(row[2].as_deref(), Some("kept"), "{about}");
        }
        if *mask_name == "null" {
            assert_eq!(rows[0][1], None, "{about}");
            continue;
        }
        let masked = rows[0][1].as_deref().unwrap();
        let unchanged = session.value(&format!("SELECT v = {value} FROM {table} WHERE id = 1"));
        assert_eq!(
            unchanged, "f",
            "{about}: the original is there still: {masked}"
        );
        let expected = match *mask_name {
            "generalize(10)" => "30",
            "generalize(width => 1000)" => "-1000",
            "partial(2)" => "Au****",
            "partial(1, '**', 2)" => "A**al",
            _ => masked.trim_end(),
        };
        assert_eq!(masked.trim_end(), expected, "{about}");
        if mask_name.starts_with("date_shift") {
            let most = if *mask_name == "date_shift" { 365 } else { 10 };
            assert_eq!(
                session.value(&format!(
                    "SELECT abs(v::date - date '1987-06-05') BETWEEN 1 AND {most} AND v::time = '00:00' FROM
                     (SELECT v::timestamp AS v FROM {table} WHERE id = 1) q"
                )),
                "t",
                "{about}: {masked}"
            );
        }
    }
    // Values at the edges of their types.
    session.run(
        "CREATE TABLE edges (d date, t timestamp, z timestamptz, i smallint, l bigint, f double precision, r real);
         INSERT INTO edges VALUES
            ('infinity', 'infinity', '-infinity', -32768, -9223372036854775808, 'NaN', '-Infinity'),
            ('-infinity', '294276-12-31 23:59:59.999999', '4713-01-01 00:00:00+00 BC', 32767, 9223372036854775807, 'Infinity', 3.4e38),
            ('5874897-12-31', '4713-01-01 BC', '294276-12-31', 0, 0, -0.5, 'NaN'),
            ('4713-01-01 BC', NULL, NULL, NULL, NULL, 1.7e308, NULL)",
    );
    for column in ["d", "t", "z"] {
        rule(&mut session, "edges", column, "MASKED WITH date_shift");
    }
    for column in ["i", "l", "f", "r"] {
        rule(&mut session, "edges", column, "MASKED WITH generalize(100)");
    }
    assert_eq!(mask(&mut session, "edges"), "4");
    let rows = session.rows("SELECT * FROM edges");
    assert_eq!(
        rows[0],
        row(&[
            "infinity",
            "infinity",
            "-infinity",
            "-32700",
            "-9223372036854775800",
            "NaN",
            "-Infinity"
        ])
    );
    assert_eq!(
        session
            .value("SELECT count(*) FROM edges WHERE isfinite(d) AND isfinite(t) AND isfinite(z)"),
        "1",
        "a finite time became infinite: {rows:?}"
    );
}

fn pseudonyms_are_consistent_across_databases(pg: &Postgres) {
    let names = [database(pg), database(pg), database(pg)];
    let mut sessions = names.each_ref().map(|name| Session::open(pg, name));
    let key = sessions[0].value("SELECT key FROM synth.secret");
    assert_eq!(key.len(), 2 + 64, "32 bytes");
    sessions[1].run(&format!("UPDATE synth.secret SET key = '{key}'"));
    let mut masked = Vec::new();
    for session in &mut sessions {
        session.run(
            "CREATE TABLE a (e text, n varchar(40), d date, c char(80));
             CREATE TABLE b (d timestamp, n text, e varchar(200), c text);
             INSERT INTO a VALUES ('ada@real.org', 'Ada', '1815-12-10', 'Lovelace');
             INSERT INTO b VALUES ('1815-12-10 10:00', 'Ada', 'ada@real.org', 'Lovelace')",
        );
        for table in ["a", "b"] {
            rule(session, table, "e", "MASKED WITH email");
            rule(session, table, "n", "MASKED WITH full_name");
            rule(session, table, "d", "MASKED WITH date_shift");
            rule(session, table, "c", "MASKED WITH hash");
            mask(session, table);
        }
        let both = session
            .rows("SELECT e, n, d::date, trim(c) FROM a UNION ALL SELECT e, n, d::date, c FROM b");
        assert_eq!(both[0], both[1], "two tables of one database disagree");
        masked.push(both[0].clone());
    }
    assert_eq!(
        masked[0], masked[1],
        "databases that share the secret disagree"
    );
    assert_ne!(masked[0], masked[2], "another secret gives the same");
    // The highest version is in use.
    sessions[2].run(&format!(
        "INSERT INTO synth.secret (version, key) VALUES (2, '{key}')"
    ));
    assert_eq!(
        sessions[2].value("SELECT synth_mask('email', 'ada@real.org')"),
        *masked[0][0].as_ref().unwrap()
    );
    sessions[2].run("DELETE FROM synth.secret");
    sessions[2].refused("SELECT synth_mask_table('a')", "55000", "no masking secret");
}

fn character_types_and_domains(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE DOMAIN short AS varchar(14); CREATE DOMAIN shorter AS short CHECK (VALUE <> 'bad');
         CREATE DOMAIN letters AS char(20) NOT NULL; CREATE DOMAIN age AS int CHECK (VALUE >= 0);
         CREATE TABLE t (a char(14), b varchar(14), c short, d shorter, e letters, f age, g \"char\", h name);
         INSERT INTO t SELECT 'Original', 'Ünïcödé 😀', 'Original', 'Original', 'Original', 37, 'x', 'Original' FROM generate_series(1, 100)",
    );
    for column in ["a", "b", "c", "d"] {
        rule(&mut session, "t", column, "MASKED WITH phone");
    }
    rule(&mut session, "t", "e", "MASKED WITH hash(20)");
    rule(&mut session, "t", "f", "MASKED WITH generalize(10)");
    for column in ["a", "b", "c", "d"] {
        let message = format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH hash')");
        session.refused(
            &message,
            "22023",
            "needs 64 characters, the column holds 14",
        );
    }
    for column in ["g", "h"] {
        session.refused(
            &format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH hash')"),
            "42804",
            "Masks that fit: null, shuffle, value.",
        );
    }
    mask(&mut session, "t");
    assert_eq!(session.value("SELECT count(*) FROM t WHERE a = c AND c = d AND length(a) = 14 AND octet_length(e) = 20 AND f = 30"), "100");
    // Every multi-byte prefix is cut between characters.
    session.run("CREATE TABLE u (v varchar(12)); INSERT INTO u VALUES ('äöü😀ßéèêëñ'), ('日本語テキスト'), ('e\u{301}e\u{301}e\u{301}'), ('')");
    rule(&mut session, "u", "v", "MASKED WITH partial(2, '※※', 3)");
    mask(&mut session, "u");
    assert_eq!(
        session.column("SELECT v FROM u"),
        ["äö※※êëñ", "日本※※キスト", "e\u{301}※※\u{301}e\u{301}", "※※"]
    );
    // A domain that the masked values do not meet is named.
    session.run("CREATE DOMAIN adult AS int CHECK (VALUE >= 18); CREATE TABLE p (a adult); INSERT INTO p VALUES (19)");
    rule(&mut session, "p", "a", "MASKED WITH generalize(10)");
    session.refused("SELECT synth_mask_table('p')", "23514", "adult");
}

fn types_without_masks(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE pair AS (a int, b text);
         CREATE TABLE t (c citext, a text[], j jsonb, x xml, n numeric(6, 2), e mood, p pair, u uuid, i inet, b bytea, tm time, o boolean, r int4range)",
    );
    for column in ["c", "x", "p", "r"] {
        for mask in ["email", "hash", "generalize(10)", "date_shift"] {
            let error = session.refused(
                &format!("SELECT synth_set_rule('t', '{column}', 'MASKED WITH {mask}')"),
                "42804",
                "does not fit type",
            );
            assert_eq!(
                error.hint, "Masks that fit: null, shuffle, value.",
                "{column}"
            );
        }
    }
    for (column, literal) in [
        ("c", "'x'"),
        ("a", "'{x,y}'"),
        ("j", "'{\"a\": 1}'"),
        ("n", "12.50"),
        ("e", "'bad'"),
        ("p", "'(1,x)'"),
        ("u", "'00000000-0000-0000-0000-000000000000'"),
        ("i", "'192.0.2.1'"),
        ("b", "'\\x00'"),
        ("tm", "'12:00'"),
        ("o", "true"),
        ("r", "'[1,2)'"),
    ] {
        rule(
            &mut session,
            "t",
            column,
            &format!("MASKED WITH VALUE {literal}"),
        );
    }
    session.run("INSERT INTO t (c, n) VALUES ('Real', 1234.56), (NULL, NULL)");
    assert_eq!(mask(&mut session, "t"), "2");
    assert_eq!(
        session.column("SELECT t::text FROM t"),
        vec![
            "(x,\"{x,y}\",\"{\"\"a\"\": 1}\",,12.50,bad,\"(1,x)\",00000000-0000-0000-0000-000000000000,192.0.2.1,\"\\\\x00\",12:00:00,t,\"[1,2)\")";
            2
        ]
    );
}
