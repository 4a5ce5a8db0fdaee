// Faults in a gateway that runs, or did.

#include <signal.h>

#include "tests/chaos/chaos_test.h"
#include "tests/chaos/faults.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;

// One after which the gateway is launched again.
Case Relaunched(const char* name, const char* fault, Point point, Fault inject,
                v1::Reason reason = v1::REASON_UNSPECIFIED) {
  return {
      .name = name,
      .fault = fault,
      .point = point,
      .inject = std::move(inject),
      .state = State::STATE_RUNNING,
      .process = Process::kOther,
      .reason = reason,
      .call = point == Point::kRunning ? StatusCode::ABORTED : StatusCode::OK};
}

// One that the process survives, and this shows that it took place. A call that
// is being worked on is answered.
Case Survived(const char* name, const char* fault, Point point, Fault inject,
              Sign also) {
  return {.name = name,
          .fault = fault,
          .point = point,
          .inject = std::move(inject),
          .state = State::STATE_RUNNING,
          .process = Process::kSame,
          .also = std::move(also),
          .method = point == Point::kRunning ? "fake.delay" : nullptr,
          .params = R"({"ms":500})"};
}

// Stopped for so long that it is suspected, and no longer.
void StopAndContinue(ChaosTest& test) {
  test.Signal(SIGSTOP);
  EXPECT_TRUE(test.Await([](const Seen& since) {
    return !since.statuses.empty() && since.statuses.back().has_suspect_since();
  }));
  test.Signal(SIGCONT);
}

bool SuspicionIsOver(const Seen& since) {
  bool suspected = false;
  for (const auto& status : since.statuses) {
    suspected = suspected || status.has_suspect_since();
  }
  return suspected && !since.statuses.back().has_suspect_since() &&
         !since.Entered(State::STATE_RECONNECTING);
}

std::vector<Case> Running() {
  constexpr Point kPoint = Point::kRunning;
  constexpr auto kSilent = v1::REASON_UNRESPONSIVE;
  Case lost = Survived("Dropped", "connection reset", kPoint, Ask("fake.drop"),
                       Entered(State::STATE_RUNNING));
  lost.method = nullptr;
  lost.call = StatusCode::ABORTED;
  Case restarted =
      Survived("RestartedItself", "restart within the process", kPoint,
               Ask("fake.restart"), Entered(State::STATE_RUNNING));
  restarted.method = nullptr;
  restarted.call = StatusCode::ABORTED;
  Case slow = Survived("Slow", "slow answers", kPoint,
                       Ask("fake.delay", R"({"ms":1500})"),
                       Event(v1::EVENT_KIND_NOTIFICATION));
  slow.params = R"({"ms":3000})";
  slow.call_timeout = std::chrono::milliseconds(700);
  slow.call = StatusCode::DEADLINE_EXCEEDED;
  // The peer of the one connection is gone, and nobody says so.
  Case half_open = Survived("HalfOpen", "half-open socket", kPoint,
                            Ask("fake.freeze"), Entered(State::STATE_RUNNING));
  half_open.method = nullptr;
  half_open.call = StatusCode::ABORTED;
  return {
      Relaunched("Hung", "hang, waiting", kPoint, Ask("fake.hang"), kSilent),
      Relaunched("HungBusily", "hang, computing", kPoint,
                 Ask("fake.hang", R"({"busy":true})"), kSilent),
      Relaunched("Ended", "exit 0", kPoint, Ask("fake.exit")),
      Relaunched("Aborted", "abort", kPoint, Ask("fake.abort")),
      Survived("StoppedBriefly", "SIGSTOP, SIGCONT when suspected", kPoint,
               StopAndContinue, SuspicionIsOver),
      Survived("HungBriefly", "hang of 2.5 s", kPoint,
               Ask("fake.stall", R"({"ms":2500})"), SuspicionIsOver),
      Survived("Binary", "binary garbage", kPoint, Ask("fake.binary"),
               Event(v1::EVENT_KIND_UNRECOGNIZED_MESSAGE)),
      Survived("Jump", "lost events", kPoint,
               Ask("fake.skip_seq", R"({"count":7})"),
               Event(v1::EVENT_KIND_GAP)),
      lost,
      restarted,
      slow,
      half_open,
  };
}

std::vector<Case> Reconnecting() {
  constexpr Point kPoint = Point::kReconnecting;
  return {
      Relaunched("Stopped", "SIGSTOP", kPoint, Kill(SIGSTOP),
                 v1::REASON_UNRESPONSIVE),
      Relaunched("Ended", "exit by SIGTERM", kPoint, Kill(SIGTERM)),
      Survived("Restarted", "restart within the process (SIGUSR2)", kPoint,
               Kill(SIGUSR2), nullptr),
  };
}

std::vector<Case> Relaunching() {
  constexpr Point kPoint = Point::kRelaunching;
  Case foreign = Relaunched(
      "RobbedByAGateway", "port stolen by a gateway, given back", kPoint,
      [](ChaosTest& test) {
        test.StealPort({});
        EXPECT_TRUE(test.Await(
            [](const Seen& since) { return since.Has(v1::REASON_PORT_HELD); }));
        test.ReturnPort();
        test.BeginRecovery();
      },
      v1::REASON_PORT_HELD);
  Case stopped = Relaunched("Unwanted", "a Stop", kPoint,
                            [](ChaosTest& test) { test.GiveStop(); });
  stopped.state = State::STATE_STOPPED;
  stopped.process = Process::kNone;
  stopped.call = StatusCode::FAILED_PRECONDITION;
  return {foreign, stopped};
}

INSTANTIATE_TEST_SUITE_P(Running, FaultTest, ::testing::ValuesIn(Running()),
                         CaseName);
INSTANTIATE_TEST_SUITE_P(Reconnecting, FaultTest,
                         ::testing::ValuesIn(Reconnecting()), CaseName);
INSTANTIATE_TEST_SUITE_P(Relaunching, FaultTest,
                         ::testing::ValuesIn(Relaunching()), CaseName);

}  // namespace
}  // namespace clawplane::testing
