#include "core/model/ws_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace clawplane::core {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WsSenderTest : public ::testing::Test {
 protected:
  // What would be written now, as one text.
  std::string Gather() {
    std::string bytes;
    for (size_t i = 0; i < sender_.Gather(pieces_); ++i) bytes += pieces_[i];
    return bytes;
  }
  std::vector<uint64_t> Took(size_t count) {
    const auto tags = sender_.Took(count);
    return {tags.begin(), tags.end()};
  }
  // Writes everything.
  std::string Drain() {
    std::string all;
    while (!sender_.empty()) {
      const std::string bytes = Gather();
      all += bytes;
      Took(bytes.size());
    }
    return all;
  }

  static std::string Framed(WsOpcode opcode, std::string_view payload) {
    return std::string(MakeWsClientHeader(opcode, payload.size()).bytes())
        .append(payload);
  }
  static std::string Text(std::string_view text) {
    return Framed(WsOpcode::kText, text);
  }

  WsSender sender_;
  std::array<std::string_view, 16> pieces_;
};

TEST_F(WsSenderTest, GathersAllThatWaits) {
  EXPECT_TRUE(sender_.empty());
  EXPECT_EQ(Gather(), "");

  sender_.Add("one", 1);
  sender_.Add("", 2);
  sender_.Add("three", 3);

  EXPECT_EQ(Gather(), Text("one") + Text("") + Text("three"));
  EXPECT_EQ(sender_.message_bytes(), 8u);
}

TEST_F(WsSenderTest, PointsToTheMessagesInsteadOfCopyingThem) {
  std::string text(100, 'x');
  const char* const data = text.data();

  sender_.Add(std::move(text), 1);

  ASSERT_EQ(sender_.Gather(pieces_), 2u);
  EXPECT_EQ(pieces_[1].data(), data);
}

TEST_F(WsSenderTest, GoesOnWhereverTheSystemStopped) {
  const std::string all = Text("one") + Text("") + Text("three");
  for (size_t first = 0; first <= all.size(); ++first) {
    for (size_t second = first; second <= all.size(); ++second) {
      sender_.Add("one", 1);
      sender_.Add("", 2);
      sender_.Add("three", 3);

      std::vector<uint64_t> begun = Took(first);
      EXPECT_EQ(Gather(), all.substr(first));
      for (const uint64_t tag : Took(second - first)) begun.push_back(tag);
      EXPECT_EQ(Gather(), all.substr(second));

      // The frames begin at 0, 9 and 15.
      const size_t expected = (second > 0) + (second > 9) + (second > 15);
      ASSERT_EQ(begun.size(), expected) << first << " " << second;
      for (size_t i = 0; i < expected; ++i) EXPECT_EQ(begun[i], i + 1);
      Drain();
    }
  }
}

TEST_F(WsSenderTest, TellsABeginningOnce) {
  sender_.Add("one", 1);

  EXPECT_THAT(Took(1), ElementsAre(1));
  EXPECT_THAT(Took(1), IsEmpty());
  EXPECT_THAT(Took(7), IsEmpty());
  EXPECT_TRUE(sender_.empty());
}

TEST_F(WsSenderTest, CountsAMessageUntilItIsWritten) {
  sender_.Add("one", 1);
  Took(8);
  sender_.AddPing();

  EXPECT_EQ(sender_.message_bytes(), 3u);
  Took(1);
  EXPECT_EQ(sender_.message_bytes(), 0u);
}

TEST_F(WsSenderTest, GathersNoMoreThanThereIsRoomFor) {
  for (uint64_t i = 0; i < 20; ++i) sender_.Add("text", i);

  EXPECT_EQ(sender_.Gather(pieces_), pieces_.size());
  EXPECT_EQ(Drain().size(), 20 * Text("text").size());
}

TEST_F(WsSenderTest, GathersNothingBehindALargeMessage) {
  sender_.Add("small", 1);
  sender_.Add(std::string(WsSender::kGatherBytes, 'x'), 2);
  sender_.Add("behind", 3);

  EXPECT_EQ(sender_.Gather(pieces_), 4u);
}

TEST_F(WsSenderTest, SendsPingsAndPongsBeforeMessagesThatHaveNotBegun) {
  sender_.Add("begun", 1);
  sender_.Add("waits", 2);
  Took(1);

  sender_.AddPing();
  sender_.AddPong("p");

  EXPECT_EQ(Drain(), Text("begun").substr(1) + Framed(WsOpcode::kPing, "") +
                         Framed(WsOpcode::kPong, "p") + Text("waits"));
}

TEST_F(WsSenderTest, HasOnePingAtATime) {
  for (const bool begun : {false, true}) {
    sender_.Add("message", 1);
    Took(3);
    sender_.AddPing();
    if (begun) Took(11);
    sender_.Add("another", 2);

    sender_.AddPing();

    EXPECT_EQ(Drain(), (begun ? ""s : Text("message").substr(3)) +
                           Framed(WsOpcode::kPing, "").substr(begun ? 1 : 0) +
                           Text("another"));
  }
  sender_.AddPing();
  EXPECT_EQ(Drain(), Framed(WsOpcode::kPing, ""));
}

TEST_F(WsSenderTest, AnswersTheLastOfManyPings) {
  sender_.AddPong("one");
  Took(1);

  for (const char* ping : {"two", "three", "four"}) sender_.AddPong(ping);

  EXPECT_EQ(Drain(), Framed(WsOpcode::kPong, "one").substr(1) +
                         Framed(WsOpcode::kPong, "four"));
}

TEST_F(WsSenderTest, ClosesBehindWhatHasBegunAndDropsTheRest) {
  sender_.Add("begun", 1);
  sender_.Add("never", 2);
  Took(1);
  sender_.AddPing();
  sender_.Add("never", 3);

  sender_.AddClose("\x03\xe8");
  sender_.AddClose("\x03\xe9");
  sender_.Add("never", 4);

  EXPECT_EQ(sender_.message_bytes(), 5u);
  EXPECT_EQ(Drain(), Text("begun").substr(1) + Framed(WsOpcode::kPing, "") +
                         Framed(WsOpcode::kClose, "\x03\xe8"));
}

TEST_F(WsSenderTest, AnswersPingsWhileItCloses) {
  sender_.AddClose("");
  sender_.AddPong("before");
  EXPECT_EQ(Drain(),
            Framed(WsOpcode::kPong, "before") + Framed(WsOpcode::kClose, ""));

  sender_.AddPong("after");
  EXPECT_EQ(Drain(), Framed(WsOpcode::kPong, "after"));
}

}  // namespace
}  // namespace clawplane::core
