-- pg_synth 0.1.0 to 0.2.0. Written by hand and reviewed as code, except for the section between the
-- markers, which a test keeps equal to the registry. CREATE EXTENSION runs 0.1.0 and then this.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.2.0'" to load this file. \quit

--
-- Scans: workers share a scan
--

--
-- Values
--

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
