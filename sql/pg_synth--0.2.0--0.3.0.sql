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

--
-- Secrets, unmasking, proof and audit
--

--
-- Schedule
--
