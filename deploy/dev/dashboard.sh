#!/bin/bash
# ./dev dashboard [--fake]: runs a real Prometheus beside a real clawplaned with
# the real gateway, under load, with a kill and a restart on the way; asks it
# all that the panels of the dashboard ask, and draws the answers as
# docs/metrics/dashboard.svg. Takes about four minutes. --fake: with the fake
# gateway and for half a minute, into build/dev/dashboard.svg.
set -euo pipefail
. deploy/dev/install.sh

need_packages build test run metrics
build dev clawplaned clawctl fake_gateway
need_gateway

seconds=210 out=docs/metrics/dashboard.svg given=(--gateway-dir "$gateway_dir")
case ${1:-} in
  '') ;;
  --fake) seconds=30 out=build/dev/dashboard.svg given=() ;;
  *) die "dashboard knows --fake, and not '$1'" ;;
esac

# A socket's path is short.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
say "running Prometheus, clawplaned and a gateway for $seconds s and its start"
"$gateway_node" tests/metrics/picture.mjs --programs build/dev/bin \
  --folder "$place" --dashboard deploy/grafana/clawplane.json \
  --seconds "$seconds" --out "$out" "${given[@]}"
say "$out shows what every panel shows"
