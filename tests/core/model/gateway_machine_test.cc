// What every history of a gateway has in common, and what scenarios do not
// tell.

#include "core/model/gateway_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/model/trace.h"
#include "tests/core/model/machine_world.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

struct RandomLives {
  Mode mode;
  unsigned seed;
};

class GatewayMachineInRandomWorldTest
    : public ::testing::TestWithParam<RandomLives> {};

TEST_P(GatewayMachineInRandomWorldTest, KeepsItsPromises) {
  MachineWorld world(GetParam().mode, GetParam().seed);

  // A million in all.
  for (int i = 0; i < 112'000; ++i) {
    world.Step();
    ASSERT_EQ(world.fault(), "") << "in step " << i;
  }
  world.Drain();

  EXPECT_EQ(world.fault(), "");
  for (const State state : {State::kStopped, State::kStarting, State::kRunning,
                            State::kReconnecting, State::kError}) {
    EXPECT_GT(world.visits(state), 20) << Name(state);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GatewayMachineInRandomWorldTest,
                         ::testing::Values(RandomLives{Mode::kLaunch, 1},
                                           RandomLives{Mode::kLaunch, 2},
                                           RandomLives{Mode::kLaunch, 3},
                                           RandomLives{Mode::kAuto, 4},
                                           RandomLives{Mode::kAuto, 5},
                                           RandomLives{Mode::kAuto, 6},
                                           RandomLives{Mode::kAttach, 7},
                                           RandomLives{Mode::kAttach, 8},
                                           RandomLives{Mode::kAttach, 9}),
                         [](const auto& test) {
                           return "Seed" + std::to_string(test.param.seed);
                         });

class GatewayMachineTest : public ::testing::Test {
 protected:
  std::vector<Effect> Step(const Input& input) {
    return machine_.Step(input, now_);
  }
  void Advance(Duration time) {
    now_.steady += time;
    now_.wall += time;
  }
  const GatewayStatus& status() const { return machine_.status(); }

  // A child of ours that waits for its port.
  void LaunchChild() {
    Step(StartOrder{1});
    Step(PortSeen{1, {ProbeReport::Answer::kNothing, false, ""}});
    Step(Launched{1, 42});
  }

  Instant now_{TimePoint(seconds(100)), WallTime(seconds(1'000'000))};
  GatewayMachine machine_{{.mode = Mode::kLaunch}, [] { return 0.0; }};
};

TEST_F(GatewayMachineTest, TellsTheExitAndTheLastWordsOfAFailedStart) {
  LaunchChild();

  Step(ProcessExited{1, ExitStatus::Exited(78), "Missing config."});
  Step(LaunchFailed{2, {Reason::kGatewayNotInstalled, "no doctor", ""}});

  ASSERT_EQ(status().state, State::kError);
  EXPECT_THAT(status().error->message, HasSubstr("exit code 78"));
  EXPECT_THAT(status().error->message, HasSubstr("Missing config."));
  EXPECT_THAT(status().error->next_step, HasSubstr("start again"));
}

TEST_F(GatewayMachineTest, TakesOtherLimitsForAStartAndAStopInProgress) {
  LaunchChild();
  machine_.Use({.mode = Mode::kLaunch,
                .start_budget = seconds(7),
                .stop_grace = seconds(3)});

  Step(PortSeen{2, {ProbeReport::Answer::kNothing, false, ""}});
  Advance(milliseconds(50));
  Step(DeadlineReached());
  EXPECT_EQ(machine_.deadline(), TimePoint(seconds(107)));
  Step(StopOrder{2, std::nullopt, false});
  EXPECT_EQ(machine_.deadline(), now_.steady + seconds(3));
}

TEST_F(GatewayMachineTest, NamesWhoHoldsTheStateLock) {
  LaunchChild();

  Step(ProcessExited{1, ExitStatus::Exited(78), "", 0, "process 7 (openclaw)"});

  ASSERT_EQ(status().state, State::kError);
  EXPECT_THAT(status().error->message, HasSubstr("process 7 (openclaw)"));
  EXPECT_THAT(status().error->next_step, HasSubstr("gateway.home"));
}

TEST_F(GatewayMachineTest, TellsTheHistoryOfACrashLoop) {
  Step(WishFound{});
  Step(PortSeen{1, {ProbeReport::Answer::kNothing, false, ""}});
  for (Generation i = 1; i <= CrashBudget::kFailuresInARow; ++i) {
    Step(Launched{i, 42});
    Advance(seconds(i));
    Step(ProcessExited{i, ExitStatus::Exited(static_cast<int>(i)), ""});
    Advance(seconds(30));
    Step(DeadlineReached{});
    Step(PortSeen{1 + i, {ProbeReport::Answer::kNothing, false, ""}});
  }

  ASSERT_EQ(status().state, State::kError);
  EXPECT_THAT(status().error->message,
              HasSubstr("exit code 1 after 1 s, exit code 2 after 2 s, exit "
                        "code 3 after 3 s"));
}

TEST_F(GatewayMachineTest, KeepsTheWishWhenTheControlPlaneEnds) {
  LaunchChild();
  Step(StopOrder{2, std::nullopt, false, true});

  Step(ProcessExited{1, ExitStatus::Exited(0), ""});

  EXPECT_EQ(status().state, State::kStopped);
  EXPECT_TRUE(status().wanted_up);
}

TEST_F(GatewayMachineTest, EndsNoForeignGatewayForBeingSilent) {
  GatewayMachine machine({.mode = Mode::kAttach}, [] { return 0.0; });
  machine.Step(StartOrder{1}, now_);
  machine.Step(PortSeen{1, {ProbeReport::Answer::kAnswers, true, ""}}, now_);
  machine.Step(HandshakeAccepted{2, {}}, now_);

  EXPECT_TRUE(machine.Step(FoundUnresponsive{"silent"}, now_).empty());

  EXPECT_EQ(machine.status().state, State::kRunning);
}

TEST_F(GatewayMachineTest, RecordsHowAProcessEnded) {
  LaunchChild();
  Advance(seconds(3));
  Step(StopOrder{2, std::nullopt, true});
  Advance(seconds(1));

  Step(ProcessExited{1, ExitStatus::Signaled(9), ""});

  EXPECT_EQ(status().last_exit, (ProcessEnd{.pid = 42,
                                            .exit = ExitStatus::Signaled(9),
                                            .killed = true,
                                            .expected = true,
                                            .at = now_.wall,
                                            .lived = seconds(4)}));
}

TEST_F(GatewayMachineTest, NamesWhoHoldsThePort) {
  Step(StartOrder{1});

  Step(PortSeen{
      1, {ProbeReport::Answer::kUnintelligible, true, "process 4711 (nginx)"}});

  EXPECT_THAT(status().error->message, HasSubstr("port 18789"));
  EXPECT_THAT(status().error->message, HasSubstr("process 4711 (nginx)"));
  EXPECT_THAT(status().error->next_step, HasSubstr("gateway.port"));
}

TEST_F(GatewayMachineTest, SaysHowFarAStartGotWithinItsBudget) {
  LaunchChild();
  Advance(seconds(300));

  Step(DeadlineReached{});

  EXPECT_THAT(status().error->message, HasSubstr("300 s"));
  EXPECT_THAT(status().error->message, HasSubstr("waiting-for-port"));
}

TEST_F(GatewayMachineTest, SaysSoWhenManyAttemptsHaveFailed) {
  GatewayMachine machine({.mode = Mode::kAttach, .max_reconnect_attempts = 2},
                         [] { return 0.0; });
  machine.Step(StartOrder{1}, now_);
  machine.Step(PortSeen{1, {}}, now_);
  EXPECT_EQ(machine.status().error->message, "nothing listens on port 18789");
  Advance(seconds(1));
  machine.Step(DeadlineReached{}, now_);

  machine.Step(PortSeen{2, {}}, now_);

  EXPECT_EQ(machine.status().error->message,
            "nothing listens on port 18789 (2 attempts failed; trying on)");
}

TEST_F(GatewayMachineTest, KeepsWhatTheHelloTold) {
  LaunchChild();
  Advance(seconds(1));
  Step(DeadlineReached{});
  Step(PortSeen{2, {ProbeReport::Answer::kAnswers, true, ""}});
  Hello hello;
  hello.version = "2026.9.6";
  hello.protocol = 4;
  hello.boot_id = "b";

  Step(HandshakeAccepted{3, hello});

  EXPECT_EQ(status().version, "2026.9.6");
  EXPECT_EQ(status().protocol, 4u);
  EXPECT_EQ(status().boot_id, "b");
  EXPECT_EQ(status().connected_at->wall, now_.wall);
  EXPECT_EQ(status().phase_since, now_.steady);
}

TEST_F(GatewayMachineTest, TellsTheGiversOfOrdersLast) {
  LaunchChild();

  const auto effects = Step(StopOrder{2, std::nullopt, false});

  EXPECT_EQ(Describe(effects),
            "terminate, record-state, publish, finish 1 SUPERSEDED");
  EXPECT_EQ(Describe(std::vector<Effect>()), "nothing");
}

TEST(InputInWordsTest, SaysWhatHappened) {
  EXPECT_EQ(Describe(Input(StopOrder{1, std::nullopt, true})), "stop force");
  EXPECT_EQ(Describe(Input(RestartOrder{1, std::nullopt, false})), "restart");
  EXPECT_EQ(Describe(Input(PortSeen{1, {}})), "port-seen nothing");
  EXPECT_EQ(Describe(Input(Launched{1, 42})), "launched 42");
  EXPECT_EQ(Describe(Input(ProcessExited{1, ExitStatus::Signaled(9), ""})),
            "exited signal 9 (Killed)");
  EXPECT_EQ(
      Describe(Input(HandshakeRefused{1, {Reason::kTokenRefused, "", ""}})),
      "refused TOKEN_REFUSED");
  EXPECT_EQ(Describe(Input(ConnectionLost{1, "1006"})),
            "connection-lost (1006)");
  EXPECT_EQ(Describe(Input(DeadlineReached{})), "deadline");
}

}  // namespace
}  // namespace clawplane::core
