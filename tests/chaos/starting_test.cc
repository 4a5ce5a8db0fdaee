// Faults in a gateway that is on its way up.

#include <signal.h>

#include "tests/chaos/chaos_test.h"
#include "tests/chaos/faults.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;

// One that fails this start for good.
Case Failed(const char* name, const char* fault, Point point, Fault inject,
            v1::Reason reason, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "{bad}");
  return {.name = name,
          .fault = fault,
          .point = point,
          .inject = std::move(inject),
          .state = State::STATE_ERROR,
          .process = Process::kNone,
          .reason = reason,
          .call = StatusCode::FAILED_PRECONDITION,
          .arguments = std::move(arguments)};
}

// One that the start survives.
Case Survived(const char* name, const char* fault, Point point, Fault inject,
              std::vector<std::string> arguments) {
  return {.name = name,
          .fault = fault,
          .point = point,
          .inject = std::move(inject),
          .state = State::STATE_RUNNING,
          .process = Process::kSame,
          .arguments = std::move(arguments)};
}

std::vector<Case> WaitingForPort() {
  constexpr Point kPoint = Point::kWaitingForPort;
  constexpr auto kDied = v1::REASON_DIED_WHILE_STARTING;
  constexpr auto kSpent = v1::REASON_START_BUDGET_SPENT;
  return {
      Failed("Stopped", "SIGSTOP", kPoint, Kill(SIGSTOP), kSpent,
             {"--behaviour", "never_listens"}),
      Failed("Hung", "hang, waiting", kPoint, Nothing(), kSpent,
             {"--hang-at", "before-listen"}),
      Failed("HungBusily", "hang, computing", kPoint, Nothing(), kSpent,
             {"--hang-at", "before-listen", "--hang-busily"}),
      Failed("Ended", "exit 0", kPoint, Nothing(), kDied,
             {"--exit-at", "before-listen", "--exit-code", "0",
              "--exit-after-ms", "500"}),
      Failed("Refused", "exit 78, no repair known", kPoint, Nothing(),
             v1::REASON_CONFIGURATION_REFUSED,
             {"--exit-at", "before-listen", "--exit-code", "78",
              "--exit-after-ms", "500"}),
      Failed("Robbed", "port stolen by no gateway", kPoint, Steal(),
             v1::REASON_PORT_HELD, {"--listen-delay-ms", "700"}),
      Failed("Slow", "slow, without progress", kPoint, Nothing(), kSpent,
             {"--listen-delay-ms", "60000"}),
      Survived("Late", "slow, within the budget", kPoint, Nothing(),
               {"--listen-delay-ms", "1500"}),
  };
}

std::vector<Case> WaitingForReady() {
  constexpr Point kPoint = Point::kWaitingForReady;
  constexpr auto kDied = v1::REASON_DIED_WHILE_STARTING;
  constexpr auto kSpent = v1::REASON_START_BUDGET_SPENT;
  const std::vector<std::string> unready = {"--behaviour", "not_ready_forever"};
  return {
      Failed("Killed", "kill -9", kPoint, Kill(SIGKILL), kDied, unready),
      Failed("Stopped", "SIGSTOP", kPoint, Kill(SIGSTOP), kSpent, unready),
      Failed("Hung", "hang, waiting", kPoint, Nothing(), kSpent,
             {"--hang-at", "listening"}),
      Failed("HungBusily", "hang, computing", kPoint, Nothing(), kSpent,
             {"--hang-at", "listening", "--hang-busily"}),
      Failed("Refused", "exit 78, no repair known", kPoint, Nothing(),
             v1::REASON_CONFIGURATION_REFUSED,
             {"--behaviour", "not_ready_forever", "--exit-at", "listening",
              "--exit-code", "78", "--exit-after-ms", "500"}),
      Failed("Garbage", "garbage over HTTP", kPoint, Nothing(), kSpent,
             {"--behaviour", "not_http"}),
      Survived("Late", "slow answers", kPoint, Nothing(),
               {"--ready-delay-ms", "1500"}),
  };
}

std::vector<Case> Connecting() {
  constexpr Point kPoint = Point::kConnecting;
  constexpr auto kDied = v1::REASON_DIED_WHILE_STARTING;
  constexpr auto kSpent = v1::REASON_START_BUDGET_SPENT;
  const std::vector<std::string> mute = {"--behaviour", "mute"};
  Case slow =
      Failed("HalfOpen", "half-open socket", kPoint, Nothing(), kSpent, mute);
  slow.settings = "  handshake_timeout: 500ms\n";
  return {
      Failed("Stopped", "SIGSTOP", kPoint, Kill(SIGSTOP), kSpent, mute),
      Failed("Hung", "hang, waiting", kPoint, Nothing(), kSpent,
             {"--hang-at", "connect"}),
      Failed("HungBusily", "hang, computing", kPoint, Nothing(), kSpent,
             {"--hang-at", "connect", "--hang-busily"}),
      Failed("Ended", "exit 0", kPoint, Nothing(), kDied,
             {"--exit-at", "connect", "--exit-code", "0", "--exit-after-ms",
              "300", "--behaviour", "close_on_connect:1006"}),
      Failed("Refused", "exit 78, no repair known", kPoint, Nothing(),
             v1::REASON_CONFIGURATION_REFUSED,
             {"--exit-at", "connect", "--exit-code", "78", "--exit-after-ms",
              "300", "--behaviour", "close_on_connect:1006"}),
      slow,
      Survived("Garbage", "garbage before the challenge", kPoint, Nothing(),
               {"--behaviour", "garbage_first"}),
      Survived("Unready", "sent away thrice", kPoint, Nothing(),
               {"--behaviour", "starting:3"}),
  };
}

// A gateway that is not the one launched was not taken for it.
bool NeverRunning(const Seen& since) {
  return !since.Entered(State::STATE_RUNNING);
}

// The port is taken by a gateway of the same user, after it was found free.
std::vector<Case> Impostors() {
  Case impostor = Failed("RobbedByAGateway", "port stolen by a gateway",
                         Point::kWaitingForPort,
                         [](ChaosTest& test) { test.StealPort({}); },
                         v1::REASON_PORT_HELD, {"--listen-delay-ms", "700"});
  impostor.also = NeverRunning;
  return {impostor};
}

INSTANTIATE_TEST_SUITE_P(Impostors, FaultTest, ::testing::ValuesIn(Impostors()),
                         CaseName);
INSTANTIATE_TEST_SUITE_P(WaitingForPort, FaultTest,
                         ::testing::ValuesIn(WaitingForPort()), CaseName);
INSTANTIATE_TEST_SUITE_P(WaitingForReady, FaultTest,
                         ::testing::ValuesIn(WaitingForReady()), CaseName);
INSTANTIATE_TEST_SUITE_P(Connecting, FaultTest,
                         ::testing::ValuesIn(Connecting()), CaseName);

}  // namespace
}  // namespace clawplane::testing
