// The readers of every server of the benchmark; see `event_load --help`.
//
// It is cheap, so that it takes little from the server beside it: one thread
// and one completion queue, requests that were serialised before, responses
// whose events are found by their bytes. Every event of every stream is
// checked: each must have the gateway's number after the one before it.
//
// What it waits for it says on stdout, one word a line, and whoever started it
// has the events sent:
//
//   open  every stream has had its first response: the warm-up may be sent, or
//         without one the events
//   warm  every stream has had the warm-up: the events may be sent
//
// Then, or instead of them with --idle, follows one line of JSON.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "tests/bench/events/event_readers.h"
#include "tests/bench/events/reader_figures.h"
#include "tests/bench/rpc/file_limit.h"

namespace clawplane::testing {
namespace {

void Declare(CLI::App& app, ReaderPlan& plan) {
  app.add_option("--target", plan.target, "HOST:PORT or unix:PATH");
  app.add_option("--token-file", plan.token_file, "holds an access token");
  app.add_option("--streams", plan.streams, "opened in all");
  app.add_option("--connections", plan.connections,
                 "that the streams use in turn");
  app.add_option("--stalled", plan.stalled,
                 "of the streams: read the first response and nothing more, "
                 "over a connection of their own");
  app.add_option("--warm-up", plan.warm_up,
                 "events that come before those that are measured");
  app.add_option("--events", plan.events, "that each stream is to get");
  app.add_flag("--replay", plan.replay,
               "have the events sent to a reader of their own, and open the "
               "streams before them in the log; opening is measured, too");
  app.add_flag("--idle", plan.idle, "tell what the open streams occupy");
  app.add_option("--server-pid", plan.server, "whose costs are told");
  app.add_option("--gateway-pid", plan.gateway, "likewise");
  app.add_option("--timeout", plan.timeout, "seconds");
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Reads events from a server of GatewayService.StreamEvents over many "
      "streams, and prints what it saw as one line of JSON.");
  ReaderPlan plan;
  Declare(app, plan);
  CLI11_PARSE(app, argc, argv);
  plan.connections = std::max<size_t>(
      1, std::min(plan.connections, plan.streams - plan.stalled));
  AllowManyFiles();
  EventReaders readers(plan);
  if (!readers.Run()) return 1;
  std::cout << Json(plan, readers.figures()) << std::endl;
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) { return clawplane::testing::Main(argc, argv); }
