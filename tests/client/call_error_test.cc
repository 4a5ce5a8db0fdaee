#include "client/call_error.h"

#include <gtest/gtest.h>

#include "client/clawctl/exit_code.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using clawctl::ExitCodeFor;
using grpc::StatusCode;

constexpr auto kRpc = CallError::Method::kRpc;

TEST(ToCallError, ReadsTheReasonAndTheDomain) {
  const CallError error = ToCallError(
      Refusal(StatusCode::FAILED_PRECONDITION, "port 1 is held", "PORT_HELD"));

  EXPECT_EQ(error.code, StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(error.Is(v1::REASON_PORT_HELD));
  EXPECT_FALSE(error.Is(v1::REASON_CRASH_LOOP));
  EXPECT_EQ(Describe(error), "port 1 is held [PORT_HELD]");
}

TEST(ToCallError, ReadsTheDelayAndTheMetadata) {
  google::rpc::Status details;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  google::rpc::ErrorInfo info;
  (*info.mutable_metadata())["oldest_sequence"] = "7";
  details.add_details()->PackFrom(retry);
  details.add_details()->PackFrom(info);

  const CallError error = ToCallError(
      {StatusCode::UNAVAILABLE, "busy", details.SerializeAsString()});

  EXPECT_EQ(error.retry_delay, absl::Milliseconds(2500));
  EXPECT_EQ(error.metadata.at("oldest_sequence"), "7");
}

TEST(ToCallError, ReadsWhatTheGatewaySaid) {
  v1::GatewayError gateway;
  gateway.set_code("INVALID_REQUEST");
  gateway.set_outcome(v1::GatewayError::OUTCOME_REPLIED);

  const CallError error =
      ToCallError(Refusal(StatusCode::INVALID_ARGUMENT, "unknown method",
                          "INVALID_REQUEST", "openclaw.gateway", gateway),
                  kRpc);

  ASSERT_TRUE(error.gateway.has_value());
  EXPECT_EQ(error.gateway->code(), "INVALID_REQUEST");
  EXPECT_EQ(error.gateway->outcome(), v1::GatewayError::OUTCOME_REPLIED);
}

TEST(ToCallError, TakesAGatewaysReasonForNoneOfTheServers) {
  const CallError error = ToCallError(
      Refusal(StatusCode::UNKNOWN, "x", "NOT_RUNNING", "openclaw.gateway"));

  EXPECT_FALSE(error.Is(v1::REASON_NOT_RUNNING));
}

TEST(ToCallError, KnowsNotWhatBecameOfACallThatTimedOutHere) {
  const CallError error =
      ToCallError({StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"}, kRpc);

  ASSERT_TRUE(error.gateway.has_value());
  EXPECT_EQ(error.gateway->outcome(), v1::GatewayError::OUTCOME_SENT_UNKNOWN);
}

TEST(ToCallError, KnowsThatACallWithoutAConnectionWasNotSent) {
  const CallError error = ToCallError(
      {StatusCode::UNAVAILABLE, "failed to connect to all addresses"}, kRpc);

  EXPECT_EQ(error.gateway->outcome(), v1::GatewayError::OUTCOME_NOT_SENT);
}

TEST(ToCallError, AddsNoOutcomeToOtherMethods) {
  EXPECT_FALSE(
      ToCallError({StatusCode::DEADLINE_EXCEEDED, ""}).gateway.has_value());
}

TEST(ToCallError, LeavesDetailsOutThatCannotBeRead) {
  const CallError error =
      ToCallError({StatusCode::INTERNAL, "odd", "\xff\xff\xff"});

  EXPECT_EQ(Describe(error), "odd [INTERNAL]");
}

TEST(ExitCodeFor, TellsTheCausesApart) {
  const auto code = [](StatusCode code, const std::string& reason) {
    return ExitCodeFor(ToCallError(
        reason.empty() ? grpc::Status(code, "x") : Refusal(code, "x", reason)));
  };

  EXPECT_EQ(code(StatusCode::UNAVAILABLE, ""), 3);
  EXPECT_EQ(code(StatusCode::UNAVAILABLE, "SHUTTING_DOWN"), 1);
  EXPECT_EQ(code(StatusCode::UNAVAILABLE, "NOT_RUNNING"), 6);
  EXPECT_EQ(code(StatusCode::FAILED_PRECONDITION, "NOT_RUNNING"), 6);
  EXPECT_EQ(code(StatusCode::FAILED_PRECONDITION, "PORT_HELD"), 1);
  EXPECT_EQ(code(StatusCode::INVALID_ARGUMENT, "BAD_REQUEST"), 2);
  EXPECT_EQ(code(StatusCode::DEADLINE_EXCEEDED, ""), 4);
  EXPECT_EQ(code(StatusCode::UNAUTHENTICATED, "TOKEN_REQUIRED"), 5);
  EXPECT_EQ(code(StatusCode::PERMISSION_DENIED, "FORBIDDEN"), 5);
  EXPECT_EQ(code(StatusCode::UNKNOWN, ""), 1);
}

}  // namespace
}  // namespace clawplane::client
