// How a gateway goes down: it dies, is stopped, is restarted, or the control
// plane ends.

#include <signal.h>

#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Kind = BehaviourKind;

// ---- It dies

TEST_F(ManagerTest, FailsTheStartOfAProcessThatNeverListens) {
  launcher_.script = [](ScriptedLife& life) {
    life.Print(LogSource::kStderr, "first of all");
    life.Print(LogSource::kStderr, "reading the configuration");
    life.Print(LogSource::kStdout, "  ");
    life.Print(LogSource::kStderr, "cannot find the plugin");
    life.Print(LogSource::kStderr, "giving up");
    life.Exit(ExitStatus::Exited(3));
  };
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kDiedWhileStarting);
  EXPECT_EQ(result.fault->message,
            "the gateway ended before it was ready (exit code 3); it said: "
            "reading the configuration | cannot find the plugin | giving up");
  EXPECT_EQ(result.status.state, State::kError);
}

TEST_F(ManagerTest, QuotesTheLastWordsOfTheRunInProgressOnly) {
  launcher_.script = [](ScriptedLife& life) {
    life.Print(LogSource::kStderr, "of the first");
    life.Exit(ExitStatus::Exited(3));
  };
  Begin(Mode::kLaunch);
  EXPECT_TRUE(Result(Start()).fault);
  OnStrand([this] {
    launcher_.script = [](ScriptedLife& life) {
      life.Exit(ExitStatus::Signaled(SIGSEGV));
    };
  });

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_THAT(result.fault->message, HasSubstr("signal 11"));
  EXPECT_THAT(result.fault->message, Not(HasSubstr("it said")));
}

TEST_F(ManagerTest, TellsThatTheGatewayRefusesItsConfiguration) {
  launcher_.script = [](ScriptedLife& life) {
    life.Exit(ExitStatus::Exited(78));
  };
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kConfigurationRefused);
}

TEST_F(ManagerTest, FailsTheStartOfAProcessThatDiesWhileItListens) {
  LaunchesServe({Kind::kNotReadyForever});
  Begin(Mode::kLaunch);
  const auto start = Start();
  AwaitPhase(Phase::kWaitingForReady, Time::kFlies);

  OnStrand([this] { life().Exit(ExitStatus::Exited(1)); });

  const OrderResult result = Result(start);
  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kDiedWhileStarting);
}

TEST_F(ManagerTest, FailsTheStartOfAProcessThatDiesInTheHandshake) {
  LaunchesServe({Kind::kMute});
  Begin(Mode::kLaunch);
  const auto start = Start();
  AwaitPhase(Phase::kConnecting, Time::kFlies);
  ASSERT_TRUE(life().gateway->WaitForConnections(1));

  OnStrand([this] { life().Exit(ExitStatus::Exited(1)); });

  const OrderResult result = Result(start);
  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kDiedWhileStarting);
}

TEST_F(ManagerTest, LaunchesAgainWhatDiesWhileRunning) {
  RunLaunched();

  OnStrand([this] { life().Exit(ExitStatus::Signaled(SIGSEGV)); });
  Await([this] { return manager_->status().last_exit.has_value(); });
  EXPECT_EQ(Status().state, State::kReconnecting);
  AwaitState(State::kRunning, Time::kFlies);

  const GatewayStatus status = Status();
  EXPECT_EQ(status.restarts, 1u);
  EXPECT_EQ(status.pid, 4712);
  ASSERT_TRUE(status.last_exit);
  EXPECT_EQ(status.last_exit->pid, 4711);
  EXPECT_EQ(status.last_exit->exit, ExitStatus::Signaled(SIGSEGV));
  EXPECT_FALSE(status.last_exit->expected);
  EXPECT_THAT(StatesTold(), ElementsAre(State::kStarting, State::kRunning,
                                        State::kReconnecting, State::kRunning));
}

TEST_F(ManagerTest, TellsAnExitBeforeTheChangeThatFollowsFromIt) {
  launcher_.script = [](ScriptedLife& life) {
    life.Exit(ExitStatus::Exited(3));
  };
  Begin(Mode::kLaunch);

  EXPECT_TRUE(Result(Start()).fault);

  std::vector<EventKind> kinds;
  for (const Event& event : Events()) kinds.push_back(event.what.kind);
  EXPECT_THAT(kinds,
              ElementsAre(EventKind::kStateChanged, EventKind::kProcessExit,
                          EventKind::kStateChanged));
}

