// Start, Stop and Restart as a client sees them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/free_port.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using Status = v1::GatewayStatus;

FakeGatewayOptions Starting(std::chrono::milliseconds delay) {
  FakeGatewayOptions options;
  options.ready_delay = delay;
  return options;
}

grpc::Status Stop(v1::GatewayService::Stub& stub,
                  const v1::StopRequest& request,
                  v1::StopResponse* response = nullptr) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::StopResponse ignored;
  return stub.Stop(&context, request, response ? response : &ignored);
}

grpc::Status Restart(v1::GatewayService::Stub& stub,
                     const v1::RestartRequest& request,
                     v1::RestartResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  return stub.Restart(&context, request, response);
}

TEST(StartTest, ReturnsOnceTheGatewayIsRunning) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  grpc::ClientContext context;
  v1::StartResponse response;

  ASSERT_TRUE(served.stub().Start(&context, {}, &response).ok());

  const Status& status = response.status();
  EXPECT_EQ(status.state(), Status::STATE_RUNNING);
  EXPECT_TRUE(status.wanted_up());
  EXPECT_FALSE(status.owned());
  // The fake is in our own process.
  EXPECT_EQ(status.pid(), ::getpid());
  EXPECT_EQ(status.port(), gateway.port());
  EXPECT_EQ(status.boot_id(), gateway.boot_id());
  EXPECT_EQ(status.version(), "2026.9.6");
  EXPECT_EQ(status.protocol(), 4u);
  EXPECT_TRUE(status.has_connected_at());
  EXPECT_FALSE(status.has_error());
  EXPECT_GT(status.log_position().sequence(), 0u);
}

TEST(StartTest, ChangesNothingWhenRunning) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());
  const uint64_t revision = GetStatus(served.stub()).revision();

  ASSERT_TRUE(Start(served.stub()).ok());

  EXPECT_EQ(GetStatus(served.stub()).revision(), revision);
  EXPECT_EQ(gateway.connections(), 1);
}

TEST(StartTest, ReturnsAtOnceWithNoWait) {
  ServedGateway served(LaunchFake({"--behaviour", "starting_forever"}));
  grpc::ClientContext context;
  v1::StartRequest request;
  request.set_no_wait(true);
  v1::StartResponse response;

  ASSERT_TRUE(served.stub().Start(&context, request, &response).ok());

  EXPECT_EQ(response.status().state(), Status::STATE_STARTING);
  EXPECT_TRUE(response.status().wanted_up());
}

TEST(StartTest, GoesOnWhenItsCallerHasGone) {
  FakeGateway gateway(Starting(std::chrono::milliseconds(600)));
  ServedGateway served(AttachTo(gateway));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(100));
  v1::StartResponse response;

  EXPECT_EQ(served.stub().Start(&context, {}, &response).error_code(),
            StatusCode::DEADLINE_EXCEEDED);

  EXPECT_TRUE(WaitForState(served.stub(), Status::STATE_RUNNING));
}

TEST(StartTest, JoinsConcurrentCalls) {
  ServedGateway served(LaunchFake({"--listen-delay-ms", "150"}));
  std::vector<std::future<grpc::Status>> starts;
  for (int i = 0; i < 8; ++i) {
    starts.push_back(
        std::async(std::launch::async, [&] { return Start(served.stub()); }));
  }
  for (auto& start : starts) EXPECT_TRUE(start.get().ok());
  EXPECT_EQ(GetStatus(served.stub()).restarts(), 0u);
}

TEST(StartTest, IsSupersededByAStop) {
  ServedGateway served(LaunchFake({"--behaviour", "starting_forever"}));
  auto start =
      std::async(std::launch::async, [&] { return Start(served.stub()); });
  ASSERT_TRUE(WaitForState(served.stub(), Status::STATE_STARTING));

  EXPECT_TRUE(Stop(served.stub(), {}).ok());

  const grpc::Status status = start.get();
  EXPECT_EQ(status.error_code(), StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(status), "SUPERSEDED");
  EXPECT_EQ(GetStatus(served.stub()).state(), Status::STATE_STOPPED);
}

TEST(StartTest, WaitsInAttachModeForAGatewayThatIsNotThere) {
  core::Config config;
  config.machine.mode = core::Mode::kAttach;
  config.machine.port = FreePort();
  ServedGateway served(config);
  auto start =
      std::async(std::launch::async, [&] { return Start(served.stub()); });
  ASSERT_TRUE(WaitFor(
      [&] { return GetStatus(served.stub()).reconnect_attempts() > 0; }));
  EXPECT_EQ(GetStatus(served.stub()).state(), Status::STATE_STARTING);
  EXPECT_TRUE(GetStatus(served.stub()).has_next_attempt_at());

  FakeGatewayOptions options;
  options.port = config.machine.port;
  FakeGateway gateway(options);

  EXPECT_TRUE(start.get().ok());
}

