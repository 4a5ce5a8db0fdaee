// Floods on a connection that needs no token.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/abuse/attacked_daemon.h"
#include "tests/abuse/attacks.h"
#include "tests/wait_for.h"

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

class FloodEndTest : public AttackTest {
 protected:
  bool WasToldOf(const std::string& words) {
    return WaitFor([&] { return daemon_->errors().find(words) != words.npos; });
  }
};

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
  EXPECT_TRUE(WasToldOf("that kept all others waiting"));
}

TEST_F(FloodEndTest, EndsAConnectionWithWrongTokensAtFullSpeed) {
  Http2Attacker attacker(tcp());
  ASSERT_TRUE(attacker.Begin());
  for (uint32_t stream = 1; stream < 1'000; stream += 2) {
    attacker.Send(
        HeaderFrames(stream, kNoFlags, HeaderBlock(CallHeaders(kGetStatus))) +
        Frame(FrameType::kData, kEndStream, stream, std::string(5, 0)));
  }
  EXPECT_TRUE(attacker.WaitForEnd());
  EXPECT_TRUE(WasToldOf("that nobody vouches for"));
}

// gRPC may end the connection as well.
TEST_F(FloodEndTest, RefusesACallWithTooManyHeaders) {
  const auto is_answered = [&](size_t size) {
    Http2Attacker attacker(unix_target());
    attacker.Begin();
    attacker.Send(
        HeaderFrames(1, kNoFlags,
                     HeaderBlock(CallHeaders(
                         kGetStatus, {{"x", std::string(size, 'x')}}))) +
        Frame(FrameType::kData, kEndStream, 1, std::string(5, '\0')));
    while (attacker.is_open() && attacker.count(FrameType::kData) == 0 &&
           attacker.count(FrameType::kResetStream) == 0) {
      if (!attacker.ReadMore()) break;
    }
    return attacker.count(FrameType::kData) > 0;
  };
  EXPECT_TRUE(is_answered(4'000));
  EXPECT_FALSE(is_answered(10'000));
  EXPECT_FALSE(is_answered(100'000));
  EXPECT_TRUE(is_answered(100));
}

}  // namespace
}  // namespace clawplane::testing
