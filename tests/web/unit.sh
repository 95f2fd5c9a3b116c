#!/usr/bin/env bash
# The dashboard's script is one that a browser can read, and its pure parts do what their tests say.
#   unit.sh BUILD_DIR
set -eu
build=$(realpath "$1")
cd "$(dirname "$0")"
script=$(mktemp --suffix .mjs)
trap 'rm -f "$script"' EXIT
sed -n '/<script type="module">/,/<\/script>/p' "$build/dashboard.html" | sed '1s/.*<script type="module">//; $s/<\/script>.*//' >"$script"
node --check "$script"
node --test unit/
