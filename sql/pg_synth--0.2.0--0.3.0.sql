-- pg_synth 0.2.0 to 0.3.0. Written by hand and reviewed as code: every object and operator is
-- schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.3.0'" to load this file. \quit

--
-- Masks
--

-- The registry says more of masks: whether the value can be computed back under the secret, and that
-- results are of the type of the value.
DROP VIEW synth.registry;
DROP FUNCTION synth.registry_entries();

CREATE FUNCTION synth.registry_entries(
    OUT kind text,
    OUT name text,
    OUT parameters text,
    OUT output text,
    OUT accepts text,
    OUT injective boolean,
    OUT consistent boolean,
    OUT pseudonymous boolean,
    OUT reversible boolean,
    OUT type_preserving boolean,
    OUT summary text
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 300
    AS 'MODULE_PATHNAME', 'synth_registry_wrapper';

CREATE VIEW synth.registry AS
    SELECT kind, name, parameters, output, accepts, injective, consistent, pseudonymous, reversible,
           type_preserving, summary
    FROM synth.registry_entries();
COMMENT ON VIEW synth.registry IS 'every table, generator and mask, with parameters';
GRANT SELECT ON synth.registry TO PUBLIC;

-- Functions that rules may call. A rule is set by any owner of a table; that a function neither leaks
-- nor keeps what it is given, only a superuser can vouch for, and for this very text of it.
CREATE FUNCTION synth.function_digest(function oid) RETURNS bytea
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT pg_catalog.sha256(pg_catalog.convert_to(
            pg_catalog.pg_get_userbyid(p.proowner)::text OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||)
                pg_catalog.pg_get_functiondef(p.oid), 'UTF8'))
        FROM pg_catalog.pg_proc p
        WHERE p.oid OPERATOR(pg_catalog.=) function
          AND p.prokind OPERATOR(pg_catalog.=) ANY (ARRAY['f', 'p', 'w']::"char"[]);
    END;
COMMENT ON FUNCTION synth.function_digest(oid) IS
    'hash of the definition and owner of a function: trust ends when it changes';

