#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <memory>

#include "absl/time/clock.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = v1::GatewayStatus;

auto Tell(const v1::GatewayStatus& status) {
  return [status](FakeServer::Context&, const v1::GetStatusRequest&,
                  v1::GetStatusResponse& response) {
    *response.mutable_status() = status;
    return grpc::Status::OK;
  };
}

// Sends these, and then waits for ever.
auto TellEach(const std::vector<v1::GatewayStatus>& statuses) {
  return
      [statuses](FakeServer::Context& context, const v1::StreamStatusRequest&,
                 grpc::ServerWriter<v1::StreamStatusResponse>& writer) {
        for (const auto& status : statuses) {
          v1::StreamStatusResponse response;
          *response.mutable_status() = status;
          writer.Write(response);
        }
        FakeServer::WaitUntilCancelled(context);
        return grpc::Status::CANCELLED;
      };
}

v1::GatewayStatus Failed() {
  v1::GatewayStatus status = StatusOf(State::STATE_ERROR);
  status.mutable_error()->set_reason(v1::REASON_TOKEN_REFUSED);
  status.mutable_error()->set_message("the gateway refuses the token");
  status.mutable_error()->set_next_step("set gateway.token_file");
  return status;
}

TEST(StatusCommand, AlignsWhatIsKnown) {
  FakeServer server;
  v1::GatewayStatus status = StatusOf(State::STATE_RUNNING);
  status.set_name("main");
  status.set_wanted_up(true);
  status.mutable_log_position()->set_epoch("e1");
  status.mutable_log_position()->set_sequence(42);
  server.get_status = Tell(status);

  const auto run = RunClawctl(server, {"status"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out,
            "name          main\n"
            "state         running\n"
            "wanted        up\n"
            "pid           4711\n"
            "port          18789\n"
            "version       2026.9.6 (protocol 3)\n"
            "uptime        2 min 5 s\n"
            "log position  e1:42\n");
}

TEST(StatusCommand, ShowsTheErrorAndWhatToDo) {
  FakeServer server;
  server.get_status = Tell(Failed());

  const auto run = RunClawctl(server, {"status"});

  EXPECT_EQ(run.code, 0) << "whatever the state";
  EXPECT_THAT(run.out,
              HasSubstr("error   the gateway refuses the token "
                        "[TOKEN_REFUSED]\nnext    set gateway.token_file\n"));
}

TEST(StatusCommand, ShowsThePhaseAndItsAge) {
  FakeServer server;
  v1::GatewayStatus status =
      StatusOf(State::STATE_STARTING, State::PHASE_WAITING_FOR_READY);
  status.mutable_phase_elapsed()->set_seconds(3);
  server.get_status = Tell(status);

  EXPECT_THAT(RunClawctl(server, {"status"}).out,
              HasSubstr("phase   waiting for ready for 3.0 s\n"));
}

TEST(StatusCommand, TellsOfARepairByItsCommand) {
  FakeServer server;
  v1::GatewayStatus status =
      StatusOf(State::STATE_STARTING, State::PHASE_REPAIRING);
  status.mutable_phase_elapsed()->set_seconds(3);
  server.get_status = Tell(status);

  EXPECT_THAT(
      RunClawctl(server, {"status"}).out,
      HasSubstr("phase   repairing by 'openclaw doctor --fix' for 3.0 s\n"));
}

TEST(StatusCommand, ShowsMemoryAndNoHealthWhileAllIsWell) {
  FakeServer server;
  v1::GatewayStatus status = StatusOf(State::STATE_RUNNING);
  status.set_resident_bytes(433'000'000);
  status.mutable_health()->set_ok(true);
  server.get_status = Tell(status);

  const auto run = RunClawctl(server, {"status"});

  EXPECT_THAT(run.out, HasSubstr("memory   412 MiB\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("health")));
  EXPECT_THAT(run.out, Not(HasSubstr("silence")));
}

v1::GatewayStatus Unwell() {
  v1::GatewayStatus status = StatusOf(State::STATE_RUNNING);
  v1::HealthCheck& health = *status.mutable_health();
  health.mutable_checked_at()->set_seconds(1'700'000'000);
  health.set_failed_layer(v1::HealthCheck::LAYER_RPC);
  health.set_message("no answer to a call");
  return status;
}

TEST(StatusCommand, ShowsHealthThatIsBad) {
  FakeServer server;
  server.get_status = Tell(Unwell());

  EXPECT_THAT(RunClawctl(server, {"status"}).out,
              HasSubstr("health   not ok at 2023-11-14T22:13:20.000+00:00: no "
                        "answer to a call (layer rpc)\n"));
}

TEST(StatusCommand, ShowsASuspicionAndWhatComesOfIt) {
  FakeServer server;
  v1::GatewayStatus status = StatusOf(State::STATE_RUNNING);
  status.mutable_suspect_since()->set_seconds(
      absl::ToUnixSeconds(absl::Now() - absl::Minutes(125)));
  server.get_status = Tell(status);

  EXPECT_THAT(RunClawctl(server, {"status"}).out,
              HasSubstr("silence  2 h 5 min, suspected; more evidence is "
                        "gathered each 30 s\n"));
}

TEST(StatusCommand, ShowsNoSilenceBelowZeroWhereTheClocksDiffer) {
  FakeServer server;
  v1::GatewayStatus status = StatusOf(State::STATE_RUNNING);
  status.mutable_suspect_since()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Minutes(5)));
  server.get_status = Tell(status);

  EXPECT_THAT(RunClawctl(server, {"status"}).out,
              HasSubstr("silence  0.0 s, suspected"));
}

TEST(StatusCommand, WatchesHealthAndSuspicion) {
  FakeServer server;
  v1::GatewayStatus status = Unwell();
  status.mutable_suspect_since()->set_seconds(1'700'000'000);
  server.statuses = TellEach({status});
  ClawctlRun run(To(server, {"status", "--watch"}));

  run.AwaitOut(
      "health not ok: no answer to a call (layer rpc), silent since "
      "2023-11-14T22:13:20.000+00:00\n");
  run.Signal(SIGINT);
  EXPECT_EQ(run.Finish().code, 130);
}

TEST(StatusCommand, PrintsTheApisMessageAsJson) {
  FakeServer server;
  server.get_status = Tell(StatusOf(State::STATE_STOPPED));

  EXPECT_EQ(RunClawctl(server, {"status", "--json"}).out,
            "{\"status\":{\"state\":\"STATE_STOPPED\",\"port\":18789}}\n");
}

TEST(StatusCommand, TellsByItsExitCodeIfAsked) {
  FakeServer server;
  server.get_status = Tell(StatusOf(State::STATE_STARTING));
  EXPECT_EQ(RunClawctl(server, {"status", "--exit-code"}).code, 6);

  FakeServer running;
  running.get_status = Tell(StatusOf(State::STATE_RUNNING));
  EXPECT_EQ(RunClawctl(running, {"status", "--exit-code"}).code, 0);
}

TEST(StatusCommand, WatchesUntilCtrlC) {
  FakeServer server;
  server.statuses =
      TellEach({StatusOf(State::STATE_STOPPED),
                StatusOf(State::STATE_STARTING, State::PHASE_PROBING)});
  ClawctlRun run(To(server, {"status", "--watch"}));

  run.AwaitOut("starting: probing, port 18789\n");
  run.Signal(SIGINT);
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("  stopped, port 18789\n"));
}

TEST(StatusCommand, StopsWatchingQuietlyWhenNobodyReads) {
  FakeServer server;
  server.statuses = TellEach({StatusOf(State::STATE_STOPPED)});
  ClawctlRun run(To(server, {"status", "--watch"}));

  run.AwaitOut("stopped");
  run.CloseOut();
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
}

TEST(WaitCommand, EndsWithTheStateWaitedFor) {
  FakeServer server;
  server.statuses =
      TellEach({StatusOf(State::STATE_STOPPED),
                StatusOf(State::STATE_STARTING, State::PHASE_CONNECTING),
                StatusOf(State::STATE_RUNNING)});

  const auto run = RunClawctl(server, {"wait", "--for=RUNNING"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.err, "stopped\nstarting: connecting\n");
  EXPECT_THAT(run.out, HasSubstr("running, pid 4711"));
}

TEST(WaitCommand, FailsAtOnceWhereAnErrorStandsInTheWay) {
  FakeServer server;
  server.statuses = TellEach({StatusOf(State::STATE_STARTING), Failed()});

  const auto run = RunClawctl(server, {"wait", "--for", "running", "-q"});

  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("[TOKEN_REFUSED]\n"));
  EXPECT_THAT(run.err, HasSubstr("next: set gateway.token_file\n"));
}

TEST(WaitCommand, CanWaitForAnError) {
  FakeServer server;
  server.statuses = TellEach({Failed()});

  EXPECT_EQ(RunClawctl(server, {"wait", "--for", "error"}).code, 0);
}

TEST(WaitCommand, GivesUpAfterItsTimeout) {
  FakeServer server;
  server.statuses = TellEach({StatusOf(State::STATE_STOPPED)});

  const auto run =
      RunClawctl(server, {"wait", "--for", "running", "--timeout", "300ms"});

  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr("next: the gateway is stopped"));
}

TEST(WaitCommand, FailsIfTheServerIsNotThere) {
  FakeServer server;
  server.statuses = [](auto&, const auto&, auto&) { return grpc::Status::OK; };

  EXPECT_EQ(RunClawctl(server, {"wait", "--for", "running"}).code, 3);
}

// A server that ends each stream after one status; its last one stays open.
auto TellInTurn(std::vector<v1::GatewayStatus> statuses) {
  auto calls = std::make_shared<std::atomic<size_t>>(0);
  return [statuses, calls](auto& context, const auto&, auto& writer) {
    const size_t number = (*calls)++;
    v1::StreamStatusResponse response;
    if (number < statuses.size()) {
      *response.mutable_status() = statuses[number];
      writer.Write(response);
    }
    if (number + 1 != statuses.size()) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
    }
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };
}

TEST(WaitCommand, GoesOnThroughARestartOfTheServer) {
  FakeServer server;
  server.statuses = TellInTurn(
      {StatusOf(State::STATE_STARTING), StatusOf(State::STATE_RUNNING)});

  const auto run = RunClawctl(server, {"wait", "--for", "running"});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("running, pid 4711"));
  EXPECT_THAT(run.err, HasSubstr("; trying again\n"));
}

TEST(WaitCommand, CountsItsTimeoutThroughARestartOfTheServer) {
  FakeServer server;
  server.statuses = TellInTurn(
      {StatusOf(State::STATE_STARTING), StatusOf(State::STATE_STARTING)});

  const auto run =
      RunClawctl(server, {"wait", "--for", "running", "--timeout", "1s"});

  EXPECT_EQ(run.code, 4);
}

}  // namespace
}  // namespace clawplane::client
