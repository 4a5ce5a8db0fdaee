// status and wait: where the gateway is, now and later.

#include <chrono>
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
  Interrupt::Scope scope(session.interrupt, stream);
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
      return session.interrupt.only_reader_left()
                 ? static_cast<int>(kOk)
                 : session.Fail("follow the status", *error);
    }
  }
}

int Status(Session& session, const StatusOptions& options) {
  if (options.watch) return Watch(session, options.reconnect);
  v1::GetStatusResponse response;
  const grpc::Status status = session.Call(
      &Stub::GetStatus, v1::GetStatusRequest(), &response, client::kAtOnce);
  if (!status.ok()) return session.Fail("get the status", status);
  session.Saw(response.status());
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

// One wait: until the state is reached, cannot be, or the time is up. A server
// that was there once may be restarted meanwhile. Thread-compatible.
class Waiter {
 public:
  Waiter(Session& session, const WaitOptions& options)
      : session_(session),
        wanted_(*ParseState(options.state)),
        task_(absl::StrCat("wait for ", StateName(wanted_))),
        timeout_(OptionalTimeout(options.timeout)
                     .value_or(absl::InfiniteDuration())),
        stream_(session.connection),
        line_(session) {}

  int Run() {
    Interrupt::Scope scope(session_.interrupt, stream_);
    std::optional<int> code;
    while (!code) {
      const auto waited = std::chrono::steady_clock::now() - began_at_;
      client::StatusStream::Item item =
          stream_.Next(timeout_ - absl::FromChrono(waited));
      code = std::visit([this](auto& it) { return Take(std::move(it)); }, item);
    }
    return *code;
  }

 private:
  std::optional<int> Take(v1::GatewayStatus status) {
    line_.IsUp();
    if (status.state() == wanted_) return Reached(std::move(status));
    if (wanted_ == v1::GatewayStatus::STATE_RUNNING &&
        status.state() == v1::GatewayStatus::STATE_ERROR) {
      display_.reset();
      return TellError(session_, status.error());
    }
    if (!display_) display_.emplace(!session_.shows_progress);
    display_->Show(status);
    last_ = std::move(status);
    return std::nullopt;
  }

  std::optional<int> Take(const client::Interruption& interruption) {
    // Its line is wiped before another is written.
    display_.reset();
    if (!last_) return Fail(interruption.error);
    line_.Broke(interruption);
    return std::nullopt;
  }

  std::optional<int> Take(client::DeadlinePassed) {
    client::CallError error;
    error.code = grpc::StatusCode::DEADLINE_EXCEEDED;
    return Fail(error);
  }

  std::optional<int> Take(const client::CallError& error) {
    return session_.interrupt.only_reader_left() ? kFailed : Fail(error);
  }

  int Reached(v1::GatewayStatus status) {
    display_.reset();
    session_.Saw(status);
    if (session_.json) {
      v1::StreamStatusResponse response;
      *response.mutable_status() = std::move(status);
      session_.output.Json(response);
    } else {
      session_.output.Line(StatusLine(status));
    }
    return kOk;
  }

  int Fail(const client::CallError& error) {
    display_.reset();
    return session_.Fail(
        task_, error,
        last_ ? absl::StrCat("the gateway is ", ProgressLine(*last_)) : "");
  }

  Session& session_;
  const v1::GatewayStatus::State wanted_;
  const std::string task_;
  const absl::Duration timeout_;
  const std::chrono::steady_clock::time_point began_at_ =
      std::chrono::steady_clock::now();
  client::StatusStream stream_;
  LineNotes line_;
  std::optional<ProgressDisplay> display_;
  // What came last; nothing if the server was never there.
  std::optional<v1::GatewayStatus> last_;
};

int Wait(Session& session, const WaitOptions& options) {
  return Waiter(session, options).Run();
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
    chosen = {
        .run = [status](Session& session) { return Status(session, *status); },
        .form = status->watch ? Form::kStream : Form::kStatus};
  });

  auto wait = std::make_shared<WaitOptions>();
  command = app.add_subcommand(
      "wait",
      "Wait until the gateway is in a state, through restarts of the server");
  command
      ->add_option("--for", wait->state,
                   "The state: running, stopped, error, ... Waiting for "
                   "running fails once the state is error")
      ->required()
      ->check(Check(ParseState));
  command->add_option("--timeout", wait->timeout, "Give up after this time")
      ->check(Check(ParseTimeout));
  command->callback([wait, &chosen] {
    chosen = {.run = [wait](Session& session) { return Wait(session, *wait); }};
  });
}

}  // namespace clawplane::clawctl
