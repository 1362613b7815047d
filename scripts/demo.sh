#!/usr/bin/env bash
# The main job in one sitting: generate, mask, load. Called by `make demo`, which has built and
# installed what this needs; it can be run again at any time.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}
synthd=${SYNTHD_BIN:-$target/release/synthd}
demo=$target/demo
socket=$(scripts/cluster.sh start "$demo")

say() {
    printf '\n\033[1m-- %s\033[0m\n' "$*"
}

sql() {
    psql -X -q -v ON_ERROR_STOP=1 -h "$socket" -U postgres -d "${db:-demo}" "$@"
}

db=postgres sql -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS demo WITH (FORCE)' -c 'CREATE DATABASE demo'
sql -c 'CREATE EXTENSION pg_synth'

say 'Five patients: SELECT * FROM synth_patients(5), the first of them in full'
sql -x -c 'SELECT * FROM synth_patients(5, seed => 42) LIMIT 1'
sql -c 'SELECT first_name, last_name, sex, birth_date, city, state, zip, phone, insurance_type
        FROM synth_patients(5, seed => 42)'

say 'A table of 100,000 patients'
echo 'CREATE TABLE patients AS SELECT * FROM synth_patients(100000, seed => 42);'
sql -c '\timing on' -c 'CREATE TABLE patients AS SELECT * FROM synth_patients(100000, seed => 42)' |
    tail -n 1
sql -c 'ALTER TABLE patients ADD PRIMARY KEY (patient_id)' -c 'CREATE UNIQUE INDEX ON patients (email)'

say 'Rules on four columns, five rows before'
sql -c 'ANALYZE patients'
sql -o /dev/null <<'SQL'
SELECT synth_set_rule('patients', 'first_name', 'MASKED WITH first_name');
SELECT synth_set_rule('patients', 'email', 'MASKED WITH email');
SELECT synth_set_rule('patients', 'ssn', $$MASKED WITH partial(0, '***-**-', 4)$$);
SELECT synth_set_rule('patients', 'birth_date', 'MASKED WITH date_shift(30)');
SQL
sql -c 'SELECT column_name, data_type, rule FROM synth.rules'
rows='SELECT mrn, first_name, last_name, ssn, birth_date, email FROM patients ORDER BY mrn LIMIT 5'
sql -c "$rows"

say 'Masked in place, five rows after'
echo "SELECT synth_mask_table('patients');"
sql -c '\timing on' -c "SELECT synth_mask_table('patients')"
sql -c "$rows"

say 'The same patients into SQLite, by synthd'
rm -f "$demo/clinic.db" "$demo"/clinic.db-*
echo "synthd generate patients --rows 100000 --seed 42 --to sqlite:clinic.db"
(cd "$demo" && "$synthd" generate patients --rows 100000 --seed 42 --to sqlite:clinic.db)
echo "sqlite3 clinic.db 'SELECT count(*) FROM patients'"
sqlite3 "$demo/clinic.db" 'SELECT count(*) FROM patients'

say 'For an MCP client: paste this into its configuration'
printf '{"mcpServers": {"synthd": {"command": "%s", "args": ["mcp", "--destination", "clinic=sqlite:%s/clinic.db"]}}}\n' \
    "$synthd" "$demo"

say 'The cluster is left running for you to play with'
echo "  psql -h $socket -U postgres demo"
echo '  make demo-down stops and removes it'
