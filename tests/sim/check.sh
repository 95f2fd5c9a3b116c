#!/usr/bin/env bash
# Thousands of seeds with the production code, optimised, on both cores; then the same with one safety rule left out at a
# time, which must break. EVAC_SEEDS and EVAC_CANARY_SEEDS choose how many.
set -eu
cd "$(dirname "$0")/../.."
seeds=${EVAC_SEEDS:-4000}
canary=${EVAC_CANARY_SEEDS:-20000}
rules=${EVAC_RULES:-R1 R4 R5 R6 R7 R8 FENCE}
failed=0
passed=0

build() { # rule
  cmake -S . -B "build/sim$1" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo ${1:+-DEVAC_WITHOUT=$1} >/dev/null
  cmake --build "build/sim$1" --target evac_dst >/dev/null
}

build ""
half=$((seeds / 2))
build/sim/bin/evac-dst --seeds "$half" --from 1 &
first=$!
build/sim/bin/evac-dst --seeds "$half" --from 1000001 || failed=$((failed + 1))
wait "$first" || failed=$((failed + 1))
passed=$((2 - failed))

for rule in $rules; do
  build "$rule"
  if build/sim"$rule"/bin/evac-dst --expect-broken --seeds "$canary" 2>"build/sim$rule/broken.txt" >"build/sim$rule/sum.json"; then
    printf '%-6s left out: caught, %s\n' "$rule" "$(head -1 "build/sim$rule/broken.txt")"
    passed=$((passed + 1))
  else
    printf '%-6s left out: NOT caught in %s seeds\n' "$rule" "$canary"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
