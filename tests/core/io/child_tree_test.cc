// What descends from a child: how it is found, killed, counted and reaped.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "core/io/process_table.h"
#include "tests/core/io/process_fixture.h"

namespace clawplane::core {
namespace {

using testing::ElementsAre;

// A process that leaves the session, minds no signal but SIGKILL, has $1 open,
// says so, and waits for $2.
constexpr char kEscape[] =
    "setsid sh -c 'trap \"\" TERM HUP INT; exec 9>$1; echo armed; read x <$2; "
    "echo \"$x\" >&9' sh $1 $2";

class ChildTreeTest : public ProcessTest {
 protected:
  std::unique_ptr<Child> StartWithLife(const std::string& script) {
    return Start(
        Shell(script, {life_.path(), never_, Path("gate"), Path("more")}));
  }
  std::string Script(const char* format) const {
    std::string script = format;
    for (size_t at; (at = script.find("ESCAPE")) != script.npos;) {
      script.replace(at, 6, kEscape);
    }
    return script;
  }
  void Kill(Child& child) {
    OnStrand([&] { child.process->Kill(); });
  }

  LifeLine life_{MakeFifo("life")};
  const std::string never_ = MakeFifo("never");
  const std::string gate_ = MakeFifo("gate");
};

// ---- Stops

TEST_F(ChildTreeTest, TellsThatTheChildWasStoppedAndGoesOn) {
  auto child = StartWithLife("echo ready; read x <$2");
  child->record.AwaitLine("ready");

  Signal(*child, SIGSTOP);
  child->record.AwaitStops({true});
  Signal(*child, SIGCONT);
  child->record.AwaitStops({true, false});
  Signal(*child, SIGSTOP);
  child->record.AwaitStops({true, false, true});

  Kill(*child);
  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Signaled(SIGKILL));
}

// ---- Ends

TEST_F(ChildTreeTest, LosesADescendantThatLeftTheGroupAndSurvivedTheSignal) {
  auto child = StartWithLife(Script("ESCAPE & read x <$2"));
  child->record.AwaitLine("armed");

  Signal(*child, SIGTERM);

  const ProcessGone gone = child->record.AwaitEnd();
  EXPECT_EQ(gone.exit, ExitStatus::Signaled(SIGTERM));
  EXPECT_EQ(gone.stragglers, 1);
  EXPECT_FALSE(HasChildren());
  EXPECT_EQ(life_.AwaitEnd(), "");
}

TEST_F(ChildTreeTest, LosesADaemonThatForkedTwice) {
  auto child = StartWithLife(
      Script("(setsid sh -c '(exec 9>$1; echo armed; exec sleep 1000) & exit' "
             "sh $1); read x <$3; exit 3"));
  child->record.AwaitLine("armed");

  WriteFile("gate", "\n", 0600);

  const ProcessGone gone = child->record.AwaitEnd();
  EXPECT_EQ(gone.exit, ExitStatus::Exited(3));
  EXPECT_EQ(gone.stragglers, 1);
  EXPECT_FALSE(HasChildren());
  EXPECT_EQ(life_.AwaitEnd(), "");
}

TEST_F(ChildTreeTest, LeavesNoStragglersIfItsDescendantsEndFirst) {
  auto child = StartWithLife("setsid true; sh -c 'true & wait; exit 1'");

  EXPECT_EQ(child->record.AwaitEnd().stragglers, 0);
}

TEST_F(ChildTreeTest, DiesWithAWholeTreeWhenKilled) {
  auto child = StartWithLife(
      "exec 9>$1; i=0; while [ $i -lt 20 ]; do "
      "setsid sh -c 'sleep 1000 & setsid sleep 1000 & echo up; wait' & "
      "i=$((i+1)); done; wait");
  for (size_t up = 0; up < 20;) {
    up = child->record.Lines(LogSource::kStdout).size();
    std::this_thread::yield();
  }

  Kill(*child);

  const ProcessGone gone = child->record.AwaitEnd();
  EXPECT_EQ(gone.exit, ExitStatus::Signaled(SIGKILL));
  EXPECT_EQ(gone.stragglers, 60);
  EXPECT_FALSE(HasChildren());
  EXPECT_EQ(life_.AwaitEnd(), "");
}

TEST_F(ChildTreeTest, DiesWithThoseThatItMakesMeanwhile) {
  auto child = StartWithLife(
      "exec 9>$1; setsid sh -c 'i=0; while [ $i -lt 3000 ]; do "
      "(setsid sleep 1000 &); echo $i; i=$((i+1)); done' & wait");
  child->record.AwaitLine("20");

  Kill(*child);

  EXPECT_GE(child->record.AwaitEnd().stragglers, 20);
  EXPECT_FALSE(HasChildren());
  EXPECT_EQ(life_.AwaitEnd(), "");
}

TEST_F(ChildTreeTest, LosesADescendantThatHidItsMark) {
  auto child = StartWithLife(
      Script("env -i PATH=/bin:/usr/bin ESCAPE & read x <$3; exit 5"));
  child->record.AwaitLine("armed");

  WriteFile("gate", "\n", 0600);

  EXPECT_EQ(child->record.AwaitEnd().stragglers, 1);
  EXPECT_EQ(life_.AwaitEnd(), "");
}

TEST_F(ChildTreeTest, DiesInTheBackgroundWhenDestroyed) {
  auto child = StartWithLife(Script("ESCAPE & (ESCAPE &); read x <$2"));
  while (child->record.Lines(LogSource::kStdout).size() < 2) {
    std::this_thread::yield();
  }

  OnStrand([&] { child->process.reset(); });
  Settle();

  EXPECT_FALSE(HasChildren());
  EXPECT_EQ(life_.AwaitEnd(), "");
  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              ElementsAre("armed", "armed"));
}