TEST(StartTest, TellsWhyTheGatewayDied) {
  ServedGateway served(
      LaunchFake({"--exit-code", "3", "--exit-message", "no luck today"}));

  const grpc::Status status = Start(served.stub());

  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "DIED_WHILE_STARTING");
  EXPECT_THAT(status.error_message(), HasSubstr("exit code 3"));
  EXPECT_THAT(status.error_message(), HasSubstr("no luck today"));
  const Status now = GetStatus(served.stub());
  EXPECT_EQ(now.state(), Status::STATE_ERROR);
  EXPECT_EQ(now.error().reason(), v1::REASON_DIED_WHILE_STARTING);
  EXPECT_EQ(now.last_exit().exit_code(), 3);
  EXPECT_FALSE(now.last_exit().expected());
}

TEST(StopTest, TellsHowTheProcessEnded) {
  ServedGateway served(LaunchFake());
  ASSERT_TRUE(Start(served.stub()).ok());
  const int pid = GetStatus(served.stub()).pid();
  v1::StopResponse response;

  ASSERT_TRUE(Stop(served.stub(), {}, &response).ok());

  EXPECT_EQ(response.status().state(), Status::STATE_STOPPED);
  EXPECT_FALSE(response.status().wanted_up());
  EXPECT_EQ(response.exit().pid(), pid);
  EXPECT_EQ(response.exit().exit_code(), 0);
  EXPECT_FALSE(response.exit().killed());
  EXPECT_TRUE(response.exit().expected());
  EXPECT_GT(response.took().seconds() + response.took().nanos(), 0);
}

TEST(StopTest, KillsAfterTheGrace) {
  ServedGateway served(LaunchFake({"--ignore-sigterm"}));
  ASSERT_TRUE(Start(served.stub()).ok());
  v1::StopRequest request;
  request.mutable_grace()->set_nanos(50'000'000);
  v1::StopResponse response;

  ASSERT_TRUE(Stop(served.stub(), request, &response).ok());

  EXPECT_EQ(response.exit().signal(), SIGKILL);
  EXPECT_TRUE(response.exit().killed());
}

TEST(StopTest, KillsAtOnceByForce) {
  ServedGateway served(LaunchFake({"--ignore-sigterm"}));
  ASSERT_TRUE(Start(served.stub()).ok());
  v1::StopRequest request;
  request.set_force(true);
  v1::StopResponse response;

  ASSERT_TRUE(Stop(served.stub(), request, &response).ok());

  EXPECT_TRUE(response.exit().killed());
  EXPECT_LT(response.took().seconds(), 5);
}

TEST(StopTest, IsHastenedByASecondOne) {
  ServedGateway served(LaunchFake({"--ignore-sigterm"}));
  ASSERT_TRUE(Start(served.stub()).ok());
  auto first = std::async(std::launch::async, [&] {
    v1::StopRequest request;
    request.mutable_grace()->set_seconds(300);
    return Stop(served.stub(), request);
  });
  ASSERT_TRUE(WaitForState(served.stub(), Status::STATE_STOPPING));

  v1::StopRequest request;
  request.set_force(true);
  EXPECT_TRUE(Stop(served.stub(), request).ok());
  EXPECT_TRUE(first.get().ok());
}

TEST(StopTest, ChangesNothingWhenStopped) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  v1::StopResponse response;
  EXPECT_TRUE(Stop(served.stub(), {}, &response).ok());
  EXPECT_FALSE(response.has_exit());
  EXPECT_EQ(response.status().state(), Status::STATE_STOPPED);
}

TEST(StopTest, LeavesAGatewayOfSomebodyElseAlone) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());
  v1::StopResponse response;

  ASSERT_TRUE(Stop(served.stub(), {}, &response).ok());

  EXPECT_FALSE(response.has_exit());
  EXPECT_TRUE(gateway.WaitForCloses(1));
  EXPECT_EQ(gateway.closes().front(), 1000);
}

class GraceTest : public ::testing::TestWithParam<std::pair<int64_t, int32_t>> {
};

