// What the manager sees of a gateway, and what it makes of it.

#include <signal.h>

#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ManagerHealthTest : public ManagerTest {
 protected:
  std::vector<core::Run> Runs() {
    std::vector<core::Run> runs;
    OnStrand([&] {
      runs.assign(manager_->runs().runs().begin(),
                  manager_->runs().runs().end());
    });
    return runs;
  }

  void AwaitHealth(bool ok) {
    Await([=, this] {
      const auto& health = manager_->status().health;
      return health && health->ok() == ok;
    });
  }
};

// ---- Checks

TEST_F(ManagerHealthTest, ChecksTheGatewayEachInterval) {
  FakeGateway& gateway = RunLaunched();

  Advance(config_.liveness.check_interval);

  AwaitHealth(true);
  EXPECT_TRUE(gateway.WaitForMethod("last-heartbeat"));
  EXPECT_TRUE(ErrorsTold().empty());
}

TEST_F(ManagerHealthTest, TellsAFailedCheckAndRestartsNothing) {
  FakeGateway& gateway = RunLaunched();
  gateway.SetSilent(true);

  Advance(config_.liveness.check_interval);
  Advance(config_.liveness.check_timeout);

  AwaitHealth(false);
  EXPECT_EQ(Status().state, State::kRunning);
  EXPECT_EQ(Status().health->failed, Health::Layer::kRpc);
  EXPECT_THAT(ErrorsTold(), ElementsAre(Reason::kHealthCheckFailed));
  EXPECT_EQ(launcher_.lives.size(), 1u);
}

TEST_F(ManagerHealthTest, APongEndsASuspicion) {
  FakeGateway& gateway = RunLaunched();
  gateway.SetSilent(true);
  Advance(config_.liveness.check_interval);
  Advance(config_.liveness.check_timeout);
  AwaitHealth(false);
  const uint64_t before = Status().revision;

  Advance(config_.liveness.check_interval);

  // It was suspected, and then no longer.
  Await([=, this] {
    const GatewayStatus& status = manager_->status();
    return status.revision >= before + 2 && !status.suspect_since;
  });
  EXPECT_EQ(Status().state, State::kRunning);
}

TEST_F(ManagerHealthTest, AnAnswerDoesNotCountAsACall) {
  RunLaunched();
  Advance(config_.liveness.check_interval);
  AwaitHealth(true);

  EXPECT_TRUE(EventsOf(EventKind::kUnrecognizedMessage).empty());
}

TEST_F(ManagerHealthTest, LaunchesAGatewayAnewThatIsGoneForTooLong) {
  RunLaunched();
  const TimePoint begin = alarm_.Now().steady;
  // The process lives on, with nothing in it.
  OnStrand([this] { life().gateway.reset(); });
  AwaitState(State::kReconnecting);

  Await([this] { return launcher_.lives.size() == 2; }, Time::kFlies);

  EXPECT_GE(alarm_.Now().steady - begin, config_.liveness.silence_limit);
  AwaitState(State::kRunning, Time::kFlies);
  const core::Run run = Runs().front();
  EXPECT_EQ(run.end_cause, EndCause::kUnresponsive);
  ASSERT_GE(run.evidence.size(), 2u);
  EXPECT_THAT(run.evidence.back().text, HasSubstr("the port is closed"));
  EXPECT_EQ(Runs().back().start_cause, StartCause::kDecision);
  EXPECT_EQ(ErrorsTold().back(), Reason::kUnresponsive);
}

// ---- The process

TEST_F(ManagerHealthTest, TellsAtOnceThatTheProcessIsStopped) {
  RunLaunched();

  OnStrand([this] { life().Stop(true); });

  AwaitHealth(false);
  EXPECT_EQ(Status().health->failed, Health::Layer::kProcess);
  EXPECT_THAT(ErrorsTold(), ElementsAre(Reason::kProcessStopped));

  OnStrand([this] { life().Stop(false); });

  AwaitHealth(true);
  EXPECT_EQ(Status().state, State::kRunning);
}

TEST_F(ManagerHealthTest, SamplesTheMemoryOfTheProcess) {
  config_.machine.memory_soft_limit = 100 << 20;
  config_.machine.memory_hard_limit = 200 << 20;
  RunLaunched();

  OnStrand([this] { life().vitals = {'S', {}, 150 << 20, 160 << 20}; });
  Advance(config_.liveness.check_interval);
  AwaitEvents(EventKind::kError, 1);
  EXPECT_EQ(Status().resident_bytes, 150u << 20);
  EXPECT_THAT(ErrorsTold(), ElementsAre(Reason::kMemoryLimit));
  EXPECT_EQ(Status().state, State::kRunning);

  OnStrand([this] { life().vitals.resident_bytes = 250 << 20; });
  Advance(config_.liveness.check_interval);
  Await([this] { return launcher_.lives.size() == 2; }, Time::kFlies);

  const core::Run run = Runs().front();
  EXPECT_EQ(run.end_cause, EndCause::kMemory);
  EXPECT_EQ(run.peak_resident_bytes, 160u << 20);
  EXPECT_THAT(run.evidence.back().text, HasSubstr("250 MiB"));
}

