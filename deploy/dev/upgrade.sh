#!/bin/bash
# ./dev upgrade: replaces clawplaned under load on the real gateway, three times,
# and prints what became of the gateway, the calls and the events.
set -euo pipefail
. deploy/dev/install.sh

(($# == 0)) || die "upgrade takes no arguments"
need_packages build test run
need_gateway
build dev e2e_real_test

export CLAWPLANE_TEST_OPENCLAW_DIR=$gateway_dir
export CLAWPLANE_TEST_NODE=$gateway_node
build/dev/bin/e2e_real_test --gtest_brief=1 --gtest_filter='RealUpgradeTest.*' \
  </dev/null
