#!/bin/bash
# ./dev bench supervision: measures, and prints medians.
set -euo pipefail
. deploy/dev/install.sh

what=${1:-}
case $what in
  supervision) ;;
  *) die "bench knows: supervision" ;;
esac

need_packages build test
build bench "${what}_bench"
# A socket's path is short.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
say "measuring, about half a minute; best on a quiet machine (load now: $(cut -d' ' -f1 /proc/loadavg))"
"build/bench/bin/${what}_bench" "$place"
cp "$place/$what.json" "build/bench/$what.json"
say "the figures are in build/bench/$what.json"
