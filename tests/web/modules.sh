#!/usr/bin/env bash
# What the browser's tests need from npm, by the lock file, once.
#   modules.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cmp -s "$here/package-lock.json" "$1/installed.json" && exit 0
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$1"
npm ci --prefix "$1" --no-audit --no-fund --silent
cp "$1/package-lock.json" "$1/installed.json"
