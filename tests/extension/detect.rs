//! `synth_detect`, `synth_apply_detected` and `synth_import_rules`.

use std::collections::BTreeMap;

use super::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    a_hospital_is_detected,
    a_shop_is_detected,
    keys_are_proposed_once,
    what_cannot_be_read_is_listed,
    hostile_names_and_policies,
    empty_tables_and_odd_types,
    documents_by_path,
    evidence_is_counted,
    rules_are_applied_once,
    confidence_asked_for_decides,
    rules_of_anonymizer_are_imported,
    a_thousand_tables,
    values_say_it_where_names_do_not,
];

/// Category by `table.column` of what was found surely enough to be set.
fn found(session: &mut Session, schema: &str) -> BTreeMap<String, String> {
    session
        .rows(&format!(
            "SELECT table_name || '.' || column_name, category FROM synth_detect('{schema}')
             WHERE confidence >= 0.8 AND json_path IS NULL"
        ))
        .into_iter()
        .map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap()))
        .collect()
}

/// Precision and recall against what a person would say; the lists of what is wrong are told.
#[track_caller]
fn measured(found: &BTreeMap<String, String>, truth: &[(&str, &str)], precision: f64, recall: f64) {
    let is_true = |column: &str, category: &str| {
        truth
            .iter()
            .any(|(c, categories)| *c == column && categories.split('|').any(|k| k == category))
    };
    let right = found.iter().filter(|(c, k)| is_true(c, k)).count();
    let surplus: Vec<_> = found.iter().filter(|(c, k)| !is_true(c, k)).collect();
    let missed: Vec<_> = truth
        .iter()
        .filter(|(c, k)| !found.get(*c).is_some_and(|f| k.split('|').any(|k| k == f)))
        .collect();
    let share = |part: usize, of: usize| {
        let number = |n: usize| f64::from(u32::try_from(n).unwrap());
        number(part) / number(of.max(1))
    };
    let (p, r) = (share(right, found.len()), share(right, truth.len()));
    eprintln!("precision {p:.2}, recall {r:.2}");
    assert!(
        p >= precision && r >= recall,
        "precision {p:.2}, recall {r:.2}\ntaken for data of people: {surplus:?}\nmissed: {missed:?}"
    );
}

const HOSPITAL: &str = "
CREATE SCHEMA hospital;
CREATE TABLE hospital.patients (
    id integer PRIMARY KEY, mrn text UNIQUE, first_name text, surname varchar(40), dob date,
    sex char(1), ssn text, street text, town text, state char(2), zip char(5), tel text,
    email text UNIQUE, created_at timestamptz DEFAULT now(), is_active boolean DEFAULT true);
INSERT INTO hospital.patients
SELECT i, mrn, first_name, last_name, birth_date, left(sex, 1), ssn, street_address, city, state, zip, phone, email
FROM generate_series(1, 400) AS i, LATERAL synth_patients(1, seed => 11, start => i);
CREATE TABLE hospital.encounters (
    id bigint PRIMARY KEY, patient_id integer REFERENCES hospital.patients, admitted_at timestamp,
    discharged_at timestamp, ward text, room integer, attending_npi text, notes text, icd10 text, cost numeric(10,2));
INSERT INTO hospital.encounters
SELECT i, i % 400 + 1, timestamp '2024-01-01' + i * interval '3 hours', timestamp '2024-01-03' + i * interval '3 hours',
       'ward ' || i % 7, i % 30, synth_npi(i, 3), CASE WHEN i % 10 = 0 THEN 'Spoke with Maria Garcia on (212) 555-0143 about the results.'
       ELSE 'Blood pressure stable, continue as before for now.' END, synth_icd10_code(i, 3), i * 3.5
FROM generate_series(1, 600) i;
CREATE TABLE hospital.staff (c1 text, c2 text, c3 text, c4 text, c5 text, badge_color text);
INSERT INTO hospital.staff
SELECT synth_full_name(i, 5), synth_email(i, 5), synth_iban(i, 5), synth_credit_card_number(i, 5), synth_ipv4(i, 5), synth_color(i, 5)
FROM generate_series(1, 200) i;
";

