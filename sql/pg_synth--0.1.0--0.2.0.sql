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

CREATE FUNCTION @extschema@.synth_job_title("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_job_title(bigint, bigint) IS 'Job title';

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

CREATE FUNCTION @extschema@.synth_fill(
    target regclass,
    rows bigint,
    seed bigint DEFAULT NULL,
    overrides jsonb DEFAULT '{}'
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_fill_wrapper';
COMMENT ON FUNCTION @extschema@.synth_fill(regclass, bigint, bigint, jsonb) IS
    'adds rows that satisfy every constraint of a table; gives how many were written. overrides fixes columns: {"<column>": {"generator": "<name>", "arguments": {}}}, {"values": [...]} or {"null_fraction": 0.2}';

CREATE FUNCTION @extschema@.synth_fill_schema(
    schema text,
    rows bigint,
    seed bigint DEFAULT NULL,
    overrides jsonb DEFAULT '{}',
    OUT table_name text,
    OUT rows_asked bigint,
    OUT rows_written bigint,
    OUT note text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 50
    AS 'MODULE_PATHNAME', 'synth_fill_schema_wrapper';
COMMENT ON FUNCTION @extschema@.synth_fill_schema(text, bigint, bigint, jsonb) IS
    'fills all tables of a schema in the order of their references; note says why a table took fewer rows. overrides: {"<table>": {"rows": 10, "<column>": {...}}}';

CREATE FUNCTION @extschema@.synth_plan_fill(
    target regclass,
    rows bigint DEFAULT 1000,
    overrides jsonb DEFAULT '{}',
    OUT column_name text,
    OUT data_type text,
    OUT generator text,
    OUT arguments text,
    OUT reason text,
    OUT problem text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20
    AS 'MODULE_PATHNAME', 'synth_plan_fill_wrapper';
COMMENT ON FUNCTION @extschema@.synth_plan_fill(regclass, bigint, jsonb) IS
    'what synth_fill would do: the generator of each column and why, and what cannot be met';
