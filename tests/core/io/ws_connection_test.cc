#include "core/io/ws_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/core/io/ws_fixture.h"

namespace clawplane::core {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class WsConnectionTest : public WsTest {};

TEST_F(WsConnectionTest, AsksForThePlainestWebSocket) {
  Open();

  const std::string host = absl::StrCat("\r\nHost: 127.0.0.1:", peer_.port());
  EXPECT_THAT(peer_.received(),
              AllOf(StartsWith("GET / HTTP/1.1\r\n"), HasSubstr(host),
                    HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"),
                    Not(HasSubstr("Origin")), Not(HasSubstr("Extensions"))));
}

TEST_F(WsConnectionTest, FallsBackToIpv6WhenIpv4IsRefused) {
  ScriptedPeer peer(io_, "::1");

  Connect(peer.port());

  ASSERT_TRUE(Until([&] { return peer.has_request(); }));
  peer.AcceptUpgrade();
  EXPECT_TRUE(WaitFor("open"));
}

TEST_F(WsConnectionTest, DeliversTextAndBinaryAlike) {
  Open();

  peer_.Write(ServerFrame(kText, "one") + ServerFrame(kBinary, "\xff\xfe") +
              ServerFrame(kText, ""));

  ASSERT_TRUE(WaitFor("message "));
  EXPECT_THAT(reports_, ElementsAre("open", "message one", "message \xff\xfe",
                                    "message "));
}

TEST_F(WsConnectionTest, JoinsFragmentsAndAnswersAPingBetweenThem) {
  Open();

  peer_.Write(ServerFrame(kText, "a", false) + ServerFrame(kPing, "now") +
              ServerFrame(kContinuation, "b", false) +
              ServerFrame(kContinuation, "", false) +
              ServerFrame(kContinuation, "c"));

  ASSERT_TRUE(WaitFor("message abc"));
  ASSERT_TRUE(WaitForFrames(1));
  const WireFrame pong = peer_.frames()[0];
  EXPECT_EQ(pong.opcode, kPong);
  EXPECT_EQ(pong.payload, "now");
}

TEST_F(WsConnectionTest, TakesMessagesThatCameWithTheUpgrade) {
  Connect(peer_.port());
  ASSERT_TRUE(Until([&] { return peer_.has_request(); }));

  peer_.AcceptUpgrade();
  peer_.Write(ServerFrame(kText, "early"));

  EXPECT_TRUE(WaitFor("message early"));
}

TEST_F(WsConnectionTest, DeliversAMessageOfTheLimit) {
  Open();
  const std::string text(1000, 'x');

  peer_.Write(ServerFrame(kText, text, false) + ServerFrame(kContinuation, ""));

  EXPECT_TRUE(WaitFor("message " + text));
}

TEST_F(WsConnectionTest, DropsAMessageOverTheLimitAndStaysOpen) {
  Open();

  peer_.Write(ServerFrame(kText, std::string(1001, 'x')) +
              ServerFrame(kText, std::string(3'000'000, 'y'), false) +
              ServerFrame(kContinuation, "z") + ServerFrame(kText, "next"));

  ASSERT_TRUE(WaitFor("message next"));
  EXPECT_THAT(reports_,
              ElementsAre("open", "oversized 1000 of 1001",
                          "oversized 1000 of 3000001", "message next"));
}

TEST_F(WsConnectionTest, DeliversALargeMessageWhole) {
  WsLimits limits = TestLimits();
  limits.max_message_bytes = 5'000'000;
  Open(limits);
  const std::string text(5'000'000, 'x');

  peer_.Write(ServerFrame(kText, text));

  EXPECT_TRUE(WaitFor("message " + text));
}

TEST_F(WsConnectionTest, MasksWithZeroSoThatPayloadsGoOutAsTheyAre) {
  Open();
  const size_t start = peer_.received().size();
  const std::string text(200, 's');

  Send(text);

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_TRUE(peer_.frames()[0].masked);
  EXPECT_EQ(peer_.received().substr(start),
            std::string("\x81\xfe\x00\xc8\x00\x00\x00\x00", 8) + text);
}

TEST_F(WsConnectionTest, SendsALargeMessageAsOneFrame) {
  Open();
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i);

  Send(text);

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_TRUE(peer_.frames()[0].payload == text);
}

TEST_F(WsConnectionTest, SendsInOrderAndTellsEachStart) {
  Open();
  std::vector<std::string> expected = {"open"};

  OnStrand([&] {
    for (uint64_t i = 0; i < 1000; ++i) SendHere(absl::StrCat("m", i), i);
  });

  ASSERT_TRUE(WaitForFrames(1000));
  const std::vector<WireFrame> frames = peer_.frames();
  for (uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(frames[i].payload, absl::StrCat("m", i));
    expected.push_back(absl::StrCat("write ", i));
  }
  EXPECT_EQ(reports_, expected);
}

TEST_F(WsConnectionTest, TellsTheStartOfAMessageNoSoonerThanItsTurn) {
  peer_.StopReading();
  Connect(peer_.port());
  ASSERT_TRUE(Until([&] { return peer_.connected(); }));
  peer_.StartReading();
  ASSERT_TRUE(Until([&] { return peer_.has_request(); }));
  peer_.StopReading();
  peer_.AcceptUpgrade();
  ASSERT_TRUE(WaitFor("open"));

  Send(std::string(30'000'000, 'x'), 1);
  Send("small", 2);
  ASSERT_TRUE(WaitFor("write 1"));
  Settle();

  EXPECT_EQ(Count("write 2"), 0u);
  peer_.StartReading();
  EXPECT_TRUE(WaitFor("write 2"));
}