fn a_hospital_is_detected(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(HOSPITAL);
    let truth = [
        ("patients.mrn", "medical_record_number"),
        ("patients.first_name", "first_name"),
        ("patients.surname", "last_name"),
        ("patients.dob", "birth_date"),
        ("patients.sex", "gender"),
        ("patients.ssn", "us_ssn"),
        ("patients.street", "street_address"),
        ("patients.town", "city"),
        ("patients.state", "region"),
        ("patients.zip", "postcode"),
        ("patients.tel", "phone"),
        ("patients.email", "email"),
        ("encounters.admitted_at", "event_date"),
        ("encounters.discharged_at", "event_date"),
        ("encounters.attending_npi", "us_npi"),
        ("encounters.notes", "free_text"),
        ("encounters.icd10", "health"),
        ("staff.c1", "full_name"),
        ("staff.c2", "email"),
        ("staff.c3", "iban"),
        ("staff.c4", "card_number"),
        ("staff.c5", "ip_address"),
    ];
    measured(&found(&mut session, "hospital"), &truth, 0.95, 0.9);
    // No value of the table is in the answer.
    let answer = session.value("SELECT string_agg(d::text, ' ') FROM synth_detect('hospital') d");
    for value in session
        .column("SELECT email FROM hospital.patients UNION ALL SELECT c4 FROM hospital.staff")
    {
        assert!(!answer.contains(&value), "{value} is shown");
    }
    let row = &session.rows(
        "SELECT hipaa, gdpr, proposed_rule, (evidence->>'sampled')::int > 0 FROM synth_detect('hospital')
         WHERE table_name = 'patients' AND column_name = 'email'",
    )[0];
    assert_eq!(
        row.iter()
            .map(|c| c.as_deref().unwrap())
            .collect::<Vec<_>>(),
        [
            "(F) e-mail addresses",
            "personal data",
            "MASKED WITH email",
            "t"
        ]
    );
    // The same call, the same answer.
    let again = session.value("SELECT string_agg(d::text, ' ') FROM synth_detect('hospital') d");
    assert_eq!(answer, again);
}

fn a_shop_is_detected(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA shop;
         CREATE TABLE shop.kunden (
             nr bigint PRIMARY KEY, vorname text, nachname text, geburtsdatum date, strasse text, plz text,
             ort text, telefon text, mail text, iban text, newsletter boolean, farbe text);
         INSERT INTO shop.kunden SELECT i, synth_first_name(i, 1, locale => 'de_DE'), synth_last_name(i, 1, locale => 'de_DE'),
             date '1950-01-01' + i * 17, synth_street_address(i, 1, locale => 'de_DE'), synth_zip(i, 1, locale => 'de_DE'),
             synth_city(i, 1, locale => 'de_DE'), synth_phone(i, 1, locale => 'de_DE'), synth_email(i, 1), synth_iban(i, 1), true, 'blau'
         FROM generate_series(1, 500) i;
         CREATE TABLE shop.artikel (sku text PRIMARY KEY, bezeichnung text, preis numeric(8,2), ean text, farbe text,
             gewicht integer, beschreibung text, kategorie text, bestand integer, aktualisiert timestamptz DEFAULT now());
         INSERT INTO shop.artikel SELECT synth_sku(i, 2) || i, synth_product_name(i, 2), i * 1.5, synth_ean13(i, 2), synth_color(i, 2),
             i, synth_product_description(i, 2), synth_product_category(i, 2), i FROM generate_series(1, 300) i;
         CREATE TABLE shop.bestellungen (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), kunde bigint REFERENCES shop.kunden,
             status text, betrag numeric, ip inet, kommentar text, erstellt timestamptz DEFAULT now());
         INSERT INTO shop.bestellungen (kunde, status, betrag, ip, kommentar)
             SELECT i, synth_order_status(i, 3), i, '10.0.0.1'::inet + i, 'bitte klingeln' FROM generate_series(1, 300) i",
    );
    let truth = [
        ("kunden.vorname", "first_name"),
        ("kunden.nachname", "last_name"),
        ("kunden.geburtsdatum", "birth_date"),
        ("kunden.strasse", "street_address"),
        ("kunden.plz", "postcode"),
        ("kunden.ort", "city"),
        ("kunden.telefon", "phone"),
        ("kunden.mail", "email"),
        ("kunden.iban", "iban"),
        ("bestellungen.ip", "ip_address"),
    ];
    measured(&found(&mut session, "shop"), &truth, 0.9, 0.95);
}

