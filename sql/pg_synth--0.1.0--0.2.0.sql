-- pg_synth 0.1.0 to 0.2.0. Written by hand and reviewed as code, except for the section between the
-- markers, which a test keeps equal to the registry. CREATE EXTENSION runs 0.1.0 and then this.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.2.0'" to load this file. \quit

--
-- Scans: workers share a scan
--

--
-- Values
--

-- VOLATILE, since a call without a row gives a fresh value each time; PARALLEL SAFE, since with row and
-- seed it is the same value wherever it is made.
CREATE FUNCTION @extschema@.synth(
    generator text,
    "row" bigint DEFAULT NULL,
    seed bigint DEFAULT NULL,
    options jsonb DEFAULT '{}'
) RETURNS text
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_by_name';
COMMENT ON FUNCTION @extschema@.synth(text, bigint, bigint, jsonb) IS
    'a value of a generator of synth.registry: the same row and seed give the same value; options holds its parameters, and unique';

-- The seed of calls without one: the same in a session, another in each worker.
CREATE FUNCTION synth.session_seed() RETURNS bigint
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'synth_session_seed';

-- A point of a time series; NULL in a gap.
CREATE FUNCTION synth.series_value(
    index bigint,
    seed bigint,
    base double precision,
    trend double precision,
    season_period double precision,
    season_amplitude double precision,
    noise double precision,
    gaps double precision,
    gap_length bigint
) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_series_value';

-- An SQL function of one query, which the planner puts in the place of the call: points are made one
-- by one as they are asked for. The body is parsed here and now, so no search_path is involved.
CREATE FUNCTION @extschema@.synth_timeseries(
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
        FROM (SELECT pg_catalog.generate_series(0, points OPERATOR(pg_catalog.-) 1)) s (i);
    END;
COMMENT ON FUNCTION @extschema@.synth_timeseries(timestamptz, interval, bigint, bigint, double precision, double precision, double precision, double precision, double precision, double precision, bigint) IS
    'points of a time series: base + trend a point + a season of season_period points + normal noise; value is NULL in gaps';

-- Generated from the registry: begin

CREATE FUNCTION @extschema@.synth_company("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_company(bigint, bigint) IS 'Company name: a US surname and a legal form';

CREATE FUNCTION @extschema@.synth_email("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_email(bigint, bigint, boolean) IS 'E-mail address built from a name, under a reserved domain (RFC 2606)';

CREATE FUNCTION @extschema@.synth_exponential("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mean double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_exponential(bigint, bigint, double precision) IS 'Number of an exponential distribution: waiting times between events';

CREATE FUNCTION @extschema@.synth_first_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_first_name(bigint, bigint) IS 'US first name, by frequency over all ages and both sexes (SSA)';

CREATE FUNCTION @extschema@.synth_full_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_full_name(bigint, bigint) IS 'US first and last name, by frequency';

CREATE FUNCTION @extschema@.synth_geo_point("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, south double precision DEFAULT -90, west double precision DEFAULT -180, north double precision DEFAULT 90, east double precision DEFAULT 180)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geo_point(bigint, bigint, double precision, double precision, double precision, double precision) IS 'Point (longitude,latitude) in a box, evenly over its area';

CREATE FUNCTION @extschema@.synth_geo_point_city("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, city text DEFAULT NULL, radius_km double precision DEFAULT 5)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geo_point_city(bigint, bigint, text, double precision) IS 'Point (longitude,latitude) in a US city: within some kilometres of one of its ZIP areas';

CREATE FUNCTION @extschema@.synth_geo_point_near(latitude double precision, longitude double precision, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, radius_km double precision DEFAULT 10)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geo_point_near(double precision, double precision, bigint, bigint, double precision) IS 'Point (longitude,latitude) around a centre, evenly over the circle';

CREATE FUNCTION @extschema@.synth_job_title("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_job_title(bigint, bigint) IS 'Job title';

CREATE FUNCTION @extschema@.synth_json(example jsonb, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS json LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_json(jsonb, bigint, bigint) IS 'JSON document of the shape of an example, with other values';

CREATE FUNCTION @extschema@.synth_last_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_last_name(bigint, bigint) IS 'US last name, by frequency (Census 2010)';

CREATE FUNCTION @extschema@.synth_lognormal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mu double precision DEFAULT 0, sigma double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_lognormal(bigint, bigint, double precision, double precision) IS 'Number of a lognormal distribution: incomes, prices, sizes of files';

CREATE FUNCTION @extschema@.synth_mixture(components jsonb, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_mixture(jsonb, bigint, bigint) IS 'Number of one of several distributions, chosen by weight';

CREATE FUNCTION @extschema@.synth_mrn("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_mrn(bigint, bigint, boolean) IS 'Medical record number: MRN and eight digits';

CREATE FUNCTION @extschema@.synth_normal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mean double precision DEFAULT 0, standard_deviation double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_normal(bigint, bigint, double precision, double precision) IS 'Number of a normal distribution';

CREATE FUNCTION @extschema@.synth_npi("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_npi(bigint, bigint, boolean) IS 'National Provider Identifier with a right check digit, from a series never assigned';

CREATE FUNCTION @extschema@.synth_pattern(pattern text, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_pattern(text, bigint, bigint, boolean) IS 'Text that matches a regular expression';

CREATE FUNCTION @extschema@.synth_phone("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_phone(bigint, bigint) IS 'US telephone number in the fictitious range 555-0100 to 555-0199 of a real area code';

CREATE FUNCTION @extschema@.synth_poisson("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mean double precision DEFAULT 1)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_poisson(bigint, bigint, double precision) IS 'Whole number of a Poisson distribution: events within a time';

CREATE FUNCTION @extschema@.synth_ssn("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ssn(bigint, bigint, boolean) IS 'Social Security number from area numbers never issued (900 to 999, outside the ITIN groups)';

CREATE FUNCTION @extschema@.synth_street_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_street_address(bigint, bigint) IS 'US street address: number, street and, for one in eight, an apartment';

CREATE FUNCTION @extschema@.synth_template(template text, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, variables jsonb DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_template(text, bigint, bigint, jsonb) IS 'Text with values in it: {first_name} {last_name} <{email}>';

CREATE FUNCTION @extschema@.synth_uniform("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum double precision DEFAULT 0, maximum double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uniform(bigint, bigint, double precision, double precision) IS 'Number between two bounds, all equally likely';

CREATE FUNCTION @extschema@.synth_uniform_integer("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 0, maximum bigint DEFAULT 1000000, is_unique boolean DEFAULT false)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uniform_integer(bigint, bigint, bigint, bigint, boolean) IS 'Whole number between two bounds, both included, all equally likely';

CREATE FUNCTION @extschema@.synth_uuid("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuid(bigint, bigint, boolean) IS 'UUID in the form of version 4';

CREATE FUNCTION @extschema@.synth_weighted(list jsonb, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_weighted(jsonb, bigint, bigint, boolean) IS 'One of a list of values, by weight';

CREATE FUNCTION @extschema@.synth_zipf("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, ranks bigint DEFAULT 1000, exponent double precision DEFAULT 1)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_zipf(bigint, bigint, bigint, double precision) IS 'Rank of a Zipf distribution: few values often, most rarely, as words, cities and customers';

-- Generated from the registry: end

--
-- Filling tables
--
