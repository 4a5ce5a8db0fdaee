// Processes that were left, and who may take them over.

#include "core/io/adopted_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/io/process_table.h"
#include "tests/core/io/process_fixture.h"
#include "tests/wait_for.h"

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AdoptedProcessTest : public ProcessTest {
 protected:
  AdoptedProcessTest() : ProcessTest(/*leaves_children=*/true) {}
  ~AdoptedProcessTest() override { AwaitReaped(); }

  // What was left is still a child of this process, which the launcher reaps
  // like any orphan: perhaps only after its end was told.
  static void AwaitReaped() {
    EXPECT_TRUE(testing::WaitFor([] { return !HasChildren(); }));
  }

  // Launches it, and leaves it once it has printed "up".
  ProcessIdentity StartAndLeave(const std::string& script) {
    auto child = Start(Shell(script));
    child->record.AwaitLine("up");
    std::optional<ProcessIdentity> identity;
    OnStrand([&] {
      identity = child->process->Identity();
      child->process->Leave();
      child->process.reset();
    });
    EXPECT_TRUE(identity);
    return identity.value_or(ProcessIdentity());
  }

  static bool Lives(pid_t pid) {
    const auto row = ReadProcessRow(pid);
    return row && !row->ended();
  }

  // A process that was not launched by any control plane.
  static pid_t StartStranger() {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
    return pid;
  }
  static void EndStranger(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);  // or the launcher has reaped it
  }

  // Ends what a test has left.
  void End(const ProcessIdentity& identity) {
    auto taken = Adopt(identity);
    OnStrand([&] { taken->process->Kill(); });
    EXPECT_EQ(taken->record.AwaitExit(), ExitStatus::Unknown());
  }

  static constexpr char kWaits[] =
      "echo up; trap 'exit 3' TERM; "
      "while :; do sleep 0.02; done";
};

TEST_F(AdoptedProcessTest, RunsOnAndIsTakenOver) {
  const ProcessIdentity identity = StartAndLeave(kWaits);
  EXPECT_TRUE(Lives(identity.pid));

  auto taken = Adopt(identity);
  OnStrand([&] {
    EXPECT_EQ(taken->process->pid(), identity.pid);
    EXPECT_EQ(taken->process->Identity(), identity);
    EXPECT_TRUE(taken->process->Vitals());
  });
  Signal(*taken, SIGTERM);

  EXPECT_EQ(taken->record.AwaitExit(), ExitStatus::Unknown());
}

TEST_F(AdoptedProcessTest, IsHeardAgainFromTheLineOnThatWasNotFinished) {
  const std::string go = MakeFifo("go");
  const ProcessIdentity identity =
      StartAndLeave(absl::StrCat("echo up; printf 'half '; cat ", go,
                                 "; echo done; echo wrong >&2; sleep 60"));
  // Nobody reads now, and nothing is lost.
  std::ofstream(go) << "a line\n";

  auto taken = Adopt(identity);

  taken->record.AwaitLine("done");
  taken->record.AwaitLine("wrong");
  EXPECT_THAT(taken->record.Lines(LogSource::kStdout),
              ElementsAre("half a line", "done"));
  EXPECT_THAT(taken->record.Lines(LogSource::kStderr), ElementsAre("wrong"));
  OnStrand([&] { taken->process->Kill(); });
  taken->record.AwaitExit();
}

TEST_F(AdoptedProcessTest, EndsWithAllThatItHasStarted) {
  LifeLine line(MakeFifo("line"));
  const ProcessIdentity identity = StartAndLeave(absl::StrCat(
      "setsid sh -c 'exec 8>", line.path(), "; echo on >&8; touch ", Path("a"),
      "; sleep 60' & sh -c 'exec 8>", line.path(), "; echo in >&8; touch ",
      Path("b"), "; sleep 60' & until [ -e ", Path("a"), " -a -e ", Path("b"),
      " ]; do sleep 0.01; done; echo up; exec sleep 60"));

  auto taken = Adopt(identity);
  OnStrand([&] { taken->process->Kill(); });

  const ProcessGone gone = taken->record.AwaitEnd();
  EXPECT_EQ(gone.exit, ExitStatus::Unknown());
  EXPECT_GE(gone.stragglers, 2);
  EXPECT_THAT(line.AwaitEnd(), HasSubstr("on\n"));
}

TEST_F(AdoptedProcessTest, IsKilledWithItsOwner) {
  const ProcessIdentity identity = StartAndLeave(kWaits);

  Adopt(identity).reset();

  AwaitReaped();
  EXPECT_FALSE(Lives(identity.pid));
}

