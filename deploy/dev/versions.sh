#!/bin/bash
# ./dev versions [VERSION...]: the same end-to-end test on real gateways of these
# versions, or of all, one after the other; then looks for secrets in what it
# wrote.
set -euo pipefail
. deploy/dev/install.sh

known=(2026.9.6)
for folder in deploy/gateways/2026.*/; do
  known+=("$(basename "$folder")")
done
versions=("$@")
((${#versions[@]})) || versions=("${known[@]}")
for version in "${versions[@]}"; do
  [[ " ${known[*]} " == *" $version "* ]] ||
    die "versions knows ${known[*]}, and not '$version'"
done

need_packages build test run
# Its Node runs them all.
need_gateway
for version in "${versions[@]}"; do
  [[ $version == 2026.9.6 ]] || need_old_gateway "$version"
done
build dev e2e_versions_test

export CLAWPLANE_TEST_OPENCLAW_DIR=$gateway_dir
export CLAWPLANE_TEST_OLD_GATEWAYS=$dev
export CLAWPLANE_TEST_NODE=$gateway_node
log=$logs/test-versions.log
: >"$log"
failed=()
for version in "${versions[@]}"; do
  start=$SECONDS
  name=${version//[.-]/_}
  ctest --test-dir build/dev -L '^versions$' -R "/v$name( |\$)" --no-tests=error \
    --output-on-failure </dev/null 2>&1 | tee -a "$log" | grep -v '^Internal' ||
    failed+=("$version")
  say "the gateway $version: $(took "$start")"
done
deploy/dev/secrets.sh build/dev/test-output ||
  die "the search for secrets in what the tests wrote failed"
((${#failed[@]} == 0)) ||
  die "failed on ${failed[*]}; the output is in .dev/log/test-versions.log"
say "passed on ${versions[*]}"
