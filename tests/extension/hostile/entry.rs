//! Every function that the extension has, attacked through every argument that is a name, a label, a
//! document or a text. The functions are those that the catalog lists: one without an attack here fails.

use std::collections::BTreeSet;

use super::{assert_harmless, attacked};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    every_function_has_an_attack,
    text_is_never_statement,
    nothing_is_found_through_the_search_path,
    huge_arguments,
];

/// Calls of each function; `{}` is where the attack goes, an argument at a time, as a literal. Without
/// it the call is one that an attacker's session makes in earnest.
#[rustfmt::skip]
const CALLS: &[(&str, &[&str])] = &[
    ("synth", &["SELECT synth({}, 1, 1)", "SELECT synth('email', 1, 1, {}::jsonb)", "SELECT synth('pattern', 1, 1, jsonb_build_object('pattern', {}::text))"]),
    ("function_digest", &["SELECT synth.function_digest('attempt'::regproc)"]),
    ("look_at_jobs", &["SELECT synth.look_at_jobs()"]),
    ("next_run", &["SELECT synth.next_run({})", "SELECT synth.next_run('@daily', {})"]),
    ("online_capture", &["CREATE TRIGGER c AFTER INSERT ON own FOR EACH ROW EXECUTE FUNCTION synth.online_capture({})"]),
    ("random_secret", &["SELECT synth.random_secret()"]),
    ("registry_entries", &["SELECT count(*) FROM synth.registry_entries()"]),
    ("rows_support", &["SELECT synth.rows_support(NULL)"]),
    ("rule_problem", &["SELECT synth.rule_problem('own', 1::smallint, {})"]),
    ("point_count", &["SELECT synth.point_count(-9223372036854775808)", "SELECT synth.point_count(NULL)"]),
    ("series_value", &["SELECT synth.series_value(1, 1, 1, 1, 1, 1, 1, 1, 1)"]),
    ("session_seed", &["SELECT synth.session_seed()"]),
    ("table_changed", &["CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION synth.table_changed()"]),
    ("this_database", &["SELECT synth.this_database()"]),
    ("synth_apply_detected", &["SELECT * FROM synth_apply_detected({})"]),
    ("synth_audit_verify", &["SELECT * FROM synth_audit_verify(1, {})"]),
    ("synth_copy_masked", &["SELECT * FROM synth_copy_masked({}, 'made')", "SELECT * FROM synth_copy_masked('nobodys', {})",
        "SELECT * FROM synth_copy_masked('nobodys', 'made', subset => {}::jsonb)", "SELECT * FROM synth_copy_masked('nobodys', 'made', subset => jsonb_build_object('t', {}::text))",
        "SELECT * FROM synth_copy_masked('nobodys', 'made', subset => jsonb_build_object({}::text, 'true'))", "SELECT * FROM synth_copy_masked('nobodys', 'made', undecided => {})"]),
    ("synth_create", &["SELECT count(*) FROM synth_create({}, 1, 'fresh')", "SELECT count(*) FROM synth_create('education', 1, {})", "SELECT count(*) FROM synth_create('education', 1, 'fresh', options => {}::jsonb)", "SELECT count(*) FROM synth_create('finance', 1, 'fresh', options => jsonb_build_object({}::text, 1))"]),
    ("synth_detect", &["SELECT count(*) FROM synth_detect({})"]),
    ("synth_distrust_function", &["SELECT synth_distrust_function({})"]),
    ("synth_drop_reference", &["SELECT synth_drop_reference({}, '{v}', 'own', '{v}')", "SELECT synth_drop_reference('own', ARRAY[{}]::name[], 'own', '{v}')", "SELECT synth_drop_reference('own', '{v}', {}, '{v}')", "SELECT synth_drop_reference('own', '{v}', 'own', ARRAY[{}]::name[])"]),
    ("synth_drop_rule", &["SELECT synth_drop_rule({}, 'v')", "SELECT synth_drop_rule('own', {})"]),
    ("synth_fill", &["SELECT synth_fill({}, 1)", "SELECT synth_fill('own', 1, 1, {}::jsonb)", "SELECT synth_fill('own', 1, 1, jsonb_build_object('v', {}::text))", "SELECT synth_fill('own', 1, 1, jsonb_build_object({}::text, 'x'))"]),
    ("synth_fill_schema", &["SELECT * FROM synth_fill_schema({}, 1)", "SELECT * FROM synth_fill_schema('nobodys', 1, 1, {}::jsonb)", "SELECT * FROM synth_fill_schema('nobodys', 1, 1, jsonb_build_object({}::text, 1))"]),
    ("synth_fhir_bundle", &["SELECT count(*) FROM synth_fhir_bundle(2, 1)"]),
    ("synth_fix_message", &["SELECT count(*) FROM synth_fix_message(2, 1)"]),
    ("synth_grant_unmask", &["SELECT synth_grant_unmask({}, 'own', 'v')", "SELECT synth_grant_unmask('pg_monitor', {}, 'v')", "SELECT synth_grant_unmask('pg_monitor', 'own', {})"]),
    ("synth_hl7_message", &["SELECT count(*) FROM synth_hl7_message(2, 1)"]),
    ("synth_import_rules", &["SELECT * FROM synth_import_rules({}, true)", "SELECT * FROM synth_import_rules('SECURITY LABEL FOR anon ON COLUMN own.v IS ' || quote_literal({}::text), true)",
        "SELECT * FROM synth_import_rules('SECURITY LABEL FOR anon ON COLUMN ' || {}::text || ' IS ''MASKED WITH VALUE 1''', true)"]),
    ("synth_last_seed", &["SELECT synth_last_seed()"]),
    ("synth_mask", &["SELECT synth_mask({}, 'x'::text)", "SELECT synth_mask('hash', {}::text)", "SELECT synth_mask('partial', 'Some text'::text, '1', {}, '1')", "SELECT synth_mask('regex_replace', 'Some text'::text, {}, 'x')", "SELECT synth_mask('pseudonym', 'x'::text, {})", "SELECT synth_mask('pseudonym', 'x'::text, 'email', {})", "SELECT synth_mask('redact', {}::text)"]),
    ("synth_mask_online_abort", &["SELECT synth_mask_online_abort({})"]),
    ("synth_mask_schema", &["SELECT * FROM synth_mask_schema({})"]),
    ("synth_mask_table", &["SELECT synth_mask_table({})"]),
    ("synth_mask_table_online", &["CALL synth_mask_table_online({})"]),
    ("synth_pain001", &["SELECT length(synth_pain001(20, 1))"]),
    ("synth_patients", &["SELECT count(*) FROM synth_patients(3, 1)"]),
    ("synth_pause", &["SELECT synth_pause({})"]),
    ("synth_plan_copy", &["SELECT * FROM synth_plan_copy({})", "SELECT * FROM synth_plan_copy('nobodys', {}::jsonb)", "SELECT * FROM synth_plan_copy('nobodys', jsonb_build_object('t', {}::text))", "SELECT * FROM synth_plan_copy('nobodys', undecided => {})"]),
    ("synth_plan_fill", &["SELECT * FROM synth_plan_fill({}, 1)", "SELECT * FROM synth_plan_fill('own', 1, {}::jsonb)", "SELECT * FROM synth_plan_fill('own', 1, jsonb_build_object('v', {}::text))"]),
    ("synth_plan_mask", &["SELECT * FROM synth_plan_mask({})"]),
    ("synth_protect", &["SELECT synth_protect({})"]),
    ("synth_purge_statistics", &["SELECT synth_purge_statistics()"]),
    ("synth_reference", &["SELECT synth_reference({}, '{v}', 'own', '{w}')", "SELECT synth_reference('own', ARRAY[{}]::name[], 'own', '{w}')", "SELECT synth_reference('own', '{v}', {}, '{w}')", "SELECT synth_reference('own', '{v}', 'own', ARRAY[{}]::name[])"]),
    ("synth_resume", &["SELECT synth_resume({})"]),
    ("synth_revoke_unmask", &["SELECT synth_revoke_unmask({}, 'own', 'v')", "SELECT synth_revoke_unmask('pg_monitor', {}, 'v')", "SELECT synth_revoke_unmask('pg_monitor', 'own', {})"]),
    ("synth_rotate_secret", &["BEGIN; SELECT synth_rotate_secret(); ROLLBACK"]),
    ("synth_run_now", &["SELECT synth_run_now({})"]),
    ("synth_schedule", &["SELECT synth_schedule({}, '@yearly', 'SELECT 1')", "SELECT synth_schedule('j', {}, 'SELECT 1')", "SELECT synth_schedule('j', '@yearly', 'SELECT 1', {})", "SELECT synth_schedule('j', '@yearly', 'SELECT 1', 'UTC', {})", "SELECT synth_schedule('j', '@yearly', 'SELECT 1', missed => {})"]),
    ("synth_set_rule", &["SELECT synth_set_rule({}, 'v', 'NOT MASKED')", "SELECT synth_set_rule('own', {}, 'NOT MASKED')", "SELECT synth_set_rule('own', 'v', {})", "SELECT synth_set_rule('own', 'v', 'MASKED WITH FUNCTION ' || {}::text)"]),
    ("synth_shred_secret", &["SELECT synth_shred_secret(99)"]),
    ("synth_timeseries", &["SELECT count(*) FROM synth_timeseries('2020-01-01', '1 hour', 3, 1)"]),
    ("synth_trust_function", &["SELECT synth_trust_function({})"]),
    ("synth_unmask", &["SELECT synth_unmask({}, 'v', 'x'::text)", "SELECT synth_unmask('own', {}, 'x'::text)", "SELECT synth_unmask('own', 'v', {}::text)", "SELECT synth_unmask('own', 'v', 'x'::text, NULL, ARRAY[{}]::text[])"]),
    ("synth_unprotect", &["SELECT synth_unprotect({})"]),
    ("synth_unschedule", &["SELECT synth_unschedule({})"]),
    ("synth_validate_rules", &["SELECT * FROM synth_validate_rules({})"]),
    ("synth_verify_masked", &["SELECT * FROM synth_verify_masked({})"]),
];

