-- pg_synth 0.5.0 to 0.6.0. Written by hand and reviewed as code: every object and operator is
-- schema-qualified, and each GRANT and REVOKE is deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.6.0'" to load this file. \quit

COMMENT ON TABLE synth.online_part IS
    'tables of a call of synth_mask_table_online, and how far each is copied; decks of shuffled columns lie beside them while it goes on';
