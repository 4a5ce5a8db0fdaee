// SIGHUP: what of the configuration counts at once, later, or not at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <string>

#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReloadTest : public DaemonTest {
 protected:
  // Waits until the daemon's log says so.
  void ExpectLogged(const std::string& text) {
    EXPECT_TRUE(WaitFor([&] {
      return daemon_->errors().find(text) != std::string::npos;
    })) << text
        << " is not in\n"
        << daemon_->errors();
  }
  std::string ConfigFile() const { return Emitted("clawplane.yaml"); }
  std::string Call(const std::string& method) {
    const Said said = Clawctl({"call", method});
    return said.exit_code == 0 ? "ok" : said.errors;
  }
};

TEST_F(ReloadTest, TakesWhatCanChangeAndNamesWhatCannot) {
  WriteConfig(LaunchFake({"--gateway-version", "1.0"}));
  StartDaemon();
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  ASSERT_EQ(Call("last-heartbeat"), "ok");

  WriteConfig(LaunchFake({"--gateway-version", "2.0"}) +
                  "  stop_grace: 7s\n"
                  "  environment: [API_KEY=hunter2hunter2]\n",
              "name: other\n"
              "access: {denied_methods: [last-heartbeat]}\n"
              "log: {format: json}\n");
  daemon_->Signal(SIGHUP);

  ExpectLogged("warning: name: clawplane -> other counts only once clawplaned");
  ExpectLogged("access.denied_methods: not set -> last-heartbeat, from now on");
  ExpectLogged("gateway.stop_grace: 10s -> 7s, from now on");
  ExpectLogged(
      "gateway.environment: (not shown) -> (not shown), from the gateway's "
      "next start on");
  ASSERT_TRUE(WaitFor([&] { return Call("last-heartbeat") != "ok"; }));
  EXPECT_THAT(Call("last-heartbeat"), HasSubstr("METHOD_DENIED"));
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("clawplane"));
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("1.0"));

  ASSERT_EQ(Clawctl({"restart"}).exit_code, 0);
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("2.0"));
  ExpectLogged("\"level\":\"info\",\"message\":\"RUNNING/none, restart -> ");
  EXPECT_THAT(daemon_->errors(), Not(HasSubstr("hunter2")));
}

TEST_F(ReloadTest, KeepsWhatItHasIfTheFileIsWrong) {
  WriteConfig(LaunchFake());
  StartDaemon();
  WriteConfig(LaunchFake(), "nmae: typo\n");
  daemon_->Signal(SIGHUP);
  ExpectLogged(
      "warning: the configuration is not used, and what it was before still "
      "is: " +
      ConfigFile());
  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
}

TEST_F(ReloadTest, TurnsDebugOnBySignal) {
  WriteConfig(LaunchFake());
  StartDaemon();
  daemon_->Signal(SIGUSR1);
  ExpectLogged("SIGUSR1: log.level is debug until the next one");
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  ExpectLogged("debug: ");
  daemon_->Signal(SIGUSR1);
  ExpectLogged("SIGUSR1: log.level is as configured");
  EXPECT_EQ(StopDaemon(), 0);
}

TEST_F(ReloadTest, ChecksAndPrintsTheConfigurationWithoutServing) {
  WriteConfig(LaunchFake(), "name: box\n");
  const auto check = RunDaemon({"--check-config"});
  EXPECT_EQ(check->Wait(), 0) << check->errors();
  EXPECT_EQ(check->output(), "the configuration can be used\n");
  const auto print = RunDaemon({"--print-config", "--log-level", "debug"});
  EXPECT_EQ(print->Wait(), 0);
  EXPECT_THAT(print->output(), HasSubstr("name: box  # " + ConfigFile() + ":"));
  EXPECT_THAT(print->output(), HasSubstr("  level: debug  # --log-level\n"));

  WriteConfig(LaunchFake(), "socket_group: no-such-group\n");
  const auto refused = RunDaemon({"--check-config"});
  EXPECT_EQ(refused->Wait(), 2);
  EXPECT_THAT(refused->errors(), HasSubstr("error: "));
  EXPECT_THAT(refused->errors(), HasSubstr("no-such-group"));
}

}  // namespace
}  // namespace clawplane::testing
