// Calls to the gateway, as a client sees them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

void ExpectOutcome(const grpc::Status& status,
                   v1::GatewayError::Outcome outcome) {
  const auto error = GatewayErrorOf(status);
  ASSERT_TRUE(error) << status.error_message();
  EXPECT_EQ(error->outcome(), outcome) << status.error_message();
}

class RpcTest : public ::testing::Test {
 protected:
  explicit RpcTest(const core::Config& limits = {})
      : served_(Attached(limits)) {}

  core::Config Attached(core::Config config) {
    config.machine = AttachTo(gateway_).machine;
    return config;
  }

  void SetUp() override { ASSERT_TRUE(Start(served_.stub()).ok()); }

  grpc::Status Send(const v1::RpcRequest& request, v1::RpcResponse* response,
                    milliseconds timeout = milliseconds(20'000)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    return served_.stub().Rpc(&context, request, response);
  }

  v1::GatewayService::Stub& stub() { return served_.stub(); }

  FakeGateway gateway_;
  ServedGateway served_;
};

v1::RpcRequest Request(const std::string& method) {
  v1::RpcRequest request;
  request.set_method(method);
  return request;
}

// ---- Forms

TEST_F(RpcTest, HandsJsonOnByteForByte) {
  const std::string params = R"({ "z":9007199254740993, "a":[1.50,"\u00e9"] })";
  std::string result;
  ASSERT_TRUE(Call(stub(), "fake.echo", params, &result).ok());
  EXPECT_EQ(result, params);
  const auto frame = gateway_.WaitForMethod("fake.echo");
  ASSERT_TRUE(frame);
  EXPECT_THAT(*frame, HasSubstr(params));
}

TEST_F(RpcTest, AnswersInTheFormOfTheParams) {
  v1::RpcRequest request = Request("fake.echo");
  (*request.mutable_params()->mutable_struct_value()->mutable_fields())["a"]
      .set_number_value(7);
  v1::RpcResponse response;
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_EQ(response.result().struct_value().fields().at("a").number_value(),
            7);
}

TEST_F(RpcTest, AnswersInTheFormAskedFor) {
  v1::RpcRequest request = Request("fake.echo");
  request.set_params_json(R"({"a":1})");
  request.set_result_form(v1::PAYLOAD_FORM_VALUE);
  v1::RpcResponse response;
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_TRUE(response.has_result());

  request.mutable_params()->mutable_list_value();
  request.set_result_form(v1::PAYLOAD_FORM_JSON);
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_EQ(response.result_json(), "[]");
}

TEST_F(RpcTest, TellsNullFromNothing) {
  v1::RpcResponse response;
  ASSERT_TRUE(Send(Request("fake.no_payload"), &response).ok());
  EXPECT_EQ(response.result_form_case(), v1::RpcResponse::RESULT_FORM_NOT_SET);

  v1::RpcRequest null = Request("fake.echo");
  null.set_params_json("null");
  ASSERT_TRUE(Send(null, &response).ok());
  EXPECT_EQ(response.result_json(), "null");

  null.mutable_params()->set_null_value(google::protobuf::NULL_VALUE);
  ASSERT_TRUE(Send(null, &response).ok());
  EXPECT_TRUE(response.result().has_null_value());
}

TEST_F(RpcTest, LeavesOutParamsThatAreNotGiven) {
  ASSERT_TRUE(Call(stub(), "health").ok());
  const auto frame = gateway_.WaitForMethod("health");
  ASSERT_TRUE(frame);
  EXPECT_THAT(*frame, Not(HasSubstr("params")));
}

TEST_F(RpcTest, CarriesAnAnswerAboveTheUsualLimit) {
  std::string result;
  ASSERT_TRUE(Call(stub(), "fake.huge", R"({"bytes":6000000})", &result).ok());
  EXPECT_EQ(result.size(), 6'000'002u);
}

TEST_F(RpcTest, RefusesAnAnswerTooDeepForAValueWithAdvice) {
  const std::string deep = std::string(90, '[') + std::string(90, ']');
  v1::RpcRequest request = Request("fake.echo");
  request.set_params_json(deep);
  v1::RpcResponse response;
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_EQ(response.result_json(), deep);

  request.set_result_form(v1::PAYLOAD_FORM_VALUE);
  const grpc::Status status = Send(request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("PAYLOAD_FORM_JSON"));
  ExpectOutcome(status, v1::GatewayError::OUTCOME_REPLIED);
}

// ---- Requests that are refused here

class BadParamsTest : public RpcTest,
                      public ::testing::WithParamInterface<const char*> {};

TEST_P(BadParamsTest, AreRefusedUnsent) {
  const grpc::Status status = Call(stub(), "fake.echo", GetParam());
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "BAD_REQUEST");
  ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);
}

