#!/usr/bin/env bash
# Runs every catalogue entry and its variants against their published numbers, and audits where their numbers come from. The argument is
# the number of patients an arm (default: each study's own). Exit code 0 when nothing failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
target/release/remission catalogue audit || failed=1
target/release/remission catalogue test ${1:+--patients "$1"} || failed=1
exit $failed
