#!/usr/bin/env bash
# Runs libFuzzer on what may come from anybody: model and study files, sentences, event tables, rate laws, run directories.
#
#   verify/fuzz.sh [MINUTES [TARGET ...]]     each target so long (30), one after another
#   verify/fuzz.sh merge [TARGET ...]         keeps in fuzz/corpus the fewest inputs that reach everything found so far
#
# Memory is bounded at 256 MiB and an input at 2 seconds. Exit code 0: nothing was found. What was found lies in fuzz/artifacts.
# Needs a nightly toolchain and cargo-fuzz; without them the corpus is still replayed by ./check (crates/cli/tests/corpus.rs).
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "no nightly toolchain with cargo-fuzz here, so nothing was run; ./check replays the corpus on a stable one" >&2
  echo "rustup toolchain install nightly && cargo install cargo-fuzz" >&2
  exit 2
fi
minutes=${1:-30}
[ $# -gt 0 ] && shift
targets=("$@")
# Without a sanitizer: the program is safe code throughout, and its memory is then what is measured.
cargo +nightly fuzz build --fuzz-dir fuzz -s none
bin=fuzz/target/$(rustc +nightly -vV | sed -n 's/^host: //p')/release
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep -v '^remission-fuzz$')
fi

if [ "$minutes" = merge ]; then
  for target in "${targets[@]}"; do
    new=fuzz/corpus/$target.new
    rm -rf "$new" && mkdir -p "$new" "fuzz/found/$target" "fuzz/corpus/$target"
    "$bin/$target" -set_cover_merge=1 -use_counters=0 -max_len=20000 -timeout=2 "$new" "fuzz/corpus/$target" "fuzz/found/$target" \
      2>"fuzz/found/$target.merge.log"
    rm -rf "fuzz/corpus/$target" && mv "$new" "fuzz/corpus/$target"
    echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) inputs, $(cat "fuzz/corpus/$target"/* | wc -c) bytes"
  done
  exit 0
fi

runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
for study in nsclc-egfr-tki pc9-erlotinib; do
  cargo run --release --quiet -- run "$study" --patients 3 --out "$runs/$study" >/dev/null 2>&1
done
# A run that is killed as it names its files leaves its checkpoints.
cargo run --release --quiet -- new "$runs/mine" >/dev/null
REMISSION_FAIL_POINT=rename:8:kill cargo run --release --quiet -- \
  run "$runs/mine" --patients 12 --checkpoint-patients 2 --out "$runs/killed" >/dev/null 2>&1 || true
fuzz/seeds.py "$runs"/*-* "$runs"/killed/unfinished/*.outcomes
bad=0
for target in "${targets[@]}"; do
  mkdir -p "fuzz/artifacts/$target" "fuzz/found/$target"
  # Without the end of the log a fault of the fuzzer itself would look like none found.
  "$bin/$target" -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -max_total_time=$((minutes * 60)) \
    -rss_limit_mb=256 -timeout=2 -max_len=16384 -dict=fuzz/words.dict -artifact_prefix="fuzz/artifacts/$target/" \
    "fuzz/found/$target" "fuzz/corpus/$target" "fuzz/seeds/$target" >"fuzz/found/$target.log" 2>&1 || true
  grep '^#.* cov: ' "fuzz/found/$target.log" | tail -1 | sed "s/^/$target: /" || { echo "$target: did not run"; bad=1; }
  found=$(find "fuzz/artifacts/$target" -type f | wc -l)
  [ "$found" -eq 0 ] || { echo "$target: $found findings in fuzz/artifacts/$target"; bad=1; }
done
exit $bad
