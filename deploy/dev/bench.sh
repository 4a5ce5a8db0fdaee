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
#   abuse [--quick] [--rounds N]
#                          what attacks cost the other clients, likewise.
#   scale [--quick]        what one sidecar takes, and clawctl --targets over
#                          many; writes its part of docs/scale.md. --quick: in
#                          a minute, to the terminal alone.
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

# beside_others WHAT QUICK FULL [OPTION...]: runs tests/bench/WHAT, which
# measures clawplaned beside other programs and takes so long.
beside_others() {
  local what=$1 quick=$2 length=$3
  shift 3
  local given=("$@")
  while (($#)); do
    case $1 in
      --quick) length=$quick ;;
      --rounds)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--rounds takes a number"
        shift
        ;;
      --only)
        [[ $what == events && -n ${2:-} ]] ||
          die "--only takes words, and is for bench events"
        length="only '$2'"
        shift
        ;;
      *) die "bench $what does not know '$1'" ;;
    esac
    shift
  done
  need_packages build test run
  need_gateway
  need_npm_folder tests/bench/rpc/node rpc-bench "what clawplaned is compared with"
  # Node looks for packages beside the script.
  cp tests/bench/{rpc,events}/node/*.mjs "$dev/rpc-bench/"
  build bench "${what}_bench_programs"
  announce "$length"
  "$gateway_node" "tests/bench/$what/run.mjs" --programs build/bench/bin \
    --node-folder "$dev/rpc-bench" --gateway-dir "$gateway_dir" \
    --proto-folder "$root/proto" --folder "$place" --out build/bench "${given[@]}"
}

rpc() { beside_others rpc "about two minutes" "about twelve minutes" "$@"; }

events() { beside_others events "about two minutes" "about eight minutes" "$@"; }

abuse() { beside_others abuse "about a minute" "about seven minutes" "$@"; }

scale() {
  local length="about three minutes"
  case $#:${1:-} in
    0:) ;;
    1:--quick) length="about a minute" ;;
    *) die "bench scale knows --quick" ;;
  esac
  need_packages build test run
  need_gateway
  build bench clawplaned clawctl fake_gateway
  announce "$length"
  "$gateway_node" tests/bench/scale/run.mjs --programs "$root/build/bench/bin" \
    --gateway-dir "$gateway_dir" --folder "$place" --out build/bench "$@"
}

what=${1:-}
if [[ $what == instructions ]]; then
  exec deploy/dev/bench/instructions.sh "${@:2}"
fi

# A socket's path is short.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
case $what in
  supervision | rpc | events | abuse | scale) "$@" ;;
  *) die "bench knows: supervision, rpc, events, abuse, scale, instructions" ;;
esac
