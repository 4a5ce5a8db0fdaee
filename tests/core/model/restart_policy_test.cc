#include "core/model/restart_policy.h"

#include <gtest/gtest.h>

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(BackoffTest, DoublesFromOneSecondToThirty) {
  Backoff backoff([] { return 0.0; });

  for (const int wait : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(backoff.Next(), seconds(wait));
  }
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), seconds(1));
}

TEST(BackoffTest, LengthensWaitsByUpToAQuarter) {
  Backoff half([] { return 0.5; });
  EXPECT_EQ(half.Next(), milliseconds(1125));
  EXPECT_EQ(half.Next(), milliseconds(2250));

  Backoff most([] { return 0.999; });
  for (int i = 0; i < 6; ++i) most.Next();
  EXPECT_GT(most.Next(), milliseconds(37'490));
  EXPECT_LT(most.Next(), milliseconds(37'500));
}

class CrashBudgetTest : public ::testing::Test {
 protected:
  static TimePoint At(int s) { return TimePoint(seconds(1000 + s)); }

  // A launch that reaches RUNNING and is lost one second later.
  bool LaunchAndLose(int s) {
    if (!budget_.TakeLaunch(At(s))) return false;
    budget_.OnRunning(At(s));
    budget_.OnLost(At(s + 1));
    return true;
  }

  CrashBudget budget_;
};

TEST_F(CrashBudgetTest, EndsAfterThreeLaunchesThatNeverReachRunning) {
  EXPECT_TRUE(budget_.TakeLaunch(At(0)));
  EXPECT_TRUE(budget_.TakeLaunch(At(1000)));
  EXPECT_TRUE(budget_.TakeLaunch(At(2000)));
  EXPECT_FALSE(budget_.TakeLaunch(At(3000))) << "however slowly they come";
}

TEST_F(CrashBudgetTest, CountsAnewFromEachRunning) {
  EXPECT_TRUE(budget_.TakeLaunch(At(0)));
  EXPECT_TRUE(budget_.TakeLaunch(At(1)));
  EXPECT_TRUE(LaunchAndLose(2));

  EXPECT_TRUE(budget_.TakeLaunch(At(3)));
  EXPECT_TRUE(budget_.TakeLaunch(At(4)));
  EXPECT_FALSE(budget_.TakeLaunch(At(5))) << "five within 300 s";
}

TEST_F(CrashBudgetTest, EndsAfterFiveLaunchesWithin300Seconds) {
  for (const int s : {0, 60, 120, 180, 299}) EXPECT_TRUE(LaunchAndLose(s));

  EXPECT_FALSE(LaunchAndLose(299));
  EXPECT_TRUE(LaunchAndLose(300)) << "the first is forgotten";
  EXPECT_FALSE(LaunchAndLose(300));
}

TEST_F(CrashBudgetTest, IsClearedByTenMinutesOfRunning) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(budget_.TakeLaunch(At(1)));
    budget_.OnRunning(At(1));
  }
  budget_.OnLost(At(1) + minutes(10));

  for (int s = 0; s < 2; ++s) EXPECT_TRUE(budget_.TakeLaunch(At(601)));
}

TEST_F(CrashBudgetTest, IsClearedByAPerson) {
  for (int i = 0; i < 3; ++i) budget_.TakeLaunch(At(0));
  ASSERT_FALSE(budget_.TakeLaunch(At(0)));

  budget_.Clear();

  EXPECT_TRUE(budget_.TakeLaunch(At(0)));
}

}  // namespace
}  // namespace clawplane::core
