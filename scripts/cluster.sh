#!/usr/bin/env bash
# A private Postgres cluster, reached through a unix socket only.
#   cluster.sh start DIR   makes it if there is none, starts it, prints its socket directory
#   cluster.sh stop DIR    stops it, by its own process, and removes what lies outside of DIR
# DIR/location says where data and socket are: DIR itself, or a directory under /tmp where DIR
# cannot serve (the path is too long for a socket, or the server's user cannot reach it).
set -euo pipefail

command=${1:?start or stop}
dir=${2:?a directory}
bindir=$("${PG_CONFIG:-pg_config}" --bindir)
[ -x "$bindir/initdb" ] || bindir=/usr/lib/postgresql/15/bin

# Postgres refuses to run as root.
user=$(id -un)
run=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    getent passwd "$user" >/dev/null || user=nobody
    run=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env "HOME=/tmp")
fi

as_server() {
    # From a directory that the user can read.
    (cd / && env -u RUST_BACKTRACE "${run[@]}" "$@")
}

location() {
    cat "$dir/location" 2>/dev/null || true
}

place() {
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [ -n "$(location)" ] && [ -d "$(location)" ]; then
        return
    fi
    local at="$dir/cluster"
    mkdir -p "$at"
    chown "$user" "$at"
    chmod 700 "$at"
    if [ "${#at}" -gt 80 ] || ! as_server test -w "$at" 2>/dev/null; then
        at=$(mktemp -d /tmp/pg_synth.XXXXXX)
        chown "$user" "$at"
        echo "note: the server's files are in $at, since user $user cannot use $dir" >&2
    fi
    echo "$at" >"$dir/location"
}

is_running() {
    [ -n "$(location)" ] && as_server "$bindir/pg_ctl" -D "$(location)/data" status >/dev/null 2>&1
}

case $command in
start)
    place
    at=$(location)
    if ! is_running; then
        if ! [ -f "$at/data/PG_VERSION" ]; then
            as_server "$bindir/initdb" -D "$at/data" -U postgres --auth=trust \
                --encoding=UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
                { cat "$dir/initdb.log" >&2; exit 1; }
        fi
        # No TCP: the port only names the socket. The directory is closed to other users.
        as_server "$bindir/pg_ctl" -D "$at/data" -l "$at/server.log" -w \
            -o "-c listen_addresses='' -c unix_socket_directories='$at' ${PG_OPTIONS:-}" start \
            >/dev/null || { tail -n 20 "$at/server.log" >&2; exit 1; }
    fi
    echo "$at"
    ;;
stop)
    at=$(location)
    [ -n "$at" ] || exit 0
    if is_running; then
        as_server "$bindir/pg_ctl" -D "$at/data" -m fast -w stop >/dev/null
    fi
    case $at in
    /tmp/pg_synth.*) rm -rf "$at" ;;
    esac
    rm -rf "$dir/location" "$dir/cluster"
    ;;
*)
    echo "cluster.sh: start or stop, not $command" >&2
    exit 2
    ;;
esac
