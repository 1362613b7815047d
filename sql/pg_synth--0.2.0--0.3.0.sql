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

--
-- Schedule
--