/// Text that would end a literal, an identifier, a document or a statement somewhere.
const WORDS: &[&str] = &[
    "own; DROP TABLE superusers; --",
    "'; DROP TABLE superusers; --",
    "'); SELECT attempt('injected'); --",
    "\"; DROP TABLE superusers; --",
    "public.\"own\"\"; DROP TABLE superusers; --\"",
    "attempt('injected')",
    "v = v OR attempt('injected') IS NULL",
    "$$; DROP TABLE superusers; $$",
    "\\'; DROP TABLE superusers; --",
    "*/ DROP TABLE superusers; /*",
    "{\"v\": {\"value\": \"'; DROP TABLE superusers; --\"}}",
    "{\"t\": \"true) OR attempt('injected') IS NULL; --\"}",
    "[[[[[[[[[[[[[[[[[[[[",
    "%s %I %L {} {0} \u{202e} \u{feff}",
    "SELECT attempt('injected')",
    "own",
    "v",
    "",
    "-1",
    "NULL",
    "*",
    "../../etc/passwd",
];

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The functions of the catalog are those of the list, no more and no less; the functions of single
/// generators have one entry point, which [`huge_arguments`] and [`text_is_never_statement`] call for all.
fn every_function_has_an_attack(pg: &Postgres) {
    let (mut session, _, _) = attacked(pg);
    let there: BTreeSet<String> = session
        .column(
            "SELECT DISTINCT p.proname FROM pg_proc p
             JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
             JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_synth'
             -- Those of other tables are what synth_patients is.
             WHERE p.prosrc <> 'synth_value' AND (p.prosupport = 0 OR p.proname = 'synth_patients')",
        )
        .into_iter()
        .collect();
    let attacked: BTreeSet<String> = CALLS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> = there.difference(&attacked).collect();
    assert!(
        missing.is_empty(),
        "no attack on {missing:?}: add calls to CALLS"
    );
    let gone: Vec<_> = attacked.difference(&there).collect();
    assert!(gone.is_empty(), "no function {gone:?}");
    // Each argument of such a type has a call of its own.
    for arguments in session.rows(
        "SELECT p.proname, count(*) FILTER (WHERE a.type IN ('text'::regtype, 'name'::regtype, 'jsonb'::regtype, 'regclass'::regtype, 'name[]'::regtype, 'regprocedure'::regtype, 'regrole'::regtype))
         FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargtypes::oid[]) a (type)
         JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_synth'
         WHERE p.prosrc <> 'synth_value' AND p.proname NOT IN ('rule_problem', 'synth_schedule') GROUP BY p.oid, p.proname",
    ) {
        let (name, wanted) = (arguments[0].clone().unwrap(), arguments[1].clone().unwrap());
        let calls = CALLS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, calls)| calls);
        let attacks = calls.iter().filter(|call| call.contains("{}")).count();
        assert!(
            attacks >= wanted.parse::<usize>().unwrap(),
            "{name} takes {wanted} names or texts, and {attacks} are attacked"
        );
    }
}

