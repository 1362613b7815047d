//! Documents of formats in SQL: FHIR bundles, HL7 and FIX messages, pain.001.

use synth_engine::domain::TableOptions;
use synth_engine::format::export;

use super::{fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    documents_are_those_of_the_engine,
    bundles_are_stored_as_postgres_would,
    a_bundle_joins_with_the_tables,
    payments_are_one_document,
    documents_stream,
    bad_arguments_are_refused,
];

/// Functions and the formats whose documents they give.
const FUNCTIONS: [(&str, &str); 3] = [
    ("synth_fhir_bundle", "fhir_bundles"),
    ("synth_hl7_message", "hl7"),
    ("synth_fix_message", "fix"),
];

fn documents_are_those_of_the_engine(pg: &Postgres) {
    let mut session = fresh(pg);
    for (function, format) in FUNCTIONS {
        let entry = export::export(format).unwrap();
        let made = (entry.build)(&TableOptions {
            seed: 5,
            ..TableOptions::default()
        })
        .unwrap();
        let mut out = [Vec::new()];
        made.write(3..9, &mut out).unwrap();
        let text = String::from_utf8(out[0].clone()).unwrap();
        let expected: Vec<&str> = text.split_terminator('\n').collect();
        assert!(expected.len() > 3, "{format}");
        for query in [
            format!("SELECT {function}(6, 5, 3)"),
            format!("SELECT d FROM {function}(6, 5, start => 3) d"),
        ] {
            let found = session.column(&query);
            assert_eq!(found.len(), expected.len(), "{query}");
            for (found, expected) in found.iter().zip(&expected) {
                if format == "fhir_bundles" {
                    // jsonb puts keys in another order.
                    let parsed =
                        |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                    assert_eq!(parsed(found), parsed(expected));
                } else {
                    assert_eq!(found, expected, "{query}");
                }
            }
        }
    }
}

/// Bit for bit what Postgres makes of the same text, so that comparisons, paths and indexes work.
fn bundles_are_stored_as_postgres_would(pg: &Postgres) {
    let mut session = fresh(pg);
    let counts = "SELECT count(*), count(*) FILTER (WHERE record_image_eq(ROW(b), ROW(b::text::jsonb))),
                count(*) FILTER (WHERE b = b::text::jsonb AND jsonb_hash(b) = jsonb_hash(b::text::jsonb))
         FROM (SELECT synth_fhir_bundle(50, seed) FROM generate_series(1, 3) seed) made (b)";
    assert_eq!(session.rows(counts), [row(&["150", "150", "150"])]);
    session.run(
        "CREATE TABLE bundles AS SELECT synth_fhir_bundle(60, 9) AS bundle;
         CREATE INDEX ON bundles USING gin (bundle jsonb_path_ops);
         ANALYZE bundles",
    );
    // Found by index and by scan, and members read by path.
    let query = r#"SELECT count(*) FROM bundles
        WHERE bundle @> '{"entry": [{"resource": {"resourceType": "Patient", "gender": "female"}}]}'"#;
    let by_index = session.value(query);
    session.run("SET enable_bitmapscan = off");
    assert_eq!(session.value(query), by_index);
    assert_eq!(
        session.value(
            "SELECT count(*) FROM bundles
             WHERE bundle @@ '$.entry[*].resource ? (@.resourceType == \"Patient\").gender == \"female\"'"
        ),
        by_index
    );
}

fn a_bundle_joins_with_the_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SELECT synth_create('healthcare', 30, 'clinic', 8)");
    assert_eq!(
        session.value(
            "SELECT count(*) FROM synth_fhir_bundle(30, 8) b, jsonb_array_elements(b -> 'entry') e
             JOIN clinic.encounters n ON n.encounter_id::text = e #>> '{resource,id}'
             WHERE e #>> '{resource,resourceType}' = 'Encounter'
               AND 'Patient/' || n.patient_id = e #>> '{resource,subject,reference}'"
        ),
        session.value("SELECT count(*) FROM clinic.encounters")
    );
}

fn payments_are_one_document(pg: &Postgres) {
    let mut session = fresh(pg);
    assert_eq!(
        session.value(
            "SELECT (xpath('//*[local-name() = \"GrpHdr\"]/*[local-name() = \"NbOfTxs\"]/text()', d))[1]::text
                  = cardinality(xpath('//*[local-name() = \"CdtTrfTxInf\"]', d))::text
             FROM (SELECT synth_pain001(200, 4)::xml) p (d)"
        ),
        "t"
    );
    session.refused("SELECT synth_pain001(100001, 1)", "22023", "100,000");
}

/// The first documents of many come at once.
fn documents_stream(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("SET statement_timeout = '20s'");
    for (function, _) in FUNCTIONS {
        let first = session.column(&format!("SELECT {function}(1000000000, 5) LIMIT 2"));
        assert_eq!(first.len(), 2, "{function}");
    }
}

fn bad_arguments_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    for (function, _) in FUNCTIONS {
        for (arguments, code, says) in [
            ("-1", "22023", "negative"),
            ("NULL", "22004", "null"),
            ("9223372036854775807", "22003", "last"),
            ("1, 1, 9223372036854775807", "22003", "last"),
            ("1, as_of => '1066-10-14'", "22008", "as_of"),
        ] {
            session.refused(
                &format!("SELECT count(*) FROM {function}({arguments})"),
                code,
                says,
            );
        }
    }
}
