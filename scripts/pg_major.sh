#!/bin/sh
# Prints the major version of the chosen server, if the extension can be built for it.
set -eu
major=$("${PG_CONFIG:-pg_config}" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
case $major in
15) echo "$major" ;;
*)
    echo "pg_synth is built for PostgreSQL 15; ${PG_CONFIG:-pg_config} says $major." >&2
    echo "Choose another server with PG_CONFIG=/path/to/pg_config." >&2
    exit 1
    ;;
esac
