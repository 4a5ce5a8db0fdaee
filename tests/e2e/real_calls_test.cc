// What calls are promised, with a real gateway.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/e2e/real_gateway_test.h"
#include "tests/server/pending_rpc.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::HasSubstr;

// One kind of detail; without content if there is none.
template <typename Detail>
Detail DetailOf(const grpc::Status& status) {
  google::rpc::Status decoded;
  decoded.ParseFromString(status.error_details());
  Detail detail;
  for (const auto& any : decoded.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "no " << detail.GetTypeName() << ": "
                << status.error_message();
  return detail;
}

void ExpectFailure(const grpc::Status& status, StatusCode code,
                   const std::string& reason,
                   v1::GatewayError::Outcome outcome) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).reason(), reason);
  EXPECT_EQ(DetailOf<v1::GatewayError>(status).outcome(), outcome);
}

class RealCallsTest : public RealGatewayTest {
 protected:
  // Orders a start, and waits for it by a call.
  void StartWithACall();
  void ExpectLargeAnswersArrive();
  void ExpectTheAgentAnswersTwice();
  void ExpectRefusals();
  void ExpectAScopeIsMissing();
  void ExpectATraceIsTaken();
  void ExpectTheOutcomeIsUnknownAfterAKill();
};

void RealCallsTest::StartWithACall() {
  v1::StartRequest start;
  start.set_no_wait(true);
  v1::StartResponse started;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Start, start, &started).ok());
  ASSERT_EQ(started.status().state(), v1::GatewayStatus::STATE_STARTING);
  v1::RpcRequest health = RpcOf("health");
  health.set_wait_until_running(true);
  PendingRpc waiting(*stub_, health, minutes(6));

  v1::RpcResponse ignored;
  ExpectFailure(Rpc("health", "", &ignored), StatusCode::UNAVAILABLE,
                "NOT_RUNNING", v1::GatewayError::OUTCOME_NOT_SENT);

  ASSERT_TRUE(waiting.Status().ok()) << waiting.Status().error_message();
  EXPECT_THAT(waiting.response().result_json(), HasSubstr("\"ok\":true"));
}

void RealCallsTest::ExpectLargeAnswersArrive() {
  v1::RpcResponse response;
  ASSERT_TRUE(Rpc("config.schema", "{}", &response).ok());
  EXPECT_GT(response.result_json().size(), 2'000'000u);

  // Whether it can be a value is for the gateway's developers to say.
  const grpc::Status as_value =
      Rpc("config.schema", "{}", &response, v1::PAYLOAD_FORM_VALUE);
  if (as_value.ok()) {
    EXPECT_TRUE(response.result().has_struct_value());
  } else {
    ExpectFailure(as_value, StatusCode::RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE",
                  v1::GatewayError::OUTCOME_REPLIED);
    EXPECT_THAT(as_value.error_message(), HasSubstr("PAYLOAD_FORM_JSON"));
  }
}

// Without credentials for any model the second answer is an error.
void RealCallsTest::ExpectTheAgentAnswersTwice() {
  v1::RpcRequest request = RpcOf(
      "agent",
      R"({"message":"hi","sessionKey":"agent:dev:main","idempotencyKey":"1"})");
  v1::RpcResponse response;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Rpc, request, &response).ok());
  EXPECT_THAT(response.result_json(), HasSubstr(R"("status":"accepted")"));

  request.set_params_json(
      R"({"message":"hi","sessionKey":"agent:dev:main","idempotencyKey":"2"})");
  request.set_await_final(true);
  const grpc::Status failed =
      Make(&v1::GatewayService::Stub::Rpc, request, &response);
  ExpectFailure(failed, StatusCode::FAILED_PRECONDITION, "UNAVAILABLE",
                v1::GatewayError::OUTCOME_REPLIED);
  const auto error = DetailOf<v1::GatewayError>(failed);
  EXPECT_NE(error.message(), "");
  EXPECT_THAT(error.payload_json(), HasSubstr(R"("status":"error")"));
}

