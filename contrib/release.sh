#!/usr/bin/env bash
# Makes a release: tests, builds, packs, lists what it is made of, and signs the sums of all that.
#   contrib/release.sh --key KEY.pem --out FOLDER [--build FOLDER]
#     --key    an Ed25519 key: openssl genpkey -algorithm ed25519 -out KEY.pem. It belongs on no build machine that others use
#     --build  what is built already is packed, and nothing is tested: for trying this script
# Whoever gets it checks it by contrib/verify-release.sh FOLDER PUBLIC.pem
set -eu
usage() { sed -n '2,6s/^# //p' "$0"; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
key='' out='' build='' programs=(evac evacd evac-fence evac-sandbox)
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || usage
  case $1 in
    --key) key=$2 ;;
    --out) out=$2 ;;
    --build) build=$2 ;;
    *) usage ;;
  esac
  shift 2
done
[ -n "$key" ] && [ -n "$out" ] || usage
openssl pkey -in "$key" -noout 2>/dev/null || { echo "$key is no key"; exit 1; }
mkdir -p "$out"
out=$(cd "$out" && pwd)
[ -z "$(ls -A "$out")" ] || { echo "$out is not empty"; exit 1; }
cd "$top"
version=$(sed -nE 's/^project\(evac VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

if [ -z "$build" ]; then
  [ -z "$(git status --porcelain)" ] || { echo "commit first: a release is of a commit"; exit 1; }
  contrib/check.sh
  cmake --preset release >/dev/null
  cmake --build --preset release
  build=$top/build/release
  contrib/hardening.sh "${programs[@]/#/$build/bin/}"
fi
build=$(cd "$build" && pwd)

git archive --format=tar --prefix="evac-$version/" HEAD | gzip -9n >"$out/evac-$version.tar.gz"
umask 022 # as contrib/reproducible.sh packs
(cd "$build" && cpack -G DEB -B "$out/pack" -D CPACK_DEBIAN_COMPRESSION_TYPE=zstd >/dev/null)
mv "$out"/pack/*.deb "$out/"
rm -rf "$out/pack"
contrib/sbom.py --version "$version" "${programs[@]/#/$build/bin/}" >"$out/evac-$version.spdx.json"
cd "$out"
sha256sum -- *.tar.gz *.deb *.spdx.json >SHA256SUMS
openssl pkeyutl -sign -rawin -inkey "$key" -in SHA256SUMS -out SHA256SUMS.sig
openssl pkey -in "$key" -pubout -out evac-release.pub
echo "$out: signed by $(openssl pkey -in "$key" -pubout -outform DER | sha256sum | cut -c1-64)"
