// start, stop, restart: orders, and the wait for their success.

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/progress.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

struct OrderOptions {
  bool no_wait = false;
  bool force = false;
  bool drain = false;
  bool keep_wanted = false;
  std::string grace;
  std::string timeout;
};

void AddNoWait(CLI::App& app, OrderOptions& options) {
  app.add_flag("--no-wait", options.no_wait,
               "Return once the order is accepted");
}

void AddTimeout(CLI::App& app, OrderOptions& options) {
  app.add_option("--timeout", options.timeout,
                 "Stop waiting after this time; the order stands")
      ->check(Check(ParseTimeout));
}

void AddStopOptions(CLI::App& app, OrderOptions& options) {
  CLI::Option* grace =
      app.add_option("--grace", options.grace,
                     "How long the gateway may take to end before it is "
                     "killed; else as the server is configured")
          ->check(Check(ParseGrace));
  CLI::Option* force = app.add_flag("--force", options.force, "Kill it at once")
                           ->excludes(grace);
  app.add_flag("--drain", options.drain,
               "Let it finish its work first; the same order without --drain "
               "cuts that short")
      ->excludes(force);
}

template <typename Request>
void SetStopOptions(const OrderOptions& options, Request& request) {
  if (!options.grace.empty()) {
    *request.mutable_grace() = ToProto(*ParseGrace(options.grace));
  }
  request.set_force(options.force);
  request.set_drain(options.drain);
}

template <typename Request, typename Response>
grpc::Status CallWithProgress(Session& session,
                              grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*),
                              const Request& request, Response* response,
                              const OrderOptions& options) {
  // Gone before anything else is written, so that its line is wiped.
  const Progress progress(session.connection,
                          !session.shows_progress || options.no_wait);
  return session.Call(method, request, response,
                      OptionalTimeout(options.timeout));
}

// What the status says can be done about the failure that an order met.
std::string NextStepFor(Session& session, const client::CallError& error) {
  v1::GetStatusResponse response;
  const grpc::Status status = session.Call(
      &Stub::GetStatus, v1::GetStatusRequest(), &response, client::kAtOnce);
  const v1::GatewayFault& fault = response.status().error();
  return status.ok() && error.Is(fault.reason()) ? fault.next_step() : "";
}

int FailOrder(Session& session, const std::string& order,
              const grpc::Status& status) {
  const client::CallError error = client::ToCallError(status);
  const std::string goes_on = absl::StrCat(
      "the ", order, " goes on; follow it with 'clawctl status --watch'");
  if (session.interrupt.pressed() &&
      error.code == grpc::StatusCode::CANCELLED) {
    session.Tell(absl::StrCat("clawctl: interrupted; ", goes_on));
    return kInterrupted;
  }
  if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return session.Fail(order, error, goes_on);
  }
  if (error.code == grpc::StatusCode::FAILED_PRECONDITION &&
      error.metadata.count("next_step") == 0) {
    return session.Fail(order, error, NextStepFor(session, error));
  }
  return session.Fail(order, error);
}

int Start(Session& session, const OrderOptions& options) {
  v1::StartRequest request;
  request.set_no_wait(options.no_wait);
  v1::StartResponse response;
  const grpc::Status status =
      CallWithProgress(session, &Stub::Start, request, &response, options);
  if (!status.ok()) return FailOrder(session, "start", status);
  session.Saw(response.status());
  if (session.json) {
    session.output.Json(response);
  } else {
    session.output.Line(StatusLine(response.status()));
  }
  return kOk;
}

// "stopped in 0.6 s (exit code 0)".
std::string ShowStop(const v1::StopResponse& response, bool forced) {
  // There was none of the server's own to stop.
  if (!response.has_exit()) return StatusLine(response.status());
  const v1::ProcessExit& exit = response.exit();
  const std::string took = ShowDuration(ToAbsl(response.took()));
  std::string text;
  if (!exit.killed()) {
    text = absl::StrCat("stopped in ", took, " (", ShowHow(exit), ")");
  } else if (forced) {
    text = absl::StrCat("killed after ", took, ", as was asked");
  } else {
    text = absl::StrCat("killed after ", took,
                        ", because it did not end by itself");
  }
  if (exit.stragglers() > 0) {
    absl::StrAppend(&text, "; ", ShowStragglers(exit));
  }
  return text;
}

int Stop(Session& session, const OrderOptions& options) {
  v1::StopRequest request;
  SetStopOptions(options, request);
  request.set_keep_wanted(options.keep_wanted);
  v1::StopResponse response;
  const grpc::Status status =
      CallWithProgress(session, &Stub::Stop, request, &response, options);
  if (!status.ok()) return FailOrder(session, "stop", status);
  session.Saw(response.status());
  if (session.json) {
    session.output.Json(response);
  } else {
    session.output.Line(ShowStop(response, options.force));
  }
  return kOk;
}

std::string ShowProof(const v1::RestartResponse& response) {
  std::string text;
  if (response.has_old_pid()) {
    absl::StrAppend(&text, "; the pid was ", response.old_pid());
  }
  if (response.proof() == v1::RestartResponse::PROOF_BOOT_ID) {
    absl::StrAppend(&text, "; another boot id proves the restart");
  } else if (response.proof() == v1::RestartResponse::PROOF_PROCESS) {
    absl::StrAppend(&text, "; another process proves the restart");
  } else if (response.proof() == v1::RestartResponse::PROOF_UPTIME) {
    absl::StrAppend(&text, "; its uptime proves the restart");
  }
  return text;
}

int Restart(Session& session, const OrderOptions& options) {
  v1::RestartRequest request;
  SetStopOptions(options, request);
  request.set_no_wait(options.no_wait);
  v1::RestartResponse response;
  const grpc::Status status =
      CallWithProgress(session, &Stub::Restart, request, &response, options);
  if (!status.ok()) return FailOrder(session, "restart", status);
  session.Saw(response.status());
  if (session.json) {
    session.output.Json(response);
  } else {
    session.output.Line(
        absl::StrCat(StatusLine(response.status()), ShowProof(response)));
  }
  return kOk;
}

}  // namespace

void AddLifecycleCommands(CLI::App& app, Command& chosen) {
  const auto add = [&](const char* name, const char* description,
                       int (*run)(Session&, const OrderOptions&)) {
    auto options = std::make_shared<OrderOptions>();
    CLI::App* command = app.add_subcommand(name, description);
    command->callback([options, run, &chosen] {
      chosen = {.run = [options, run](Session& session) {
        return run(session, *options);
      }};
    });
    AddTimeout(*command, *options);
    return std::pair(command, options);
  };

  const auto start =
      add("start", "Start the gateway, and wait until it runs", &Start);
  AddNoWait(*start.first, *start.second);

  const auto stop =
      add("stop", "Stop the gateway, and wait until it is gone", &Stop);
  AddStopOptions(*stop.first, *stop.second);

  const auto drain = add(
      "drain",
      "Let the gateway finish its work, and stop it until the server starts "
      "anew: for preStop hooks",
      &Stop);
  drain.second->drain = drain.second->keep_wanted = true;

  const auto restart =
      add("restart", "Stop the gateway and start it again, and wait", &Restart);
  AddStopOptions(*restart.first, *restart.second);
  AddNoWait(*restart.first, *restart.second);
}

}  // namespace clawplane::clawctl
