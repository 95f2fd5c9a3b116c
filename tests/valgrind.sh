#!/usr/bin/env bash
# Memcheck over the unit tests and stories, which the sanitizers of every other check can not replace: it sees reads of what was
# never written, in our code and in what libraries do with it.
#   tests/valgrind.sh [NAME...]   tests whose names match, all by default (about half an hour of two cores)
# A row each as it ends (the how-manieth, clean or not, seconds), what valgrind says of one that is not, and the score at the end.
# Nothing is suppressed, neither of our own code nor of others'. What a test begins beside itself (a server, a program) is not looked at,
# and programs in a jail are not begun (EVAC_TRACED, tests/lib/suite.h): valgrind knows no seccomp.
set -eu
cd "$(dirname "$0")/.."
build=build/valgrind
jobs=${EVAC_JOBS:-$(nproc)}
export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER:-ccache}
cmake --preset valgrind >/dev/null
pattern=$(printf '|%s' "$@")
mapfile -t tests < <(ctest --test-dir "$build" -N -R "^test_" | sed -nE 's/^ *Test +#[0-9]+: //p' | grep -E "${pattern#|}")
[ "${#tests[@]}" -gt 0 ] || { echo "no such test"; exit 2; }
cmake --build --preset valgrind -j "$jobs" --target "${tests[@]}" | tail -1

said=$build/said
rm -rf "$said"
mkdir -p "$said"

one() { # build, which of how many, name
  local log=$1/said/$3.log begun=$SECONDS word=good rc=0
  EVAC_TRACED=1 CK_FORK=no CK_DEFAULT_TIMEOUT=0 timeout 3600 valgrind --quiet --child-silent-after-fork=yes --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --log-file="$log" "$1/bin/$3" >"$log.out" 2>&1 || rc=$? word=BAD
  sed -nE 's/^[0-9]+%: Checks: ([0-9]+).*/\1/p' "$log.out" >"$1/said/$3.$word"
  printf '%-9s %s  %5d s  %s\n' "$2" "$word" $((SECONDS - begun)) "$3"
  [ "$rc" = 0 ] && return
  [ "$rc" = 124 ] && echo "  an hour was not enough"
  head -40 "$log"
  tail -5 "$log.out"
  return 1
}
export -f one
begun=$SECONDS bad=0
for i in "${!tests[@]}"; do printf '%s %s\n' "$((i + 1))/${#tests[@]}" "${tests[i]}"; done |
  xargs -P "$jobs" -L1 bash -c 'one "$0" "$@"' "$build" || bad=1
good=$(find "$said" -name '*.good' | wc -l)
echo "$good of ${#tests[@]} programs are clean ($(cat "$said"/*.good "$said"/*.BAD 2>/dev/null | awk '{ n += $1 } END { print n + 0 }') tests), $((SECONDS - begun)) s"
exit "$bad"
