// A few cases of the matrix, for each change; the whole is in the other files.

#include <signal.h>

#include "tests/chaos/chaos_test.h"
#include "tests/chaos/faults.h"

namespace clawplane::testing {
namespace {

TEST_P(FaultTest, EndsAsExpectedAndLeavesNothing) {
  Open(GetParam().arguments, GetParam().settings);
  if (!HasFatalFailure()) Run(GetParam());
}

std::vector<Case> Cases() {
  using grpc::StatusCode;
  return {
      {.name = "KilledWaitingForPort",
       .fault = "kill -9",
       .point = Point::kWaitingForPort,
       .inject = Kill(SIGKILL),
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_DIED_WHILE_STARTING,
       .call = StatusCode::FAILED_PRECONDITION,
       .arguments = {"{bad}", "--behaviour", "never_listens"}},
      {.name = "EndedWaitingForReady",
       .fault = "exit 0",
       .point = Point::kWaitingForReady,
       .inject = Nothing(),
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_DIED_WHILE_STARTING,
       .call = StatusCode::FAILED_PRECONDITION,
       .arguments = {"{bad}", "--behaviour", "not_ready_forever", "--exit-at",
                     "listening", "--exit-code", "0", "--exit-after-ms",
                     "500"}},
      {.name = "KilledConnecting",
       .fault = "kill -9",
       .point = Point::kConnecting,
       .inject = Kill(SIGKILL),
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_DIED_WHILE_STARTING,
       .call = StatusCode::FAILED_PRECONDITION,
       .arguments = {"{bad}", "--behaviour", "mute"}},
      {.name = "KilledRunning",
       .fault = "kill -9",
       .point = Point::kRunning,
       .inject = Kill(SIGKILL),
       .state = State::STATE_RUNNING,
       .process = Process::kOther,
       .reason = v1::REASON_CONNECTION_LOST,
       .call = StatusCode::ABORTED},
      {.name = "StoppedRunning",
       .fault = "SIGSTOP",
       .point = Point::kRunning,
       .inject = Kill(SIGSTOP),
       .state = State::STATE_RUNNING,
       .process = Process::kOther,
       .reason = v1::REASON_UNRESPONSIVE,
       .call = StatusCode::ABORTED},
      {.name = "GarbageRunning",
       .fault = "garbage in a frame",
       .point = Point::kRunning,
       .inject = Ask("fake.garbage"),
       .state = State::STATE_RUNNING,
       .process = Process::kSame,
       .also = Event(v1::EVENT_KIND_UNRECOGNIZED_MESSAGE),
       .method = "fake.delay",
       .params = R"({"ms":300})"},
      {.name = "SpoiltRunning",
       .fault = "garbage that is no frame",
       .point = Point::kRunning,
       .inject = Ask("fake.spoil"),
       .state = State::STATE_RUNNING,
       .process = Process::kSame,
       .reason = v1::REASON_CONNECTION_LOST,
       .call = StatusCode::ABORTED,
       .also = Entered(State::STATE_RUNNING)},
      {.name = "RefusedRunning",
       .fault = "exit 78, no repair known",
       .point = Point::kRunning,
       .inject = Ask("fake.exit", R"({"code":78})"),
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_CONFIGURATION_REFUSED,
       .call = StatusCode::ABORTED},
      {.name = "KilledReconnecting",
       .fault = "kill -9",
       .point = Point::kReconnecting,
       .inject = Kill(SIGKILL),
       .state = State::STATE_RUNNING,
       .process = Process::kOther},
      {.name = "RobbedRelaunching",
       .fault = "port stolen, and given back",
       .point = Point::kRelaunching,
       .inject = StealAndReturn(),
       .state = State::STATE_RUNNING,
       .process = Process::kOther,
       .reason = v1::REASON_PORT_HELD},
      {.name = "KilledTerminating",
       .fault = "kill -9",
       .point = Point::kTerminating,
       .inject = Kill(SIGKILL),
       .state = State::STATE_STOPPED,
       .process = Process::kNone,
       .call = StatusCode::ABORTED,
       .arguments = {"{bad}", "--ignore-sigterm"},
       .settings = "  stop_grace: 5s\n"},
  };
}

INSTANTIATE_TEST_SUITE_P(Fast, FaultTest, ::testing::ValuesIn(Cases()),
                         CaseName);

}  // namespace
}  // namespace clawplane::testing
