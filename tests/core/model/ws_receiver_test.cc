#include "core/model/ws_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;

constexpr int kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9,
              kPong = 10;
constexpr size_t kLimit = 200'000;

// A frame of a server.
std::string Frame(int opcode, std::string_view payload, bool last = true) {
  std::string frame(1, static_cast<char>((last ? 0x80 : 0) | opcode));
  const auto append_size = [&](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
      frame += static_cast<char>(payload.size() >> (8 * i));
    }
  };
  if (payload.size() < 126) {
    append_size(1);
  } else if (payload.size() < 65536) {
    frame += '\x7e';
    append_size(2);
  } else {
    frame += '\x7f';
    append_size(8);
  }
  return frame.append(payload);
}

// Short, and as different as the texts are.
std::string Digest(std::string_view text) {
  if (text.size() <= 40) return std::string(text);
  return Concat(text.substr(0, 8), "...", text.size(), "#",
                std::hash<std::string_view>()(text));
}

std::string Told(const WsMessage& message) {
  return "message " + Digest(message.bytes);
}
std::string Told(const WsOversized& message) {
  return Concat("oversized ", Digest(message.head), " of ", message.size);
}
std::string Told(const WsPing& ping) { return Concat("ping ", ping.payload); }
std::string Told(const WsPong&) { return "pong"; }
std::string Told(const WsClose& close) {
  return Concat("close ", close.code, " ", close.reason);
}
std::string Told(const WsBreach& breach) {
  return Concat("breach ", breach.code);
}

// Receives `bytes` in reads of as many bytes as `next` says.
std::vector<std::string> Receive(std::string_view bytes,
                                 const std::function<size_t()>& next,
                                 size_t limit = kLimit) {
  WsReceiver receiver(limit);
  std::vector<std::string> told;
  while (!bytes.empty()) {
    const std::span<char> space = receiver.Space();
    EXPECT_FALSE(space.empty());
    const size_t count = std::min({space.size(), bytes.size(), next()});
    std::copy_n(bytes.data(), count, space.data());
    bytes.remove_prefix(count);
    receiver.Commit(count);
    while (const std::optional<WsItem> item = receiver.Next()) {
      told.push_back(std::visit([](const auto& i) { return Told(i); }, *item));
    }
  }
  return told;
}

std::vector<std::string> Receive(std::string_view bytes) {
  return Receive(bytes, [] { return SIZE_MAX; });
}

TEST(WsReceiverTest, GivesWhatCameInOneReadInOrder) {
  EXPECT_THAT(
      Receive(Frame(kText, "one") + Frame(kPing, "p") + Frame(kText, "") +
              Frame(kPong, "x") + Frame(kBinary, "\xff") +
              Frame(kClose,
                    "\x03\xe8"
                    "bye")),
      ElementsAre("message one", "ping p", "message ", "pong", "message \xff",
                  "close 1000 bye"));
}

TEST(WsReceiverTest, JoinsFragmentsAroundControlFrames) {
  EXPECT_THAT(Receive(Frame(kText, "a", false) + Frame(kPing, "") +
                      Frame(kContinuation, "", false) + Frame(kPong, "") +
                      Frame(kContinuation, "b", false) +
                      Frame(kContinuation, "c") + Frame(kText, "next")),
              ElementsAre("ping ", "pong", "message abc", "message next"));
}

TEST(WsReceiverTest, GivesASmallMessageWhereItWasRead) {
  WsReceiver receiver(kLimit);
  const std::string frame = Frame(kText, "here");
  const std::span<char> space = receiver.Space();
  std::copy(frame.begin(), frame.end(), space.begin());
  receiver.Commit(frame.size());

  const std::optional<WsItem> item = receiver.Next();

  ASSERT_TRUE(item && std::holds_alternative<WsMessage>(*item));
  EXPECT_EQ(std::get<WsMessage>(*item).bytes.data(), space.data() + 2);
}

