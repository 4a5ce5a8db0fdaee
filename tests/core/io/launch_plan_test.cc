#include "core/io/launch_plan.h"

#include "tests/core/io/launch_plan_fixture.h"

namespace clawplane::core {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// ---- What is run

TEST_F(LaunchPlanTest, RunsABuiltPackageWithNode) {
  InstallPackage("openclaw");
  WriteProgram("bin/node");
  config_.directory = Path("openclaw");

  const LaunchSpec spec = Spec();

  EXPECT_EQ(spec.executable, Path("bin/node"));
  EXPECT_THAT(spec.arguments, ElementsAre(Path("openclaw/openclaw.mjs"),
                                          "gateway", "run", "--port", "4321"));
  EXPECT_EQ(spec.directory, Path("openclaw"));
}

TEST_F(LaunchPlanTest, RunsAPackageWhoseDependenciesLieBesideIt) {
  InstallPackage("node_modules/openclaw");
  fs::remove(root_ / "node_modules/openclaw/node_modules");
  WriteProgram("bin/node");
  config_.directory = Path("node_modules/openclaw");

  EXPECT_EQ(Spec().executable, Path("bin/node"));
}

TEST_F(LaunchPlanTest, RunsThePackageUnderItsOldName) {
  InstallClawdbot("clawdbot");
  WriteProgram("bin/node");
  config_.directory = Path("clawdbot");
  config_.dev = true;
  config_.skip_channels = true;

  const LaunchSpec spec = Spec();

  EXPECT_EQ(spec.executable, Path("bin/node"));
  EXPECT_THAT(spec.arguments, ElementsAre(Path("clawdbot/dist/entry.js"),
                                          "gateway", "--port", "4321", "--dev"))
      << "its `gateway run` takes no options";
  EXPECT_EQ(spec.directory, Path("clawdbot"));
  EXPECT_EQ(spec.environment.back(), Concat("CLAWDBOT_GATEWAY_TOKEN=", kToken));
  EXPECT_THAT(spec.environment,
              AllOf(Contains("CLAWDBOT_NO_RESPAWN=1"),
                    Contains("CLAWDBOT_SKIP_CHANNELS=1"),
                    Not(Contains(StartsWith("OPENCLAW_GATEWAY_TOKEN=")))));
}

TEST_F(LaunchPlanTest, FindsTheOldCommandInThePath) {
  InstallClawdbot("lib/clawdbot");
  WriteProgram("bin/node");
  fs::create_symlink(Path("lib/clawdbot/dist/entry.js"), Path("bin/clawdbot"));

  EXPECT_EQ(Spec().directory, Path("lib/clawdbot"));
}

TEST_F(LaunchPlanTest, TellsThePackageItsVersion) {
  InstallPackage("openclaw");
  Write("openclaw/package.json",
        R"({"name":"openclaw","version":"2026.2.19"})");
  WriteProgram("bin/node");
  config_.directory = Path("openclaw");
  environment_.push_back("npm_package_version=of-another");

  EXPECT_THAT(Spec().environment,
              AllOf(Contains("npm_package_version=2026.2.19"),
                    Contains(StartsWith("npm_package_version=")).Times(1)));
}

TEST_F(LaunchPlanTest, RunsTheNodeThatIsConfigured) {
  InstallPackage("openclaw");
  WriteProgram("other/node");
  config_.directory = Path("openclaw");
  config_.node = Path("other/node");

  EXPECT_EQ(Spec().executable, Path("other/node"));
}

TEST_F(LaunchPlanTest, AddsTheFlagsThatAreConfigured) {
  InstallPackage("openclaw");
  WriteProgram("bin/node");
  config_.directory = Path("openclaw");
  config_.dev = true;
  config_.allow_unconfigured = true;
  config_.skip_channels = true;

  const LaunchSpec spec = Spec();

  EXPECT_THAT(spec.arguments,
              AllOf(Contains("--dev"), Contains("--allow-unconfigured")));
  EXPECT_THAT(spec.environment, Contains("OPENCLAW_SKIP_CHANNELS=1"));
}

TEST_F(LaunchPlanTest, RunsSourcesWithPnpm) {
  CheckOut("sources");
  WriteProgram("bin/pnpm");
  config_.directory = Path("sources");

  const LaunchSpec spec = Spec();

  EXPECT_EQ(spec.executable, Path("bin/pnpm"));
  EXPECT_THAT(spec.arguments,
              ElementsAre("run", "dev", "gateway", "run", "--port", "4321"));
  EXPECT_EQ(spec.directory, Path("sources"));
}

TEST_F(LaunchPlanTest, PrefersTheBuiltPackageToItsSources) {
  CheckOut("sources");
  InstallPackage("sources");
  WriteProgram("bin/node");
  WriteProgram("bin/pnpm");
  config_.directory = Path("sources");

  EXPECT_EQ(Spec().executable, Path("bin/node"));
}

TEST_F(LaunchPlanTest, FindsThePackageBehindTheLinkInPath) {
  InstallPackage("lib/node_modules/openclaw");
  fs::create_symlink("../lib/node_modules/openclaw/openclaw.mjs",
                     root_ / "bin/openclaw");
  WriteProgram("bin/node");

  const LaunchSpec spec = Spec();

  EXPECT_EQ(spec.directory, Path("lib/node_modules/openclaw"));
  EXPECT_EQ(spec.arguments.front(),
            Path("lib/node_modules/openclaw/openclaw.mjs"));
}

TEST_F(LaunchPlanTest, RunsACommandWithThePortInItsPlace) {
  WriteProgram("bin/gateway");
  config_.command = {"gateway", "--listen=127.0.0.1:{port}", "{port}",
                     "{other}"};

  const LaunchSpec spec = Spec();

  EXPECT_EQ(spec.executable, Path("bin/gateway"));
  EXPECT_THAT(spec.arguments,
              ElementsAre("--listen=127.0.0.1:4321", "4321", "{other}"));
  EXPECT_EQ(spec.directory, "/");
}

TEST_F(LaunchPlanTest, PutsThePortWhereverACommandNamesIt) {
  WriteProgram("bin/gateway");
  config_.command = {"gateway", "{port}:{port}"};

  EXPECT_THAT(Spec().arguments, ElementsAre("4321:4321"));
}

TEST_F(LaunchPlanTest, RunsACommandInTheDirectoryThatIsConfigured) {
  WriteProgram("tools/gateway");
  config_.command = {Path("tools/gateway")};
  config_.directory = Path("tools");

  EXPECT_EQ(Spec().directory, Path("tools"));
}

// ---- What is missing

TEST_F(LaunchPlanTest, TellsThatNothingIsInstalled) {
  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kGatewayNotInstalled);
  EXPECT_THAT(fault.next_step, HasSubstr("npm install -g openclaw"));
}

