#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Writes two lines, and waits for more if these are followed.
class LogsCommand : public ::testing::Test {
 protected:
  LogsCommand() {
    server_.logs = [this](FakeServer::Context& context,
                          const v1::StreamLogsRequest& request,
                          grpc::ServerWriter<v1::StreamLogsResponse>& writer) {
      got_ = request;
      v1::StreamLogsResponse response;
      response.set_dropped(dropped_);
      for (const char* text : {"listening", "\x1b[32mready\x1b[0m"}) {
        v1::LogLine& line = *response.add_lines();
        line.mutable_at()->set_seconds(1'700'000'000);
        line.set_source(v1::LogLine::SOURCE_STDOUT);
        line.set_text(text);
        line.set_cut_bytes(cut_bytes_);
      }
      writer.Write(response);
      if (request.follow()) FakeServer::WaitUntilCancelled(context);
      return grpc::Status::OK;
    };
  }

  uint64_t dropped_ = 0;
  uint64_t cut_bytes_ = 0;
  v1::StreamLogsRequest got_;
  FakeServer server_;
};

TEST_F(LogsCommand, PrintsTheLinesAsTheyWere) {
  const auto run = RunClawctl(server_, {"logs"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "listening\n\x1b[32mready\x1b[0m\n");
  EXPECT_FALSE(got_.has_tail_lines());
}

TEST_F(LogsCommand, PutsTheTimeBeforeEachIfAsked) {
  EXPECT_THAT(RunClawctl(server_, {"logs", "--timestamps"}).out,
              StartsWith("2023-11-14T22:13:20.000+00:00  listening\n"));
}

TEST_F(LogsCommand, MarksLinesThatWereCut) {
  cut_bytes_ = 1234;
  EXPECT_THAT(RunClawctl(server_, {"logs"}).out,
              StartsWith("listening… [+1234 bytes]\n"));
}

TEST_F(LogsCommand, TellsHowManyLinesWereDropped) {
  dropped_ = 12;

  EXPECT_THAT(RunClawctl(server_, {"logs", "-q"}).err,
              StartsWith("gap: 12 lines were dropped"));
}

TEST_F(LogsCommand, FollowsUntilCtrlC) {
  ClawctlRun run(To(server_, {"logs", "-f", "--tail", "0"}));

  run.AwaitOut("ready");
  run.Signal(SIGINT);
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(got_.has_tail_lines());
  EXPECT_EQ(got_.tail_lines(), 0u);
}

TEST_F(LogsCommand, PrintsTheApisMessagesAsJson) {
  EXPECT_THAT(RunClawctl(server_, {"logs", "--json"}).out,
              StartsWith("{\"lines\":[{\"at\":\"2023-11-14T22:13:20Z\","
                         "\"source\":\"SOURCE_STDOUT\","));
}

grpc::Status Describe(FakeServer::Context&, const v1::DescribeGatewayRequest&,
                      v1::DescribeGatewayResponse& response) {
  response.set_version("2026.9.6");
  response.add_methods("health");
  response.add_methods("status");
  response.add_events("chat");
  response.set_connected(true);
  return grpc::Status::OK;
}

TEST(DescribeCommand, SumsUpOrLists) {
  FakeServer server;
  server.describe = &Describe;

  EXPECT_EQ(RunClawctl(server, {"describe", "--methods"}).out,
            "health\nstatus\n");
  EXPECT_EQ(RunClawctl(server, {"describe", "--events"}).out, "chat\n");
  EXPECT_THAT(RunClawctl(server, {"describe"}).out,
              HasSubstr("version       2026.9.6\n"));
  EXPECT_THAT(RunClawctl(server, {"describe", "--json"}).out,
              StartsWith("{\"version\":\"2026.9.6\",\"methods\":[\"health\""));
}

TEST(DescribeCommand, SaysThatThereIsNothingToDescribeYet) {
  FakeServer server;
  server.describe = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION,
                   "there has been no handshake yet", "NOT_RUNNING");
  };

  const auto run = RunClawctl(server, {"describe"});

  EXPECT_EQ(run.code, 6);
  EXPECT_THAT(run.err,
              HasSubstr("next: start the gateway with 'clawctl start'"));
}

TEST(VersionCommand, TellsBothVersions) {
  FakeServer server;
  server.info = [](auto&, const auto&, v1::GetServerInfoResponse& response) {
    response.set_version("0.9.0");
    response.set_build("g++ 12");
    response.set_pid(77);
    response.mutable_caller()->set_name("ci");
    response.mutable_caller()->set_role(v1::Caller::ROLE_OPERATOR);
    return grpc::Status::OK;
  };

  const auto text = RunClawctl(server, {"version"});
  const auto json = RunClawctl(server, {"version", "--json"});

  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, StartsWith("clawctl 0."));
  EXPECT_THAT(text.out, HasSubstr("\nserver 0.9.0 at unix:"));
  EXPECT_THAT(text.out, HasSubstr("\nknown there as ci, operator\n"));
  EXPECT_THAT(json.out, StartsWith("{\"client\":{\"version\":\"0."));
  EXPECT_THAT(json.out, HasSubstr("\"server\":{\"version\":\"0.9.0\""));
}

TEST(VersionCommand, NeedsNoServer) {
  const TempDir directory;

  const auto run = RunClawctl({"version", "--state-dir", directory.path()});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, StartsWith("clawctl 0."));
  EXPECT_THAT(run.err, StartsWith("no server answers at unix:"));
}

}  // namespace
}  // namespace clawplane::client