void RealCallsTest::ExpectRefusals() {
  v1::RpcResponse response;
  const grpc::Status unknown = Rpc("no.such.method", "{}", &response);
  ExpectFailure(unknown, StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST",
                v1::GatewayError::OUTCOME_REPLIED);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(unknown).domain(),
            "openclaw.gateway");

  const grpc::Status too_large =
      Rpc("health", "[\"" + std::string(26'214'400, 'x') + "\"]", &response);
  ExpectFailure(too_large, StatusCode::RESOURCE_EXHAUSTED, "PARAMS_TOO_LARGE",
                v1::GatewayError::OUTCOME_NOT_SENT);
  EXPECT_THAT(too_large.error_message(), HasSubstr("accepts 26214400"));
  EXPECT_TRUE(Rpc("health", "", &response).ok());
}

// A second control plane at the same gateway, which asks for less.
void RealCallsTest::ExpectAScopeIsMissing() {
  const std::string socket = place_ / "t";
  const auto daemon = RunDaemon(
      {"--state-dir", place_ / "other", "--socket", socket, "--gateway-mode",
       "attach", "--gateway-token-file", state_directory() + "/gateway.token",
       "--gateway-scopes", "operator.read"});
  ASSERT_TRUE(daemon->WaitForOutput("clawplaned ready: ")) << daemon->errors();
  const auto stub = v1::GatewayService::NewStub(grpc::CreateChannel(
      "unix:" + socket, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::StartResponse started;
  ASSERT_TRUE(stub->Start(&context, {}, &started).ok());

  PendingRpc allowed(*stub, RpcOf("voicewake.get"));
  EXPECT_TRUE(allowed.Status().ok()) << allowed.Status().error_message();
  PendingRpc refused(*stub, RpcOf("voicewake.set", R"({"triggers":["hey"]})"));
  ExpectFailure(refused.Status(), StatusCode::PERMISSION_DENIED, "FORBIDDEN",
                v1::GatewayError::OUTCOME_REPLIED);
  EXPECT_THAT(refused.Status().error_message(), HasSubstr("operator.write"));

  daemon->Signal(SIGTERM);
  EXPECT_EQ(daemon->Wait(), 0);
}

void RealCallsTest::ExpectATraceIsTaken() {
  grpc::ClientContext context;
  context.AddMetadata(
      "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  v1::RpcResponse response;
  const grpc::Status status = stub_->Rpc(&context, RpcOf("health"), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

void RealCallsTest::ExpectTheOutcomeIsUnknownAfterAKill() {
  PendingRpc slow(
      *stub_, RpcOf("agent.wait", R"({"runId":"none","timeoutMs":120000})"));
  // Answered after the slow call was sent.
  v1::RpcResponse response;
  ASSERT_TRUE(Rpc("health", "", &response).ok());
  ASSERT_FALSE(slow.IsOver())
      << slow.Status().error_message() << slow.response().result_json();

  ASSERT_EQ(kill(GatewayPid(), SIGKILL), 0);

  ExpectFailure(slow.Status(), StatusCode::ABORTED, "CONNECTION_LOST",
                v1::GatewayError::OUTCOME_SENT_UNKNOWN);
}

TEST_F(RealCallsTest, KeepTheirPromises) {
  ASSERT_NO_FATAL_FAILURE(StartWithACall());
  ExpectLargeAnswersArrive();
  ExpectTheAgentAnswersTwice();
  ExpectRefusals();
  ExpectAScopeIsMissing();
  ExpectATraceIsTaken();
  ExpectTheOutcomeIsUnknownAfterAKill();

  v1::StopResponse stopped;
  EXPECT_TRUE(Make(&v1::GatewayService::Stub::Stop, {}, &stopped).ok());
}

}  // namespace
}  // namespace clawplane::testing
