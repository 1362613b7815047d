-- pg_synth 0.3.0 to 0.4.0. Written by hand and reviewed as code, but for the section that is generated
-- from the registry: every object and operator is schema-qualified, and each GRANT and REVOKE is
-- deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.4.0'" to load this file. \quit

--
-- Tables of domains: for each a row type and a function. PARALLEL RESTRICTED, as all generators of rows:
-- a scan of one in FROM is parallel all the same.
--

-- Tables generated from the registry: begin

-- Tables generated from the registry: end

CREATE FUNCTION @extschema@.synth_create(
    domain text,
    scale bigint,
    schema text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    as_of date DEFAULT NULL,
    options jsonb DEFAULT '{}',
    OUT table_name text,
    OUT rows bigint,
    OUT used_seed bigint
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 12
    AS 'MODULE_PATHNAME', 'synth_create_wrapper';
COMMENT ON FUNCTION @extschema@.synth_create(text, bigint, text, bigint, date, jsonb) IS
    'creates the tables of a domain with keys, references, indexes and comments, and fills them; scale counts the root entity (patients, customers, subscribers, students). options: the tables'' own parameters, as {"fraud_rate": 0.01}';
