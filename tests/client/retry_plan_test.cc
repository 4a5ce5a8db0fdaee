#include "client/retry_plan.h"

#include <gtest/gtest.h>

#include "client/silence_limit.h"

namespace clawplane::client {
namespace {

CallError Failure(grpc::StatusCode code, const std::string& reason = "") {
  CallError error;
  error.code = code;
  error.reason = reason;
  return error;
}

const CallError kGone = Failure(grpc::StatusCode::UNAVAILABLE);

double None() { return 0; }

TEST(RetryPlan, DoublesThePauseUpToTheLongest) {
  RetryPlan plan(StreamOptions(), &None);

  for (const int milliseconds : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(milliseconds));
  }
  for (int i = 0; i < 1000; ++i) plan.AfterFailure(kGone);
  EXPECT_EQ(plan.AfterFailure(kGone), absl::Seconds(5));
}

TEST(RetryPlan, LeavesOutAFifthAtMostAtRandom) {
  RetryPlan plan(StreamOptions(), [] { return 0.5; });

  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(90));
  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(180));
}

TEST(RetryPlan, BeginsAnewAfterAnAttemptThatGaveMoreThanOneResponse) {
  RetryPlan plan(StreamOptions(), &None);
  plan.AfterFailure(kGone);
  plan.AfterFailure(kGone);

  plan.AttemptGave(2, absl::ZeroDuration());

  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(100));
  EXPECT_EQ(plan.failures(), 1);
}

TEST(RetryPlan, BeginsAnewAfterAnAttemptThatLivedForTheLongestPause) {
  RetryPlan plan(StreamOptions(), &None);
  plan.AfterFailure(kGone);

  plan.AttemptGave(1, absl::Seconds(5));

  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(100));
}

TEST(RetryPlan, GoesOnAfterAnAttemptThatBrokeAtOnceOrNeverAnswered) {
  RetryPlan plan(StreamOptions(), &None);
  plan.AfterFailure(kGone);

  plan.AttemptGave(1, absl::Milliseconds(4999));
  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(200));
  plan.AttemptGave(0, absl::Hours(1));
  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(400));
}

TEST(RetryPlan, PausesForAMillisecondAtLeast) {
  StreamOptions options;
  options.first_pause = absl::ZeroDuration();
  RetryPlan plan(options, &None);

  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(1));
  EXPECT_EQ(plan.AfterFailure(kGone), absl::Milliseconds(2));
  options.longest_pause = absl::ZeroDuration();
  EXPECT_EQ(RetryPlan(options, &None).AfterFailure(kGone),
            absl::Milliseconds(1));
}

TEST(RetryPlan, KeepsTheLongerPauseThatTheServerAskedFor) {
  RetryPlan plan(StreamOptions(), &None);
  CallError busy = kGone;
  busy.retry_delay = absl::Seconds(30);

  EXPECT_EQ(plan.AfterFailure(busy), absl::Seconds(30));
  busy.retry_delay = absl::Milliseconds(1);
  EXPECT_EQ(plan.AfterFailure(busy), absl::Milliseconds(200));
}

TEST(RetryPlan, GivesUpAtItsLimit) {
  StreamOptions options;
  options.max_failures = 3;
  RetryPlan plan(options, &None);

  EXPECT_TRUE(plan.AfterFailure(kGone).has_value());
  EXPECT_TRUE(plan.AfterFailure(kGone).has_value());
  EXPECT_FALSE(plan.AfterFailure(kGone).has_value());
}

TEST(RetryPlan, TriesAgainWhereNobodyDecided) {
  EXPECT_TRUE(IsPassing(Failure(grpc::StatusCode::UNAVAILABLE)));
  EXPECT_TRUE(
      IsPassing(Failure(grpc::StatusCode::UNAVAILABLE, "SHUTTING_DOWN")));
  for (const auto code :
       {grpc::StatusCode::CANCELLED, grpc::StatusCode::UNKNOWN,
        grpc::StatusCode::INTERNAL, grpc::StatusCode::ABORTED,
        grpc::StatusCode::DEADLINE_EXCEEDED}) {
    EXPECT_TRUE(IsPassing(Failure(code))) << CodeName(code);
    EXPECT_FALSE(IsPassing(Failure(code, "SOMETHING"))) << CodeName(code);
  }
}

TEST(RetryPlan, LeavesTheRestToPeople) {
  for (const auto code :
       {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::UNAUTHENTICATED,
        grpc::StatusCode::PERMISSION_DENIED, grpc::StatusCode::UNIMPLEMENTED,
        grpc::StatusCode::FAILED_PRECONDITION, grpc::StatusCode::OUT_OF_RANGE,
        grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::NOT_FOUND}) {
    EXPECT_FALSE(IsPassing(Failure(code))) << CodeName(code);
  }
}

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SilenceLimit, IsReachedWhenNothingCameForSoLong) {
  const SilenceLimit::Clock::time_point start;
  SilenceLimit limit(seconds(45), start);

  EXPECT_EQ(limit.due(), start + seconds(45));
  limit.Restart(start + seconds(40));
  EXPECT_EQ(limit.due(), start + seconds(85));
}

TEST(SilenceLimit, CountsNoTimeInWhichNobodyListened) {
  const SilenceLimit::Clock::time_point start;
  SilenceLimit limit(seconds(45), start);

  limit.Leave(start + seconds(5));
  limit.Listen(start + seconds(65));

  EXPECT_EQ(limit.due(), start + seconds(105));
}

TEST(SilenceLimit, CountsTheTimeOfWhoLooksNowAndThen) {
  const SilenceLimit::Clock::time_point start;
  SilenceLimit limit(seconds(45), start);

  for (int i = 0; i < 100; ++i) {
    limit.Leave(start + milliseconds(500 * i));
    limit.Listen(start + milliseconds(500 * i + 499));
  }

  EXPECT_EQ(limit.due(), start + seconds(45));
}

}  // namespace
}  // namespace clawplane::client
