#include "core/model/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace clawplane::core {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Field;

ProcessEnd EndOf(int pid) {
  ProcessEnd end;
  end.pid = pid;
  return end;
}

class RunHistoryTest : public ::testing::Test {
 protected:
  void Status(State state, Phase phase, int at) {
    GatewayStatus status;
    status.state = state;
    status.phase = phase;
    status.version = "2026.9.6";
    status.boot_id = "b";
    history_.OnStatus(status, TimePoint(seconds(at)));
  }
  void Begin(int pid, int at = 0) {
    history_.Begin(pid, StartCause::kStart,
                   {TimePoint(seconds(at)), WallTime(seconds(at))});
  }
  void Print(const std::string& text, LogSource source = LogSource::kStderr) {
    history_.OnLine({WallTime(), source, 1, text});
  }
  const core::Run& last() const { return history_.runs().back(); }

  RunHistory history_;
};

TEST_F(RunHistoryTest, TellsHowLongEachPhaseLasted) {
  Begin(42);
  Status(State::kStarting, Phase::kWaitingForPort, 0);
  Status(State::kStarting, Phase::kWaitingForPort, 2);
  Status(State::kStarting, Phase::kConnecting, 5);
  Status(State::kRunning, Phase::kNone, 6);
  EXPECT_EQ(last().ready_after, seconds(6));
  EXPECT_EQ(last().version, "2026.9.6");
  EXPECT_EQ(last().boot_id, "b");

  history_.End(EndOf(42), EndCause::kStop, TimePoint(seconds(16)));

  EXPECT_THAT(last().phases, ElementsAre(Field(&PhaseTime::took, seconds(5)),
                                         Field(&PhaseTime::took, seconds(1)),
                                         Field(&PhaseTime::took, seconds(10))));
  EXPECT_EQ(last().phases[0].phase, Phase::kWaitingForPort);
  EXPECT_EQ(last().phases[2].state, State::kRunning);
  EXPECT_EQ(last().end_cause, EndCause::kStop);
}

TEST_F(RunHistoryTest, HoldsToItsBounds) {
  for (int i = 0; i < 60; ++i) {
    Begin(100 + i);
    history_.End({}, EndCause::kItself, TimePoint());
  }
  EXPECT_EQ(history_.runs().size(), RunHistory::kMaxRuns);
  EXPECT_EQ(last().pid, 159);

  Begin(200);
  for (int i = 0; i < 200; ++i) {
    Print(std::to_string(i));
    history_.AddEvidence(WallTime(), std::to_string(i));
    Status(State::kReconnecting, i % 2 ? Phase::kProbing : Phase::kBackingOff,
           i);
  }
  EXPECT_EQ(last().last_stderr.size(), RunHistory::kMaxLines);
  EXPECT_EQ(last().last_stderr.back().text, "199");
  EXPECT_EQ(last().evidence.size(), RunHistory::kMaxEvidence);
  EXPECT_EQ(last().evidence.back().text, "199");
  history_.AddEvidence(WallTime(), std::string(600, 'x'));
  EXPECT_EQ(last().evidence.back().text.size(), RunHistory::kMaxEvidenceBytes);
  EXPECT_EQ(last().phases.size(), RunHistory::kMaxPhases);

  for (int i = 0; i < 10; ++i) Print(std::string(16 * 1024, 'x'));
  EXPECT_EQ(last().last_stderr.size(), 4u);
}

TEST_F(RunHistoryTest, CountsTheLinesOfEachRunForItself) {
  Begin(1);
  for (int i = 0; i < 4; ++i) Print(std::string(16 * 1024, 'x'));
  history_.End({}, EndCause::kItself, TimePoint());
  Begin(2);

  Print("one");
  Print("two", LogSource::kStdout);

  EXPECT_THAT(last().last_stderr, ElementsAre(Field(&LogLine::text, "one")));
}

TEST_F(RunHistoryTest, ChangesNothingOfARunThatIsOver) {
  Print("before any");
  Begin(1);
  history_.OnMemory(5);
  history_.OnMemory(3);
  history_.End(EndOf(1), EndCause::kMemory, TimePoint(seconds(1)));

  Print("late");
  history_.OnMemory(9);
  history_.AddEvidence(WallTime(), "late");
  Status(State::kRunning, Phase::kNone, 5);
  history_.End(EndOf(2), EndCause::kStop, TimePoint(seconds(2)));

  EXPECT_EQ(last().peak_resident_bytes, 5u);
  EXPECT_TRUE(last().last_stderr.empty());
  EXPECT_TRUE(last().evidence.empty());
  EXPECT_FALSE(last().ready_after);
  EXPECT_EQ(last().exit->pid, 1);
  EXPECT_EQ(last().end_cause, EndCause::kMemory);
}

TEST_F(RunHistoryTest, CountsHowRunsBeganAndEnded) {
  ProcessEnd end;
  for (const ExitStatus exit :
       {ExitStatus::Exited(0), ExitStatus::Exited(78), ExitStatus::Signaled(9),
        ExitStatus::Signaled(15)}) {
    Begin(42);
    end.exit = exit;
    history_.End(end, EndCause::kItself, TimePoint());
    history_.End(end, EndCause::kItself, TimePoint());
  }
  const RunHistory::Counts& counts = history_.counts();
  EXPECT_EQ(counts.starts[static_cast<size_t>(StartCause::kStart)], 4u);
  const auto& ends = counts.ends[static_cast<size_t>(EndCause::kItself)];
  EXPECT_EQ(ends.clean, 1u);
  EXPECT_EQ(ends.code, 1u);
  EXPECT_EQ(ends.signal, 2u);
}

}  // namespace
}  // namespace clawplane::core
