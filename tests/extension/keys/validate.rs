//! `synth_validate_rules`: each finding where it belongs, and nowhere else.

use super::rule;
use crate::extension::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    each_finding_appears_and_goes,
    rules_that_no_longer_fit,
    findings_that_are_refused_are_errors,
    tables_and_views_of_others,
    schemas,
    many_tables,
];

/// A finding: what makes it, where it stands, and what makes it go.
struct Case {
    check: &'static str,
    severity: &'static str,
    column: &'static str,
    says: &'static str,
    setup: &'static str,
    cure: &'static str,
}

const CASES: &[Case] = &[
    Case {
        check: "unique",
        severity: "error",
        column: "name",
        says: "t_name_key",
        setup: "CREATE TABLE t (name text UNIQUE); SELECT synth_set_rule('t', 'name', 'MASKED WITH first_name')",
        cure: "SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
    },
    Case {
        check: "unique",
        severity: "error",
        column: "name",
        says: "some_of",
        setup: "CREATE TABLE t (name text, n int); CREATE UNIQUE INDEX some_of ON t (name) WHERE n > 0; SELECT synth_set_rule('t', 'name', 'MASKED WITH first_name')",
        cure: "DROP INDEX some_of; CREATE INDEX some_of ON t (name) WHERE n > 0",
    },
    Case {
        check: "unique",
        severity: "warning",
        column: "name",
        says: "two_of",
        setup: "CREATE TABLE t (name text, n int); CREATE UNIQUE INDEX two_of ON t (n, name); SELECT synth_set_rule('t', 'name', 'MASKED WITH first_name')",
        cure: "SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
    },
    Case {
        check: "unique",
        severity: "warning",
        column: "name",
        says: "lowered",
        setup: "CREATE TABLE t (name text, n int); CREATE UNIQUE INDEX lowered ON t (lower(name)); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "DROP INDEX lowered; CREATE UNIQUE INDEX included ON t (n) INCLUDE (name)",
    },
    Case {
        check: "unique",
        severity: "warning",
        column: "name",
        says: "filtered",
        setup: "CREATE TABLE t (name text, n int); CREATE UNIQUE INDEX filtered ON t (n) WHERE name > 'm'; SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "DROP INDEX filtered",
    },
    Case {
        check: "exclusion",
        severity: "warning",
        column: "name",
        says: "t_name_excl",
        setup: "CREATE TABLE t (name text, EXCLUDE USING btree (name WITH =)); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "ALTER TABLE t DROP CONSTRAINT t_name_excl",
    },
    Case {
        check: "check",
        severity: "warning",
        column: "name",
        says: "t_check",
        setup: "CREATE TABLE t (name text, n int, CHECK (name > 'a' OR n > 0)); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "ALTER TABLE t DROP CONSTRAINT t_check, ADD CHECK (n > 0)",
    },
    Case {
        check: "check",
        severity: "warning",
        column: "name",
        says: "domain short",
        setup: "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9); CREATE DOMAIN shorter AS short; CREATE TABLE t (name shorter); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "ALTER DOMAIN short DROP CONSTRAINT short_check",
    },
    Case {
        check: "not_null",
        severity: "error",
        column: "name",
        says: "NOT NULL",
        setup: "CREATE TABLE t (name text); SELECT synth_set_rule('t', 'name', 'MASKED WITH null'); ALTER TABLE t ALTER name SET NOT NULL",
        cure: "ALTER TABLE t ALTER name DROP NOT NULL",
    },
    Case {
        check: "not_null",
        severity: "error",
        column: "name",
        says: "does not allow NULL",
        setup: "CREATE DOMAIN filled AS text; CREATE TABLE t (name filled); SELECT synth_set_rule('t', 'name', 'MASKED WITH null'); ALTER DOMAIN filled SET NOT NULL",
        cure: "ALTER DOMAIN filled DROP NOT NULL",
    },
    Case {
        check: "type_modifier",
        severity: "error",
        column: "name",
        says: "holds 10",
        setup: "CREATE TABLE t (name varchar(90)); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash'); ALTER TABLE t ALTER name TYPE varchar(10)",
        cure: "ALTER TABLE t ALTER name TYPE varchar(64)",
    },
    Case {
        check: "type_modifier",
        severity: "error",
        column: "name",
        says: "holds 3",
        setup: "CREATE TABLE t (name varchar(9)); SELECT synth_set_rule('t', 'name', 'MASKED WITH VALUE ''masked'''); ALTER TABLE t ALTER name TYPE varchar(3)",
        cure: "ALTER TABLE t ALTER name TYPE varchar(6)",
    },
    Case {
        check: "generated",
        severity: "warning",
        column: "name",
        says: "\"loud\"",
        setup: "CREATE TABLE t (name text, n int, loud text GENERATED ALWAYS AS (upper(name)) STORED); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "ALTER TABLE t DROP loud, ADD more int GENERATED ALWAYS AS (n) STORED",
    },
    Case {
        check: "identity",
        severity: "warning",
        column: "n",
        says: "t_n_seq",
        setup: "CREATE TABLE t (n int GENERATED BY DEFAULT AS IDENTITY); SELECT synth_set_rule('t', 'n', 'MASKED WITH generalize(10)')",
        cure: "ALTER TABLE t ALTER n DROP IDENTITY",
    },
    Case {
        check: "identity",
        severity: "warning",
        column: "n",
        says: "t_n_seq",
        setup: "CREATE TABLE t (n serial); SELECT synth_set_rule('t', 'n', 'MASKED WITH generalize(10)')",
        cure: "DROP SEQUENCE t_n_seq CASCADE",
    },
    Case {
        check: "trigger",
        severity: "warning",
        column: "-",
        says: "\"watch\" of public.t does not fire",
        setup: "CREATE TABLE t (name text, n int); CREATE TRIGGER watch BEFORE UPDATE OF name ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "DROP TRIGGER watch ON t; CREATE TRIGGER watch BEFORE UPDATE OF n ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    },
    Case {
        check: "trigger",
        severity: "warning",
        column: "-",
        says: "watch",
        setup: "CREATE TABLE t (name text); CREATE TRIGGER watch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "ALTER TABLE t DISABLE TRIGGER watch",
    },
    Case {
        check: "partition_key",
        severity: "warning",
        column: "-",
        says: "public.t.name is part of the partition key",
        setup: "CREATE TABLE t (name text, n int) PARTITION BY LIST (name); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "SELECT synth_set_rule('t', 'name', 'NOT MASKED'), synth_set_rule('t', 'n', 'MASKED WITH generalize(5)')",
    },
    Case {
        check: "row_security",
        severity: "warning",
        column: "-",
        says: "is not applied",
        setup: "CREATE TABLE t (name text); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "ALTER TABLE t NO FORCE ROW LEVEL SECURITY",
    },
    Case {
        check: "row_security",
        severity: "warning",
        column: "name",
        says: "\"own\"",
        setup: "CREATE TABLE t (name text, n int); CREATE POLICY own ON t USING (name = current_user); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "DROP POLICY own ON t; CREATE POLICY own ON t USING (n > 0)",
    },
    Case {
        check: "publication",
        severity: "warning",
        column: "-",
        says: "subscribers keep the originals",
        setup: "CREATE TABLE t (name text); CREATE PUBLICATION news FOR TABLE t; SELECT synth_set_rule('t', 'name', 'MASKED WITH hash')",
        cure: "DROP PUBLICATION news",
    },
    Case {
        check: "undecided",
        severity: "warning",
        column: "name",
        says: "no NOT MASKED",
        setup: "CREATE TABLE t (name text, loud text GENERATED ALWAYS AS (upper(name)) STORED)",
        cure: "SELECT synth_set_rule('t', 'name', 'NOT MASKED')",
    },
    Case {
        check: "undecided",
        severity: "error",
        column: "name",
        says: "protected",
        setup: "CREATE TABLE t (name text); SELECT synth_protect('t')",
        cure: "SELECT synth_unprotect('t'), synth_set_rule('t', 'name', 'MASKED WITH hash')",
    },
    Case {
        check: "foreign_key",
        severity: "error",
        column: "name",
        says: "r_name_fkey",
        setup: "CREATE TABLE t (name text PRIMARY KEY); CREATE TABLE r (name text REFERENCES t); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash'), synth_set_rule('r', 'name', 'MASKED WITH email')",
        cure: "SELECT synth_drop_rule('r', 'name')",
    },
    Case {
        check: "foreign_key",
        severity: "error",
        column: "name",
        says: "synth_reference",
        setup: "CREATE TABLE t (name text); CREATE TABLE r (name text); SELECT synth_reference('r', '{name}', 't', '{name}'), synth_set_rule('t', 'name', 'MASKED WITH first_name')",
        cure: "SELECT synth_drop_reference('r', '{name}', 't', '{name}')",
    },
    Case {
        check: "rule",
        severity: "error",
        column: "name",
        says: "two masking rules",
        setup: "CREATE TABLE t (name text); CREATE TABLE r () INHERITS (t); SELECT synth_set_rule('t', 'name', 'MASKED WITH hash'), synth_set_rule('r', 'name', 'MASKED WITH email')",
        cure: "SELECT synth_drop_rule('r', 'name')",
    },
];

