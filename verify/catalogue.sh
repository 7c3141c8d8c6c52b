#!/usr/bin/env bash
# Every entry of the catalogue: where each of its numbers comes from, and its published numbers against runs. The argument is the number of
# patients an arm (default: each study's own). Exit code 0 when no number is bare and none fails without a written reason.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
target/release/remission catalogue audit | tail -1
[ "${PIPESTATUS[0]}" -eq 0 ] || failed=1
target/release/remission catalogue test ${1:+--patients "$1"} || failed=1
exit "$failed"
