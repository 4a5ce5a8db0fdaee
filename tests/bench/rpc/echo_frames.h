// The least of WebSocket and of the gateway's protocol that an echo needs.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_ECHO_FRAMES_H_
#define CLAWPLANE_TESTS_BENCH_RPC_ECHO_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clawplane::testing {

enum class Opcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// A client's frame within a buffer, unmasked in place.
struct EchoFrame {
  bool final = true;
  Opcode opcode = Opcode::kText;
  std::string_view payload;
  // Of the whole frame, header and payload.
  size_t bytes = 0;
};

// Takes the frame that `size` bytes at `data` begin with; none while it is not
// there as a whole. A frame whose mask is zero is left as it is. `needed` gets
// the bytes of the frame as soon as its header is there.
std::optional<EchoFrame> TakeFrame(char* data, size_t size, size_t& needed);

// The header of a server's frame.
std::string FrameHeader(Opcode opcode, size_t payload_bytes);

// What matters of a request, as it stands in its text.
struct EchoRequest {
  // With its quotes.
  std::string_view id;
  std::string_view method;
  // Empty if there are none.
  std::string_view params;
};

// Finds the members of a request, in any order, without looking into the
// params: strings, known by their quotes, stand before and after them. Text
// that is not a request of a gateway's client gives nonsense.
EchoRequest ReadRequest(std::string_view text);

// The value of the header `Sec-WebSocket-Accept` for a client's key.
std::string AcceptKey(std::string_view key);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_ECHO_FRAMES_H_