/// Whatever is in an argument, it is an error or an answer, and no statement: for an attacker and, what
/// matters more, for a superuser who passes it on.
fn text_is_never_statement(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    session.run("CREATE SCHEMA nobodys; CREATE TABLE nobodys.t (id int, v text); INSERT INTO nobodys.t VALUES (1, 'x')");
    mallory.run("DROP TABLE IF EXISTS planted; TRUNCATE seen");
    let generators = session.column(
        "SELECT format('SELECT %I(%s)', p.proname, (SELECT string_agg(format('%I => %s', p.proargnames[i], CASE WHEN t = 'text'::regtype THEN '{}' WHEN t = 'jsonb'::regtype THEN '{}::jsonb' ELSE '1' END), ', ')
                FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (t, i) WHERE t IN ('text'::regtype, 'jsonb'::regtype)))
         FROM pg_proc p WHERE p.prosrc = 'synth_value' AND ('text'::regtype = ANY (p.proargtypes::oid[]) OR 'jsonb'::regtype = ANY (p.proargtypes::oid[]))",
    );
    assert!(generators.len() > 20, "{generators:?}");
    let calls = CALLS
        .iter()
        .flat_map(|(_, calls)| *calls)
        .map(|call| (*call).to_owned());
    for call in calls.chain(generators) {
        for word in WORDS {
            let statement = call.replace("{}", &quoted(word));
            for attacker in [&mut session, &mut mallory] {
                answers(attacker, &statement);
            }
        }
        let left =
            session.value("SELECT count(*) FROM pg_class WHERE relname IN ('superusers', 'own')");
        assert_eq!(left, "2", "a table is gone after\n{call}");
        let seen = session.column("SELECT DISTINCT who || ': ' || what FROM seen WHERE who <> (SELECT tableowner FROM pg_tables WHERE tablename = 'seen')");
        assert_eq!(
            seen,
            Vec::<String>::new(),
            "text ran as somebody else in\n{call}"
        );
        // A column's name or a reference may stand; the next call finds all as it was.
        let _ = session
            .attempt("DROP TRIGGER IF EXISTS c ON own; DROP EVENT TRIGGER IF EXISTS e; SELECT synth_unprotect('own')");
        let _ = session.attempt("DROP SCHEMA IF EXISTS made CASCADE; DROP SCHEMA IF EXISTS own CASCADE; DROP SCHEMA IF EXISTS v CASCADE; SELECT synth_drop_rule('own', 'v')");
        let _ = session.attempt("DELETE FROM synth.job");
        let _ = mallory.attempt("DROP TABLE IF EXISTS planted, made_by_masking; TRUNCATE seen");
    }
    session.run("UPDATE superusers SET v = 'Original' WHERE false");
    assert_harmless(&mut session, &role, false);
}

