#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/synchronization/notification.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = v1::GatewayStatus;

// Sends a starting gateway's statuses, and then waits.
grpc::Status TellStarting(
    FakeServer::Context& context, const v1::StreamStatusRequest&,
    grpc::ServerWriter<v1::StreamStatusResponse>& writer) {
  for (const auto& status :
       {StatusOf(State::STATE_STOPPED),
        StatusOf(State::STATE_STARTING, State::PHASE_PROBING),
        StatusOf(State::STATE_STARTING, State::PHASE_WAITING_FOR_PORT)}) {
    v1::StreamStatusResponse response;
    *response.mutable_status() = status;
    writer.Write(response);
  }
  FakeServer::WaitUntilCancelled(context);
  return grpc::Status::CANCELLED;
}

// Starts once released.
class LifecycleCommands : public ::testing::Test {
 protected:
  void ScriptSlowStart() {
    server_.statuses = &TellStarting;
    server_.start = [this](FakeServer::Context& context,
                           const v1::StartRequest&,
                           v1::StartResponse& response) {
      while (!released_.WaitForNotificationWithTimeout(absl::Milliseconds(5))) {
        if (context.IsCancelled()) return grpc::Status::CANCELLED;
      }
      *response.mutable_status() = StatusOf(State::STATE_RUNNING);
      return grpc::Status::OK;
    };
  }

  absl::Notification released_;
  FakeServer server_;
};

TEST_F(LifecycleCommands, StartShowsEachPhaseAndThenTheResult) {
  ScriptSlowStart();
  ClawctlRun run(To(server_, {"start"}));

  run.AwaitErr("waiting for port");
  released_.Notify();
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "starting: probing\nstarting: waiting for port\n");
  EXPECT_EQ(result.out, "running, pid 4711, port 18789, version 2026.9.6\n");
}

TEST_F(LifecycleCommands, StartKeepsOneLineUpToDateOnATerminal) {
  ScriptSlowStart();
  ClawctlRun run(To(server_, {"start"}), {.terminal = true});

  run.AwaitErr("waiting for port, 0.2 s");
  released_.Notify();
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, Not(HasSubstr("\n")));
  EXPECT_THAT(result.err, ::testing::EndsWith("\r\x1b[K"));
}

TEST_F(LifecycleCommands, StartSaysNothingOnTheWayIfQuiet) {
  ScriptSlowStart();
  released_.Notify();

  const auto result = RunClawctl(server_, {"start", "--quiet"});

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(server_.authorizations().size(), 1u) << "no second call";
}

TEST_F(LifecycleCommands, StartPrintsTheApisMessageAsJson) {
  ScriptSlowStart();
  released_.Notify();

  const auto result = RunClawctl(server_, {"--json", "-q", "start"});

  EXPECT_EQ(result.out,
            "{\"status\":{\"state\":\"STATE_RUNNING\",\"port\":18789,\"pid\":"
            "4711,\"owned\":true,\"uptime\":\"125s\",\"version\":\"2026.9.6\","
            "\"protocol\":3}}\n");
}

TEST_F(LifecycleCommands, StartGoesOnAfterCtrlC) {
  ScriptSlowStart();
  ClawctlRun run(To(server_, {"start"}));

  run.AwaitErr("waiting for port");
  run.Signal(SIGINT);
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("interrupted; the start goes on"));
}

TEST_F(LifecycleCommands, StartGoesOnAfterItsTimeout) {
  ScriptSlowStart();

  const auto result = RunClawctl(server_, {"start", "--timeout", "300ms"});

  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, HasSubstr("cannot start: no answer in time"));
  EXPECT_THAT(result.err, HasSubstr("next: the start goes on"));
}

TEST_F(LifecycleCommands, AFailedStartTellsTheNextStepOfTheStatusOnce) {
  server_.start = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::FAILED_PRECONDITION,
                   "port 18789 is held by another program; end that program, "
                   "or choose another port",
                   "PORT_HELD");
  };
  server_.get_status = [](auto&, const auto&, v1::GetStatusResponse& response) {
    auto* error = response.mutable_status()->mutable_error();
    error->set_reason(v1::REASON_PORT_HELD);
    error->set_next_step("end that program, or choose another port");
    return grpc::Status::OK;
  };

  const auto result = RunClawctl(server_, {"start"});

  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err,
            "clawctl: cannot start: port 18789 is held by another program "
            "[PORT_HELD]\n"
            "next: end that program, or choose another port\n");
}

