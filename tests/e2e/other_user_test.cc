// The daemon as a user who is not root, and what that user's other programs may
// see of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uid_t kNobody = 65534;
constexpr char kSetpriv[] = "/usr/bin/setpriv";

// Root becomes `nobody`, who may not be able to reach the build tree: the
// programs are copied to where that user may be.
class OtherUserTest : public DaemonTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    if (::access(kSetpriv, X_OK) != 0) GTEST_SKIP() << "there is no setpriv";
    for (const std::string& program :
         {ClawplanedProgram(), FakeGatewayProgram()}) {
      fs::copy_file(program, place_ / fs::path(program).filename());
    }
    fs::create_directory(cores());
    for (const std::string& path : {place_.path(), cores()}) {
      ASSERT_EQ(::chown(path.c_str(), kNobody, kNobody), 0) << path;
    }
  }

  // Runs a command of the shell as that user, in the directory for cores.
  std::unique_ptr<Child> RunAsNobody(const std::string& command) {
    const std::string script =
        "ulimit -c unlimited; cd " + cores() + "; exec " + kSetpriv +
        " --reuid 65534 --regid 65534 --clear-groups " + command;
    return std::make_unique<Child>(
        std::vector<std::string>{"/bin/sh", "-c", script},
        std::vector<std::string>{"HOME=" + place_.path()},
        Emitted("nobody-" + std::to_string(++commands_)));
  }

  // With a gateway that runs, and has these further arguments.
  void StartAll(const std::vector<std::string>& arguments = {}) {
    std::string text = WriteConfig(LaunchFake(arguments));
    const std::string program = FakeGatewayProgram();
    text.replace(text.find(program), program.size(), place_ / "fake_gateway");
    const std::string config = place_.Write("c.yaml", text);
    ASSERT_EQ(::chown(config.c_str(), kNobody, kNobody), 0);
    daemon_ = RunAsNobody(place_ / "clawplaned" + " --config " + config);
    ASSERT_TRUE(daemon_->WaitForOutput("clawplaned ready: "))
        << daemon_->errors();
    ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
    gateway_ = GatewayPid();
    ASSERT_GT(gateway_, 0);
  }

  // Whether another program of the same user may read its environment.
  bool IsOpenToItsUser(pid_t pid) {
    return RunAsNobody("cp /proc/" + std::to_string(pid) + "/environ /dev/null")
               ->Wait() == 0;
  }

  static uid_t OwnerOfEnvironment(pid_t pid) {
    struct stat stat = {};
    ::stat(("/proc/" + std::to_string(pid) + "/environ").c_str(), &stat);
    return stat.st_uid;
  }

  std::string cores() const { return place_ / "cores"; }
  std::vector<std::string> FilesInCores() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(cores())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  pid_t gateway_ = 0;

 private:
  int commands_ = 0;
};

TEST_F(OtherUserTest, FindsAndKillsWhatTheGatewayLeaves) {
  ASSERT_NO_FATAL_FAILURE(StartAll({"--leave-grandchild"}));
  std::vector<pid_t> processes = ProcessesWith(place_.path());
  const auto others = std::remove_if(
      processes.begin(), processes.end(),
      [&](pid_t pid) { return pid == daemon_->pid() || pid == gateway_; });
  processes.erase(others, processes.end());
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(Clawctl({"stop"}).exit_code, 0);
  EXPECT_FALSE(IsAlive(gateway_));
  EXPECT_FALSE(IsAlive(processes.front()));

  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
  EXPECT_EQ(StopDaemon(), 0);
}

TEST_F(OtherUserTest, IsClosedToOtherProgramsOfItsUser) {
  ASSERT_NO_FATAL_FAILURE(StartAll());
  ASSERT_THAT(ReadFile("/proc/" + std::to_string(daemon_->pid()) + "/status"),
              HasSubstr("\nUid:\t65534\t65534\t65534\t65534\n"));
  EXPECT_EQ(OwnerOfEnvironment(daemon_->pid()), 0u);
  EXPECT_FALSE(IsOpenToItsUser(daemon_->pid()));
  // The gateway is as it would be without us.
  EXPECT_EQ(OwnerOfEnvironment(gateway_), kNobody);
  EXPECT_TRUE(IsOpenToItsUser(gateway_));
}

TEST_F(OtherUserTest, LeavesNoCoreBehind) {
  ASSERT_NO_FATAL_FAILURE(StartAll());
  daemon_->Signal(SIGABRT);
  EXPECT_EQ(daemon_->Wait(), -SIGABRT);
  EXPECT_FALSE(daemon_->dumped_core());
  EXPECT_THAT(FilesInCores(), IsEmpty());
  daemon_.reset();
}

}  // namespace
}  // namespace clawplane::testing
