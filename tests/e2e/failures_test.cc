// What keeps a gateway or the daemon from starting, and what is said about it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/e2e/daemon_test.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StartFailureTest : public DaemonTest {
 protected:
  // The daemon with this configuration, and what a start says then.
  std::string ErrorOfStart(const std::string& gateway_lines) {
    WriteConfig(gateway_lines);
    StartDaemon();
    const Said said = Clawctl({"start"});
    EXPECT_EQ(said.exit_code, 1);
    EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("state         error"));
    return said.errors;
  }
};

// ---- The port

TEST_F(StartFailureTest, NamesTheProgramThatHoldsThePortInLaunchMode) {
  FakeGatewayOptions options;
  options.port = port();
  FakeGateway other(options);
  EXPECT_THAT(ErrorOfStart(LaunchFake()),
              AllOf(HasSubstr("PORT_HELD"), HasSubstr("e2e_test"),
                    HasSubstr("set gateway.port to a free port")));
}

TEST_F(StartFailureTest, NamesTheProgramThatIsNoGatewayInAutoMode) {
  FakeGatewayOptions options;
  options.port = port();
  options.behaviour = {BehaviourKind::kNotHttp};
  FakeGateway other(options);
  std::string lines = LaunchFake();
  lines.replace(lines.find("launch"), 6, "auto");
  EXPECT_THAT(ErrorOfStart(lines),
              AllOf(HasSubstr("PORT_HELD"), HasSubstr("e2e_test"),
                    HasSubstr("no gateway")));
}

TEST_F(StartFailureTest, SaysThatAWebServerIsNoGateway) {
  FakeGatewayOptions options;
  options.port = port();
  options.behaviour = {BehaviourKind::kHttpOnly};
  FakeGateway other(options);
  EXPECT_THAT(ErrorOfStart("  mode: attach\n"
                           "  token_file: " +
                           place_.Write("t", "some-token-of-no-use") + "\n"),
              HasSubstr("NOT_A_GATEWAY"));
}

// ---- The token

TEST_F(StartFailureTest, TellsOfATokenThatTheGatewayRefuses) {
  FakeGatewayOptions options;
  options.port = port();
  options.token = "another-token-than-ours";
  FakeGateway other(options);
  AddSecret(options.token);
  AddSecret("our-token-which-is-wrong");
  const std::string file = place_.Write("t", "our-token-which-is-wrong");

  EXPECT_THAT(ErrorOfStart("  mode: attach\n  token_file: " + file + "\n"),
              AllOf(HasSubstr("TOKEN_REFUSED"), HasSubstr("token_file")));

  // It is not tried again by itself: two more calls later there was one try.
  EXPECT_EQ(Clawctl({"call", "health"}).exit_code, 6);
  EXPECT_EQ(other.connections(), 1);
  other.SetToken("our-token-which-is-wrong");
  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
  EXPECT_EQ(other.connections(), 2);
}

TEST_F(StartFailureTest, TellsOfATokenFileThatOthersMayRead) {
  const std::string file = place_.Write("t", "a-token-for-all-to-read");
  AddSecret("a-token-for-all-to-read");
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_THAT(ErrorOfStart(LaunchFake() + "  token_file: " + file + "\n"),
              AllOf(HasSubstr("TOKEN_UNREADABLE"), HasSubstr("chmod 600")));
}

// ---- The process

struct Death {
  const char* name;
  std::vector<std::string> arguments;
  const char* reason;
  const char* words;
};

class DeathTest : public StartFailureTest,
                  public ::testing::WithParamInterface<Death> {};

TEST_P(DeathTest, IsToldWithItsReason) {
  std::vector<std::string> arguments = GetParam().arguments;
  arguments.insert(arguments.end(), {"--exit-message", "my last words"});
  EXPECT_THAT(ErrorOfStart(LaunchFake(arguments)),
              AllOf(HasSubstr(GetParam().reason), HasSubstr(GetParam().words),
                    HasSubstr("my last words")));
}