TEST(WsReceiverTest, ReadsTheRestOfALargeMessageToWhereItStays) {
  WsReceiver receiver(kLimit);
  const std::string frame = Frame(kText, std::string(100'000, 'x'));
  std::copy_n(frame.begin(), 1000, receiver.Space().begin());
  receiver.Commit(1000);
  EXPECT_FALSE(receiver.Next());

  const std::span<char> space = receiver.Space();
  ASSERT_EQ(space.size(), frame.size() - 1000) << "and nothing behind it";
  std::fill(space.begin(), space.end(), 'x');
  receiver.Commit(space.size());
  const std::optional<WsItem> item = receiver.Next();

  ASSERT_TRUE(item && std::holds_alternative<WsMessage>(*item));
  const std::string_view bytes = std::get<WsMessage>(*item).bytes;
  EXPECT_EQ(bytes.data() + bytes.size(), space.data() + space.size());
}

TEST(WsReceiverTest, DropsMessagesOverTheLimitButForTheirHeads) {
  const std::string text(3'000'000, 'y');
  const std::string head = text.substr(0, MessageBuffer::kHeadBytes);

  EXPECT_THAT(
      Receive(Frame(kText, text) + Frame(kText, "x", false) +
              Frame(kContinuation, text.substr(0, kLimit)) +
              Frame(kText, text.substr(0, kLimit))),
      ElementsAre("oversized " + Digest(head) + " of 3000000",
                  "oversized " + Digest("x" + head.substr(1)) + " of 200001",
                  "message " + Digest(text.substr(0, kLimit))));
  EXPECT_THAT(Receive(
                  Frame(kText, "hello"), [] { return SIZE_MAX; }, 4),
              ElementsAre("oversized hell of 5"));
}

TEST(WsReceiverTest, RefusesFramesOutOfPlace) {
  EXPECT_THAT(Receive(Frame(kContinuation, "a")), ElementsAre("breach 1002"));
  EXPECT_THAT(Receive(Frame(kText, "a", false) + Frame(kText, "b")),
              ElementsAre("breach 1002"));
  EXPECT_THAT(Receive(Frame(kText, "a", false) + Frame(kBinary, "b", false)),
              ElementsAre("breach 1002"));
  EXPECT_THAT(Receive(Frame(kText, "a") + Frame(kContinuation, "b")),
              ElementsAre("message a", "breach 1002"));
}

TEST(WsReceiverTest, RefusesTextThatIsNotUtf8AndLooksAtWholeMessages) {
  EXPECT_THAT(Receive(Frame(kText, "\xff")), ElementsAre("breach 1007"));
  EXPECT_THAT(
      Receive(Frame(kText, "\xc3", false) + Frame(kContinuation, "\xa9") +
              Frame(kText, "x", false) + Frame(kContinuation, "\xc3")),
      ElementsAre("message \u00e9", "breach 1007"));
  const std::string large(150'000, 'x');
  EXPECT_THAT(Receive(Frame(kText, large + "\xff")),
              ElementsAre("breach 1007"));
  EXPECT_THAT(
      Receive(Frame(kBinary, "\xff", false) + Frame(kContinuation, "\xfe")),
      ElementsAre("message \xff\xfe"));
}

TEST(WsReceiverTest, HearsNothingBehindACloseOrABreach) {
  const std::string behind = Frame(kText, std::string(300'000, 'x'));

  EXPECT_THAT(Receive(Frame(kClose, "") + behind), ElementsAre("close 1005 "));
  EXPECT_THAT(Receive(Frame(kClose, "\x03") + behind),
              ElementsAre("breach 1002"));
  EXPECT_THAT(Receive("\xff\xff"s + behind), ElementsAre("breach 1002"));
}

TEST(WsReceiverTest, TellsABreachBeforeTheFrameIsWhole) {
  WsReceiver receiver(kLimit);
  const std::string bytes = Frame(kContinuation, "abc").substr(0, 2);
  std::copy(bytes.begin(), bytes.end(), receiver.Space().begin());
  receiver.Commit(bytes.size());

  const std::optional<WsItem> item = receiver.Next();

  ASSERT_TRUE(item && std::holds_alternative<WsBreach>(*item));
}

// ---- However the reads fall

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  size_t UpTo(size_t most) {
    return std::uniform_int_distribution<size_t>(0, most)(engine_);
  }
  bool OneIn(size_t n) { return UpTo(n - 1) == 0; }
  std::string Text(size_t size) {
    std::string text(size, ' ');
    for (char& byte : text) byte = static_cast<char>('a' + engine_() % 26);
    return text;
  }

 private:
  std::minstd_rand engine_;
};

size_t AnySize(Chance& chance) {
  switch (chance.UpTo(9)) {
    case 0:
      return chance.UpTo(2 * kLimit);
    case 1:
      return kLimit + chance.UpTo(2) - 1;
    case 2:
      return WsReceiver::kReadBytes - 12 + chance.UpTo(24);
    case 3:
      return 124 + chance.UpTo(4);
    default:
      return chance.UpTo(2000);
  }
}

void AddControl(Chance& chance, std::string& bytes,
                std::vector<std::string>& expected) {
  const std::string text = chance.Text(chance.UpTo(40));
  const bool ping = chance.OneIn(2);
  bytes += Frame(ping ? kPing : kPong, text);
  expected.push_back(ping ? "ping " + text : "pong");
}

void AddMessage(Chance& chance, std::string& bytes,
                std::vector<std::string>& expected) {
  const std::string text = chance.Text(AnySize(chance));
  size_t at = 0;
  for (bool first = true, last = false; !last; first = false) {
    last = chance.OneIn(2);
    const size_t size = last ? text.size() - at : chance.UpTo(text.size() - at);
    bytes += Frame(first ? kText : kContinuation, text.substr(at, size), last);
    at += size;
    if (!last && chance.OneIn(3)) AddControl(chance, bytes, expected);
  }
  expected.push_back(
      text.size() <= kLimit
          ? "message " + Digest(text)
          : Concat("oversized ",
                   Digest(text.substr(0, MessageBuffer::kHeadBytes)), " of ",
                   text.size()));
}

TEST(WsReceiverTest, GivesTheSameHoweverTheReadsFall) {
  for (unsigned seed = 0; seed < 15; ++seed) {
    Chance chance(seed);
    std::string bytes;
    std::vector<std::string> expected;
    for (int i = 0; i < 20; ++i) {
      chance.OneIn(4) ? AddControl(chance, bytes, expected)
                      : AddMessage(chance, bytes, expected);
    }
    bytes += Frame(kClose, "\x03\xe8");
    expected.push_back("close 1000 ");

    EXPECT_EQ(Receive(bytes), expected) << seed;
    for (const size_t most : {3u, 3000u, 100'000u}) {
      EXPECT_EQ(Receive(bytes, [&] { return 1 + chance.UpTo(most); }), expected)
          << seed;
    }
  }
}

TEST(WsReceiverTest, GivesTheSameByteByByte) {
  Chance chance(1);
  std::string bytes;
  std::vector<std::string> expected;
  for (int i = 0; i < 30; ++i) AddMessage(chance, bytes, expected);

  EXPECT_EQ(Receive(bytes, [] { return 1; }), expected);
}

TEST(WsReceiverTest, TakesAnyNonsense) {
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    Chance chance(seed);
    std::string bytes;
    for (size_t i = chance.UpTo(30); i > 0; --i) {
      // Mostly the beginnings of frames that may come.
      bytes += chance.OneIn(3)
                   ? static_cast<char>(chance.UpTo(255))
                   : "\x81\x01\x80\x02\x89\x00\x7e\x7f"[chance.UpTo(7)];
    }

    const auto whole = Receive(bytes);
    EXPECT_EQ(Receive(bytes, [] { return 1; }), whole) << seed;
  }
}

}  // namespace
}  // namespace clawplane::core
