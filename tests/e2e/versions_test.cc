// Gateways of other versions, as fakes, and what a person sees of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/e2e/daemon_test.h"
#include "tests/fakes/fake_device.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/version_names.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class VersionsTest : public DaemonTest {
 protected:
  // A daemon that launches such a gateway, and has started it.
  void Launch(const std::vector<std::string>& arguments) {
    WriteConfig(LaunchFake(arguments));
    StartDaemon();
    const Said said = Clawctl({"start"});
    ASSERT_EQ(said.exit_code, 0) << said.errors;
  }
  std::string Status() { return Clawctl({"status"}).output; }
};

class VersionTest : public VersionsTest,
                    public ::testing::WithParamInterface<const char*> {};

TEST_P(VersionTest, IsShownAndCanBeCalled) {
  ASSERT_NO_FATAL_FAILURE(Launch({"--like", GetParam()}));
  const std::string protocol =
      GetParam() == std::string("2026.9.6") ? "4" : "3";

  EXPECT_THAT(Status(), HasSubstr(absl::StrCat(GetParam(), " (protocol ",
                                               protocol, ")")));
  const Said write =
      Clawctl({"call", "voicewake.set", R"({"triggers":["a"]})"});
  EXPECT_EQ(write.exit_code, 0) << write.errors;
  // Comes back with what it was given, if anything.
  EXPECT_EQ(Clawctl({"restart"}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Like, VersionTest, KnownVersions(),
                         [](const auto& info) {
                           return SpelledForATest(info.param);
                         });

TEST_F(VersionsTest, SpeakANewerProtocolAndSaySo) {
  ASSERT_NO_FATAL_FAILURE(Launch({"--protocol", "5"}));

  EXPECT_THAT(Status(), HasSubstr("(protocol 5)"));
  EXPECT_THAT(daemon_->errors(),
              HasSubstr("the gateway speaks protocol 5, which is newer than "
                        "this control plane knows"));
  EXPECT_THAT(
      Clawctl({"events", "--from-oldest", "--kind", "error", "--count", "1"})
          .output,
      HasSubstr("protocol 5"));
}

TEST_F(VersionsTest, SayHowToApproveThisControlPlane) {
  FakeGatewayOptions options = *LikeVersion("2026.3.13");
  options.port = port();
  options.devices.pairs_silently = false;
  FakeGateway gateway(options);
  AddSecret(options.token);
  WriteConfig(absl::StrCat("  mode: attach\n  token_file: ",
                           place_.Write("t", options.token), "\n"));
  StartDaemon();

  const Said refused = Clawctl({"start"});

  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors,
              AllOf(HasSubstr("PAIRING_REQUIRED"),
                    HasSubstr("openclaw devices approve 84d14c7e-68dd")));
  EXPECT_EQ(gateway.connections(), 1);
  gateway.SetApproving(true);
  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
}

TEST_F(VersionsTest, LeaveADamagedIdentityAsItIs) {
  WriteConfig(LaunchFake());
  StartDaemon();
  const std::string key = state_directory() + "/device.key";
  std::ofstream(key) << "damaged";
  ASSERT_EQ(::chmod(key.c_str(), 0600), 0);

  const Said refused = Clawctl({"start"});

  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors,
              AllOf(HasSubstr("TOKEN_UNREADABLE"), HasSubstr("mv " + key)));
  EXPECT_EQ(ReadFile(key), "damaged");
  std::filesystem::remove(key);
  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
}

}  // namespace
}  // namespace clawplane::testing
