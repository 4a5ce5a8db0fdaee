// Who may call, what they may send, and where tokens never are.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SecretsTest : public DaemonTest {
 protected:
  void SetUp() override {
    WriteConfig(LaunchFake({"--print-env"}));
    StartDaemon({"OPENCLAW_GATEWAY_TOKEN=inherited-and-not-for-it",
                 "CLAWPLANE_NAME=named-by-the-environment"});
    AddSecret("inherited-and-not-for-it");
    ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  }

  std::string TokenIn(const std::string& name) const {
    std::string text = ReadFile(state_directory() + "/" + name);
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
  }
};

TEST_F(SecretsTest, ReachTheGatewayByItsEnvironmentAlone) {
  const pid_t gateway = GatewayPid();
  EXPECT_THAT(VariableNames(gateway), Contains("OPENCLAW_GATEWAY_TOKEN"));
  EXPECT_THAT(VariableNames(gateway), Not(Contains("CLAWPLANE_NAME")));
  EXPECT_THAT(Logs(), HasSubstr("env OPENCLAW_GATEWAY_TOKEN\n"));
  for (const pid_t process : {gateway, daemon_->pid()}) {
    ASSERT_NE(CommandLine(process), "");
    for (const char* name : {"gateway.token", "access.token"}) {
      EXPECT_THAT(CommandLine(process), Not(HasSubstr(TokenIn(name))));
    }
  }
  EXPECT_NE(TokenIn("gateway.token"), TokenIn("access.token"));
  EXPECT_GE(TokenIn("access.token").size(), 32u);
}

TEST_F(SecretsTest, AreStruckOutOfLogs) {
  ASSERT_EQ(Clawctl({"call", "fake.print_token"}).exit_code, 0);
  EXPECT_TRUE(WaitFor([&] {
    return Logs().find("the token is [redacted] indeed") != std::string::npos;
  }));
}

TEST_F(SecretsTest, AreStruckOutOfTheReasonOfADeath) {
  ASSERT_EQ(Clawctl({"call", "fake.print_token"}).exit_code, 0);
  EXPECT_NE(Clawctl({"call", "fake.exit", R"({"code":78})"}).exit_code, 0);
  ASSERT_TRUE(WaitFor([&] {
    return Clawctl({"status"}).output.find("state         error") !=
           std::string::npos;
  }));
  EXPECT_THAT(Clawctl({"status"}).output, HasSubstr("[redacted]"));
}

TEST_F(SecretsTest, LieInFilesForTheOwnerAlone) {
  struct stat stat;
  for (const char* name : {"gateway.token", "access.token"}) {
    ASSERT_EQ(::stat((state_directory() + "/" + name).c_str(), &stat), 0);
    EXPECT_EQ(stat.st_mode & 07777, 0600u) << name;
  }
  ASSERT_EQ(::stat(state_directory().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat(socket().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0177, 0u);
}

TEST_F(SecretsTest, AreAskedForOverTcp) {
  const std::string file = state_directory() + "/access.token";
  EXPECT_EQ(Clawctl({"--target", tcp_address(), "--token-file", file, "status"})
                .exit_code,
            0);
  const std::string wrong = place_.Write("wrong", "not-the-access-token");
  EXPECT_EQ(
      Clawctl({"--target", tcp_address(), "--token-file", wrong, "status"})
          .exit_code,
      5);
}

TEST_F(SecretsTest, AreFoundWhereTheyAreEmitted) {
  CollectSecrets();
  EXPECT_THAT(FilesWithSecrets(), IsEmpty());
  const std::string file = Emitted("leak.txt");
  std::ofstream(file) << "a line with " << TokenIn("gateway.token") << ".";
  EXPECT_THAT(FilesWithSecrets(), ElementsAre(file));
  std::filesystem::remove(file);
}

// What is searched besides output is there.
TEST_F(SecretsTest, AreLookedForInAllThatTheDaemonTells) {
  ASSERT_EQ(Clawctl({"call", "fake.print_token"}).exit_code, 0);
  CollectSecrets();
  EXPECT_THAT(ReadFile(Emitted("pages.txt")),
              AllOf(HasSubstr("\nclawplane_build_info{"),
                    HasSubstr("\r\n\r\nready\n")));
  EXPECT_THAT(ReadFile(Emitted("state.json")), HasSubstr("wanted"));
  EXPECT_THAT(ReadFile(Emitted("processes.txt")),
              AllOf(HasSubstr("clawplaned"), HasSubstr("fake_gateway"),
                    HasSubstr("\n  PATH=")));
  EXPECT_THAT(FilesWithSecrets(), IsEmpty());
}

TEST_F(SecretsTest, AreFoundInAProcessThatIsGivenThem) {
  for (const bool in_environment : {true, false}) {
    const std::string leak = "LEAK=" + TokenIn("gateway.token");
    std::vector<std::string> variables = {"HOME=" + place_.path()};
    std::vector<std::string> command = {"/bin/sh", "-c", "kill -STOP $$"};
    (in_environment ? variables : command).push_back(leak);
    const Child process(command, variables, Emitted("leaking"));
    ASSERT_TRUE(WaitFor([&] {
      return ReadFile("/proc/" + std::to_string(process.pid()) + "/status")
                 .find("State:\tT") != std::string::npos;
    }));
    CollectSecrets();
    EXPECT_THAT(FilesWithSecrets(), ElementsAre(Emitted("processes.txt")));
    std::filesystem::remove(Emitted("processes.txt"));
  }
}

TEST_F(SecretsTest, SurviveARestartOfTheDaemon) {
  const std::string access = TokenIn("access.token");
  const std::string gateway = TokenIn("gateway.token");
  EXPECT_EQ(StopDaemon(), 0);
  StartDaemon();
  EXPECT_EQ(TokenIn("access.token"), access);
  EXPECT_EQ(TokenIn("gateway.token"), gateway);
}

TEST_F(SecretsTest, BodiesOverTheLimitAreRefusedAndDoNoHarm) {
  const auto channel = grpc::CreateChannel("unix:" + socket(),
                                           grpc::InsecureChannelCredentials());
  const auto stub = v1::GatewayService::NewStub(channel);
  v1::RpcRequest request;
  request.set_method("fake.echo");
  request.set_params_json("[\"" + std::string(35 * 1024 * 1024, 'x') + "\"]");
  grpc::ClientContext context;
  v1::RpcResponse response;
  EXPECT_EQ(stub->Rpc(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Clawctl({"call", "health"}).exit_code, 0);
}

}  // namespace
}  // namespace clawplane::testing
