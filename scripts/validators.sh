#!/bin/sh
# Installs the programs of others that the tests check formats with into $CARGO_TARGET_DIR/validators: a
# virtual environment of Python and node_modules, at the versions pinned in tests/formats. What is there
# already, by a checksum of the pins, is left alone.
# Usage: validators.sh
set -eu

pins=$(cd "$(dirname "$0")/../tests/formats" && pwd)
directory=${CARGO_TARGET_DIR:-$pins/../../target}/validators
wanted=$(cat "$pins/requirements.txt" "$pins/package.json" "$pins/package-lock.json" | cksum)

if [ -f "$directory/installed" ] && [ "$(cat "$directory/installed")" = "$wanted" ]; then
    exit 0
fi
echo "Installing validators of formats into $directory"
rm -rf "$directory"
mkdir -p "$directory"
python3 -m venv "$directory/venv"
"$directory/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
    -r "$pins/requirements.txt"
cp "$pins/package.json" "$pins/package-lock.json" "$directory"
npm ci --prefix "$directory" --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
# Last, so that an installation that was broken off is begun anew.
echo "$wanted" >"$directory/installed"
