#!/usr/bin/env bash
# The one command: installs what it needs, builds with sanitizers and warnings as errors, runs every test.
#   contrib/check.sh [NAME...]   only the tests whose names match
set -eu
cd "$(dirname "$0")/.."
start=$(date +%s)
contrib/packages.sh check

# The simulation's builds and the demonstration's differ in a few files: what is the same is compiled once.
export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER:-ccache}
export CCACHE_DIR=${CCACHE_DIR:-$PWD/build/ccache} CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$PWD

say() { printf '\n== %s (%s s)\n' "$1" "$(($(date +%s) - start))"; }

say "build: sanitizers, warnings are errors"
cmake --preset ci >/dev/null
cmake --build --preset ci

say "tests"
filter=()
for name in "$@"; do filter+=(-R "$name"); done
# Ten at a time on two cores: two that mostly wait (end_*), awscli, one that computes, and six that take what is left (minute_*).
if [ $# -gt 0 ]; then
  ctest --preset ci -j 10 "${filter[@]}"
else
  ctest --preset ci -j 10 -E '^crash_sweep$'
  say "killed after each row of the journal; beside it the simulation: seeds on an optimised build, as many as fit, and every safety rule taken away in turn"
  ctest --preset ci -R '^crash_sweep$' >build/crash_sweep.log 2>&1 &
  sweep=$!
  # further seeds until then: what comes behind takes two minutes, and all of it is to end within 25
  EVAC_UNTIL=$((start + 1080)) tests/sim/check.sh || { wait $sweep; exit 1; }
  wait $sweep || { cat build/crash_sweep.log; exit 1; }
  grep -E 'Test +#' build/crash_sweep.log
fi
if [ $# = 0 ]; then
  say "the demonstration; beside it forty secrets, planted around a controller as it is released"
  cmake --preset release -DEVAC_TESTS=OFF >/dev/null
  cmake --build --preset release >build/release.log || { tail build/release.log; exit 1; }
  bin=build/release/bin
  /usr/bin/python3 tests/end/test_secrets.py $bin >build/secrets.log 2>&1 &
  secrets=$!
  contrib/try.sh --report build/try >build/try.log 2>&1 || { cat build/try.log; wait $secrets; exit 1; }
  grep -E 'RTO|RPO' build/try.log
  wait $secrets || { cat build/secrets.log; exit 1; }
  cat build/secrets.log
  say "the programs are hardened"
  contrib/hardening.sh $bin/evac $bin/evacd $bin/evac-fence $bin/evac-sandbox
fi
say "done"
