#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/synchronization/notification.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Answers with the params it got.
class CallCommand : public ::testing::Test {
 protected:
  CallCommand() {
    server_.rpc = [this](auto&, const v1::RpcRequest& request,
                         v1::RpcResponse& response) {
      got_ = request;
      if (request.has_params_json()) {
        response.set_result_json(request.params_json());
      } else if (request.has_params()) {
        *response.mutable_result() = request.params();
      }
      return grpc::Status::OK;
    };
  }

  void Refuse(const grpc::Status& status) {
    server_.rpc = [status](auto&, const auto&, auto&) { return status; };
  }

  v1::RpcRequest got_;
  FakeServer server_;
};

TEST_F(CallCommand, PrintsTheResultByteForByte) {
  const std::string params = R"({"b": 9007199254740993, "a":[1.50] })";

  const auto run = RunClawctl(server_, {"call", "echo", params});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, params + "\n");
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(got_.method(), "echo");
}

TEST_F(CallCommand, TakesAnArrayForOneArgument) {
  EXPECT_EQ(RunClawctl(server_, {"call", "echo", "[1,2]"}).out, "[1,2]\n");
}

TEST_F(CallCommand, SendsNoParamsUnlessGiven) {
  const auto run = RunClawctl(server_, {"call", "health"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "") << "the answer had no payload";
  EXPECT_EQ(got_.params_form_case(), v1::RpcRequest::PARAMS_FORM_NOT_SET);
}

TEST_F(CallCommand, ReadsStandardInput) {
  EXPECT_EQ(RunClawctl(server_, {"call", "echo", "-"}, "{\"a\":1}\n").out,
            "{\"a\":1}\n\n");
}

TEST_F(CallCommand, RefusesParamsThatAreNotJsonWithoutAsking) {
  const auto run = RunClawctl(server_, {"call", "echo", "-"}, "{\n\"a\": nul}");

  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("the params are not JSON: line 2, column "));
  EXPECT_TRUE(server_.authorizations().empty());
}

TEST_F(CallCommand, PassesItsOptionsOn) {
  const auto run =
      RunClawctl(server_, {"call", "agent", "--await-final",
                           "--wait-until-running", "--timeout", "20s"});

  EXPECT_EQ(run.code, 0);
  EXPECT_TRUE(got_.await_final());
  EXPECT_TRUE(got_.wait_until_running());
}

TEST_F(CallCommand, CanTravelAsAValue) {
  const auto run =
      RunClawctl(server_, {"call", "echo", "{\"a\": 1}", "--value"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "{\"a\":1}\n");
  EXPECT_TRUE(got_.has_params());
  EXPECT_EQ(got_.result_form(), v1::PAYLOAD_FORM_VALUE);
}

TEST_F(CallCommand, PrintsTheWholeAnswerAsJson) {
  EXPECT_EQ(RunClawctl(server_, {"call", "echo", "{}", "--json"}).out,
            "{\"result_json\":\"{}\"}\n");
}

TEST_F(CallCommand, IndentsIfAsked) {
  EXPECT_EQ(RunClawctl(server_, {"call", "echo", "{\"a\":1}", "--pretty"}).out,
            "{\n  \"a\": 1\n}\n");
}

TEST_F(CallCommand, TellsWhatTheGatewaySaid) {
  v1::GatewayError gateway;
  gateway.set_outcome(v1::GatewayError::OUTCOME_REPLIED);
  gateway.set_details_json("{\"at\":\"/x\"}");
  Refuse(Refusal(grpc::StatusCode::INVALID_ARGUMENT, "unknown method: echo",
                 "INVALID_REQUEST", "openclaw.gateway", gateway));

  const auto run = RunClawctl(server_, {"call", "echo"});

  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "clawctl: cannot call echo: unknown method: echo "
            "[INVALID_REQUEST]\ndetails: {\"at\":\"/x\"}\n");
}

TEST_F(CallCommand, TellsThatTheGatewayIsNotRunning) {
  v1::GatewayError gateway;
  gateway.set_outcome(v1::GatewayError::OUTCOME_NOT_SENT);
  Refuse(Refusal(grpc::StatusCode::UNAVAILABLE, "the gateway is starting",
                 "NOT_RUNNING", "clawplane", gateway));

  const auto run = RunClawctl(server_, {"call", "echo"});

  EXPECT_EQ(run.code, 6);
  EXPECT_THAT(run.err, HasSubstr("next: repeat it, or add "
                                 "--wait-until-running"));
  EXPECT_THAT(run.err, HasSubstr("repeating it is safe"));
}

TEST_F(CallCommand, ShowsForeignTextWithoutItsControlCharacters) {
  Refuse({grpc::StatusCode::UNKNOWN, "red \x1b[31m and\ntwo lines"});

  const auto run = RunClawctl(server_, {"call", "echo"});

  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("red \\x1b[31m and\\x0atwo lines"));
}

TEST_F(CallCommand, KnowsNotWhatBecameOfATimedOutCall) {
  server_.rpc = [](FakeServer::Context& context, const auto&, auto&) {
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };

  const auto run = RunClawctl(server_, {"call", "echo", "--timeout", "300ms"});

  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr("no answer in time"));
  EXPECT_THAT(run.err, HasSubstr("may have carried out the call"));
}

TEST_F(CallCommand, KnowsThatNobodyGotACallWithoutAServer) {
  const TempDir directory;

  const auto run = ClawctlRun({"--target", "unix:" + directory.path() + "/none",
                               "call", "echo"})
                       .Finish();

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("repeating it is safe"));
}

TEST_F(CallCommand, EndsWithCtrlCWhileItReadsStandardInput) {
  // More than a pipe holds: once it is written, clawctl is reading.
  ClawctlRun run(
      To(server_, {"call", "echo", "-"}),
      {.input = std::string(1024 * 1024, ' '), .keep_input_open = true});

  run.Signal(SIGINT);

  EXPECT_EQ(run.Finish().code, 130);
}

TEST_F(CallCommand, EndsWithCtrlC) {
  absl::Notification called;
  server_.rpc = [&](FakeServer::Context& context, const auto&, auto&) {
    called.Notify();
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };
  ClawctlRun run(To(server_, {"call", "echo"}));

  called.WaitForNotification();
  run.Signal(SIGINT);
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, Not(HasSubstr("cannot")));
}

}  // namespace
}  // namespace clawplane::client
