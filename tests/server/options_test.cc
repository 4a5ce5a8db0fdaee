#include "server/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "server/access_list.h"
#include "server/config_file.h"
#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using ::clawplane::testing::TempDirectory;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What the configuration makes of the text; the error, or "ok".
std::string Apply(const std::string& yaml, core::Config& config) {
  const absl::Status status = ApplyYaml(yaml, "c.yaml", config);
  return status.ok() ? "ok" : std::string(status.message());
}
std::string Apply(const std::string& yaml) {
  core::Config config;
  return Apply(yaml, config);
}

TEST(ApplyYamlTest, ReadsSectionsAndLists) {
  core::Config config;
  ASSERT_EQ(Apply("name: box\n"
                  "gateway:\n"
                  "  mode: attach\n"
                  "  port: 4711\n"
                  "  command: [prog, --port, \"{port}\"]\n"
                  "  stop_grace: 1m30s\n"
                  "  dev: true\n"
                  "events: {max_count: 7}\n",
                  config),
            "ok");
  EXPECT_EQ(config.name, "box");
  EXPECT_EQ(config.machine.mode, core::Mode::kAttach);
  EXPECT_EQ(config.machine.port, 4711);
  EXPECT_THAT(config.gateway.command, ElementsAre("prog", "--port", "{port}"));
  EXPECT_EQ(config.machine.stop_grace, std::chrono::seconds(90));
  EXPECT_TRUE(config.gateway.dev);
  EXPECT_EQ(config.events.max_events, 7u);
}

TEST(ApplyYamlTest, ReadsASingleWordAsAListOfOne) {
  core::Config config;
  ASSERT_EQ(Apply("gateway: {command: prog}", config), "ok");
  EXPECT_THAT(config.gateway.command, ElementsAre("prog"));
}

TEST(ApplyYamlTest, TakesAnEmptyFile) {
  EXPECT_EQ(Apply(""), "ok");
  EXPECT_EQ(Apply("# nothing\n"), "ok");
}

struct BadYaml {
  const char* name;
  const char* yaml;
  std::vector<const char*> parts;
};

class BadYamlTest : public ::testing::TestWithParam<BadYaml> {};

TEST_P(BadYamlTest, IsRefusedWithItsPlace) {
  const std::string said = Apply(GetParam().yaml);
  for (const char* part : GetParam().parts) {
    EXPECT_THAT(said, HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadYamlTest,
    ::testing::ValuesIn(std::vector<BadYaml>{
        {"UnknownKey",
         "name: a\ngateway:\n  prot: 1\n",
         {"c.yaml:3: ", "unknown key gateway.prot",
          "did you mean gateway.port?"}},
        {"UnknownSection",
         "gatway:\n  port: 1\n",
         {"c.yaml:1: ", "unknown key gatway"}},
        {"OutOfRange",
         "gateway:\n  port: 65536\n",
         {"c.yaml:2: ", "gateway.port is \"65536\"", "allowed: 1 to 65535"}},
        {"NotANumber",
         "gateway: {port: http}",
         {"c.yaml:1: ", "gateway.port is \"http\""}},
        {"NoUnit",
         "gateway:\n  stop_grace: 10\n",
         {"c.yaml:2: ", "stop_grace is \"10\"", "0s to 330s"}},
        {"TooLong",
         "gateway: {stop_grace: 331s}",
         {"stop_grace is \"331s\"", "0s to 330s"}},
        {"NoBool", "gateway: {dev: 1}", {"dev is \"1\"", "true, false"}},
        {"NoMode", "gateway: {mode: run}", {"launch, attach, auto"}},
        {"Twice",
         "name: a\nlisten: none\nname: b\n",
         {"c.yaml:3: ", "the key name occurs twice"}},
        {"TwiceInASection",
         "gateway:\n  port: 1\n  port: 2\n",
         {"c.yaml:3: ", "the key gateway.port occurs twice"}},
        {"SectionTwice",
         "gateway: {port: 1}\ngateway: {port: 2}\n",
         {"c.yaml:2: ", "occurs twice"}},
        {"NotYaml", "name: a\nb: [1,\n", {"c.yaml:", "not YAML"}},
        {"NotYamlTabs", "gateway:\n\tport: 1\n", {"c.yaml:2: ", "not YAML"}},
        {"AList", "- a\n- b\n", {"c.yaml:1: ", "must be a map"}},
        {"AWord", "hello", {"c.yaml:1: ", "must be a map"}},
        {"NoValue", "name:\n", {"c.yaml:1: ", "name has no value"}},
        {"SectionWithoutValue", "gateway:\n", {"gateway"}},
        {"MapForAWord", "name: {a: b}", {"c.yaml:1: ", "name takes no map"}},
        {"ListForAWord", "name: [a, b]", {"name takes one value"}},
        {"MapInAList",
         "gateway:\n  command:\n    - {a: b}\n",
         {"c.yaml:3: ", "item of gateway.command must be a word"}},
        {"KeyIsAList", "[a, b]: c\n", {"c.yaml:1: ", "a key must be a word"}},
        {"EmptyName", "name: \"\"", {"name is \"\"", "1 to 4096 bytes"}},
        {"TokenInEnvironment",
         "gateway: {environment: [OPENCLAW_GATEWAY_TOKEN=x]}",
         {"gateway.environment", "not OPENCLAW_GATEWAY_TOKEN"}},
        {"ListensOnAName",
         "listen: host.example:1",
         {"listen is \"host.example:1\"", "an IP address"}}}),
    [](const auto& info) { return std::string(info.param.name); });

// ---- The whole of it: flags, environment, file

class ReadOptionsTest : public ::testing::Test {
 protected:
  ReadOptionsTest() {
    variables_["STATE_DIRECTORY"] = directory_ / "state";
    variables_["XDG_CONFIG_HOME"] = directory_ / "none";
  }

  // The configuration, or one with the error as its name.
  core::Config Read(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "clawplaned");
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const auto options = ReadOptions(
        static_cast<int>(arguments.size()), arguments.data(),
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = variables_.find(name);
          if (found == variables_.end()) return std::nullopt;
          return found->second;
        });
    errors_ = ::testing::internal::GetCapturedStderr();
    output_ = ::testing::internal::GetCapturedStdout();
    exit_code_ = -1;
    if (const auto* leave = std::get_if<Leave>(&options)) {
      exit_code_ = leave->exit_code;
      return {};
    }
    return std::get<core::Config>(options);
  }

  TempDirectory directory_;
  std::map<std::string, std::string> variables_;
  std::string errors_;
  std::string output_;
  int exit_code_ = -1;
};