TEST_F(WsConnectionTest, KeepsMessagesUntilItIsOpen) {
  Connect(peer_.port());
  Send("early", 7);
  ASSERT_TRUE(Until([&] { return peer_.has_request(); }));
  EXPECT_THAT(reports_, ElementsAre());

  peer_.AcceptUpgrade();

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_THAT(reports_, ElementsAre("open", "write 7"));
}

TEST_F(WsConnectionTest, ClosesWithAHandshake) {
  Open();

  Close(1000, "bye");

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].opcode, kClose);
  EXPECT_EQ(peer_.frames()[0].payload,
            "\x03\xe8"
            "bye");
  peer_.Write(CloseFrame(1000, "bye, then"));
  peer_.Drop();
  ExpectEnd(1000, "bye, then");
}

TEST_F(WsConnectionTest, EndsWithThePeersCodeAndReason) {
  Open();

  peer_.Write(ServerFrame(kText, "last") + CloseFrame(1012, "service restart"));

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].payload, "\x03\xf4");
  peer_.Drop();
  ExpectEnd(1012, "service restart");
  EXPECT_THAT(reports_, ElementsAre("open", "message last", "end 1012"));
}

TEST_F(WsConnectionTest, EndsWith1005ForACloseWithoutACode) {
  Open();

  peer_.Write(ServerFrame(kClose, ""));
  ASSERT_TRUE(WaitForFrames(1));
  peer_.Drop();

  ExpectEnd(1005, "");
}

TEST_F(WsConnectionTest, ReportsNoMessageAfterClose) {
  Open();

  Close(1000, "");
  peer_.Write(ServerFrame(kText, "too late") +
              ServerFrame(kText, std::string(5000, 'x')) +
              CloseFrame(1000, ""));
  ASSERT_TRUE(WaitForFrames(1));
  peer_.Drop();

  ExpectEnd(1000, "");
  EXPECT_THAT(reports_, ElementsAre("open", "end 1000"));
}

TEST_F(WsConnectionTest, FinishesOnlyTheMessageBegunWhenItCloses) {
  Open();
  peer_.StopReading();
  const std::string begun(30'000'000, 'x');
  inside_ = [&](const std::string& report) {
    if (report == "write 1") CloseHere(1001, "enough");
  };

  OnStrand([&] {
    SendHere(begun, 1);
    SendHere("not begun", 2);
  });
  ASSERT_TRUE(WaitFor("write 1"));
  Settle();
  peer_.StartReading();

  ASSERT_TRUE(WaitForFrames(2));
  EXPECT_TRUE(peer_.frames()[0].payload == begun);
  EXPECT_EQ(peer_.frames()[1].opcode, kClose);
  peer_.Write(CloseFrame(1001, ""));
  peer_.Drop();
  ExpectEnd(1001, "");
  EXPECT_EQ(Count("write 2"), 0u);
}

TEST_F(WsConnectionTest, BeginsNoMessageWhenClosedInTheSameTask) {
  Open();

  OnStrand([&] {
    SendHere("never", 1);
    CloseHere(1000, "");
  });

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].opcode, kClose);
  EXPECT_THAT(reports_, ElementsAre("open"));
}

TEST_F(WsConnectionTest, CutsALongReasonBetweenCharacters) {
  Open();
  std::string reason(122, 'r');

  Close(1000, reason + "\u00e9 and more");

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].payload, "\x03\xe8" + reason);
}

TEST_F(WsConnectionTest, TakesWorkFromAnotherThreadThanItsLoops) {
  std::atomic<int> seen = 0;
  OnStrand([&] {
    WsConnector connector(strand_, TestLimits());
    ConnectionReports reports;
    reports.on_open = [&] { strand_.AssertHeld(); };
    reports.on_message = [&](std::string_view) {
      strand_.AssertHeld();
      ++seen;
    };
    reports.on_oversized = [](std::string_view, size_t) {};
    reports.on_alive = [&] { strand_.AssertHeld(); };
    reports.on_pong = [] {};
    reports.on_write = [&](uint64_t) { strand_.AssertHeld(); };
    reports.on_end = [](const ConnectionEnd&) { FAIL(); };
    connection_ = connector.Connect(peer_.port(), std::move(reports));
  });
  ASSERT_TRUE(Until([&] { return peer_.has_request(); }));
  peer_.AcceptUpgrade();
  for (int i = 0; i < 500; ++i) peer_.Write(ServerFrame(kText, "hello"));
  std::thread sender([&] {
    for (uint64_t i = 0; i < 500; ++i) {
      strand_.Post([this, i] { connection_->Send("hello", i); });
    }
  });

  // The peer belongs to one thread at a time, the connection to the strand.
  io_.restart();
  std::thread other([&] {
    while (seen < 250) io_.run_one_for(std::chrono::milliseconds(1));
  });
  sender.join();
  other.join();

  EXPECT_TRUE(Until([&] { return seen == 500; }));
  EXPECT_TRUE(WaitForFrames(500));
}

}  // namespace
}  // namespace clawplane::core
