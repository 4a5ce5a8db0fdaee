// Runs of the gateway: as messages, and as a client sees them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "core/model/run_history.h"
#include "server/convert.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;

// ---- As messages

core::Instant At(seconds since) {
  return {core::TimePoint(since), core::WallTime(since)};
}

core::ProcessEnd EndOf(int pid) {
  core::ProcessEnd end;
  end.pid = pid;
  end.exit = core::ExitStatus::Signaled(9);
  end.killed = true;
  end.stragglers = 2;
  return end;
}

core::GatewayStatus Running() {
  core::GatewayStatus status;
  status.state = core::State::kRunning;
  status.version = "2026.9.6";
  status.boot_id = "boot";
  return status;
}

TEST(RunTest, TellsAllThatWasSeenOfIt) {
  core::RunHistory history;
  core::GatewayStatus starting;
  starting.state = core::State::kStarting;
  starting.phase = core::Phase::kWaitingForPort;
  history.Begin(12, core::StartCause::kDecision, At(seconds(100)));
  history.OnStatus(starting, At(seconds(100)).steady);
  history.OnStatus(Running(), At(seconds(103)).steady);
  history.OnLine({core::WallTime(seconds(104)), core::LogSource::kStderr, 12,
                  "last words", 5});
  history.OnMemory(77);
  history.AddEvidence(core::WallTime(seconds(105)), "no answer to a ping");
  history.End(EndOf(12), core::EndCause::kUnresponsive,
              At(seconds(110)).steady);

  const v1::Run run = server::ToProto(history.runs().back());

  EXPECT_EQ(run.pid(), 12);
  EXPECT_EQ(run.started_at().seconds(), 100);
  EXPECT_EQ(run.start_cause(), v1::Run::START_CAUSE_DECISION);
  EXPECT_THAT(run.started_because(), HasSubstr("ended by the control plane"));
  EXPECT_EQ(run.ready_after().seconds(), 3);
  EXPECT_EQ(run.exit().signal(), 9);
  EXPECT_EQ(run.exit().stragglers(), 2u);
  EXPECT_EQ(run.end_cause(), v1::Run::END_CAUSE_UNRESPONSIVE);
  ASSERT_EQ(run.phases_size(), 2);
  EXPECT_EQ(run.phases(0).state(), v1::GatewayStatus::STATE_STARTING);
  EXPECT_EQ(run.phases(0).phase(), v1::GatewayStatus::PHASE_WAITING_FOR_PORT);
  EXPECT_EQ(run.phases(0).took().seconds(), 3);
  EXPECT_EQ(run.phases(1).state(), v1::GatewayStatus::STATE_RUNNING);
  EXPECT_EQ(run.phases(1).took().seconds(), 7);
  ASSERT_EQ(run.evidence_size(), 1);
  EXPECT_EQ(run.evidence(0).at().seconds(), 105);
  EXPECT_EQ(run.evidence(0).text(), "no answer to a ping");
  EXPECT_EQ(run.peak_resident_bytes(), 77u);
  EXPECT_EQ(run.version(), "2026.9.6");
  EXPECT_EQ(run.boot_id(), "boot");
  ASSERT_EQ(run.last_stderr_size(), 1);
  EXPECT_EQ(run.last_stderr(0).text(), "last words");
  EXPECT_EQ(run.last_stderr(0).cut_bytes(), 5u);
}

TEST(RunTest, HasNoEndAndNoReadinessBeforeTheyAreThere) {
  core::RunHistory history;
  history.Begin(12, core::StartCause::kStart, At(seconds(1)));

  const v1::Run run = server::ToProto(history.runs().back());

  EXPECT_FALSE(run.has_exit());
  EXPECT_EQ(run.end_cause(), v1::Run::END_CAUSE_UNSPECIFIED);
  EXPECT_FALSE(run.has_ready_after());
}

TEST(RunTest, NamesEachCauseAsTheApiDoes) {
  using Run = v1::Run;
  const auto started = [](core::StartCause cause) {
    core::Run run;
    run.start_cause = cause;
    return server::ToProto(run).start_cause();
  };
  EXPECT_EQ(started(core::StartCause::kStart), Run::START_CAUSE_START);
  EXPECT_EQ(started(core::StartCause::kRestart), Run::START_CAUSE_RESTART);
  EXPECT_EQ(started(core::StartCause::kServerStart),
            Run::START_CAUSE_SERVER_START);
  EXPECT_EQ(started(core::StartCause::kExit), Run::START_CAUSE_EXIT);
  EXPECT_EQ(started(core::StartCause::kRepair), Run::START_CAUSE_REPAIR);
  const auto ended = [](core::EndCause cause) {
    core::Run run;
    run.exit = core::ProcessEnd();
    run.end_cause = cause;
    return server::ToProto(run).end_cause();
  };
  EXPECT_EQ(ended(core::EndCause::kItself), Run::END_CAUSE_ITSELF);
  EXPECT_EQ(ended(core::EndCause::kStop), Run::END_CAUSE_STOP);
  EXPECT_EQ(ended(core::EndCause::kRestart), Run::END_CAUSE_RESTART);
  EXPECT_EQ(ended(core::EndCause::kStartFailed), Run::END_CAUSE_START_FAILED);
  EXPECT_EQ(ended(core::EndCause::kMemory), Run::END_CAUSE_MEMORY);
  EXPECT_EQ(ended(core::EndCause::kOtherPort), Run::END_CAUSE_OTHER_PORT);
}

