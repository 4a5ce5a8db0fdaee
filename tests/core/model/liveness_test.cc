// When silence is a reason to worry, and when to act.

#include "core/model/liveness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "core/model/start_budget.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Lives through the time of one gateway, which says nothing unless told to.
class LivenessTest : public ::testing::Test {
 protected:
  // What the gateway does when it is checked.
  enum class Answers { kAll, kHttpOnly, kNothing };

  LivenessTest() { liveness_.Begin(seconds(30), now_.steady); }

  void Advance(Duration time) {
    now_.steady += time;
    now_.wall += time;
  }

  HealthEvidence Gather(bool thorough) const {
    HealthEvidence evidence;
    evidence.connected = connected_;
    evidence.answer = evidence.pong = answers_ == Answers::kAll;
    evidence.http_asked = thorough;
    evidence.port_open = port_open_;
    evidence.http_answer = answers_ != Answers::kNothing;
    evidence.vitals = vitals_;
    evidence.took = answers_ == Answers::kAll ? milliseconds(2) : seconds(5);
    return evidence;
  }

  // Lets time go on to the next deadline or by `most`, and does what is due.
  // Gives what the check found, if there was one.
  std::optional<Liveness::Finding> Next() {
    const auto when = liveness_.deadline();
    if (!when) return std::nullopt;
    Advance(std::max(*when - now_.steady, Duration()));
    const Liveness::Due due = liveness_.OnTime(now_);
    if (due.suspect_since) suspect_since_ = due.suspect_since;
    if (!due.check) return std::nullopt;
    ++checks_;
    if (due.thorough) ++thorough_checks_;
    const HealthEvidence evidence = Gather(due.thorough);
    Advance(evidence.took);
    vitals_.cpu_time += cpu_share_ * 35;
    if (evidence.answer || (evidence.http_asked && evidence.http_answer)) {
      if (liveness_.OnSign(now_.steady)) suspect_since_.reset();
    }
    return liveness_.Conclude(evidence, now_);
  }

  // Goes on until the verdict; nothing if none comes within `time`.
  std::optional<Duration> TimeToVerdict(Duration time) {
    const TimePoint begin = now_.steady;
    while (now_.steady - begin < time) {
      const auto finding = Next();
      if (!finding || !finding->unresponsive) continue;
      verdict_ = *finding->unresponsive;
      return now_.steady - begin;
    }
    return std::nullopt;
  }

  Instant now_{TimePoint(seconds(1000)), WallTime(seconds(5000))};
  Liveness liveness_{{}};
  Answers answers_ = Answers::kAll;
  bool connected_ = true;
  bool port_open_ = true;
  ProcessVitals vitals_{'S', {}, 0, 0};
  // CPU time used in a second.
  Duration cpu_share_{};
  std::optional<WallTime> suspect_since_;
  std::string verdict_;
  int checks_ = 0;
  int thorough_checks_ = 0;
};

TEST_F(LivenessTest, TakesOtherLimitsFromThenOn) {
  Advance(seconds(1));
  liveness_.Use({.check_interval = seconds(10), .silence_limit = seconds(90)},
                now_.steady);
  EXPECT_EQ(liveness_.deadline(), now_.steady + seconds(10));

  answers_ = Answers::kNothing;
  const auto time = TimeToVerdict(seconds(300));
  ASSERT_TRUE(time);
  EXPECT_LT(*time, seconds(110));
}

TEST_F(LivenessTest, ChecksAQuietGatewayEachThirtySecondsAndFindsItWell) {
  for (int i = 0; i < 20; ++i) {
    const auto finding = Next();
    ASSERT_TRUE(finding);
    EXPECT_TRUE(finding->health.ok());
    EXPECT_EQ(finding->health.latency, milliseconds(2));
    EXPECT_EQ(finding->health.message, "");
  }

  EXPECT_EQ(checks_, 20);
  EXPECT_EQ(thorough_checks_, 0);
  EXPECT_FALSE(suspect_since_);
}

