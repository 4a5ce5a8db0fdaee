// status and wait: where the gateway is, now and later.

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/progress.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

struct StatusOptions {
  bool watch = false;
  bool exit_code = false;
};

int Watch(Session& session) {
  const grpc::Status status =
      session.Read<v1::StreamStatusRequest, v1::StreamStatusResponse>(
          &Stub::StreamStatus, v1::StreamStatusRequest(), std::nullopt,
          [&](v1::StreamStatusResponse& response) {
            if (session.json) return session.output.Json(response);
            return session.output.Line(absl::StrCat(
                ShowTime(absl::Now()), "  ", StatusLine(response.status())));
          });
  return status.ok() ? static_cast<int>(kOk)
                     : session.Fail("follow the status", status);
}

int Status(Session& session, const StatusOptions& options) {
  if (options.watch) return Watch(session);
  v1::GetStatusResponse response;
  const grpc::Status status = session.Call(
      &Stub::GetStatus, v1::GetStatusRequest(), &response, kAtOnce);
  if (!status.ok()) return session.Fail("get the status", status);
  if (session.json) {
    session.output.Json(response);
  } else {
    session.output.Line(StatusLines(response.status(), absl::Now()));
  }
  const bool running =
      response.status().state() == v1::GatewayStatus::STATE_RUNNING;
  return running || !options.exit_code ? kOk : kNotRunning;
}

struct WaitOptions {
  std::string state;
  std::string timeout;
};

// The gateway will not come up by itself.
int TellError(const Session& session, const v1::GatewayFault& fault) {
  session.Tell(absl::StrCat(
      "clawctl: the gateway is in error and will not run by itself: ",
      ShowFault(fault)));
  if (!fault.next_step().empty()) {
    session.Tell(absl::StrCat("next: ", Printable(fault.next_step())));
  }
  return kFailed;
}

int FailWait(const Session& session, const std::string& state,
             const v1::StreamStatusResponse& last, const grpc::Status& status) {
  const std::string task = absl::StrCat("wait for ", state);
  if (status.ok()) {
    // The reader of our output left, or the server ended what has no end.
    session.Tell(absl::StrCat("clawctl: cannot ", task,
                              ": the server ended the stream"));
    return kFailed;
  }
  return session.Fail(
      task, client::ToCallError(status),
      last.has_status()
          ? absl::StrCat("the gateway is ", ProgressLine(last.status()))
          : "");
}

int Wait(Session& session, const WaitOptions& options) {
  const v1::GatewayStatus::State wanted = *ParseState(options.state);
  v1::StreamStatusResponse last;
  bool reached = false;
  bool hopeless = false;
  grpc::Status status;
  {
    ProgressDisplay display(session.quiet);
    status = session.Read<v1::StreamStatusRequest, v1::StreamStatusResponse>(
        &Stub::StreamStatus, v1::StreamStatusRequest(),
        OptionalTimeout(options.timeout),
        [&](v1::StreamStatusResponse& response) {
          last = response;
          const v1::GatewayStatus::State state = response.status().state();
          reached = state == wanted;
          hopeless = wanted == v1::GatewayStatus::STATE_RUNNING &&
                     state == v1::GatewayStatus::STATE_ERROR;
          if (!reached && !hopeless) display.Show(response.status());
          return !reached && !hopeless;
        });
  }
  if (hopeless) return TellError(session, last.status().error());
  if (!reached) return FailWait(session, StateName(wanted), last, status);
  if (session.json) {
    session.output.Json(last);
  } else {
    session.output.Line(StatusLine(last.status()));
  }
  return kOk;
}

}  // namespace

void AddStatusCommands(CLI::App& app, Command& chosen) {
  auto status = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "Show where the gateway is");
  CLI::Option* watch = command->add_flag("-w,--watch", status->watch,
                                         "Show each later status as well");
  command
      ->add_flag("--exit-code", status->exit_code,
                 "Exit with 6 unless the gateway is running")
      ->excludes(watch);
  command->callback([status, &chosen] {
    chosen = [status](Session& session) { return Status(session, *status); };
  });

  auto wait = std::make_shared<WaitOptions>();
  command = app.add_subcommand("wait", "Wait until the gateway is in a state");
  command
      ->add_option("--for", wait->state,
                   "The state: running, stopped, error, ... Waiting for "
                   "running fails once the state is error")
      ->required()
      ->check(Check(ParseState));
  command->add_option("--timeout", wait->timeout, "Give up after this time")
      ->check(Check(ParseTimeout));
  command->callback([wait, &chosen] {
    chosen = [wait](Session& session) { return Wait(session, *wait); };
  });
}

}  // namespace clawplane::clawctl
