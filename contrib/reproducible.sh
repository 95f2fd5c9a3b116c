#!/usr/bin/env bash
# Builds a commit twice, in folders, time zones, locales and umasks that differ, and compares what came out.
#   contrib/reproducible.sh [--target NAME]... [COMMIT]    by default all of HEAD: programs, archives, and the Debian package
# Takes two release builds, without ccache, on as many processors as JOBS says (all); --target builds one program alone.
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
whole=
[ ${#targets[@]} -gt 0 ] || { targets=(all); whole=1; }
commit=$(git -C "$top" rev-parse --verify "$commit^{commit}") # HEAD may move meanwhile
SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # folder, umask, zone, locale
  mkdir -p "$1"
  (
    umask "$2"
    export TZ=$3 LC_ALL=$4 CCACHE_DISABLE=1 CMAKE_C_COMPILER_LAUNCHER=
    git -C "$top" archive "$commit" | tar -x -C "$1"
    cd "$1"
    cmake --preset release -DEVAC_TESTS=OFF >/dev/null
    cmake --build --preset release ${JOBS:+-j "$JOBS"} --target "${targets[@]}" >"$1/build.log" 2>&1 || { tail "$1/build.log"; exit 1; }
    umask 022 # the frame of a package has the umask of whoever packs, whatever is in it
    [ -z "$whole" ] || (cd build/release && cpack -G DEB -B "$1/package" >"$1/build.log" 2>&1) || { tail "$1/build.log"; exit 1; }
  )
}
one=$work/one another="$work/another/folder/with a longer/name"
build "$one" 022 UTC C
build "$another" 077 Asia/Kathmandu C.UTF-8

bad=0
compare() { # what it is called, its path below both folders
  local first second
  first=$(sha256sum <"$one/$2" | cut -d' ' -f1)
  second=$(sha256sum <"$another/$2" | cut -d' ' -f1)
  if [ "$first" = "$second" ]; then echo "$first  $1: the same twice"; else echo "$1 differs: $first, $second"; bad=1; fi
  ! grep -aqF "$work" "$one/$2" || { echo "$1 holds the name of the folder that it was built in"; bad=1; }
}
for program in "$one"/build/release/bin/*; do compare "$(basename "$program")" "build/release/bin/$(basename "$program")"; done
if [ -n "$whole" ]; then
  for kit in "$one"/build/release/libevac-*.a; do compare "$(basename "$kit")" "build/release/$(basename "$kit")"; done
  for package in "$one"/package/*.deb; do
    compare "$(basename "$package")" "package/$(basename "$package")"
    for side in "$one" "$another"; do dpkg-deb -x "$side/package/$(basename "$package")" "$side/unpacked"; done
    diff -r "$one/unpacked" "$another/unpacked" || bad=1 # which of its files, when it is one
    # Owners and modes are in the package too, and what it says of itself.
    for what in -c -I; do
      diff <(dpkg-deb $what "$one/package/$(basename "$package")") <(dpkg-deb $what "$another/package/$(basename "$package")") || bad=1
    done
  done
fi
exit "$bad"