TEST_F(ManagerTest, GivesUpAfterThreeLaunchesInARowThatNeverRan) {
  RunLaunched();
  OnStrand([this] {
    launcher_.script = [](ScriptedLife& life) {
      life.Exit(ExitStatus::Exited(3));
    };
    life().Exit(ExitStatus::Exited(3));
  });

  AwaitState(State::kError, Time::kFlies);

  EXPECT_EQ(Status().error->reason, Reason::kCrashLoop);
  EXPECT_EQ(launcher_.specs.size(), 4u);
}

TEST_F(ManagerTest, OnlyConnectsAgainWhileTheProcessLives) {
  FakeGateway& gateway = RunLaunched();

  gateway.DropAll();
  AwaitState(State::kReconnecting);
  EXPECT_EQ(Status().error->reason, Reason::kConnectionLost);
  AwaitState(State::kRunning, Time::kFlies);

  EXPECT_EQ(launcher_.specs.size(), 1u);
  EXPECT_EQ(gateway.connections(), 2);
}

TEST_F(ManagerTest, NeverReplacesAForeignGatewayThatVanished) {
  ServeForeign();
  Begin(Mode::kAuto);
  EXPECT_FALSE(Result(Start()).fault);

  foreign_->Stop();
  Await([this] { return manager_->status().reconnect_attempts == 3; },
        Time::kFlies);

  EXPECT_EQ(Status().state, State::kReconnecting);
  EXPECT_TRUE(launcher_.specs.empty());
  ServeForeign();
  AwaitState(State::kRunning, Time::kFlies);
}

// ---- It is stopped

TEST_F(ManagerTest, StopsItsProcess) {
  RunLaunched();

  const OrderResult result = Result(Stop());

  EXPECT_FALSE(result.fault);
  EXPECT_EQ(result.status.state, State::kStopped);
  EXPECT_EQ(result.old_pid, 4711);
  ASSERT_TRUE(result.exit);
  EXPECT_EQ(result.exit->exit, ExitStatus::Exited(0));
  EXPECT_TRUE(result.exit->expected);
  EXPECT_FALSE(result.exit->killed);
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
}

TEST_F(ManagerTest, KillsWhatIgnoresSigtermOnceTheGraceIsOver) {
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });
  const auto stop = Stop();
  EXPECT_EQ(Status().phase, Phase::kTerminating);

  Advance(config_.machine.stop_grace - std::chrono::nanoseconds(1));
  EXPECT_EQ(Status().phase, Phase::kTerminating);
  Advance(std::chrono::nanoseconds(1));

  const OrderResult result = Result(stop);
  ASSERT_TRUE(result.exit);
  EXPECT_EQ(result.exit->exit, ExitStatus::Signaled(SIGKILL));
  EXPECT_TRUE(result.exit->killed);
  EXPECT_EQ(result.took, config_.machine.stop_grace);
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(ManagerTest, KillsAtOnceWhenForced) {
  RunLaunched();

  const OrderResult result = Result(Stop(/*force=*/true));

  EXPECT_TRUE(result.exit->killed);
  EXPECT_THAT(life().signals, ElementsAre(SIGKILL));
}

TEST_F(ManagerTest, OnlyLetsGoOfAForeignGateway) {
  FakeGateway& gateway = RunAttached();

  const OrderResult result = Result(Stop());

  EXPECT_EQ(result.status.state, State::kStopped);
  EXPECT_TRUE(gateway.WaitForCloses(1));
  EXPECT_THAT(gateway.closes(), ElementsAre(1000));
}

TEST_F(ManagerTest, SupersedesAStartByAStop) {
  Begin(Mode::kAttach);
  const auto start = Start();

  EXPECT_FALSE(Result(Stop()).fault);

  ASSERT_TRUE(Result(start).fault);
  EXPECT_EQ(Result(start).fault->reason, Reason::kSuperseded);
}

TEST_F(ManagerTest, DoesNotTellWhoForgotAnOrder) {
  Begin(Mode::kAttach);
  bool told = false;
  OnStrand([&] {
    manager_->Forget(manager_->Start([&](const OrderResult&) { told = true; }));
  });
  ServeForeign();

  AwaitState(State::kRunning, Time::kFlies);

  EXPECT_FALSE(told);
}

TEST_F(ManagerTest, RestartsItsProcess) {
  RunLaunched();
  const std::string old_boot_id = Status().boot_id;

  const OrderResult result = Result(Restart());

  EXPECT_FALSE(result.fault);
  EXPECT_EQ(result.old_pid, 4711);
  EXPECT_EQ(result.old_boot_id, old_boot_id);
  EXPECT_EQ(result.status.pid, 4712);
  EXPECT_NE(result.status.boot_id, old_boot_id);
  ASSERT_TRUE(result.exit);
  EXPECT_EQ(result.exit->pid, 4711);
  EXPECT_GE(result.took, config_.machine.restart_delay);
}

