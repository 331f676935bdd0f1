#!/bin/sh
# scripts/busy.sh N COMMAND...: runs the command beside N busy processes, as on a machine that others use too.
set -u
[ $# -ge 2 ] || { echo 'usage: scripts/busy.sh N COMMAND...' >&2; exit 2; }
n=$1
shift
pids=
trap 'kill $pids 2>/dev/null' EXIT
trap 'exit 130' INT TERM
while [ "$n" -gt 0 ]; do
  sh -c 'while :; do :; done' &
  pids="$pids $!"
  n=$((n - 1))
done
"$@"
