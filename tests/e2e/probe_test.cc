// clawplaned --probe: what a container's probe learns by running it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProbeTest : public DaemonTest {
 protected:
  // Runs it with the configuration of the test and these flags.
  Said Probe(const std::vector<std::string>& arguments) {
    const auto probe = RunDaemon(arguments);
    const int exit_code = probe->Wait().value_or(-1000);
    return {exit_code, probe->output(), probe->errors()};
  }
  void ExpectSaid(const Said& said, int exit_code, const std::string& output) {
    EXPECT_EQ(said.exit_code, exit_code) << said.errors;
    EXPECT_EQ(said.output, output);
    EXPECT_EQ(said.errors, "");
  }
  // Where the daemon listens for HTTP, as HOST:PORT.
  std::string OpsAddress() const { return ops_url().substr(7); }
};

TEST_F(ProbeTest, FollowsTheLifeOfDaemonAndGateway) {
  WriteConfig(LaunchFake());
  const Said none = Probe({"--probe"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.output, StartsWith("no server: unix:" + socket() + ": "));

  StartDaemon();
  ExpectSaid(Probe({"--probe"}), 0, "alive\n");
  ExpectSaid(Probe({"--probe=alive"}), 0, "alive\n");
  ExpectSaid(Probe({"--probe=ready"}), 1, "not ready: stopped\n");
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  ExpectSaid(Probe({"--probe=ready"}), 0, "ready\n");

  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_EQ(Probe({"--probe"}).exit_code, 1);
}

TEST_F(ProbeTest, SaysThatTheGatewayIsStarting) {
  WriteConfig(LaunchFake({"--behaviour", "starting_forever"}));
  StartDaemon();
  const auto start = RunClawctl({"start"});
  ASSERT_TRUE(WaitFor([&] { return IsPortOpen(port()); }));
  ExpectSaid(Probe({"--probe=ready"}), 1, "not ready: starting\n");
  ExpectSaid(Probe({"--probe"}), 0, "alive\n");
}

TEST_F(ProbeTest, AsksOverTcpWhereThereIsNoSocket) {
  WriteConfig(LaunchFake());
  StartDaemon();
  const std::vector<std::string> flags = {"--socket", "none", "--listen",
                                          tcp_address(), "--probe=ready"};
  // The state is for who has a token.
  ExpectSaid(Probe(flags), 1, "not ready\n");
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  ExpectSaid(Probe(flags), 0, "ready\n");
}

TEST_F(ProbeTest, AsksByHttpWhereThereIsOnlyTlsBesides) {
  WriteConfig(LaunchFake());
  StartDaemon();
  std::vector<std::string> flags = {
      "--socket",       "none",        "--listen",        "none",
      "--tls-listen",   "127.0.0.1:1", "--tls-cert-file", "none",
      "--tls-key-file", "none",        "--access-file",   "none",
      "--ops-listen",   OpsAddress(),  "--probe=ready"};
  ExpectSaid(Probe(flags), 1, "not ready: stopped\n");
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  ExpectSaid(Probe(flags), 0, "ready\n");
  flags.back() = "--probe";
  ExpectSaid(Probe(flags), 0, "alive\n");
}

TEST_F(ProbeTest, SaysWhenNothingCanBeAsked) {
  WriteConfig("");
  const Said said = Probe({"--socket", "none", "--probe"});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_THAT(said.output, AllOf(StartsWith("no server: "),
                                 HasSubstr("nothing that could be asked")));
}

TEST_F(ProbeTest, WaitsForNoServerThatHangs) {
  WriteConfig(LaunchFake());
  StartDaemon();
  daemon_->Signal(SIGSTOP);
  for (const auto& flags : std::vector<std::vector<std::string>>{
           {"--probe"},
           {"--socket", "none", "--listen", tcp_address(), "--probe=ready"}}) {
    const auto began = steady_clock::now();
    const Said said = Probe(flags);
    EXPECT_EQ(said.exit_code, 1);
    EXPECT_THAT(said.output, StartsWith("no server: "));
    EXPECT_LT(steady_clock::now() - began, seconds(3));
  }
  daemon_->Signal(SIGCONT);
  ExpectSaid(Probe({"--probe"}), 0, "alive\n");
}

TEST_F(ProbeTest, RefusesAnotherQuestion) {
  WriteConfig("");
  const Said said = Probe({"--probe=healthy"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_THAT(said.errors, HasSubstr("healthy"));
}

}  // namespace
}  // namespace clawplane::testing