INSTANTIATE_TEST_SUITE_P(All, BadParamsTest,
                         ::testing::Values("", "1", "true", "\"a\"", "{",
                                           "{} {}", "{\"a\":}", "[1,]"));

TEST_F(RpcTest, RefusesAMethodThatIsNone) {
  for (const std::string& method : {std::string(), std::string(257, 'm')}) {
    const grpc::Status status = Call(stub(), method);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);
  }
}

TEST_F(RpcTest, RefusesAValueThatCannotBeParams) {
  v1::RpcRequest request = Request("fake.echo");
  v1::RpcResponse response;
  request.mutable_params()->set_string_value("scalar");
  EXPECT_EQ(Send(request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
  request.mutable_params()->mutable_list_value()->add_values();
  EXPECT_EQ(Send(request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(RpcTest, RefusesAFormThatItDoesNotKnow) {
  v1::RpcRequest request = Request("health");
  request.set_result_form(static_cast<v1::PayloadForm>(7));
  v1::RpcResponse response;
  const grpc::Status status = Send(request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("result_form is 7"));
}

TEST_F(RpcTest, RefusesParamsAboveWhatTheGatewayAccepts) {
  const std::string params = "[\"" + std::string(26'214'400, 'x') + "\"]";
  const grpc::Status status = Call(stub(), "fake.echo", params);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "PARAMS_TOO_LARGE");
  ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);
}

// ---- Refusals of the gateway

TEST_F(RpcTest, TellsOfAnUnknownMethod) {
  const grpc::Status status = Call(stub(), "no.such.method");
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "INVALID_REQUEST");
  EXPECT_EQ(InfoOf(status)->domain(), "openclaw.gateway");
  EXPECT_THAT(status.error_message(), HasSubstr("no.such.method"));
  ExpectOutcome(status, v1::GatewayError::OUTCOME_REPLIED);
}

TEST_F(RpcTest, PassesOnWhatTheGatewaySaysOfItsError) {
  const grpc::Status status =
      Call(stub(), "fake.error",
           R"({"code":"UNAVAILABLE","message":"busy","retryable":true,)"
           R"("retryAfterMs":1500,"details":{"a":1},"payload":{"b":2}})");
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  const auto error = GatewayErrorOf(status);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), "UNAVAILABLE");
  EXPECT_EQ(error->message(), "busy");
  EXPECT_TRUE(error->retryable());
  EXPECT_EQ(error->retry_after().seconds(), 1);
  EXPECT_EQ(error->details_json(), R"({"a":1})");
  EXPECT_EQ(error->payload_json(), R"({"b":2})");
}

// Each character takes nine bytes in a trailer.
TEST_F(RpcTest, BringsTheLargestErrorToTheClient) {
  std::string message;
  while (message.size() < 10'000) message += "\xE2\x82\xAC";
  const std::string details(1500, 'd');
  const grpc::Status status = Call(
      stub(), "fake.error",
      R"({"code":"UNAVAILABLE","message":")" + message + R"(","details":")" +
          details + R"(","payload":")" + std::string(1'000'000, 'p') + R"("})");
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION)
      << status.error_message();
  const auto error = GatewayErrorOf(status);
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->truncated());
  EXPECT_EQ(error->details_json(), '"' + details + '"');
}

TEST_F(RpcTest, TellsOfARefusalWithoutAReason) {
  const auto status = Call(stub(), "fake.ok_false");
  EXPECT_EQ(status.error_code(), StatusCode::UNKNOWN);
  ExpectOutcome(status, v1::GatewayError::OUTCOME_REPLIED);
}

// ---- Two answers

TEST_F(RpcTest, GivesTheFirstAnswerUnlessTheFinalIsAwaited) {
  v1::RpcRequest request = Request("agent");
  request.set_params_json(R"({"message":"ok"})");
  v1::RpcResponse response;
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_THAT(response.result_json(), HasSubstr("accepted"));

  request.set_await_final(true);
  ASSERT_TRUE(Send(request, &response).ok());
  EXPECT_THAT(response.result_json(), HasSubstr("completed"));
}

TEST_F(RpcTest, CarriesAnErrorAndAPayloadOfAFinalAnswer) {
  v1::RpcRequest request = Request("agent");
  request.set_params_json(R"({"message":"fail"})");
  request.set_await_final(true);
  v1::RpcResponse response;
  const grpc::Status status = Send(request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  const auto error = GatewayErrorOf(status);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->payload_json(), HasSubstr(R"("status":"error")"));
}

// ---- States and time

