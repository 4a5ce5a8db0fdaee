#include "client/clawctl/session.h"

#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/clawctl/text.h"
#include "client/clawctl/tls_text.h"

namespace clawplane::clawctl {
namespace {

// Whether no connection was ever had.
bool NeverConnected(const client::CallError& error) {
  return error.unreachable() &&
         absl::StartsWith(error.message, "failed to connect");
}

std::optional<TlsTrouble> TroubleOf(const client::CallError& error,
                                    const client::Target& target) {
  if (!NeverConnected(error)) return std::nullopt;
  return FindTlsTrouble(target, error.message);
}

// What a person can do about an error that the server did not explain.
std::string NextStep(const client::CallError& error,
                     const client::Target& target) {
  if (auto given = error.metadata.find("next_step");
      given != error.metadata.end()) {
    return given->second;
  }
  if (const auto trouble = TroubleOf(error, target)) {
    return std::string(trouble->next_step);
  }
  if (error.unreachable()) {
    return "start the server with 'clawplaned', or name another one with "
           "--target";
  }
  if (error.code == grpc::StatusCode::UNAUTHENTICATED && !target.is_unix()) {
    if (target.token_file.empty()) {
      return "name a file with a token of that server with --token-file, or a "
             "certificate with --tls-cert and --tls-key";
    }
    return target.token.empty()
               ? absl::StrCat("no token was sent, because ", target.token_file,
                              " does not exist; name the server's token file "
                              "with --token-file")
               : absl::StrCat("the token in ", target.token_file,
                              " is not this server's; name the right file with "
                              "--token-file");
  }
  if (error.Is(v1::REASON_NOT_RUNNING) &&
      error.code == grpc::StatusCode::FAILED_PRECONDITION) {
    return "start the gateway with 'clawctl start'";
  }
  if (error.retry_delay.has_value()) {
    return absl::StrCat("repeat it after ", ShowDuration(*error.retry_delay));
  }
  return "";
}

// gRPC's own words for failures that never reached a server are not for people.
void Reword(const client::Target& target, client::CallError& error) {
  if (const auto trouble = TroubleOf(error, target)) {
    error.message = absl::StrCat(
        target.tls ? "no TLS connection to the server at "
                   : "no connection to the server at ",
        target.address, ": ", trouble->cause, " (", error.message, ")");
  } else if (error.unreachable()) {
    error.message = absl::StrCat(NeverConnected(error)
                                     ? "no server answers at "
                                     : "the connection was lost to the server "
                                       "at ",
                                 target.address, " (", error.message, ")");
  } else if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED &&
             error.reason.empty()) {
    error.message = "no answer in time";
  }
}

}  // namespace

int Session::Fail(absl::string_view task, client::CallError error,
                  absl::string_view next_step) const {
  if (interrupt.pressed() && error.code == grpc::StatusCode::CANCELLED) {
    return kInterrupted;
  }
  const int code = ExitCodeFor(error);
  const std::string own_next_step = NextStep(error, connection.target());
  Reword(connection.target(), error);
  if (!own_next_step.empty()) next_step = own_next_step;
  // The server's message ends with it, for who sees nothing else.
  absl::string_view message = error.message;
  if (absl::ConsumeSuffix(&message, next_step) &&
      absl::ConsumeSuffix(&message, "; ")) {
    error.message = std::string(message);
  }
  Tell(absl::StrCat("clawctl: cannot ", task, ": ",
                    Printable(client::Describe(error))));
  if (!next_step.empty()) Tell(absl::StrCat("next: ", Printable(next_step)));
  return code;
}

std::string Session::Reworded(client::CallError error) const {
  Reword(connection.target(), error);
  return Printable(client::Describe(error));
}

void Session::Tell(absl::string_view line) const {
  if (listener_ != nullptr) return listener_->tell(line);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void Session::Note(absl::string_view line) const {
  if (!quiet) Tell(line);
}

void Session::Saw(const v1::GatewayStatus& status) const {
  if (listener_ != nullptr) listener_->saw(status);
}

}  // namespace clawplane::clawctl
