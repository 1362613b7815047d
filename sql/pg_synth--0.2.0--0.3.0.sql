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

--
-- Masking in place
--

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
