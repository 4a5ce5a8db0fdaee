// The life of the daemon and its gateway, through clawctl.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <string>

#include "tests/e2e/daemon_test.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;

class LifeTest : public DaemonTest {
 protected:
  // The daemon with a fake gateway that runs.
  void StartAll(const std::vector<std::string>& gateway_arguments = {},
                const std::string& more_lines = "") {
    WriteConfig(LaunchFake(gateway_arguments) + more_lines);
    StartDaemon();
    const Said started = Clawctl({"start"});
    ASSERT_EQ(started.exit_code, 0) << started.errors;
    gateway_ = GatewayPid();
    ASSERT_GT(gateway_, 0);
  }

  pid_t gateway_ = 0;
};

TEST_F(LifeTest, GoesFromStartToStopByClawctl) {
  WriteConfig(LaunchFake());
  StartDaemon();
  EXPECT_THAT(daemon_->output(),
              HasSubstr(" unix:" + socket() + " " + ops_url() + "\n"));
  EXPECT_EQ(Clawctl({"call", "health"}).exit_code, 6);
  const auto waiting = RunClawctl({"wait", "--for", "running"});

  const Said started = Clawctl({"start"});
  EXPECT_EQ(started.exit_code, 0) << started.errors;
  EXPECT_THAT(started.output, HasSubstr("running"));
  EXPECT_EQ(waiting->Wait(), 0);
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("running"));
  const Said echoed = Clawctl({"call", "fake.echo", R"({"a":1})"});
  EXPECT_EQ(echoed.exit_code, 0);
  EXPECT_EQ(echoed.output, "{\"a\":1}\n");
  EXPECT_EQ(Clawctl({"call", "no.such.method"}).exit_code, 2);
  EXPECT_EQ(Clawctl({"call", "fake.ignore", "--timeout", "300ms"}).exit_code,
            4);
  EXPECT_THAT(Clawctl({"logs"}).output,
              HasSubstr("fake gateway listening on "));

  const pid_t before = GatewayPid();
  const Said restarted = Clawctl({"restart"});
  EXPECT_EQ(restarted.exit_code, 0) << restarted.errors;
  EXPECT_THAT(restarted.output, HasSubstr("boot id proves the restart"));
  EXPECT_NE(GatewayPid(), before);
  EXPECT_FALSE(IsAlive(before));

  const pid_t last = GatewayPid();
  const Said stopped = Clawctl({"stop"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.errors;
  EXPECT_THAT(stopped.output, HasSubstr("stopped"));
  EXPECT_FALSE(IsAlive(last));
  EXPECT_FALSE(IsPortOpen(port()));
}

TEST_F(LifeTest, ShowsEventsThroughClawctl) {
  StartAll();
  const auto events =
      RunClawctl({"events", "--from-oldest", "--count", "3", "--name",
                  "state_changed", "--name", "voicewake.*", "--full"});
  ASSERT_EQ(
      Clawctl({"call", "voicewake.set", R"({"triggers":["hey"]})"}).exit_code,
      0);
  EXPECT_EQ(events->Wait(), 0);
  EXPECT_THAT(events->output(), HasSubstr("running"));
  EXPECT_THAT(events->output(), HasSubstr("voicewake.changed"));
  EXPECT_THAT(events->output(), HasSubstr("hey"));
}

TEST_F(LifeTest, ComesBackAfterACrashOfTheGateway) {
  StartAll();
  EXPECT_NE(Clawctl({"call", "fake.exit", R"({"code":7})"}).exit_code, 0);
  EXPECT_TRUE(WaitFor([&] {
    const pid_t now = GatewayPid();
    return now > 0 && now != gateway_ &&
           Clawctl({"call", "health"}).exit_code == 0;
  }));
  EXPECT_THAT(Clawctl({"events", "--from-oldest", "--count", "1", "--kind",
                       "process_exit", "--full"})
                  .output,
              HasSubstr("7"));
}

TEST_F(LifeTest, ReachesAForeignGatewayAndLeavesItThere) {
  FakeGatewayOptions options;
  options.port = port();
  FakeGateway foreign(options);
  AddSecret(options.token);
  place_.Write("foreign.token", options.token);
  for (const char* mode : {"attach", "auto"}) {
    WriteConfig(std::string("  mode: ") + mode +
                "\n  token_file: " + place_.path() + "/foreign.token\n");
    StartDaemon();
    const Said started = Clawctl({"start"});
    EXPECT_EQ(started.exit_code, 0) << started.errors;
    const Said forced = Clawctl({"restart", "--force"});
    EXPECT_EQ(forced.exit_code, 1);
    EXPECT_THAT(forced.errors, HasSubstr("NOT_OURS"));
    EXPECT_EQ(StopDaemon(), 0);
    EXPECT_TRUE(IsPortOpen(port())) << mode;
  }
  EXPECT_THAT(foreign.closes(), ::testing::ElementsAre(1000, 1000));
}

TEST_F(LifeTest, HasAForeignGatewayRestartItself) {
  FakeGatewayOptions options;
  options.port = port();
  options.restart_delay = std::chrono::milliseconds(1);
  FakeGateway foreign(options);
  AddSecret(options.token);
  place_.Write("foreign.token", options.token);
  WriteConfig("  mode: attach\n  token_file: " + place_.path() +
              "/foreign.token\n");
  StartDaemon();
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  const Said restarted = Clawctl({"restart"});
  EXPECT_EQ(restarted.exit_code, 0) << restarted.errors;
  EXPECT_THAT(restarted.output,
              HasSubstr("another boot id proves the restart"));
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("running"));
}

