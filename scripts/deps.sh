#!/bin/sh
# Installs what a target needs and the machine lacks, from Debian packages: as root or through sudo,
# else it prints the line to run and stops with status 1.
# Usage: deps.sh [build|demo|test|bench]
set -eu

target=${1:-test}
pg_config=${PG_CONFIG:-pg_config}
packages=

need() {
    packages="$packages $1"
}

if ! command -v cargo >/dev/null 2>&1; then
    echo 'cargo is missing: install Rust 1.95 or later (https://rustup.rs).' >&2
    exit 1
fi

command -v cc >/dev/null 2>&1 || need 'gcc libc6-dev'

# Headers of the server, for the extension.
if ! command -v "$pg_config" >/dev/null 2>&1 ||
    ! [ -f "$("$pg_config" --includedir-server)/postgres.h" ]; then
    need postgresql-server-dev-15
fi
# bindgen, which reads those headers, loads libclang.
if [ -z "${LIBCLANG_PATH:-}" ]; then
    found=$(find /usr/lib /usr/lib64 /usr/local/lib \( -name 'libclang.so*' -o -name 'libclang-[0-9]*.so*' \) \
        2>/dev/null | head -n 1)
    [ -n "$found" ] || need libclang-dev
fi

case $target in
demo | test | bench)
    bindir=$("$pg_config" --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin)
    [ -x "$bindir/initdb" ] || [ -x /usr/lib/postgresql/15/bin/initdb ] || need postgresql-15
    command -v psql >/dev/null 2>&1 || need postgresql-client-15
    ;;
esac
case $target in
demo) command -v sqlite3 >/dev/null 2>&1 || need sqlite3 ;;
test)
    command -v script >/dev/null 2>&1 || need bsdutils
    # Formats are checked by programs that scripts/validators.sh installs with these.
    command -v python3 >/dev/null 2>&1 || need python3
    python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || need python3-venv
    command -v node >/dev/null 2>&1 || need nodejs
    command -v npm >/dev/null 2>&1 || need npm
    # Jobs are run by it in a test, too.
    pkglibdir=$("$pg_config" --pkglibdir 2>/dev/null || echo /usr/lib/postgresql/15/lib)
    [ -f "$pkglibdir/pg_cron.so" ] || [ -f /usr/lib/postgresql/15/lib/pg_cron.so ] || need postgresql-15-cron
    ;;
bench)
    command -v python3 >/dev/null 2>&1 || need python3
    python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || need python3-venv
    ;;
esac

[ -n "$packages" ] || exit 0

# shellcheck disable=SC2086 # a list of words
set -- $packages
line="apt-get install -y --no-install-recommends $*"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing here, by their Debian names: $*" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo=sudo
else
    echo "Some Debian packages are missing. Run this and try again:" >&2
    echo "  sudo apt-get update && sudo $line" >&2
    exit 1
fi
echo "Installing: $*"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo $line >/dev/null
