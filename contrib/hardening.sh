#!/usr/bin/env bash
# Do programs have what the compiler and the linker can give against those who overrun them?
#   contrib/hardening.sh PROGRAM...    of a release build; exit code 1 when something is missing
set -u
export LC_ALL=C
[ $# -gt 0 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
bad=0
arch=$(uname -m)
for program in "$@"; do
  [ -r "$program" ] || { echo "$program can not be read"; exit 2; }
  head=$(readelf -hW "$program") segments=$(readelf -lW "$program") dynamic=$(readelf -dW "$program")
  symbols=$(readelf --dyn-syms -W "$program")
  need() { # what, 0 or 1
    [ "$2" = 0 ] && return
    echo "$program: $1"
    bad=1
  }
  has() { grep -Eq -- "$2" <<<"$1"; echo $?; }
  lacks() { ! grep -Eq -- "$2" <<<"$1"; echo $?; }
  need "is not position independent (-fPIE -pie)" "$(has "$head" 'Type: +DYN')"
  need "has a stack that code may run on (-z noexecstack)" "$(has "$segments" 'GNU_STACK .* RW +0x')"
  need "has a segment that is written and run" "$(lacks "$segments" ' RWE ')"
  need "has relocations that stay writable (-z relro)" "$(has "$segments" 'GNU_RELRO')"
  need "binds late (-z now)" "$(has "$dynamic" 'BIND_NOW|FLAGS_1.* NOW')"
  need "has text relocations" "$(lacks "$dynamic" 'TEXTREL')"
  need "looks for libraries where it was built (RPATH)" "$(lacks "$dynamic" 'RPATH|RUNPATH')"
  need "has no stack protector (-fstack-protector-strong)" "$(has "$symbols" '__stack_chk_fail')"
  need "has no checked functions (-D_FORTIFY_SOURCE)" "$(has "$symbols" ' __(mem|str|s?n?v?s?printf|f?v?f?printf|read|recv|poll|fdelt)[a-z]*_chk')"
  # In the code and not in the program's notes: Debian's first object has none, so no program has. Two marks are the compiler's own.
  [ "$arch" != x86_64 ] || need "has no protected control flow (-fcf-protection)" "$([ "$(objdump -d -j .text "$program" 2>/dev/null | grep -c endbr64)" -gt 2 ]; echo $?)"
done
[ "$bad" = 0 ] && echo "hardened: $*"
exit "$bad"