TEST_F(LaunchPlanTest, TellsThatTheDirectoryDoesNotExist) {
  config_.directory = Path("nowhere");

  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kGatewayNotInstalled);
  EXPECT_THAT(fault.message, HasSubstr(Path("nowhere")));
  EXPECT_THAT(fault.next_step, HasSubstr("gateway.dir"));
}

TEST_F(LaunchPlanTest, TellsThatTheDirectoryHoldsNoGateway) {
  fs::create_directories(root_ / "empty");
  config_.directory = Path("empty");

  EXPECT_EQ(Missing().reason, Reason::kGatewayNotInstalled);
}

TEST_F(LaunchPlanTest, TellsToInstallThePackagesDependencies) {
  InstallPackage("openclaw");
  fs::remove(root_ / "openclaw/node_modules");
  config_.directory = Path("openclaw");

  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kDependenciesMissing);
  EXPECT_EQ(fault.next_step,
            Concat("run: npm install --prefix ", Path("openclaw")));
}

TEST_F(LaunchPlanTest, TellsToInstallTheSourcesDependencies) {
  CheckOut("sources");
  fs::remove(root_ / "sources/node_modules");
  config_.directory = Path("sources");

  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kDependenciesMissing);
  EXPECT_EQ(fault.next_step,
            Concat("run: cd ", Path("sources"), " && pnpm install"));
}

TEST_F(LaunchPlanTest, TellsThatThereIsNoNode) {
  InstallPackage("openclaw");
  config_.directory = Path("openclaw");

  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kGatewayNotInstalled);
  EXPECT_THAT(fault.message, HasSubstr("no node in PATH"));
  EXPECT_THAT(fault.next_step, HasSubstr("gateway.node"));
}

TEST_F(LaunchPlanTest, TellsThatTheConfiguredNodeIsNoProgram) {
  InstallPackage("openclaw");
  Write("other/node");  // not executable
  config_.directory = Path("openclaw");
  config_.node = Path("other/node");

  EXPECT_THAT(Missing().message, HasSubstr(Path("other/node")));
}

