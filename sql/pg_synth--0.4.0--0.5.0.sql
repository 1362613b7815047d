-- pg_synth 0.4.0 to 0.5.0. Written by hand and reviewed as code: every object and operator is
-- schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.5.0'" to load this file. \quit

--
-- Values
--

CREATE FUNCTION synth.point_count(points bigint) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_point_count';
COMMENT ON FUNCTION synth.point_count(bigint) IS 'how many points a time series has; negative numbers and NULL are refused';

-- As before, but for the check of points.
CREATE OR REPLACE FUNCTION @extschema@.synth_timeseries(
    start timestamp with time zone,
    step interval,
    points bigint,
    seed bigint DEFAULT NULL,
    base double precision DEFAULT 100,
    trend double precision DEFAULT 0,
    season_period double precision DEFAULT 24,
    season_amplitude double precision DEFAULT 10,
    noise double precision DEFAULT 1,
    gaps double precision DEFAULT 0,
    gap_length bigint DEFAULT 1,
    OUT at timestamp with time zone,
    OUT value double precision
) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000
    BEGIN ATOMIC
        SELECT start OPERATOR(pg_catalog.+) (i OPERATOR(pg_catalog.*) step),
               synth.series_value(i, COALESCE(seed, synth.session_seed()), base, trend,
                                  season_period, season_amplitude, noise, gaps, gap_length)
        FROM (SELECT pg_catalog.generate_series(0, synth.point_count(points) OPERATOR(pg_catalog.-) 1)) s (i);
    END;
