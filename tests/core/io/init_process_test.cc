// A manager that is PID 1 of a container, among strangers.

#include <unistd.h>

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/io/process_table.h"
#include "tests/core/io/process_fixture.h"

namespace clawplane::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class InitProcessTest : public ProcessTest {
 protected:
  static constexpr char kUnshare[] = "/usr/bin/unshare";

  void SetUp() override {
    auto trial = Start(
        Program(kUnshare, {"--pid", "--fork", "--mount-proc", "/bin/true"}));
    if (!trial || trial->record.AwaitExit() != ExitStatus::Exited(0)) {
      GTEST_SKIP() << "may not make a namespace";
    }
  }

  static LaunchSpec Program(std::string path,
                            std::vector<std::string> arguments) {
    return {.executable = std::move(path),
            .arguments = std::move(arguments),
            .directory = "/",
            .environment = {"PATH=/usr/bin:/bin"}};
  }

  // Runs the manager as PID 1, and a script below it.
  std::unique_ptr<Child> StartInit(const std::string& script,
                                   const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {
        "--pid", "--fork",  "--mount-proc", LAUNCHING_PARENT,
        "end",   "/bin/sh", "-c",           script,
        "sh"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Start(Program(kUnshare, command));
  }
  // The manager's number in our own namespace.
  pid_t InitOf(Child& child) {
    pid_t unshare = 0;
    OnStrand([&] { unshare = child.process->pid(); });
    const std::vector<pid_t> children = ChildrenOf(unshare);
    EXPECT_EQ(children.size(), 1u);
    return children.empty() ? 0 : children.front();
  }
};

TEST_F(InitProcessTest, ReapsOrphans) {
  auto init = StartInit(
      "i=0; while [ $i -lt 20 ]; do (sh -c : &); i=$((i+1)); done; "
      "echo ready; read x <$1",
      {MakeFifo("never")});
  init->record.AwaitLine("ready");

  // All but the script itself.
  const pid_t pid = InitOf(*init);
  while (ChildrenOf(pid).size() != 1) std::this_thread::yield();
}

TEST_F(InitProcessTest, KillsItsOwnStragglersAndNoStranger) {
  LifeLine own(MakeFifo("own"));
  LifeLine stranger(MakeFifo("stranger"));
  auto init = StartInit(
      "(setsid sh -c 'exec 9>$1; echo armed; read x <$2' sh $1 $2 &); "
      "read x <$3; exit 4",
      {own.path(), MakeFifo("never"), MakeFifo("gate")});
  init->record.AwaitLine("armed");
  // As `docker exec` would: its orphans come to PID 1.
  const pid_t pid = InitOf(*init);
  auto visitor = Start(Program(
      "/usr/bin/nsenter",
      {"--target", std::to_string(pid), "--pid", "--mount", "env", "-i",
       "PATH=/usr/bin:/bin", "sh", "-c",
       "(setsid sh -c 'exec 9>$1; echo here; read x <$2; echo $x >&9' sh $1 $2 "
       "&); read x <$3",
       "sh", stranger.path(), MakeFifo("door"), MakeFifo("leave")}));
  visitor->record.AwaitLine("here");
  WriteFile("leave", "\n", 0600);
  EXPECT_EQ(visitor->record.AwaitEnd().stragglers, 0);

  WriteFile("gate", "\n", 0600);

  init->record.AwaitLine("gone: exit code 4, stragglers: 1");
  EXPECT_EQ(own.AwaitEnd(), "");
  WriteFile("door", "alive\n", 0600);
  EXPECT_EQ(stranger.AwaitEnd(), "alive\n");
  while (!ChildrenOf(pid).empty()) std::this_thread::yield();
}

}  // namespace
}  // namespace clawplane::core
