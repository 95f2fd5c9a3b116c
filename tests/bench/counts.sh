#!/usr/bin/env bash
# Instructions of the hot paths beside those kept in counts.txt: tests/bench/counts.sh [--only NAME,...] [--update] [--json]
# Builds the release preset first (BIN_DIR: somebody else's build instead). About two minutes.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "${BIN_DIR:-}" ]; then
  cd "$root"
  { cmake --preset release && cmake --build --preset release --target bench_parts bench_probes bench_responder; } >/dev/null
  BIN_DIR=$root/build/release/bin
fi
exec python3 "$root/tests/bench/counts.py" "$BIN_DIR" "$@"