TEST_F(ManagerTest, CanBeCalledFromTheCompletionOfAStart) {
  ServeForeign();
  Begin(Mode::kAttach);
  const CallRequest request = Request("fake.echo", "{}");
  std::optional<bool> answered;
  OnStrand([&] {
    manager_->Start([&](const OrderResult&) {
      manager_->Call(request, [&](const CallResult& result) {
        answered = std::holds_alternative<CallAnswered>(result);
      });
    });
  });

  AwaitState(State::kRunning);
  EXPECT_TRUE(Ask("fake.echo").answered());

  EXPECT_EQ(answered, true);
}

// ---- The control plane ends

TEST_F(ManagerTest, RefusesWhatComesAfterShutdown) {
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });
  bool stopped = false;
  OnStrand([&] {
    manager_->Shutdown([&] {
      stopped = true;
      Changed();
    });
  });

  const OrderResult start = Result(Start());
  const OrderResult restart = Result(Restart());
  const Answer call = Ask("fake.echo");

  ASSERT_TRUE(start.fault);
  EXPECT_EQ(start.fault->reason, Reason::kShuttingDown);
  ASSERT_TRUE(restart.fault);
  EXPECT_EQ(restart.fault->reason, Reason::kShuttingDown);
  ASSERT_TRUE(call.failed);
  EXPECT_EQ(call.failed->fault.reason, Reason::kShuttingDown);
  EXPECT_EQ(call.failed->outcome, Outcome::kNotSent);
  EXPECT_FALSE(stopped);
  OnStrand([this] { life().Exit(ExitStatus::Exited(0)); });
  AwaitState(State::kStopped);
  Await([&] { return stopped; });
}

TEST_F(ManagerTest, ForcesTheEndWhenShutDownTwice) {
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });
  int stopped = 0;

  const auto count = [&] {
    ++stopped;
    Changed();
  };
  OnStrand([&] { manager_->Shutdown(count); });
  OnStrand([&] { manager_->Shutdown(count); });

  // The first one waits for the goodbye to the gateway as well.
  Await([&] { return stopped == 2; });
  AwaitState(State::kStopped);
  OnStrand(
      [this] { EXPECT_THAT(life().signals, ElementsAre(SIGTERM, SIGKILL)); });
}

TEST_F(ManagerTest, EndsAtOnceWhenNothingRuns) {
  Begin(Mode::kAuto);
  bool stopped = false;

  OnStrand([&] { manager_->Shutdown([&] { stopped = true; }); });

  EXPECT_TRUE(stopped);
}

TEST_F(ManagerTest, SaysGoodbyeToAForeignGatewayEvenWhenReleasedAtOnce) {
  FakeGateway& gateway = RunAttached();

  OnStrand([this] { manager_->Shutdown([this] { manager_->Release(); }); });

  EXPECT_TRUE(gateway.WaitForCloses(1));
  EXPECT_THAT(gateway.closes(), ElementsAre(1000));
}

TEST_F(ManagerTest, KillsWhatStillRunsWhenReleased) {
  RunLaunched();

  Finish();

  EXPECT_EQ(life().gateway, nullptr);
}

// Follows nothing.
class Stranger final : public Subscriber {
 public:
  void Wake(uint64_t) override {}
  void Close(const Fault&) override {}
};

TEST_F(ManagerTest, SetsNoAlarmOnceReleased) {
  RunAttached();
  Call(Request("fake.ignore"));
  CallRequest urgent = Request("fake.ignore");
  OnStrand([&] { urgent.deadline = alarm_.Now().steady + seconds(1); });
  CallId second = 0;
  Call(urgent, &second);
  Stranger nobody;

  OnStrand([&] {
    manager_->Release();
    manager_->CancelCall(second);
    manager_->Unsubscribe(Topic::kStatus, nobody);
    EXPECT_FALSE(alarm_.due());
  });
}

TEST_F(ManagerTest, SetsNoAlarmWhenReleasedByTheEndOfTheStop) {
  config_.machine.stop_grace = seconds(5);
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });
  OnStrand([this] {
    manager_->Shutdown([this] {
      manager_->Release();
      manager_->CloseStreams();
    });
  });

  OnStrand([this] { life().Exit(ExitStatus::Exited(0)); });
  Finish();

  EXPECT_FALSE(alarm_.due());
}

}  // namespace
}  // namespace clawplane::core
