#!/usr/bin/env bash
# Which lines and branches of what must not be wrong the tests reach: engine, plan, store, and the codecs of AWS's protocols.
#   tests/coverage.sh [--report FILE] [--no-run]
# Builds with gcov (build/coverage), runs unit tests, stories, the fuzzers' corpus and some seeds of the simulation, and prints a row a room. --report writes an HTML page
# of every line; --no-run counts again what the last run left. Less than 90 % of a room's branches is a failure.
set -eu
cd "$(dirname "$0")/.."
report= run=yes
while [ $# -gt 0 ]; do
  case $1 in
    --report) report=$2; shift 2 ;;
    --no-run) run=; shift ;;
    *) sed -n '2,6s/^# *//p' "$0" >&2; exit 2 ;;
  esac
done
command -v gcovr >/dev/null || { echo "gcovr is missing: contrib/packages.sh check installs it" >&2; exit 2; }
build=build/coverage
least=${EVAC_COVERAGE_LEAST:-90}
jobs=${EVAC_JOBS:-$(nproc)}

if [ -n "$run" ]; then
  export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER:-ccache}
  cmake --preset coverage >/dev/null
  mapfile -t tests < <(ctest --test-dir "$build" -N -R '^(test|fuzz)_' | sed -nE 's/^ *Test +#[0-9]+: //p')
  cmake --build --preset coverage -j "$jobs" --target "${tests[@]}" evac evac_sandbox evac_run_sim evac_dst >"$build/build.log" 2>&1 ||
    { tail -30 "$build/build.log"; exit 1; }
  find "$build" -name '*.gcda' -delete
  ctest --test-dir "$build" -j "$jobs" -R '^(test_.*|fuzz_.*|run_simulation|simulation_smoke|man|completion|drivers_page)$' --repeat until-pass:3 --output-on-failure >"$build/tests.log" 2>&1 ||
    { tail -60 "$build/tests.log"; exit 1; }
  for app in strategies/pilot-light.cfg strategies/backup-restore.cfg strategies/active-active.cfg ../../tests/sim/names.cfg ../../tests/sim/ready.cfg; do
    "$build/bin/evac-dst" --app "$app" --seeds "${EVAC_DST_SEEDS:-20}" >>"$build/tests.log"
  done
  "$build/bin/evac-dst" --controllers 3 --seeds "${EVAC_DST_SEEDS:-20}" >>"$build/tests.log"
fi

# Not counted: the compiler's own branches (what no source line has), and on the lines that hand a text to printf those of
# EVAC_STR_ARG, which chooses between a text and "" and is no way that the program goes.
shown='.*EVAC_STR_ARG[(].*'
gcovr --root . --object-directory "$build" -j "$jobs" --exclude-throw-branches --exclude-unreachable-branches \
  --exclude-branches-by-pattern "$shown" --gcov-ignore-parse-errors --filter 'controller/(engine|plan|store)/' \
  --filter 'drivers/aws/(aws_(xml|json|wire|classify|ini|time|bearer|services|skew)|sigv4[a-z_]*)\.c' \
  --exclude '.*\.h$' --json "$build/coverage.json" ${report:+--html-details "$report"} "$build" 2>"$build/gcovr.log" ||
  { tail -20 "$build/gcovr.log"; exit 1; }
python3 - "$build/coverage.json" "$least" <<'END'
import collections, json, sys
rooms = collections.OrderedDict((r, [0, 0, 0, 0]) for r in ("engine", "plan", "store", "AWS codecs"))
files = []
for f in json.load(open(sys.argv[1]))["files"]:
    name = f["file"]
    room = rooms["AWS codecs" if name.startswith("drivers/") else name.split("/")[1]]
    lines = [l for l in f["lines"] if not l.get("gcovr/noncode")]
    branches = [b for l in lines for b in l["branches"]]
    n = (len(lines), sum(l["count"] > 0 for l in lines), len(branches), sum(b["count"] > 0 for b in branches))
    files.append((name, n))
    for i in range(4):
        room[i] += n[i]
percent = lambda of, n: 100.0 * n / of if of else 100.0
print("| room | lines | reached | branches | reached |\n|---|---|---|---|---|")
bad = 0
for room, (lines, hit, branches, taken) in rooms.items():
    print(f"| {room} | {lines} | {percent(lines, hit):.1f} % | {branches} | {percent(branches, taken):.1f} % |")
    bad += branches == 0 or percent(branches, taken) < float(sys.argv[2])
worst = sorted(files, key=lambda f: f[1][3] - f[1][2])[:12]
print("\nmost branches that no test takes:")
for name, (lines, hit, branches, taken) in worst:
    print(f"  {branches - taken:4d} of {branches:5d}  {name}")
if bad:
    sys.exit(f"\n{bad} of {len(rooms)} rooms are below {sys.argv[2]} % of branches")
END
