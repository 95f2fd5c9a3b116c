#!/usr/bin/env bash
# The trend of a year of drills in virtual time (tests/stories/test_year.c), made again: its text on standard output, its page
# and its picture in DIR. Usage: contrib/demo/trend.sh DIR [build folder, build/ci]. The picture needs Debian's chromium.
set -eu
dir=$(realpath "${1:?usage: contrib/demo/trend.sh DIR [BUILD]}")
build=${2:-build/ci}
cmake --build "$build" --target test_year >/dev/null
EVAC_KEEP=$dir CK_FORK=no "$build/bin/test_year" >/dev/null
cat "$dir/trend.txt"
chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1.5 --window-size=1100,1265 \
  --screenshot="$dir/trend.png" "file://$dir/trend.html" >/dev/null 2>&1
