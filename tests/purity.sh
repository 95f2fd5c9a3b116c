#!/bin/sh
# The engine calls itself, the text functions below it, and these. Anything else is I/O, time, chance or memory.
#   purity.sh ENGINE.a [BELOW.a...]
# With the libraries below, what the engine draws out of them is checked too, however deep.
set -eu
export LC_ALL=C
engine=$1
shift
libc='(__)?mem(cpy|move|set|cmp|chr|mem)(_chk)?|str(len|cmp|ncmp|nlen)'
tools='__(asan|ubsan|sanitizer|gcov|sancov)_.*|__stack_chk_fail|__sanitizer_.*|_GLOBAL_.*|_GLOBAL_OFFSET_TABLE_'
forbidden='evac_(arena|buf|log|diag|secret|json|jw)_.*|evac_log|evac_fail|evac_err_prefix'

undefined() { nm -u "$1" | awk '$1 == "U" { print $2 }' | sort -u; }
defined() { nm --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort -u; }

one_line() { printf '%s\n' "$@" | sed '/^$/d' | paste -sd' ' -; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

undefined "$engine" >"$scratch/wants"
defined "$engine" >"$scratch/has"
comm -23 "$scratch/wants" "$scratch/has" >"$scratch/outside"
[ -s "$scratch/wants" ] || { echo "$engine: no symbols: not the engine's archive"; exit 1; }

found=$(grep -Evx "$libc|$tools|evac_[a-z0-9_]+" "$scratch/outside" || true)
worse=$(grep -Ex "$forbidden" "$scratch/outside" || true)
if [ -n "$found$worse" ]; then
  echo "the engine reaches outside: $(one_line "$found" "$worse")"
  exit 1
fi

if [ $# -gt 0 ]; then
  ld -r -o "$scratch/all.o" --whole-archive "$engine" --no-whole-archive --start-group "$@" --end-group
  found=$(undefined "$scratch/all.o" | grep -Evx "$libc|$tools" || true)
  if [ -n "$found" ]; then
    echo "what the engine calls reaches outside: $(one_line "$found")"
    exit 1
  fi
fi

# What would be remembered between two calls: variables. Tools that instrument the code bring their own.
if ! grep -qE '^__(asan|gcov|sancov|sanitizer)_' "$scratch/wants"; then
  kept=$(nm -f sysv "$engine" | awk -F'|' '$7 ~ /^\.(data|bss)/ && $7 !~ /rel\.ro/ && $4 ~ /OBJECT/ { print $1 }')
  if [ -n "$kept" ]; then
    echo "the engine keeps state of its own: $(one_line "$kept")"
    exit 1
  fi
fi
echo "pure: outside of itself the engine wants only $(tr '\n' ' ' <"$scratch/outside" | sed -E 's/__(asan|ubsan)[^ ]* //g')"