/// Runs a statement; an error must be one that was foreseen.
#[track_caller]
fn answers(session: &mut Session, statement: &str) {
    let outcome = session.attempt(statement);
    let _ = session.attempt("ROLLBACK");
    if let Err(error) = outcome {
        let shown: String = statement.chars().take(300).collect();
        assert_ne!(
            error.code, "XX000",
            "an internal error at\n{shown}\n{error}"
        );
    }
}

/// Objects of an attacker that come first in the search path, or stand in the temporary schema, are not
/// found by any function: not its tables, functions, operators, types, or casts.
#[expect(clippy::too_many_lines, reason = "one attack after the other")]
fn nothing_is_found_through_the_search_path(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    session.run(&format!("CREATE SCHEMA trap AUTHORIZATION {role}; CREATE SCHEMA nobodys; CREATE TABLE nobodys.t (id int, v text); INSERT INTO nobodys.t VALUES (1, 'x')"));
    let spy = |what: &str, end: &str| {
        format!(
            "LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (current_user, '{what}'); {end} END $$"
        )
    };
    for (signature, result) in [
        ("format(text, VARIADIC \"any\")", "text"),
        ("quote_ident(text)", "text"),
        ("quote_literal(text)", "text"),
        ("now()", "timestamptz"),
        ("unnest(oid[])", "SETOF oid"),
        ("unnest(text[])", "SETOF text"),
        ("array_agg(text)", "text[]"),
        ("pg_get_constraintdef(oid)", "text"),
        ("format_type(oid, int)", "text"),
        ("format_type(oid, integer, text)", "text"),
        ("coalesce_it(text)", "text"),
        ("lower(text)", "text"),
        ("left(text, int)", "text"),
        ("jsonb_each(jsonb)", "SETOF text"),
        ("pg_get_expr(pg_node_tree, oid)", "text"),
        ("current_setting(text)", "text"),
        ("has_column_privilege(oid, smallint, text)", "bool"),
        ("pg_column_size(\"any\")", "int"),
        ("sha256(bytea)", "bytea"),
        ("synth_mask(text, text)", "text"),
        ("text(name)", "text"),
        ("pg_notify(text, text)", "void"),
        ("regclass(oid)", "oid"),
        ("array_position(name[], name)", "int"),
    ] {
        let end = if result.starts_with("SETOF") || result == "void" {
            "RETURN;"
        } else {
            "RETURN NULL;"
        };
        // Some of these cannot be written in PL/pgSQL: then nobody can shadow them so.
        let _ = mallory.attempt(&format!(
            "CREATE FUNCTION trap.{signature} RETURNS {result} {}",
            spy(&signature.replace('"', ""), end)
        ));
    }
    for (name, left, right) in [
        ("=", "oid", "oid"),
        ("=", "name", "name"),
        ("=", "text", "text"),
        ("=", "name", "text"),
        ("=", "int", "int"),
        ("=", "smallint", "smallint"),
        ("=", "smallint", "int"),
        ("=", "\"char\"", "\"char\""),
        ("=", "bool", "bool"),
        ("<>", "oid", "oid"),
        ("<>", "text", "text"),
        ("<", "int", "int"),
        (">", "int", "int"),
        ("+", "int", "int"),
        ("||", "text", "text"),
        ("=", "timestamptz", "timestamptz"),
        ("->>", "jsonb", "text"),
        ("=", "oid", "bigint"),
    ] {
        let plain = |text: &str| text.replace('"', "");
        let kind = if name == "+" {
            "int"
        } else if name.len() > 1 && name != "<>" {
            "text"
        } else {
            "bool"
        };
        let function = format!("trap.operate_{}_{}_{kind}", plain(left), plain(right));
        let _ = mallory.attempt(&format!(
            "CREATE FUNCTION {function}({left}, {right}) RETURNS {kind} {}",
            spy(&format!("operator {name}"), "RETURN NULL;")
        ));
        mallory.run(&format!("CREATE OPERATOR trap.{name} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = {function})"));
    }
    let tables = "pg_class pg_attribute pg_constraint pg_inherits pg_index pg_depend pg_seclabel pg_namespace pg_proc pg_type pg_trigger pg_roles pg_authid secret job rules registry reference";
    for table in tables.split(' ') {
        mallory.run(&format!("CREATE TABLE trap.{table} (a int)"));
    }
    mallory.run("CREATE DOMAIN trap.text AS pg_catalog.text CHECK (public.holds(VALUE)); CREATE DOMAIN trap.name AS pg_catalog.name; CREATE DOMAIN trap.oid AS int; CREATE DOMAIN trap.regclass AS int; GRANT USAGE ON SCHEMA trap TO PUBLIC; DROP TABLE IF EXISTS planted; TRUNCATE seen");
    let mut careless = session.another(pg);
    careless.run("SELECT synth_set_rule('own', 'v', 'MASKED WITH hash')");
    for table in [
        "pg_class",
        "pg_attribute",
        "secret",
        "job",
        "pg_seclabel",
        "pg_inherits",
    ] {
        careless.run(&format!("CREATE TEMP TABLE {table} (a int)"));
    }
    careless.run("CREATE FUNCTION pg_temp.lower(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT $1'; SET search_path = trap, pg_temp, pg_catalog, public");
    for (name, calls) in CALLS {
        for call in *calls {
            // Calls in earnest, with all but the names of the functions left to the path: what the caller
            // writes is the caller's, so literals are of the system's types.
            let word = match *name {
                "synth_detect"
                | "synth_apply_detected"
                | "synth_validate_rules"
                | "synth_mask_schema"
                | "synth_copy_masked"
                | "synth_plan_copy"
                | "synth_fill_schema" => "nobodys",
                "synth" | "synth_mask" => "hash",
                _ => "public.own",
            };
            let call = call
                .replace("::text", "::pg_catalog.text")
                .replace("::name[]", "::pg_catalog.name[]")
                .replace("'own'", "'public.own'")
                .replace("{}", &quoted(word))
                .replace("SELECT count(*) FROM ", "SELECT * FROM ")
                .replace(" synth_", " public.synth_");
            if call.contains("||")
                || call.contains("quote_literal")
                || call.contains("jsonb_build_object")
            {
                continue;
            }
            answers(&mut careless, &call);
            let _ =
                session.attempt("DROP TRIGGER IF EXISTS c ON own; DROP EVENT TRIGGER IF EXISTS e");
            let seen = session.column("SELECT DISTINCT who || ': ' || what FROM seen");
            assert_eq!(
                seen,
                Vec::<String>::new(),
                "the attacker's objects were found by\n{call}"
            );
        }
    }
    assert_harmless(&mut session, &role, false);
}