TEST_F(ReadOptionsTest, FillsInPathsFromTheStateDirectory) {
  const core::Config config = Read({});
  EXPECT_EQ(exit_code_, -1) << errors_;
  EXPECT_EQ(config.state_directory, directory_ / "state");
  EXPECT_EQ(config.socket, directory_ / "state/clawplane.sock");
  EXPECT_EQ(config.gateway.token_file, directory_ / "state/gateway.token");
}

TEST_F(ReadOptionsTest, LetsFlagsWinOverTheEnvironmentAndThatOverTheFile) {
  const std::string file = directory_.Write(
      "c.yaml", "name: file\ngateway: {port: 1, probe_timeout: 3s}\n");
  variables_["CLAWPLANE_NAME"] = "environment";
  variables_["CLAWPLANE_GATEWAY_PORT"] = "2";

  const core::Config config =
      Read({"--config", file.c_str(), "--gateway-port", "3"});

  EXPECT_EQ(config.machine.port, 3);
  EXPECT_EQ(config.name, "environment");
  EXPECT_EQ(config.gateway.probe_timeout, std::chrono::seconds(3));
}

TEST_F(ReadOptionsTest, FindsTheFileByTheEnvironment) {
  variables_["CLAWPLANE_CONFIG"] = directory_.Write("c.yaml", "name: found");
  EXPECT_EQ(Read({}).name, "found");
}

TEST_F(ReadOptionsTest, RefusesAFileThatIsNotThere) {
  Read({"--config", "/nowhere/c.yaml"});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("/nowhere/c.yaml cannot be read"));
}

TEST_F(ReadOptionsTest, RefusesADirectoryForAFile) {
  Read({"--config", directory_.path().c_str()});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("is not a regular file"));
}

TEST_F(ReadOptionsTest, NamesTheVariableThatIsWrong) {
  variables_["CLAWPLANE_GATEWAY_PORT"] = "none";
  Read({});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("CLAWPLANE_GATEWAY_PORT: gateway.port is"));
}

TEST_F(ReadOptionsTest, NamesTheFlagThatIsWrong) {
  Read({"--gateway-port", "0"});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("--gateway-port: gateway.port is \"0\""));
  Read({"--bogus"});
  EXPECT_EQ(exit_code_, 2);
}