/// Findings of a check, as severity, column and message.
fn findings(session: &mut Session, check: &str) -> Vec<[String; 3]> {
    session
        .rows(&format!(
            "SELECT severity, coalesce(column_name, '-'), message, hint FROM synth_validate_rules() WHERE check_name = '{check}'"
        ))
        .into_iter()
        .map(|cells| {
            let mut cells = cells.into_iter().map(Option::unwrap_or_default);
            let mut next = || cells.next().unwrap_or_default();
            let found = [next(), next(), next()];
            assert!(!next().is_empty(), "{check}: a finding without a hint");
            found
        })
        .collect()
}

fn each_finding_appears_and_goes(pg: &Postgres) {
    let mut session = fresh(pg);
    for case in CASES {
        session.run(&format!("BEGIN; {}", case.setup));
        let found = findings(&mut session, case.check);
        assert!(
            found.iter().any(|[severity, column, message]| {
                severity == case.severity && column == case.column && message.contains(case.says)
            }),
            "{}\nlacks {}: {found:?}",
            case.setup,
            case.says
        );
        session.run(case.cure);
        let found = findings(&mut session, case.check);
        assert!(
            !found.iter().any(|[severity, column, message]| {
                severity == case.severity && column == case.column && message.contains(case.says)
            }),
            "{}\n{}\nstill has {found:?}",
            case.setup,
            case.cure
        );
        session.run("ROLLBACK");
    }
}