fn keys_are_proposed_once(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (email text PRIMARY KEY, boss_email text REFERENCES person);
         CREATE TABLE visit (person_email text REFERENCES person, day date);
         INSERT INTO person SELECT 'u' || i || '@corp.example' FROM generate_series(1, 50) i;
         INSERT INTO visit SELECT 'u' || i || '@corp.example', '2024-01-01' FROM generate_series(1, 50) i",
    );
    let rows = session.rows(
        "SELECT table_name, column_name, category, proposed_rule, note FROM synth_detect('public') WHERE category = 'email' ORDER BY 1, 2",
    );
    let rules: Vec<_> = rows.iter().map(|row| row[3].as_deref()).collect();
    assert_eq!(rules.len(), 3, "{rows:?}");
    assert!(rules.contains(&Some("MASKED WITH email")), "{rows:?}");
    assert_eq!(
        rules.iter().flatten().count(),
        1,
        "a key is proposed twice: {rows:?}"
    );
    let note = rows[2][4].as_deref().unwrap();
    assert!(note.contains("refers to public.person.email"), "{note}");
}

fn what_cannot_be_read_is_listed(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE ROLE curious_d LOGIN;
         CREATE TABLE closed (email text, x text); INSERT INTO closed VALUES ('a@b.example', 'c@d.example');
         CREATE TABLE half (email text, y text);
         INSERT INTO half SELECT 'u' || i || '@b.example', 'v' || i || '@b.example' FROM generate_series(1, 30) i;
         GRANT SELECT (email) ON half TO curious_d;
         CREATE TABLE rows_of_mine (owner name, v text);
         INSERT INTO rows_of_mine SELECT 'other', 'u' || i || '@b.example' FROM generate_series(1, 30) i;
         ALTER TABLE rows_of_mine ENABLE ROW LEVEL SECURITY;
         CREATE POLICY mine ON rows_of_mine USING (owner = current_user);
         GRANT SELECT ON rows_of_mine TO curious_d",
    );
    let mut curious = session.role(pg, "curious_d");
    let rows = curious.rows(
        "SELECT table_name || '.' || column_name, coalesce(category, '-'), coalesce(evidence->>'sampled', '0'), coalesce(note, '') FROM synth_detect('public')",
    );
    let row = |name: &str| {
        rows.iter()
            .find(|row| row[0].as_deref() == Some(name))
            .map_or_else(
                || panic!("{name} is not listed"),
                |row| row.iter().map(|c| c.clone().unwrap()).collect::<Vec<_>>(),
            )
    };
    assert_eq!(row("closed.email")[1..3], ["email", "0"]);
    assert!(row("closed.email")[3].contains("no SELECT privilege"));
    assert_eq!(row("closed.x")[1], "-", "a value that must not be read was");
    assert_eq!(row("half.email")[1..3], ["email", "30"]);
    assert_eq!(row("half.y")[1], "-");
    assert!(row("half.y")[3].contains("no SELECT privilege"));
    assert_eq!(
        row("rows_of_mine.v")[1],
        "-",
        "row security was passed over"
    );
    curious.refused(
        "SELECT * FROM synth_detect('nowhere')",
        "3F000",
        "does not exist",
    );
    curious.refused(
        "SELECT * FROM synth_detect('public', 1000000)",
        "22023",
        "sample_rows",
    );
    let left = curious.rows("SELECT is_set, reason FROM synth_apply_detected('public')");
    assert!(
        left.iter().all(|row| row[0].as_deref() == Some("f")),
        "{left:?}"
    );
    assert!(
        left.iter()
            .any(|row| row[1].as_deref().is_some_and(|r| r.contains("owner"))),
        "{left:?}"
    );
    session.run("DROP OWNED BY curious_d; DROP ROLE curious_d");
}

