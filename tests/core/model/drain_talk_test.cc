#include "core/model/drain_talk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class DrainTalkTest : public ::testing::Test {
 protected:
  DrainTalk::Verdict Answer(std::string_view payload) {
    return talk_.OnAnswer(CallAnswered{payload}, now_);
  }
  DrainTalk::Verdict Refuse(const std::string& code, const std::string& message,
                            std::optional<Duration> retry_after = {}) {
    CallRefused refused;
    refused.error.code = code;
    refused.error.message = message;
    refused.error.retryable = retry_after.has_value();
    refused.error.retry_after = retry_after;
    return talk_.OnAnswer(refused, now_);
  }
  // What is asked once that is due.
  std::string NextMethod() {
    EXPECT_TRUE(talk_.deadline());
    now_ = talk_.deadline().value_or(now_);
    return talk_.Next(now_).method;
  }
  Duration Wait() const { return *talk_.deadline() - now_; }

  TimePoint now_{seconds(1000)};
  DrainTalk talk_{"clawplane-e-1"};
};

constexpr char kDraining[] =
    R"({"status":"draining","suspensionId":"s\"1","expiresAtMs":1,)"
    R"("retryAfterMs":20000,"activeCount":3,"blockers":[)"
    R"({"kind":"root-request","count":2,"message":"2 active requests"},)"
    R"({"kind":"cron-run","count":1},7]})";

TEST_F(DrainTalkTest, AsksUntilThereIsNothingLeft) {
  const DrainTalk::Call prepare = talk_.Next(now_);
  EXPECT_EQ(prepare.method, "gateway.suspend.prepare");
  EXPECT_EQ(prepare.params,
            R"({"requestId":"clawplane-e-1","terminalPolicy":"terminate",)"
            R"("drain":true})");
  EXPECT_FALSE(talk_.deadline());

  const auto working = Answer(kDraining);
  ASSERT_TRUE(std::holds_alternative<DrainTalk::Working>(working));
  EXPECT_EQ(std::get<DrainTalk::Working>(working).active, 3u);
  EXPECT_THAT(std::get<DrainTalk::Working>(working).waiting_for,
              ElementsAre("2 active requests", "cron-run"));

  EXPECT_EQ(Wait(), DrainTalk::kLongestPoll);
  now_ += Wait();
  const DrainTalk::Call status = talk_.Next(now_);
  EXPECT_EQ(status.method, "gateway.suspend.status");
  EXPECT_EQ(status.params, R"({"suspensionId":"s\"1"})");
  EXPECT_TRUE(std::holds_alternative<DrainTalk::Idle>(
      Answer(R"({"status":"ready","expiresAtMs":1})")));
}

TEST_F(DrainTalkTest, RenewsItsLeaseEachMinute) {
  talk_.Next(now_);
  Answer(kDraining);
  for (int i = 1; i < 12; ++i) {
    EXPECT_EQ(NextMethod(), "gateway.suspend.status") << i;
    Answer(kDraining);
  }
  EXPECT_EQ(NextMethod(), "gateway.suspend.prepare");
  Answer(kDraining);
  EXPECT_EQ(NextMethod(), "gateway.suspend.status");
}

TEST_F(DrainTalkTest, BeginsAnewWhenTheLeaseIsOver) {
  talk_.Next(now_);
  Answer(kDraining);
  NextMethod();

  EXPECT_TRUE(std::holds_alternative<DrainTalk::Unanswered>(
      Answer(R"({"status":"running"})")));

  EXPECT_EQ(NextMethod(), "gateway.suspend.prepare");
}

TEST_F(DrainTalkTest, AsksAtOnceWhenSomethingHasChanged) {
  talk_.Next(now_);
  talk_.Hurry(now_);  // while the answer is on its way
  Answer(kDraining);
  EXPECT_EQ(Wait(), Duration());

  talk_.Next(now_);
  Answer(kDraining);
  now_ += seconds(1);
  talk_.Hurry(now_);
  EXPECT_EQ(Wait(), Duration());
}

TEST_F(DrainTalkTest, TriesAgainWhatWasPutOff) {
  talk_.Next(now_);
  Refuse("UNAVAILABLE", "another", milliseconds(1500));
  EXPECT_EQ(Wait(), milliseconds(1500));
  EXPECT_EQ(NextMethod(), "gateway.suspend.prepare");

  talk_.OnAnswer(CallFailed{{Reason::kTimedOut, "", ""}, Outcome::kSentUnknown},
                 now_);
  EXPECT_EQ(Wait(), DrainTalk::kLongestPoll);
}

TEST_F(DrainTalkTest, SaysWhyAGatewayCannotBeAsked) {
  talk_.Next(now_);
  const auto old =
      Refuse("INVALID_REQUEST", "unknown method: gateway.suspend.prepare");
  ASSERT_TRUE(std::holds_alternative<DrainTalk::Unable>(old));
  EXPECT_EQ(std::get<DrainTalk::Unable>(old).why,
            "unknown method: gateway.suspend.prepare");
  for (const char* odd :
       {"", "[]", "{", R"({"status":7})", R"({"status":"x"})"}) {
    EXPECT_TRUE(std::holds_alternative<DrainTalk::Unable>(Answer(odd))) << odd;
  }
}

TEST_F(DrainTalkTest, KeepsItsBounds) {
  std::string many = R"({"status":"busy","retryAfterMs":1,"blockers":[)";
  for (int i = 0; i < 100; ++i) {
    many += Concat(i > 0 ? "," : "", R"({"message":")", std::string(300, 'x'),
                   "\"}");
  }
  talk_.Next(now_);
  const auto working = Answer(many + "]}");

  ASSERT_TRUE(std::holds_alternative<DrainTalk::Working>(working));
  const auto& told = std::get<DrainTalk::Working>(working).waiting_for;
  EXPECT_THAT(told, SizeIs(DrainTalk::kMaxTold));
  EXPECT_THAT(told.front(), SizeIs(DrainTalk::kMaxToldBytes));
  EXPECT_EQ(Wait(), DrainTalk::kShortestPoll);
}

}  // namespace
}  // namespace clawplane::core
