// events: the log of what happened.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/event_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

struct EventsOptions {
  std::string after;
  bool from_oldest = false;
  std::vector<std::string> kinds;
  std::vector<std::string> names;
  bool fail_on_gap = false;
  uint64_t count = 0;  // 0: no end.
  bool full = false;
};

v1::StreamEventsRequest MakeRequest(const EventsOptions& options) {
  v1::StreamEventsRequest request;
  if (!options.after.empty()) {
    *request.mutable_after() = *ParsePosition(options.after);
  }
  if (options.from_oldest) request.set_from_oldest(true);
  for (const std::string& kind : options.kinds) {
    request.add_kinds(*ParseKind(kind));
  }
  for (const std::string& name : options.names) request.add_names(name);
  request.set_fail_on_gap(options.fail_on_gap);
  return request;
}

// Prints responses until the wanted number of events has been printed, and
// remembers from where to go on. Thread-compatible.
class Printer {
 public:
  Printer(Session& session, const EventsOptions& options)
      : session_(session), options_(options) {}

  // False when no more are wanted.
  bool Take(v1::StreamEventsResponse& response) {
    CutToCount(response);
    if (response.has_bookmark()) position_ = ShowPosition(response.bookmark());
    if (response.has_gap()) {
      position_ = ShowPosition(response.gap().resumed_after());
    }
    if (!response.events().empty()) {
      const v1::Event& last = *response.events().rbegin();
      position_ = absl::StrCat(last.epoch(), ":", last.sequence());
    }
    const bool written =
        session_.json ? session_.output.Json(response) : Print(response);
    return written && (options_.count == 0 || printed_ < options_.count);
  }

  // Where the stream was left; empty if it never said where it is.
  const std::string& position() const { return position_; }

 private:
  void CutToCount(v1::StreamEventsResponse& response) {
    if (options_.count > 0) {
      const uint64_t left = options_.count - printed_;
      while (static_cast<uint64_t>(response.events_size()) > left) {
        response.mutable_events()->RemoveLast();
      }
    }
    printed_ += static_cast<uint64_t>(response.events_size());
  }

  bool Print(const v1::StreamEventsResponse& response) {
    // What is lost is told always: quiet is about progress.
    if (response.has_gap()) session_.Tell(GapLine(response.gap()));
    if (response.has_bookmark()) {
      session_.Note(Printable(absl::StrCat("bookmark: ", position_)));
    }
    for (const v1::Event& event : response.events()) {
      const std::string line = EventLine(event);
      if (!session_.output.Line(
              options_.full ? line : Cut(line, session_.output.columns()))) {
        return false;
      }
    }
    return true;
  }

  Session& session_;
  const EventsOptions& options_;
  uint64_t printed_ = 0;
  std::string position_;
};

std::string NextStep(const client::CallError& error,
                     const std::string& position) {
  if (error.Is(v1::REASON_EVENTS_LOST)) {
    return "events are gone from the log; read what it holds with "
           "--from-oldest";
  }
  if (position.empty()) return "";
  return absl::StrCat("go on from here with --after ", position);
}

int Events(Session& session, const EventsOptions& options) {
  Printer printer(session, options);
  const grpc::Status status =
      session.Read<v1::StreamEventsRequest, v1::StreamEventsResponse>(
          &Stub::StreamEvents, MakeRequest(options), std::nullopt,
          [&](v1::StreamEventsResponse& response) {
            return printer.Take(response);
          });
  if (status.ok()) return kOk;
  const client::CallError error = client::ToCallError(status);
  const int code = session.Fail("follow the events", error,
                                NextStep(error, printer.position()));
  const bool has_place = code == kInterrupted || code == kUnreachable;
  if (has_place && !printer.position().empty()) {
    session.Note(Printable(
        absl::StrCat("go on from here with --after ", printer.position())));
  }
  return code;
}

}  // namespace

void AddEventsCommand(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<EventsOptions>();
  CLI::App* command =
      app.add_subcommand("events", "Show events from now on, one on each line");
  CLI::Option* after =
      command
          ->add_option("--after", options->after,
                       "Begin after this position (EPOCH:SEQUENCE)")
          ->check(Check(ParsePosition));
  command
      ->add_flag("--from-oldest", options->from_oldest,
                 "Begin with the oldest event held")
      ->excludes(after);
  command
      ->add_option("--kind", options->kinds,
                   "Only events of this kind, such as state_changed; may be "
                   "repeated")
      ->allow_extra_args(false)
      ->check(Check(ParseKind));
  command
      ->add_option("--name", options->names,
                   "Only events of this name, such as chat or session.*; may "
                   "be repeated")
      ->allow_extra_args(false);
  command->add_flag("--fail-on-gap", options->fail_on_gap,
                    "Fail if events of the range are lost");
  command->add_option("--count", options->count, "End after so many events")
      ->check(CLI::PositiveNumber);
  command->add_flag("--full", options->full, "Do not cut long lines");
  command->callback([options, &chosen] {
    chosen = [options](Session& session) { return Events(session, *options); };
  });
}

}  // namespace clawplane::clawctl