fn hostile_names_and_policies(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r#"CREATE ROLE stranger_d LOGIN; CREATE ROLE visited_d LOGIN; GRANT CREATE ON SCHEMA public TO stranger_d;
           CREATE TABLE of_visited (v int); ALTER TABLE of_visited OWNER TO visited_d;
           CREATE SCHEMA "a""b'; DROP TABLE of_visited; --";
           CREATE TABLE "a""b'; DROP TABLE of_visited; --"."T'""; --" ("e""mail'; SELECT 1" text, "%I" text);
           INSERT INTO "a""b'; DROP TABLE of_visited; --"."T'""; --" SELECT 'u' || i || '@x.example', 'n' FROM generate_series(1, 20) i"#,
    );
    let rows = session.rows(
        r#"SELECT column_name, category FROM synth_detect('a"b''; DROP TABLE of_visited; --')"#,
    );
    assert_eq!(rows[0][1].as_deref(), Some("email"), "{rows:?}");
    let applied = session.rows(
        r#"SELECT column_name, rule, is_set FROM synth_apply_detected('a"b''; DROP TABLE of_visited; --')"#,
    );
    assert_eq!(applied[0][2].as_deref(), Some("t"), "{applied:?}");
    // A policy of a stranger's runs with the caller's rights, as in any SELECT: it must not write.
    let mut stranger = session.role(pg, "stranger_d");
    stranger.run(
        "CREATE FUNCTION public.steal() RETURNS boolean LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.of_visited VALUES (666); RETURN true; END $$;
         CREATE TABLE public.bait (email text);
         INSERT INTO public.bait VALUES ('a@b.example');
         ALTER TABLE public.bait ENABLE ROW LEVEL SECURITY;
         CREATE POLICY p ON public.bait USING (public.steal());
         GRANT SELECT ON public.bait TO PUBLIC;
         CREATE FUNCTION public.leak() RETURNS boolean LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'the value is 4111111111111111'; END $$;
         CREATE TABLE public.loud (email text);
         INSERT INTO public.loud VALUES ('a@b.example');
         ALTER TABLE public.loud ENABLE ROW LEVEL SECURITY;
         CREATE POLICY p ON public.loud USING (public.leak());
         GRANT SELECT ON public.loud TO PUBLIC",
    );
    let mut visited = session.role(pg, "visited_d");
    let rows = visited.rows(
        "SELECT table_name, note FROM synth_detect('public') WHERE table_name IN ('bait', 'loud')",
    );
    assert_eq!(rows.len(), 2);
    for row in &rows {
        let note = row[1].as_deref().unwrap();
        assert!(note.contains("could not be read (SQLSTATE"), "{note}");
        assert!(!note.contains("4111"), "{note}");
    }
    assert_eq!(
        visited.value("SELECT count(*) FROM of_visited"),
        "0",
        "a policy wrote"
    );
    // The transaction can write again afterwards.
    visited.run("BEGIN; SELECT count(*) FROM synth_detect('public'); INSERT INTO of_visited VALUES (1); COMMIT");
    session.run("DROP OWNED BY stranger_d, visited_d; DROP ROLE stranger_d, visited_d");
}

