#!/usr/bin/env bash
# All benches in one go: tests/bench/run.sh [--only NAME...] [--quick] [--json FILE] [--markdown] [--list]
# Builds the release preset first (BIN_DIR: somebody else's build instead). contrib/packages.sh bench installs the peers.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "${BIN_DIR:-}" ]; then
  cd "$root"
  cmake --preset release >/dev/null
  echo "building in $root/build/release" >&2
  cmake --build --preset release --target benches >build/bench.log 2>&1 || { tail -20 build/bench.log >&2; exit 2; }
  BIN_DIR=$root/build/release/bin
fi
exec python3 "$root/tests/bench/run.py" "$BIN_DIR" "$@"
