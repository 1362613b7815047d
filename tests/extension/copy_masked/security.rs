//! With whose rights what runs.

use super::clinic;
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    a_reader_copies_what_it_may_read,
    row_level_security_holds,
    code_of_tables_runs_as_their_owner,
    tables_of_several_owners,
];

fn role(session: &mut crate::extension::Session, name: &str) -> String {
    let role = format!("{name}_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {} TO {role}",
        session.database
    ));
    role
}

fn a_reader_copies_what_it_may_read(pg: &Postgres) {
    let mut session = clinic(pg);
    let name = role(&mut session, "reader");
    let stranger = format!("stranger_{}", session.database);
    session.run(&format!("CREATE ROLE {stranger} LOGIN; GRANT USAGE ON SCHEMA clinic TO {name}, {stranger}; GRANT SELECT ON clinic.doctors, clinic.patients TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA clinic TO {stranger}"));
    let mut reader = session.role(pg, &name);
    let error = reader.refused(
        "SELECT synth_copy_masked('clinic', 'mine')",
        "42501",
        "clinic.visits",
    );
    assert!(error.hint.contains("GRANT SELECT"), "{error}");
    session.run(&format!("GRANT SELECT ON clinic.visits TO {name}"));
    reader.run("SELECT synth_copy_masked('clinic', 'mine')");
    assert_eq!(
        reader.value("SELECT count(*) FROM mine.visits WHERE note = 'none'"),
        "300"
    );
    // The rows are the caller's, the tables are the owner's.
    reader.run("DELETE FROM mine.visits; INSERT INTO mine.doctors (name) VALUES ('New')");
    reader.refused("CREATE TRIGGER t BEFORE INSERT ON mine.visits FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()", "42501", "visits");
    assert_eq!(session.value("SELECT count(*) FROM clinic.visits"), "300");
    reader.run("DROP SCHEMA mine CASCADE");
    // Without CREATE on the database, and into the schema of another.
    let mut stranger = session.role(pg, &stranger);
    stranger.refused(
        "SELECT synth_copy_masked('clinic', 'theirs')",
        "42501",
        "database",
    );
    session.run("CREATE SCHEMA empty");
    stranger.refused(
        "SELECT synth_copy_masked('clinic', 'empty')",
        "42501",
        "must be owner of schema",
    );
}

