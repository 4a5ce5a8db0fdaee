#include "core/io/asio_alarm.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/core/io/scripted_peer.h"

namespace clawplane::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class AsioAlarmTest : public StrandTest {
 protected:
  TimePoint In(Duration duration) { return alarm_->Now().steady + duration; }

  std::unique_ptr<AsioAlarm> alarm_ = std::make_unique<AsioAlarm>(strand_);
  std::string rung_;
};

TEST_F(AsioAlarmTest, RingsOnceOnTheStrandAtTheTimeSet) {
  TimePoint when;
  OnStrand([&] {
    when = In(milliseconds(5));
    alarm_->Set(when, [&] {
      strand_.AssertHeld();
      EXPECT_GE(alarm_->Now().steady, when);
      rung_ += "a";
    });
  });

  EXPECT_TRUE(Until([&] { return !rung_.empty(); }));
  Settle();
  EXPECT_EQ(rung_, "a");
}

TEST_F(AsioAlarmTest, RingsForATimeThatHasPassedButNotFromInside) {
  OnStrand([&] {
    alarm_->Set(In(-hours(1)), [&] { rung_ += "a"; });
    EXPECT_EQ(rung_, "");
  });

  EXPECT_TRUE(Until([&] { return rung_ == "a"; }));
}

TEST_F(AsioAlarmTest, NeverRingsForASettingThatWasReplaced) {
  OnStrand([&] {
    alarm_->Set(In(hours(1)), [&] { rung_ += "a"; });
    alarm_->Set(In(milliseconds(1)), [&] { rung_ += "b"; });
  });

  EXPECT_TRUE(Until([&] { return !rung_.empty(); }));
  EXPECT_EQ(rung_, "b");
}

// Two alarms come due together; the first to ring finds the other's ring queued
// already.
TEST_F(AsioAlarmTest, NeverRingsForAnEarlierSettingThoughItsRingWasOnItsWay) {
  AsioAlarm other(strand_);
  OnStrand([&] {
    const TimePoint past = In(-hours(1));
    alarm_->Set(past, [&] {
      rung_ += "a";
      other.Set(std::nullopt, nullptr);
    });
    other.Set(past, [&] {
      rung_ += "a";
      alarm_->Set(std::nullopt, nullptr);
    });
  });

  Settle();

  EXPECT_EQ(rung_, "a");
}

TEST_F(AsioAlarmTest, NeverRingsOnceDestroyedThoughItsRingWasOnItsWay) {
  auto other = std::make_unique<AsioAlarm>(strand_);
  OnStrand([&] {
    const TimePoint past = In(-hours(1));
    alarm_->Set(past, [&] {
      rung_ += "a";
      other.reset();
    });
    other->Set(past, [&] {
      rung_ += "a";
      alarm_.reset();
    });
  });

  Settle();

  EXPECT_EQ(rung_, "a");
}

TEST_F(AsioAlarmTest, NeverRingsAfterItWasDestroyed) {
  OnStrand([&] {
    alarm_->Set(In(-hours(1)), [&] { rung_ += "a"; });
    alarm_.reset();
  });

  Settle();

  EXPECT_EQ(rung_, "");
}

TEST_F(AsioAlarmTest, MayBeSetFromInsideItsRing) {
  OnStrand([&] {
    alarm_->Set(In(-hours(1)), [&] {
      rung_ += "a";
      alarm_->Set(In(-hours(1)), [&] { rung_ += "b"; });
      EXPECT_EQ(rung_, "a");
    });
  });

  EXPECT_TRUE(Until([&] { return rung_ == "ab"; }));
}

TEST_F(AsioAlarmTest, MayBeDestroyedFromInsideItsRing) {
  const auto guard = std::make_shared<int>(7);
  OnStrand([&] {
    alarm_->Set(In(-hours(1)), [this, guard] {
      alarm_.reset();
      rung_ += std::to_string(*guard);
    });
  });

  EXPECT_TRUE(Until([&] { return rung_ == "7"; }));
}

TEST_F(AsioAlarmTest, NothingMeansNever) {
  OnStrand([&] {
    alarm_->Set(In(milliseconds(1)), [&] { rung_ += "a"; });
    alarm_->Set(std::nullopt, nullptr);
  });

  // Due later than the one taken back.
  AsioAlarm other(strand_);
  OnStrand([&] { other.Set(In(milliseconds(5)), [&] { rung_ += "o"; }); });

  EXPECT_TRUE(Until([&] { return !rung_.empty(); }));
  EXPECT_EQ(rung_, "o");
}

TEST_F(AsioAlarmTest, TellsTheTimeOfBothClocks) {
  const auto steady = std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now();

  const Instant now = alarm_->Now();

  EXPECT_LT(now.steady - steady, std::chrono::minutes(1));
  EXPECT_GE(now.steady, steady);
  EXPECT_LT(now.wall - wall, std::chrono::minutes(1));
}

}  // namespace
}  // namespace clawplane::core
