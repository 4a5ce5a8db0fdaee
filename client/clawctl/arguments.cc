#include "client/clawctl/arguments.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace clawplane::clawctl {
namespace {

// A year: more is a mistake, and clocks can still add it up.
constexpr absl::Duration kLongest = absl::Hours(24 * 365);

// The name of an enumerator as people write it, with the enum's prefix.
std::string EnumeratorName(absl::string_view prefix, absl::string_view text) {
  std::string name = absl::AsciiStrToUpper(
      absl::StrReplaceAll(text, {{"-", "_"}, {" ", "_"}}));
  return absl::StrCat(prefix, absl::StripPrefix(name, prefix));
}

}  // namespace

absl::StatusOr<absl::Duration> ParseGrace(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) ||
      duration < absl::ZeroDuration() || duration > kLongest) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' is not a duration such as 500ms, 10s or 1m30s"));
  }
  return duration;
}

absl::StatusOr<absl::Duration> ParseTimeout(const std::string& text) {
  absl::StatusOr<absl::Duration> duration = ParseGrace(text);
  if (duration.ok() && *duration == absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the timeout is 0, and must be above it");
  }
  return duration;
}

std::optional<absl::Duration> OptionalTimeout(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return *ParseTimeout(text);
}

absl::StatusOr<v1::EventPosition> ParsePosition(const std::string& text) {
  const size_t colon = text.rfind(':');
  uint64_t sequence = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &sequence)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a position such as EPOCH:SEQUENCE"));
  }
  v1::EventPosition position;
  position.set_epoch(text.substr(0, colon));
  position.set_sequence(sequence);
  return position;
}

absl::StatusOr<v1::GatewayStatus::State> ParseState(const std::string& text) {
  v1::GatewayStatus::State state = v1::GatewayStatus::STATE_UNSPECIFIED;
  if (!v1::GatewayStatus::State_Parse(EnumeratorName("STATE_", text), &state) ||
      state == v1::GatewayStatus::STATE_UNSPECIFIED) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text,
        "' is none of the states stopped, starting, running, reconnecting, "
        "stopping, error"));
  }
  return state;
}

absl::StatusOr<v1::EventKind> ParseKind(const std::string& text) {
  v1::EventKind kind = v1::EVENT_KIND_UNSPECIFIED;
  if (!v1::EventKind_Parse(EnumeratorName("EVENT_KIND_", text), &kind) ||
      kind == v1::EVENT_KIND_UNSPECIFIED) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text,
        "' is none of the kinds chat_message, channel_status, notification, "
        "state_changed, process_exit, error, unrecognized_message, gap, "
        "repair"));
  }
  return kind;
}

CLI::Option* AddReconnect(CLI::App& command, bool& reconnect) {
  return command.add_flag(
      "--reconnect", reconnect,
      "Wait for a server that is not there, and go on where the connection was "
      "lost");
}

}  // namespace clawplane::clawctl
