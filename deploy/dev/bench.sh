#!/bin/bash
# ./dev bench WHAT: measures, and prints medians.
#   supervision            how fast the supervision is
#   rpc [--quick] [--rounds N]
#                          the Rpc bridge, against a bare gRPC echo and others;
#                          writes docs/performance.md. --quick: under two
#                          minutes, and leaves the document alone.
#   events [--quick] [--rounds N] [--only WORDS]
#                          the fan-out of events, likewise. --only: the cells
#                          whose names have all of the words, such as
#                          'paced clawplaned', to the terminal alone.
#   instructions [--accept]
#                          how many instructions the parts of a call take;
#                          fails if they changed. --accept: records them.
set -euo pipefail
. deploy/dev/install.sh

announce() {
  say "measuring, $1; best on a quiet machine (load now: $(cut -d' ' -f1 /proc/loadavg))"
}

supervision() {
  (($# == 0)) || die "bench supervision takes no options"
  need_packages build test
  build bench supervision_bench
  announce "about half a minute"
  build/bench/bin/supervision_bench "$place"
  cp "$place/supervision.json" build/bench/supervision.json
  say "the figures are in build/bench/supervision.json"
}

rpc() {
  local given=("$@") length="about twelve minutes"
  while (($#)); do
    case $1 in
      --quick) length="about two minutes" ;;
      --rounds)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--rounds takes a number"
        shift
        ;;
      *) die "bench rpc knows --quick and --rounds N, and not '$1'" ;;
    esac
    shift
  done
  need_packages build test run
  need_gateway
  need_npm_folder tests/bench/rpc/node rpc-bench "what the bridge is compared with"
  # Node looks for packages beside the script.
  cp tests/bench/rpc/node/*.mjs "$dev/rpc-bench/"
  build bench rpc_bench_programs
  announce "$length"
  "$gateway_node" tests/bench/rpc/run.mjs --programs build/bench/bin \
    --node-folder "$dev/rpc-bench" --gateway-dir "$gateway_dir" \
    --proto-folder "$root/proto" --folder "$place" --out build/bench "${given[@]}"
}

events() {
  local given=("$@") length="about ten minutes"
  while (($#)); do
    case $1 in
      --quick) length="under three minutes" ;;
      --rounds)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--rounds takes a number"
        shift
        ;;
      --only)
        [[ -n ${2:-} ]] || die "--only takes words"
        shift
        ;;
      *) die "bench events knows --quick, --rounds N and --only WORDS, and not '$1'" ;;
    esac
    shift
  done
  need_packages build test run
  need_gateway
  need_npm_folder tests/bench/rpc/node rpc-bench "what the bridge is compared with"
  # Node looks for packages beside the script.
  cp tests/bench/rpc/node/*.mjs tests/bench/events/node/*.mjs "$dev/rpc-bench/"
  build bench event_bench_programs
  announce "$length"
  "$gateway_node" tests/bench/events/run.mjs --programs build/bench/bin \
    --node-folder "$dev/rpc-bench" --gateway-dir "$gateway_dir" \
    --proto-folder "$root/proto" --folder "$place" --out build/bench "${given[@]}"
}

what=${1:-}
if [[ $what == instructions ]]; then
  exec deploy/dev/bench/instructions.sh "${@:2}"
fi

# A socket's path is short.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
case $what in
  supervision | rpc | events) "$@" ;;
  *) die "bench knows: supervision, rpc, events, instructions" ;;
esac
