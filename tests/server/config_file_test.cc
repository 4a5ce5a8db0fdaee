#include "server/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace clawplane::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

core::Config Read(const std::string& yaml) {
  core::Config config;
  EXPECT_EQ(ApplyYaml(yaml, "c.yaml", config), absl::OkStatus());
  return config;
}

TEST(ConfigTextTest, CanBeReadAgain) {
  for (const std::string yaml :
       {"", "name: 'a: b # c'\n",
        "gateway: {mode: attach, stop_grace: 1m30s, command: [a b, '{port}']}",
        "access: {file: /a, denied_methods: [config.*, '#x', 'yes']}"}) {
    const core::Config config = Read(yaml);
    const std::string text = ConfigText(config);
    EXPECT_TRUE(core::ChangedSettings(Read(text), config).empty()) << text;
  }
}

TEST(ConfigTextTest, SaysWhereEachValueComesFrom) {
  core::Config config = Read("name: box\ngateway: {port: 4711}\n");
  ASSERT_TRUE(
      core::ApplySetting("log.level", {"debug"}, "--log-level", config).ok());
  const std::string text = ConfigText(config);
  EXPECT_THAT(text, HasSubstr("name: box  # c.yaml:1\n"));
  EXPECT_THAT(text, HasSubstr("\ngateway:\n  mode: auto  # default\n"));
  EXPECT_THAT(text, HasSubstr("\n  port: 4711  # c.yaml:2\n"));
  EXPECT_THAT(text, HasSubstr("\nlog:\n  level: debug  # --log-level\n"));
  EXPECT_THAT(text, HasSubstr("\naccess: {}\n  # file: not set; default: "));
}

TEST(ConfigTextTest, ShowsNoSecrets) {
  const std::string text =
      ConfigText(Read("gateway: {environment: [API_KEY=hunter2hunter2]}"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("  # environment: not shown; c.yaml:1\n"));
}

}  // namespace
}  // namespace clawplane::server
