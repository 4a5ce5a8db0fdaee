// What ends a connection, at every point of its life.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/core/io/ws_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

class WsFailureTest : public WsTest {};

uint16_t UnusedPort(boost::asio::io_context& io) {
  using boost::asio::ip::tcp;
  tcp::acceptor acceptor(io, tcp::endpoint(tcp::v6(), 0));
  return acceptor.local_endpoint().port();
}

TEST_F(WsFailureTest, EndsWhenRefused) {
  const uint16_t port = UnusedPort(io_);

  Connect(port);

  ExpectEnd(
      0, absl::StrCat("cannot connect to port ", port, ": Connection refused"));
  EXPECT_THAT(reports_, ElementsAre("end 0"));
  EXPECT_EQ(end_->http_status, 0);
}

TEST_F(WsFailureTest, EndsWhenNothingAcceptsInTime) {
  // A full queue of connections nobody accepts: the next one is not answered.
  using boost::asio::ip::tcp;
  tcp::acceptor acceptor(io_);
  acceptor.open(tcp::v4());
  acceptor.bind({boost::asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);
  std::vector<tcp::socket> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(io_).async_connect(acceptor.local_endpoint(),
                                            [](boost::system::error_code) {});
  }
  Settle();
  WsLimits limits = TestLimits();
  limits.connect_timeout = milliseconds(20);

  Connect(acceptor.local_endpoint().port(), limits);

  ExpectEnd(0, "no connection in time");
}

TEST_F(WsFailureTest, EndsWith1006WhenThePeerVanishes) {
  Open();

  peer_.Drop();

  ExpectEnd(1006, "End of file");
}

TEST_F(WsFailureTest, EndsWith1006WhenThePeerResets) {
  Open();

  peer_.Reset();

  ExpectEnd(1006, "Connection reset by peer");
}

TEST_F(WsFailureTest, EndsOverTextThatIsNotUtf8) {
  Open();

  peer_.Write(ServerFrame(kText, "\xff"));

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].payload, "\x03\xef");  // 1007
  peer_.Drop();
  ASSERT_TRUE(WaitFor("end 1006"));
  EXPECT_THAT(reports_, ElementsAre("open", "end 1006"));
}

TEST_F(WsFailureTest, TellsThePeerAndTheOwnerOfABreach) {
  Open();

  peer_.Write(ServerFrame(kText, "m") + ServerFrame(3, "") +
              ServerFrame(kText, "never"));

  ASSERT_TRUE(WaitForFrames(1));
  EXPECT_EQ(peer_.frames()[0].opcode, kClose);
  EXPECT_EQ(peer_.frames()[0].payload, "\x03\xea");  // 1002
  Send("never", 1);
  peer_.Drop();
  ExpectEnd(1006, "a frame of the reserved kind 3");
  EXPECT_THAT(reports_, ElementsAre("open", "message m", "end 1006"));
}

TEST_F(WsFailureTest, EndsThoughAPeerThatBrokeTheProtocolDoesNothing) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);

  peer_.Write(ServerFrame(3, ""));  // a reserved opcode

  ExpectEnd(1006, "no closing of the peer in time");
}

TEST_F(WsFailureTest, EndsThoughThePeerIgnoresTheClose) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);

  Close(1000, "bye");

  ExpectEnd(1006, "no closing of the peer in time");
  EXPECT_TRUE(Until([&] { return peer_.ended(); }));
}

TEST_F(WsFailureTest, EndsThoughThePeerTakesNothingWhileItCloses) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);
  peer_.StopReading();
  Send(std::string(30'000'000, 'x'), 1);
  ASSERT_TRUE(WaitFor("write 1"));

  Close(1000, "bye");

  ExpectEnd(1006, "no closing of the peer in time");
}

TEST_F(WsFailureTest, EndsThoughThePeerClosesAndStays) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);

  peer_.Write(CloseFrame(1008, "slow consumer"));

  ExpectEnd(1008, "slow consumer");
}

TEST_F(WsFailureTest, EndsWhenThePeerClosesAndTakesNothing) {
  WsLimits limits = TestLimits();
  limits.close_timeout = milliseconds(20);
  Open(limits);
  peer_.StopReading();
  Send(std::string(30'000'000, 'x'), 1);
  ASSERT_TRUE(WaitFor("write 1"));

  peer_.Write(CloseFrame(1008, "slow producer"));

  ExpectEnd(1008, "slow producer");
}

TEST_F(WsFailureTest, BeginsNoMessageOnceThePeerHasClosed) {
  Open();
  peer_.Write(CloseFrame(1000, ""));
  ASSERT_TRUE(WaitForFrames(1));

  Send("too late", 1);
  Settle();
  peer_.Drop();

  ExpectEnd(1000, "");
  EXPECT_EQ(Count("write 1"), 0u);
}

TEST_F(WsFailureTest, EndsWhenBothSidesCloseAtOnce) {
  Open();

  peer_.Write(CloseFrame(1012, "service restart"));
  Close(1000, "bye");
  ASSERT_TRUE(WaitForFrames(1));
  peer_.Drop();

  ExpectEnd(1012, "service restart");
}

TEST_F(WsFailureTest, EndsWhenClosedBeforeItIsOpen) {
  Connect(peer_.port());

  Close(1000, "never mind");

  ExpectEnd(0, "closed before it was open");
  EXPECT_THAT(reports_, ElementsAre("end 0"));
}

TEST_F(WsFailureTest, GivesUpAPeerThatTakesNothing) {
  WsLimits limits = TestLimits();
  limits.max_queued_bytes = 1000;
  Open(limits);

  OnStrand([&] {
    SendHere(std::string(600, 'x'), 1);
    SendHere(std::string(400, 'x'), 2);
    SendHere("one too many", 3);
    SendHere("after", 4);
  });

  ExpectEnd(1006, "the peer takes nothing");
  EXPECT_THAT(reports_, ElementsAre("open", "end 1006"));
}

