// Attacks of the size that the figures in docs/security.md are for.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/abuse/attacked_daemon.h"
#include "tests/abuse/attacks.h"

namespace clawplane::testing {
namespace {

using std::chrono::steady_clock;

std::string NameOf(const ::testing::TestParamInfo<Attack>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// Again and again for some seconds, on four connections at a time.
class LastingFloodTest : public AttackTest,
                         public ::testing::WithParamInterface<Attack> {};

TEST_P(LastingFloodTest, IsBorneForAsLongAsItLasts) {
  const Attack& attack = GetParam();
  const auto end = steady_clock::now() + std::chrono::seconds(8);
  std::vector<std::thread> attackers;
  for (int i = 0; i < 4; ++i) {
    attackers.emplace_back([&] {
      while (steady_clock::now() < end) attack.run(tcp(), attack.size);
    });
  }
  while (steady_clock::now() < end) EXPECT_TRUE(OthersGoOn());
  for (std::thread& attacker : attackers) attacker.join();
}

INSTANTIATE_TEST_SUITE_P(All, LastingFloodTest, ::testing::ValuesIn(Attacks()),
                         NameOf);

using TenThousandConnectionsTest = AttackTest;

TEST_F(TenThousandConnectionsTest, HinderNobodyWhoIsThere) {
  const size_t most = AllowManyFiles();
  if (most < 11'000) GTEST_SKIP() << "only " << most << " files may be open";
  const std::vector<Http2Attacker> attackers =
      OpenSilent(tcp(), 10'000, kPreface);
  EXPECT_TRUE(OthersGoOn());
  EXPECT_TRUE(AnswersAnew());
}

}  // namespace
}  // namespace clawplane::testing
