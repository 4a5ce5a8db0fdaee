// status and wait: where the gateway is, now and later.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clawplane/client/status_stream.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/line_notes.h"
#include "client/clawctl/progress.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

struct StatusOptions {
  bool watch = false;
  bool exit_code = false;
  bool reconnect = false;
};

bool Print(Session& session, v1::GatewayStatus status) {
  if (!session.json) {
    return session.output.Line(
        absl::StrCat(ShowTime(absl::Now()), "  ", StatusLine(status)));
  }
  v1::StreamStatusResponse response;
  *response.mutable_status() = std::move(status);
  return session.output.Json(response);
}

int Watch(Session& session, bool reconnect) {
  client::StatusStream stream(session.connection);
  Interrupt::Scope scope(
      session.interrupt, [&stream] { stream.Cancel(); },
      Interrupt::EndsWith::kInterruptOrReader);
  LineNotes line(session);
  while (true) {
    client::StatusStream::Item item = stream.Next();
    if (auto* status = std::get_if<v1::GatewayStatus>(&item)) {
      line.IsUp();
      if (!Print(session, std::move(*status))) return kOk;
    } else if (auto* broken = std::get_if<client::Interruption>(&item)) {
      if (!reconnect) return session.Fail("follow the status", broken->error);
      line.Broke(*broken);
    } else if (auto* error = std::get_if<client::CallError>(&item)) {
      const bool reader_left =
          session.interrupt.reader_left() && !session.interrupt.pressed();
      return reader_left ? static_cast<int>(kOk)
                         : session.Fail("follow the status", *error);
    }
  }
}

int Status(Session& session, const StatusOptions& options) {
  if (options.watch) return Watch(session, options.reconnect);
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
  AddReconnect(*command, status->reconnect)->needs(watch);
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
