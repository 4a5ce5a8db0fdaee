#include "clawplane/client/call_error.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "clawplane/client/call.h"
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

// What gRPC itself makes of a call to this address.
CallError CallTo(const std::string& address, bool wait_for_ready) {
  const auto stub = v1::GatewayService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(wait_for_ready);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(wait_for_ready ? 300 : 20000));
  v1::RpcRequest request;
  request.set_method("m");
  v1::RpcResponse response;
  return ToCallError(stub->Rpc(&context, request, &response), kRpc);
}

TEST(ToCallError, KnowsWhatGrpcSaysWhereNobodyListens) {
  const TempDir directory;
  for (const std::string& address :
       {"unix:" + directory.path() + "/none", std::string("127.0.0.1:1")}) {
    const CallError error = CallTo(address, false);

    EXPECT_TRUE(error.unreachable()) << error.message;
    ASSERT_TRUE(error.gateway.has_value()) << error.message;
    EXPECT_EQ(error.gateway->outcome(), v1::GatewayError::OUTCOME_NOT_SENT)
        << error.message;
  }
}

TEST(ToCallError, ClaimsNothingOfACallThatWaitedForAServer) {
  const TempDir directory;
  const CallError error = CallTo("unix:" + directory.path() + "/none", true);

  EXPECT_EQ(error.code, StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(error.gateway.has_value());
  EXPECT_EQ(error.gateway->outcome(), v1::GatewayError::OUTCOME_SENT_UNKNOWN);
}

TEST(ToCallError, KnowsNotWhatBecameOfACallThatGrpcGaveUp) {
  for (const grpc::Status& status :
       {grpc::Status(StatusCode::UNAVAILABLE, "Socket closed"),
        grpc::Status(StatusCode::UNAVAILABLE, "proxy: failed to connect"),
        grpc::Status(StatusCode::UNAVAILABLE, ""),
        grpc::Status(StatusCode::CANCELLED, "CANCELLED"),
        grpc::Status(StatusCode::UNKNOWN, "Stream removed"),
        grpc::Status(StatusCode::INTERNAL, "Received RST_STREAM"),
        grpc::Status(StatusCode::RESOURCE_EXHAUSTED,
                     "Received message larger than max")}) {
    const CallError error = ToCallError(status, kRpc);

    ASSERT_TRUE(error.gateway.has_value()) << status.error_message();
    EXPECT_EQ(error.gateway->outcome(), v1::GatewayError::OUTCOME_SENT_UNKNOWN)
        << status.error_message();
  }
}

TEST(ToCallError, LeavesTheOutcomeToTheServerWhereThatSpoke) {
  EXPECT_FALSE(ToCallError(Refusal(StatusCode::UNAVAILABLE, "failed to connect",
                                   "SHUTTING_DOWN"),
                           kRpc)
                   .gateway.has_value());
  EXPECT_FALSE(ToCallError({StatusCode::UNAUTHENTICATED, "no token"}, kRpc)
                   .gateway.has_value());
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

Retry RetryOf(StatusCode code, const std::string& reason,
              v1::GatewayError::Outcome outcome, bool retryable = false) {
  v1::GatewayError gateway;
  gateway.set_outcome(outcome);
  gateway.set_retryable(retryable);
  return ToCallError(Refusal(code, "x", reason, "clawplane", gateway), kRpc)
      .retry();
}

TEST(CallErrorRetry, FollowsTheOutcomeOfAnRpc) {
  const auto not_sent = v1::GatewayError::OUTCOME_NOT_SENT;
  const auto unknown = v1::GatewayError::OUTCOME_SENT_UNKNOWN;
  const auto replied = v1::GatewayError::OUTCOME_REPLIED;
  struct Row {
    StatusCode code;
    const char* reason;
    v1::GatewayError::Outcome outcome;
    Retry wanted;
  };
  for (const Row& row : std::vector<Row>{
           {StatusCode::UNAVAILABLE, "NOT_RUNNING", not_sent, Retry::kSafe},
           {StatusCode::RESOURCE_EXHAUSTED, "QUEUE_FULL", not_sent,
            Retry::kSafe},
           {StatusCode::DEADLINE_EXCEEDED, "TIMED_OUT", not_sent, Retry::kSafe},
           {StatusCode::FAILED_PRECONDITION, "NOT_RUNNING", not_sent,
            Retry::kNever},
           {StatusCode::RESOURCE_EXHAUSTED, "PARAMS_TOO_LARGE", not_sent,
            Retry::kNever},
           {StatusCode::INVALID_ARGUMENT, "BAD_REQUEST", not_sent,
            Retry::kNever},
           {StatusCode::ABORTED, "CONNECTION_LOST", unknown,
            Retry::kOnlyIfIdempotent},
           {StatusCode::DEADLINE_EXCEEDED, "TIMED_OUT", unknown,
            Retry::kOnlyIfIdempotent},
           {StatusCode::UNAVAILABLE, "UNAVAILABLE", replied, Retry::kSafe},
           {StatusCode::DEADLINE_EXCEEDED, "AGENT_TIMEOUT", replied,
            Retry::kOnlyIfIdempotent},
           {StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST", replied,
            Retry::kNever},
           {StatusCode::UNKNOWN, "ODD", replied, Retry::kNever}}) {
    EXPECT_EQ(RetryOf(row.code, row.reason, row.outcome), row.wanted)
        << CodeName(row.code) << " " << row.reason;
  }
  EXPECT_EQ(RetryOf(StatusCode::UNKNOWN, "BUSY", replied, /*retryable=*/true),
            Retry::kSafe);
}

TEST(CallErrorRetry, FollowsWhatGrpcSaysOfACallThatWasCutOff) {
  const auto retry = [](StatusCode code, const std::string& message,
                        CallError::Method method) {
    return ToCallError({code, message}, method).retry();
  };

  for (const auto method : {kRpc, CallError::Method::kOther}) {
    EXPECT_EQ(
        retry(StatusCode::UNAVAILABLE, "failed to connect to all", method),
        Retry::kSafe);
    for (const auto code :
         {StatusCode::UNAVAILABLE, StatusCode::INTERNAL, StatusCode::UNKNOWN,
          StatusCode::CANCELLED, StatusCode::DEADLINE_EXCEEDED}) {
      EXPECT_EQ(retry(code, "Socket closed", method), Retry::kOnlyIfIdempotent)
          << CodeName(code);
    }
    EXPECT_EQ(retry(StatusCode::RESOURCE_EXHAUSTED, "larger than max", method),
              Retry::kNever);
    EXPECT_EQ(retry(StatusCode::UNAUTHENTICATED, "", method), Retry::kNever);
  }
}

TEST(CallErrorRetry, TakesTheServersWordForOtherMethods) {
  const auto retry = [](StatusCode code, const std::string& reason) {
    return ToCallError(Refusal(code, "x", reason)).retry();
  };

  EXPECT_EQ(retry(StatusCode::UNAVAILABLE, "SHUTTING_DOWN"), Retry::kSafe);
  EXPECT_EQ(retry(StatusCode::ABORTED, "SUPERSEDED"), Retry::kNever);
  EXPECT_EQ(retry(StatusCode::FAILED_PRECONDITION, "PORT_HELD"), Retry::kNever);
}

TEST(Call, ReturnsTheResponseOrTheError) {
  FakeServer server;
  server.get_status = [](auto& context, const auto&, auto& response) {
    const auto left = context.deadline() - std::chrono::system_clock::now();
    EXPECT_LT(left, std::chrono::seconds(11));
    response.mutable_status()->set_port(1);
    return grpc::Status::OK;
  };
  Target target;
  target.address = server.unix_target();
  const Connection connection(target);
  v1::GetStatusResponse status;
  v1::RpcResponse answer;

  EXPECT_FALSE(Call(connection, &v1::GatewayService::Stub::GetStatus,
                    v1::GetStatusRequest(), status)
                   .has_value());
  const auto error = Call(connection, &v1::GatewayService::Stub::Rpc,
                          v1::RpcRequest(), answer);

  EXPECT_EQ(status.status().port(), 1);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, StatusCode::UNIMPLEMENTED);
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
