#!/bin/bash
# ./dev fuzz [SECONDS]: reads random texts with our JSON scanner and with
# RapidJSON, which have to agree. What they disagree on is kept.
set -euo pipefail
. deploy/dev/install.sh

seconds=${1:-30}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz takes a number of seconds, and not '$seconds'"

need_packages build fuzz
build fuzz json_scanner_fuzz

# What was found before is tried first. It is no part of the sources; what is
# worth keeping is copied into tests/fuzz/corpus by hand.
found=$dev/fuzz/json seeds=$dev/fuzz/seeds
rm -rf "$seeds"
mkdir -p "$found" "$seeds"
cp tests/fuzz/corpus/json/* "$seeds/"
# The frames of a real gateway: each line but its beginning and the last brace.
sed -n 's/.*"frame":\(.*\)}$/\1/p' tests/data/frames-*.jsonl |
  split -l 1 -a 3 - "$seeds/frame-"

step "trying random texts for $seconds s" fuzz \
  "the JSON scanner failed; the text is in .dev/fuzz, named in the log" \
  build/fuzz/bin/json_scanner_fuzz -max_total_time="$seconds" -max_len=4096 \
  -timeout=120 -print_final_stats=1 -dict=tests/fuzz/json.dict \
  -artifact_prefix="$dev/fuzz/" "$found" "$seeds"
say "$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/fuzz.log") texts, no difference"
