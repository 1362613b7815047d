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
