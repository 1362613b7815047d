-- pg_synth 0.1.0. Written by hand and reviewed as code: each function below is a C function of the
-- library, every name is schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "CREATE EXTENSION pg_synth" to load this file. \quit

-- Internal objects. A schema of this name that exists already is not ours: creation fails.
CREATE SCHEMA synth;
GRANT USAGE ON SCHEMA synth TO PUBLIC;
COMMENT ON SCHEMA synth IS 'internal objects of pg_synth';

--
-- Generators
--

CREATE TYPE @extschema@.synth_patient AS (
    patient_id uuid,
    mrn text,
    ssn text,
    first_name text,
    middle_name text,
    last_name text,
    sex text,
    birth_date date,
    death_date date,
    race text,
    ethnicity text,
    marital_status text,
    language text,
    street_address text,
    city text,
    state text,
    zip text,
    latitude double precision,
    longitude double precision,
    phone text,
    email text,
    blood_type text,
    height_cm double precision,
    weight_kg double precision,
    bmi double precision,
    smoking_status text,
    insurance_type text,
    insurance_member_id text,
    primary_provider_npi text,
    created_at timestamp with time zone
);
COMMENT ON TYPE @extschema@.synth_patient IS 'a row of synth_patients; docs/generating.md describes each column';

-- Generators are PARALLEL SAFE: a seed decides the rows. In FROM, a call without one is kept out of
-- workers by the planner hook, since each would draw a seed of its own.

-- Tells the planner how many rows a call gives; its first call loads the library, and with it the
-- hook that plans generators in FROM as scans.
CREATE FUNCTION synth.rows_support(internal) RETURNS internal
    LANGUAGE c STRICT VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_rows_support';

CREATE FUNCTION @extschema@.synth_patients(
    rows bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_patient
    LANGUAGE c VOLATILE PARALLEL SAFE COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_patients';
COMMENT ON FUNCTION @extschema@.synth_patients(bigint, bigint, bigint, date) IS
    'patients of the US population: the same seed gives the same rows; as_of is the last day the data may mention (2026-01-01 unless given)';

CREATE FUNCTION @extschema@.synth_last_seed() RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'synth_last_seed';
COMMENT ON FUNCTION @extschema@.synth_last_seed() IS
    'seed of the last generator called in this session';

--
-- Registry
--

CREATE FUNCTION synth.registry_entries(
    OUT kind text,
    OUT name text,
    OUT parameters text,
    OUT output text,
    OUT accepts text,
    OUT injective boolean,
    OUT consistent boolean,
    OUT pseudonymous boolean,
    OUT summary text
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 50
    AS 'MODULE_PATHNAME', 'synth_registry_wrapper';

CREATE VIEW synth.registry AS
    SELECT kind, name, parameters, output, accepts, injective, consistent, pseudonymous, summary
    FROM synth.registry_entries();
COMMENT ON VIEW synth.registry IS 'every table, generator and mask, with parameters';
GRANT SELECT ON synth.registry TO PUBLIC;

--
-- Secret: who reads it can test guesses against every pseudonym, so nobody is granted anything.
--

CREATE TABLE synth.secret (
    version integer PRIMARY KEY,
    key bytea NOT NULL CHECK (pg_catalog.octet_length(key) OPERATOR(pg_catalog.=) 32),
    created_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE synth.secret IS 'masking secrets; the highest version is in use. Databases that share it give equal pseudonyms';
REVOKE ALL ON synth.secret FROM PUBLIC;
-- Members of pg_read_all_data may read every table, but not rows that no policy shows them.
ALTER TABLE synth.secret ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION synth.random_secret() RETURNS bytea
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_random_secret';
REVOKE ALL ON FUNCTION synth.random_secret() FROM PUBLIC;

INSERT INTO synth.secret (version, key) VALUES (1, synth.random_secret());

--
-- Rules: security labels of provider pg_synth on columns. Ownership of the table is required, by
-- Postgres itself.
--

CREATE FUNCTION @extschema@.synth_set_rule(target regclass, column_name name, rule text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_set_rule';
COMMENT ON FUNCTION @extschema@.synth_set_rule(regclass, name, text) IS
    'puts a masking rule on a column: MASKED WITH <mask>[(literal, ...)], MASKED WITH VALUE <literal> or NOT MASKED';

CREATE FUNCTION @extschema@.synth_drop_rule(target regclass, column_name name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_drop_rule';
COMMENT ON FUNCTION @extschema@.synth_drop_rule(regclass, name) IS
    'removes the masking rule of a column';

CREATE FUNCTION synth.rule_problem(target regclass, attnum smallint, rule text) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_rule_problem';

CREATE VIEW synth.rules AS
    SELECT n.nspname AS schema_name,
           c.relname AS table_name,
           a.attname AS column_name,
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS data_type,
           l.label AS rule,
           synth.rule_problem(c.oid::pg_catalog.regclass, a.attnum, l.label) AS problem
    FROM pg_catalog.pg_seclabel l
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) l.objoid
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    JOIN pg_catalog.pg_attribute a
      ON a.attrelid OPERATOR(pg_catalog.=) c.oid
     AND a.attnum OPERATOR(pg_catalog.=) l.objsubid
    WHERE l.provider OPERATOR(pg_catalog.=) 'pg_synth'
      AND l.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    ORDER BY n.nspname, c.relname, a.attnum;
COMMENT ON VIEW synth.rules IS 'masking rules; problem says why a rule no longer fits its column';
GRANT SELECT ON synth.rules TO PUBLIC;

--
-- Masks
--

CREATE FUNCTION @extschema@.synth_mask_table(target regclass) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_mask_table';
COMMENT ON FUNCTION @extschema@.synth_mask_table(regclass) IS
    'masks a table in place by its rules, and the tables below it; gives the number of rows. Only for the owner';

-- An oracle for the secret: grant it with care.
CREATE FUNCTION @extschema@.synth_mask(mask text, value text, VARIADIC arguments text[] DEFAULT '{}')
    RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_mask';
REVOKE ALL ON FUNCTION @extschema@.synth_mask(text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.synth_mask(text, text, text[]) IS
    'applies a mask to a value under the secret of the database; whoever may call it can test guesses';

CREATE FUNCTION @extschema@.synth_mask(mask text, value anyelement, VARIADIC arguments text[] DEFAULT '{}')
    RETURNS anyelement
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_mask';
REVOKE ALL ON FUNCTION @extschema@.synth_mask(text, anyelement, text[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.synth_mask(text, anyelement, text[]) IS
    'applies a mask to a value of any type that has masks';
