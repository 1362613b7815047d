-- pg_synth 0.3.0 to 0.4.0. Written by hand and reviewed as code: every object and operator is
-- schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.4.0'" to load this file. \quit

--
-- Proof
--

CREATE FUNCTION @extschema@.synth_purge_statistics() RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_purge_statistics';
COMMENT ON FUNCTION @extschema@.synth_purge_statistics() IS
    'clears the catalogs of statistics of dead rows, which may hold originals after a masking, as VACUUM FULL does; gives the number that older transactions still may see. For superusers and whom they grant it';
-- It locks what every query is planned with, until the transaction ends.
REVOKE ALL ON FUNCTION @extschema@.synth_purge_statistics() FROM PUBLIC;

--
-- Progress
--

-- Also of tables that synth_mask_table rewrites: Postgres shows those with its own rewrites (CLUSTER,
-- VACUUM FULL), ours marked with a number, in the transaction that masks and to whoever may see its
-- session.
CREATE OR REPLACE VIEW synth.progress WITH (security_barrier) AS
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
           CASE WHEN s.rate OPERATOR(pg_catalog.>) 0 AND r.phase OPERATOR(pg_catalog.=) ANY (ARRAY['copy', 'rewrite'])
                THEN (t.rows_total OPERATOR(pg_catalog.-) p.rows_done)::double precision
                     OPERATOR(pg_catalog./) s.rate OPERATOR(pg_catalog.*) interval '1 second'
           END AS time_left,
           r.started,
           r.updated,
           r.pid
    FROM (
        SELECT p.relid, p.place, p.target, p.rows_done, p.blocks, p.next_block, p.rows_estimated, p.resumed_rows
        FROM synth.online_part p
        UNION ALL
        -- The parameters are those of pg_stat_progress_cluster, and ours behind them.
        SELECT g.relid, 0, NULL::oid, g.param4, g.param6, g.param7, g.param12, 0
        FROM pg_catalog.pg_stat_get_progress_info('CLUSTER') g
        WHERE g.param1 OPERATOR(pg_catalog.=) 4711
          AND g.datid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                              WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
        ) p
    JOIN (
        SELECT r.target, NULL::oid AS relid, r.phase, r.waiting_for, r.started, r.updated, r.resumed, r.pid
        FROM synth.online_run r
        UNION ALL
        SELECT NULL::oid, g.relid,
               CASE WHEN g.param2 OPERATOR(pg_catalog.=) 1 THEN 'rewrite' WHEN g.param2 OPERATOR(pg_catalog.=) 5 THEN 'swap'
                    WHEN g.param2 OPERATOR(pg_catalog.=) 6 THEN 'index' ELSE 'cleanup' END,
               NULL::text, b.begun, pg_catalog.clock_timestamp(), b.begun, g.pid
        FROM pg_catalog.pg_stat_get_progress_info('CLUSTER') g
        CROSS JOIN LATERAL (
            SELECT timestamp with time zone '2000-01-01 00:00:00+00'
                   OPERATOR(pg_catalog.+) (g.param11::double precision OPERATOR(pg_catalog.*) interval '1 microsecond') AS begun) b
        WHERE g.param1 OPERATOR(pg_catalog.=) 4711
          AND g.datid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                              WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
        ) r ON r.target OPERATOR(pg_catalog.=) p.target
            OR p.target IS NULL AND r.relid OPERATOR(pg_catalog.=) p.relid
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
COMMENT ON VIEW synth.progress IS
    'masking that goes on, online or as a rewrite, and online masking that has been interrupted or is done, of tables that you own';