fn empty_tables_and_odd_types(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE nothing (); CREATE TABLE empty (email text, c text, born date);
         CREATE DOMAIN mail AS text CHECK (VALUE LIKE '%@%');
         CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text);
         CREATE EXTENSION IF NOT EXISTS citext;
         CREATE TABLE odd (m mail, l text[], n citext, e mood, p pair, r int4range, b bytea, f double precision,
             gen text GENERATED ALWAYS AS ('x') STORED, x xml, long text);
         INSERT INTO odd (m, l, n, e, p, r, b, f, x, long)
             SELECT 'u' || i || '@b.example', ARRAY['u' || i || '@c.example', 'z'], 'U' || i || '@d.example', 'ok'::mood, (1, 'x')::pair, '[1,2)'::int4range, '\\x00'::bytea, 1.5, '<a/>'::xml, repeat('x', 100000)
             FROM generate_series(1, 40) i;
         CREATE TABLE parted (k int, email text) PARTITION BY RANGE (k);
         CREATE TABLE parted1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
         INSERT INTO parted SELECT i, 'u' || i || '@b.example' FROM generate_series(1, 99) i;
         CREATE TABLE by_mail (email text) PARTITION BY LIST (email); CREATE TABLE by_mail1 PARTITION OF by_mail DEFAULT",
    );
    let found: BTreeMap<String, String> = found(&mut session, "public");
    for (column, category) in [
        ("empty.email", "email"),
        ("empty.born", "birth_date"),
        ("odd.m", "email"),
        ("odd.l", "email"),
        ("odd.n", "email"),
        ("parted.email", "email"),
        ("by_mail.email", "email"),
    ] {
        assert_eq!(
            found.get(column).map(String::as_str),
            Some(category),
            "{column}: {found:?}"
        );
    }
    assert!(
        !found.keys().any(|name| name.starts_with("parted1")),
        "a partition is listed for itself"
    );
    let note =
        session.value("SELECT note FROM synth_detect('public') WHERE table_name = 'by_mail'");
    assert!(
        note.contains("rows move to the partition of their new value"),
        "{note}"
    );
    // Injective, and what is proposed can be set and masked with.
    session
        .run("INSERT INTO by_mail SELECT 'u' || i || '@b.example' FROM generate_series(1, 50) i");
    assert_eq!(
        session
            .value("SELECT proposed_rule FROM synth_detect('public') WHERE table_name = 'by_mail'"),
        "MASKED WITH email"
    );
    let applied = session.rows(
        "SELECT is_set, reason FROM synth_apply_detected('public') WHERE table_name = 'by_mail'",
    );
    assert_eq!(applied[0][0].as_deref(), Some("t"), "{applied:?}");
    assert!(
        applied[0][1]
            .as_ref()
            .is_some_and(|why| why.contains("rows move")),
        "{applied:?}"
    );
    assert_eq!(session.value("SELECT synth_mask_table('by_mail')"), "50");
    assert_eq!(
        session
            .value("SELECT count(DISTINCT email) FROM by_mail WHERE email NOT LIKE '%b.example'"),
        "50"
    );
    let generated =
        session.value("SELECT note FROM synth_detect('public') WHERE column_name = 'gen'");
    assert!(generated.contains("generated"), "{generated}");
    // Names alone.
    let names =
        session.value("SELECT count(*) FROM synth_detect('public', 0) WHERE category = 'email'");
    assert_eq!(names, "3");
}

fn documents_by_path(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r#"CREATE TABLE events (id int, payload jsonb, raw json);
           INSERT INTO events SELECT i, jsonb_build_object('contact', jsonb_build_array(jsonb_build_object('email', 'u' || i || '@b.example', 'firstName', synth_first_name(i, 1))),
               'amount', i, 'kind', 'click', 'secret' || i || '@keys.example', i), '{"ip": "10.1.2.3"}' FROM generate_series(1, 60) i"#,
    );
    let rows = session.rows(
        "SELECT column_name, json_path, category FROM synth_detect('public') WHERE json_path IS NOT NULL AND confidence >= 0.8 ORDER BY 1, 2",
    );
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .map(|r| r.iter().map(|c| c.as_deref().unwrap()).collect())
        .collect();
    assert!(
        rows.contains(&vec!["payload", "$.contact[*].email", "email"]),
        "{rows:?}"
    );
    assert!(
        rows.contains(&vec!["payload", "$.contact[*].firstName", "first_name"]),
        "{rows:?}"
    );
    let all = session.value("SELECT string_agg(d::text, ' ') FROM synth_detect('public') d");
    assert!(
        !all.contains("keys.example"),
        "a key that is a value is shown: {all}"
    );
}

