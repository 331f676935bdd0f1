#!/usr/bin/env bash
# Clients of OCI registries, pinned, into AUTHSOCK_TEST_CLIENTS (default: ~/.cache/authsock-test-clients): crane and oras by go, docker-py
# by pip, jib by mvn. What is there already stays; a client whose installer is missing is skipped. Changes nothing else on the machine.
set -euo pipefail

folder=${AUTHSOCK_TEST_CLIENTS:-$HOME/.cache/authsock-test-clients}/registry
mkdir -p "$folder"

# NAME VERSION COMMAND...: runs the command, unless that version is installed.
client() {
  local name=$1 version=$2 mark="$folder/.$1"
  shift 2
  [ "$(cat "$mark" 2>/dev/null)" = "$version" ] && return
  "$@" && echo "$version" >"$mark" && echo "$name $version"
}

has() { command -v "$1" >/dev/null || { echo "no $1: skipped" >&2 && false; }; }

# A module cache of its own, so that it can be removed again.
go_install() {
  local cache
  cache=$(mktemp -d)
  GOMODCACHE=$cache GOFLAGS=-modcacherw GOBIN=$folder/bin go install -trimpath -ldflags=-s "$1"
  rm -rf "$cache"
}

python_install() {
  rm -rf "$folder/python"
  python3 -m venv "$folder/python"
  "$folder/python/bin/pip" install --quiet --disable-pip-version-check "$1"
}

# The plugin and what it needs go into a local repository, so that the test downloads nothing.
jib_install() {
  local project="$folder/jib"
  mkdir -p "$project/src/main/java"
  cat >"$project/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>test</artifactId><version>1</version>
  <properties><maven.compiler.source>8</maven.compiler.source><maven.compiler.target>8</maven.compiler.target></properties>
  <build><plugins><plugin>
    <groupId>com.google.cloud.tools</groupId><artifactId>jib-maven-plugin</artifactId><version>$1</version>
  </plugin></plugins></build>
</project>
XML
  echo 'public class Main { public static void main(String[] args) {} }' >"$project/src/main/java/Main.java"
  # It fails when it comes to the registry, which is not there: by then everything is downloaded.
  (cd "$project" && mvn -q -B -Dmaven.repo.local="$project/repository" compile jib:build -Djib.from.image=scratch \
    -Djib.to.image=127.0.0.1:9/none -Djib.allowInsecureRegistries=true >"$project/install.log" 2>&1 || true)
  [ -d "$project/repository/com/google/cloud/tools/jib-maven-plugin/$1" ]
}

! has go || client crane v0.22.1 go_install github.com/google/go-containerregistry/cmd/crane@v0.22.1
! has go || client oras v1.3.6 go_install oras.land/oras/cmd/oras@v1.3.6
! has python3 || client docker-py 7.2.0 python_install docker==7.2.0
! has mvn || client jib 3.5.1 jib_install 3.5.1
