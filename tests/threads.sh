#!/usr/bin/env bash
# The thread sanitizer: over the programs, driven by end-to-end tests, over the stories, and over the unit tests that have sockets,
# names, files or libraries with threads of their own. One thread runs each program's loop; others are libuv's pool, in which a
# vantage's agent posts its batches, and what libraries begin for themselves (names, by curl).
#   tests/threads.sh [NAME...]    programs (test_drills) or tests of tests/end (vantages): those that are named, instead of all these
# A row each as it ends (the how-manieth, clean or not, seconds), what the sanitizer says of one that is not, and the score at the end.
set -eu
cd "$(dirname "$0")/.."
build=build/threads
jobs=${EVAC_JOBS:-$(nproc)}
export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER:-ccache}
cmake --preset threads >/dev/null
if [ $# -eq 0 ]; then
  mapfile -t stories < <(cd tests/stories && ls test_*.c | sed 's/\.c$//')
  set -- "${stories[@]}" test_host test_loopback test_tls test_prober test_prober_kinds test_probe_past test_supervisor test_door test_web \
    test_share test_share_traps test_store test_store_faults local fence vantages
fi
programs=() ends=()
for name in "$@"; do
  if [[ $name == test_* ]]; then programs+=("$name"); else ends+=("$name"); fi
done
cmake --build --preset threads -j "$jobs" --target "${programs[@]}" evac evacd evac_sandbox evac_fence_program | tail -1
said=$PWD/$build/said
rm -rf "$said"
mkdir -p "$said"

one() { # build, folder, which of how many, name
  local begun=$SECONDS word=good rc=0
  export TSAN_OPTIONS="halt_on_error=0:exitcode=66:log_path=$2/$4"
  if [[ $4 == test_* ]]; then
    CK_FORK=no CK_DEFAULT_TIMEOUT=0 timeout 3600 "$1/bin/$4" >"$2/$4.out" 2>&1 || rc=$?
  else # programs are some ten times slower: a story may be late
    timeout 3600 /usr/bin/python3 "tests/end/test_$4.py" "$1/bin" >"$2/$4.out" 2>&1 || rc=$?
  fi
  compgen -G "$2/$4.[0-9]*" >/dev/null && rc=66
  [ "$rc" = 0 ] || word=BAD
  : >"$2/$4.$word"
  printf '%-7s %s  %5d s  %s\n' "$3" "$word" $((SECONDS - begun)) "$4"
  [ "$rc" = 0 ] && return
  head -60 "$2/$4".[0-9]* 2>/dev/null || tail -20 "$2/$4.out"
  return 1
}
export -f one
begun=$SECONDS bad=0 n=0
for name in "${programs[@]}" "${ends[@]}"; do n=$((n + 1)); printf '%s %s\n' "$n/$#" "$name"; done |
  xargs -P "$jobs" -L1 bash -c 'one "$0" "$@"' "$build" "$said" || bad=1
echo "$(find "$said" -name '*.good' | wc -l) of $# are clean: no two threads met unguarded in them ($((SECONDS - begun)) s)"
exit "$bad"
