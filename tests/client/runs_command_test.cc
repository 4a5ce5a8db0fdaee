#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using State = v1::GatewayStatus;

v1::Run Unresponsive() {
  v1::Run run;
  run.set_pid(4711);
  run.mutable_started_at()->set_seconds(1'700'000'000);
  run.set_started_because("somebody called Start");
  run.set_start_cause(v1::Run::START_CAUSE_START);
  run.mutable_ready_after()->set_seconds(3);
  run.set_end_cause(v1::Run::END_CAUSE_UNRESPONSIVE);
  run.mutable_exit()->set_signal(9);
  run.mutable_exit()->set_killed(true);
  run.mutable_exit()->set_stragglers(2);
  run.mutable_exit()->mutable_lived()->set_seconds(125);
  run.set_peak_resident_bytes(433'000'000);
  run.set_version("2026.9.6");
  run.set_boot_id("b1");
  v1::PhaseTime& phase = *run.add_phases();
  phase.set_state(State::STATE_STARTING);
  phase.set_phase(State::PHASE_WAITING_FOR_PORT);
  phase.mutable_took()->set_seconds(2);
  v1::PhaseTime& running = *run.add_phases();
  running.set_state(State::STATE_RUNNING);
  running.mutable_took()->set_seconds(122);
  v1::Evidence& evidence = *run.add_evidence();
  evidence.mutable_at()->set_seconds(1'700'000'100);
  evidence.set_text("no answer \x1b[2J to a call");
  v1::LogLine& line = *run.add_last_stderr();
  line.mutable_at()->set_seconds(1'700'000'050);
  line.set_text("\x1b[1;31mheap\x1b[0m is full");
  line.set_cut_bytes(7);
  return run;
}

// One that lives, and is newer.
v1::Run Living() {
  v1::Run run;
  run.set_pid(4800);
  run.mutable_started_at()->set_seconds(1'700'000'200);
  run.set_started_because("the process before it was ended");
  run.set_start_cause(v1::Run::START_CAUSE_DECISION);
  return run;
}

class RunsCommand : public ::testing::Test {
 protected:
  RunsCommand() {
    server_.runs = [this](auto&, const v1::ListRunsRequest& request,
                          v1::ListRunsResponse& response) {
      got_ = request;
      for (const v1::Run& run : runs_) {
        if (request.limit() > 0 &&
            response.runs_size() == static_cast<int>(request.limit())) {
          break;
        }
        *response.add_runs() = run;
      }
      return grpc::Status::OK;
    };
  }

  std::vector<v1::Run> runs_ = {Living(), Unresponsive()};
  v1::ListRunsRequest got_;
  FakeServer server_;
};

TEST_F(RunsCommand, ListsThemAsATable) {
  // Ended, so that no line depends on the time of the test.
  runs_[0].mutable_exit()->set_exit_code(78);
  runs_[0].mutable_exit()->mutable_lived()->set_seconds(1);
  runs_[0].set_end_cause(v1::Run::END_CAUSE_ITSELF);

  const auto run = RunClawctl(server_, {"runs"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(got_.limit(), 0u);
  EXPECT_EQ(
      run.out,
      "PID   STARTED              CAUSE              READY AFTER  LIVED      "
      "ENDED                           PEAK MEMORY\n"
      "4800  2023-11-14 22:16:40  server's decision  -            1.0 s      "
      "exit code 78: by itself         -\n"
      "4711  2023-11-14 22:13:20  start              3.0 s        2 min 5 s  "
      "signal 9, killed: unresponsive  412 MiB\n");
}

TEST_F(RunsCommand, PassesTheLimitOn) {
  const auto run = RunClawctl(server_, {"runs", "--limit", "1"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(got_.limit(), 1u);
  EXPECT_THAT(run.out, AllOf(HasSubstr("\n4800  "), HasSubstr("  lives  "),
                             Not(HasSubstr("4711"))));
}

TEST_F(RunsCommand, ShowsTheRunOfAProcessInFull) {
  const auto run = RunClawctl(server_, {"runs", "4711"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out,
            "pid          4711\n"
            "started      2023-11-14T22:13:20.000+00:00, because somebody "
            "called Start\n"
            "ready after  3.0 s\n"
            "lived        2 min 5 s\n"
            "ended        signal 9, killed: unresponsive\n"
            "left behind  2 descendants of it were killed\n"
            "peak memory  412 MiB\n"
            "version      2026.9.6\n"
            "boot id      b1\n"
            "\n"
            "phases\n"
            "  starting: waiting for port  2.0 s\n"
            "  running                     2 min 2 s\n"
            "\n"
            "evidence\n"
            "  2023-11-14T22:15:00.000+00:00  no answer \\x1b[2J to a call\n"
            "\n"
            "last lines of standard error\n"
            "  heap is full… [+7 bytes]\n");
}

TEST_F(RunsCommand, ShowsTheLatestRunIfAsked) {
  const auto run = RunClawctl(server_, {"runs", "--last"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(got_.limit(), 1u);
  EXPECT_THAT(run.out, StartsWith("pid          4800\n"));
  EXPECT_THAT(run.out, HasSubstr("ready after  never ready\n"));
  EXPECT_THAT(run.out, HasSubstr("ended        lives\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("evidence")));
}

TEST_F(RunsCommand, FailsForAProcessThatIsNotKnown) {
  const auto run = RunClawctl(server_, {"runs", "1"});

  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            "clawctl: no run of process 1 is known\nnext: see 'clawctl "
            "runs'\n");
}

TEST_F(RunsCommand, TellsThatThereAreNone) {
  runs_.clear();

  const auto run = RunClawctl(server_, {"runs"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "this server has launched no gateway since it began\n");
}

TEST_F(RunsCommand, PrintsTheApisMessageAsJson) {
  EXPECT_THAT(RunClawctl(server_, {"runs", "--json"}).out,
              StartsWith("{\"runs\":[{\"pid\":4800,"));
  EXPECT_THAT(
      RunClawctl(server_, {"runs", "4711", "--json"}).out,
      AllOf(StartsWith("{\"runs\":[{\"pid\":4711,"), Not(HasSubstr("4800"))));
  runs_.clear();
  EXPECT_EQ(RunClawctl(server_, {"runs", "--json"}).out, "{}\n");
}

TEST_F(RunsCommand, TakesOnlyOneWayToChoose) {
  EXPECT_EQ(RunClawctl(server_, {"runs", "12", "--last"}).code, 2);
  EXPECT_EQ(RunClawctl(server_, {"runs", "--last", "--limit", "2"}).code, 2);
  EXPECT_EQ(RunClawctl(server_, {"runs", "0"}).code, 2);
}

TEST_F(RunsCommand, TellsWhatTheServerAllows) {
  server_.runs = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::INVALID_ARGUMENT,
                   "limit is 51; allowed: 1 to 50", "BAD_REQUEST");
  };

  const auto run = RunClawctl(server_, {"runs", "--limit", "51"});

  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("cannot list the runs: limit is 51"));
}

TEST(RunsHelp, NamesItsOptions) {
  const auto run = RunClawctl({"runs", "--help"});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("--last"), HasSubstr("--limit")));
}

}  // namespace
}  // namespace clawplane::client
