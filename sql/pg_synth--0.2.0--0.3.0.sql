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
            p.proowner::text OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||)
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

--
-- Detection of what to mask, and rules of other tools
--

--
-- Masking in place
--

--
-- Masked copies
--

--
-- Secrets, unmasking, proof and audit
--

--
-- Schedule
--
