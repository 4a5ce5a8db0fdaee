// Signs of life: that bytes came, and pings of both sides.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/core/io/ws_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

class WsLifeTest : public WsTest {
 protected:
  // Has a message on its way that the peer does not take.
  void Clog() {
    peer_.StopReading();
    Send(std::string(30'000'000, 'x'), 1);
    ASSERT_TRUE(WaitFor("write 1"));
    Settle();
  }
  size_t PingsReceived() const {
    size_t pings = 0;
    for (const WireFrame& frame : peer_.frames())
      pings += frame.opcode == kPing;
    return pings;
  }
};

TEST_F(WsLifeTest, ShowsNoneBeforeBytesCome) {
  Open();
  Send("hello");
  ASSERT_TRUE(WaitForFrames(1));
  Settle();

  EXPECT_EQ(signs_["alive"], 0u);
}

TEST_F(WsLifeTest, ShowsLifeBeforeTheMessageItCompletes) {
  Open();
  size_t before = 0;
  inside_ = [&](const std::string& report) {
    if (report == "message m") before = signs_["alive"];
  };

  peer_.Write(ServerFrame(kText, "m"));

  ASSERT_TRUE(WaitFor("message m"));
  EXPECT_EQ(before, 1u);
}

TEST_F(WsLifeTest, ShowsLifeWhileASlowMessageIsNotYetWhole) {
  Open();
  const std::string text(900, 'x');
  const std::string frame = ServerFrame(kText, text);

  for (size_t sent = 0; sent < 900; sent += 300) {
    const size_t before = signs_["alive"];
    peer_.Write(frame.substr(sent, 300));
    ASSERT_TRUE(Until([&] { return signs_["alive"] > before; })) << sent;
    EXPECT_THAT(reports_, ElementsAre("open"));
  }

  peer_.Write(frame.substr(900));
  EXPECT_TRUE(WaitFor("message " + text));
}

TEST_F(WsLifeTest, ShowsLifeInAMessageOverTheLimit) {
  Open();
  const std::string frame = ServerFrame(kText, std::string(50'000, 'x'));

  for (const size_t sent : {0u, 20'000u}) {
    const size_t before = signs_["alive"];
    peer_.Write(frame.substr(sent, 20'000));
    ASSERT_TRUE(Until([&] { return signs_["alive"] > before; })) << sent;
    Settle();
  }

  EXPECT_THAT(reports_, ElementsAre("open"));
}

TEST_F(WsLifeTest, APingOfThePeerIsASignOfLifeAndNoPong) {
  Open();

  peer_.Write(ServerFrame(kPing, "are you there"));

  ASSERT_TRUE(WaitForSign("alive"));
  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].payload, "are you there");
  EXPECT_EQ(signs_["alive"], 1u);
  EXPECT_EQ(signs_["pong"], 0u);
}

TEST_F(WsLifeTest, ACloseOfThePeerIsASignOfLife) {
  Open();

  peer_.Write(CloseFrame(1000, ""));

  EXPECT_TRUE(WaitForSign("alive"));
}

TEST_F(WsLifeTest, ReportsThePongToAPing) {
  Open();

  Ping();
  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].opcode, kPing);
  EXPECT_TRUE(peer_.frames()[0].masked);
  Settle();
  EXPECT_EQ(signs_["pong"], 0u);
  peer_.Write(ServerFrame(kPong, ""));

  ASSERT_TRUE(WaitForSign("pong"));
  EXPECT_EQ(signs_["alive"], 1u);
  EXPECT_EQ(signs_["pong"], 1u);
}

TEST_F(WsLifeTest, PingsAgainOnceTheLastPingIsWritten) {
  Open();

  for (size_t i = 1; i <= 3; ++i) {
    Ping();
    ASSERT_TRUE(WaitForFrames(i));
    Settle();
  }

  EXPECT_EQ(PingsReceived(), 3u);
}

TEST_F(WsLifeTest, SendsOnePingHoweverOftenAskedWhileItWaits) {
  Open();
  Clog();

  OnStrand([&] {
    for (int i = 0; i < 5; ++i) PingHere();
  });
  peer_.StartReading();

  ASSERT_TRUE(WaitForFrames(2));
  Settle();
  EXPECT_EQ(PingsReceived(), 1u);
}

TEST_F(WsLifeTest, PingsBesideMessages) {
  Open();
  OnStrand([&] {
    for (uint64_t i = 0; i < 100; ++i) {
      SendHere(std::string(10'000, 'x'), i);
      PingHere();
    }
  });
  inside_ = [&](const std::string& report) {
    if (report.substr(0, 5) == "write") PingHere();
  };

  ASSERT_TRUE(Until([&] { return Count("write 99") == 1; }));
  ASSERT_TRUE(
      Until([&] { return peer_.frames().size() >= 100 + PingsReceived(); }));
  EXPECT_GT(PingsReceived(), 0u);
  EXPECT_FALSE(end_.has_value());
}

TEST_F(WsLifeTest, DoesNotPingUnlessOpen) {
  Connect(peer_.port());
  Ping();
  ASSERT_TRUE(Until([&] { return peer_.has_request(); }));
  Ping();
  peer_.AcceptUpgrade();
  ASSERT_TRUE(WaitFor("open"));
  Close(1000, "");
  Ping();

  ASSERT_TRUE(WaitForFrames(1));
  Settle();
  EXPECT_EQ(peer_.frames().size(), 1u);
  EXPECT_EQ(peer_.frames()[0].opcode, kClose);
  peer_.Write(CloseFrame(1000, ""));
  peer_.Drop();
  ExpectEnd(1000, "");
  OnStrand([&] { PingHere(); });
  Settle();
}

TEST_F(WsLifeTest, DoesNotPingAPeerThatHasClosed) {
  Open();
  peer_.Write(CloseFrame(1000, ""));
  ASSERT_TRUE(WaitForFrames(1));

  Ping();
  Settle();
  EXPECT_EQ(peer_.frames().size(), 1u);
  peer_.Drop();

  ExpectEnd(1000, "");
}

TEST_F(WsLifeTest, ClosesWithAHandshakeBehindAPing) {
  Open();

  OnStrand([&] {
    PingHere();
    CloseHere(1000, "bye");
  });

  ASSERT_TRUE(WaitForFrames(2));
  EXPECT_EQ(peer_.frames()[0].opcode, kPing);
  EXPECT_EQ(peer_.frames()[1].opcode, kClose);
  peer_.Write(ServerFrame(kPong, "") + CloseFrame(1000, "bye"));
  peer_.Drop();
  ExpectEnd(1000, "bye");
  EXPECT_EQ(signs_["pong"], 0u);
}

TEST_F(WsLifeTest, AnswersPingsWhileItCloses) {
  Open();

  Close(1000, "bye");
  ASSERT_TRUE(WaitForFrames(1));
  peer_.Write(ServerFrame(kPing, "still there?"));

  ASSERT_TRUE(WaitForFrames(2));
  EXPECT_EQ(peer_.frames()[1].opcode, kPong);
  EXPECT_EQ(peer_.frames()[1].payload, "still there?");
  EXPECT_EQ(signs_["alive"], 0u);
}

TEST_F(WsLifeTest, EndsWithThePeersCloseThoughAPingWaits) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);
  Clog();
  Ping();

  peer_.Write(CloseFrame(1008, "slow producer"));

  ExpectEnd(1008, "slow producer");
}

TEST_F(WsLifeTest, ClosesInTimeThoughAPingWaits) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);
  Clog();
  Ping();

  Close(1000, "bye");

  ExpectEnd(1006, "no closing of the peer in time");
}

