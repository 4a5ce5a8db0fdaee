// What outlives a control plane, and what a gateway finishes before its end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ContinuityTest : public ManagerTest {
 protected:
  ContinuityTest() { launcher_.may_be_left = true; }

  // What an earlier control plane has stored.
  StateRecord Left(std::optional<bool> wanted_up = true) {
    return {.wanted_up = wanted_up,
            .epoch = "the one before",
            .gateway =
                LeftGateway{.process = {99, 7, "boot", "run"},
                            .port = port(),
                            .generation = 5,
                            .launched_at = alarm_.Now().wall - seconds(100)}};
  }

  void Resume(const StateRecord& found) {
    OnStrand([&] { manager_->Resume(found, false); });
  }

  Later<OrderResult> Drain(bool restart = false) {
    auto result = std::make_shared<std::optional<OrderResult>>();
    OnStrand([&] {
      const auto done = [this, result](const OrderResult& order) {
        *result = order;
        Changed();
      };
      restart ? manager_->Restart({.drain = true}, done)
              : manager_->Stop({.drain = true}, done);
    });
    return result;
  }
};

// ---- From one control plane to the next

TEST_F(ContinuityTest, OwnsAGatewayThatWasLeftRunning) {
  ServeForeign();
  Begin(Mode::kAuto);

  Resume(Left());
  AwaitState(State::kRunning, Time::kFlies);

  const GatewayStatus status = Status();
  EXPECT_EQ(status.pid, 99);
  EXPECT_TRUE(status.owned);
  EXPECT_TRUE(launcher_.specs.empty());
  EXPECT_EQ(status.restarts, 0u);
  // What it said meanwhile nobody has heard.
  EXPECT_EQ(EventsOf(EventKind::kGap).size(), 1u);
  OnStrand([this] {
    const core::Run& run = manager_->runs().runs().back();
    EXPECT_EQ(run.pid, 99);
    EXPECT_EQ(run.start_cause, StartCause::kAdoption);
    EXPECT_EQ(alarm_.Now().wall - run.started_at.wall, seconds(100));
  });
  EXPECT_EQ(records_.back().epoch, "epoch");
  EXPECT_EQ(records_.back().gateway->generation, 5u);
}

TEST_F(ContinuityTest, EndsAGatewayThatWasLeftAsOneOfItsOwn) {
  ServeForeign();
  Begin(Mode::kAuto);
  Resume(Left());
  AwaitState(State::kRunning, Time::kFlies);
  OnStrand([this] { life().on_terminate = ExitStatus::Unknown(); });

  const OrderResult result = Result(Stop());

  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
  ASSERT_TRUE(result.exit);
  EXPECT_EQ(result.exit->exit, ExitStatus::Unknown());
  EXPECT_EQ(result.exit->lived / seconds(1), 100);
  EXPECT_FALSE(records_.back().gateway);
  EXPECT_EQ(records_.back().wanted_up, false);
}

TEST_F(ContinuityTest, LaunchesAnotherInPlaceOfWhatItCannotProve) {
  Begin(Mode::kLaunch);
  OnStrand([this] {
    launcher_.failure = Fault{Reason::kNotAdopted, "it has ended", ""};
  });
  Resume(Left());

  EXPECT_EQ(ErrorsTold().front(), Reason::kNotAdopted);
  Await([this] { return !launcher_.specs.empty(); });
}

TEST_F(ContinuityTest, EndsWhatWasLeftOnAPortThatIsNotConfigured) {
  LaunchesServe();
  Begin(Mode::kLaunch);
  StateRecord left = Left();
  left.gateway->port = 7;

  Resume(left);
  AwaitState(State::kRunning, Time::kFlies);

  EXPECT_THAT(ErrorsTold(), ElementsAre(Reason::kNotAdopted));
  EXPECT_EQ(launcher_.specs.size(), 1u);
  OnStrand([this] {
    const core::Run& first = manager_->runs().runs().front();
    EXPECT_EQ(first.start_cause, StartCause::kAdoption);
    EXPECT_EQ(first.end_cause, EndCause::kOtherPort);
  });
}

TEST_F(ContinuityTest, StopsWhatWasLeftAndIsNotWanted) {
  Begin(Mode::kAuto);

  Resume(Left(false));
  AwaitState(State::kStopped);

  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
}

TEST_F(ContinuityTest, OwnsNothingInModeAttach) {
  ServeForeign();
  Begin(Mode::kAttach);

  Resume(Left());
  AwaitState(State::kRunning, Time::kFlies);

  EXPECT_TRUE(launcher_.lives.empty());
  EXPECT_FALSE(Status().owned);
  EXPECT_THAT(ErrorsTold(), ElementsAre(Reason::kNotAdopted));
}