/// What is counted is what is there, and each category has its classes.
fn evidence_is_counted(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (card text, mail text, iban text, dob date);
         -- 60 cards with a right check digit, 20 with a wrong one, 20 NULLs; each value twice.
         INSERT INTO t SELECT CASE WHEN i % 50 < 30 THEN synth_credit_card_number(i % 50, 1)
                                   WHEN i % 50 < 40 THEN (SELECT left(c, -1) || (right(c, 1)::int + 1) % 10 FROM synth_credit_card_number(i % 50, 1) c) END,
                CASE WHEN i <= 90 THEN 'u' || i || '@b.example' ELSE 'none' END, synth_iban(i, 1), date '1960-01-01' + i
         FROM generate_series(1, 100) i",
    );
    assert_eq!(
        session.rows(
            "SELECT column_name, category, evidence ->> 'sampled', evidence ->> 'nulls', evidence ->> 'distinct', evidence ->> 'matched', coalesce(evidence ->> 'checksum_valid', 'none'), hipaa, gdpr
             FROM synth_detect('public') WHERE column_name IN ('card', 'mail', 'iban') ORDER BY 1"
        ),
        [
            row(&["card", "card_number", "100", "20", "40", "40", "30", "(J) account numbers", "personal data"]),
            row(&["iban", "iban", "100", "0", "100", "100", "100", "(J) account numbers", "personal data"]),
            row(&["mail", "email", "100", "0", "91", "90", "none", "(F) e-mail addresses", "personal data"]),
        ]
    );
}

/// Set is what is at least as sure as asked for; of the rest it is said why not.
fn confidence_asked_for_decides(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(HOSPITAL);
    let least = session.value("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY confidence) FROM synth_detect('hospital') WHERE proposed_rule IS NOT NULL AND json_path IS NULL");
    assert_ne!(least, "0.8", "that is the default");
    let call = |least: &str| {
        format!(
            "SELECT count(*) FILTER (WHERE is_set), count(*) FILTER (WHERE is_set AND confidence < {least} - 0.0005), count(*) FILTER (WHERE reason LIKE 'confidence below%'), count(*) FILTER (WHERE reason LIKE 'confidence below%' AND confidence >= {least}) FROM synth_apply_detected('hospital', {least})"
        )
    };
    session.run("BEGIN");
    let counts: Vec<Vec<u64>> = [least.as_str(), "1.0", "0.0"]
        .iter()
        .map(|least| {
            session.run("SAVEPOINT s");
            let row = session.rows(&call(least)).remove(0);
            session.run("ROLLBACK TO s");
            row.into_iter()
                .map(|cell| cell.unwrap().parse().unwrap())
                .collect()
        })
        .collect();
    let [some, none, all] = &counts[..] else {
        panic!("{counts:?}")
    };
    assert!(
        some[0] > 0 && some[2] > 0 && some[1] == 0 && some[3] == 0,
        "{counts:?}"
    );
    assert_eq!(none[0], 0, "nothing is as sure as 1: {counts:?}");
    assert!(all[0] > some[0] && all[2] == 0, "{counts:?}");
    session.run("ROLLBACK");
}

fn rules_are_applied_once(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(HOSPITAL);
    session.run("SELECT synth_set_rule('hospital.patients', 'surname', 'NOT MASKED')");
    let rows = session.rows("SELECT table_name || '.' || column_name, rule, is_set, reason FROM synth_apply_detected('hospital')");
    let row = |name: &str| {
        rows.iter()
            .find(|row| row[0].as_deref() == Some(name))
            .unwrap()
            .clone()
    };
    assert_eq!(
        row("patients.email")[1..3],
        [Some("MASKED WITH email".to_owned()), Some("t".to_owned())]
    );
    assert_eq!(row("patients.surname")[2].as_deref(), Some("f"));
    assert!(
        row("patients.surname")[3]
            .as_deref()
            .unwrap()
            .contains("decision already")
    );
    for row in &rows {
        assert!(
            row[2].as_deref() == Some("t") || row[3].is_some(),
            "left without a reason: {row:?}"
        );
    }
    assert_eq!(
        session.value("SELECT count(*) FROM synth.rules WHERE problem IS NOT NULL"),
        "0"
    );
    assert_eq!(
        session.value("SELECT rule FROM synth.rules WHERE column_name = 'surname'"),
        "NOT MASKED"
    );
    // What was set can be masked with.
    session.run("SELECT synth_mask_table('hospital.patients')");
    let again = session
        .value("SELECT count(*) FILTER (WHERE is_set) FROM synth_apply_detected('hospital')");
    assert_eq!(again, "0", "a decision was overruled");
    session.refused(
        "SELECT synth_apply_detected('hospital', 2)",
        "22023",
        "0 to 1",
    );
}

