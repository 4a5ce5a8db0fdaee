// The messages that a gateway and its clients exchange, as text and as values.

#ifndef CLAWPLANE_CORE_MODEL_FRAME_H_
#define CLAWPLANE_CORE_MODEL_FRAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model/device.h"
#include "core/model/json_scanner.h"
#include "core/model/time.h"

namespace clawplane::core {

// The answer to a request. A JSON-RPC 2.0 response is read as one too.
struct ResponseFrame {
  std::string id;
  bool ok = false;
  std::optional<JsonView> payload;
  std::optional<JsonView> error;
};

// Something the gateway tells unasked.
struct EventFrame {
  std::string event;
  std::optional<JsonView> payload;
  std::optional<uint64_t> seq;
};

// A JSON-RPC 2.0 notification, as other gateways may send.
struct NotificationFrame {
  std::string method;
  std::optional<JsonView> params;
};

// Anything else, with the cause.
struct UnrecognizedFrame {
  std::string why;
};

using Frame = std::variant<ResponseFrame, EventFrame, NotificationFrame,
                           UnrecognizedFrame>;

// Reads one message. All of it is checked to be one JSON value in UTF-8, of any
// depth; of the value only the envelope is looked at, and payloads are given as
// views into `text`. Unknown members are ignored; of a repeated one the last
// counts. Half a character ("\ud83d") in an id or a name is read as U+FFFD.
Frame ParseFrame(std::string_view text);

// The id of a response of which only the beginning is there, if it can be seen.
std::optional<std::string> ResponseIdFromHead(std::string_view head);

// What is in the `error` member of a response. A member that is missing or of
// the wrong type is left at its default.
struct ErrorShape {
  std::string code;
  std::string message;
  bool retryable = false;
  std::optional<Duration> retry_after;
  // The `details` as JSON text; empty if there are none.
  std::string details_json;
  // The members `details.code` and `details.expectedProtocol`.
  std::string details_code;
  std::optional<int64_t> expected_protocol;
};
ErrorShape ParseError(JsonView error);

// The text of a request while it is put together. The params come first, so
// that large ones are copied once: into here. All other members follow when the
// request is sent, for only then its id is known.
//
// Thread-compatible.
class RequestText {
 public:
  // Begins the params: what is appended to the result belongs to them, until
  // the next call of another method. At most once; without it there are none.
  std::string& BeginParams();

  // The params, if there are any. Valid until the text is changed.
  std::optional<JsonView> params() const;

  // Completes the text. `traceparent` is left out if it is empty.
  std::string Finish(std::string_view id, std::string_view method,
                     std::string_view traceparent) &&;

 private:
  std::string text_ = R"({"type":"req")";
  size_t params_begin_ = 0;
};

// A whole request. `params`, if given, must be JSON; it is copied unchanged.
std::string SerializeRequest(std::string_view id, std::string_view method,
                             std::optional<JsonView> params);

// What we say of ourselves in the request `connect`.
struct ConnectParams {
  // What all clients of the gateway share.
  std::string token;
  std::string display_name;
  std::string client_version;
  std::vector<std::string> scopes;
  // None: no device is named.
  std::optional<Device> device = {};
  // What the gateway gave this device; sent instead of the shared token.
  std::string device_token = {};
  // The protocols that are offered.
  int64_t min_protocol = kOldestProtocol;
  int64_t max_protocol = kNewestProtocol;

  // The protocols that are known.
  static constexpr int64_t kOldestProtocol = 3;
  static constexpr int64_t kNewestProtocol = 4;
};
// Names the device only with a challenge, which it signs.
std::string SerializeConnect(std::string_view id, const ConnectParams& params,
                             const std::optional<Challenge>& challenge);

// What the gateway says of itself when it accepts.
struct Hello {
  std::string version;
  uint32_t protocol = 0;
  std::string boot_id;
  std::string connection_id;
  // Since the gateway's start; none where it does not tell.
  std::optional<Duration> uptime;
  std::vector<std::string> methods;
  std::vector<std::string> events;
  std::vector<std::string> scopes;
  // By what it knows us ("token", "device-token"); empty where it does not
  // tell.
  std::string auth_method;
  // 0 where the gateway does not tell.
  uint64_t max_payload_bytes = 0;
  Duration tick_interval{};

  friend bool operator==(const Hello&, const Hello&) = default;
};

// Reads the payload of an accepted `connect`. Nothing unless it is an object of
// type `hello-ok` with a protocol version. Any other member may be missing.
std::optional<Hello> ParseHello(JsonView payload);

// The token in the payload of an accepted `connect` with which this device may
// come back; empty if the gateway gave none.
std::string DeviceTokenIn(JsonView payload);

// Whether the payload of the event `shutdown` announces a restart, rather than
// an end: then it says in milliseconds when it expects to be back.
bool AnnouncesRestart(JsonView shutdown);

// The string at `member` of the object `json`; empty if there is none.
std::string StringMember(JsonView json, std::string_view member);

// Why `json` cannot be the params of a call; nothing if it can: one JSON value
// in UTF-8 that is an object, an array or null.
std::optional<std::string> FaultInParams(std::string_view json);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_FRAME_H_