TEST_F(LivenessTest, SuspectsAfterTwoSilentTicks) {
  answers_ = Answers::kNothing;
  const WallTime silent_since = now_.wall;
  const TimePoint begin = now_.steady;

  while (!suspect_since_) Next();

  EXPECT_EQ(suspect_since_, silent_since);
  EXPECT_GE(now_.steady - begin, seconds(60));
  EXPECT_LE(now_.steady - begin, seconds(66));
  EXPECT_GE(thorough_checks_, 1);
}

TEST_F(LivenessTest, GivesItsVerdictOnlyAfterTheLimitOfSilence) {
  answers_ = Answers::kNothing;

  const auto time = TimeToVerdict(seconds(1000));

  ASSERT_TRUE(time);
  EXPECT_GE(*time, seconds(180));
  EXPECT_LE(*time, seconds(180 + 35));
  EXPECT_GE(thorough_checks_, 2);
  EXPECT_THAT(verdict_, HasSubstr("silent for 18"));
  EXPECT_THAT(verdict_, HasSubstr("no answer to a call"));
  EXPECT_THAT(verdict_, HasSubstr("no pong"));
  EXPECT_THAT(verdict_, HasSubstr("no answer over HTTP"));
  EXPECT_THAT(verdict_, HasSubstr("0 ms of CPU"));
}

TEST_F(LivenessTest, GivesNoVerdictOnOneThoroughCheck) {
  liveness_.End();
  Liveness impatient({.silence_limit = seconds(3)});
  impatient.Begin(seconds(30), now_.steady);
  answers_ = Answers::kNothing;
  Advance(seconds(30));
  ASSERT_TRUE(impatient.OnTime(now_).check);
  EXPECT_FALSE(impatient.Conclude(Gather(false), now_).unresponsive);
  Advance(seconds(30));
  ASSERT_TRUE(impatient.OnTime(now_).thorough);
  Advance(seconds(5));
  EXPECT_FALSE(impatient.Conclude(Gather(true), now_).unresponsive);
  Advance(seconds(25));
  ASSERT_TRUE(impatient.OnTime(now_).thorough);

  EXPECT_TRUE(impatient.Conclude(Gather(true), now_).unresponsive);
}

TEST_F(LivenessTest, TakesAnAnswerOverHttpForLife) {
  answers_ = Answers::kHttpOnly;

  EXPECT_FALSE(TimeToVerdict(seconds(3600)));
}

TEST_F(LivenessTest, GivesUpAConnectionThatOnlyHttpOutlives) {
  answers_ = Answers::kHttpOnly;
  const TimePoint begin = now_.steady;
  std::optional<std::string> dead;
  while (!dead && now_.steady - begin < seconds(400)) {
    const auto finding = Next();
    if (!finding) continue;
    EXPECT_FALSE(finding->unresponsive);
    dead = finding->dead_connection;
  }
  ASSERT_TRUE(dead);
  EXPECT_THAT(*dead, HasSubstr("though the gateway answers over HTTP"));
  EXPECT_GE(now_.steady - begin, seconds(180));
  EXPECT_LE(now_.steady - begin, seconds(180 + 65));
}

TEST_F(LivenessTest, KeepsAConnectionByWhichItHears) {
  answers_ = Answers::kHttpOnly;
  for (int i = 0; i < 60; ++i) {
    const auto finding = Next();
    EXPECT_FALSE(finding && finding->dead_connection);
    Advance(seconds(30));
    liveness_.OnHeard(now_.steady);
  }
}

TEST_F(LivenessTest, NeverJudgesAGatewayThatSaysSomethingEachMinute) {
  answers_ = Answers::kNothing;
  for (int i = 0; i < 60; ++i) {
    EXPECT_FALSE(TimeToVerdict(seconds(60)));
    liveness_.OnSign(now_.steady);
  }
}

TEST_F(LivenessTest, AnySignEndsASuspicionOnce) {
  answers_ = Answers::kNothing;
  while (!suspect_since_) Next();

  EXPECT_TRUE(liveness_.OnSign(now_.steady));
  EXPECT_FALSE(liveness_.OnSign(now_.steady));
}

