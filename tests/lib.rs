//! Black-box tests of `pg_synth`; all of them are in the test binary `blackbox`.
