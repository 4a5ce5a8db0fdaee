// A client of HTTP/2 that keeps no rule but those it is told to keep.

#ifndef CLAWPLANE_TESTS_ABUSE_HTTP2_ATTACKER_H_
#define CLAWPLANE_TESTS_ABUSE_HTTP2_ATTACKER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clawplane::testing {

// ---- The bytes of the protocol, RFC 9113 and RFC 7541

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kResetStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

inline constexpr uint8_t kNoFlags = 0;
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kAck = 1;
inline constexpr uint8_t kEndHeaders = 4;

// The most that a peer which asked for nothing else takes in a frame.
inline constexpr size_t kFrameBytes = 16'384;

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string Frame(FrameType type, uint8_t flags, uint32_t stream,
                  std::string_view payload = {});
// A number of HPACK with a prefix of `bits`, the rest of whose byte is `first`.
std::string HpackNumber(uint8_t first, int bits, uint64_t number);
// A header that goes into no table.
std::string Literal(std::string_view name, std::string_view value);
std::string HeaderBlock(const Headers& headers);
// A header block of any size: one frame HEADERS with `flags`, and as many
// CONTINUATION as it takes.
std::string HeaderFrames(uint32_t stream, uint8_t flags,
                         std::string_view block);
// What a call of gRPC begins with, and then more.
Headers CallHeaders(const std::string& method, const Headers& more = {});
// A message of gRPC, told to be of `size` bytes, in a frame DATA that begins
// with it.
std::string MessageBegin(uint32_t stream, uint32_t size,
                         std::string_view bytes = {});

// ---- The connection

// One connection, on a socket that does not block. What the server says is read
// while something is sent, and counted; unless it `IsDeaf`, when it piles up.
//
// Thread-compatible.
class Http2Attacker {
 public:
  // `address` is ADDRESS:PORT in numbers, or unix:PATH. See `is_open`.
  explicit Http2Attacker(const std::string& address);
  ~Http2Attacker();
  Http2Attacker(Http2Attacker&& other) noexcept;
  Http2Attacker& operator=(Http2Attacker&&) = delete;

  // Never reads again.
  void GoDeaf() { is_deaf_ = true; }

  // Begins the connection, as a client does that takes its settings' word: it
  // says yes to the server's.
  bool Begin();
  // False once the server has hung up, or takes nothing for so long.
  bool Send(std::string_view bytes,
            std::chrono::milliseconds patience = std::chrono::seconds(10));
  // Reads what comes next; false if nothing does.
  bool ReadMore(std::chrono::milliseconds patience = std::chrono::seconds(20));
  // Reads until the server has sent so many frames of this type, in all.
  bool WaitFor(FrameType type, size_t count,
               std::chrono::milliseconds patience = std::chrono::seconds(20));
  // Reads until the server hangs up.
  bool WaitForEnd(
      std::chrono::milliseconds patience = std::chrono::seconds(20));

  // As far as is known.
  bool is_open() const { return fd_ >= 0; }
  // Frames of this type that the server has sent.
  size_t count(FrameType type) const {
    return counts_[static_cast<size_t>(type)];
  }
  // The error of the server's GOAWAY, or 0.
  uint32_t goaway_code() const { return goaway_code_; }

 private:
  // Waits until it can go on, then does what can be done of both; false if
  // nothing can, in time.
  bool Step(std::string_view& unsent, std::chrono::milliseconds patience);
  void Read();
  void TakeFrames();
  void Close();

  int fd_ = -1;
  bool is_deaf_ = false;
  std::string unread_;
  std::array<size_t, 256> counts_{};
  uint32_t goaway_code_ = 0;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_ABUSE_HTTP2_ATTACKER_H_
