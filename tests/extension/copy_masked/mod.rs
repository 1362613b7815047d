//! `synth_copy_masked` and `synth_plan_copy`: what a copy holds, which rows a subset consists of, what
//! is refused, and that originals stay where they are.

mod definition;
mod places;
mod random;
mod refusals;
mod rows;
mod security;
mod subset;

use super::{Session, Test, fresh};
use crate::servers::postgres::Postgres;

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        definition::tests(),
        rows::tests(),
        places::tests(),
        subset::tests(),
        random::tests(),
        refusals::tests(),
        security::tests(),
    ]
    .concat()
}

/// Decides on every column of a schema that has no rule.
fn decide_rest(session: &mut Session, schema: &str) {
    session.run(&format!(
        "SELECT synth_set_rule(format('%I.%I', n.nspname, c.relname)::regclass, a.attname, 'NOT MASKED')
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
           AND NOT EXISTS (SELECT FROM pg_seclabel l WHERE l.objoid = c.oid AND l.objsubid = a.attnum)
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY (k.conkey))"
    ));
}

/// A small clinic: patients refer to their doctor and, some, to a guardian; visits to patients.
fn clinic(pg: &Postgres) -> Session {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA clinic;
         CREATE TABLE clinic.doctors (id serial PRIMARY KEY, name text NOT NULL);
         CREATE TABLE clinic.patients (
             id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
             email text UNIQUE, birth_date date, doctor integer NOT NULL REFERENCES clinic.doctors,
             guardian bigint REFERENCES clinic.patients);
         CREATE TABLE clinic.visits (
             patient bigint NOT NULL REFERENCES clinic.patients, number integer, day date, note text,
             PRIMARY KEY (patient, number));
         INSERT INTO clinic.doctors (name) SELECT 'Dr. Original ' || i FROM generate_series(1, 5) i;
         INSERT INTO clinic.patients (name, email, birth_date, doctor, guardian)
         SELECT 'Original Person ' || i, 'original' || i || '@real.org', date '1980-01-01' + i,
                i % 5 + 1, CASE WHEN i % 10 = 0 THEN i - 9 END
         FROM generate_series(1, 100) i;
         INSERT INTO clinic.visits
         SELECT p, n, date '2020-01-01' + n, 'original note ' || p || '/' || n
         FROM generate_series(1, 100) p, generate_series(1, 3) n;
         SELECT synth_set_rule('clinic.doctors', 'name', 'MASKED WITH full_name');
         SELECT synth_set_rule('clinic.patients', 'name', 'MASKED WITH full_name');
         SELECT synth_set_rule('clinic.patients', 'email', 'MASKED WITH email');
         SELECT synth_set_rule('clinic.patients', 'birth_date', 'MASKED WITH date_shift(30)');
         SELECT synth_set_rule('clinic.visits', 'note', 'MASKED WITH VALUE ''none''')",
    );
    decide_rest(&mut session, "clinic");
    session
}

/// All rows of a table as text, sorted.
#[track_caller]
fn contents(session: &mut Session, table: &str) -> Vec<String> {
    session.column(&format!("SELECT t::text FROM {table} t ORDER BY 1"))
}