TEST(RunsTest, AreListedLatestFirstUpToTheLimit) {
  core::RunHistory history;
  for (int pid = 1; pid <= 3; ++pid) {
    history.Begin(pid, core::StartCause::kExit, At(seconds(pid)));
    history.End(EndOf(pid), core::EndCause::kItself, At(seconds(pid)).steady);
  }

  const v1::ListRunsResponse two = server::ToProto(history, 2);

  ASSERT_EQ(two.runs_size(), 2);
  EXPECT_EQ(two.runs(0).pid(), 3);
  EXPECT_EQ(two.runs(1).pid(), 2);
  EXPECT_EQ(server::ToProto(history, 50).runs_size(), 3);
}

// A client that changed no limit must be able to receive them.
TEST(RunsTest, FitIntoTheLimitOfAnyClient) {
  core::RunHistory history;
  const std::string line(16 * 1024, 'x');
  const std::string evidence(500, 'x');
  for (size_t i = 0; i < core::RunHistory::kMaxRuns + 5; ++i) {
    history.Begin(12, core::StartCause::kExit, At(seconds(1)));
    for (size_t n = 0; n < 2 * core::RunHistory::kMaxLines; ++n) {
      const bool is_long = n % 50 == 0;
      history.OnLine({core::WallTime(), core::LogSource::kStderr, 1 << 21,
                      is_long ? line : "x", 1 << 30});
      history.AddEvidence(core::WallTime(seconds(1'700'000'000)), evidence);
    }
    history.End(EndOf(12), core::EndCause::kItself, At(seconds(2)).steady);
  }

  const v1::ListRunsResponse all =
      server::ToProto(history, core::RunHistory::kMaxRuns);

  EXPECT_EQ(all.runs_size(), 50);
  EXPECT_LT(all.ByteSizeLong(), 4u * 1024 * 1024);
}

// ---- As a client sees them

grpc::Status ListRuns(v1::GatewayService::Stub& stub, uint32_t limit,
                      v1::ListRunsResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::ListRunsRequest request;
  request.set_limit(limit);
  return stub.ListRuns(&context, request, response);
}

TEST(ListRunsTest, IsEmptyWhereNothingWasLaunched) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());
  v1::ListRunsResponse response;

  ASSERT_TRUE(ListRuns(served.stub(), 0, &response).ok());

  EXPECT_THAT(response.runs(), IsEmpty());
}

TEST(ListRunsTest, RefusesALimitOutOfRange) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  v1::ListRunsResponse response;

  const grpc::Status status = ListRuns(served.stub(), 51, &response);

  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "BAD_REQUEST");
  EXPECT_THAT(status.error_message(), HasSubstr("limit is 51; allowed: 1"));
  EXPECT_TRUE(ListRuns(served.stub(), 50, &response).ok());
}

TEST(ListRunsTest, TellsOfTheRunThatLives) {
  ServedGateway served(LaunchFake());
  ASSERT_TRUE(Start(served.stub()).ok());
  ASSERT_TRUE(Call(served.stub(), "fake.print",
                   R"({"text":"to be kept","stream":"stderr"})")
                  .ok());
  v1::ListRunsResponse response;
  ASSERT_TRUE(WaitFor([&] {
    return ListRuns(served.stub(), 0, &response).ok() &&
           response.runs_size() == 1 && response.runs(0).last_stderr_size() > 0;
  }));

  const v1::Run& run = response.runs(0);
  const v1::GatewayStatus status = GetStatus(served.stub());
  EXPECT_EQ(run.pid(), status.pid());
  EXPECT_EQ(run.version(), status.version());
  EXPECT_EQ(run.boot_id(), status.boot_id());
  EXPECT_EQ(run.start_cause(), v1::Run::START_CAUSE_START);
  EXPECT_TRUE(run.has_ready_after());
  EXPECT_FALSE(run.has_exit());
  EXPECT_THAT(run.last_stderr(),
              Contains(Property(&v1::LogLine::text, "to be kept")));
  EXPECT_THAT(run.phases(),
              Contains(Property(&v1::PhaseTime::phase,
                                v1::GatewayStatus::PHASE_WAITING_FOR_PORT)));
}

TEST(ListRunsTest, PutsTheRunAfterARestartFirst) {
  ServedGateway served(LaunchFake());
  ASSERT_TRUE(Start(served.stub()).ok());
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::RestartResponse restarted;
  ASSERT_TRUE(served.stub().Restart(&context, {}, &restarted).ok());
  v1::ListRunsResponse response;

  ASSERT_TRUE(ListRuns(served.stub(), 0, &response).ok());

  ASSERT_EQ(response.runs_size(), 2);
  EXPECT_EQ(response.runs(0).pid(), restarted.new_pid());
  EXPECT_EQ(response.runs(0).start_cause(), v1::Run::START_CAUSE_RESTART);
  EXPECT_EQ(response.runs(1).pid(), restarted.old_pid());
  EXPECT_EQ(response.runs(1).end_cause(), v1::Run::END_CAUSE_RESTART);
  EXPECT_EQ(response.runs(1).exit().exit_code(), 0);
  ASSERT_TRUE(ListRuns(served.stub(), 1, &response).ok());
  ASSERT_EQ(response.runs_size(), 1);
  EXPECT_EQ(response.runs(0).pid(), restarted.new_pid());
}

}  // namespace
}  // namespace clawplane::testing