INSTANTIATE_TEST_SUITE_P(
    Phases, DeathTest,
    ::testing::ValuesIn(std::vector<Death>{
        {"BeforeListening",
         {"--exit-at", "before-listen", "--exit-code", "3"},
         "DIED_WHILE_STARTING",
         "exit code 3"},
        {"Listening",
         {"--exit-at", "listening", "--exit-code", "4"},
         "DIED_WHILE_STARTING",
         "exit code 4"},
        {"Connecting",
         {"--exit-at", "connect", "--exit-code", "5", "--behaviour",
          "close_on_connect:1006"},
         "DIED_WHILE_STARTING",
         "exit code 5"},
        {"ByItsConfiguration",
         {"--exit-at", "before-listen", "--exit-code", "78"},
         "CONFIGURATION_REFUSED",
         "exit code 78"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(StartFailureTest, GivesUpAfterTheStartBudget) {
  EXPECT_THAT(ErrorOfStart(LaunchFake({"--behaviour", "not_ready_forever"}) +
                           "  start_budget: 1s\n  stop_grace: 1s\n"),
              HasSubstr("START_BUDGET_SPENT"));
}

// ---- What is installed

TEST_F(StartFailureTest, NamesACommandThatDoesNotExist) {
  EXPECT_THAT(
      ErrorOfStart("  mode: launch\n  command: [/nowhere/gateway]\n"),
      AllOf(HasSubstr("GATEWAY_NOT_INSTALLED"), HasSubstr("/nowhere/gateway")));
}

TEST_F(StartFailureTest, NamesADirectoryThatDoesNotExist) {
  EXPECT_THAT(ErrorOfStart("  mode: launch\n  dir: /nowhere/openclaw\n"),
              AllOf(HasSubstr("GATEWAY_NOT_INSTALLED"),
                    HasSubstr("/nowhere/openclaw")));
}

TEST_F(StartFailureTest, NamesDependenciesThatAreMissing) {
  const std::string directory = place_ / "openclaw";
  ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((directory + "/dist").c_str(), 0700), 0);
  place_.Write("openclaw/package.json", R"({"name":"openclaw"})");
  place_.Write("openclaw/openclaw.mjs", "");
  place_.Write("openclaw/dist/entry.js", "");
  EXPECT_THAT(
      ErrorOfStart("  mode: launch\n  dir: " + directory + "\n"),
      AllOf(HasSubstr("DEPENDENCIES_MISSING"), HasSubstr("npm install")));
}

TEST_F(StartFailureTest, NamesANodeThatDoesNotExist) {
  const std::string directory = place_ / "openclaw";
  ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((directory + "/node_modules").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((directory + "/dist").c_str(), 0700), 0);
  place_.Write("openclaw/package.json", R"({"name":"openclaw"})");
  place_.Write("openclaw/openclaw.mjs", "");
  place_.Write("openclaw/dist/entry.js", "");
  EXPECT_THAT(
      ErrorOfStart("  mode: launch\n  dir: " + directory +
                   "\n  node: /nowhere/node\n"),
      AllOf(HasSubstr("GATEWAY_NOT_INSTALLED"), HasSubstr("/nowhere/node")));
}

// ---- The daemon itself

class DaemonFailureTest : public DaemonTest {
 protected:
  // What a daemon says that does not get ready.
  std::string ErrorOfDaemon(int exit_code,
                            const std::vector<std::string>& arguments = {}) {
    const auto daemon = RunDaemon(arguments);
    EXPECT_EQ(daemon->Wait(), exit_code);
    EXPECT_EQ(daemon->output(), "");
    return daemon->errors();
  }
};

TEST_F(DaemonFailureTest, NamesFileLineAndKeyOfAnUnknownSetting) {
  WriteConfig("  prot: 1\n");
  EXPECT_THAT(ErrorOfDaemon(2),
              AllOf(StartsWith("clawplaned: "), HasSubstr("clawplane.yaml:9: "),
                    HasSubstr("unknown key gateway.prot"),
                    HasSubstr("did you mean gateway.port?")));
}

TEST_F(DaemonFailureTest, RefusesToListenToOtherMachines) {
  EXPECT_THAT(ErrorOfDaemon(2, {"--listen", "0.0.0.0:0"}),
              AllOf(HasSubstr("0.0.0.0:0"), HasSubstr("in plain text")));
}

TEST_F(DaemonFailureTest, RefusesAStateDirectoryThatIsInUse) {
  WriteConfig(LaunchFake());
  StartDaemon();
  EXPECT_THAT(
      ErrorOfDaemon(1),
      AllOf(HasSubstr(state_directory()),
            HasSubstr("in use by process " + std::to_string(daemon_->pid()))));
  EXPECT_EQ(Clawctl({"status"}).exit_code, 0);
}

TEST_F(DaemonFailureTest, RefusesAnAddressThatIsInUse) {
  FakeGatewayOptions options;
  options.port = port();
  FakeGateway other(options);
  WriteConfig("");
  EXPECT_THAT(
      ErrorOfDaemon(1, {"--listen", "127.0.0.1:" + std::to_string(port())}),
      HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(port())));
}

TEST_F(DaemonFailureTest, SaysThatThePortForProbesIsInUse) {
  FakeGatewayOptions options;
  options.port = port();
  FakeGateway other(options);
  WriteConfig("");
  EXPECT_THAT(
      ErrorOfDaemon(1, {"--ops-listen", "127.0.0.1:" + std::to_string(port())}),
      AllOf(HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(port())),
            HasSubstr("another program is using it"),
            HasSubstr("set ops.listen to another one")));
}

}  // namespace
}  // namespace clawplane::testing