TEST_F(LifecycleCommands, NoWaitIsPassedOn) {
  server_.start = [](auto&, const v1::StartRequest& request,
                     v1::StartResponse& response) {
    if (!request.no_wait()) return grpc::Status(grpc::StatusCode::INTERNAL, "");
    *response.mutable_status() =
        StatusOf(State::STATE_STARTING, State::PHASE_PROBING);
    return grpc::Status::OK;
  };

  const auto result = RunClawctl(server_, {"start", "--no-wait"});

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "starting: probing, port 18789\n");
}

TEST_F(LifecycleCommands, StopPassesItsOptionsOnAndTellsTheExit) {
  v1::StopRequest got;
  server_.stop = [&](auto&, const v1::StopRequest& request,
                     v1::StopResponse& response) {
    got = request;
    *response.mutable_status() = StatusOf(State::STATE_STOPPED);
    response.mutable_exit()->set_pid(4711);
    response.mutable_exit()->set_exit_code(0);
    response.mutable_exit()->set_expected(true);
    response.mutable_took()->set_seconds(2);
    return grpc::Status::OK;
  };

  const auto result = RunClawctl(server_, {"stop", "-q", "--grace", "1m30s"});

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(got.grace().seconds(), 90);
  EXPECT_FALSE(got.force());
  EXPECT_EQ(result.out, "stopped in 2.0 s (exit code 0)\n");
}

// A stop that ends in a kill after this time.
auto KillAfter(int seconds, uint32_t stragglers) {
  return [seconds, stragglers](auto&, const v1::StopRequest&,
                               v1::StopResponse& response) {
    *response.mutable_status() = StatusOf(State::STATE_STOPPED);
    response.mutable_exit()->set_signal(9);
    response.mutable_exit()->set_killed(true);
    response.mutable_exit()->set_stragglers(stragglers);
    response.mutable_took()->set_seconds(seconds);
    return grpc::Status::OK;
  };
}

TEST_F(LifecycleCommands, StopTellsWhatWasNeeded) {
  server_.stop = KillAfter(10, 2);
  EXPECT_EQ(RunClawctl(server_, {"stop", "-q"}).out,
            "killed after 10.0 s, because it did not end by itself; 2 "
            "descendants of it were killed\n");
  server_.stop = KillAfter(0, 1);
  EXPECT_EQ(RunClawctl(server_, {"stop", "-q", "--force"}).out,
            "killed after 0.0 s, as was asked; 1 descendant of it "
            "was killed\n");
}

TEST_F(LifecycleCommands, StopTellsTheStateWhereNoProcessWasEnded) {
  server_.stop = [](auto&, const v1::StopRequest&, v1::StopResponse& response) {
    *response.mutable_status() = StatusOf(State::STATE_STOPPED);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunClawctl(server_, {"stop", "-q"}).out, "stopped, port 18789\n");
}

TEST_F(LifecycleCommands, StopGivesNoGraceUnlessTold) {
  v1::StopRequest got;
  server_.stop = [&](auto&, const v1::StopRequest& request, auto&) {
    got = request;
    return grpc::Status::OK;
  };

  RunClawctl(server_, {"stop", "--force", "-q"});

  EXPECT_FALSE(got.has_grace());
  EXPECT_TRUE(got.force());
}

TEST_F(LifecycleCommands, RestartTellsWhatProvesIt) {
  const std::pair<v1::RestartResponse::Proof, std::string> proofs[] = {
      {v1::RestartResponse::PROOF_UNSPECIFIED, "the pid was 12\n"},
      {v1::RestartResponse::PROOF_BOOT_ID,
       "the pid was 12; another boot id proves the restart\n"},
      {v1::RestartResponse::PROOF_PROCESS,
       "the pid was 12; another process proves the restart\n"},
      {v1::RestartResponse::PROOF_UPTIME,
       "the pid was 12; its uptime proves the restart\n"}};
  for (const auto& [proof, words] : proofs) {
    server_.restart = [proof = proof](auto&, const v1::RestartRequest&,
                                      v1::RestartResponse& response) {
      *response.mutable_status() = StatusOf(State::STATE_RUNNING);
      response.set_old_pid(12);
      response.set_new_pid(4711);
      response.set_proof(proof);
      return grpc::Status::OK;
    };

    const auto result = RunClawctl(server_, {"restart", "-q"});

    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("running, pid 4711"));
    EXPECT_THAT(result.out, HasSubstr(words));
  }
}

TEST_F(LifecycleCommands, ASupersededRestartFails) {
  server_.restart = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::ABORTED, "superseded by Stop",
                   "SUPERSEDED");
  };

  const auto result = RunClawctl(server_, {"restart", "-q"});

  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err,
            "clawctl: cannot restart: superseded by Stop [SUPERSEDED]\n");
}

}  // namespace
}  // namespace clawplane::client