fn rules_of_anonymizer_are_imported(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        r#"CREATE TABLE people (id int, first_name text, phone text, mail text UNIQUE, born date, salary int, note text, code char(3) NOT NULL);
           CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."T.x" ("na""me" text)"#,
    );
    let dump = r#"SECURITY LABEL FOR anon ON COLUMN public.people.first_name IS 'MASKED WITH FUNCTION anon.fake_first_name()';
SECURITY LABEL FOR anon ON COLUMN public.people.phone
  IS 'MASKED WITH FUNCTION anon.partial(phone,2,$$******$$,2)';
SECURITY LABEL FOR anon ON COLUMN public.people.mail IS 'MASKED WITH FUNCTION anon.pseudo_email(mail)';
SECURITY LABEL FOR anon ON COLUMN public.people.born IS 'MASKED WITH FUNCTION anon.dnoise(born, ''2 years''::interval)';
SECURITY LABEL FOR anon ON COLUMN public.people.salary IS 'MASKED WITH FUNCTION anon.generalize_int4range(salary, 1000)';
SECURITY LABEL FOR anon ON COLUMN public.people.note IS E'MASKED WITH VALUE \'it\'\'s gone\'';
SECURITY LABEL FOR anon ON COLUMN public.people.code IS 'MASKED WITH VALUE NULL';
SECURITY LABEL FOR anon ON COLUMN public.people.nowhere IS 'MASKED WITH VALUE 0';
SECURITY LABEL FOR anon ON COLUMN public.people.id IS 'MASKED WITH FUNCTION public.mine(id); DROP TABLE people';
SECURITY LABEL FOR anon ON COLUMN "My Schema"."T.x"."na""me" IS 'MASKED WITH FUNCTION anon.dummy_last_name()';
SECURITY LABEL FOR anon ON ROLE reader IS 'MASKED';
"#;
    let call = |apply: bool| {
        format!(
            "SELECT line, object, rule, is_set, reason FROM synth_import_rules('{}', {apply})",
            dump.replace('\'', "''")
        )
    };
    let rows = session.rows(&call(false));
    assert_eq!(rows.len(), 11);
    assert!(rows.iter().all(|row| row[3].as_deref() == Some("f")));
    assert_eq!(
        session.value("SELECT count(*) FROM synth.rules"),
        "0",
        "it was not asked to set rules"
    );
    let rows = session.rows(&call(true));
    let rules: Vec<Option<&str>> = rows.iter().map(|row| row[2].as_deref()).collect();
    assert_eq!(
        rules,
        [
            Some("MASKED WITH first_name"),
            Some("MASKED WITH partial(2, '******', 2)"),
            Some("MASKED WITH email"),
            Some("MASKED WITH date_shift(730)"),
            Some("MASKED WITH generalize(1000)"),
            Some("MASKED WITH VALUE 'it''s gone'"),
            None,
            Some("MASKED WITH VALUE 0"),
            None,
            Some("MASKED WITH last_name"),
            None,
        ],
        "{rows:?}"
    );
    let reason = |at: usize| rows[at][4].clone().unwrap_or_default();
    assert!(reason(6).contains("NOT NULL"), "{}", reason(6));
    assert!(reason(7).contains("no such column"), "{}", reason(7));
    assert!(reason(8).contains("of your own"), "{}", reason(8));
    assert!(reason(10).contains("dynamic"), "{}", reason(10));
    assert_eq!(rows[9][1].as_deref(), Some(r#""My Schema"."T.x"."na""me""#));
    assert_eq!(
        session.value("SELECT count(*) FROM synth.rules WHERE problem IS NULL"),
        "7"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM people"),
        "0",
        "the table is still there"
    );
    // Who does not own the tables sets nothing, and is told so; a schema that may not be used is a
    // reason for its own rows.
    session.run("CREATE ROLE importer_d LOGIN");
    let mut importer = session.role(pg, "importer_d");
    let rows = importer.rows(&call(true));
    assert_eq!(rows.len(), 11);
    assert!(
        rows[9][4]
            .as_deref()
            .unwrap()
            .contains("permission denied for the table's schema"),
        "{rows:?}"
    );
    assert!(
        rows.iter().all(|row| row[3].as_deref() == Some("f")),
        "{rows:?}"
    );
    assert!(rows[0][4].as_deref().unwrap().contains("owner"), "{rows:?}");
    session.run("DROP OWNED BY importer_d; DROP ROLE importer_d");
}

fn a_thousand_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "SET client_min_messages = warning;
         DO $$ BEGIN FOR i IN 1..1000 LOOP
             EXECUTE format('CREATE TABLE t%s (id int, email text, name text, amount numeric, at timestamptz)', i);
         END LOOP; END $$",
    );
    assert_eq!(
        session
            .value("SELECT count(*) FILTER (WHERE category = 'email') FROM synth_detect('public')"),
        "1000"
    );
}

