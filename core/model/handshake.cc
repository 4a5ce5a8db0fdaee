#include "core/model/handshake.h"

#include <algorithm>
#include <optional>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long to wait where the gateway does not say.
constexpr Duration kDefaultRetry = milliseconds(500);
// What the gateway says is believed within these bounds.
constexpr Duration kShortestRetry = milliseconds(50);
constexpr Duration kLongestRetry = seconds(30);

constexpr uint16_t kCloseProtocolError = 1002;
constexpr uint16_t kClosePolicyViolation = 1008;
constexpr uint16_t kCloseTooBig = 1009;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

Fault ProtocolMismatch(std::optional<int64_t> expected) {
  return {Reason::kProtocolMismatch,
          expected ? Concat("the gateway speaks protocol ", *expected,
                            ", this control plane 3 and 4")
                   : "the gateway speaks neither protocol 3 nor 4",
          "install a version of the gateway and one of Clawplane that fit "
          "each other"};
}

Fault FaultOf(const ErrorShape& error) {
  const std::string said = Concat("the gateway says: ", error.message);
  if (error.details_code == "PROTOCOL_MISMATCH" ||
      Contains(error.message, "protocol mismatch")) {
    return ProtocolMismatch(error.expected_protocol);
  }
  if (error.code == "NOT_PAIRED") {
    return {Reason::kPairingRequired, said,
            "let it accept clients on this machine by token, or run a gateway "
            "of version 2026.9 or later"};
  }
  if (error.details_code.starts_with("AUTH_") ||
      error.message.starts_with("unauthorized")) {
    return {Reason::kTokenRefused, said,
            "put the gateway's own token into the file that gateway.token_file "
            "names, then start again"};
  }
  return {Reason::kHandshakeRefused, Concat(said, " [", error.code, "]"),
          "see the gateway's log: clawctl logs"};
}

}  // namespace

Handshake::Verdict Handshake::OnFrame(const Frame& frame) {
  if (const auto* event = std::get_if<EventFrame>(&frame)) {
    if (event->event != "connect.challenge" || sent_) return Pending();
    sent_ = true;
    return Send{SerializeConnect(kRequestId, params_)};
  }
  if (const auto* answer = std::get_if<ResponseFrame>(&frame)) {
    // Before the hello nothing but `connect` was asked, so an answer under
    // another id ("invalid") can only be meant for it.
    return OnAnswer(*answer);
  }
  return Pending();
}

Handshake::Verdict Handshake::OnAnswer(const ResponseFrame& answer) const {
  if (answer.ok) {
    auto hello = ParseHello(answer.payload.value_or(JsonView()));
    if (!hello) {
      return Refused{
          {Reason::kHandshakeRefused,
           "the gateway accepted with a hello that is not understood",
           "check that the program on the port is an OpenClaw "
           "gateway"}};
    }
    if (hello->protocol < 3 || hello->protocol > 4) {
      return Refused{ProtocolMismatch(hello->protocol)};
    }
    return Accepted{std::move(*hello)};
  }
  const ErrorShape error = ParseError(answer.error.value_or("{}"));
  if (error.code == "UNAVAILABLE") {
    return Deferred{std::clamp(error.retry_after.value_or(kDefaultRetry),
                               kShortestRetry, kLongestRetry),
                    Concat("the gateway says: ", error.message),
                    error.retry_after.has_value()};
  }
  return Refused{FaultOf(error)};
}

Handshake::Verdict Handshake::OnEnd(uint16_t close_code,
                                    std::string_view reason, int http_status) {
  if (http_status != 0 && http_status != 503) {
    return Refused{
        {Reason::kNotAGateway,
         Concat("the program on the gateway's port declines WebSockets (HTTP ",
                http_status, ")"),
         "stop that program, or set gateway.port to the gateway's port"}};
  }
  if (close_code == kCloseProtocolError) {
    return Refused{ProtocolMismatch(std::nullopt)};
  }
  if (close_code == kClosePolicyViolation || close_code == kCloseTooBig) {
    return Refused{{Reason::kHandshakeRefused,
                    Concat("the gateway closed the connection (", close_code,
                           " ", reason, ")"),
                    "see the gateway's log: clawctl logs"}};
  }
  return Deferred{kDefaultRetry,
                  Concat("no handshake: ", reason.empty() ? "closed" : reason,
                         " (", close_code, ")")};
}

}  // namespace clawplane::core
