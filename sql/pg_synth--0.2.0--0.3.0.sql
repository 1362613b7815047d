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

--
-- Schedule
--