// ---- How the daemon ends

TEST_F(LifeTest, StopsTheGatewayOnSigterm) {
  StartAll();
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_FALSE(IsAlive(gateway_));
  EXPECT_FALSE(IsPortOpen(port()));
}

TEST_F(LifeTest, StartsWhatTheLastOrderWantedUpOnlyThen) {
  WriteConfig(LaunchFake());
  StartDaemon();
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  const pid_t before = GatewayPid();
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_FALSE(IsAlive(before));

  StartDaemon();
  EXPECT_EQ(Clawctl({"wait", "--for=RUNNING"}).exit_code, 0);
  EXPECT_NE(GatewayPid(), before);
  ASSERT_EQ(Clawctl({"stop"}).exit_code, 0);
  EXPECT_EQ(StopDaemon(), 0);

  StartDaemon();
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("stopped"));
}

TEST_F(LifeTest, StartsByItselfWhereToldTo) {
  WriteConfig(LaunchFake() + "  autostart: true\n");

  StartDaemon();

  EXPECT_EQ(Clawctl({"wait", "--for=RUNNING"}).exit_code, 0);
  EXPECT_THAT(Clawctl({"runs"}).output, HasSubstr("server start"));
}

TEST_F(LifeTest, StopsTheGatewayOnSigint) {
  StartAll();
  daemon_->Signal(SIGINT);
  EXPECT_EQ(daemon_->Wait(), 0);
  EXPECT_FALSE(IsAlive(gateway_));
  daemon_.reset();
}

TEST_F(LifeTest, KillsAGatewayThatIgnoresSigtermAfterTheGrace) {
  StartAll({"--ignore-sigterm"}, "  stop_grace: 200ms\n");
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_FALSE(IsAlive(gateway_));
}

TEST_F(LifeTest, KillsItAtOnceOnASecondSigterm) {
  StartAll({"--ignore-sigterm"}, "  stop_grace: 300s\n");
  daemon_->Signal(SIGTERM);
  ASSERT_TRUE(WaitFor([&] {
    return daemon_->errors().find("a second signal kills it") !=
           std::string::npos;
  }));
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->Wait(seconds(10)), 0);
  EXPECT_FALSE(IsAlive(gateway_));
  daemon_.reset();
}

TEST_F(LifeTest, EndsWhileTheGatewayIsStarting) {
  WriteConfig(LaunchFake({"--behaviour", "starting_forever"}));
  StartDaemon();
  const auto start = RunClawctl({"start"});
  ASSERT_TRUE(WaitFor([&] { return IsPortOpen(port()); }));
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_EQ(start->Wait(), 1);
  EXPECT_THAT(start->errors(), HasSubstr("superseded"));
}

TEST_F(LifeTest, TakesTheGatewayAlongWhenKilled) {
  StartAll();
  daemon_->Signal(SIGKILL);
  EXPECT_EQ(daemon_->Wait(), -SIGKILL);
  daemon_.reset();
  EXPECT_TRUE(WaitFor([&] { return !IsAlive(gateway_); }));

  // What was left does not stand in the way of the next one.
  StartDaemon();
  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
}

// gRPC's own end waits up to 10 s for a thread of it that polls, as it does
// after large messages.
TEST_F(LifeTest, EndsAtOnceAfterLargeAnswers) {
  StartAll();
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(Clawctl({"call", "fake.huge", R"({"bytes":6000000})"}).exit_code,
              0);
  }
  const auto began = steady_clock::now();
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_LT(steady_clock::now() - began, seconds(6));
}

TEST_F(LifeTest, EndsWithStreamsOpen) {
  StartAll();
  const auto events = RunClawctl({"events"});
  const auto logs = RunClawctl({"logs", "--follow"});
  const auto watch = RunClawctl({"status", "--watch"});
  ASSERT_TRUE(logs->WaitForOutput("listening"));
  ASSERT_TRUE(watch->WaitForOutput("running"));
  ASSERT_TRUE(WaitFor(
      [&] { return events->errors().find("bookmark") != std::string::npos; }));
  const auto began = steady_clock::now();
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_LT(steady_clock::now() - began, seconds(8));
  EXPECT_NE(events->Wait(), 0);
  EXPECT_NE(logs->Wait(), 0);
  EXPECT_NE(watch->Wait(), 0);
}

}  // namespace
}  // namespace clawplane::testing
