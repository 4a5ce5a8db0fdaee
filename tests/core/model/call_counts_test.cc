#include "core/model/call_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "core/model/pending_calls.h"

namespace clawplane::core {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr std::array<Duration, 2> kBounds = {milliseconds(1), seconds(1)};

TEST(HistogramTest, CountsUpToABoundAndBeyondTheLast) {
  Histogram<kBounds> times;
  for (const Duration took : {Duration(0), Duration(milliseconds(1)),
                              Duration(milliseconds(1)) + Duration(1),
                              Duration(seconds(1)), Duration(seconds(3))}) {
    times.Add(took);
  }
  EXPECT_THAT(times.counts(), ElementsAre(2, 2, 1));
  EXPECT_NEAR(times.seconds(), 4.002, 1e-6);
}

TEST(CallCountsTest, NamesEachEndOnce) {
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (size_t i = 0; i < kCallEnds; ++i) {
    const CallEndName name = Name(static_cast<CallEnd>(i));
    EXPECT_TRUE(names.emplace(name.outcome, name.code).second) << name.code;
  }
}

TEST(CallCountsTest, TellsEndsApartByOutcomeAndCode) {
  EXPECT_EQ(EndOf(CallAnswered{}), CallEnd::kAnswered);
  const auto refused = [](std::string code) {
    CallRefused call;
    call.error.code = std::move(code);
    return EndOf(call);
  };
  EXPECT_EQ(refused("UNAVAILABLE"), CallEnd::kRefusedUnavailable);
  EXPECT_EQ(refused("APPROVAL_NOT_FOUND"), CallEnd::kRefusedApprovalNotFound);
  EXPECT_EQ(refused("OK"), CallEnd::kRefusedOther);
  EXPECT_EQ(refused("evil\"} 1\n"), CallEnd::kRefusedOther);
  const auto failed = [](Reason reason, Outcome outcome) {
    return EndOf(CallFailed{{reason, "", ""}, outcome});
  };
  EXPECT_EQ(failed(Reason::kTimedOut, Outcome::kNotSent),
            CallEnd::kNotSentTimedOut);
  EXPECT_EQ(failed(Reason::kTimedOut, Outcome::kSentUnknown),
            CallEnd::kSentTimedOut);
  EXPECT_EQ(failed(Reason::kQueueFull, Outcome::kReplied),
            CallEnd::kRepliedQueueFull);
  EXPECT_EQ(failed(Reason::kNotOurs, Outcome::kNotSent), CallEnd::kFailedOther);
}

TEST(CallCountsTest, SortsMethodsByTheirScope) {
  EXPECT_EQ(ClassOf(ScopeOfMethod("health")), CallClass::kRead);
  EXPECT_EQ(ClassOf(ScopeOfMethod("chat.send")), CallClass::kWrite);
  EXPECT_EQ(ClassOf(ScopeOfMethod("agent")), CallClass::kOther);
  EXPECT_EQ(ClassOf(ScopeOfMethod("evil\"} 1\n")), CallClass::kUnknown);
}

TEST(CallCountsTest, TakesTheTimeOfCallsThatWereSentAlone) {
  CallCounts counts;
  counts.Add(CallClass::kRead, CallEnd::kAnswered, milliseconds(2));
  counts.Add(CallClass::kRead, CallEnd::kSentTimedOut, seconds(31));
  counts.Add(CallClass::kRead, CallEnd::kNotSentQueueFull, seconds(0));
  counts.Add(CallClass::kRead, CallEnd::kCancelled, seconds(5));
  EXPECT_NEAR(counts.times(CallClass::kRead).seconds(), 31.002, 1e-6);
  EXPECT_EQ(counts.ended(CallClass::kRead, CallEnd::kCancelled), 1u);
}

// What the queue of calls counts.
class CountedCallsTest : public ::testing::Test {
 protected:
  CountedCallsTest() {
    calls_.SetAdmission(PendingCalls::Admission::kOpen, "", "");
  }

  CallId Add(int at_ms, CallClass call_class = CallClass::kWrite) {
    CallRequest request;
    request.method = "m";
    request.arrived_at = At(at_ms);
    request.deadline = At(60'000);
    request.call_class = call_class;
    return calls_.Add(std::move(request), [](const CallResult&) {});
  }
  void Answer(CallId id, int at_ms) {
    calls_.SetTime(At(at_ms));
    calls_.OnResponse({std::to_string(id), true, "{}", {}});
  }
  static TimePoint At(int ms) { return TimePoint(milliseconds(1000 + ms)); }
  uint64_t Ended(CallClass call_class, CallEnd end) const {
    return calls_.counts().ended(call_class, end);
  }

  PendingCalls calls_{{.max_in_flight = 1, .max_queued = 2}};
};

TEST_F(CountedCallsTest, TakesTheTimeFromTheArrivalToTheEnd) {
  const CallId first = Add(0);
  const CallId second = Add(1);
  calls_.NextToSend();
  Answer(first, 7);
  calls_.NextToSend();
  Answer(second, 20);

  EXPECT_EQ(Ended(CallClass::kWrite, CallEnd::kAnswered), 2u);
  EXPECT_NEAR(calls_.counts().times(CallClass::kWrite).seconds(), 0.026, 1e-9);
  // The first waited for 1 ms by the time told last, the second for 6.
  EXPECT_NEAR(calls_.counts().waits().seconds(), 0.007, 1e-9);
}

TEST_F(CountedCallsTest, CountsEachEndOnce) {
  const CallId sent = Add(0);
  calls_.NextToSend();
  calls_.OnWrite(sent);
  const CallId cancelled = Add(1);
  Add(1, CallClass::kRead);
  Add(1);
  calls_.Cancel(cancelled);
  calls_.Cancel(cancelled);
  calls_.FailSent("gone");
  calls_.SetAdmission(PendingCalls::Admission::kClosed, "stopped", "");
  Add(2, CallClass::kAdmin);

  EXPECT_EQ(Ended(CallClass::kWrite, CallEnd::kSentConnectionLost), 1u);
  EXPECT_EQ(Ended(CallClass::kWrite, CallEnd::kCancelled), 1u);
  EXPECT_EQ(Ended(CallClass::kWrite, CallEnd::kNotSentQueueFull), 1u);
  EXPECT_EQ(Ended(CallClass::kRead, CallEnd::kNotSentNotRunning), 1u);
  EXPECT_EQ(Ended(CallClass::kAdmin, CallEnd::kNotSentNotRunning), 1u);
}

}  // namespace
}  // namespace clawplane::core