CREATE TABLE synth.trusted_functions (
    function regprocedure PRIMARY KEY,
    digest bytea NOT NULL,
    trusted_by name NOT NULL DEFAULT SESSION_USER,
    trusted_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE synth.trusted_functions IS
    'functions that MASKED WITH FUNCTION may call, with the hash of what was trusted';
REVOKE ALL ON synth.trusted_functions FROM PUBLIC;
GRANT SELECT ON synth.trusted_functions TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('synth.trusted_functions', '');

-- Whoever writes the table may trust functions: nobody is granted that, and these run as the caller.
CREATE FUNCTION @extschema@.synth_trust_function(function regprocedure) RETURNS void
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
    BEGIN ATOMIC
        INSERT INTO synth.trusted_functions (function, digest)
        VALUES (function, synth.function_digest(function::oid))
        ON CONFLICT (function) DO UPDATE
            SET digest = EXCLUDED.digest, trusted_by = EXCLUDED.trusted_by, trusted_at = EXCLUDED.trusted_at;
    END;
COMMENT ON FUNCTION @extschema@.synth_trust_function(regprocedure) IS
    'lets rules call a function on real values: MASKED WITH FUNCTION schema.name(literals)';
REVOKE EXECUTE ON FUNCTION @extschema@.synth_trust_function(regprocedure) FROM PUBLIC;

CREATE FUNCTION @extschema@.synth_distrust_function(function regprocedure) RETURNS void
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
    BEGIN ATOMIC
        DELETE FROM synth.trusted_functions t
        WHERE t.function::oid OPERATOR(pg_catalog.=) synth_distrust_function.function::oid;
    END;
COMMENT ON FUNCTION @extschema@.synth_distrust_function(regprocedure) IS
    'takes back what synth_trust_function gave; rules that call the function are refused from then on';
REVOKE EXECUTE ON FUNCTION @extschema@.synth_distrust_function(regprocedure) FROM PUBLIC;

--
-- Rules for whole databases
--

-- What refers to what without a foreign key. By OID and column number, which renames keep, and by
-- name, which dump and restore keep.
CREATE TABLE synth.reference (
    from_table regclass NOT NULL,
    from_columns name[] NOT NULL,
    to_table regclass NOT NULL,
    to_columns name[] NOT NULL,
    from_oid oid NOT NULL,
    from_numbers smallint[] NOT NULL,
    to_oid oid NOT NULL,
    to_numbers smallint[] NOT NULL
);
COMMENT ON TABLE synth.reference IS 'references declared by synth_reference: masks on keys carry over to what refers to them';
REVOKE ALL ON synth.reference FROM PUBLIC;
-- Names of tables and columns, as the catalogs show them to everybody.
GRANT SELECT ON synth.reference TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('synth.reference', '');

CREATE FUNCTION @extschema@.synth_reference(from_table regclass, from_columns name[], to_table regclass, to_columns name[])
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_reference';
COMMENT ON FUNCTION @extschema@.synth_reference(regclass, name[], regclass, name[]) IS
    'declares that columns refer to a key without a foreign key: masks on the key carry over to them. Only for the owner of both tables';

CREATE FUNCTION @extschema@.synth_drop_reference(from_table regclass, from_columns name[], to_table regclass, to_columns name[])
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_drop_reference';
COMMENT ON FUNCTION @extschema@.synth_drop_reference(regclass, name[], regclass, name[]) IS
    'removes what synth_reference declared';

CREATE FUNCTION @extschema@.synth_protect(target regclass) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_protect';
COMMENT ON FUNCTION @extschema@.synth_protect(regclass) IS
    'protects a table and those below it: while a column has neither a rule nor NOT MASKED, masking, masked copies and jobs refuse it. Only for the owner';

CREATE FUNCTION @extschema@.synth_unprotect(target regclass) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_unprotect';
COMMENT ON FUNCTION @extschema@.synth_unprotect(regclass) IS
    'ends the protection of a table';

CREATE FUNCTION @extschema@.synth_validate_rules(
    schema name DEFAULT NULL,
    OUT schema_name text,
    OUT table_name text,
    OUT column_name text,
    OUT severity text,
    OUT check_name text,
    OUT message text,
    OUT hint text
) RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100
    AS 'MODULE_PATHNAME', 'synth_validate_rules_wrapper';
COMMENT ON FUNCTION @extschema@.synth_validate_rules(name) IS
    'what masking by the rules would break, in a schema or everywhere, one row a finding: an error is refused, a warning may fail or surprise';

CREATE FUNCTION @extschema@.synth_plan_mask(
    target regclass,
    OUT step integer,
    OUT action text,
    OUT table_name text,
    OUT column_name text,
    OUT rule text,
    OUT detail text,
    OUT estimated_rows bigint,
    OUT disk_bytes bigint
) RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 20
    AS 'MODULE_PATHNAME', 'synth_plan_mask_wrapper';
COMMENT ON FUNCTION @extschema@.synth_plan_mask(regclass) IS
    'what synth_mask_table would do, step by step, without locking or changing anything';

CREATE FUNCTION synth.table_changed() RETURNS event_trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_table_changed';
COMMENT ON FUNCTION synth.table_changed() IS
    'tells of columns of protected tables without a decision, and keeps the names in synth.reference';
CREATE EVENT TRIGGER pg_synth_table_changed ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'DROP TABLE')
    EXECUTE FUNCTION synth.table_changed();

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

