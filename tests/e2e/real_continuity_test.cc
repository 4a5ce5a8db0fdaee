// A real gateway that outlives its control plane, and its work a stop.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/e2e/real_gateway_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::HasSubstr;

class RealContinuityTest : public RealGatewayTest {
 protected:
  std::string MoreGatewayLines() override {
    return "  on_exit: leave_running\n";
  }

  void Start() {
    v1::StartResponse started;
    const grpc::Status status =
        Make(&v1::GatewayService::Stub::Start, v1::StartRequest(), &started);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  v1::GatewayStatus Status() {
    v1::GetStatusResponse response;
    EXPECT_TRUE(Make(&v1::GatewayService::Stub::GetStatus,
                     v1::GetStatusRequest(), &response)
                    .ok());
    return response.status();
  }

  // Something for the gateway to do: a turn of an agent, which takes seconds to
  // fail without a model's credentials.
  std::future<grpc::Status> BeginTurn(v1::RpcResponse& response) {
    v1::RpcRequest request;
    request.set_method("agent");
    request.set_params_json(
        R"({"message":"hi","sessionKey":"agent:dev:main","idempotencyKey":"1"})");
    request.set_await_final(true);
    return std::async(std::launch::async, [this, request, &response] {
      return Make(&v1::GatewayService::Stub::Rpc, request, &response);
    });
  }
};

TEST_F(RealContinuityTest, IsTheSameGatewayAfterTheControlPlaneWasKilled) {
  Start();
  const pid_t gateway = GatewayPid();
  ASSERT_GT(gateway, 0);

  for (const int signal : {SIGKILL, SIGTERM}) {
    daemon_->Signal(signal);
    ASSERT_TRUE(daemon_->Wait());
    EXPECT_TRUE(IsAlive(gateway));
    StartDaemon();
    Connect();
    ASSERT_TRUE(WaitFor(
        [&] { return Status().state() == v1::GatewayStatus::STATE_RUNNING; }));
    EXPECT_EQ(GatewayPid(), gateway);
    EXPECT_TRUE(Status().owned());
    v1::RpcResponse answer;
    EXPECT_TRUE(Rpc("health", "", &answer).ok());
  }

  v1::StopResponse stopped;
  ASSERT_TRUE(
      Make(&v1::GatewayService::Stub::Stop, v1::StopRequest(), &stopped).ok());
  EXPECT_FALSE(stopped.exit().killed());
  EXPECT_EQ(stopped.exit().how_case(), v1::ProcessExit::HOW_NOT_SET);
  EXPECT_FALSE(IsAlive(gateway));
}

TEST_F(RealContinuityTest, FinishesATurnOfAnAgentBeforeItStops) {
  Start();
  const pid_t gateway = GatewayPid();
  v1::RpcResponse answer;
  auto turn = BeginTurn(answer);
  // It is seen as work once the gateway has let it in.
  v1::RpcResponse ignored;
  ASSERT_TRUE(Rpc("health", "", &ignored).ok());
  auto stop = std::async(std::launch::async, [this] {
    v1::StopRequest request;
    request.set_drain(true);
    v1::StopResponse response;
    return std::pair(Make(&v1::GatewayService::Stub::Stop, request, &response),
                     response);
  });

  v1::DrainProgress seen;
  EXPECT_TRUE(WaitFor([&] {
    const v1::GatewayStatus status = Status();
    if (status.drain().waiting_for_size() > 0) seen = status.drain();
    return seen.waiting_for_size() > 0 ||
           status.state() == v1::GatewayStatus::STATE_STOPPED;
  }));
  EXPECT_GT(seen.waiting_for_size(), 0) << "nothing was waited for";

  // The turn failed for want of credentials, and not for that of a gateway.
  const grpc::Status told = turn.get();
  EXPECT_EQ(told.error_code(), grpc::StatusCode::FAILED_PRECONDITION)
      << told.error_message();
  const auto [stopped, response] = stop.get();
  EXPECT_TRUE(stopped.ok()) << stopped.error_message();
  EXPECT_FALSE(response.exit().killed());
  EXPECT_EQ(response.exit().exit_code(), 0);
  EXPECT_FALSE(IsAlive(gateway));
}

}  // namespace
}  // namespace clawplane::testing
