#include "clawplane/client/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "s3cret-Token-0123456789";

grpc::Status TellRunning(FakeServer::Context&, const v1::GetStatusRequest&,
                         v1::GetStatusResponse& response) {
  *response.mutable_status() = StatusOf(v1::GatewayStatus::STATE_RUNNING);
  return grpc::Status::OK;
}

TEST(Connection, TakesMessagesAboveTheLimitOfStockClients) {
  FakeServer server;
  server.rpc = [](FakeServer::Context&, const v1::RpcRequest&,
                  v1::RpcResponse& response) {
    response.set_result_json(std::string(33 * 1024 * 1024, 'x'));
    return grpc::Status::OK;
  };
  Target target;
  target.address = server.unix_target();
  Connection connection(target);
  grpc::ClientContext context;
  connection.Prepare(context, absl::Seconds(20));
  v1::RpcResponse response;

  const grpc::Status status =
      connection.stub().Rpc(&context, v1::RpcRequest(), &response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.result_json().size(), 33u * 1024 * 1024);
}

TEST(Clawctl, ShowsItsTokenToATcpServerAndToNobodyElse) {
  FakeServer server;
  server.get_status = &TellRunning;
  server.directory().Write("access.token", std::string(kToken) + "\n");
  const std::vector<std::string> arguments = {"status", "--state-dir",
                                              server.directory().path()};
  std::vector<std::string> over_tcp = arguments;
  over_tcp.insert(over_tcp.end(), {"--target", server.tcp_target()});

  const auto by_tcp = RunClawctl(over_tcp);
  const auto by_socket = RunClawctl(arguments);

  EXPECT_EQ(by_tcp.code, 0) << by_tcp.err;
  EXPECT_EQ(by_socket.code, 0) << by_socket.err;
  EXPECT_THAT(server.authorizations(),
              ElementsAre(std::string("Bearer ") + kToken, ""));
  EXPECT_THAT(by_tcp.out + by_tcp.err, Not(HasSubstr(kToken)));
}

TEST(Clawctl, SaysWhichTokenTheServerRefused) {
  FakeServer server;
  server.get_status = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::UNAUTHENTICATED,
                   "the call carries another token", "TOKEN_REQUIRED");
  };
  const std::string file = server.directory().Write("other.token", kToken);

  const auto run =
      RunClawctl({"status", "--target", server.tcp_target()},
                 {.environment = {{"CLAWPLANE_TOKEN_FILE", file}}});

  EXPECT_EQ(run.code, 5);
  EXPECT_THAT(run.err, HasSubstr("[TOKEN_REQUIRED]"));
  EXPECT_THAT(run.err, HasSubstr(file));
  EXPECT_THAT(run.out + run.err, Not(HasSubstr(kToken)));
}

TEST(Clawctl, SaysThatItHadNoToken) {
  FakeServer server;
  server.get_status = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::UNAUTHENTICATED,
                   "the call carries no token", "TOKEN_REQUIRED");
  };

  const auto run = RunClawctl({"status", "--target", server.tcp_target(),
                               "--state-dir", server.directory().path()});

  EXPECT_EQ(run.code, 5);
  EXPECT_THAT(run.err, HasSubstr("next: no token was sent"));
}

TEST(Clawctl, SaysHowToGoOnWhereNoServerAnswers) {
  const TempDir directory;

  const auto run = RunClawctl({"status", "--state-dir", directory.path()});

  EXPECT_EQ(run.code, 3);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("clawctl: cannot get the status: no server "
                                 "answers at unix:" +
                                 directory.path() + "/clawplane.sock"));
  EXPECT_THAT(run.err, HasSubstr("next: start the server with 'clawplaned'"));
}

TEST(Clawctl, TellsItsExitCodesInItsHelp) {
  const auto run = RunClawctl({"--help"});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("Exit codes:"));
  EXPECT_THAT(run.out, HasSubstr("130  interrupted by Ctrl-C"));
}

TEST(Clawctl, RefusesWrongUsage) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{
           {},
           {"fly"},
           {"start", "--timeout", "soon"},
           {"stop", "--grace", "1s", "--force"},
           {"events", "--after", "nowhere"},
           {"events", "--after", "e:1", "--from-oldest"},
           {"events", "--kind", "odd"},
           {"wait"},
           {"wait", "--for", "ready"},
           {"call"},
           {"status", "--target", "nonsense"},
           {"status", "--target", "/" + std::string(107, 'x')}}) {
    ExpectWrongUse(wrong);
  }
}

}  // namespace
}  // namespace clawplane::client
