-- pg_synth 0.2.0 to 0.3.0. Written by hand and reviewed as code: every object and operator is
-- schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.3.0'" to load this file. \quit

--
-- Masks
--

--
-- Rules for whole databases
--

--
-- Detection of what to mask, and rules of other tools
--

-- Run with the caller's rights and see what the caller sees, hence for everybody; setting rules
-- needs ownership of the table.

CREATE FUNCTION @extschema@.synth_detect(
    schema name,
    sample_rows bigint DEFAULT 1000,
    OUT schema_name text,
    OUT table_name text,
    OUT column_name text,
    OUT json_path text,
    OUT data_type text,
    OUT category text,
    OUT confidence double precision,
    OUT evidence jsonb,
    OUT hipaa text,
    OUT gdpr text,
    OUT proposed_rule text,
    OUT current_rule text,
    OUT note text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 200
    AS 'MODULE_PATHNAME', 'synth_detect_wrapper';
COMMENT ON FUNCTION @extschema@.synth_detect(name, bigint) IS
    'what the columns of a schema hold of people, from their names and a sample of values as the caller sees them: category, confidence, counts, HIPAA and GDPR class, and a rule that fits';

CREATE FUNCTION @extschema@.synth_apply_detected(
    schema name,
    min_confidence double precision DEFAULT 0.8,
    OUT table_name text,
    OUT column_name text,
    OUT category text,
    OUT confidence double precision,
    OUT rule text,
    OUT is_set boolean,
    OUT reason text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
    AS 'MODULE_PATHNAME', 'synth_apply_detected_wrapper';
COMMENT ON FUNCTION @extschema@.synth_apply_detected(name, double precision) IS
    'sets the rules that synth_detect proposes, from a confidence on; columns with a rule are left alone. Says what it set, what it left, and why';

CREATE FUNCTION @extschema@.synth_import_rules(
    dump text,
    apply boolean DEFAULT false,
    OUT line bigint,
    OUT object_type text,
    OUT object text,
    OUT original text,
    OUT rule text,
    OUT is_set boolean,
    OUT reason text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100
    AS 'MODULE_PATHNAME', 'synth_import_rules_wrapper';
COMMENT ON FUNCTION @extschema@.synth_import_rules(text, boolean) IS
    'translates masking rules of PostgreSQL Anonymizer found in the text of a dump; with apply it sets them. reason says what could not be translated or is different';

--
-- Masking in place
--

--
-- Masked copies
--

--
-- Secrets, unmasking, proof and audit
--

--
-- Schedule
--
