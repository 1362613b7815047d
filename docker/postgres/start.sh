#!/bin/sh
# Starts PostgreSQL. On an empty volume it first makes the cluster: a database with the extension,
# and a role for synthd that owns a schema of its name and nothing else.
#
# POSTGRES_PASSWORD  password of the superuser postgres over TCP; needed on the first start
# POSTGRES_DB        name of the database, default synth
# SYNTHD_PASSWORD    password of the role synthd; without it the role is not made
# PGDATA             data directory
#
# Arguments are passed on to the server.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD for the first start}"
    database=${POSTGRES_DB:-synth}
    # Made beside and moved at the end, so that a start that was cut begins again.
    new=$PGDATA.new
    rm -rf "$new"
    umask 077
    # Locally only the operating system's user postgres gets in, over TCP whoever has a password.
    printf '%s\n' "$POSTGRES_PASSWORD" > "$PGDATA.password"
    initdb --pgdata="$new" --username=postgres --pwfile="$PGDATA.password" \
        --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    rm "$PGDATA.password"
    echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"

    # Not yet for clients: no TCP, and a socket where none of them looks.
    pg_ctl --pgdata="$new" --wait --silent --options="-c listen_addresses= -k '$new'" start
    export PGHOST="$new" PGUSER=postgres
    createdb "$database"
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$database" --command='CREATE EXTENSION pg_synth'
    if [ -n "${SYNTHD_PASSWORD:-}" ]; then
        # The password comes from the environment, not from a command line.
        psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$database" <<'SQL'
\getenv password SYNTHD_PASSWORD
CREATE ROLE synthd LOGIN PASSWORD :'password';
CREATE SCHEMA AUTHORIZATION synthd;
-- An agent behind this role must not test guesses against the masking secret.
REVOKE EXECUTE ON FUNCTION synth_mask_table(regclass, boolean, boolean, boolean) FROM PUBLIC;
SQL
    fi
    unset PGHOST PGUSER
    pg_ctl --pgdata="$new" --wait --silent --mode=fast stop
    mv "$new" "$PGDATA"
fi

unset POSTGRES_PASSWORD SYNTHD_PASSWORD
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
