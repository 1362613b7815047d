-- pg_synth 0.1.0 to 0.2.0. Written by hand and reviewed as code, except for the section between the
-- markers, which a test keeps equal to the registry. CREATE EXTENSION runs 0.1.0 and then this.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.2.0'" to load this file. \quit

--
-- Scans: workers share a scan
--

-- Called in a worker, a generator without a seed would keep to itself the seed that it draws. In FROM
-- the planner hook makes a scan of the call, whose seed the leader draws: such scans run in workers
-- all the same.
ALTER FUNCTION @extschema@.synth_patients(bigint, bigint, bigint, date) PARALLEL RESTRICTED;

--
-- Values
--

--
-- Filling tables
--