-- Options have defaults, so that existing calls mean the same.
CREATE FUNCTION @extschema@.synth_mask_table(
    target regclass,
    fire_triggers boolean DEFAULT false,
    gather_statistics boolean DEFAULT true,
    progress boolean DEFAULT false
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_mask_table';
COMMENT ON FUNCTION @extschema@.synth_mask_table(regclass, boolean, boolean, boolean) IS
    'masks a table in place by its rules, the tables below it, and what refers to its keys; gives the number of rows of the table. Only for the owner';

-- Whoever was granted or refused the function still is.
DO LANGUAGE plpgsql $$
DECLARE
    old pg_catalog.oid := '@extschema@.synth_mask_table(regclass)'::pg_catalog.regprocedure;
    entry record;
BEGIN
    IF (SELECT p.proacl IS NOT NULL FROM pg_catalog.pg_proc p WHERE p.oid OPERATOR(pg_catalog.=) old) THEN
        REVOKE ALL ON FUNCTION @extschema@.synth_mask_table(regclass, boolean, boolean, boolean) FROM PUBLIC;
        FOR entry IN
            SELECT CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)::pg_catalog.text) END AS grantee,
                   CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
            FROM pg_catalog.pg_proc p CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) a
            WHERE p.oid OPERATOR(pg_catalog.=) old AND a.grantee OPERATOR(pg_catalog.<>) p.proowner
        LOOP
            EXECUTE pg_catalog.format(
                'GRANT EXECUTE ON FUNCTION @extschema@.synth_mask_table(regclass, boolean, boolean, boolean) TO %s%s',
                entry.grantee, entry.option);
        END LOOP;
    END IF;
END
$$;
DROP FUNCTION @extschema@.synth_mask_table(regclass);

CREATE FUNCTION @extschema@.synth_mask_schema(
    schema name,
    fire_triggers boolean DEFAULT false,
    gather_statistics boolean DEFAULT true,
    progress boolean DEFAULT false,
    OUT table_name text,
    OUT rows_masked bigint,
    OUT seconds double precision
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 50
    AS 'MODULE_PATHNAME', 'synth_mask_schema_wrapper';
COMMENT ON FUNCTION @extschema@.synth_mask_schema(name, boolean, boolean, boolean) IS
    'masks every table of a schema that has a rule, in one transaction; one row a table. Only for the owner';

-- Runs of synth_mask_table_online. Nobody is granted these tables: the library reads and writes
-- them itself, after it has authorized the caller; owners of tables look at synth.progress.
CREATE TABLE synth.online_run (
    target oid PRIMARY KEY,
    phase text NOT NULL,
    definition text NOT NULL,
    waiting_for text,
    started timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    updated timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    resumed timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    pid integer
);
COMMENT ON TABLE synth.online_run IS 'one row a call of synth_mask_table_online that has begun; see synth.progress';

CREATE TABLE synth.online_part (
    relid oid PRIMARY KEY,
    target oid NOT NULL,
    place integer NOT NULL,
    shadow oid NOT NULL,
    log oid NOT NULL,
    map oid NOT NULL,
    map_index oid NOT NULL,
    trigger oid NOT NULL,
    filenode oid NOT NULL,
    shadow_filenode oid NOT NULL,
    blocks bigint NOT NULL,
    next_block bigint NOT NULL DEFAULT 0,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_estimated bigint NOT NULL,
    resumed_rows bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE synth.online_part IS 'tables of a call of synth_mask_table_online, and how far each is copied';

CREATE TABLE synth.online_index (
    index_relid oid PRIMARY KEY,
    relid oid NOT NULL,
    shadow_index oid NOT NULL,
    definition text NOT NULL
);
COMMENT ON TABLE synth.online_index IS 'indexes that synth_mask_table_online has built';

CREATE VIEW synth.progress WITH (security_barrier) AS
    SELECT n.nspname AS schema_name,
           c.relname AS table_name,
           r.phase,
           r.waiting_for,
           p.rows_done,
           t.rows_total,
           CASE WHEN t.rows_total OPERATOR(pg_catalog.=) 0 THEN 100.0
                ELSE pg_catalog.round(100.0 OPERATOR(pg_catalog.*) p.rows_done OPERATOR(pg_catalog./) t.rows_total, 1)
           END AS percent,
           s.rate AS rows_per_second,
           CASE WHEN s.rate OPERATOR(pg_catalog.>) 0 AND r.phase OPERATOR(pg_catalog.=) 'copy'
                THEN (t.rows_total OPERATOR(pg_catalog.-) p.rows_done)::double precision
                     OPERATOR(pg_catalog./) s.rate OPERATOR(pg_catalog.*) interval '1 second'
           END AS time_left,
           r.started,
           r.updated,
           r.pid
    FROM synth.online_part p
    JOIN synth.online_run r ON r.target OPERATOR(pg_catalog.=) p.target
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.relid
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN p.next_block OPERATOR(pg_catalog.>=) p.blocks THEN p.rows_done
            WHEN p.next_block OPERATOR(pg_catalog.=) 0 THEN p.rows_estimated
            ELSE p.rows_done OPERATOR(pg_catalog.*) p.blocks OPERATOR(pg_catalog./) p.next_block
        END AS rows_total) t
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN r.updated OPERATOR(pg_catalog.>) r.resumed
            THEN pg_catalog.round((p.rows_done OPERATOR(pg_catalog.-) p.resumed_rows)::numeric
                 OPERATOR(pg_catalog./) pg_catalog.extract('epoch', r.updated OPERATOR(pg_catalog.-) r.resumed), 0)::double precision
        END AS rate) s
    WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
    ORDER BY r.started, p.place;
