#!/bin/sh
# The README's table of drivers is what the drivers' own tables say. EVAC_UPDATE=1 writes it anew.
#   drivers_page.sh EVAC README
set -eu
evac=$1
readme=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
{
  sed '/<!-- drivers -->/q' "$readme"
  "$evac" drivers --markdown
  sed -n '/<!-- end of drivers -->/,$p' "$readme"
} >"$scratch/readme"
if [ "${EVAC_UPDATE:-}" = 1 ]; then cat "$scratch/readme" >"$readme"; fi
diff -u "$readme" "$scratch/readme" || { echo "the README's table of drivers is old: EVAC_UPDATE=1 $0 $evac $readme"; exit 1; }
