#!/usr/bin/env bash
# Installs what is missing to build evac on Debian 12; with "check" also what its tests need, with "bench" the peers that its benches stand beside.
set -eu
build="build-essential cmake ninja-build pkg-config libuv1-dev libcurl4-openssl-dev libssl-dev libcjson-dev
       libconfig-dev libsqlite3-dev libexpat1-dev libc-ares-dev libhttp-parser-dev libseccomp-dev libwebsockets-dev
       libwebsockets-evlib-uv ca-certificates tzdata"
check="check ccache clang clang-format clang-tidy libclang-rt-14-dev awscli valgrind chromium sqlite3 dnsutils python3 openssl zsh fish mandoc python3-pyte python3-jsonschema faketime gcovr libmimalloc-dev"

bench="valgrind curl awscli python3-boto3 ansible-core"

# Node from elsewhere is as good, and Debian's npm does not install beside it.
command -v npm >/dev/null || check="$check nodejs npm"
# These packages bring services, which systemd would start: where it runs, promtool, etcd and the peers are used only if they are there already.
if [ ! -d /run/systemd/system ]; then
  check="$check prometheus etcd-server etcd-client"
  bench="$bench haproxy prometheus-blackbox-exporter"
fi

want=$build
[ "${1:-}" != check ] || want="$build $check"
[ "${1:-}" != bench ] || want="$build $bench"
missing=
for p in $want; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
