#!/usr/bin/env bash
# What no compiler checks: who may mention whom, which functions nobody calls, how the text is set.
#   rules.sh [FOLDER]   by default the source tree that this script stands in
set -u
export LC_ALL=C
cd "${1:-$(dirname "$0")/..}" || exit 2
bad=0
complain() { # title, lines
  [ -n "$2" ] || return 0
  printf '%s\n%s\n' "$1" "$2"
  bad=1
}

# Tracked files, or all where there is no git (a release's archive); without the build folders.
files=$({ git ls-files --cached 2>/dev/null || find . -type f -not -path './build/*' | sed 's,^\./,,'; } | sort -u |
        while IFS= read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done)
sources=$(printf '%s\n' "$files" | grep -E '\.[ch]$')
[ -n "$sources" ] || { echo "no sources found in $PWD"; exit 2; }
search() { # file list, grep's arguments: file:line:text
  printf '%s\n' "$1" | sed '/^$/d' | tr '\n' '\0' | xargs -0 -r grep -HnI "${@:2}" || true
}
among() { printf '%s\n' "$sources" | grep -E "$1" || true; }

# DESIGN 4: nothing under controller/ outside the registry of built-in drivers mentions a cloud, neither in code
# nor in a comment. Pages for people (README.md and such) may. These lines may too, each for its reason:
allowed=$(sed 's/ *#.*//; /^$/d' <<'END'
controller/host/host_http.c:fd00:ec2::254                     # an address: never asked through a proxy
controller/host/host_uv.c:AWS_CA_BUNDLE                       # a name that the cloud's own tools use
controller/host/host_uv.h:AWS_CA_BUNDLE                       # the same
controller/engine/run.c:(AWS's standard retry mode)             # the source of the rule
controller/api/schemas/answers.json:role_arn                    # a field of the policies that a pack prints
END
)
clouds='(^|[^a-z0-9])(aws|amazon|arn|route ?53|aurora|dynamodb|cloudwatch|cloudfront|eventbridge|ecs|eks|ec2|rds|s3|sns|sqs|lambda|fargate|imds)([^a-z0-9]|$)'
rooms=$(printf '%s\n' "$files" | grep -E '^controller/' | grep -vE '^controller/builtin/|\.md$' || true)
found=$(search "$rooms" -iE "$clouds")
used=
while IFS=: read -r file text; do
  line=$(printf '%s\n' "$found" | grep -F "$file:" | grep -F -- "$text" || true)
  [ -z "$line" ] && [ -f "$file" ] && used="$used$file no longer says: $text"$'\n'
  [ -z "$line" ] || found=$(printf '%s\n' "$found" | grep -vxF -- "$line" || true)
done <<<"$allowed"
complain "the controller mentions a cloud (only its registry of built-in drivers may):" "$found"
complain "allowed above, and not there any more:" "${used%$'\n'}"

# Two programs live beside the driver they belong to: the sandbox's door, and the sidecar that reads the GO object.
complain "a driver sees the loop or the transport:" \
  "$(search "$(among '^drivers/' | grep -vE '^drivers/(sandbox/door|aws/s3_go/sidecar)/')" -E '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](uv[./]|curl[./])')"

banned='strcpy|strcat|sprintf|vsprintf|strtok|atoi|gmtime|localtime|sleep|system'
complain "functions that nobody calls here:" \
  "$(search "$sources" -E "(^|[^A-Za-z0-9_.>])($banned)[[:space:]]*\(")"
complain "exit outside of a program's main file:" \
  "$(search "$(among '^(controller|drivers|include)/' | grep -v '/main_[a-z_]*\.c$')" -E '(^|[^A-Za-z0-9_.>])exit[[:space:]]*\(')"

if command -v clang-format >/dev/null; then
  complain "not formatted (clang-format -i FILE):" \
    "$(printf '%s\n' "$sources" | tr '\n' '\0' | xargs -0 clang-format --dry-run -Werror 2>&1 |
       sed -nE 's/^([^:]+):[0-9]+:[0-9]+: error: .*/\1/p' | sort | uniq -c)"
else
  complain "clang-format is missing" "contrib/packages.sh check installs it"
fi
[ "$bad" = 0 ] && echo "the house's rules hold in $(printf '%s\n' "$sources" | wc -l) files"
exit "$bad"
