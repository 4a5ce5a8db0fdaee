// What people write after the options of clawctl.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_ARGUMENTS_H_
#define CLAWPLANE_CLIENT_CLAWCTL_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// How long to wait: `10s`, `1m30s`, `500ms`; above zero.
absl::StatusOr<absl::Duration> ParseTimeout(const std::string& text);

// The timeout that an option said, once checked: none where it was not given.
std::optional<absl::Duration> OptionalTimeout(const std::string& text);

// As a timeout, but zero is allowed.
absl::StatusOr<absl::Duration> ParseGrace(const std::string& text);

// `EPOCH:SEQUENCE`, as `clawctl events` prints it.
absl::StatusOr<v1::EventPosition> ParsePosition(const std::string& text);

// `running`, `STOPPED`, ...
absl::StatusOr<v1::GatewayStatus::State> ParseState(const std::string& text);

// `state_changed`, `chat-message`, ...
absl::StatusOr<v1::EventKind> ParseKind(const std::string& text);

// Adds the option of commands that follow a stream.
CLI::Option* AddReconnect(CLI::App& command, bool& reconnect);

// Makes a check for CLI11 of a parser: the error's text, or nothing.
template <typename Parser>
std::function<std::string(const std::string&)> Check(Parser parse) {
  return [parse](const std::string& text) {
    return std::string(parse(text).status().message());
  };
}

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_ARGUMENTS_H_