TEST_P(GraceTest, IsRefusedOutOfRange) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  v1::StopRequest stop;
  stop.mutable_grace()->set_seconds(GetParam().first);
  stop.mutable_grace()->set_nanos(GetParam().second);
  const grpc::Status status = Stop(served.stub(), stop);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "BAD_REQUEST");
  EXPECT_THAT(status.error_message(), HasSubstr("0 s to 330 s"));

  v1::RestartRequest restart;
  *restart.mutable_grace() = stop.grace();
  v1::RestartResponse response;
  EXPECT_EQ(Restart(served.stub(), restart, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

INSTANTIATE_TEST_SUITE_P(All, GraceTest,
                         ::testing::Values(std::pair(-1, 0), std::pair(0, -1),
                                           std::pair(330, 1), std::pair(331, 0),
                                           std::pair(1, -1),
                                           std::pair(INT64_MAX, 0),
                                           std::pair(INT64_MIN, 0)));

TEST(RestartTest, ProvesItselfByTheBootId) {
  ServedGateway served(LaunchFake());
  ASSERT_TRUE(Start(served.stub()).ok());
  const Status before = GetStatus(served.stub());
  v1::RestartResponse response;

  ASSERT_TRUE(Restart(served.stub(), {}, &response).ok());

  EXPECT_EQ(response.status().state(), Status::STATE_RUNNING);
  EXPECT_EQ(response.old_pid(), before.pid());
  EXPECT_EQ(response.new_pid(), response.status().pid());
  EXPECT_NE(response.new_pid(), response.old_pid());
  EXPECT_EQ(response.proof(), v1::RestartResponse::PROOF_BOOT_ID);
  EXPECT_NE(response.status().boot_id(), before.boot_id());
  EXPECT_EQ(response.status().restarts(), 1u);
}

TEST(RestartTest, TellsTheOldProcessWithNoWait) {
  ServedGateway served(LaunchFake());
  ASSERT_TRUE(Start(served.stub()).ok());
  const int pid = GetStatus(served.stub()).pid();
  v1::RestartRequest request;
  request.set_no_wait(true);
  v1::RestartResponse response;

  ASSERT_TRUE(Restart(served.stub(), request, &response).ok());

  EXPECT_EQ(response.old_pid(), pid);
  EXPECT_FALSE(response.has_new_pid());
  EXPECT_EQ(response.proof(), v1::RestartResponse::PROOF_UNSPECIFIED);
  EXPECT_TRUE(response.status().wanted_up());
  EXPECT_TRUE(WaitForState(served.stub(), Status::STATE_RUNNING));
}

TEST(RestartTest, IsAStartWhereThereIsNoGateway) {
  ServedGateway served(LaunchFake());
  v1::RestartResponse response;
  ASSERT_TRUE(Restart(served.stub(), {}, &response).ok());
  EXPECT_FALSE(response.has_old_pid());
  EXPECT_TRUE(response.has_new_pid());
  EXPECT_EQ(response.proof(), v1::RestartResponse::PROOF_UNSPECIFIED);
}

TEST(RestartTest, IsAskedOfAGatewayOfSomebodyElse) {
  FakeGatewayOptions options;
  options.restart_delay = std::chrono::milliseconds(1);
  FakeGateway gateway(options);
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());

  v1::RestartRequest force;
  force.set_force(true);
  v1::RestartResponse response;
  const grpc::Status status = Restart(served.stub(), force, &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("launched"));

  ASSERT_TRUE(Restart(served.stub(), {}, &response).ok());
  EXPECT_EQ(response.proof(), v1::RestartResponse::PROOF_BOOT_ID);
  EXPECT_EQ(response.status().boot_id(), gateway.boot_id());
}

TEST(LifecycleTest, TakesADrainOrForceAndNotBoth) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  v1::StopRequest stop;
  stop.set_drain(true);
  stop.set_force(true);
  EXPECT_EQ(Stop(served.stub(), stop).error_code(),
            StatusCode::INVALID_ARGUMENT);
  v1::RestartRequest restart;
  restart.set_drain(true);
  restart.set_force(true);
  v1::RestartResponse restarted;
  EXPECT_EQ(Restart(served.stub(), restart, &restarted).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST(LifecycleTest, TellsWhatADrainWaitsFor) {
  FakeGateway gateway;
  gateway.SetWork(2);
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());
  grpc::ClientContext context;
  const auto statuses =
      served.stub().StreamStatus(&context, v1::StreamStatusRequest());
  auto stopped = std::async(std::launch::async, [&] {
    v1::StopRequest stop;
    stop.set_drain(true);
    return Stop(served.stub(), stop);
  });

  v1::StreamStatusResponse seen;
  while (statuses->Read(&seen) && seen.status().drain().active() == 0) {
  }
  EXPECT_EQ(seen.status().phase(), v1::GatewayStatus::PHASE_DRAINING);
  EXPECT_EQ(seen.status().drain().active(), 2u);
  ASSERT_EQ(seen.status().drain().waiting_for_size(), 1);
  EXPECT_EQ(seen.status().drain().waiting_for(0), "2 active requests");
  EXPECT_GT(seen.status().drain().until().seconds(), 0);
  gateway.SetWork(0);

  EXPECT_TRUE(stopped.get().ok());
  context.TryCancel();
}

}  // namespace
}  // namespace clawplane::testing
