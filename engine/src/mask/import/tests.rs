use proptest::prelude::*;

use super::*;
use crate::schema::ColumnType;

fn one(text: &str) -> Translated {
    let dump = format!(
        "SECURITY LABEL FOR anon ON COLUMN public.t.c IS '{}';",
        text.replace('\'', "''")
    );
    let labels = labels(&dump);
    assert_eq!(labels.len(), 1, "{dump}");
    translate(&labels[0], None)
}

fn rule(text: &str) -> Option<String> {
    one(text).rule.map(|rule| rule.to_string())
}

#[test]
fn labels_of_a_dump() {
    let dump = r#"
-- SECURITY LABEL FOR anon ON COLUMN a.b.c IS 'MASKED WITH VALUE 1';
/* SECURITY LABEL FOR anon ON COLUMN a.b.c IS 'MASKED WITH VALUE 1'; /* nested */ */
COPY public.t (a) FROM stdin;
SECURITY LABEL FOR anon ON COLUMN a.b.c IS 'MASKED WITH VALUE 1';
it's; "odd
\.

CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $_$
  SECURITY LABEL FOR anon ON COLUMN a.b.c IS 'MASKED WITH VALUE 1';
$_$;
INSERT INTO t VALUES ('; SECURITY LABEL FOR anon ON COLUMN a.b.c IS ''x''');
SECURITY LABEL FOR anon ON COLUMN public.people.phone
  IS 'MASKED WITH FUNCTION anon.partial(phone,2,$$******$$,2)';
security label for "anon" on column "My Schema"."T.x"."na""me" is E'MASKED WITH VALUE \'it\\x\'';
SECURITY LABEL FOR anon ON ROLE skynet IS 'MASKED';
SECURITY LABEL FOR anon ON TABLE public.t IS 'TABLESAMPLE BERNOULLI(10)';
SECURITY LABEL FOR anon ON FUNCTION public.f(integer, text) IS 'TRUSTED';
SECURITY LABEL FOR anon ON COLUMN public.t.gone IS NULL;
SECURITY LABEL FOR pg_synth ON COLUMN public.t.ours IS 'MASKED WITH email';
SECURITY LABEL FOR rgpd ON COLUMN public.t.policy IS 'MASKED WITH VALUE 0';
"#;
    let found = labels(dump);
    let objects: Vec<String> = found.iter().map(|l| l.object.join("|")).collect();
    assert_eq!(
        objects,
        [
            "public|people|phone",
            "My Schema|T.x|na\"me",
            "skynet",
            "public|t",
            "public|f",
            "public|t|gone",
            "public|t|policy"
        ]
    );
    assert_eq!(found[0].line, 13);
    let rules: Vec<Option<String>> = found
        .iter()
        .map(|label| translate(label, None).rule.map(|rule| rule.to_string()))
        .collect();
    assert_eq!(
        rules[0].as_deref(),
        Some("MASKED WITH partial(2, '******', 2)")
    );
    assert_eq!(rules[1].as_deref(), Some("MASKED WITH VALUE 'it\\x'"));
    assert_eq!(rules[2..6], [const { None }; 4]);
    assert_eq!(rules[6].as_deref(), Some("MASKED WITH VALUE 0"));
    for label in &found[2..6] {
        assert!(!translate(label, None).reason.is_empty(), "{label:?}");
    }
}

#[test]
fn functions_become_masks() {
    for (text, expected) in [
        ("MASKED WITH FUNCTION anon.fake_first_name()", "first_name"),
        (
            "MASKED WITH FUNCTION anon.dummy_last_name_locale('fr_FR')",
            "last_name",
        ),
        ("MASKED WITH FUNCTION anon.pseudo_email(c, 'salt')", "email"),
        ("MASKED WITH FUNCTION anon.random_phone('0033')", "phone"),
        ("MASKED WITH FUNCTION anon.hash(c)", "hash"),
        ("MASKED WITH FUNCTION pg_catalog.md5(c)", "hash(32)"),
        (
            "MASKED WITH FUNCTION anon.dnoise(c, '27 months'::INTERVAL)",
            "date_shift(810)",
        ),
        (
            "MASKED WITH FUNCTION anon.dnoise(c, interval '2 years')",
            "date_shift(730)",
        ),
        (
            "MASKED WITH FUNCTION anon.generalize_int4range(c, 10)",
            "generalize(10)",
        ),
        (
            "MASKED WITH FUNCTION anon.partial(c, 1, 'x''y', 3)",
            "partial(1, 'x''y', 3)",
        ),
        ("masked  with\n value NULL", "null"),
        (
            "MASKED WITH VALUE 'CONFIDENTIAL'::text",
            "VALUE 'CONFIDENTIAL'",
        ),
        ("MASKED WITH VALUE -1.5", "VALUE -1.5"),
        ("MASKED WITH VALUE TRUE", "VALUE true"),
    ] {
        assert_eq!(
            rule(text).as_deref(),
            Some(&*format!("MASKED WITH {expected}")),
            "{text}: {}",
            one(text).reason
        );
    }
    assert_eq!(rule("NOT MASKED").as_deref(), Some("NOT MASKED"));
}

#[test]
fn what_cannot_be_said_has_a_reason() {
    for (text, says) in [
        ("MASKED WITH FUNCTION app.my_mask(c)", "of your own"),
        ("MASKED WITH FUNCTION anon.no_such(c)", "not known"),
        (
            "MASKED WITH FUNCTION anon.partial(c, n + 1, 'x', 2)",
            "not literals",
        ),
        ("MASKED WITH FUNCTION anon.ternary(a, b, c)", "condition"),
        ("MASKED WITH FUNCTION pg_catalog.upper(c)", "expression"),
        ("MASKED WITH VALUE now()", "expression"),
        ("MASKED WITH VALUE 1; DROP TABLE t", "expression"),
        ("QUASI IDENTIFIER", "no masking rule"),
    ] {
        let translated = one(text);
        // What follows the end of a statement is not read.
        if text.contains("DROP") {
            assert!(
                translated
                    .rule
                    .is_none_or(|rule| rule == Rule::Value(Literal::Integer(1)))
            );
            continue;
        }
        assert_eq!(translated.rule, None, "{text}");
        assert!(
            translated.reason.contains(says),
            "{text}: {}",
            translated.reason
        );
    }
}

/// Each function in the table leads to rules that can be read.
#[test]
fn rules_fit_their_columns() {
    let number = Target::new(ColumnType::Integer);
    let labels = labels(
        "SECURITY LABEL FOR anon ON COLUMN public.t.c IS 'MASKED WITH FUNCTION anon.fake_email()';",
    );
    let translated = translate(&labels[0], Some(&number));
    assert_eq!(translated.rule, None);
    assert!(
        translated.reason.contains("does not fit"),
        "{}",
        translated.reason
    );
}

proptest! {
    #[test]
    fn no_dump_panics(dump in "(SECURITY LABEL (FOR anon )?ON (COLUMN|ROLE) )?[a-zé.\"'$(),: =>\\[\\]E\\\\;*/\n-]{0,60}") {
        for label in labels(&dump) {
            let _ = translate(&label, None);
        }
    }

    #[test]
    fn no_label_panics(text in "MASKED WITH (FUNCTION|VALUE) [a-zé.\"'$(),:=>\\[\\]E\\\\;*/0-9 \n-]{0,60}") {
        let _ = one(&text);
    }
}
