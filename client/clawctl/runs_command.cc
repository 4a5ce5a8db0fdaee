// runs: what ran, why it began and ended, and what was seen of it.

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/run_text.h"

namespace clawplane::clawctl {
namespace {

struct RunsOptions {
  uint32_t limit = 0;
  bool last = false;
  // Show the latest run of this process.
  std::optional<int32_t> pid;
};

// Leaves the latest run of this process alone. False if there is none.
bool Keep(int32_t pid, v1::ListRunsResponse& response) {
  for (const v1::Run& run : response.runs()) {
    if (run.pid() != pid) continue;
    v1::ListRunsResponse one;
    *one.add_runs() = run;
    response = one;
    return true;
  }
  return false;
}

int Runs(Session& session, const RunsOptions& options) {
  v1::ListRunsRequest request;
  request.set_limit(options.last ? 1 : options.limit);
  v1::ListRunsResponse response;
  const grpc::Status status =
      session.Call(&Stub::ListRuns, request, &response, client::kAtOnce);
  if (!status.ok()) return session.Fail("list the runs", status);
  if (options.pid.has_value() && !Keep(*options.pid, response)) {
    session.Tell(
        absl::StrCat("clawctl: no run of process ", *options.pid, " is known"));
    session.Tell("next: see 'clawctl runs'");
    return kFailed;
  }
  if (session.json) {
    session.output.Json(response);
  } else if (response.runs().empty()) {
    session.Note("this server has launched no gateway since it began");
  } else if (options.last || options.pid.has_value()) {
    session.output.Line(RunLines(response.runs(0), absl::Now()));
  } else {
    session.output.Line(RunsTable(response, absl::Now()));
  }
  return kOk;
}

}  // namespace

void AddRunsCommand(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<RunsOptions>();
  CLI::App* command = app.add_subcommand(
      "runs", "List the latest runs of the gateway, or show one in full");
  CLI::Option* pid = command
                         ->add_option("pid", options->pid,
                                      "Show the run of this process in full: "
                                      "phases, evidence, its last lines")
                         ->check(CLI::PositiveNumber);
  CLI::Option* last =
      command->add_flag("--last", options->last, "Show the latest run in full");
  last->excludes(pid);
  command
      ->add_option("--limit", options->limit,
                   "List at most so many, 1 to 50; else 50")
      ->excludes(pid)
      ->excludes(last);
  command->callback([options, &chosen] {
    chosen = {
        .run = [options](Session& session) { return Runs(session, *options); }};
  });
}

}  // namespace clawplane::clawctl
