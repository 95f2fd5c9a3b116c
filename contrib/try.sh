#!/usr/bin/env bash
# A region fails, the app moves: sandbox, controller and a sample shop on this machine, from nothing.
#   contrib/try.sh [--report DIR]   where report.txt, report.json and report.html go (default ./evac-report)
#                  [--strategy S]   warm-standby (default), pilot-light, backup-restore, active-active
#                  [--speed N]      how many times as fast as AWS the sandbox is (10; backup-restore 60)
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
report=$PWD/evac-report
speed= strategy=warm-standby
while [ $# -gt 0 ]; do
  case $1 in
    --report) report=${2:?--report needs a folder}; shift 2 ;;
    --strategy) strategy=${2:?--strategy needs a name}; shift 2 ;;
    --speed) speed=${2:?--speed needs a number}; shift 2 ;;
    -h | --help) sed -n '2,5p' "$0" | sed 's/^# //'; exit 0 ;;
    *) echo "try.sh: unknown option $1 (try --help)" >&2; exit 2 ;;
  esac
done
app=strategies/$strategy
case $strategy in
  warm-standby) app=apps/shop ;;
  pilot-light | active-active) ;;
  backup-restore) speed=${speed:-60} ;;
  *) echo "try.sh: --strategy is warm-standby, pilot-light, backup-restore or active-active" >&2; exit 2 ;;
esac
speed=${speed:-10}
case $report in /*) ;; *) report=$PWD/$report ;; esac

cd "$here"
contrib/packages.sh
echo "building ..."
cmake --preset release -DEVAC_TESTS=OFF >/dev/null
cmake --build --preset release >/dev/null || cmake --build --preset release
bin=$here/build/release/bin

dir=$(mktemp -d)
sandbox= controller=
cleanup() {
  for pid in $controller $sandbox; do kill "$pid" 2>/dev/null || true; done
  for pid in $controller $sandbox; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
start=$(date +%s)
say() { printf '\n\033[1m[%2d s] %s\033[0m\n' "$(($(date +%s) - start))" "$1"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n[%2d s] %s\n' "$(($(date +%s) - start))" "$1"; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds
wait_for() {
  local left=$(($1 * 10)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
      echo "gave up waiting: $what" >&2
      tail -n 20 "$dir"/*.log >&2
      exit 1
    fi
    sleep 0.1
  done
}

say "the sandbox: AWS in us-east-1 and us-west-2, $speed times as fast, with a shop in it"
"$bin/evac-sandbox" --shop --speed "$speed" --port-file "$dir/ports.json" >"$dir/sandbox.log" 2>&1 &
sandbox=$!
wait_for 10 "the sandbox" test -s "$dir/ports.json"
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$dir/ports.json" | head -1; }
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_EC2_METADATA_DISABLED=true
AWS_ACCESS_KEY_ID=$(field access_key_id)
AWS_SECRET_ACCESS_KEY=$(field secret_access_key)
mkdir -p "$dir/conf/apps"
fill() { # FILE TO
  sed -e "s|@DIR@|$dir|g; s|@PORT@|$(field http_port)|g; s|@DNS_PORT@|$(field dns_port)|g; s|@SPEED@|$speed|g; s|@UNTIL@|$(date -u -d '+30 days' +%F)|g" \
    "contrib/demo/$1" >"$dir/conf/$2"
}
fill evac.cfg evac.cfg
fill "$app.cfg" apps/shop.cfg
[ ! -e "contrib/demo/$app.world" ] || while IFS= read -r line; do # what the shop of this strategy has in AWS
  [ -z "$line" ] || "$bin/evac-sandbox" ctl --port-file "$dir/ports.json" "$line" >/dev/null
done <"contrib/demo/$app.world"
"$bin/evac" validate "$dir/conf"

say "the controller"
"$bin/evacd" --config "$dir/conf" >"$dir/evacd.log" 2>&1 &
controller=$!
export EVAC_SOCKET=$dir/evac.sock
wait_for 10 "evacd" "$bin/evac" version
case $strategy in warm-standby | active-active) up=2 ;; *) up=1 ;; esac # nothing answers in a cold standby
healthy() { [ "$("$bin/evac" status --json | grep -o '"verdict":"up"' | wc -l)" -ge $up ] &&
            "$bin/evac" status --json | grep -q '"endpoint":{"state":"up"' &&
            "$bin/evac" status --json | grep -q '"loss_now_ms":[0-9]'; }
wait_for 30 "the shop to be healthy in both regions" healthy
"$bin/evac" status
if [ $up = 1 ]; then
  say "nothing runs in the standby that a probe could ask: a rehearsal tells that it is ready"
  "$bin/evac" check shop || [ $? = 1 ]
fi

say "us-east-1 dies"
"$bin/evac-sandbox" ctl --port-file "$dir/ports.json" "region us-east-1 down"
running() { "$bin/evac" status --json | grep -q '"run":[0-9][0-9]*,"rehearsal"'; }
wait_for 40 "the policy to decide" running
say "the policy decided: the shop moves to us-west-2"
if [ "$strategy" = backup-restore ]; then # its policy proposes: a person says yes
  "$bin/evac" status
  "$bin/evac" approve shop
fi
ok=0
"$bin/evac" watch shop || ok=$?

say "the shop's public address answers"
as_a_user() { "$bin/evac-sandbox" get --port-file "$dir/ports.json" shop.example.com /health; }
wait_for 10 "the public address" as_a_user
answer=$(as_a_user)
echo "$answer"
case $answer in *'"region":"us-west-2"'*) ;; *) echo "not served by us-west-2" >&2; ok=1 ;; esac

say "the report"
"$bin/evac" report shop --report "$report" >/dev/null
cat "$report/report.txt"
echo
echo "Report: $report/report.txt, report.json, report.html"
"$bin/evac" journal verify
exit "$ok"