/// The greatest, least and longest values of every argument: an error with its SQLSTATE, soon, and the
/// same backend afterwards.
fn huge_arguments(pg: &Postgres) {
    let (mut session, _, mut mallory) = attacked(pg);
    let pids = [session.pid(), mallory.pid()];
    let extremes = |kind: &str| -> &[&str] {
        match kind {
            "bigint" => &["9223372036854775807", "-9223372036854775808", "0"],
            "integer" => &["2147483647", "-2147483648", "0"],
            "double precision" => &["'NaN'", "'infinity'", "1e308", "-1e308", "0"],
            "numeric" => &["'NaN'", "repeat('9', 1000)::numeric"],
            "text" => &[
                "repeat('x', 1000000)",
                "repeat('(', 100000)",
                "repeat('[a-z]{1000}', 2000)",
                "''",
                "repeat('😀', 10000)",
            ],
            "jsonb" => &[
                "('{\"a\":' || repeat('[', 1000) || repeat(']', 1000) || '}')::jsonb",
                "jsonb_build_object('a', repeat('x', 1000000))",
            ],
            "date" => &[
                "'infinity'",
                "'-infinity'",
                "'5874897-12-31'",
                "'4713-01-01 BC'",
            ],
            "timestamp with time zone" | "timestamp without time zone" => {
                &["'infinity'", "'294276-12-31'", "'4713-01-01 BC'"]
            }
            "interval" => &["'178000000 years'", "'0'", "'-1 day'"],
            _ => &[],
        }
    };
    let arguments = session.rows(
        "SELECT p.proname, p.proargnames[a.i], format_type(a.t, NULL)
         FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargtypes::oid[]) WITH ORDINALITY a (t, i)
         WHERE p.prosrc = 'synth_value' ORDER BY 1, 2",
    );
    mallory.run("SET statement_timeout = '20s'");
    for cells in arguments {
        let [Some(function), Some(name), Some(kind)] = &cells[..] else {
            continue;
        };
        for value in extremes(kind) {
            let call = format!("SELECT length({function}(\"{name}\" => {value})::text)");
            if let Err(error) = mallory.attempt(&call) {
                assert!(
                    !["XX000", "57014", "53200"].contains(&&*error.code),
                    "{call}\ngives {error}"
                );
            }
        }
    }
    for call in [
        "SELECT * FROM synth_detect('public', 9223372036854775807)",
        "SELECT * FROM synth_detect('public', -1)",
        "SELECT synth_fill('own', -1)",
        "SELECT * FROM synth_plan_fill('own', 9223372036854775807)",
        "SELECT synth_set_rule('own', 'v', 'MASKED WITH hash(' || repeat('1', 100000) || ')')",
        "SELECT synth_set_rule('own', 'v', repeat('MASKED WITH ', 100000))",
        "SELECT synth_set_rule('own', 'v', 'MASKED WITH partial(1, ''' || repeat('x', 100000) || ''', 1)')",
        "SELECT * FROM synth_import_rules(repeat('SECURITY LABEL FOR anon ON COLUMN a.b IS ''x''; ', 20000), false)",
        "SELECT * FROM synth_copy_masked('public', 'made', depth => 2147483647)",
        "SELECT * FROM synth_copy_masked('public', 'made', subset => jsonb_build_object('own', repeat('(', 100000)))",
        "SELECT synth.next_run(repeat('* ', 100000))",
        "CALL synth_mask_table_online('own', 2147483647, 2147483647, '178000000 years', '178000000 years', 2147483647)",
        "CALL synth_mask_table_online('own', -1, -1)",
        "SELECT synth_reference('own', array_fill('v'::name, ARRAY[100000]), 'own', array_fill('w'::name, ARRAY[100000]))",
        "SELECT synth('pattern', 1, 1, jsonb_build_object('pattern', repeat('(a{1000}){1000}', 100)))",
        "SELECT * FROM synth_timeseries('2020-01-01', '178000000 years', 9223372036854775807, 1) LIMIT 1",
    ] {
        for attacker in [&mut session, &mut mallory] {
            answers(attacker, call);
        }
    }
    assert_eq!(
        [session.pid(), mallory.pid()],
        pids,
        "a backend is another one"
    );
}
