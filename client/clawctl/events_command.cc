// events: the log of what happened.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clawplane/client/event_stream.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/event_text.h"
#include "client/clawctl/line_notes.h"
#include "client/clawctl/place_file.h"
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
  std::string resume_file;
  bool reconnect = false;
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

// Prints what comes until the wanted number of events has been printed, and
// remembers from where to go on. Thread-compatible.
class Printer {
 public:
  Printer(Session& session, const EventsOptions& options)
      : session_(session), options_(options) {}

  // Each is false when no more are wanted, or can be written.
  bool Take(v1::Event event) {
    v1::EventPosition position;
    position.set_epoch(event.epoch());
    position.set_sequence(event.sequence());
    if (!Print(std::move(event))) return false;
    position_ = std::move(position);
    ++printed_;
    return options_.count == 0 || printed_ < options_.count;
  }

  bool Take(v1::EventGap gap) {
    position_ = gap.resumed_after();
    // What is lost is told always: quiet is about progress.
    if (!session_.json) session_.Tell(GapLine(gap));
    v1::StreamEventsResponse response;
    *response.mutable_gap() = std::move(gap);
    return !session_.json || session_.output.Json(response);
  }

  bool Take(v1::EventPosition bookmark) {
    position_ = bookmark;
    if (!session_.json) {
      session_.Note(
          Printable(absl::StrCat("bookmark: ", ShowPosition(bookmark))));
      return true;
    }
    v1::StreamEventsResponse response;
    *response.mutable_bookmark() = std::move(bookmark);
    return session_.output.Json(response);
  }

  // The place after what was printed; nothing if the stream never said where it
  // is.
  const std::optional<v1::EventPosition>& position() const { return position_; }

 private:
  bool Print(v1::Event event) {
    if (!session_.json) {
      const std::string line = EventLine(event);
      return session_.output.Line(
          options_.full ? line : Cut(line, session_.output.columns()));
    }
    v1::StreamEventsResponse response;
    *response.add_events() = std::move(event);
    return session_.output.Json(response);
  }

  Session& session_;
  const EventsOptions& options_;
  uint64_t printed_ = 0;
  std::optional<v1::EventPosition> position_;
};

// One run of the command. Thread-compatible.
class Follower {
 public:
  Follower(Session& session, const EventsOptions& options,
           v1::StreamEventsRequest request)
      : session_(session),
        options_(options),
        printer_(session, options),
        stream_(session.connection, std::move(request)),
        line_(session) {}

  int Run() {
    Interrupt::Scope scope(session_.interrupt, stream_);
    std::optional<int> code;
    while (!code) {
      // The place is stored when nothing waits to be printed, and not after
      // each of many events: the disk is slow.
      EventStream::Item item = stream_.Next(
          is_stored() ? absl::InfiniteDuration() : absl::ZeroDuration());
      code = std::visit([this](auto& it) { return Take(std::move(it)); }, item);
      const bool late = Clock::now() - stored_at_ > kLongestUnstored;
      if (code || late) Store(code);
    }
    return *code;
  }

 private:
  using EventStream = client::EventStream;
  using Clock = std::chrono::steady_clock;

  template <typename Piece>
  std::optional<int> Take(Piece piece) {
    line_.IsUp();
    if (printer_.Take(std::move(piece))) return std::nullopt;
    return kOk;
  }

  std::optional<int> Take(const client::Interruption& interruption) {
    if (!options_.reconnect && !HasFile()) return Fail(interruption.error);
    line_.Broke(interruption);
    return std::nullopt;
  }

  std::optional<int> Take(client::DeadlinePassed) {
    std::optional<int> code;
    Store(code);
    return code;
  }

  std::optional<int> Take(const client::CallError& error) {
    return session_.interrupt.only_reader_left() ? kOk : Fail(error);
  }

  int Fail(const client::CallError& error) {
    const std::string go_on = GoOn();
    const int code =
        session_.Fail("follow the events", error,
                      error.Is(v1::REASON_EVENTS_LOST) ? WhenLost() : go_on);
    const bool has_place = code == kInterrupted || code == kUnreachable;
    if (has_place && !go_on.empty()) session_.Note(go_on);
    return code;
  }

