-- pg_synth 0.7.0 to 0.8.0. Written by hand and reviewed as code: every object and operator is
-- schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.8.0'" to load this file. \quit