TEST_F(ReadOptionsTest, ReadsAListFromTheEnvironmentByLines) {
  variables_["CLAWPLANE_GATEWAY_COMMAND"] = "prog\n--port\n{port}\n";
  EXPECT_THAT(Read({}).gateway.command,
              ElementsAre("prog", "--port", "{port}"));
}

TEST_F(ReadOptionsTest, TakesASocketOf107BytesAndNoMore) {
  const std::string fits = "/" + std::string(106, 's');
  EXPECT_EQ(Read({"--socket", fits.c_str()}).socket, fits);
  Read({"--socket", (fits + "s").c_str()});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("107"));
}

TEST_F(ReadOptionsTest, RefusesASocketMadeTooLongByItsDirectory) {
  variables_["STATE_DIRECTORY"] = "/" + std::string(106, 'd');
  Read({});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, AllOf(HasSubstr("has 122 bytes"), HasSubstr("107"),
                             HasSubstr("state_dir")));
}

TEST_F(ReadOptionsTest, RefusesToListenNowhere) {
  Read({"--listen", "none", "--socket", "none"});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("nobody could call"));
}

TEST_F(ReadOptionsTest, RefusesToBeReachableInPlainTextUnlessAsked) {
  Read({"--listen", "0.0.0.0:1"});
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(errors_, HasSubstr("tls.listen"));
  EXPECT_EQ(Read({"--listen", "0.0.0.0:1", "--insecure-bind"}).listen,
            "0.0.0.0:1");
  EXPECT_EQ(Read({"--insecure-bind", "--listen", "0.0.0.0:1"}).listen,
            "0.0.0.0:1");
  Read({"--listen", "0.0.0.0:1", "--insecure-bind", "false"});
  EXPECT_EQ(exit_code_, 2);
}

TEST_F(ReadOptionsTest, MakesAToken) {
  Read({"--new-token", "ci", "--role", "operator"});
  EXPECT_EQ(exit_code_, 0);
  EXPECT_THAT(output_, ::testing::MatchesRegex("clawplane_[0-9a-f]{64}\n"));
  const size_t list = errors_.find("tokens:\n");
  ASSERT_NE(list, errors_.npos) << errors_;
  const auto parsed = AccessList::Parse(errors_.substr(list), "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const std::string token = output_.substr(0, output_.size() - 1);
  ASSERT_NE(parsed->FindToken(HashToken(token)), nullptr);
  EXPECT_EQ(parsed->FindToken(HashToken(token))->role, core::Role::kOperator);
}

TEST_F(ReadOptionsTest, SaysWhatANewTokenNeeds) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"--new-token", "ci"},
           {"--new-token", "ci", "--role", "root"},
           {"--new-token", "c i", "--role", "admin"},
           {"--role", "admin"}}) {
    Read(arguments);
    EXPECT_EQ(exit_code_, 2);
    EXPECT_EQ(output_, "");
    EXPECT_NE(errors_, "");
  }
}

TEST_F(ReadOptionsTest, LeavesAfterHelpVersionAndSettings) {
  for (const char* flag : {"--help", "--version", "--settings"}) {
    Read({flag});
    EXPECT_EQ(exit_code_, 0) << flag;
    EXPECT_NE(output_, "") << flag;
  }
  EXPECT_THAT(output_, HasSubstr("| `gateway.stop_grace` |"));
}

TEST(DefaultStateDirectoryTest, FollowsTheEnvironment) {
  std::map<std::string, std::string> variables = {
      {"STATE_DIRECTORY", "/systemd"},
      {"XDG_STATE_HOME", "/xdg"},
      {"HOME", "/home/me"}};
  const Environment environment =
      [&](const std::string& name) -> std::optional<std::string> {
    if (variables.count(name) == 0) return std::nullopt;
    return variables[name];
  };
  EXPECT_EQ(*DefaultStateDirectory(environment, true), "/systemd");
  EXPECT_EQ(*DefaultStateDirectory(environment, false), "/systemd");
  variables.erase("STATE_DIRECTORY");
  EXPECT_EQ(*DefaultStateDirectory(environment, true), "/var/lib/clawplane");
  EXPECT_EQ(*DefaultStateDirectory(environment, false), "/xdg/clawplane");
  variables.erase("XDG_STATE_HOME");
  EXPECT_EQ(*DefaultStateDirectory(environment, false),
            "/home/me/.local/state/clawplane");
  variables.erase("HOME");
  EXPECT_THAT(
      std::string(DefaultStateDirectory(environment, false).status().message()),
      HasSubstr("set state_dir"));
}

}  // namespace
}  // namespace clawplane::server
