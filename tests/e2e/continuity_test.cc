// A gateway that outlives its control plane, and work that outlives a stop.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/io/marked_processes.h"
#include "core/io/process_table.h"
#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ContinuityTest : public DaemonTest {
 protected:
  // The daemon with a fake gateway that runs, and that it leaves.
  void StartAll() {
    WriteConfig(LaunchFake() + "  on_exit: leave_running\n");
    StartDaemon();
    const Said started = Clawctl({"start"});
    ASSERT_EQ(started.exit_code, 0) << started.errors;
    gateway_ = GatewayPid();
    ASSERT_GT(gateway_, 0);
  }

  void KillDaemon() {
    daemon_->Signal(SIGKILL);
    ASSERT_EQ(daemon_->Wait(), -SIGKILL);
    daemon_.reset();
  }

  void AwaitRunning() {
    EXPECT_EQ(Clawctl({"wait", "--for", "running"}).exit_code, 0);
  }

  // What would have the next daemon take this process for its gateway.
  void WriteState(pid_t pid, const std::string& run) const {
    const auto row = core::ReadProcessRow(pid);
    ASSERT_TRUE(row);
    std::ofstream(state_directory() + "/state.json")
        << R"({"version":1,"wanted":"up","epoch":"e","gateway":{"pid":)" << pid
        << R"(,"start_ticks":)" << row->start_ticks << R"(,"system_boot_id":")"
        << core::SystemBootId() << R"(","run":")" << run << R"(","port":)"
        << port() << R"(,"generation":1,"launched_at_ms":1}})"
        << "\n";
  }

  pid_t gateway_ = 0;
};

TEST_F(ContinuityTest, OwnsTheGatewayOfAKilledDaemonAgain) {
  StartAll();

  KillDaemon();
  EXPECT_TRUE(IsAlive(gateway_));
  StartDaemon();
  AwaitRunning();

  EXPECT_EQ(GatewayPid(), gateway_);
  EXPECT_THAT(Clawctl({"status", "--json"}).output,
              HasSubstr(R"("owned":true)"));
  EXPECT_THAT(Clawctl({"runs"}).output, HasSubstr("adoption"));
  EXPECT_EQ(
      Clawctl({"call", "fake.print", R"({"text":"after all"})"}).exit_code, 0);
  EXPECT_TRUE(
      WaitFor([&] { return Logs().find("after all") != std::string::npos; }));
  const Said stopped = Clawctl({"stop"});
  EXPECT_THAT(stopped.output, HasSubstr("stopped"));
  EXPECT_FALSE(IsAlive(gateway_));
}

TEST_F(ContinuityTest, LeavesTheGatewayAtSigterm) {
  StartAll();

  EXPECT_EQ(StopDaemon(), 0);

  EXPECT_TRUE(IsAlive(gateway_));
  EXPECT_TRUE(IsPortOpen(port()));
  StartDaemon();
  AwaitRunning();
  EXPECT_EQ(GatewayPid(), gateway_);
  // An end that nobody can know is told as one.
  kill(gateway_, SIGKILL);
  EXPECT_TRUE(
      WaitFor([&] { return GatewayPid() > 0 && GatewayPid() != gateway_; }));
  EXPECT_THAT(Clawctl({"events", "--from-oldest", "--kind", "process_exit",
                       "--count", "2"})
                  .output,
              HasSubstr(absl::StrCat("process ", gateway_, " ended (")));
  EXPECT_THAT(Clawctl({"runs"}).output, HasSubstr("an unknown end"));
  AwaitRunning();
  EXPECT_EQ(Clawctl({"stop"}).exit_code, 0);
}

TEST_F(ContinuityTest, TouchesNoProcessThatAForgedFileNames) {
  StartAll();
  EXPECT_EQ(Clawctl({"stop"}).exit_code, 0);
  EXPECT_EQ(StopDaemon(), 0);
  Child stranger({"/bin/sleep", "600"}, {}, Emitted("stranger"));
  WriteState(stranger.pid(), "1-2-3");

  StartDaemon();
  AwaitRunning();

  EXPECT_TRUE(IsAlive(stranger.pid()));
  EXPECT_NE(GatewayPid(), stranger.pid());
  EXPECT_THAT(daemon_->errors(), HasSubstr("not one that was launched here"));
  EXPECT_EQ(Clawctl({"stop"}).exit_code, 0);
  EXPECT_TRUE(IsAlive(stranger.pid()));
}

TEST_F(ContinuityTest, BelievesNoFileThatOthersMayHaveWritten) {
  StartAll();
  KillDaemon();
  ASSERT_EQ(chmod((state_directory() + "/state.json").c_str(), 0666), 0);

  StartDaemon();

  EXPECT_THAT(daemon_->errors(), HasSubstr("other users may have written it"));
  EXPECT_EQ(GatewayPid(), 0);
  kill(gateway_, SIGKILL);
  EXPECT_TRUE(WaitFor([&] { return !IsAlive(gateway_); }));
}

TEST_F(ContinuityTest, LetsTheGatewayFinishItsWork) {
  StartAll();
  EXPECT_EQ(Clawctl({"call", "fake.work", R"({"count":3})"}).exit_code, 0);

  const auto stop = RunClawctl({"stop", "--drain"});
  EXPECT_TRUE(WaitFor([&] {
    return Clawctl({"status"}).output.find("3 active requests") !=
           std::string::npos;
  }));
  EXPECT_TRUE(IsAlive(gateway_));
  // Another order cuts it short.
  const Said cut = Clawctl({"stop"});
  EXPECT_EQ(cut.exit_code, 0) << cut.errors;
  EXPECT_EQ(stop->Wait(), 0);
  EXPECT_THAT(stop->errors(), HasSubstr("waiting for 3 active requests"));
  EXPECT_FALSE(IsAlive(gateway_));
}

TEST_F(ContinuityTest, DrainsForAHookWithoutWantingItDown) {
  StartAll();

  const Said drained = Clawctl({"drain"});

  EXPECT_EQ(drained.exit_code, 0) << drained.errors;
  EXPECT_FALSE(IsAlive(gateway_));
  const std::string status = Clawctl({"status", "--json"}).output;
  EXPECT_THAT(status, HasSubstr("STATE_STOPPED"));
  EXPECT_THAT(status, HasSubstr(R"("wanted_up":true)"));
}

TEST_F(ContinuityTest, LeavesNothingAsPid1) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a process PID 1";
  WriteConfig(LaunchFake() + "  on_exit: leave_running\n");
  Child init({"/usr/bin/unshare", "--pid", "--fork", "--kill-child",
              ClawplanedProgram(), "--config", config_file()},
             {}, Emitted("init"));

  EXPECT_EQ(init.Wait(), 1);
  EXPECT_THAT(init.errors(), HasSubstr("nothing outlives PID 1"));
}

}  // namespace
}  // namespace clawplane::testing
