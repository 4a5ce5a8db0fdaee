// What the manager counts of all that it sees and tells.

#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;

class ManagerCountsTest : public ManagerTest {
 protected:
  GatewayCounts Counts() {
    GatewayCounts counts;
    OnStrand([&] { counts = manager_->counts(); });
    return counts;
  }
  uint64_t Ended(CallEnd end) {
    uint64_t ended = 0;
    OnStrand([&] {
      ended = manager_->calls().counts().ended(CallClass::kUnknown, end);
    });
    return ended;
  }
  static uint64_t Times(const GatewayCounts& counts, Phase phase) {
    uint64_t times = 0;
    for (const uint64_t count :
         counts.phases[static_cast<size_t>(phase)].counts()) {
      times += count;
    }
    return times;
  }
};

TEST_F(ManagerCountsTest, CountsTheEndsOfCalls) {
  RunAttached();
  EXPECT_TRUE(Ask("fake.echo").answered());
  EXPECT_TRUE(Ask("fake.echo").answered());
  EXPECT_TRUE(Ask("no.such.method").refused);
  EXPECT_EQ(Ended(CallEnd::kAnswered), 2u);
  EXPECT_EQ(Ended(CallEnd::kRefusedInvalidRequest), 1u);
}

TEST_F(ManagerCountsTest, CountsGapsAndConnectionsByTheirCause) {
  FakeGateway& gateway = RunAttached();
  gateway.SkipSeq(3);
  gateway.Emit("event", "{}");
  AwaitEvents(EventKind::kGap, 1);
  EXPECT_THAT(Counts().upstream_gaps, ElementsAre(0, 1));

  gateway.DropAll();
  AwaitState(State::kReconnecting);
  AwaitState(State::kRunning, Time::kFlies);
  const GatewayCounts counts = Counts();
  EXPECT_THAT(counts.upstream_gaps, ElementsAre(1, 1));
  EXPECT_EQ(counts.connections_lost, 1u);
  EXPECT_EQ(counts.handshakes_accepted, 2u);
  EXPECT_EQ(counts.handshakes_refused, 0u);
}

TEST_F(ManagerCountsTest, CountsHowLongEachPhaseWas) {
  RunAttached();
  GatewayCounts counts = Counts();
  EXPECT_EQ(Times(counts, Phase::kProbing), 1u);
  EXPECT_EQ(Times(counts, Phase::kConnecting), 1u);
  EXPECT_EQ(Times(counts, Phase::kNone), 0u);

  foreign_->DropAll();
  AwaitState(State::kReconnecting);
  AwaitState(State::kRunning, Time::kFlies);
  counts = Counts();
  EXPECT_EQ(Times(counts, Phase::kBackingOff), 1u);
  EXPECT_GE(counts.phases[static_cast<size_t>(Phase::kBackingOff)].seconds(),
            0.5);
}

TEST_F(ManagerCountsTest, CountsChecksByWhatTheyFound) {
  FakeGateway& gateway = RunLaunched();
  Advance(config_.liveness.check_interval);
  Await([this] { return manager_->status().health.has_value(); });
  EXPECT_THAT(Counts().health_checks, ElementsAre(1, 0, 0, 0, 0));

  gateway.SetSilent(true);
  Advance(config_.liveness.check_interval);
  Advance(config_.liveness.check_timeout);
  Await([this] { return !manager_->status().health->ok(); });
  EXPECT_THAT(Counts().health_checks, ElementsAre(1, 0, 0, 0, 1));
}

}  // namespace
}  // namespace clawplane::core
