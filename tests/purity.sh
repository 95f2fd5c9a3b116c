#!/bin/sh
# The engine may call itself, the base's text functions and these. Anything else is I/O, time, chance or memory.
#   purity.sh LIBEVAC_ENGINE
set -eu
allowed='(__)?mem(cpy|move|set|cmp)(_chk)?|str(len|cmp|ncmp|nlen)|evac_[a-z0-9_]+|engine_[a-z_]+|run_[a-z_]+|(__)?(stack_chk|asan|ubsan|sanitizer|gcov|sancov)[a-z0-9_]*|__(asan|ubsan|sanitizer|gcov|stack_chk)_.*|_GLOBAL_.*'
forbidden='evac_(arena|buf|log|diag|secret|json|jw)_.*|evac_fail|evac_err_prefix'
undefined=$(nm -u "$1" | awk '$1 == "U" { print $2 }' | sort -u)
found=$(printf '%s\n' "$undefined" | grep -Evx "$allowed" || true)
worse=$(printf '%s\n' "$undefined" | grep -Ex "$forbidden" || true)
if [ -n "$found$worse" ]; then
  echo "the engine reaches outside:" $found $worse
  exit 1
fi
echo "pure: $(printf '%s\n' "$undefined" | wc -l) undefined symbols, all allowed"
