-- pg_synth 0.4.0 to 0.5.0: what changed is in the library; no object of SQL did.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.5.0'" to load this file. \quit
