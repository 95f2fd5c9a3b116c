#!/usr/bin/env bash
# The fuzzers, in build/fuzz. 77: this machine has no clang, or none that brings libFuzzer.
set -eu
cd "$(dirname "$0")/../.."
if ! printf 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return (int)n + !p; }' |
    clang -x c -fsanitize=fuzzer,address -o /dev/null - 2>/dev/null; then
  echo "no clang with libFuzzer: contrib/packages.sh check installs it"
  exit 77
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j 2 | tail -1