TEST_F(LaunchPlanTest, TellsThatThereIsNoPnpm) {
  CheckOut("sources");
  config_.directory = Path("sources");

  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kGatewayNotInstalled);
  EXPECT_EQ(fault.next_step, "run: npm install -g pnpm");
}

TEST_F(LaunchPlanTest, TellsThatTheCommandIsNoProgram) {
  config_.command = {"gateway"};

  const Fault fault = Missing();

  EXPECT_EQ(fault.reason, Reason::kGatewayNotInstalled);
  EXPECT_THAT(fault.next_step, HasSubstr("gateway.command"));
}

TEST_F(LaunchPlanTest, TellsThatTheCommandsDirectoryDoesNotExist) {
  WriteProgram("bin/gateway");
  config_.command = {"gateway"};
  config_.directory = Path("nowhere");

  EXPECT_THAT(Missing().message, HasSubstr(Path("nowhere")));
}

// ---- The environment

class LaunchEnvironmentTest : public LaunchPlanTest {
 protected:
  LaunchEnvironmentTest() {
    WriteProgram("bin/gateway");
    config_.command = {"gateway"};
  }
};

TEST_F(LaunchEnvironmentTest, HoldsTheTokenOnceAndNothingElseDoes) {
  environment_.push_back("OPENCLAW_GATEWAY_TOKEN=of-another");

  const LaunchSpec spec = Spec();

  EXPECT_THAT(spec.environment,
              Contains(StartsWith("OPENCLAW_GATEWAY_TOKEN=")).Times(1));
  EXPECT_EQ(spec.environment.back(), Concat("OPENCLAW_GATEWAY_TOKEN=", kToken));
  EXPECT_THAT(spec.arguments, Each(Not(HasSubstr(kToken))));
  EXPECT_THAT(spec.executable, Not(HasSubstr(kToken)));
}

TEST_F(LaunchEnvironmentTest, LeavesOutWhatIsMeantForUs) {
  for (const char* name :
       {"CLAWPLANE_LISTEN", "CLAWPLANE_GATEWAY_TOKEN_FILE", "NOTIFY_SOCKET",
        "WATCHDOG_USEC", "WATCHDOG_PID", "INVOCATION_ID", "JOURNAL_STREAM",
        "LISTEN_FDS", "LISTEN_PID", "CREDENTIALS_DIRECTORY", "SYSTEMD_EXEC_PID",
        "OPENCLAW_SYSTEMD_UNIT"}) {
    environment_.push_back(Concat(name, "=ours"));
  }

  EXPECT_THAT(Spec().environment, Each(Not(HasSubstr("=ours"))));
}

TEST_F(LaunchEnvironmentTest, KeepsTheRest) {
  environment_.push_back("OPENCLAW_STATE_DIR=/state");

  EXPECT_THAT(Spec().environment,
              AllOf(Contains("HOME=/home/me"), Contains("LANG=C"),
                    Contains("OPENCLAW_STATE_DIR=/state")));
}

TEST_F(LaunchEnvironmentTest, ReplacesTheHomeAndAllThatFollowsFromIt) {
  config_.home = "/home/other";
  for (const char* variable :
       {"OPENCLAW_HOME=/home/me", "OPENCLAW_STATE_DIR=/home/me/s",
        "OPENCLAW_CONFIG_PATH=/home/me/c", "OPENCLAW_PROFILE=/home/me/p",
        "XDG_CONFIG_HOME=/home/me/x"}) {
    environment_.push_back(variable);
  }

  EXPECT_THAT(Spec().environment, AllOf(Contains("HOME=/home/other"),
                                        Each(Not(HasSubstr("/home/me")))));
}

TEST_F(LaunchEnvironmentTest, AddsWhatIsConfigured) {
  config_.environment = {"NODE_OPTIONS=--max-old-space-size=512"};

  EXPECT_THAT(Spec().environment,
              Contains("NODE_OPTIONS=--max-old-space-size=512"));
}

TEST_F(LaunchEnvironmentTest, LetsWhatIsConfiguredReplaceWhatIsInherited) {
  config_.environment = {"LANG=de_DE.UTF-8"};

  EXPECT_THAT(Spec().environment, Contains("LANG=de_DE.UTF-8"));
  EXPECT_THAT(Spec().environment, Not(Contains("LANG=C")));
}

TEST_F(LaunchEnvironmentTest, KeepsTheGatewayInTheProcessThatIsWatched) {
  EXPECT_THAT(Spec().environment, Contains("OPENCLAW_NO_RESPAWN=1"));
}

}  // namespace
}  // namespace clawplane::core
