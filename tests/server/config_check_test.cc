#include "server/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckConfigTest : public ::testing::Test {
 protected:
  CheckConfigTest() {
    config_.state_directory = place_ / "state";
    config_.gateway.token_file = place_ / "state/gateway.token";
    config_.gateway.command = {"/bin/true"};
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = place_ / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
    return path;
  }

  const ::clawplane::testing::TempDirectory place_;
  core::Config config_;
};

TEST_F(CheckConfigTest, FindsNothingWrongAndMakesNothing) {
  const ConfigFindings findings = CheckConfig(config_, {});
  EXPECT_THAT(findings.errors, IsEmpty());
  EXPECT_THAT(findings.warnings, IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(place_ / ""));
}

TEST_F(CheckConfigTest, FindsEachFileThatIsWrong) {
  config_.access.file = Write("access.yaml", "tokens: [{name: a}]\n");
  config_.tls.listen = "127.0.0.1:0";
  config_.tls.cert_file = place_ / "missing.pem";
  config_.tls.key_file = place_ / "missing.key";
  config_.socket_group = "no such group";
  EXPECT_THAT(CheckConfig(config_, {}).errors,
              ElementsAre(HasSubstr("access.yaml"), HasSubstr("missing"),
                          HasSubstr("no such group")));
}

TEST_F(CheckConfigTest, FindsAStateDirectoryThatCannotBe) {
  config_.state_directory = "/dev/null/state";
  EXPECT_THAT(CheckConfig(config_, {}).errors,
              ElementsAre(AllOf(HasSubstr("/dev/null/state cannot be used"),
                                HasSubstr("set state_dir"))));
}

TEST_F(CheckConfigTest, WarnsOfWhatKeepsAGatewayFromStarting) {
  config_.gateway.command.clear();
  config_.gateway.directory = place_ / "nothing here";
  std::filesystem::create_directory(place_ / "state");
  Write("state/gateway.token", "short");
  const ConfigFindings findings = CheckConfig(config_, {});
  EXPECT_THAT(findings.errors, IsEmpty());
  EXPECT_THAT(findings.warnings,
              ElementsAre(HasSubstr("gateway.token"),
                          AllOf(HasSubstr("no gateway can be started"),
                                HasSubstr("nothing here"))));
}

TEST_F(CheckConfigTest, WarnsOfATokenThatAttachingNeeds) {
  config_.gateway.command.clear();
  config_.gateway.directory = place_ / "nothing here";
  config_.machine.mode = core::Mode::kAttach;
  EXPECT_THAT(CheckConfig(config_, {}).warnings,
              ElementsAre(HasSubstr("write the gateway's own token into it")));
}

}  // namespace
}  // namespace clawplane::server
