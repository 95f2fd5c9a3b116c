#!/usr/bin/env bash
# Many seeds of the production code, optimised, on both cores; then the same with one safety rule left out at a time, which must
# break. EVAC_SEEDS and EVAC_CANARY_SEEDS choose how many.
set -eu
cd "$(dirname "$0")/../.."
seeds=${EVAC_SEEDS:-1000000}
canary=${EVAC_CANARY_SEEDS:-20000}
rules=${EVAC_RULES:-R1 R4 R5 R6 R7 R8 FENCE}
passed=0
failed=0

build() { # rule, or nothing
  cmake -S . -B "build/sim$1" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo ${1:+"-DEVAC_WITHOUT=$1"} >/dev/null
  cmake --build "build/sim$1" --target evac_run_sim >/dev/null
}
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

build ""
half=$((seeds / 2))
build/sim/bin/evac-run-sim --seeds "$half" &
first=$!
count build/sim/bin/evac-run-sim --seeds "$half" --from $((half + 1))
count wait "$first"

for rule in $rules; do
  build "$rule"
  told=build/sim$rule/broken.txt
  if build/sim"$rule"/bin/evac-run-sim --expect-broken --seeds "$canary" 2>"$told" >/dev/null; then
    printf '%-6s left out: caught, %s\n' "$rule" "$(head -1 "$told")"
    passed=$((passed + 1))
  else
    printf '%-6s left out: NOT caught in %s seeds\n' "$rule" "$canary"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