fn rules_that_no_longer_fit(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (name text, n text)");
    rule(&mut session, "t", "name", "MASKED WITH email");
    rule(&mut session, "t", "n", "MASKED WITH VALUE 'many'");
    assert_eq!(findings(&mut session, "rule").len(), 0);
    session.run("ALTER TABLE t ALTER name TYPE int USING 1, ALTER n TYPE smallint USING 1");
    let found = findings(&mut session, "rule");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0][2].contains("public.t.n: the value is not one of type smallint"));
    assert!(found[1][2].contains("mask email does not fit type integer"));
    // As another version may have stored it.
    session.run("UPDATE pg_seclabel SET label = 'MASKED WITH tomorrow(' WHERE provider = 'pg_synth' AND objsubid = 1");
    let found = findings(&mut session, "rule");
    assert!(found[1][2].contains("expected a literal"), "{found:?}");
    session.run("CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE TABLE y (id int, v text) PARTITION BY LIST (id); CREATE FOREIGN TABLE y1 PARTITION OF y FOR VALUES IN (1) SERVER s");
    assert_eq!(findings(&mut session, "kind").len(), 0);
    rule(&mut session, "y", "v", "MASKED WITH hash");
    let found = findings(&mut session, "kind");
    assert!(
        found[0][2].contains("public.y1 is not a table"),
        "{found:?}"
    );
}

