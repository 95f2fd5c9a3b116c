#!/usr/bin/env bash
# Is a release what its makers signed?
#   contrib/verify-release.sh FOLDER PUBLIC.pem    the key from somewhere else than the release: one that came with it proves nothing
# By hand the same is:
#   openssl pkeyutl -verify -pubin -inkey PUBLIC.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig && sha256sum --strict -c SHA256SUMS
set -eu
[ $# = 2 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
key=$(realpath "$2")
cd "$1"
openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null ||
  { echo "SHA256SUMS is not what this key signed"; exit 1; }
sha256sum --strict --quiet -c SHA256SUMS || exit 1
for file in *; do
  case $file in
    SHA256SUMS | SHA256SUMS.sig | evac-release.pub) ;;
    *) grep -q "  $file\$" SHA256SUMS || { echo "$file is not of this release"; exit 1; } ;;
  esac
done
echo "good: signed by $(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c1-64)"
