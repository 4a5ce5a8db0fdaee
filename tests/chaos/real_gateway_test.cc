// The faults that matter most, with a real gateway. One test, for each start
// takes long.

#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>

#include "tests/chaos/chaos_test.h"
#include "tests/chaos/faults.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;

class RealGatewayChaosTest : public ChaosTest {
 protected:
  void SetUp() override {
    const char* const directory = std::getenv("CLAWPLANE_TEST_OPENCLAW_DIR");
    const char* const node = std::getenv("CLAWPLANE_TEST_NODE");
    ASSERT_TRUE(directory != nullptr && node != nullptr)
        << "set CLAWPLANE_TEST_OPENCLAW_DIR to the directory of an installed "
           "gateway and CLAWPLANE_TEST_NODE to the Node that runs it";
    patience_ = std::chrono::seconds(240);
    OpenWith(std::string("  mode: launch\n  dir: ") + directory +
             "\n  node: " + node +
             "\n  dev: true\n  allow_unconfigured: true\n"
             "  skip_channels: true\n  start_budget: 300s\n"
             "  stop_grace: 30s\n  check_interval: 1s\n"
             "  silence_limit: 3s\n");
  }

  void FailBeforeLaunch();
  void FailWhileStarting();
  void FailWhileRunning();
  // One fault in RUNNING; the state and process after it, and the boot id.
  void Strike(const char* fault, Fault inject, Process process,
              v1::Reason reason);
};

void RealGatewayChaosTest::FailBeforeLaunch() {
  Inject({.name = "",
          .fault = "port in use (real gateway)",
          .point = Point::kStopped,
          .inject =
              [](ChaosTest& test) {
                test.StealPort({BehaviourKind::kNotHttp});
                test.BeginStart();
              },
          .state = State::STATE_ERROR,
          .process = Process::kNone,
          .reason = v1::REASON_PORT_HELD});
  EXPECT_THAT(Status().error().message(),
              ::testing::HasSubstr("chaos_real_test"));
  EXPECT_FALSE(Status().has_last_exit()) << "it was launched";
}

void RealGatewayChaosTest::FailWhileStarting() {
  Case killed = {.name = "",
                 .fault = "kill -9 during start (real gateway)",
                 .point = Point::kWaitingForPort,
                 .inject = Kill(SIGKILL),
                 .state = State::STATE_ERROR,
                 .process = Process::kNone,
                 .reason = v1::REASON_DIED_WHILE_STARTING,
                 .call = StatusCode::FAILED_PRECONDITION,
                 .method = "health"};
  ASSERT_NO_FATAL_FAILURE(Reach(killed));
  Inject(killed);
  EXPECT_LT(took_, std::chrono::seconds(2)) << "Start did not end at once";
}

void RealGatewayChaosTest::Strike(const char* fault, Fault inject,
                                  Process process, v1::Reason reason) {
  const v1::GatewayStatus before = Status();
  Inject({.name = "",
          .fault = fault,
          .point = Point::kRunning,
          .inject = std::move(inject),
          .state = State::STATE_RUNNING,
          .process = process,
          .reason = reason,
          .also = Entered(State::STATE_RUNNING)});
  EXPECT_NE(Status().boot_id(), before.boot_id());
  const uint32_t launches = process == Process::kOther ? 1 : 0;
  EXPECT_EQ(Status().restarts(), before.restarts() + launches);
  EXPECT_TRUE(Rpc("health").ok());
  ExpectNoOtherChild();
}

void RealGatewayChaosTest::FailWhileRunning() {
  Strike("kill -9 (real gateway)", Kill(SIGKILL), Process::kOther,
         v1::REASON_CONNECTION_LOST);
  Strike("SIGUSR2 (real gateway)", Kill(SIGUSR2), Process::kSame,
         v1::REASON_CONNECTION_LOST);
  Strike(
      "SIGSTOP (real gateway)",
      [](ChaosTest& test) {
        test.Signal(SIGSTOP);
        // It waits for an answer until the verdict.
        test.Send("health");
      },
      Process::kOther, v1::REASON_UNRESPONSIVE);
}

TEST_F(RealGatewayChaosTest, SurvivesWhatIsDoneToIt) {
  FailBeforeLaunch();
  FailWhileStarting();
  BeginStart();
  ExpectOrderEnded(State::STATE_RUNNING);
  FailWhileRunning();
  ExpectNothingLeft();
  ExpectSoundLog();
}

}  // namespace
}  // namespace clawplane::testing
