// The flags that the programs which make a load have in common.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_PLAN_FLAGS_H_
#define CLAWPLANE_TESTS_BENCH_RPC_PLAN_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstddef>

#include "tests/bench/rpc/tally.h"

namespace clawplane::testing {

struct LoadPlan {
  size_t size = 200;
  size_t in_flight = 1;
  Tally::Plan tally;
};

// `plan` must outlive `app`.
inline void DeclarePlan(CLI::App& app, LoadPlan& plan) {
  app.add_option("--size", plan.size, "of the params as JSON, in bytes")
      ->check(CLI::Range(200, 20'000'000));
  app.add_option("--in-flight", plan.in_flight, "calls outstanding")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--warm-up", plan.tally.warm_up_seconds, "seconds");
  app.add_option("--seconds", plan.tally.seconds, "measured");
  app.add_option("--calls", plan.tally.calls, "measured, and not --seconds");
  app.add_option("--segment", plan.tally.segment, "costs per so many calls");
  app.add_option("--server-pid", plan.tally.server, "whose costs are told");
  app.add_option("--gateway-pid", plan.tally.gateway, "likewise");
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_PLAN_FLAGS_H_