TEST_F(ContinuityTest, LeavesItsGatewayRunningAtItsEnd) {
  config_.gateway.on_exit = OnExit::kLeaveRunning;
  FakeGateway& gateway = RunLaunched();
  const auto call = Call(Request("fake.hold"));
  ASSERT_TRUE(gateway.WaitForMethod("fake.hold"));
  const size_t told = StatesTold().size();
  bool stopped = false;

  OnStrand([&] {
    manager_->Shutdown([&] {
      stopped = true;
      Changed();
    });
  });
  // Who was let in, is answered; others may repeat their call soon.
  ASSERT_TRUE(Ask("fake.echo").failed);
  EXPECT_EQ(Ask("fake.echo").failed->outcome, Outcome::kNotSent);
  EXPECT_FALSE(stopped);
  Advance(GatewayManager::kLastAnswers);
  Await([&] { return stopped; });

  EXPECT_TRUE(life().left);
  EXPECT_THAT(life().signals, IsEmpty());
  // Nothing has become of the gateway.
  EXPECT_EQ(StatesTold().size(), told);
  EXPECT_EQ(records_.back().gateway->process.pid, life().pid);
  EXPECT_EQ(records_.back().wanted_up, true);
  ASSERT_TRUE(Result(call).failed);
  EXPECT_EQ(Result(call).failed->outcome, Outcome::kSentUnknown);
  EXPECT_EQ(Result(Stop()).fault->reason, Reason::kShuttingDown);
}

TEST_F(ContinuityTest, LeavesOnceTheCallsWithTheGatewayAreAnswered) {
  config_.gateway.on_exit = OnExit::kLeaveRunning;
  FakeGateway& gateway = RunLaunched();
  const auto call = Call(Request("fake.hold", "7"));
  ASSERT_TRUE(gateway.WaitForMethod("fake.hold"));
  bool stopped = false;
  OnStrand([&] {
    manager_->Shutdown([&] {
      stopped = true;
      Changed();
    });
  });

  gateway.ReleaseHeld();
  Await([&] { return stopped; });

  EXPECT_TRUE(Result(call).answered());
  EXPECT_TRUE(life().left);
}

TEST_F(ContinuityTest, StopsItAtItsEndIfThatIsForced) {
  config_.gateway.on_exit = OnExit::kLeaveRunning;
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });
  const auto stop = Stop();
  AwaitPhase(Phase::kTerminating);

  // What was being stopped is not left.
  OnStrand([this] { manager_->Shutdown([] {}); });
  OnStrand([this] { manager_->Shutdown([] {}); });

  EXPECT_FALSE(Result(stop).fault);
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(ContinuityTest, StopsAtItsEndWhatCannotBeLeft) {
  config_.gateway.on_exit = OnExit::kLeaveRunning;
  launcher_.may_be_left = false;
  RunLaunched();

  OnStrand([this] { manager_->Shutdown([] {}); });
  AwaitState(State::kStopped);

  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
}

// ---- Drains

TEST_F(ContinuityTest, LetsTheGatewayFinishItsWorkBeforeItStops) {
  RunLaunched();
  EXPECT_TRUE(Ask("fake.work", R"({"count":2})").answered());
  const auto held = Call(Request("fake.hold"));
  const auto stop = Drain();

  Await([this] {
    const auto& drain = manager_->status().drain;
    return drain && drain->active == 2;
  });
  EXPECT_THAT(Status().drain->waiting_for, ElementsAre("2 active requests"));
  EXPECT_FALSE(stop->has_value());
  EXPECT_THAT(life().signals, IsEmpty());
  // Work that was begun goes on; new work is not let in.
  EXPECT_FALSE(held->has_value());
  ASSERT_TRUE(Ask("fake.echo").failed);

  OnStrand([this] { life().gateway->SetWork(0); });
  EXPECT_FALSE(Result(stop).fault);
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
  EXPECT_EQ(Status().state, State::kStopped);
}

TEST_F(ContinuityTest, AsksAgainWithoutAWordFromTheGateway) {
  RunLaunched();
  EXPECT_TRUE(Ask("fake.work", R"({"count":1})").answered());
  const auto restart = Drain(/*restart=*/true);
  Await([this] {
    const auto& drain = manager_->status().drain;
    return drain && drain->active == 1;
  });
  OnStrand([this] { life().gateway->SetWork(0, /*tell=*/false); });

  EXPECT_FALSE(Result(restart, Time::kFlies).fault);
  EXPECT_EQ(Status().state, State::kRunning);
  EXPECT_EQ(launcher_.lives.size(), 2u);
}

TEST_F(ContinuityTest, GivesAGatewayThatCannotBeAskedALongGrace) {
  config_.gateway.scopes = {"operator.read"};
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });

  const auto stop = Drain();
  AwaitPhase(Phase::kTerminating);
  Advance(seconds(314));
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
  Advance(seconds(1));

  EXPECT_FALSE(Result(stop).fault);
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(ContinuityTest, DrainsAtItsEndIfItIsToldSo) {
  config_.gateway.on_exit = OnExit::kDrain;
  FakeGateway& gateway = RunLaunched();
  gateway.SetWork(1);

  OnStrand([this] { manager_->Shutdown([] {}); });
  EXPECT_TRUE(gateway.WaitForMethod("gateway.suspend.prepare"));
  gateway.SetWork(0);
  AwaitState(State::kStopped);

  EXPECT_EQ(records_.back().wanted_up, true);
}

TEST_F(ContinuityTest, AsksAForeignGatewayToFinishItsWork) {
  FakeGateway& gateway = RunAttached();

  const OrderResult result = Result(Drain());

  EXPECT_FALSE(result.fault);
  EXPECT_EQ(result.status.state, State::kStopped);
  EXPECT_TRUE(gateway.WaitForMethod("gateway.suspend.prepare"));
}

}  // namespace
}  // namespace clawplane::core
