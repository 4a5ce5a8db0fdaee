// The exchange that makes a connection usable: challenge, connect, hello.

#ifndef CLAWPLANE_CORE_MODEL_HANDSHAKE_H_
#define CLAWPLANE_CORE_MODEL_HANDSHAKE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/model/fault.h"
#include "core/model/frame.h"
#include "core/model/time.h"

namespace clawplane::core {

// One handshake on one connection, from our side.
//
//   gateway -> connect.challenge
//   us      -> connect, protocol 3 to 4, as gateway-client/backend, with the
//              challenge signed
//   gateway -> hello-ok, or an error and a close
//
// The verdict is given once. What a person has to mend is told apart from what
// passes by itself: a token that is refused stays refused, a gateway that is
// still starting does not stay so. Two refusals are worth one more connection,
// which says something else: that of a device's token, and that of our
// protocols by a gateway that names its own.
//
// Thread-compatible.
class Handshake {
 public:
  // Nothing to do yet.
  struct Pending {};
  // This text is to be sent.
  struct Send {
    std::string text;
  };
  // The connection is usable.
  struct Accepted {
    Hello hello;
    // With which this device may come back; empty if the gateway gave none.
    std::string device_token = {};
  };
  // Try at once, with a new connection that says this. Never given for what
  // an earlier `Again` proposed.
  struct Again {
    ConnectParams params;
    std::string why;
    // Whether the device's token is of no use any more.
    bool forget_device_token = false;
  };
  // Not now. Try again, with a new connection, after this time.
  struct Deferred {
    Duration after;
    std::string why;
    // Whether the gateway itself named the time.
    bool told = false;
  };
  // Not until a person has mended it.
  struct Refused {
    Fault fault;
  };
  using Verdict =
      std::variant<Pending, Send, Accepted, Again, Deferred, Refused>;

  // The id of the request `connect`.
  static constexpr std::string_view kRequestId = "connect";

  explicit Handshake(ConnectParams params) : params_(std::move(params)) {}

  // A frame came.
  Verdict OnFrame(const Frame& frame);

  // The connection ended without a verdict. `close_code` is 0 and `http_status`
  // may be set if there never was a WebSocket.
  static Verdict OnEnd(uint16_t close_code, std::string_view reason,
                       int http_status);

 private:
  Verdict OnAnswer(const ResponseFrame& answer) const;
  Verdict OnRefusal(const ErrorShape& error) const;

  const ConnectParams params_;
  bool sent_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_HANDSHAKE_H_
