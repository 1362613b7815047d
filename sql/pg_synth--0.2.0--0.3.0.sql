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

-- The audit. Nobody is granted its tables: the library writes them, when a transaction commits. The
-- text of a record is kept as it was hashed; docs/proof.md says how to check it with other tools.
CREATE TABLE synth.audit (
    id bigint PRIMARY KEY,
    record text NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
COMMENT ON TABLE synth.audit IS 'records of what pg_synth did, each with the hash of the one before; see synth.audit_log';
REVOKE ALL ON synth.audit FROM PUBLIC;
ALTER TABLE synth.audit ENABLE ROW LEVEL SECURITY;

-- At most one row: the last record. Created with the first one, so that a dump can bring it.
CREATE TABLE synth.audit_head (
    is_head boolean PRIMARY KEY CHECK (is_head),
    id bigint NOT NULL,
    hash bytea NOT NULL,
    key_id bytea NOT NULL,
    seal bytea NOT NULL
);
COMMENT ON TABLE synth.audit_head IS 'number and hash of the last record of synth.audit, sealed with the masking secret';
REVOKE ALL ON synth.audit_head FROM PUBLIC;
ALTER TABLE synth.audit_head ENABLE ROW LEVEL SECURITY;

-- pg_dump carries both.
SELECT pg_catalog.pg_extension_config_dump('synth.audit', '');
SELECT pg_catalog.pg_extension_config_dump('synth.audit_head', '');

-- Names, rules and counts, but no values. Members of pg_monitor see all of it, others what they did
-- themselves.
CREATE VIEW synth.audit_log WITH (security_barrier) AS
    SELECT id,
           (r OPERATOR(pg_catalog.->>) 'at')::timestamp with time zone AS at,
           r OPERATOR(pg_catalog.->>) 'session_user' AS session_user_name,
           r OPERATOR(pg_catalog.->>) 'role' AS role_name,
           (r OPERATOR(pg_catalog.->>) 'client')::inet AS client,
           r OPERATOR(pg_catalog.->>) 'operation' AS operation,
           r OPERATOR(pg_catalog.->>) 'target' AS target,
           r OPERATOR(pg_catalog.->) 'rules' AS rules,
           r OPERATOR(pg_catalog.->>) 'rules_sha256' AS rules_sha256,
           (r OPERATOR(pg_catalog.->>) 'key_version')::integer AS key_version,
           (r OPERATOR(pg_catalog.->>) 'rows')::bigint AS rows,
           r OPERATOR(pg_catalog.->) 'before' AS before,
           r OPERATOR(pg_catalog.->) 'after' AS after,
           r OPERATOR(pg_catalog.->) 'verification' AS verification,
           pg_catalog.encode(hash, 'hex') AS hash
    FROM (SELECT id, record::jsonb AS r, hash FROM synth.audit OFFSET 0) a
    WHERE pg_catalog.pg_has_role('pg_monitor', 'USAGE')
       OR r OPERATOR(pg_catalog.->>) 'session_user' OPERATOR(pg_catalog.=) SESSION_USER::text
    ORDER BY id;
COMMENT ON VIEW synth.audit_log IS 'what pg_synth did: who, when, with which rules and secret version, and what was verified';
GRANT SELECT ON synth.audit_log TO PUBLIC;

CREATE FUNCTION @extschema@.synth_audit_verify(
    anchor_id bigint DEFAULT NULL,
    anchor_hash text DEFAULT NULL,
    OUT id bigint,
    OUT problem text
) RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1
    AS 'MODULE_PATHNAME', 'synth_audit_verify_wrapper';
REVOKE ALL ON FUNCTION @extschema@.synth_audit_verify(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.synth_audit_verify(bigint, text) TO pg_monitor;
COMMENT ON FUNCTION @extschema@.synth_audit_verify(bigint, text) IS
    'where the hash chain of the audit is broken: no row means that it is whole; anchor: number and hash of a record, as the server log has them';

-- A version whose key is gone stays known.
ALTER TABLE synth.secret ALTER COLUMN key DROP NOT NULL;
ALTER TABLE synth.secret ADD COLUMN shredded_at timestamp with time zone;

CREATE VIEW synth.secret_versions AS
    SELECT version, created_at, shredded_at,
           shredded_at IS NULL AND version OPERATOR(pg_catalog.=)
               (SELECT pg_catalog.max(n.version) FROM synth.secret n WHERE n.key IS NOT NULL) AS in_use
    FROM synth.secret
    ORDER BY version;
COMMENT ON VIEW synth.secret_versions IS 'versions of the masking secret, without the keys; new masking uses the one in use';
GRANT SELECT ON synth.secret_versions TO PUBLIC;

--
-- Schedule
--
