#!/usr/bin/env bash
# The shells' completion: scripts that their shells read, and what bash and fish then offer. No controller runs: names are not
# offered, and nothing waits for one.   completion.sh PATH-TO-EVAC
set -eu
evac=$(realpath "$1")
PATH=$(dirname "$evac"):$PATH
export EVAC_SOCKET=/nonexistent/evac.sock
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

expect() { # what, expected, found
  [ "$2" = "$3" ] && return 0
  printf '%s: expected\n%s\nfound\n%s\n' "$1" "$2" "$3"
  exit 1
}

for shell in bash zsh fish; do
  evac completion "$shell" >"$dir/evac.$shell"
  "$shell" -n "$dir/evac.$shell"
done

cat >"$dir/drive.bash" <<'END'
source "$1"; shift
COMP_WORDS=(evac "$@") COMP_CWORD=$#
_evac
printf '%s\n' "${COMPREPLY[@]}"
END
in_bash() { bash "$dir/drive.bash" "$dir/evac.bash" "$@" 2>/dev/null; }
in_fish() { HOME=$dir fish -c "source $dir/evac.fish; complete -C '$1'" 2>/dev/null | cut -f1; }

expect "commands" $'failback\nfailover' "$(in_bash fail | sort)"
expect "options" "--kind" "$(in_bash drill --ki)"
expect "only what the command takes" "" "$(in_bash failover --ki)"
expect "values" $'game-day\nisolated\nlive\nrehearse' "$(in_bash drill shop --kind '' | sort)"
expect "forms" $'export\nkey\nkeygen\nverify' "$(in_bash evidence '' | sort)"
expect "files" "$dir/evac.zsh" "$(in_bash evidence verify "$dir/evac.z")"
expect "words after names" "readiness" "$(in_bash waive shop rea)"
expect "no controller: no names" "" "$(in_bash status '')"
expect "fish, commands" $'failback\nfailover' "$(in_fish 'evac fail' | sort)"
expect "fish, values" "isolated" "$(in_fish 'evac drill shop --kind iso')"
