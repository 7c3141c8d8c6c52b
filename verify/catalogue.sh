#!/usr/bin/env bash
# Runs every catalogue entry against its published numbers. The argument is the number of patients an arm
# (default: each study's own). Ends in the number of entries that differ and exit code 0 or 1.
set -uo pipefail
cd "$(dirname "$0")/.."
patients=${1:-}
failed=0
for id in $(target/release/remission catalogue --json | python3 -c 'import json,sys; print(*(e["id"] for e in json.load(sys.stdin)))'); do
  echo "-- $id"
  target/release/remission check "$id" ${patients:+--patients "$patients"} || failed=$((failed + 1))
done
echo "catalogue entries that differ: $failed"
[ "$failed" -eq 0 ]