TEST_F(ManagerHealthTest, CountsWhatAProcessLeftBehind) {
  RunLaunched();
  OnStrand([this] { life().stragglers = 3; });

  const OrderResult stopped = Result(Stop());

  ASSERT_TRUE(stopped.exit);
  EXPECT_EQ(stopped.exit->stragglers, 3);
}

TEST_F(ManagerHealthTest, FollowsARestartWithinTheProcess) {
  FakeGateway& gateway = RunLaunched();
  const std::string boot_id = Status().boot_id;

  gateway.Restart(milliseconds(50));

  AwaitState(State::kReconnecting);
  AwaitState(State::kRunning, Time::kFlies);
  EXPECT_NE(Status().boot_id, boot_id);
  EXPECT_EQ(Status().reconnect_attempts, 0u);
  EXPECT_EQ(Status().restarts, 0u);
  EXPECT_EQ(launcher_.lives.size(), 1u);
  EXPECT_TRUE(life().signals.empty());
}

// ---- Repair

TEST_F(ManagerHealthTest, RepairsARefusedStateOnce) {
  launcher_.script = [this](ScriptedLife& life) {
    switch (launcher_.lives.size()) {
      case 1:
        life.Print(LogSource::kStderr, "Invalid config");
        return life.Exit(ExitStatus::Exited(78));
      case 2:
        life.Print(LogSource::kStdout, "1 problem mended");
        return life.Exit(ExitStatus::Exited(0));
      default:
        return life.Serve(Options());
    }
  };
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  EXPECT_FALSE(result.fault);
  EXPECT_THAT(launcher_.specs[1].arguments, ElementsAre("doctor", "--fix"));
  const auto repairs = EventsOf(EventKind::kRepair);
  ASSERT_EQ(repairs.size(), 1u);
  const auto& repair = std::get<RepairDetail>(repairs[0].what.detail);
  EXPECT_EQ(repair.end.exit, ExitStatus::Exited(0));
  EXPECT_EQ(repair.last_words, "1 problem mended");
  const auto runs = Runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].exit->exit, ExitStatus::Exited(78));
  EXPECT_EQ(runs[1].start_cause, StartCause::kRepair);
}

TEST_F(ManagerHealthTest, NamesTheHolderOfTheStateLock) {
  lock_holder_ = "process 7 (openclaw)";
  launcher_.script = [](ScriptedLife& life) {
    life.Exit(ExitStatus::Exited(78));
  };
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kStateLocked);
  EXPECT_THAT(result.fault->message, HasSubstr("process 7 (openclaw)"));
  EXPECT_EQ(launcher_.lives.size(), 1u);
}

// ---- Runs

TEST_F(ManagerHealthTest, KeepsWhatARunWroteAndHowLongItsPhasesLasted) {
  config_.gateway.environment = {"API_KEY=sk-0123456789", "LEVEL=info"};
  LaunchesServe();
  Begin(Mode::kLaunch);
  ASSERT_FALSE(Result(Start()).fault);
  OnStrand([this] {
    life().Print(LogSource::kStderr, "key sk-0123456789, level info");
    life().Print(LogSource::kStdout, "not an error");
  });
  Result(Stop());

  const core::Run run = Runs().front();

  EXPECT_EQ(run.pid, life().pid);
  EXPECT_EQ(run.start_cause, StartCause::kStart);
  EXPECT_EQ(run.end_cause, EndCause::kStop);
  EXPECT_TRUE(run.ready_after);
  EXPECT_EQ(run.version, "2026.9.6");
  ASSERT_EQ(run.last_stderr.size(), 1u);
  EXPECT_EQ(run.last_stderr[0].text, "key [redacted], level info");
  ASSERT_GE(run.phases.size(), 3u);
  EXPECT_EQ(run.phases.back().phase, Phase::kTerminating);
}

// ---- The wish

TEST_F(ManagerHealthTest, StoresWhatIsWanted) {
  RunLaunched();
  EXPECT_THAT(wishes_, ElementsAre(true));
  Result(Restart());
  EXPECT_THAT(wishes_, ElementsAre(true));
  Result(Stop());
  EXPECT_THAT(wishes_, ElementsAre(true, false));
}

TEST_F(ManagerHealthTest, KeepsTheWishWhenTheControlPlaneEnds) {
  RunLaunched();

  OnStrand([this] { manager_->Shutdown([] {}); });
  AwaitState(State::kStopped);

  EXPECT_THAT(wishes_, ElementsAre(true));
}

TEST_F(ManagerHealthTest, StartsByItselfWhatIsWanted) {
  LaunchesServe();
  Begin(Mode::kLaunch);

  OnStrand([this] { manager_->Resume({}, /*autostart=*/true); });

  AwaitState(State::kRunning, Time::kFlies);
  EXPECT_EQ(Runs().front().start_cause, StartCause::kServerStart);
}

TEST_F(ManagerHealthTest, GoesOnWhenAWishCannotBeStored) {
  wish_fault_ = Fault{Reason::kWishNotStored, "No space left on device", ""};

  RunLaunched();

  EXPECT_EQ(ErrorsTold().front(), Reason::kWishNotStored);
  EXPECT_EQ(Status().state, State::kRunning);
}

}  // namespace
}  // namespace clawplane::core