TEST_F(WsLifeTest, EndsOnceAndForTheSameCauseWhenThePeerVanishesUnderAPing) {
  for (const bool reset : {false, true}) {
    for (const bool clogged : {false, true}) {
      ScriptedPeer peer(io_);
      end_.reset();
      ended_ = false;
      Connect(peer.port());
      ASSERT_TRUE(Until([&] { return peer.has_request(); }));
      peer.AcceptUpgrade();
      ASSERT_TRUE(Until([&] { return peer.all_written(); }));
      Settle();
      if (clogged) {
        peer.StopReading();
        Send(std::string(30'000'000, 'x'), 1);
      }
      Ping();

      reset ? peer.Reset() : peer.Drop();

      ASSERT_TRUE(Until([&] { return end_.has_value(); }));
      EXPECT_EQ(end_->code, 1006);
      EXPECT_NE(end_->reason, "Operation canceled");
      Settle();
    }
  }
}

// Whether the ping or the read is the first to learn it.
TEST_F(WsLifeTest, EndsOnceWhenPingedAfterThePeerVanished) {
  Open();
  peer_.Reset();

  OnStrand([&] {
    PingHere();
    PingHere();
  });

  ASSERT_TRUE(Until([&] { return end_.has_value(); }));
  EXPECT_EQ(end_->code, 1006);
  EXPECT_NE(end_->reason, "Operation canceled");
  Settle();
}

TEST_F(WsLifeTest, MayBeDestroyedOrClosedFromInsideASign) {
  for (const std::string sign : {"alive", "pong"}) {
    for (const int opcode : {kText, kPing, kPong, kClose}) {
      if (sign == "pong" && opcode != kPong) continue;
      for (const bool destroy : {false, true}) {
        ScriptedPeer peer(io_);
        end_.reset();
        ended_ = false;
        bool done = false;
        inside_ = [&](const std::string& report) {
          if (report != sign || done) return;
          done = true;
          destroy ? DestroyHere() : CloseHere(1000, "");
        };
        Connect(peer.port());
        ASSERT_TRUE(Until([&] { return peer.has_request(); }));
        peer.AcceptUpgrade();
        peer.Write(opcode == kClose
                       ? CloseFrame(1000, "")
                       : ServerFrame(opcode, "x") + CloseFrame(1000, ""));
        ASSERT_TRUE(Until([&] { return done; })) << sign << opcode;
        Settle();
        peer.Drop();

        ASSERT_TRUE(Until([&] { return destroy || end_.has_value(); }));
        Settle();
        EXPECT_EQ(Count("message x"), 0u);
        OnStrand([&] { DestroyHere(); });
      }
    }
  }
}

}  // namespace
}  // namespace clawplane::core
