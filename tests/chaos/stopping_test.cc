// Faults in a gateway that is being stopped.

#include <signal.h>

#include "tests/chaos/chaos_test.h"
#include "tests/chaos/faults.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;

Case Stopped(const char* name, const char* fault, Fault inject,
             std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "{bad}");
  return {.name = name,
          .fault = fault,
          .point = Point::kTerminating,
          .inject = std::move(inject),
          .state = State::STATE_STOPPED,
          .process = Process::kNone,
          .call = StatusCode::ABORTED,
          .arguments = std::move(arguments)};
}

std::vector<Case> Terminating() {
  Case graceful = Stopped(
      "Ended", "exit 0", Nothing(),
      {"--exit-at", "sigterm", "--exit-code", "0", "--exit-after-ms", "400"});
  Case refused = Stopped(
      "Refused", "exit 78", Nothing(),
      {"--exit-at", "sigterm", "--exit-code", "78", "--exit-after-ms", "400"});
  return {
      Stopped("Deaf", "SIGTERM ignored", Nothing(), {"--ignore-sigterm"}),
      Stopped("Frozen", "SIGSTOP", Kill(SIGSTOP), {"--ignore-sigterm"}),
      Stopped("Hung", "hang, waiting", Nothing(), {"--hang-at", "sigterm"}),
      Stopped("HungBusily", "hang, computing", Nothing(),
              {"--hang-at", "sigterm", "--hang-busily"}),
      graceful,
      refused,
  };
}

std::vector<Case> RestartDelay() {
  return {{.name = "Robbed",
           .fault = "port stolen by no gateway",
           .point = Point::kRestartDelay,
           .inject = Steal(),
           .state = State::STATE_ERROR,
           .process = Process::kNone,
           .reason = v1::REASON_PORT_HELD,
           .call = StatusCode::FAILED_PRECONDITION},
          {.name = "Unwanted",
           .fault = "a Stop",
           .point = Point::kRestartDelay,
           .inject = [](ChaosTest& test) { test.GiveStop(); },
           .state = State::STATE_STOPPED,
           .process = Process::kNone,
           .call = StatusCode::FAILED_PRECONDITION}};
}

std::vector<Case> BeforeLaunch() {
  return {{.name = "Robbed",
           .fault = "port in use",
           .point = Point::kStopped,
           .inject =
               [](ChaosTest& test) {
                 test.StealPort({BehaviourKind::kNotHttp});
                 test.BeginStart();
               },
           .state = State::STATE_ERROR,
           .process = Process::kNone,
           .reason = v1::REASON_PORT_HELD}};
}

INSTANTIATE_TEST_SUITE_P(Terminating, FaultTest,
                         ::testing::ValuesIn(Terminating()), CaseName);
INSTANTIATE_TEST_SUITE_P(RestartDelay, FaultTest,
                         ::testing::ValuesIn(RestartDelay()), CaseName);
INSTANTIATE_TEST_SUITE_P(BeforeLaunch, FaultTest,
                         ::testing::ValuesIn(BeforeLaunch()), CaseName);

}  // namespace
}  // namespace clawplane::testing