TEST_F(RpcTest, FailsWhileStopped) {
  grpc::ClientContext context;
  v1::StopResponse ignored;
  ASSERT_TRUE(stub().Stop(&context, {}, &ignored).ok());

  const grpc::Status status = Call(stub(), "health");

  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "NOT_RUNNING");
  EXPECT_THAT(status.error_message(), HasSubstr("start it"));
  ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);
}

TEST_F(RpcTest, FailsOrWaitsWhileReconnecting) {
  gateway_.SetReady(false);
  gateway_.DropAll();
  ASSERT_TRUE(WaitForState(stub(), v1::GatewayStatus::STATE_RECONNECTING));
  const grpc::Status status = Call(stub(), "health");
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);

  v1::RpcRequest request = Request("health");
  request.set_wait_until_running(true);
  v1::RpcResponse response;
  auto waiting =
      std::async(std::launch::async, [&] { return Send(request, &response); });
  gateway_.SetReady(true);
  EXPECT_TRUE(Start(stub()).ok());
  EXPECT_TRUE(waiting.get().ok());
}

TEST_F(RpcTest, DoesNotKnowWhatBecameOfACallWhoseConnectionIsLost) {
  const grpc::Status status = Call(stub(), "fake.drop");
  EXPECT_EQ(status.error_code(), StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(status), "CONNECTION_LOST");
  ExpectOutcome(status, v1::GatewayError::OUTCOME_SENT_UNKNOWN);
}

TEST_F(RpcTest, TellsOfATimeoutBeforeTheClientsDeadline) {
  // The head start is 50 ms from here on; on a busy machine even that may be
  // used up once, though hardly again and again.
  grpc::Status status;
  for (int i = 0; i < 5 && status.error_details().empty(); ++i) {
    status =
        Call(stub(), "fake.ignore", std::nullopt, nullptr, milliseconds(2500));
  }
  EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(status), "TIMED_OUT");
  ExpectOutcome(status, v1::GatewayError::OUTCOME_SENT_UNKNOWN);
}

TEST_F(RpcTest, TellsThatACallInTheQueueWasNotSent) {
  gateway_.SetReady(false);
  gateway_.DropAll();
  ASSERT_TRUE(WaitForState(stub(), v1::GatewayStatus::STATE_RECONNECTING));
  v1::RpcRequest request = Request("health");
  request.set_wait_until_running(true);
  v1::RpcResponse response;
  grpc::Status status;
  for (int i = 0; i < 5 && status.error_details().empty(); ++i) {
    status = Send(request, &response, milliseconds(2500));
  }
  EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED);
  ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);
}

// ---- Bounds

core::Config OneAtATime() {
  core::Config config;
  config.calls.max_in_flight = 1;
  config.calls.max_queued = 2;
  return config;
}

class BoundedRpcTest : public RpcTest {
 protected:
  BoundedRpcTest() : RpcTest(OneAtATime()) {}
};

TEST_F(BoundedRpcTest, FreesThePlaceOfACancelledCall) {
  grpc::ClientContext context;
  auto held = std::async(std::launch::async, [&] {
    v1::RpcResponse response;
    return stub().Rpc(&context, Request("fake.ignore"), &response);
  });
  ASSERT_TRUE(gateway_.WaitForMethod("fake.ignore"));

  context.TryCancel();

  EXPECT_EQ(held.get().error_code(), StatusCode::CANCELLED);
  EXPECT_TRUE(Call(stub(), "health").ok());
}

TEST_F(BoundedRpcTest, RefusesCallsAboveItsQueue) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::future<grpc::Status>> calls;
  for (int i = 0; i < 4; ++i) {  // one in flight, two queued, one too many
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    calls.push_back(std::async(std::launch::async, [&, i] {
      v1::RpcResponse response;
      return stub().Rpc(contexts[i].get(), Request("fake.ignore"), &response);
    }));
  }
  const auto refused = [&] {
    for (auto& call : calls) {
      if (call.wait_for(milliseconds(0)) == std::future_status::ready) {
        return &call;
      }
    }
    return static_cast<std::future<grpc::Status>*>(nullptr);
  };
  ASSERT_TRUE(WaitFor([&] { return refused() != nullptr; }));

  const grpc::Status status = refused()->get();
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "QUEUE_FULL");
  ExpectOutcome(status, v1::GatewayError::OUTCOME_NOT_SENT);
  for (auto& context : contexts) context->TryCancel();
}

TEST_F(RpcTest, CarriesManyCallsAtATime) {
  std::vector<std::future<std::string>> calls;
  for (int i = 0; i < 64; ++i) {
    calls.push_back(std::async(std::launch::async, [this, i] {
      std::string result;
      Call(stub(), "fake.echo", "[" + std::to_string(i) + "]", &result);
      return result;
    }));
  }
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(calls[i].get(), "[" + std::to_string(i) + "]");
  }
}

}  // namespace
}  // namespace clawplane::testing
