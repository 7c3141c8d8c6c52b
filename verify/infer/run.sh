#!/bin/sh
# Calibration of `remission infer`: ranks of truths among posterior draws for every assay and sampler, twelve broken
# samplers that must be told, and verdicts on data whose origin is known. Everything computed is kept under
# target/verify-infer, so that a run that was stopped goes on where it was; delete that folder to begin anew.
# FITS (500) and SHARE (1) make it smaller: FITS=40 SHARE=0.1 verify/infer/run.sh
set -u
cd "$(dirname "$0")/../.."
state=target/verify-infer
mkdir -p "$state"
cargo build --release -p remission-infer --example ranks --example origins || exit 1
began=$(date +%s)
target/release/examples/ranks --fits "${FITS:-500}" --state "$state" >"$state/ranks.txt"
ranks=$?
between=$(date +%s)
target/release/examples/origins --share "${SHARE:-1}" --state "$state" >"$state/origins.txt"
origins=$?
cat "$state/ranks.txt" "$state/origins.txt"
echo "ranks: exit code $ranks, $((between - began)) s; origins: exit code $origins, $(($(date +%s) - between)) s (this run)"
[ "$ranks" -eq 0 ] && [ "$origins" -eq 0 ]
