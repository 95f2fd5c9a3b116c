#!/usr/bin/env bash
# Puts each bug of planted.txt into a copy of the tree, one at a time, and asks whether the simulations notice.
#   tests/sim/planted.sh                all of them (about a minute each, most of it compiling), and the score
#   tests/sim/planted.sh NAME...        these
#   EVAC_PLANTED=4 tests/sim/planted.sh so many, others each day
# EVAC_PLANTED_SEEDS is how many seeds of evac-dst have to notice (of evac-run-sim ten times as many).
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
tree=build/planted/tree
seeds=${EVAC_PLANTED_SEEDS:-2000}
caught=0
missed=0
names=$*

rows() { grep -v '^#' tests/sim/planted.txt; }
if [ -z "$names" ]; then
  names=$(rows | cut -d' ' -f1)
  if [ -n "${EVAC_PLANTED:-}" ]; then
    count=$(rows | wc -l)
    first=$(($(date +%j | sed 's/^0*//') * EVAC_PLANTED % count))
    names=$(printf '%s\n%s\n' "$names" "$names" | tail -n +$((first + 1)) | head -n "$EVAC_PLANTED")
  fi
fi

refresh() { # the tree as it is, without what is built; what does not change keeps its time
  mkdir -p "$tree"
  tar -C "$here" --exclude=./build --exclude=./.git -cf - . | tar -C "$tree" -xf -
}

plant() { # row
  python3 - "$tree" "$1" <<'PY'
import re, sys
tree, row = sys.argv[1:]
name, path, old, new = [p.strip() for p in re.split(r'(?<!\\)\|', row)]
old, new = (t.replace('\\n', '\n').replace('\\|', '|') for t in (old, new))
path = f'{tree}/{path}'
text = open(path).read()
if text.count(old) == 0:
    sys.exit(f'{name}: planted.txt no longer fits {path}')
open(path, 'w').write(text.replace(old, new, 1))
PY
}

notices() { # $told: who, and how
  local bin=$tree/build/bin
  told=
  if ! timeout 120 "$bin/evac-run-sim" --seeds $((10 * seeds)) >build/planted/out 2>build/planted/err; then
    told="evac-run-sim: $(head -1 build/planted/err | cut -c1-100)"
  elif ! timeout 120 "$bin/evac-dst" --no-shrink --play tests/sim/stories/*.story >build/planted/out 2>&1; then
    told="a kept story: $(grep -m1 'NOT OK' build/planted/out | cut -c8-110)"
  elif ! timeout 180 "$bin/evac-dst" --no-shrink --seeds "$seeds" >build/planted/out 2>build/planted/err; then
    told="evac-dst: $(head -1 build/planted/err | cut -c1-100)"
  fi
  [ -n "$told" ]
}

refresh
cmake -S "$tree" -B "$tree/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
cmake --build "$tree/build" --target evac_run_sim evac_dst >/dev/null
for name in $names; do
  row=$(rows | grep "^$name " || true)
  [ -n "$row" ] || { echo "planted.txt has no $name"; exit 2; }
  file=$(printf '%s' "$row" | cut -d'|' -f2 | tr -d ' ')
  plant "$row"
  if ! cmake --build "$tree/build" --target evac_run_sim evac_dst >build/planted/log 2>&1; then
    told="does not compile: $(grep -m1 error build/planted/log | cut -c1-100)"
    printf 'BROKEN  %-28s %s\n' "$name" "$told"
    missed=$((missed + 1))
  elif notices; then
    printf 'caught  %-28s %s\n' "$name" "$told"
    caught=$((caught + 1))
  else
    printf 'MISSED  %-28s\n' "$name"
    missed=$((missed + 1))
  fi
  cp "$here/$file" "$tree/$file"
done
echo "planted bugs: $caught caught, $missed missed"
[ "$missed" = 0 ]
