#!/usr/bin/env bash
# Lets the fuzzers look for inputs, one harness after another, and says what came of it.
#   run.sh [--minutes N] [--seconds N] [--seed N] [--bin FOLDER] [HARNESS...]     N 1 and all harnesses by default; seed 0: another each time
#   run.sh --merge [HARNESS...]   takes what was found, and reaches further, into the corpus
# What is found is kept beside the fuzzers (found/HARNESS) and where the next run begins. What fails is printed in base64, with the command that runs it again.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$here/../../build/fuzz/bin
seconds=60 merge= seed=0
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) seconds=$(($2 * 60)); shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --bin) bin=$2; shift 2 ;;
    --merge) merge=yes; shift ;;
    -*) sed -n '3,4s/^# *//p' "$0" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ -d "$bin" ] || { echo "no fuzzers in $bin: cmake --preset fuzz && cmake --build --preset fuzz"; exit 77; }
bin=$(cd "$bin" && pwd)
[ $# -gt 0 ] || set -- $(cd "$bin" && ls | sed -n 's/^fuzz_//p')

# What allocates most spends its time on remembering where from, and on pages of what was freed: less of both is twice as many inputs.
export ASAN_OPTIONS=malloc_context_size=8:quarantine_size_mb=32:detect_leaks=1:allocator_may_return_null=1:handle_abort=1 UBSAN_OPTIONS=print_stacktrace=1
export TMPDIR=${TMPDIR:-/tmp}

declare -A longest=([conf]=8192 [evidence]=1024 [object]=8192 [plan]=16384 [replay]=24576 [rows]=24576)

options() { # of a harness: a longer input teaches nothing new
  printf '%s\n' -max_len="${longest[$1]:-4096}" -timeout=60 -report_slow_units=60 -rss_limit_mb=1500 -print_final_stats=1 -use_value_profile=0
  [ ! -f "$here/dict/$1.dict" ] || printf '%s\n' -dict="$here/dict/$1.dict"
}

# name: the log's numbers as a row
row() {
  awk -v name="$1" -v seconds="$2" -v seeds="$3" '
    /cov: [0-9]+/ { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1) } }
    /INITED/ { for (i = 1; i < NF; i++) if ($i == "cov:") cov0 = $(i + 1) }
    /stat::number_of_executed_units/ { n = $2 }
    /stat::new_units_added/ { new = $2 }
    END { printf "%-10s %10d %8d %8d %8d %8d %6d\n", name, n, n / seconds, seeds, cov0, cov, new }' "$4"
}

run() { # harness
  local found=$bin/../found/$1 log=$bin/../found/$1.log begun rc=0
  [ -x "$bin/fuzz_$1" ] || { echo "no fuzz_$1 in $bin: cmake --preset fuzz && cmake --build --preset fuzz"; return 77; }
  mkdir -p "$found" "$bin/../failed"
  local options
  mapfile -t options < <(options "$1")
  begun=$(date +%s)
  (cd "$bin/../failed" && "$bin/fuzz_$1" -max_total_time="$seconds" -seed="$seed" -artifact_prefix="$bin/../failed/$1-" "${options[@]}" \
     "$found" "$here/corpus/$1") >"$log" 2>&1 || rc=$?
  row "$1" "$(($(date +%s) - begun + 1))" "$(find "$here/corpus/$1" -type f | wc -l)" "$log"
  [ "$rc" = 0 ] || failed "$1" "$log"
  return $rc
}

failed() { # harness, log
  local file
  file=$(sed -n 's/.*Test unit written to //p' "$2" | tail -1)
  grep -vE '^#[0-9]+|^INFO:' "$2" | tail -60
  [ -n "$file" ] || return 0
  printf '\nfuzz_%s fails on %s bytes. In base64:\n' "$1" "$(stat -c %s "$file")"
  base64 "$file"
  cat <<END
To run it again: save that as b64, then
  base64 -d b64 >input && cmake --preset fuzz && cmake --build --preset fuzz && build/fuzz/bin/fuzz_$1 input
or, by the build for tests: build/ci/bin/fuzz_$1 input
END
}

merge() { # harness: the fewest inputs that reach all that corpus and finds reach
  local found=$bin/../found/$1 options
  mkdir -p "$found"
  mapfile -t options < <(options "$1")
  "$bin/fuzz_$1" -merge=1 "${options[@]}" "$here/corpus/$1" "$found" >"$bin/../found/$1.merge.log" 2>&1
  echo "$1: $(find "$here/corpus/$1" -type f | wc -l) inputs"
}

bad=0
[ -n "$merge" ] || printf '%-10s %10s %8s %8s %8s %8s %6s\n' harness executions per-s seeds edges@0 edges new
for harness in "$@"; do
  if [ -n "$merge" ]; then merge "$harness"; else
    run "$harness" || { rc=$?; [ "$bad" != 0 ] || bad=$rc; }
  fi
done
exit "$bad"
