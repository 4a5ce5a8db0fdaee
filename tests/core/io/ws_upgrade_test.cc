// How an HTTP connection becomes a WebSocket, or does not.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/core/io/ws_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;

class WsUpgradeTest : public WsTest {};

TEST_F(WsUpgradeTest, AsksWithAKeyOfItsOwnEachTime) {
  std::string last;
  for (int i = 0; i < 3; ++i) {
    ScriptedPeer peer(io_);
    Connect(peer.port());
    ASSERT_TRUE(Until([&] { return peer.has_request(); }));
    const size_t start = peer.received().find("Sec-WebSocket-Key: ");
    const std::string key = peer.received().substr(start + 19, 26);

    EXPECT_EQ(key.substr(22), "==\r\n");
    EXPECT_NE(key, last);
    last = key;
    OnStrand([&] { DestroyHere(); });
  }
}

TEST_F(WsUpgradeTest, EndsWhenTheUpgradeIsNotAnsweredInTime) {
  WsLimits limits = TestLimits();
  limits.upgrade_timeout = milliseconds(20);

  Connect(peer_.port(), limits);

  ExpectEnd(0, "no answer to the upgrade in time");
  EXPECT_TRUE(Until([&] { return peer_.ended(); }));
}

TEST_F(WsUpgradeTest, EndsWithTheStatusOfADeclinedUpgrade) {
  for (const auto& [answer, status] :
       {std::pair{"503 Busy", 503}, std::pair{"200 OK", 200}}) {
    ScriptedPeer peer(io_);
    end_.reset();
    ended_ = false;

    Connect(peer.port());
    ASSERT_TRUE(Until([&] { return peer.has_request(); }));
    peer.Write(
        absl::StrCat("HTTP/1.1 ", answer, "\r\nContent-Length: 2\r\n\r\nno"));

    ExpectEnd(0, absl::StrCat("upgrade declined with HTTP ", status));
    EXPECT_EQ(end_->http_status, status);
  }
}

TEST_F(WsUpgradeTest, EndsWhenTheAnswerIsNotAWebSocket) {
  Connect(peer_.port());
  ASSERT_TRUE(Until([&] { return peer_.has_request(); }));

  peer_.Write(
      "HTTP/1.1 101 Sure\r\nUpgrade: websocket\r\n"
      "Connection: upgrade\r\nSec-WebSocket-Accept: bad\r\n\r\n");

  ASSERT_TRUE(Until([&] { return end_.has_value(); }));
  EXPECT_EQ(end_->code, 0);
  EXPECT_EQ(end_->http_status, 0);
}

TEST_F(WsUpgradeTest, EndsWhenTheAnswerDemandsMoreThanWasOffered) {
  for (const std::string field : {"Extensions: x", "Protocol: x"}) {
    ScriptedPeer peer(io_);
    end_.reset();
    ended_ = false;
    Connect(peer.port());
    ASSERT_TRUE(Until([&] { return peer.has_request(); }));

    peer.AcceptUpgrade(absl::StrCat("Sec-WebSocket-", field, "\r\n"));

    ExpectEnd(0, "the upgrade failed: the answer demands what was not offered");
  }
}

}  // namespace
}  // namespace clawplane::core
