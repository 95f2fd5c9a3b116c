#!/usr/bin/env bash
# The manual pages: evac(1) is what the tables say, mandoc finds nothing wrong, the example of evac.cfg(5) loads.
#   man.sh PATH-TO-EVAC      with EVAC_UPDATE=1 writes evac(1) anew
set -eu
evac=$(realpath "$1")
cd "$(dirname "$0")/../contrib/man"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$evac" __man >"$dir/evac.1"
[ -z "${EVAC_UPDATE:-}" ] || cp "$dir/evac.1" evac.1
diff -u evac.1 "$dir/evac.1" || { echo "evac.1 is not what the tables say: EVAC_UPDATE=1 tests/man.sh writes it"; exit 1; }

# What mandoc does not find is a page that is installed elsewhere; long lines are literal examples.
mandoc -T lint -W warning ./*.[1-8] >"$dir/lint" || { cat "$dir/lint"; exit 1; }

mkdir -p "$dir/conf/apps"
{ echo 'store = "/var/lib/evac/journal.db";'; sed -n '/^oidc = {/,/^\.Ed/p' evac.cfg.5 | grep -v '^\.Ed'; } >"$dir/conf/evac.cfg"
grep -q '^people = ' "$dir/conf/evac.cfg"
sed -n '/^app = {/,/^};/p' evac.cfg.5 >"$dir/conf/apps/shop.cfg"
"$evac" validate "$dir/conf" >"$dir/validate" 2>&1 || { cat "$dir/validate"; exit 1; }
