// The frames of a WebSocket as a client writes and reads them (RFC 6455, 5).

#ifndef CLAWPLANE_CORE_MODEL_WS_FRAME_H_
#define CLAWPLANE_CORE_MODEL_WS_FRAME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace clawplane::core {

enum class WsOpcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// The codes of a closing handshake that are ours to give (RFC 6455, 7.4).
constexpr uint16_t kWsProtocolError = 1002;
constexpr uint16_t kWsNoCode = 1005;
constexpr uint16_t kWsNoHandshake = 1006;
constexpr uint16_t kWsNotUtf8 = 1007;

// Of what a control frame carries.
constexpr size_t kWsMaxControlBytes = 125;

constexpr size_t kWsMaxClientHeaderBytes = 14;
constexpr size_t kWsMaxServerHeaderBytes = 10;

// A header of ours, in memory of its own.
struct WsClientHeader {
  std::array<char, kWsMaxClientHeaderBytes> memory;
  size_t size = 0;

  std::string_view bytes() const { return {memory.data(), size}; }
};

// The header of a frame that is a whole message, or a control frame.
//
// Its mask is zero, so that the payload goes out as it is, neither changed nor
// copied. A client must mask, and its masks must not be guessable, to protect
// proxies between it and the server from what a script may send (RFC 6455,
// 10.3). We are no browser, and there is no proxy on the loopback interface. A
// receiver cannot tell: a zero mask is legal.
WsClientHeader MakeWsClientHeader(WsOpcode opcode, uint64_t payload_size);

// What a close frame of ours carries: the code, and of `reason` the longest
// beginning that fits and ends between two characters.
std::string WsClosePayload(uint16_t code, std::string_view reason);

// The peer broke the protocol.
struct WsBreach {
  // What to close with.
  uint16_t code = kWsProtocolError;
  // For people.
  std::string what;
};

// A server's header.
struct WsFrameHeader {
  WsOpcode opcode = WsOpcode::kContinuation;
  // Whether it ends its message.
  bool last = false;
  // Of the payload.
  uint64_t size = 0;
  // Of the header itself.
  size_t header_size = 0;

  bool is_control() const { return opcode >= WsOpcode::kClose; }
};

// The header is not yet whole.
struct WsIncomplete {};

// Reads the header that `bytes` begins with. Tells a breach as soon as the
// bytes that are there show it.
std::variant<WsIncomplete, WsFrameHeader, WsBreach> ReadWsHeader(
    std::string_view bytes);

// The peer's close.
struct WsClose {
  // `kWsNoCode` if it gave none.
  uint16_t code = kWsNoCode;
  // Lies in the payload.
  std::string_view reason;
};

std::variant<WsClose, WsBreach> ReadWsClose(std::string_view payload);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_WS_FRAME_H_