fn row_level_security_holds(pg: &Postgres) {
    let mut session = clinic(pg);
    let name = role(&mut session, "limited");
    session.run(&format!(
        "GRANT USAGE ON SCHEMA clinic TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA clinic TO {name};
         ALTER TABLE clinic.visits ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON clinic.visits USING (patient <= 10)"
    ));
    let mut limited = session.role(pg, &name);
    let note = limited.column(
        "SELECT note FROM synth_copy_masked('clinic', 'mine') WHERE table_name = 'clinic.visits'",
    );
    assert_eq!(note, ["only rows that row-level security lets you see"]);
    assert_eq!(
        limited.value("SELECT count(*) || ' ' || max(patient) FROM mine.visits"),
        "30 10"
    );
    // A condition cannot put rows among the chosen ones that the policy hides.
    limited.run("CREATE SCHEMA own; CREATE FUNCTION own.smuggle() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO pg_temp.synth_subset SELECT 'clinic.visits'::regclass, format('(%s,%s)', b, o)::tid, 0 FROM generate_series(0, 3) b, generate_series(1, 200) o ON CONFLICT DO NOTHING;
        RETURN true; END $$");
    limited.run(r#"SELECT synth_copy_masked('clinic', 'mine2', subset => '{"doctors": "id = 1 AND own.smuggle()"}')"#);
    assert_eq!(
        limited.value("SELECT count(*) FROM mine2.visits WHERE patient > 10"),
        "0"
    );
    session.run("SELECT synth_copy_masked('clinic', 'whole')");
    assert_eq!(session.value("SELECT count(*) FROM whole.visits"), "300");
}

fn code_of_tables_runs_as_their_owner(pg: &Postgres) {
    let mut session = fresh(pg);
    let name = role(&mut session, "owner");
    let mut owner = session.role(pg, &name);
    owner.run(&format!(
        "CREATE SCHEMA s AUTHORIZATION {name};
         CREATE FUNCTION s.who(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
            IF current_user <> '{name}' THEN RAISE EXCEPTION 'runs as %', current_user; END IF; RETURN v; END $$;
         CREATE DOMAIN s.d AS int CHECK (s.who(VALUE) > 0);
         CREATE TABLE s.t (a int CHECK (s.who(a) > 0), b int GENERATED ALWAYS AS (s.who(a) + 1) STORED, c s.d, e int DEFAULT s.who(1));
         CREATE INDEX ON s.t (s.who(a)); CREATE UNIQUE INDEX ON s.t (a) WHERE s.who(a) > 0;
         INSERT INTO s.t (a, c) SELECT i, i FROM generate_series(1, 50) i;
         CREATE TABLE s.p (k int) PARTITION BY LIST (s.who(k)); CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES IN (1); INSERT INTO s.p VALUES (1);
         SELECT synth_set_rule('s.t', 'c', 'MASKED WITH VALUE 5')"
    ));
    // By the superuser, whose rights such code must not get: not now, and not later, for the copy
    // belongs to the same owner.
    session.run("SELECT synth_copy_masked('s', 'd', undecided => 'copy')");
    session.run("ANALYZE d.t; REINDEX TABLE d.t");
    assert_eq!(
        session.value("SELECT count(*) FROM d.t WHERE b = a + 1 AND c = 5"),
        "50"
    );
    assert_eq!(
        session.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'd.t'::regclass"),
        name
    );
    // The owner cannot make more in the schema of the caller.
    owner.refused("CREATE TABLE d.more ()", "42501", "schema d");
}

/// Partitions and children that belong to other roles than the table above them: each copy belongs to
/// the owner of its original, and code of a table has run with the rights of the owner of a table.
fn tables_of_several_owners(pg: &Postgres) {
    let mut session = fresh(pg);
    let names = ["upper", "lower", "caller"].map(|name| role(&mut session, name));
    let [upper, lower, caller] = &names;
    session.run(&format!(
        "CREATE SCHEMA mixed; GRANT USAGE, CREATE ON SCHEMA mixed TO {upper}, {lower}; GRANT USAGE ON SCHEMA mixed TO {caller};
         CREATE TABLE public.ran (who text); GRANT INSERT ON public.ran TO PUBLIC;
         CREATE FUNCTION public.note_it() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user); END $$;
         CREATE FUNCTION public.spy(v int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note_it(); RETURN v; END $$;
         CREATE TABLE mixed.log (id int NOT NULL, name text) PARTITION BY RANGE (id);
         CREATE TABLE mixed.log_1 PARTITION OF mixed.log FOR VALUES FROM (0) TO (100);
         CREATE TABLE mixed.log_2 PARTITION OF mixed.log DEFAULT;
         ALTER TABLE mixed.log ADD PRIMARY KEY (id); ALTER TABLE mixed.log ADD CONSTRAINT later CHECK (id > 0) NOT VALID; CREATE INDEX ON mixed.log (public.spy(id));
         CREATE TABLE mixed.base (id int, name text, CONSTRAINT named CHECK (name <> ''));
         CREATE TABLE mixed.derived (extra text) INHERITS (mixed.base);
         CREATE TABLE mixed.refers (id int REFERENCES mixed.log);
         INSERT INTO mixed.log SELECT i, 'Real ' || i FROM generate_series(1, 200) i; INSERT INTO mixed.derived VALUES (1, 'Real', 'x'); INSERT INTO mixed.refers VALUES (7);
         ALTER TABLE mixed.log OWNER TO {upper}; ALTER TABLE mixed.log_1 OWNER TO {lower}; ALTER TABLE mixed.log_2 OWNER TO {lower};
         ALTER TABLE mixed.base OWNER TO {upper}; ALTER TABLE mixed.derived OWNER TO {lower}; ALTER TABLE mixed.refers OWNER TO {lower};
         GRANT SELECT ON ALL TABLES IN SCHEMA mixed TO {caller}; TRUNCATE public.ran;
         SELECT synth_set_rule('mixed.log', 'name', 'MASKED WITH hash'), synth_set_rule('mixed.base', 'name', 'MASKED WITH hash')"
    ));
    session.run("SELECT synth_set_rule('mixed.log', 'id', 'NOT MASKED'), synth_set_rule('mixed.base', 'id', 'NOT MASKED'), synth_set_rule('mixed.derived', 'extra', 'NOT MASKED')");
    let owners = |session: &mut crate::extension::Session, schema: &str| {
        session.rows(&format!(
            "SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = '{schema}'::regnamespace ORDER BY relname COLLATE \"C\""
        ))
    };
    let expected = owners(&mut session, "mixed");
    let mut copier = session.role(pg, caller);
    copier.run("SELECT synth_copy_masked('mixed', 'made')");
    assert_eq!(owners(&mut session, "made"), expected);
    assert_eq!(
        copier.value("SELECT count(*) || ' ' || count(*) FILTER (WHERE name ~ '^[0-9a-f]{64}$') FROM made.log"),
        "200 200"
    );
    assert_eq!(session.value("SELECT count(*) FROM made.log_1"), "99");
    assert_eq!(session.value("SELECT count(*) FROM made.base"), "1");
    assert_eq!(
        session.value(&format!(
            "SELECT count(*) FROM public.ran WHERE who NOT IN ('{upper}', '{lower}')"
        )),
        "0",
        "code of a table ran as somebody else"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM pg_constraint WHERE conrelid IN ('made.log'::regclass, 'made.log_1'::regclass) AND conname = 'later' AND NOT convalidated"),
        "2"
    );
    // What was lent is given back: the upper owner has no rights on the lower tables.
    let mut upper = session.role(pg, upper);
    upper.refused(
        "ALTER TABLE made.log_1 ADD COLUMN x int",
        "42501",
        "must be owner",
    );
    upper.refused("TABLE made.derived", "42501", "permission denied");
}