COMMENT ON VIEW synth.progress IS 'masking that goes on online, or has been interrupted, or is done, of tables that you own';
GRANT SELECT ON synth.progress TO PUBLIC;

-- Notes which rows of a table change while it is masked online. Only the library makes triggers on it.
CREATE FUNCTION synth.online_capture() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_online_capture';
REVOKE ALL ON FUNCTION synth.online_capture() FROM PUBLIC;
COMMENT ON FUNCTION synth.online_capture() IS 'trigger of synth_mask_table_online: notes which rows change';

CREATE PROCEDURE @extschema@.synth_mask_table_online(
    target regclass,
    batch_rows integer DEFAULT 10000,
    rows_per_second integer DEFAULT NULL,
    max_replica_lag interval DEFAULT NULL,
    lock_timeout interval DEFAULT '2 seconds',
    lock_attempts integer DEFAULT 100
)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'synth_mask_table_online';
COMMENT ON PROCEDURE @extschema@.synth_mask_table_online(regclass, integer, integer, interval, interval, integer) IS
    'masks a table by its rules while it is used, in batches that commit; the same call resumes what was interrupted. Only for the owner';

CREATE FUNCTION @extschema@.synth_mask_online_abort(target regclass) RETURNS boolean
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_mask_online_abort';
COMMENT ON FUNCTION @extschema@.synth_mask_online_abort(regclass) IS
    'gives up masking a table online and leaves it as it was; false if there was nothing to give up. Only for the owner';


--
-- Masked copies
--

