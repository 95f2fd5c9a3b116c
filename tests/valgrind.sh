#!/usr/bin/env bash
# Memcheck over the unit tests and stories, which the sanitizers of every other check can not replace: it sees reads of what was
# never written, in our code and in what libraries do with it.
#   tests/valgrind.sh [NAME...]   tests whose names match, all by default (about half an hour of two cores)
# A row each; what valgrind says of a test that fails is printed. Nothing of our own code is suppressed.
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

one() {
  local log=$1/memcheck-$2.log begun=$SECONDS
  if CK_FORK=no CK_DEFAULT_TIMEOUT=0 timeout 1800 valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
       --errors-for-leak-kinds=definite,indirect --log-file="$log" "$1/bin/$2" >"$log.out" 2>&1; then
    printf 'good  %5d s  %s\n' $((SECONDS - begun)) "$2"
  else
    printf 'BAD   %5d s  %s\n' $((SECONDS - begun)) "$2"
    head -40 "$log"; tail -5 "$log.out"
    return 1
  fi
}
export -f one
printf '%s\n' "${tests[@]}" | xargs -P "$jobs" -I{} bash -c 'one "$0" {}' "$build"
