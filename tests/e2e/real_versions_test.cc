// One life, the same on each version of the gateway.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/e2e/real_gateway_test.h"
#include "tests/version_names.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Version {
  std::string number;
  const char* package;
  uint32_t protocol;
  // Whether it gives devices of our kind tokens of their own.
  bool gives_tokens;
};

void PrintTo(const Version& version, std::ostream* out) {
  *out << version.number;
}

class RealVersionTest : public RealGatewayTest,
                        public ::testing::WithParamInterface<Version> {
 protected:
  std::string GatewayDirectory() override;
  void StartIt();
  void ExpectCallsWork();
  void ExpectAGapAfterAKill();
  void ExpectAProvenRestart();
  void ExpectTheDevice();
  void StopIt();

  // What a second control plane with this token, and perhaps our device, says
  // of its start.
  Said StartAnother(const std::string& name, const std::string& shared_token,
                    const std::string& device_token);
  std::string DeviceTokenFile(const std::string& state) const {
    return absl::StrCat(state, "/device-", port(), ".token");
  }
  std::string SharedToken() const {
    return ReadFile(state_directory() + "/gateway.token");
  }
};

std::string RealVersionTest::GatewayDirectory() {
  const Version& version = GetParam();
  if (version.protocol == 4) return RealGatewayTest::GatewayDirectory();
  const char* const folder = std::getenv("CLAWPLANE_TEST_OLD_GATEWAYS");
  if (folder == nullptr) return {};
  return absl::StrCat(folder, "/gateway-", version.number, "/node_modules/",
                      version.package);
}

void RealVersionTest::StartIt() {
  v1::StartResponse started;
  const grpc::Status start =
      Make(&v1::GatewayService::Stub::Start, {}, &started);
  ASSERT_TRUE(start.ok()) << start.error_message();
  EXPECT_EQ(started.status().state(), v1::GatewayStatus::STATE_RUNNING);
  EXPECT_TRUE(started.status().owned());
  EXPECT_EQ(started.status().version(), GetParam().number);
  EXPECT_EQ(started.status().protocol(), GetParam().protocol);
}

void RealVersionTest::ExpectCallsWork() {
  v1::RpcResponse response;
  const grpc::Status read = Rpc("status", "{}", &response);
  EXPECT_TRUE(read.ok()) << read.error_message();
  const grpc::Status write =
      Rpc("voicewake.set", R"({"triggers":["hey"]})", &response);
  EXPECT_TRUE(write.ok()) << write.error_message();
  EXPECT_THAT(response.result_json(), HasSubstr("hey"));
  const grpc::Status admin = Rpc("system-event", R"({"text":"x"})", &response);
  EXPECT_TRUE(admin.ok()) << admin.error_message();

  ExpectUnknownMethodIsRefused();
}

void RealVersionTest::ExpectAGapAfterAKill() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + minutes(5));
  v1::StreamEventsRequest request;
  request.add_kinds(v1::EVENT_KIND_GAP);
  const auto reader = stub_->StreamEvents(&context, request);
  v1::StreamEventsResponse event;
  ASSERT_TRUE(reader->Read(&event));

  const pid_t gateway = GatewayPid();
  ASSERT_GT(gateway, 0);
  ASSERT_EQ(kill(gateway, SIGKILL), 0);

  do {
    ASSERT_TRUE(reader->Read(&event));
  } while (event.events_size() == 0);
  EXPECT_EQ(event.events(0).kind(), v1::EVENT_KIND_GAP);
  context.TryCancel();
  // Whoever would have been left by the kill would hold the port.
  ASSERT_NO_FATAL_FAILURE(StartIt());
  EXPECT_NE(GatewayPid(), gateway);
}

void RealVersionTest::ExpectAProvenRestart() {
  v1::RestartResponse restarted;
  const grpc::Status status =
      Make(&v1::GatewayService::Stub::Restart, {}, &restarted);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(restarted.proof(), GetParam().protocol == 4
                                   ? v1::RestartResponse::PROOF_BOOT_ID
                                   : v1::RestartResponse::PROOF_PROCESS);
  ExpectCallsWork();
}

