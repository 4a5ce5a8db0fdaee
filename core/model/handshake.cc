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

bool IsProtocolMismatch(const ErrorShape& error) {
  return error.details_code == "PROTOCOL_MISMATCH" ||
         Contains(error.message, "protocol mismatch");
}

bool IsUnauthorized(const ErrorShape& error) {
  return error.details_code.starts_with("AUTH_") ||
         error.message.starts_with("unauthorized");
}

// The gateways before 2026.3 have no codes for it, and the same messages.
bool IsOfDevice(const ErrorShape& error) {
  return error.details_code.starts_with("DEVICE_AUTH_") ||
         error.message.starts_with("device ");
}

Fault PairingFault(const ErrorShape& error, std::string said) {
  if (!Contains(error.message, "pairing required")) {
    return {Reason::kPairingRequired, std::move(said),
            "let the gateway ask its clients for a token (gateway.auth.mode in "
            "its configuration), or run one of the versions in "
            "docs/versions.md"};
  }
  const std::string request = StringMember(error.details_json, "requestId");
  return {Reason::kPairingRequired, std::move(said),
          Concat("on the gateway's machine look at: openclaw devices list; "
                 "then run: openclaw devices approve ",
                 request.empty() ? "REQUEST" : request,
                 " (clawdbot's command is clawdbot devices), and start again: "
                 "clawctl start")};
}

Fault DeviceFault(const ErrorShape& error, std::string said) {
  if (Contains(error.message, "signature expired") ||
      error.details_code == "DEVICE_AUTH_SIGNATURE_EXPIRED") {
    return {Reason::kHandshakeRefused, std::move(said),
            "set the clock of this machine right, and see that nothing stops "
            "clawplaned for minutes, then start again: clawctl start"};
  }
  return {Reason::kHandshakeRefused, std::move(said),
          "delete device.key in the state directory, so that a new identity "
          "is made, then start again: clawctl start"};
}

Fault FaultOf(const ErrorShape& error) {
  std::string said = Concat("the gateway says: ", error.message);
  if (IsProtocolMismatch(error)) {
    return ProtocolMismatch(error.expected_protocol);
  }
  if (error.code == "NOT_PAIRED") return PairingFault(error, std::move(said));
  if (IsUnauthorized(error)) {
    return {Reason::kTokenRefused, std::move(said),
            "put the gateway's own token into the file that gateway.token_file "
            "names, then start again"};
  }
  if (IsOfDevice(error)) return DeviceFault(error, std::move(said));
  if (Contains(error.message, "invalid connect params")) {
    return {Reason::kHandshakeRefused, Concat(said, " [", error.code, "]"),
            "the gateway knows other connections than Clawplane makes: run one "
            "of the versions in docs/versions.md"};
  }
  return {Reason::kHandshakeRefused, Concat(said, " [", error.code, "]"),
          "see the gateway's log: clawctl logs"};
}

}  // namespace

Handshake::Verdict Handshake::OnFrame(const Frame& frame) {
  if (const auto* event = std::get_if<EventFrame>(&frame)) {
    if (event->event != "connect.challenge" || sent_) return Pending();
    sent_ = true;
    return Send{
        SerializeConnect(kRequestId, params_,
                         ParseChallenge(event->payload.value_or(JsonView())))};
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
    if (hello->protocol < params_.min_protocol ||
        hello->protocol > params_.max_protocol) {
      return Refused{ProtocolMismatch(hello->protocol)};
    }
    return Accepted{std::move(*hello), DeviceTokenIn(*answer.payload)};
  }
  return OnRefusal(ParseError(answer.error.value_or("{}")));
}

Handshake::Verdict Handshake::OnRefusal(const ErrorShape& error) const {
  // Too many wrong tokens, not necessarily ours: that passes.
  const bool limited = error.details_code == "AUTH_RATE_LIMITED";
  if (error.code == "UNAVAILABLE" || limited) {
    return Deferred{std::clamp(error.retry_after.value_or(
                                   limited ? kLongestRetry : kDefaultRetry),
                               kShortestRetry, kLongestRetry),
                    Concat("the gateway says: ", error.message),
                    error.retry_after.has_value()};
  }
  const auto expected = error.expected_protocol;
  const bool offered_all = params_.min_protocol != params_.max_protocol;
  if (IsProtocolMismatch(error) && expected && offered_all &&
      (*expected < params_.min_protocol || *expected > params_.max_protocol)) {
    Again again{params_, Concat("the gateway speaks protocol ", *expected,
                                ", which this control plane does not know; "
                                "offering just that")};
    again.params.min_protocol = again.params.max_protocol = *expected;
    return again;
  }
  if (!params_.device_token.empty() &&
      (IsUnauthorized(error) || error.code == "NOT_PAIRED")) {
    Again again{params_,
                Concat("the gateway refuses the token that it gave this "
                       "device (",
                       error.message, "); offering the shared one"),
                true};
    again.params.device_token.clear();
    return again;
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
