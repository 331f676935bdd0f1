#!/usr/bin/env bash
# Clients from other releases of Debian than the machine may have, into AUTHSOCK_TEST_CLIENTS (default:
# ~/.cache/authsock-test-clients): from Debian 13 git with authtype (2.46), unpacked with the libraries it needs, kubectl with
# client.authentication.k8s.io/v1, and the docker command line; from Debian 12 a kubectl with v1beta1 alone. What is there already
# stays. Needs apt-get and dpkg-deb, and changes nothing else on the machine.
set -euo pipefail

folder=${AUTHSOCK_TEST_CLIENTS:-$HOME/.cache/authsock-test-clients}
mark="$folder/debian/.installed"
[ "$(cat "$mark" 2>/dev/null)" = 3 ] && exit
rm -rf "$folder/debian"
mkdir -p "$folder/debian/bin"
root="$folder/debian/root"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{lists,cache/archives}/partial "$scratch/packages"
# From wherever this machine gets its own packages.
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" | head -1)
printf 'deb %s %s main\n' "$mirror" trixie "$mirror" bookworm >"$scratch/sources.list"
apt() {
  "apt-$1" -qq -o Dir::Etc::sourcelist="$scratch/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$scratch/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none "${@:2}"
}
apt get update

libraries=$(apt cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  libcurl3t64-gnutls libpcre2-8-0 libexpat1 zlib1g | grep -E '^(lib|zlib)')
# shellcheck disable=SC2086
(cd "$scratch/packages" && apt get download git kubectl docker-cli $libraries >/dev/null)
for package in "$scratch"/packages/*.deb; do dpkg-deb -x "$package" "$root"; done
(cd "$scratch" && apt get download 'kubernetes-client=1.20.*' >/dev/null)
dpkg-deb -x "$scratch"/kubernetes-client_*.deb "$scratch/old"

# Its programs are started by the C library that they came with.
loader=$(echo "$root"/usr/lib*/ld-linux-*.so.*)
core="$root/usr/lib/git-core"
started_by_own_loader() {
  printf '#!/bin/sh\nGIT_EXEC_PATH=%q exec %q --library-path %q %q "$@"\n' \
    "$core" "$loader" "$(echo "$root"/usr/lib/*-linux-gnu)" "$1" >"$2"
  chmod 755 "$2"
}
mkdir "$core/real"
for name in git git-remote-http; do
  mv "$core/$name" "$core/real/$name"
  started_by_own_loader "$core/real/$name" "$core/$name"
done
cp "$core/git" "$folder/debian/bin/git"
cp "$root/usr/bin/docker" "$root/usr/bin/kubectl" "$folder/debian/bin/"
cp "$scratch/old/usr/bin/kubectl" "$folder/debian/bin/kubectl-1.20"
"$folder/debian/bin/git" --version
"$folder/debian/bin/docker" --version
"$folder/debian/bin/kubectl" version --client | sed -n 1p
"$folder/debian/bin/kubectl-1.20" version --client --short
echo 3 >"$mark"
