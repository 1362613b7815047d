//! Columns whose values are taken apart, and masks that cannot be tried under other secrets.

use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    arrays_and_documents_by_their_parts,
    numbers_by_what_they_say,
    shuffle_by_rows_that_keep_their_value,
    functions_and_companions_by_what_they_gave,
    conditions,
    a_fingerprint_of_an_earlier_version_says_so,
];

fn verdict(session: &mut Session, table: &str, place: &str) -> Vec<String> {
    session.column(&format!(
        "SELECT coalesce(column_name, '') || ' ' || surviving || ' ' || verdict FROM synth_verify_masked('{table}', false)
         WHERE place = '{place}' ORDER BY 1"
    ))
}

fn arrays_and_documents_by_their_parts(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, tags text[], doc jsonb, note json);
         ALTER TABLE t ALTER doc SET STORAGE external;
         INSERT INTO t SELECT i, ARRAY['Original tag ' || i, NULL, 'Second tag ' || i],
                jsonb_build_object('mail', 'original' || i || '@real.org', 'city', 'Bern', 'fill', CASE WHEN i = 3 THEN repeat('x', 5000) ELSE '' END),
                json_build_object('phone', '555-' || i)
         FROM generate_series(1, 200) i;
         SELECT synth_set_rule('t', 'tags', 'MASKED WITH hash(20)');
         SELECT synth_set_rule('t', 'doc', 'MASKED WITH json_path(''$.mail'', ''email'')');
         SELECT synth_set_rule('t', 'note', 'MASKED WITH json_path(''$.phone'', ''hash(20)'')');
         SELECT synth_mask_table('t'); ALTER TABLE t SET (autovacuum_enabled = false)",
    );
    for place in ["heap", "same row"] {
        assert_eq!(
            verdict(&mut session, "t", place),
            ["doc 0 clean", "note 0 clean", "tags 0 clean"],
            "{place}"
        );
    }
    // One element of one array, one value in one document, each in a dead row.
    session.run(
        "BEGIN; INSERT INTO t VALUES (1001, ARRAY['x', 'Second tag 7'], '{\"mail\": \"original8@real.org\"}', '{\"phone\": \"555-9\"}'); ROLLBACK",
    );
    assert_eq!(
        verdict(&mut session, "t", "heap"),
        ["doc 1 SURVIVING", "note 1 SURVIVING", "tags 1 SURVIVING"]
    );
    session.until_the_dead_are_unseen();
    session.run("VACUUM FULL t");
    // The same text where nobody masked it is no original of the column.
    session.run("UPDATE t SET doc = '{\"other\": \"original8@real.org\"}' WHERE id = 2");
    assert_eq!(verdict(&mut session, "t", "heap")[0], "doc 0 clean");
    // A document out of line, dead.
    session.run(
        "BEGIN; INSERT INTO t VALUES (1003, NULL, jsonb_build_object('mail', 'original3@real.org', 'city', 'Bern', 'fill', repeat('x', 5000))); ROLLBACK",
    );
    assert_eq!(verdict(&mut session, "t", "TOAST"), [" 1 SURVIVING"]);
    // Elsewhere: elements as text, text in documents.
    session.run(
        "CREATE TABLE texts AS SELECT 'Original tag 5' AS who; CREATE TABLE documents AS SELECT '[{\"a\": \"Original tag 6\"}]'::jsonb AS d",
    );
    assert_eq!(
        session.column("SELECT object FROM synth_verify_masked('t') WHERE place = 'other table' AND verdict = 'SURVIVING' ORDER BY 1"),
        ["public.documents", "public.texts"]
    );
}

fn numbers_by_what_they_say(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, n numeric, wide numeric(20, 4)); INSERT INTO t SELECT i, 1000 + i * 1.37, i * 1000003 FROM generate_series(1, 500) i;
         SELECT synth_set_rule('t', 'n', 'MASKED WITH noise(0.2)'); SELECT synth_set_rule('t', 'wide', 'MASKED WITH generalize(1000)');
         SELECT synth_mask_table('t'); ALTER TABLE t SET (autovacuum_enabled = false)",
    );
    let heap = verdict(&mut session, "t", "heap");
    assert!(
        heap.iter()
            .all(|line| line.ends_with("clean") || line.ends_with("expected")),
        "{heap:?}"
    );
    // Shown with other zeros, the same number.
    session.run("CREATE TABLE u (wide numeric); INSERT INTO u VALUES (7000021.0)");
    assert_eq!(
        session.column("SELECT verdict FROM synth_verify_masked('t') WHERE object = 'public.u'"),
        ["SURVIVING"]
    );
    session.run("UPDATE t SET wide = 7000021 WHERE id = 1");
    assert_eq!(verdict(&mut session, "t", "heap")[1], "wide 1 SURVIVING");
}