Said RealVersionTest::StartAnother(const std::string& name,
                                   const std::string& shared_token,
                                   const std::string& device_token) {
  const std::string state = place_ / name;
  fs::create_directory(state);
  fs::permissions(state, fs::perms::owner_all);
  const std::string token_file = state + "/shared.token";
  std::ofstream(token_file) << shared_token << "\n";
  ::chmod(token_file.c_str(), 0600);
  if (!device_token.empty()) {
    fs::copy_file(state_directory() + "/device.key", state + "/device.key");
    std::ofstream(DeviceTokenFile(state)) << device_token << "\n";
    ::chmod(DeviceTokenFile(state).c_str(), 0600);
    AddSecret(device_token);
  }
  const std::string address = place_ / (name + ".s");
  const auto daemon =
      RunDaemon({"--state-dir", state, "--socket", address, "--gateway-mode",
                 "attach", "--gateway-token-file", token_file});
  EXPECT_TRUE(daemon->WaitForOutput("clawplaned ready: ")) << daemon->errors();
  Said said = Clawctl({"--target", "unix:" + address, "start"});
  daemon->Signal(SIGTERM);
  EXPECT_EQ(daemon->Wait(), 0);
  return said;
}

void RealVersionTest::ExpectTheDevice() {
  struct stat key = {};
  ASSERT_EQ(::stat((state_directory() + "/device.key").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 07777, 0600u);
  const std::string token = ReadFile(DeviceTokenFile(state_directory()));
  EXPECT_EQ(!token.empty(), GetParam().gives_tokens);

  AddSecret("a-wrong-shared-token");
  const Said refused = StartAnother("w", "a-wrong-shared-token", "");
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.errors,
              AllOf(HasSubstr("TOKEN_REFUSED"), HasSubstr("token_file")));

  if (!GetParam().gives_tokens) return;
  const std::string own = token.substr(0, token.find('\n'));
  const Said by_device = StartAnother("d", "a-wrong-shared-token", own);
  EXPECT_EQ(by_device.exit_code, 0) << by_device.errors;

  const std::string wrong = "a-wrong-token-of-the-device";
  const Said renewed = StartAnother("r", SharedToken(), wrong);
  EXPECT_EQ(renewed.exit_code, 0) << renewed.errors;
  EXPECT_THAT(ReadFile(DeviceTokenFile(place_ / "r")),
              AllOf(Not(HasSubstr(wrong)), Not(IsEmpty())));

  const Said neither = StartAnother("n", "a-wrong-shared-token", wrong);
  EXPECT_NE(neither.exit_code, 0);
  EXPECT_THAT(neither.errors, HasSubstr("TOKEN_REFUSED"));
  EXPECT_FALSE(fs::exists(DeviceTokenFile(place_ / "n")));
}

void RealVersionTest::StopIt() {
  v1::StopResponse stopped;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Stop, {}, &stopped).ok());
  EXPECT_TRUE(stopped.exit().has_exit_code());
  EXPECT_EQ(stopped.exit().exit_code(), 0);
  EXPECT_FALSE(stopped.exit().killed());
  Clawctl({"logs"});
  Clawctl({"events", "--from-oldest", "--full", "--count", "5"});
  EXPECT_FALSE(IsPortOpen(port()));
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_THAT(ProcessesWith(place_.path()), IsEmpty());
}

TEST_P(RealVersionTest, LivesItsWholeLife) {
  ASSERT_NO_FATAL_FAILURE(StartIt());
  ExpectCallsWork();
  ExpectEventArrives();
  ASSERT_NO_FATAL_FAILURE(ExpectAGapAfterAKill());
  ExpectAProvenRestart();
  ExpectTheDevice();
  StopIt();
}

INSTANTIATE_TEST_SUITE_P(
    Gateway, RealVersionTest,
    ::testing::Values(Version{"2026.9.6", "openclaw", 4, false},
                      Version{"2026.3.13", "openclaw", 3, false},
                      Version{"2026.2.19", "openclaw", 3, true},
                      Version{"2026.1.24-3", "clawdbot", 3, true}),
    [](const auto& info) { return "v" + SpelledForATest(info.param.number); });

}  // namespace
}  // namespace clawplane::testing
