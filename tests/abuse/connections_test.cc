// Connections that are many, slow or silent.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/abuse/attacked_daemon.h"
#include "tests/abuse/attacks.h"

namespace clawplane::testing {
namespace {

constexpr size_t kMany = 1'000;

class ConnectionsTest : public AttackTest {
 protected:
  void TearDown() override {
    attackers_.clear();
    AttackTest::TearDown();
  }

  // Opens many that send this and no more, and looks at the others.
  void OpenMany(std::string_view bytes) {
    attackers_ = OpenSilent(tcp(), kMany, bytes);
    EXPECT_TRUE(OthersGoOn());
    EXPECT_TRUE(AnswersAnew());
  }

  std::vector<Http2Attacker> attackers_;
};

TEST_F(ConnectionsTest, ThatSayNothingHinderNobody) { OpenMany(""); }

TEST_F(ConnectionsTest, ThatStopWithinThePrefaceHinderNobody) {
  OpenMany(kPreface.substr(0, 10));
}

TEST_F(ConnectionsTest, ThatStopBehindThePrefaceHinderNobody) {
  OpenMany(kPreface);
}

TEST_F(ConnectionsTest, ThatStopWithinTheirHeadersHinderNobody) {
  OpenMany(std::string(kPreface) + Frame(FrameType::kSettings, kNoFlags, 0) +
           Frame(FrameType::kHeaders, kNoFlags, 1, Literal(":method", "POST")));
}

TEST_F(ConnectionsTest, ThatStopWithinAMessageHinderNobody) {
  OpenMany(std::string(kPreface) + Frame(FrameType::kSettings, kNoFlags, 0) +
           HeaderFrames(1, kNoFlags, HeaderBlock(CallHeaders(kGetStatus))) +
           MessageBegin(1, 1'000'000, "x"));
}

// Slowloris: a byte now and then.
TEST_F(ConnectionsTest, ThatDripHinderNobody) {
  attackers_ = OpenSilent(tcp(), 100, "");
  for (const char byte : kPreface) {
    for (Http2Attacker& attacker : attackers_) {
      attacker.Send(std::string_view(&byte, 1));
    }
    EXPECT_TRUE(OthersGoOn());
  }
}

TEST_F(ConnectionsTest, ThatSpeakSomethingElseAreEnded) {
  for (const char* const words : {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                  "\x16\x03\x01\x02", "SSH-2.0-x\r\n"}) {
    Http2Attacker attacker(tcp());
    EXPECT_TRUE(attacker.Send(std::string(words) + std::string(100, '\n')));
    EXPECT_TRUE(attacker.WaitForEnd()) << words;
  }
}

}  // namespace
}  // namespace clawplane::testing
