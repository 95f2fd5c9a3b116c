#!/usr/bin/env bash
# Many seeds of the production code, optimised, on both cores; then with one safety rule left out at a time, which must break;
# then some of the planted bugs, which must be noticed. evac-run-sim is the run machine in a small world, evac-dst the whole product
# over the sandbox's model of AWS, each strategy's shop in turn. Prints a table at its end.
#
#   EVAC_SEEDS, EVAC_DST_SEEDS, EVAC_STRATEGY_SEEDS   how many of evac-run-sim, of the warm standby, of each other strategy
#   EVAC_MANY_SEEDS                                   of the warm standby under three controllers that share a journal
#   EVAC_UNTIL, EVAC_DST_MOST                         at the end, further seeds of the warm standby until then (seconds since 1970), up to that one (90,000)
#   EVAC_CANARY_SEEDS                                 within so many each rule left out must be caught
#   EVAC_PLANTED                                      how many planted bugs, others each day; 0 none, all: "all" (at night)
#   EVAC_SIM=nightly, EVAC_SIM=release                larger numbers for all of them (6 hours, and 100 million seeds in all)
# The first seed is 1; at night and for a release it follows from the commit, so that each tries others. EVAC_FROM says another.
set -eu
cd "$(dirname "$0")/../.."
case ${EVAC_SIM:-} in
  nightly) set -- 20000000 3000000 300000 20000 all 300000 ;;
  release) set -- 100000000 30000000 3000000 20000 all 3000000 ;;
  *) set -- 600000 8000 1000 20000 0 1600 ;;
