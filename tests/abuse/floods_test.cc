// Floods on a connection that needs no token.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/abuse/attacked_daemon.h"
#include "tests/abuse/attacks.h"

namespace clawplane::testing {
namespace {

std::string NameOf(const ::testing::TestParamInfo<Attack>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

class FloodTest : public AttackTest,
                  public ::testing::WithParamInterface<Attack> {};

TEST_P(FloodTest, LeavesTheDaemonAndTheOthersUnharmed) {
  const Attack& attack = GetParam();

  const AttackResult result = attack.run(tcp(), attack.size);

  EXPECT_EQ(result.sent, attack.size);
  EXPECT_TRUE(OthersGoOn());
}

INSTANTIATE_TEST_SUITE_P(All, FloodTest, ::testing::ValuesIn(Attacks()),
                         NameOf);

using FloodEndTest = AttackTest;

const Attack& AttackOf(const std::string& name) {
  return *std::find_if(
      Attacks().begin(), Attacks().end(),
      [&](const Attack& attack) { return attack.name == name; });
}

TEST_F(FloodEndTest, EndsAConnectionThatPingsTooOften) {
  constexpr uint32_t kEnhanceYourCalm = 11;
  EXPECT_EQ(AttackOf("ping flood").run(tcp(), 10).goaway_code,
            kEnhanceYourCalm);
}

TEST_F(FloodEndTest, EndsAConnectionThatHoldsTheLoop) {
  EXPECT_GT(AttackOf("reset flood").run(tcp(), 100'000).ended, 0u);
  EXPECT_NE(daemon_->errors().find("that kept all others waiting"),
            std::string::npos);
}

TEST_F(FloodEndTest, EndsAConnectionWithWrongTokensAtFullSpeed) {
  Http2Attacker attacker(tcp());
  ASSERT_TRUE(attacker.Begin());
  for (uint32_t stream = 1; stream < 2'000; stream += 2) {
    attacker.Send(
        HeaderFrames(stream, kNoFlags, HeaderBlock(CallHeaders(kGetStatus))) +
        Frame(FrameType::kData, kEndStream, stream, std::string(5, 0)));
  }
  EXPECT_TRUE(attacker.WaitForEnd());
  EXPECT_NE(daemon_->errors().find("that nobody vouches for"),
            std::string::npos);
}

// gRPC resets the call, and sometimes ends the connection with it.
TEST_F(FloodEndTest, RefusesACallWithTooManyHeaders) {
  Http2Attacker attacker(tcp());
  ASSERT_TRUE(attacker.Begin());
  const auto call = [&](uint32_t stream, size_t size) {
    return HeaderFrames(
        stream, kEndStream,
        HeaderBlock(CallHeaders(kGetStatus, {{"x", std::string(size, 'x')}})));
  };
  EXPECT_TRUE(attacker.Send(call(1, 100'000)));
  EXPECT_TRUE(attacker.WaitFor(FrameType::kResetStream, 1) ||
              attacker.WaitForEnd());
  Http2Attacker other(tcp());
  ASSERT_TRUE(other.Begin());
  EXPECT_TRUE(other.Send(call(1, 100)));
  EXPECT_TRUE(other.WaitFor(FrameType::kHeaders, 1));
}

}  // namespace
}  // namespace clawplane::testing
