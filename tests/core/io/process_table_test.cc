#include "core/io/process_table.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/core/io/process_fixture.h"

namespace clawplane::core {
namespace {

using testing::Contains;
using testing::IsEmpty;

// ---- Text

TEST(ProcessRowTest, IsReadFromAStatFile) {
  const auto row = ParseProcessRow(
      "4711 (node) S 12 34 56 0 -1 4194560 9 9 9 9 250 50 7 7 20 0 11 0 8765 "
      "1234567 890 18446744073709551615\n");

  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, 'S');
  EXPECT_EQ(row->parent, 12);
  EXPECT_EQ(row->group, 34);
  EXPECT_EQ(row->session, 56);
  EXPECT_EQ(row->cpu_ticks, 300u);
  EXPECT_EQ(row->start_ticks, 8765u);
}

TEST(ProcessRowTest, IsNotMisledByTheProcessName) {
  const auto row = ParseProcessRow(
      "4711 (a) Z 1 1 (\n) R 12 34 56 0 -1 0 9 9 9 9 1 2 7 7 20 0 11 0 8765");

  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, 'R');
  EXPECT_EQ(row->parent, 12);
}

TEST(ProcessRowTest, IsNothingForOtherText) {
  EXPECT_FALSE(ParseProcessRow(""));
  EXPECT_FALSE(ParseProcessRow("4711 (node"));
  EXPECT_FALSE(ParseProcessRow("4711 (node) S 12 34"));
  EXPECT_FALSE(ParseProcessRow(
      "4711 (node) S x 34 56 0 -1 0 9 9 9 9 1 2 7 7 20 0 11 0 8765"));
}

// ---- Real processes

class ProcessTableTest : public ProcessTest {
 protected:
  std::optional<ProcessVitals> VitalsOf(Child& child) {
    std::optional<ProcessVitals> vitals;
    OnStrand([&] { vitals = child.process->Vitals(); });
    return vitals;
  }
  pid_t PidOf(Child& child) {
    pid_t pid = 0;
    OnStrand([&] { pid = child.process->pid(); });
    return pid;
  }
};

TEST_F(ProcessTableTest, ShowsTheWorkOfABusyChild) {
  auto child = Start(Shell("while :; do :; done"));

  std::optional<ProcessVitals> vitals;
  do {
    std::this_thread::yield();
    vitals = VitalsOf(*child);
    ASSERT_TRUE(vitals);
  } while (vitals->cpu_time < std::chrono::milliseconds(30));

  EXPECT_FALSE(vitals->stopped());
  EXPECT_GT(vitals->resident_bytes, 100'000u);
  EXPECT_LT(vitals->resident_bytes, 100'000'000u);
  EXPECT_GE(vitals->peak_resident_bytes, vitals->resident_bytes);
}

TEST_F(ProcessTableTest, ShowsThatAChildIsStopped) {
  auto child = Start(Shell("echo ready; read x <$1", {MakeFifo("never")}));
  child->record.AwaitLine("ready");

  Signal(*child, SIGSTOP);
  // The signal takes effect when the child next runs.
  std::optional<ProcessVitals> vitals;
  do {
    std::this_thread::yield();
    vitals = VitalsOf(*child);
    ASSERT_TRUE(vitals);
  } while (!vitals->stopped());

  EXPECT_EQ(vitals->state, 'T');
}

TEST_F(ProcessTableTest, ShowsNothingOfAChildThatIsGone) {
  auto child = Start(Shell("exit 0"));
  child->record.AwaitExit();

  EXPECT_FALSE(VitalsOf(*child));
}

TEST(ProcessVitalsTest, AreNothingForAProcessThatHasEnded) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT),
            0);

  EXPECT_TRUE(ReadProcessRow(pid));
  EXPECT_FALSE(ReadVitals(pid));
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(ReadProcessRow(pid));
  EXPECT_FALSE(ReadVitals(pid));
}

TEST(ProcessVitalsTest, AreCheapToRead) {
  constexpr int kTimes = 2000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) ASSERT_TRUE(ReadVitals(::getpid()));
  const std::chrono::duration<double, std::micro> spent =
      std::chrono::steady_clock::now() - begin;

  RecordProperty("microseconds", std::to_string(spent.count() / kTimes));
  // Generous, for a loaded machine and sanitizers.
  EXPECT_LT(spent.count() / kTimes, 600);
}

TEST_F(ProcessTableTest, ListsTheChildrenOfAllThreads) {
  auto first = Start(Shell("read x <$1", {MakeFifo("never")}));
  pid_t second = 0;
  std::thread([&] {
    second = ::fork();
    if (second == 0) {
      ::pause();
      ::_exit(0);
    }
    EXPECT_THAT(ChildrenOf(::getpid()), Contains(second));
  }).join();

  EXPECT_THAT(ChildrenOf(::getpid()), Contains(second));
  EXPECT_THAT(ChildrenOf(::getpid()), Contains(PidOf(*first)));
  EXPECT_THAT(ChildrenOf(second), IsEmpty());
  ::kill(second, SIGKILL);
  ::waitpid(second, nullptr, 0);
}

TEST_F(ProcessTableTest, FindsAVariable) {
  LaunchSpec spec = Shell("echo ready; read x <$1", {MakeFifo("never")});
  spec.environment.push_back("AB=1");
  spec.environment.push_back("A=two=2");
  auto child = Start(spec);
  child->record.AwaitLine("ready");
  const pid_t pid = PidOf(*child);

  EXPECT_EQ(VariableOf(pid, "A"), "two=2");
  EXPECT_EQ(VariableOf(pid, "AB"), "1");
  EXPECT_EQ(VariableOf(pid, "B"), std::nullopt);
  EXPECT_EQ(CommandOf(pid), "sh");
}

}  // namespace
}  // namespace clawplane::core
