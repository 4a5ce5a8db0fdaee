#!/bin/bash
# Metrics, alerts and dashboard, held against each other and against a real
# clawplaned: the rules are in order and fire when they should, the metrics pass
# promtool's checks, and whatever a rule or panel asks for is exported.
#   deploy/ci/metrics_test.sh
# shellcheck disable=SC2317 # what only a trap or `step` calls looks unreachable
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/dev/install.sh

need_packages build test metrics
build dev clawplaned clawctl fake_gateway

rules=deploy/prometheus/alerts.yaml
dashboard=deploy/grafana/clawplane.json
document=docs/metrics.md
bin=$root/build/dev/bin
unset "${!CLAWPLANE_@}"

# A socket's path is short.
place=$(mktemp -d)
server=
finish() {
  local code=$?
  trap - EXIT
  end_ticker
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || :
    wait "$server" || code=$?
  fi
  rm -rf "$place"
  exit "$code"
}
trap finish EXIT

# ---- By themselves

step "checking the alert rules" metrics-rules "$rules is not in order" \
  promtool check rules "$rules"
step "testing the alert rules" metrics-rule-tests "an alert does not do what its test says" \
  promtool test rules "${rules%.yaml}_test.yaml"

# What Grafana fills in, filled in.
# shellcheck disable=SC2016 # its variables, not ours
queries() {
  sed -n 's/^ *"expr": "\(.*\)",\{0,1\}$/\1/p' "$dashboard" |
    sed 's/\\"/"/g; s/\$__rate_interval/1m/g; s/\$instance/.*/g'
}
queries | awk '
  BEGIN { print "groups: [{name: panels, rules: [" }
  { gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "{record: panel:%d, expr: \"%s\"},\n", NR, $0 }
  END { print "]}]" }
' >"$place/panels.yaml"
(($(grep -c 'record:' "$place/panels.yaml") > 20)) ||
  die "fewer than 20 queries were found in $dashboard; look at how it is written"
step "checking the panels' queries" metrics-panels "a panel's query is not in order" \
  promtool check rules "$place/panels.yaml"

# ---- Against what is exported

cat >"$place/clawplane.yaml" <<YAML
state_dir: "$place/state"
listen: none
socket: "$place/s"
ops:
  listen: "127.0.0.1:0"
gateway:
  mode: launch
  port: $((20000 + RANDOM % 10000))
  command: ["$bin/fake_gateway", gateway, run, --port, "{port}"]
YAML
: >"$place/out"
"$bin/clawplaned" --config "$place/clawplane.yaml" \
  >"$place/out" 2>"$logs/metrics-clawplaned.log" &
server=$!
start=$SECONDS
until grep -q '^clawplaned ready:' "$place/out"; do
  if ((SECONDS - start > 20)) || [[ ! -d /proc/$server ]]; then
    die "clawplaned did not get ready; its log is .dev/log/metrics-clawplaned.log"
  fi
  pause 0.1
done
"$bin/clawctl" --target "unix:$place/s" start >>"$logs/metrics-clawplaned.log" 2>&1 ||
  die "the fake gateway did not start; the log is .dev/log/metrics-clawplaned.log"

# scrape FILE: what /metrics tells to who has the token.
scrape() {
  local port
  port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\).*|\1|p' "$place/out")
  exec {http}<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /metrics HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' \
    "$(cat "$place/state/access.token")" >&"$http"
  sed '1,/^\r$/d' <&"$http" >"$1"
  exec {http}>&-
}
scrape "$place/metrics"
check_metrics() { promtool check metrics <"$place/metrics"; }
step "checking the metrics" metrics-check "promtool finds faults in what is exported" \
  check_metrics

sed -n 's/^\([a-z_]*\)[{ ].*/\1/p' "$place/metrics" | sort -u >"$place/exported"
cat "$rules" "$dashboard" | grep -oE '\b(clawplane|process)_[a-z_]+' |
  sort -u >"$place/asked"
unknown=$(comm -13 "$place/exported" "$place/asked")
[[ -z $unknown ]] ||
  die "rules or panels ask for what clawplaned does not export: ${unknown//$'\n'/, }"

undocumented=()
while read -r alert; do
  grep -qx "### $alert" "$document" || undocumented+=("$alert")
  grep -q "runbook: $document#${alert,,}\$" "$rules" ||
    undocumented+=("$alert (its runbook line)")
done < <(sed -n 's/^ *- alert: //p' "$rules")
((${#undocumented[@]} == 0)) ||
  die "$document does not say what to do about: ${undocumented[*]}"

say "metrics: $(wc -l <"$place/asked") names are asked for and exported, $(grep -vc '^#' "$place/metrics") series in $(wc -c <"$place/metrics") bytes"
