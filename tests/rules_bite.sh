#!/usr/bin/env bash
# The rules and the purity check are tests, so they are tested: each offence, alone in a tree of its own, is found
# and named; and a tree without offence passes.
#   rules_bite.sh PURITY_ARCHIVES...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

tree() { # path, text: a fresh tree with one innocent file and this one
  rm -rf "$scratch/tree"
  mkdir -p "$scratch/tree/controller/base" "$scratch/tree/$(dirname "$1")"
  cp "$here/../.clang-format" "$scratch/tree/"
  echo 'extern int innocent;' >"$scratch/tree/controller/base/innocent.h"
  printf '%s\n' "$2" >"$scratch/tree/$1"
}
verdict() { # what was expected ("" nothing), status, output
  if [ -z "$1" ] && [ "$2" = 0 ]; then return; fi
  if [ -n "$1" ] && [ "$2" != 0 ] && grep -qF -- "$1" <<<"$3"; then return; fi
  printf 'expected "%s", got status %s:\n%s\n' "$1" "$2" "$3"
  failed=1
}
rules() { # expected, path, text
  tree "$2" "$3"
  status=0
  out=$(GIT_CEILING_DIRECTORIES=$scratch "$here/rules.sh" "$scratch/tree" 2>&1) || status=$?
  verdict "$1" "$status" "$out"
}

rules "" controller/base/a.c '/* laws, ecstasy, s30 and drawers3d are no clouds */'
rules "" controller/builtin/a.c '/* aws */'
rules "" controller/base/README.md 'aws'
rules "" drivers/sandbox/door/a.c '#include <uv.h>'
rules "" controller/base/main_a.c 'int a = exit(b);'
rules "controller/base/a.c:1:" controller/base/a.c '/* as AWS does */'
rules "controller/base/a.c:1:" controller/base/a.c 'extern int evac_s3_count;'
rules "controller/base/a.h:1:" controller/base/a.h '/* Route 53 */'
rules "controller/web/a.js:1:" controller/web/a.js '// dynamodb'
rules "engine/run.c no longer says" controller/engine/run.c 'extern int nothing;'
rules "drivers/local/a.c:1:" drivers/local/a.c '#include <uv.h>'
rules "drivers/local/a.h:1:" drivers/local/a.h '#include <curl/curl.h>'
rules "not formatted" controller/base/a.c 'extern   int  a ;'
for name in strcpy strcat sprintf vsprintf strtok atoi gmtime localtime sleep system; do
  rules "tests/unit/a.c:1:" tests/unit/a.c "int a = $name(b);"
done
rules "exit outside" controller/base/a.c 'int a = exit(b);'
rules "" controller/base/a.c 'int a = snprintf(b) + gmtime_r(b) + link->sleep(b);'

pure() { # what is expected, C text, archives below
  expected=$1
  printf '%s\n' "$2" >"$scratch/a.c"
  shift 2
  rm -f "$scratch/a.a"
  cc -O0 -fno-builtin -c "$scratch/a.c" -o "$scratch/a.o"
  ar rcs "$scratch/a.a" "$scratch/a.o"
  status=0
  out=$("$here/purity.sh" "$scratch/a.a" "$@" 2>&1) || status=$?
  verdict "$expected" "$status" "$out"
}
head='#include <string.h>
unsigned long evac_a(const char *p); unsigned long evac_a(const char *p)'
pure "" "$head { return strlen(p); }"
pure "outside: time" "#include <time.h>
$head { return strlen(p) + (unsigned long)time(0); }"
pure "outside: malloc" "#include <stdlib.h>
$head { return malloc(strlen(p)) != 0; }"
pure "outside: printf" "#include <stdio.h>
$head { return (unsigned long)printf(\"%s\", p); }"
pure "outside: evac_arena_new" "void *evac_arena_new(void);
$head { return strlen(p) + (evac_arena_new() != 0); }"
pure "state of its own: counted" "static int counted;
$head { return strlen(p) + (unsigned long)counted++; }"
if [ $# -gt 0 ]; then # its name is no offence, but it formats text, and so do those below it
  pure "what the engine calls reaches outside:" "int evac_pack_check(const void *pack, void *err);
$head { return strlen(p) + (unsigned long)evac_pack_check(0, 0); }" "$@"
fi

[ "$failed" = 0 ] && echo "every rule bites"
exit "$failed"
