#!/usr/bin/env bash
# What no compiler checks: who may mention whom, which functions nobody calls, how the text is set.
set -u
cd "$(dirname "$0")/.."
bad=0
complain() { # title, lines
  [ -n "$2" ] || return 0
  printf '%s\n%s\n' "$1" "$2"
  bad=1
}
sources() { git ls-files -- "$@" 2>/dev/null | grep -E '\.[ch]$' || true; }

clouds='aws|amazon|route ?53|aurora|dynamodb|cloudwatch|ecs|ec2|rds|s3'
complain "the controller mentions a cloud (only its registry of built-in drivers may):" \
  "$(sources controller | grep -v '^controller/builtin/' | xargs -r grep -nwiE "$clouds" |
     grep -vE 'AWS_CA_BUNDLE|us-east-1|169\.254|standard retry mode|schema|IMDS' || true)"
complain "a driver sees the loop or the transport:" \
  "$(sources drivers | grep -v '^drivers/sandbox/door/' | xargs -r grep -nE '#include <(uv|curl/)' || true)"
complain "functions that nobody calls here:" \
  "$(sources controller drivers include | xargs -r grep -nwE '(strcpy|strcat|sprintf|strtok|atoi|gmtime|localtime|sleep|system) *\(' || true)"
complain "exit outside of a program's main file:" \
  "$(sources controller drivers | grep -v '/main_' | xargs -r grep -nE '(^|[^_a-z])exit *\(' || true)"
if command -v clang-format >/dev/null; then
  complain "not formatted (clang-format -i FILE):" \
    "$(sources . | xargs -r clang-format --dry-run -Werror 2>&1 | grep -oE '^[^:]+:[0-9]+' | cut -d: -f1 | sort | uniq -c || true)"
else
  complain "clang-format is missing" "contrib/packages.sh check installs it"
fi
[ "$bad" = 0 ] && echo "the house's rules hold"
exit "$bad"
