// Calls to gateways that take different things.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "core/model/pending_calls.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Admission = PendingCalls::Admission;

constexpr char kTraceParent[] =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class PendingCallsDialectTest : public ::testing::Test {
 protected:
  PendingCallsDialectTest() { calls_.SetAdmission(Admission::kOpen, "", ""); }

  static CallRequest Traced() {
    CallRequest request;
    request.method = "m";
    request.traceparent = kTraceParent;
    return request;
  }
  static CallRequest WithParams(std::string_view params) {
    CallRequest request;
    request.method = "m";
    request.text.BeginParams() += params;
    return request;
  }

  // Adds a call, which may fail once it is to be sent.
  CallId Add(CallRequest request) {
    return calls_.Add(std::move(request), [this](CallResult result) {
      failure_ = std::get<CallFailed>(std::move(result));
    });
  }
  // The frame of the next call, empty if there is none to send.
  std::string NextFrame() {
    const auto outgoing = calls_.NextToSend();
    return outgoing ? outgoing->frame : "";
  }

  PendingCalls calls_{{}};
  std::optional<CallFailed> failure_;
};

TEST_F(PendingCallsDialectTest, RefusesFramesOverTheGatewaysLimit) {
  const size_t size = SerializeRequest("1", "m", "{}").size();
  calls_.SetDialect({.max_frame = size});
  Add(WithParams("{}"));
  Add(WithParams("{ }"));
  const CallId next = Add(WithParams("{}"));

  EXPECT_EQ(NextFrame().size(), size) << "exactly as large as allowed";
  EXPECT_EQ(calls_.NextToSend()->tag, next);

  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->fault.reason, Reason::kParamsTooLarge);
  EXPECT_EQ(failure_->outcome, Outcome::kNotSent);
  EXPECT_FALSE(failure_->transient);
  EXPECT_THAT(failure_->fault.message, HasSubstr(Concat(size + 1, " bytes")));
  EXPECT_THAT(failure_->fault.message, HasSubstr(Concat("accepts ", size)));
}

TEST_F(PendingCallsDialectTest, TakesALimitOfZeroForNone) {
  calls_.SetDialect({.max_frame = 1});
  calls_.SetDialect({.max_frame = 0});

  Add(WithParams(Concat("[\"", std::string(100'000, 'x'), "\"]")));

  EXPECT_GT(NextFrame().size(), 100'000u);
}

TEST_F(PendingCallsDialectTest, CountsTheTraceParentTowardsTheLimit) {
  const size_t plain = SerializeRequest("1", "m", std::nullopt).size();
  calls_.SetDialect({.max_frame = plain, .traceparent = true});

  Add(Traced());

  EXPECT_EQ(NextFrame(), "");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->fault.reason, Reason::kParamsTooLarge);
}

TEST_F(PendingCallsDialectTest, SendsTheTraceParentOnlyToWhoTakesIt) {
  Add(Traced());
  EXPECT_THAT(NextFrame(), AllOf(HasSubstr("req"), Not(HasSubstr("trace"))));

  calls_.SetDialect({.traceparent = true});
  Add(Traced());
  EXPECT_THAT(NextFrame(),
              HasSubstr(Concat(R"("traceparent":")", kTraceParent, "\"")));

  Add(WithParams("{}"));
  EXPECT_THAT(NextFrame(), AllOf(HasSubstr("req"), Not(HasSubstr("trace"))));
}

TEST_F(PendingCallsDialectTest, AsksWhenACallIsSentNotWhenItCame) {
  calls_.SetAdmission(Admission::kLater, "", "");
  CallRequest request = Traced();
  request.wait_until_running = true;
  Add(std::move(request));

  calls_.SetDialect({.traceparent = true});
  calls_.SetAdmission(Admission::kOpen, "", "");

  EXPECT_THAT(NextFrame(), HasSubstr(kTraceParent));
}

}  // namespace
}  // namespace clawplane::core
