#!/usr/bin/env bash
# Many seeds of the production code, optimised, on both cores; then the same with one safety rule left out at a time, which must
# break. Three simulations: evac-run-sim is the run machine in a small world, evac-dst the whole product over the sandbox's model
# of AWS, each strategy's shop in turn, evac-share-sim the journal that controllers share on etcd (its rule is R2). EVAC_SEEDS,
# EVAC_DST_SEEDS (of the warm standby), EVAC_STRATEGY_SEEDS (of each other strategy), EVAC_SHARE_SEEDS and EVAC_CANARY_SEEDS
# choose how many.
set -eu
cd "$(dirname "$0")/../.."
seeds=${EVAC_SEEDS:-1000000}
dst_seeds=${EVAC_DST_SEEDS:-2000}
strategy_seeds=${EVAC_STRATEGY_SEEDS:-500}
share_seeds=${EVAC_SHARE_SEEDS:-4000}
canary=${EVAC_CANARY_SEEDS:-20000}
dst_canary=${EVAC_DST_CANARY_SEEDS:-2500}
rules=${EVAC_RULES:-R1 R4 R5 R6 R7 R8 FENCE}
passed=0
failed=0

build() { # rule or nothing, targets if not all. One folder for all rules: only what knows them is built anew
  local dir=build/sim${1:+-without}
  cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DEVAC_WITHOUT=$1" >/dev/null
  # shellcheck disable=SC2086
  cmake --build "$dir" --target ${2:-evac_run_sim evac_dst evac_share_sim} >/dev/null
}
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

build ""
half=$((seeds / 2))
build/sim/bin/evac-run-sim --seeds "$half" &
first=$!
count build/sim/bin/evac-run-sim --seeds "$half" --from $((half + 1))
count wait "$first"
half=$((share_seeds / 2))
build/sim/bin/evac-share-sim --seeds "$half" &
first=$!
count build/sim/bin/evac-share-sim --seeds "$half" --from $((half + 1))
count wait "$first"
whole_product() { # seeds, what else evac-dst is told
  local half=$(($1 / 2))
  shift
  build/sim/bin/evac-dst "$@" --seeds "$half" &
  local first=$!
  count build/sim/bin/evac-dst "$@" --seeds "$half" --from $((half + 1))
  count wait "$first"
}
whole_product "$dst_seeds"
for strategy in pilot-light backup-restore active-active; do
  whole_product "$strategy_seeds" --app "strategies/$strategy.cfg"
done

catch() { # rule, program, seeds
  local told=build/sim-without/$2.txt
  if build/sim-without/bin/"$2" --expect-broken --seeds "$3" 2>"$told" >/dev/null; then
    printf '%-6s left out: %s caught it, %s\n' "$1" "$2" "$(head -1 "$told")"
    passed=$((passed + 1))
  else
    printf '%-6s left out: %s did NOT catch it in %s seeds\n' "$1" "$2" "$3"
    failed=$((failed + 1))
  fi
}

build R2 evac_share_sim
catch R2 evac-share-sim "$canary"
for rule in $rules; do
  build "$rule"
  catch "$rule" evac-run-sim "$canary"
  catch "$rule" evac-dst "$dst_canary"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