  std::string WhenLost() const {
    return HasFile() ? Printable(absl::StrCat("remove ", options_.resume_file,
                                              " to begin anew, or leave "
                                              "--fail-on-gap out"))
                     : "events are gone from the log; read what it holds with "
                       "--from-oldest";
  }

  std::string GoOn() const {
    if (!printer_.position()) return "";
    return Printable(HasFile()
                         ? absl::StrCat("go on from here with --resume-file ",
                                        options_.resume_file)
                         : absl::StrCat("go on from here with --after ",
                                        ShowPosition(*printer_.position()),
                                        session_.is_alone
                                            ? ""
                                            : " and this server as --target"));
  }

  bool HasFile() const { return !options_.resume_file.empty(); }

  bool is_stored() const {
    return !HasFile() || !printer_.position() ||
           (stored_ && stored_->epoch() == printer_.position()->epoch() &&
            stored_->sequence() == printer_.position()->sequence());
  }

  // What was printed comes first: after a crash in between, it is printed
  // again.
  void Store(std::optional<int>& code) {
    stored_at_ = Clock::now();
    if (is_stored()) return;
    if (!session_.output.Flush()) {
      if (!code) code = kFailed;  // The reader that left has ended it already.
      return;
    }
    stored_ = printer_.position();
    const absl::Status status = StorePlace(options_.resume_file, *stored_);
    if (status.ok()) return;
    session_.Tell(absl::StrCat("clawctl: cannot keep the position: ",
                               Printable(std::string(status.message()))));
    code = kFailed;
  }

  static constexpr std::chrono::seconds kLongestUnstored{1};

  Session& session_;
  const EventsOptions& options_;
  Printer printer_;
  EventStream stream_;
  LineNotes line_;
  std::optional<v1::EventPosition> stored_;
  Clock::time_point stored_at_ = Clock::now();
};

int Refuse(const Session& session, const absl::Status& status) {
  session.Tell(
      absl::StrCat("clawctl: ", Printable(std::string(status.message()))));
  return kUsage;
}

int Events(Session& session, const EventsOptions& options) {
  v1::StreamEventsRequest request = MakeRequest(options);
  std::optional<PlaceLock> lock;
  if (!options.resume_file.empty()) {
    absl::StatusOr<PlaceLock> taken = PlaceLock::Take(options.resume_file);
    if (!taken.ok()) return Refuse(session, taken.status());
    lock.emplace(*std::move(taken));
    auto place = ReadPlace(options.resume_file);
    if (!place.ok()) return Refuse(session, place.status());
    if (*place) *request.mutable_after() = **std::move(place);
  }
  return Follower(session, options, std::move(request)).Run();
}

// Each server numbers its own events.
std::string WhyAlone(const EventsOptions& options) {
  if (!options.resume_file.empty()) {
    return "--resume-file keeps the place in the events of one server";
  }
  if (!options.after.empty()) {
    return "--after is a place in the events of one server";
  }
  return "";
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
  command
      ->add_option(
          "--resume-file", options->resume_file,
          "Keep the position in this file, and go on from there at the next "
          "start, with the same --kind and --name, which it does not hold; "
          "without such a file, begin as --after or --from-oldest say. The "
          "file is written after what it covers: clawctl, if killed in "
          "between, writes some events again, and leaves none out. What the "
          "reader of a pipe had not taken when it died is lost with it: write "
          "into a file. Implies --reconnect")
      ->check([](const std::string& name) -> std::string {
        return name.empty() ? "the name is empty" : "";
      });
  AddReconnect(*command, options->reconnect);
  command->add_flag("--full", options->full, "Do not cut long lines");
  command->callback([options, &chosen] {
    chosen = {
        .run =
            [options](Session& session) { return Events(session, *options); },
        .form = Form::kStream,
        .alone_because = WhyAlone(*options)};
  });
}

}  // namespace clawplane::clawctl