TEST_F(AdoptedProcessTest, IsLeftAgain) {
  const ProcessIdentity identity = StartAndLeave(kWaits);
  for (int i = 0; i < 3; ++i) {
    auto taken = Adopt(identity);
    OnStrand([&] {
      taken->process->Leave();
      taken->process.reset();
    });
  }

  EXPECT_TRUE(Lives(identity.pid));
  End(identity);
}

TEST_F(AdoptedProcessTest, IsNotTakenForAnotherOfItsNumber) {
  const pid_t stranger = StartStranger();
  const auto row = ReadProcessRow(stranger);
  ASSERT_TRUE(row);

  const Fault fault =
      AdoptionFault({stranger, row->start_ticks - 1, SystemBootId(), "1-2-3"});

  EXPECT_EQ(fault.reason, Reason::kNotAdopted);
  EXPECT_THAT(fault.message, HasSubstr("belongs to another process now"));
  EXPECT_TRUE(Lives(stranger));
  EndStranger(stranger);
}

TEST_F(AdoptedProcessTest, IsNotTakenOverAfterTheSystemWasStartedAnew) {
  const ProcessIdentity identity = StartAndLeave(kWaits);
  ProcessIdentity stale = identity;
  stale.system_boot_id = "another life";

  EXPECT_THAT(AdoptionFault(stale).message, HasSubstr("started anew"));

  EXPECT_TRUE(Lives(identity.pid));
  End(identity);
}

TEST_F(AdoptedProcessTest, KillsWhatIsLeftOfOneThatHasEnded) {
  LifeLine line(MakeFifo("line"));
  const ProcessIdentity identity = StartAndLeave(absl::StrCat(
      "setsid sh -c 'exec 8>", line.path(), "; echo on >&8; touch ", Path("a"),
      "; exec sleep 60' & until [ -e ", Path("a"),
      " ]; do sleep 0.01; done; echo up; exec sleep 60"));
  ::kill(identity.pid, SIGKILL);
  EXPECT_TRUE(testing::WaitFor([&] { return !Lives(identity.pid); }));

  EXPECT_THAT(AdoptionFault(identity).message, HasSubstr("it has ended"));

  EXPECT_EQ(line.AwaitEnd(), "on\n");
  AwaitReaped();
}

// What a forged file would name: a process that is not of any launch.
TEST_F(AdoptedProcessTest, IsNobodyWithoutTheMark) {
  const pid_t stranger = StartStranger();
  const auto row = ReadProcessRow(stranger);
  ASSERT_TRUE(row);

  const Fault fault =
      AdoptionFault({stranger, row->start_ticks, SystemBootId(), "1-2-3"});

  EXPECT_THAT(fault.message, HasSubstr("not one that was launched here"));
  EXPECT_TRUE(Lives(stranger));
  EndStranger(stranger);
}

TEST_F(AdoptedProcessTest, IsNobodyOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can start as another user";
  const pid_t other = ::fork();
  if (other == 0) {
    // With the right mark, and the wrong user.
    char mark[] = "CLAWPLANE_RUN=1-2-3";
    char* const environment[] = {mark, nullptr};
    char name[] = "sleep";
    char time[] = "60";
    char* const arguments[] = {name, time, nullptr};
    if (::setuid(65534) == 0) ::execve("/bin/sleep", arguments, environment);
    ::_exit(1);
  }
  EXPECT_TRUE(testing::WaitFor([&] { return CommandOf(other) == "sleep"; }));
  const auto row = ReadProcessRow(other);
  ASSERT_TRUE(row);

  const Fault fault =
      AdoptionFault({other, row->start_ticks, SystemBootId(), "1-2-3"});

  EXPECT_THAT(fault.message, HasSubstr("not one that was launched here"));
  EXPECT_TRUE(Lives(other));
  EndStranger(other);
}

// ---- The files of its output

TEST_F(AdoptedProcessTest, GivesBackTheSpaceOfOutputThatWasRead) {
  auto child =
      Start(Shell("yes 0123456789abcdef0123456789abcdef | head -n 200000; "
                  "echo up; sleep 60"));
  child->record.AwaitLine("up");

  struct stat status = {};
  ASSERT_EQ(::stat(Path("gateway.stdout").c_str(), &status), 0);
  EXPECT_GT(status.st_size, 6'000'000);
  EXPECT_LT(status.st_blocks * 512, 3'000'000);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(AdoptedProcessTest, HearsTheLastWordsOfAChildThatMayBeLeft) {
  auto child = Start(Shell("echo one; printf two; echo three >&2; exit 4"));

  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(4));

  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              ElementsAre("one", "two"));
  EXPECT_THAT(child->record.Lines(LogSource::kStderr), ElementsAre("three"));
}

}  // namespace
}  // namespace clawplane::core