/// Bare Social Security numbers, postal codes and dates of birth, e-mail addresses deep in arrays, and
/// the locale of what is proposed.
fn values_say_it_where_names_do_not(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s;
         CREATE TABLE s.t (c1 text, c2 text, c3 date, c4 text[], ssn text, dob date, vorname text, telefon text, c5 date, c6 bigint);
         INSERT INTO s.t
         SELECT lpad((1 + i * 2)::text, 3, '0') || lpad((1 + i % 99)::text, 2, '0') || lpad((1 + i * 7 % 9999)::text, 4, '0'),
                lpad((i * 331 % 99999)::text, 5, '0'),
                make_date(1935 + i * 7 % 80, 1 + i % 12, 1 + i % 28),
                ARRAY['x' || i, NULL, 'y', 'person' || i || '@real.org'],
                lpad((1 + i * 2)::text, 3, '0') || lpad((1 + i % 99)::text, 2, '0') || lpad((1 + i * 7 % 9999)::text, 4, '0'),
                make_date(1935 + i * 7 % 80, 1 + i % 12, 1 + i % 28),
                synth_first_name(seed => i, locale => 'de_DE'), '+49 30 ' || (1000000 + i * 37),
                make_date(2021 + i % 4, 1 + i % 12, 1 + i % 28), 100000000 + i
         FROM generate_series(1, 300) i WHERE 1 + i * 2 <> 666",
    );
    let rows = session.rows("SELECT column_name, category, CASE WHEN confidence >= 0.8 THEN 'sure' WHEN confidence >= 0.3 THEN 'told' ELSE 'hardly' END, proposed_rule FROM synth_detect('s') ORDER BY column_name");
    let seen = |column: &str| {
        let found = rows.iter().find(|row| row[0].as_deref() == Some(column));
        found.unwrap_or_else(|| panic!("no {column} in {rows:?}"))[1..]
            .iter()
            .map(|cell| cell.clone().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" | ")
    };
    assert!(seen("c1").starts_with("us_ssn | told"), "{}", seen("c1"));
    assert!(seen("c2").starts_with("postcode | told"), "{}", seen("c2"));
    assert!(
        seen("c3").starts_with("birth_date | told"),
        "{}",
        seen("c3")
    );
    assert!(seen("ssn").starts_with("us_ssn | sure"), "{}", seen("ssn"));
    assert!(
        seen("dob").starts_with("birth_date | sure"),
        "{}",
        seen("dob")
    );
    assert!(seen("c4").starts_with("email |"), "{}", seen("c4"));
    assert_eq!(
        seen("vorname"),
        "first_name | sure | MASKED WITH first_name(locale => 'de_DE')"
    );
    assert_eq!(
        seen("telefon"),
        "phone | sure | MASKED WITH phone(locale => 'de_DE')"
    );
    for nobodys in ["c5", "c6"] {
        assert_eq!(seen(nobodys), " | hardly | ", "{rows:?}");
    }
    // What is told but not sure is not set by itself.
    session.run("SELECT * FROM synth_apply_detected('s')");
    assert_eq!(
        session.column("SELECT column_name FROM synth.rules WHERE column_name IN ('c1', 'c2', 'c3', 'ssn', 'dob') ORDER BY 1"),
        ["dob", "ssn"]
    );
}