fn shuffle_by_rows_that_keep_their_value(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text, sex text); INSERT INTO t SELECT i, 'Original ' || i, substr('fm', i % 2 + 1, 1) FROM generate_series(1, 1000) i;
         SELECT synth_set_rule('t', 'v', 'MASKED WITH shuffle'); SELECT synth_set_rule('t', 'sex', 'MASKED WITH shuffle'); SELECT synth_mask_table('t')",
    );
    // The values are all there by design, and say nothing; about one row keeps its own, and of two
    // values dealt to a thousand rows half of the rows do.
    assert_eq!(
        session.rows("SELECT column_name, surviving, coincident, verdict FROM synth_verify_masked('t', false) WHERE place = 'heap' ORDER BY 1"),
        [row(&["sex", "0", "2", "expected"]), row(&["v", "0", "1000", "expected"])]
    );
    assert_eq!(
        session.rows("SELECT column_name, expected, verdict IN ('clean', 'expected') FROM synth_verify_masked('t', false) WHERE place = 'same row' ORDER BY 1"),
        [row(&["sex", "500", "t"]), row(&["v", "1", "t"])]
    );
}

fn functions_and_companions_by_what_they_gave(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE FUNCTION lazy(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN $1 LIKE '%3' THEN $1 ELSE md5($1) END $$;
         CREATE FUNCTION good(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT md5($1) $$;
         SELECT synth_trust_function('lazy(text)'); SELECT synth_trust_function('good(text)');
         CREATE TABLE t (id int PRIMARY KEY, bad text, fine text, born date);
         INSERT INTO t SELECT i, 'Original ' || i, 'Another ' || i, date '1950-01-01' + i * 17 FROM generate_series(1, 1000) i;
         SELECT synth_set_rule('t', 'bad', 'MASKED WITH FUNCTION public.lazy()');
         SELECT synth_set_rule('t', 'fine', 'MASKED WITH FUNCTION public.good()');
         SELECT synth_set_rule('t', 'born', 'MASKED WITH date_shift(days => 30, subject => ''id'')');
         SELECT synth_mask_table('t'); ALTER TABLE t SET (autovacuum_enabled = false)",
    );
    let kept = verdict(&mut session, "t", "same row");
    assert_eq!(kept[0], "bad 100 SURVIVING");
    assert!(!kept[1].ends_with("SURVIVING"), "{kept:?}");
    assert!(
        kept[1].starts_with("born") && !kept[1].contains("not judged"),
        "{kept:?}"
    );
    assert_eq!(kept[2], "fine 0 clean");
    let heap = verdict(&mut session, "t", "heap");
    assert!(
        heap[1].ends_with("clean") || heap[1].ends_with("expected"),
        "{heap:?}"
    );
    assert_eq!(heap[2], "fine 0 clean");
    session.run("BEGIN; UPDATE t SET fine = 'Another 5' WHERE id = 6; ROLLBACK");
    assert_eq!(verdict(&mut session, "t", "heap")[2], "fine 1 SURVIVING");
}

fn conditions(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, land text, v text); INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'CH' END, 'Original ' || i / 4 FROM generate_series(1, 400) i;
         SELECT synth_set_rule('t', 'v', 'MASKED WITH hash(20) WHEN land = ''DE'''); SELECT synth_mask_table('t')",
    );
    // Rows of CH keep what rows of DE had, as the rule says; one value only a row of DE had (400 / 4).
    assert_eq!(verdict(&mut session, "t", "heap"), ["v 0 expected"]);
    session.run("INSERT INTO t VALUES (1000, 'DE', 'Original 100')");
    assert_eq!(verdict(&mut session, "t", "heap"), ["v 1 SURVIVING"]);
}

fn a_fingerprint_of_an_earlier_version_says_so(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, n numeric, v text); INSERT INTO t SELECT i, i * 1.5, 'Original ' || i FROM generate_series(1, 100) i;
         SELECT synth_set_rule('t', 'n', 'MASKED WITH noise(0.2)'); SELECT synth_set_rule('t', 'v', 'MASKED WITH hash(20)'); SELECT synth_mask_table('t');
         UPDATE synth.fingerprint SET description = description - 'edition'",
    );
    assert_eq!(
        session.column("SELECT column_name || split_part(verdict, ':', 2) FROM synth_verify_masked('t', false) WHERE verdict LIKE 'not checked%'"),
        ["n its fingerprint is of an earlier version; mask the table again"]
    );
}