// ---- Others

TEST_F(ChildTreeTest, LeavesTheOrphansOfOtherChildrenAlone) {
  auto child = StartWithLife(Script("(ESCAPE &); echo left; read x <$3"));
  child->record.AwaitLine("left");
  child->record.AwaitLine("armed");

  auto other = Start(Shell("exit 6"));
  EXPECT_EQ(other->record.AwaitEnd().stragglers, 0);
  WriteFile("never", "alive\n", 0600);

  EXPECT_EQ(life_.AwaitEnd(), "alive\n");
  while (ChildrenOf(::getpid()).size() != 1) std::this_thread::yield();
  WriteFile("gate", "\n", 0600);
  EXPECT_EQ(child->record.AwaitEnd().stragglers, 0);
}

TEST_F(ChildTreeTest, LeavesNoDeadOrphansWhileItLives) {
  auto child =
      StartWithLife("(setsid sh -c 'exit 4' &); echo left; read x <$2");
  child->record.AwaitLine("left");

  std::vector<pid_t> children;
  do {
    std::this_thread::yield();
    children = ChildrenOf(::getpid());
  } while (children.size() != 1);

  OnStrand([&] { EXPECT_THAT(children, ElementsAre(child->process->pid())); });
}

TEST_F(ChildTreeTest, EndsExactlyAmongManyThatEndAtOnce) {
  constexpr int kMany = 60;
  // Open for writing, so that each can open it at any time, and all read its
  // end at one moment.
  UniqueFd gate(::open(gate_.c_str(), O_RDWR | O_CLOEXEC));
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < kMany; ++i) {
    children.push_back(Start(
        Shell("exec 3<$1; (setsid sh -c 'echo orphan; read x <&3; exit 99' &); "
              "echo leader; read x <&3; exit $2",
              {gate_, std::to_string(i)})));
  }
  for (const auto& child : children) {
    child->record.AwaitLine("leader");
    child->record.AwaitLine("orphan");
  }

  gate.Reset();

  for (int i = 0; i < kMany; ++i) {
    EXPECT_EQ(children[i]->record.AwaitExit(), ExitStatus::Exited(i));
  }
  Settle();
  EXPECT_FALSE(HasChildren());
}

}  // namespace
}  // namespace clawplane::core