TEST_F(LivenessTest, SurvivesAMinuteOfABlockedEventLoop) {
  answers_ = Answers::kNothing;
  cpu_share_ = seconds(1);
  EXPECT_FALSE(TimeToVerdict(seconds(60)));
  answers_ = Answers::kAll;

  EXPECT_FALSE(TimeToVerdict(seconds(600)));

  EXPECT_FALSE(suspect_since_);
}

TEST_F(LivenessTest, GivesABusyProcessTwiceTheLimit) {
  answers_ = Answers::kNothing;
  cpu_share_ = seconds(1);

  const auto time = TimeToVerdict(seconds(1000));

  ASSERT_TRUE(time);
  EXPECT_GE(*time, seconds(360));
  EXPECT_LE(*time, seconds(400));
}

TEST_F(LivenessTest, DoesNotCountTimeInWhichWeDidNotRun) {
  answers_ = Answers::kNothing;
  Next();
  Advance(seconds(600));  // stopped, or the machine slept

  EXPECT_FALSE(TimeToVerdict(seconds(60)));
}

TEST_F(LivenessTest, SaysWhichLayerFailed) {
  answers_ = Answers::kNothing;
  EXPECT_EQ(Next()->health.failed, Health::Layer::kRpc);
  connected_ = false;
  EXPECT_EQ(Next().value_or(Liveness::Finding{}).health.failed,
            Health::Layer::kHandshake);
  port_open_ = false;
  std::optional<Liveness::Finding> finding;
  while (!(finding = Next())) {
  }
  EXPECT_EQ(finding->health.failed, Health::Layer::kPort);
  EXPECT_THAT(finding->health.message, HasSubstr("no connection"));
  EXPECT_THAT(finding->health.message, HasSubstr("the port is closed"));
  vitals_.state = 'T';
  while (!(finding = Next())) {
  }
  EXPECT_EQ(finding->health.failed, Health::Layer::kProcess);
  EXPECT_THAT(finding->health.message, HasSubstr("SIGSTOP"));
}

TEST_F(LivenessTest, HasNothingToDoOnceItHasEnded) {
  liveness_.End();

  EXPECT_FALSE(liveness_.deadline());
  EXPECT_FALSE(liveness_.OnTime(now_).check);
}

TEST_F(LivenessTest, ChecksAtOnceWhenHurried) {
  liveness_.Hurry(now_.steady);

  EXPECT_TRUE(liveness_.OnTime(now_).check);
}

TEST(StartBudgetTest, HasNoDeadlineWhileNothingStarts) {
  StartBudget budget(seconds(300), seconds(900));
  EXPECT_FALSE(budget.deadline());
  budget.Begin(TimePoint(seconds(1)));
  EXPECT_EQ(budget.deadline(), TimePoint(seconds(301)));
  budget.End();
  EXPECT_FALSE(budget.deadline());
}

TEST(StartBudgetTest, TakesALayerForProgressOnceOnly) {
  using Answer = ProbeReport::Answer;
  StartBudget budget(seconds(300), seconds(900));
  budget.Begin(TimePoint(seconds(0)));
  const auto look = [&](Answer answer, int at) {
    budget.OnLook({answer, true, ""}, {}, TimePoint(seconds(at)));
    return *budget.deadline() - TimePoint(seconds(300));
  };

  EXPECT_EQ(look(Answer::kNothing, 10), seconds(0));
  EXPECT_EQ(look(Answer::kUnintelligible, 20), seconds(20));
  EXPECT_EQ(look(Answer::kNotReady, 30), seconds(30));
  EXPECT_EQ(look(Answer::kUnintelligible, 40), seconds(30));
  EXPECT_EQ(look(Answer::kNotReady, 50), seconds(30));
  EXPECT_EQ(look(Answer::kAnswers, 60), seconds(60));
}

TEST(StartBudgetTest, EndsAtTheLimitWhateverTheProgress) {
  StartBudget budget(seconds(300), seconds(900));
  budget.Begin(TimePoint(seconds(0)));
  for (uint64_t i = 1; i <= 85; ++i) {
    budget.OnLook({}, {i, {}}, TimePoint(seconds(10 * i)));
  }

  EXPECT_EQ(budget.deadline(), TimePoint(seconds(900)));
  EXPECT_TRUE(budget.limited());
}

}  // namespace
}  // namespace clawplane::core