fn findings_that_are_refused_are_errors(pg: &Postgres) {
    let mut session = fresh(pg);
    for case in CASES {
        session.run(&format!("BEGIN; {}; SAVEPOINT s", case.setup));
        let outcomes: Vec<bool> = ["t", "r"]
            .iter()
            .filter(|table| {
                session.value(&format!("SELECT to_regclass('{table}') IS NOT NULL")) == "t"
            })
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|table| {
                let outcome = session.attempt(&format!("SELECT synth_mask_table('{table}')"));
                session.run("ROLLBACK TO s");
                outcome.is_err_and(|error| !error.message.contains("has no masking rule"))
            })
            .collect();
        let has_errors = session.value("SELECT count(*) > 0 FROM synth_validate_rules() WHERE severity = 'error' AND check_name <> 'undecided'");
        // No row, no NULL that a domain could refuse.
        if case.check != "undecided" && case.says != "does not allow NULL" {
            assert_eq!(
                outcomes.contains(&true),
                has_errors == "t",
                "{}: masking says otherwise",
                case.setup
            );
        }
        session.run("ROLLBACK");
    }
}

fn tables_and_views_of_others(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = format!("owner_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}; CREATE TABLE stranger (code text); SET ROLE {role};
         CREATE TABLE person (code text PRIMARY KEY); CREATE TABLE own (code text REFERENCES person); CREATE MATERIALIZED VIEW mine AS TABLE person; RESET ROLE"
    ));
    let mut owner = session.role(pg, &role);
    rule(&mut owner, "person", "code", "MASKED WITH hash");
    for check in ["owner", "materialized_view"] {
        assert_eq!(findings(&mut owner, check), Vec::<[String; 3]>::new());
    }
    session.run("CREATE MATERIALIZED VIEW theirs AS TABLE person; ALTER TABLE stranger ADD FOREIGN KEY (code) REFERENCES person");
    let found = findings(&mut owner, "owner");
    assert_eq!(found.len(), 1);
    assert!(
        found[0][2].contains("public.stranger.code refers to masked key public.person.code"),
        "{found:?}"
    );
    let found = findings(&mut owner, "materialized_view");
    assert_eq!(found.len(), 1);
    assert!(found[0][2].contains("public.theirs"), "{found:?}");
    for check in ["owner", "materialized_view"] {
        assert_eq!(findings(&mut session, check).len(), 0, "a superuser may");
    }
}

fn schemas(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE SCHEMA \"Odd \"\" name\"; CREATE TABLE \"Odd \"\" name\".\"T;\" (\"C'\" text); CREATE TABLE t (c text)");
    assert_eq!(
        session.rows("SELECT schema_name, table_name, column_name, severity, check_name FROM synth_validate_rules('Odd \" name')"),
        [row(&["Odd \" name", "T;", "C'", "warning", "undecided"])]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM synth_validate_rules()"),
        "2"
    );
    session.refused(
        "SELECT * FROM synth_validate_rules('none')",
        "3F000",
        "does not exist",
    );
    session.run("BEGIN READ ONLY; SELECT * FROM synth_validate_rules(); COMMIT");
    assert_eq!(
        session.value("SELECT count(*) FROM synth_validate_rules() WHERE schema_name IN ('synth', 'pg_catalog')"),
        "0"
    );
}

/// A thousand tables are as many rows, not as many rounds of queries: the number of statements
/// that validation runs does not grow.
fn many_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "DO $$ BEGIN
            CREATE TABLE t0 (code text PRIMARY KEY, name text, n int);
            FOR i IN 1..300 LOOP
                EXECUTE format('CREATE TABLE t%s (code text PRIMARY KEY REFERENCES t%s, name text, n int)', i, i / 2);
                EXECUTE format('SELECT synth_set_rule(''t%s'', ''name'', ''MASKED WITH full_name'')', i);
            END LOOP; END $$",
    );
    rule(&mut session, "t0", "code", "MASKED WITH hash");
    assert_eq!(
        session.rows(
            "SELECT severity, check_name, count(*) FROM synth_validate_rules() GROUP BY 1, 2"
        ),
        [row(&["warning", "undecided", "302"])]
    );
    assert_eq!(
        session.value("SELECT count(*) FROM synth_plan_mask('t0') WHERE action = 'carry'"),
        "300"
    );
}