esac
seeds=${EVAC_SEEDS:-$1}
dst_seeds=${EVAC_DST_SEEDS:-$2}
strategy_seeds=${EVAC_STRATEGY_SEEDS:-$3}
canary=${EVAC_CANARY_SEEDS:-$4}
planted=${EVAC_PLANTED:-$5}
many_seeds=${EVAC_MANY_SEEDS:-$6}
commit=$(git rev-parse --short=7 HEAD 2>/dev/null || echo 0)
from=1
[ -z "${EVAC_SIM:-}" ] || from=$((16#$commit % 1000000000 + 1))
from=${EVAC_FROM:-$from}
began=$(date +%s)
passed=0
failed=0
table=

count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }
note() { table="$table$(printf '%-34s %s' "$1" "$2")
"; }
since() { echo "$(($(date +%s) - $1)) s"; }

on_both_cores() { # name, seeds, program and what it is told
  local name=$1 half=$(($2 / 2)) told=build/sim/told.$$ start
  start=$(date +%s)
  shift 2
  "$@" --seeds "$half" --from "$from" >"$told.1" &
  local first=$!
  count "$@" --seeds "$half" --from $((from + half)) >"$told.2"
  count wait "$first"
  cat "$told.1" "$told.2"
  rm -f "$told.1" "$told.2"
  local took=$(($(date +%s) - start))
  note "$name" "$((2 * half)) seeds from $from in $took s, $((2 * half * 3600 / (took > 0 ? took : 1))) an hour"
}

cmake --preset sim >/dev/null
cmake --build --preset sim >/dev/null
note "configured and built" "$(since "$began")"
on_both_cores "run machine" "$seeds" build/sim/bin/evac-run-sim
on_both_cores "whole product, warm standby" "$dst_seeds" build/sim/bin/evac-dst
for strategy in pilot-light backup-restore active-active; do
  on_both_cores "whole product, $strategy" "$strategy_seeds" build/sim/bin/evac-dst --app "strategies/$strategy.cfg"
done
on_both_cores "whole product, readiness counts" "$strategy_seeds" build/sim/bin/evac-dst --app ../../tests/sim/ready.cfg
on_both_cores "whole product, three controllers" "$many_seeds" build/sim/bin/evac-dst --controllers 3
on_both_cores "shared journal" "${EVAC_SHARE_SEEDS:-4000}" build/sim/bin/evac-share-sim
start=$(date +%s)
count build/sim/bin/evac-dst --play tests/sim/stories/*.story
note "kept stories" "$(since "$start")"

# --- every rule, left out --------------------------------------------------------------------------------------------
start=$(date +%s)
# CAS needs several controllers.
rules=${EVAC_RULES:-R1 R4 R5 R6 R7 R8 R11 FENCE COOLDOWN RPO CAS ABSTAIN APPROVAL}
caught=0
total=0
catch() { # rule, program and what it is told
  local rule=$1 program=$2 told=build/sim/$2.$1.txt
  shift 2
  if "build/sim/bin/$program" "$@" --expect-broken --without "$rule" --seeds "$canary" 2>"$told" >/dev/null; then
    printf '%-8s left out: %s caught it, %s\n' "$rule" "$program" "$(head -1 "$told")"
    return 0
  fi
  return 1
}
# The stories that are there for a rule: without it each must break.
breaks() { # rule, story
  total=$((total + 1))
  local told=build/sim/story.txt
  build/sim/bin/evac-dst --without "$1" --play "tests/sim/stories/$2.story" >"$told" 2>&1 || true
  if grep -q '^NOT OK' "$told"; then
    printf '%-8s left out: %s breaks: %s\n' "$1" "$2" "$(sed -n 's/^NOT OK [^:]*: //p' "$told" | cut -c1-80)"
    caught=$((caught + 1))
    passed=$((passed + 1))
  else
    printf '%-8s left out: %s does NOT notice\n' "$1" "$2"
    failed=$((failed + 1))
  fi
}
breaks R1 killed-with-its-rows-durable
breaks R4 aws-2025-stale-plan
breaks R5 lost-promotion-is-looked-for
breaks R6 r6-put-back-on-a-stale-read
breaks R7 rolled-back-over-a-late-size
breaks R8 ends-when-nothing-is-on-its-way
breaks R11 declined-behind-the-pivot
breaks FENCE promotion-waits-for-the-fence
breaks CAS r7-cancelled-and-fenced
breaks CAS aws-2025-stale-plan
breaks ABSTAIN github-43-seconds
breaks ABSTAIN lead-comes-to-one-that-is-cut-off
breaks COOLDOWN flapping
breaks RPO guard-data-loss
breaks APPROVAL a-yes-to-another-mode
# By evac-dst, or, where a world that does it all is not needed to see it, by evac-run-sim; what stands behind another rule while
# one controller is alone, by several.
wanted_many=" CAS "
for rule in $rules; do
  total=$((total + 1))
  if [ "${wanted_many/ $rule /}" != "$wanted_many" ]; then set -- evac-dst --controllers 3; else set -- evac-run-sim; fi
  if catch "$rule" "$@" || catch "$rule" evac-dst; then
    caught=$((caught + 1))
    passed=$((passed + 1))
  else
    printf '%-8s left out: NOT caught in %s seeds\n' "$rule" "$canary"
    failed=$((failed + 1))
  fi
done
# The one of controllers that share a journal is a program of its own.
total=$((total + 1))
if build/sim/bin/evac-share-sim-without-r2 --expect-broken --seeds "$canary" >build/sim/r2.txt 2>&1; then
  printf 'R2       left out: evac-share-sim caught it, %s\n' "$(head -1 build/sim/r2.txt)"
  caught=$((caught + 1))
  passed=$((passed + 1))
else
  printf 'R2       left out: NOT caught in %s seeds\n' "$canary"
  failed=$((failed + 1))
fi
note "rules left out" "$caught of $total caught in $(since "$start")"

# --- planted bugs ----------------------------------------------------------------------------------------------------
if [ "$planted" != 0 ]; then
  if [ "$planted" = all ]; then unset EVAC_PLANTED; else export EVAC_PLANTED=$planted; fi
  (tests/sim/planted.py --lanes 2 && echo all || echo not all) | tee build/sim/planted.txt
  note "planted bugs" "$(grep '^planted bugs' build/sim/planted.txt | cut -d: -f2)"
  grep -qx all build/sim/planted.txt && passed=$((passed + 1)) || failed=$((failed + 1))
fi

# --- as many seeds as fit --------------------------------------------------------------------------------------------
# In portions: what is broken is said soon, and the time is kept.
at=$((from + dst_seeds))
most=$((from + ${EVAC_DST_MOST:-90000}))
start=$(date +%s)
while [ "$failed" = 0 ] && [ $((most - at)) -ge 2 ] && [ "$(date +%s)" -lt "${EVAC_UNTIL:-0}" ]; do
  half=$(((most - at < 4000 ? most - at : 4000) / 2))
  told=build/sim/told.$$
  build/sim/bin/evac-dst --seeds $half --from $at >"$told.1" &
  first=$!
  build/sim/bin/evac-dst --seeds $half --from $((at + half)) >"$told.2" || failed=$((failed + 1))
  wait $first || failed=$((failed + 1))
  [ "$failed" = 0 ] || cat "$told.1" "$told.2"
  rm -f "$told.1" "$told.2"
  at=$((at + 2 * half))
done
[ $at = $((from + dst_seeds)) ] || note "warm standby, as many as fit" "$((at - from)) seeds from $from in all, the last in $(since "$start")"

printf '\n%s%-34s %s s\n%s passed, %s failed\n' "$table" "all of it" "$(($(date +%s) - began))" "$passed" "$failed"
[ "$failed" = 0 ]
