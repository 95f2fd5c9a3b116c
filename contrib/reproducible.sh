#!/usr/bin/env bash
# Builds a commit twice, in folders, time zones and locales that differ, and compares what came out.
#   contrib/reproducible.sh [--target NAME]... [COMMIT]    by default evac, evacd and evac-sandbox of HEAD
# Takes two release builds; --target builds one program alone.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
targets=() commit=HEAD
while [ $# -gt 0 ]; do
  case $1 in
    --target) targets+=("$2"); shift 2 ;;
    -*) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
    *) commit=$1; shift ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || targets=(evac evacd evac_sandbox)
SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # folder, umask, zone, locale
  mkdir -p "$1"
  git -C "$top" archive "$commit" | tar -x -C "$1"
  (
    umask "$2"
    export TZ=$3 LC_ALL=$4 CCACHE_DISABLE=1
    cd "$1"
    cmake --preset release -DEVAC_TESTS=OFF >/dev/null
    cmake --build --preset release --target "${targets[@]}" >"$1/build.log" 2>&1 || { tail "$1/build.log"; exit 1; }
  )
}
build "$work/one" 022 UTC C
build "$work/another/folder/with a longer/name" 077 Asia/Kathmandu C.UTF-8

bad=0
for program in "$work"/one/build/release/bin/*; do
  name=$(basename "$program")
  first=$(sha256sum <"$program" | cut -d' ' -f1)
  second=$(sha256sum <"$work/another/folder/with a longer/name/build/release/bin/$name" | cut -d' ' -f1)
  if [ "$first" = "$second" ]; then echo "$first  $name: the same twice"; else echo "$name differs: $first, $second"; bad=1; fi
  ! grep -aqF "$work" "$program" || { echo "$name holds the name of the folder that it was built in"; bad=1; }
done
exit "$bad"