CREATE FUNCTION @extschema@.synth_copy_masked(
    source_schema text,
    target_schema text,
    subset jsonb DEFAULT NULL,
    children boolean DEFAULT false,
    depth integer DEFAULT NULL,
    undecided text DEFAULT 'refuse',
    OUT table_name text,
    OUT source_rows bigint,
    OUT copied_rows bigint,
    OUT masked_columns text[],
    OUT seconds double precision,
    OUT note text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 50
    AS 'MODULE_PATHNAME', 'synth_copy_masked_wrapper';
COMMENT ON FUNCTION @extschema@.synth_copy_masked(text, text, jsonb, boolean, integer, text) IS
    'copies the tables of a schema to a new or empty one, masked by their rules. subset: {"<table>": "<condition>"} or {"<table>": {"where": "<condition>", "percent": 10, "rows": 500}}, closed over references; children adds rows that refer to chosen ones. undecided, for columns without a rule: refuse, copy or null';

CREATE FUNCTION @extschema@.synth_plan_copy(
    source_schema text,
    subset jsonb DEFAULT NULL,
    children boolean DEFAULT false,
    depth integer DEFAULT NULL,
    undecided text DEFAULT 'refuse',
    OUT table_name text,
    OUT source_rows bigint,
    OUT copied_rows bigint,
    OUT masked_columns text[],
    OUT undecided_columns text[],
    OUT note text,
    OUT problem text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 50
    AS 'MODULE_PATHNAME', 'synth_plan_copy_wrapper';
COMMENT ON FUNCTION @extschema@.synth_plan_copy(text, jsonb, boolean, integer, text) IS
    'what synth_copy_masked would do: rows (estimated, those of a subset counted), rules, columns nobody has decided on, what is not copied, and what stands against it';

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

CREATE FUNCTION @extschema@.synth_rotate_secret() RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_rotate_secret';
REVOKE ALL ON FUNCTION @extschema@.synth_rotate_secret() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.synth_rotate_secret() IS
    'makes a new version of the masking secret, which is in use from now on, and keeps the others; gives its number';

CREATE FUNCTION @extschema@.synth_shred_secret(version integer) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_shred_secret';
REVOKE ALL ON FUNCTION @extschema@.synth_shred_secret(integer) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.synth_shred_secret(integer) IS
    'destroys the key of a version: what was masked under it can no longer be related to originals by anybody';

-- Who may unmask which column, and under which rule. Nobody is granted the table.
CREATE TABLE synth.unmask_grant (
    role oid NOT NULL,
    relid oid NOT NULL,
    attnum smallint NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (role, relid, attnum)
);
COMMENT ON TABLE synth.unmask_grant IS 'roles that may unmask a column, and the rule it had when that was granted';
REVOKE ALL ON synth.unmask_grant FROM PUBLIC;
ALTER TABLE synth.unmask_grant ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION @extschema@.synth_grant_unmask(role regrole, target regclass, column_name name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_grant_unmask';
REVOKE ALL ON FUNCTION @extschema@.synth_grant_unmask(regrole, regclass, name) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.synth_grant_unmask(regrole, regclass, name) IS
    'lets a role unmask values of a column as long as the column keeps its rule';

CREATE FUNCTION @extschema@.synth_revoke_unmask(role regrole, target regclass, column_name name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_revoke_unmask';
REVOKE ALL ON FUNCTION @extschema@.synth_revoke_unmask(regrole, regclass, name) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.synth_revoke_unmask(regrole, regclass, name) IS
    'takes back what synth_grant_unmask gave';

-- Granted to PUBLIC, and refused by the library to all but superusers and roles of synth.unmask_grant.
CREATE FUNCTION @extschema@.synth_unmask(target regclass, column_name name, value text, key_version integer DEFAULT NULL, companions text[] DEFAULT NULL)
    RETURNS text
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_unmask';
COMMENT ON FUNCTION @extschema@.synth_unmask(regclass, name, text, integer, text[]) IS
    'the original of a value of a column with a reversible rule; only for roles granted it, and audited';

CREATE FUNCTION @extschema@.synth_unmask(target regclass, column_name name, value anyelement, key_version integer DEFAULT NULL, companions text[] DEFAULT NULL)
    RETURNS anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_unmask';
COMMENT ON FUNCTION @extschema@.synth_unmask(regclass, name, anyelement, integer, text[]) IS
    'the original of a value of any type that reversible masks take';

-- Keyed hashes of what masked columns held. Not dumped: without the secret they are of no use.
CREATE TABLE synth.fingerprint (
    relid oid PRIMARY KEY,
    key_version integer NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now(),
    description jsonb NOT NULL
);
COMMENT ON TABLE synth.fingerprint IS 'what synth_verify_masked compares with: one row a table, from its last masking';
REVOKE ALL ON synth.fingerprint FROM PUBLIC;
ALTER TABLE synth.fingerprint ENABLE ROW LEVEL SECURITY;

CREATE TABLE synth.fingerprint_chunk (
    relid oid REFERENCES synth.fingerprint ON DELETE CASCADE,
    column_number integer,
    chunk integer,
    contents bytea NOT NULL,
    PRIMARY KEY (relid, column_number, chunk)
);
COMMENT ON TABLE synth.fingerprint_chunk IS 'sets of keyed hashes, a column each, in parts of 1 MiB';
ALTER TABLE synth.fingerprint_chunk ALTER COLUMN contents SET STORAGE EXTERNAL;
REVOKE ALL ON synth.fingerprint_chunk FROM PUBLIC;
ALTER TABLE synth.fingerprint_chunk ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION @extschema@.synth_verify_masked(
    target regclass,
    other_tables boolean DEFAULT true,
    OUT place text,
    OUT object text,
    OUT column_name text,
    OUT checked bigint,
    OUT surviving bigint,
    OUT coincident bigint,
    OUT expected double precision,
    OUT verdict text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20
    AS 'MODULE_PATHNAME', 'synth_verify_masked_wrapper';
COMMENT ON FUNCTION @extschema@.synth_verify_masked(regclass, boolean) IS
    'looks for originals of a masked table in every place that holds values, and compares control totals; a row for each place';

--
-- Schedule
--

-- Nobody is granted to write these tables: the functions below do, after they have looked who calls.
CREATE TABLE synth.job (
    name text PRIMARY KEY,
    owner name NOT NULL,
    owner_oid oid NOT NULL,
    home text NOT NULL,
    cron text NOT NULL,
    time_zone text NOT NULL,
    command text NOT NULL,
    overlap text NOT NULL,
    attempts integer NOT NULL,
    retry_delay interval NOT NULL,
    window_start time without time zone,
    window_stop time without time zone,
    missed text NOT NULL,
    active boolean NOT NULL,
    next_run timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE synth.job IS
    'jobs of synth_schedule; home says in which database of which cluster a job was scheduled or resumed: elsewhere it does not run';

CREATE SEQUENCE synth.job_run_id;
CREATE TABLE synth.job_run (
    run_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('synth.job_run_id'::pg_catalog.regclass),
    job text NOT NULL,
    owner name NOT NULL,
    owner_oid oid NOT NULL,
    command text NOT NULL,
    reason text NOT NULL,
    attempt integer NOT NULL,
    status text NOT NULL,
    due timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    rows bigint,
    result text,
    notices text,
    sqlstate text,
    message text,
    hint text,
    pid integer,
    backend_start timestamp with time zone,
    ignore_window boolean NOT NULL DEFAULT false,
    stop_at timestamp with time zone,
    stopping_at timestamp with time zone
);
ALTER SEQUENCE synth.job_run_id OWNED BY synth.job_run.run_id;
CREATE INDEX job_run_of_job ON synth.job_run (job, run_id);
CREATE INDEX job_run_not_over ON synth.job_run (status)
    WHERE status OPERATOR(pg_catalog.=) ANY (ARRAY['waiting'::text, 'starting'::text, 'running'::text]);
COMMENT ON TABLE synth.job_run IS
    'history of jobs, the last 1,000 runs of each; reason is schedule, retry or request; status is waiting, starting, running, succeeded, failed, cancelled, interrupted, refused or skipped';

-- A role sees the jobs of the roles it is a member of. Number and name have to agree: the number of
-- a role in the cluster that a dump came from is somebody else's here.
ALTER TABLE synth.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_jobs ON synth.job FOR SELECT USING (EXISTS (
    SELECT FROM pg_catalog.pg_roles r
    WHERE r.oid OPERATOR(pg_catalog.=) owner_oid AND r.rolname OPERATOR(pg_catalog.=) owner
      AND pg_catalog.pg_has_role(r.oid, 'MEMBER')));
GRANT SELECT ON synth.job TO PUBLIC;
ALTER TABLE synth.job_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_runs ON synth.job_run FOR SELECT USING (EXISTS (
    SELECT FROM pg_catalog.pg_roles r
    WHERE r.oid OPERATOR(pg_catalog.=) owner_oid AND r.rolname OPERATOR(pg_catalog.=) owner
      AND pg_catalog.pg_has_role(r.oid, 'MEMBER')));
GRANT SELECT ON synth.job_run TO PUBLIC;
REVOKE ALL ON SEQUENCE synth.job_run_id FROM PUBLIC;

-- Dumps carry jobs and history; jobs wait for synth_resume where they are restored.
SELECT pg_catalog.pg_extension_config_dump('synth.job', '');
SELECT pg_catalog.pg_extension_config_dump('synth.job_run', '');
SELECT pg_catalog.pg_extension_config_dump('synth.job_run_id', '');

CREATE FUNCTION synth.this_database() RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_this_database_wrapper';
COMMENT ON FUNCTION synth.this_database() IS 'identifies this database among all clusters, as in synth.job.home';

CREATE VIEW synth.jobs WITH (security_invoker = true) AS
    SELECT j.name,
           j.owner,
           CASE WHEN j.home OPERATOR(pg_catalog.<>) synth.this_database() THEN 'restored'
                WHEN last.status OPERATOR(pg_catalog.=) 'running' THEN 'running'
                WHEN NOT j.active THEN 'paused'
                ELSE 'scheduled' END AS state,
           j.cron, j.time_zone, j.command,
           CASE WHEN j.active AND j.home OPERATOR(pg_catalog.=) synth.this_database() THEN j.next_run END AS next_run,
           last.run_id AS last_run_id, last.status AS last_status, last.started_at AS last_started_at,
           last.finished_at AS last_finished_at, last.rows AS last_rows, last.message AS last_message
    FROM synth.job j
    LEFT JOIN LATERAL (
        SELECT r.run_id, r.status, r.started_at, r.finished_at, r.rows, r.message
        FROM synth.job_run r
        WHERE r.job OPERATOR(pg_catalog.=) j.name AND r.status OPERATOR(pg_catalog.<>) 'waiting'
        ORDER BY r.run_id DESC LIMIT 1) AS last ON true
    ORDER BY j.name;
COMMENT ON VIEW synth.jobs IS 'jobs of the roles one is a member of, with their state, next run and last run';
GRANT SELECT ON synth.jobs TO PUBLIC;

CREATE FUNCTION @extschema@.synth_schedule(
    name text,
    cron text,
    command text,
    time_zone text DEFAULT NULL,
    overlap text DEFAULT 'skip',
    attempts integer DEFAULT 1,
    retry_delay interval DEFAULT '1 minute',
    window_start time without time zone DEFAULT NULL,
    window_stop time without time zone DEFAULT NULL,
    missed text DEFAULT 'skip'
) RETURNS timestamp with time zone
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_schedule_wrapper';
COMMENT ON FUNCTION @extschema@.synth_schedule(text, text, text, text, text, integer, interval, time without time zone, time without time zone, text) IS
    'runs a command at its times, as the current role; gives the time of the first run. docs/schedule.md describes the arguments';
-- Whoever may call it can keep processes of the server busy at any hour.
REVOKE ALL ON FUNCTION @extschema@.synth_schedule(text, text, text, text, text, integer, interval, time without time zone, time without time zone, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.synth_unschedule(name text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_unschedule_wrapper';
COMMENT ON FUNCTION @extschema@.synth_unschedule(text) IS
    'removes a job; a run that has begun ends as it would, and the history stays';

CREATE FUNCTION @extschema@.synth_pause(name text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_pause_wrapper';
COMMENT ON FUNCTION @extschema@.synth_pause(text) IS
    'starts no more runs of a job by its schedule, until synth_resume';

CREATE FUNCTION @extschema@.synth_resume(name text) RETURNS timestamp with time zone
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_resume_wrapper';
COMMENT ON FUNCTION @extschema@.synth_resume(text) IS
    'lets a job run that was paused or restored from a dump; gives the time of the next run';

CREATE FUNCTION @extschema@.synth_run_now(name text, ignore_window boolean DEFAULT false) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_run_now_wrapper';
COMMENT ON FUNCTION @extschema@.synth_run_now(text, boolean) IS
    'asks for a run of a job, paused or not, as its owner; gives the run_id in synth.job_run';

CREATE FUNCTION synth.next_run(cron text, time_zone text DEFAULT NULL, after timestamp with time zone DEFAULT pg_catalog.now())
    RETURNS timestamp with time zone
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_next_run_wrapper';
COMMENT ON FUNCTION synth.next_run(text, text, timestamp with time zone) IS
    'the next time that a cron expression matches, in a time zone or the server''s';

CREATE FUNCTION synth.look_at_jobs() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_look_at_jobs_wrapper';
REVOKE ALL ON FUNCTION synth.look_at_jobs() FROM PUBLIC;
COMMENT ON FUNCTION synth.look_at_jobs() IS
    'has the launcher look at the jobs of this database once the transaction commits: for a superuser who has changed synth.job by hand';