TEST_F(WsFailureTest, QueuesAgainWhatWasWritten) {
  WsLimits limits = TestLimits();
  limits.max_queued_bytes = 1000;
  Open(limits);

  for (size_t i = 1; i <= 10; ++i) {
    Send(std::string(900, 'x'), i);
    ASSERT_TRUE(WaitForFrames(i));
    Settle();
  }

  EXPECT_FALSE(end_.has_value());
}

TEST_F(WsFailureTest, EndsWhenTheWriteFails) {
  Open();
  peer_.StopReading();
  Send(std::string(30'000'000, 'x'), 1);
  ASSERT_TRUE(WaitFor("write 1"));

  peer_.Reset();

  ASSERT_TRUE(WaitFor("end 1006"));
  EXPECT_EQ(reports_.back(), "end 1006");
}

// Whether the write or the read is the first to learn that the peer is gone.
TEST_F(WsFailureTest, TellsWhatCameBeforeTheEndThoughAWriteFails) {
  for (const bool close : {false, true}) {
    ScriptedPeer peer(io_);
    end_.reset();
    ended_ = false;
    reports_.clear();
    Connect(peer.port());
    ASSERT_TRUE(Until([&] { return peer.has_request(); }));
    peer.AcceptUpgrade();
    ASSERT_TRUE(WaitFor("open"));
    OnStrand([&] {
      peer.Write(ServerFrame(kText, "last") +
                 (close ? CloseFrame(1008, "enough") : ""));
      peer.Reset();
      SendHere("hello", 1);
    });

    ASSERT_TRUE(Until([&] { return end_.has_value(); }));
    EXPECT_EQ(Count("message last"), 1u);
    EXPECT_EQ(end_->code, close ? 1008 : 1006);
    Settle();
  }
}

TEST_F(WsFailureTest, MayBeDestroyedFromInsideAnyReport) {
  for (const std::string last :
       {"open", "message m", "oversized 1000 of 2000", "write 1", "end 1000"}) {
    ScriptedPeer peer(io_);
    end_.reset();
    ended_ = false;
    reports_.clear();
    inside_ = [&](const std::string& report) {
      if (report == last) DestroyHere();
    };

    Connect(peer.port());
    Send("hello", 1);
    ASSERT_TRUE(Until([&] { return peer.has_request(); }));
    peer.AcceptUpgrade();
    peer.Write(ServerFrame(kText, "m") +
               ServerFrame(kText, std::string(2000, 'x')) +
               CloseFrame(1000, ""));
    ASSERT_TRUE(Until([&] { return !peer.frames().empty() || peer.ended(); }));
    if (last == "end 1000") {
      ASSERT_TRUE(Until([&] { return peer.frames().size() == 2; }));
      peer.Drop();
    }

    ASSERT_TRUE(WaitFor(last));
    Settle();
    EXPECT_EQ(reports_.back(), last);
  }
}

TEST_F(WsFailureTest, DropsTheTcpConnectionAndIsSilentOnceDestroyed) {
  Open();

  OnStrand([&] {
    SendHere("never", 1);
    DestroyHere();
  });

  EXPECT_TRUE(Until([&] { return peer_.ended(); }));
  EXPECT_THAT(reports_, ElementsAre("open"));
}

TEST_F(WsFailureTest, IsSilentOnceDestroyedThoughAnEndWasOnItsWay) {
  Connect(peer_.port());

  OnStrand([&] {
    CloseHere(1000, "");
    DestroyHere();
  });
  Settle();

  EXPECT_THAT(reports_, ElementsAre());
}

TEST_F(WsFailureTest, LeavesNothingBehindWhenTheLoopGoesFirst) {
  boost::asio::io_context io;
  CoreStrand strand(io);
  std::unique_ptr<Connection> connection;
  strand.Post([&] {
    connection = WsConnector(strand).Connect(peer_.port(), Reports());
    connection->Send("hello", 1);
    connection.reset();
  });

  io.run_one();
}

// The peer sends its side of an exchange up to some byte and is then gone.
TEST_F(WsFailureTest, EndsExactlyOnceWhereverThePeerIsCutOff) {
  const std::string tail = ServerFrame(kText, "m", false) +
                           ServerFrame(kPing, "p") +
                           ServerFrame(kContinuation, std::string(200, 'x')) +
                           CloseFrame(1000, "bye");
  // The answer to the upgrade is always of the same length.
  const size_t answer = 129;
  for (const bool reset : {false, true}) {
    for (size_t cut = 0; cut <= answer + tail.size(); ++cut) {
      ScriptedPeer peer(io_);
      end_.reset();
      ended_ = false;
      reports_.clear();
      Connect(peer.port());
      Send("hello", 1);
      ASSERT_TRUE(Until([&] { return peer.has_request(); }));

      peer.CutAfter(cut);
      peer.AcceptUpgrade();
      peer.Write(tail);
      ASSERT_TRUE(Until([&] { return peer.all_written(); }));
      if (cut % 2 == 0) Settle();
      reset ? peer.Reset() : peer.Drop();

      ASSERT_TRUE(Until([&] { return end_.has_value(); })) << cut;
      Settle();
      EXPECT_EQ(reports_.back().substr(0, 3), "end") << cut;
      if (!reset) {
        EXPECT_EQ(end_->code, cut < answer                 ? 0
                              : cut < answer + tail.size() ? 1006
                                                           : 1000)
            << cut;
      }
    }
  }
}

}  // namespace
}  // namespace clawplane::core
