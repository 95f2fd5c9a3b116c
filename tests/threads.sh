#!/usr/bin/env bash
# The thread sanitizer over the programs, driven by an end-to-end test. One thread runs each program's loop; others are libuv's pool,
# in which a vantage's agent posts its batches, and what libraries begin for themselves (names, by curl).
#   tests/threads.sh [TEST...]    of tests/end, "vantages" by default
set -eu
cd "$(dirname "$0")/.."
export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER:-ccache}
cmake --preset threads >/dev/null
cmake --build --preset threads -j "${EVAC_JOBS:-$(nproc)}" --target evac evacd evac_sandbox | tail -1
mkdir -p build/threads/said
rm -f build/threads/said/*
export TSAN_OPTIONS="halt_on_error=0:exitcode=66:log_path=$PWD/build/threads/said/tsan"
[ $# -gt 0 ] || set -- vantages
failed=0
for name in "$@"; do
  /usr/bin/python3 "tests/end/test_$name.py" build/threads/bin || failed=1 # programs are some ten times slower: a story may be late
done
if compgen -G 'build/threads/said/*' >/dev/null; then
  head -60 build/threads/said/*
  exit 1
fi
echo "no two threads met unguarded"
exit "$failed"
