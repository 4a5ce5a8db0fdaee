#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"

namespace clawplane::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Event Notification(uint64_t sequence, const std::string& payload) {
  v1::Event event;
  event.set_epoch("e1");
  event.set_sequence(sequence);
  event.mutable_received_at()->set_seconds(1'700'000'000);
  event.set_kind(v1::EVENT_KIND_NOTIFICATION);
  event.set_name("presence");
  event.mutable_notification()->mutable_payload()->set_json(payload);
  return event;
}

// Sends a bookmark, then two events at once and one more, and waits.
class EventsCommand : public ::testing::Test {
 protected:
  EventsCommand() {
    server_.events = [this](
                         FakeServer::Context& context,
                         const v1::StreamEventsRequest& request,
                         grpc::ServerWriter<v1::StreamEventsResponse>& writer) {
      got_ = request;
      for (const auto& response : responses_) writer.Write(response);
      if (!end_.ok()) return end_;
      FakeServer::WaitUntilCancelled(context);
      return grpc::Status::CANCELLED;
    };
    v1::StreamEventsResponse response;
    response.mutable_bookmark()->set_epoch("e1");
    responses_.push_back(response);
    response.Clear();
    *response.add_events() = Notification(1, "{\"a\":1}");
    *response.add_events() = Notification(2, "{\"a\":2}");
    responses_.push_back(response);
    response.Clear();
    *response.add_events() = Notification(3, "{\"a\":3}");
    responses_.push_back(response);
  }

  std::vector<v1::StreamEventsResponse> responses_;
  grpc::Status end_;
  v1::StreamEventsRequest got_;
  FakeServer server_;
};

TEST_F(EventsCommand, PrintsALineForEachUntilTheCount) {
  const auto run = RunClawctl(server_, {"events", "--count", "3"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.err, "bookmark: e1:0\n");
  EXPECT_EQ(run.out,
            "e1:1  2023-11-14T22:13:20.000+00:00  notification presence  "
            "{\"a\":1}\n"
            "e1:2  2023-11-14T22:13:20.000+00:00  notification presence  "
            "{\"a\":2}\n"
            "e1:3  2023-11-14T22:13:20.000+00:00  notification presence  "
            "{\"a\":3}\n");
}

TEST_F(EventsCommand, EndsWithinAResponseAtTheCount) {
  const auto run = RunClawctl(server_, {"events", "--count", "1", "-q"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, HasSubstr("e1:1 "));
  EXPECT_THAT(run.out, Not(HasSubstr("e1:2 ")));
}

TEST_F(EventsCommand, PrintsTheApisMessagesAsJson) {
  const auto run = RunClawctl(server_, {"events", "--count", "1", "--json"});

  EXPECT_EQ(run.out,
            "{\"bookmark\":{\"epoch\":\"e1\"}}\n"
            "{\"events\":[{\"epoch\":\"e1\",\"sequence\":\"1\",\"received_at\":"
            "\"2023-11-14T22:13:20Z\",\"kind\":\"EVENT_KIND_NOTIFICATION\","
            "\"name\":\"presence\",\"notification\":{\"payload\":{\"json\":"
            "\"{\\\"a\\\":1}\"}}}]}\n");
}

TEST_F(EventsCommand, AsksForWhatTheOptionsSay) {
  RunClawctl(server_, {"events", "--count", "1", "--after", "e1:2", "--kind",
                       "state-changed", "--kind", "gap", "--name", "session.*",
                       "--fail-on-gap"});

  EXPECT_EQ(got_.after().epoch(), "e1");
  EXPECT_EQ(got_.after().sequence(), 2u);
  EXPECT_THAT(got_.kinds(),
              ElementsAre(v1::EVENT_KIND_STATE_CHANGED, v1::EVENT_KIND_GAP));
  EXPECT_THAT(got_.names(), ElementsAre("session.*"));
  EXPECT_TRUE(got_.fail_on_gap());

  RunClawctl(server_, {"events", "--count", "1", "--from-oldest"});

  EXPECT_TRUE(got_.from_oldest());
}

TEST_F(EventsCommand, CutsLongLinesUnlessTold) {
  const std::string payload = "\"" + std::string(500, 'x') + "\"";
  responses_.resize(1);
  *responses_[0].add_events() = Notification(1, payload);

  const auto cut = RunClawctl(server_, {"events", "--count", "1"});
  const auto full = RunClawctl(server_, {"events", "--count", "1", "--full"});

  EXPECT_EQ(cut.out.size(), 201u);
  EXPECT_THAT(cut.out, HasSubstr("x...\n"));
  EXPECT_THAT(full.out, HasSubstr(payload + "\n"));
}

TEST_F(EventsCommand, TellsAGapEvenIfQuiet) {
  auto* gap = responses_[0].mutable_gap();
  gap->mutable_lost_after()->set_epoch("e0");
  gap->mutable_lost_after()->set_sequence(5);
  gap->mutable_resumed_after()->set_epoch("e1");

  const auto run = RunClawctl(server_, {"events", "--count", "1", "-q"});

  EXPECT_EQ(run.err, "gap: events after e0:5 up to e1:0 are lost\n");
}

TEST_F(EventsCommand, ShowsTheControlPlanesOwnEvents) {
  v1::Event changed = Notification(1, "");
  changed.set_kind(v1::EVENT_KIND_STATE_CHANGED);
  changed.set_name("state_changed");
  changed.mutable_state_changed()->set_from(v1::GatewayStatus::STATE_STARTING);
  changed.mutable_state_changed()->set_to(v1::GatewayStatus::STATE_RUNNING);
  changed.mutable_state_changed()->set_pid(12);
  responses_.resize(1);
  *responses_[0].add_events() = changed;

  EXPECT_THAT(RunClawctl(server_, {"events", "--count", "1"}).out,
              HasSubstr("  state_changed  starting -> running, pid 12\n"));
}

v1::Event OwnEvent(v1::EventKind kind, const std::string& name) {
  v1::Event event = Notification(1, "");
  event.set_kind(kind);
  event.set_name(name);
  return event;
}

TEST_F(EventsCommand, ShowsARepairAndItsLastWords) {
  v1::Event event = OwnEvent(v1::EVENT_KIND_REPAIR, "repair");
  v1::ProcessExit& exit = *event.mutable_repair()->mutable_exit();
  exit.set_exit_code(1);
  exit.mutable_lived()->set_seconds(4);
  event.mutable_repair()->set_last_words("nothing to mend");
  responses_.resize(1);
  *responses_[0].add_events() = event;

  EXPECT_THAT(
      RunClawctl(server_, {"events", "--count", "1", "--kind", "repair"}).out,
      HasSubstr("  repair  'openclaw doctor --fix' ended with exit code 1 "
                "after 4.0 s: nothing to mend\n"));
  EXPECT_THAT(got_.kinds(), ElementsAre(v1::EVENT_KIND_REPAIR));
}

TEST_F(EventsCommand, ShowsTheReasonOfAnError) {
  v1::Event event = OwnEvent(v1::EVENT_KIND_ERROR, "error");
  event.mutable_error()->set_message("it uses much memory");
  event.mutable_error()->set_reason(v1::REASON_MEMORY_LIMIT);
  responses_.resize(1);
  *responses_[0].add_events() = event;

  EXPECT_THAT(RunClawctl(server_, {"events", "--count", "1"}).out,
              HasSubstr("  error  it uses much memory [MEMORY_LIMIT]\n"));
}

TEST_F(EventsCommand, ShowsWhatOutlivedTheProcess) {
  v1::Event event = OwnEvent(v1::EVENT_KIND_PROCESS_EXIT, "process_exit");
  event.mutable_process_exit()->set_pid(12);
  event.mutable_process_exit()->set_exit_code(0);
  event.mutable_process_exit()->set_expected(true);
  event.mutable_process_exit()->set_stragglers(2);
  responses_.resize(1);
  *responses_[0].add_events() = event;

  EXPECT_THAT(RunClawctl(server_, {"events", "--count", "1"}).out,
              HasSubstr("  process_exit  process 12 exited with code 0; 2 "
                        "descendants of it were killed\n"));
}

TEST_F(EventsCommand, FailsWhereEventsAreLost) {
  responses_.clear();
  end_ = Refusal(grpc::StatusCode::OUT_OF_RANGE,
                 "events after e1:1 up to e1:9 are lost", "EVENTS_LOST");

  const auto run = RunClawctl(server_, {"events", "--fail-on-gap"});

  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("[EVENTS_LOST]\n"));
  EXPECT_THAT(run.err, HasSubstr("--from-oldest"));
}

TEST_F(EventsCommand, TellsAfterCtrlCWhereToGoOn) {
  ClawctlRun run(To(server_, {"events"}));

  run.AwaitOut("e1:3 ");
  run.Signal(SIGINT);
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(result.err, "bookmark: e1:0\ngo on from here with --after e1:3\n");
}

TEST_F(EventsCommand, EndsQuietlyWhenNobodyReads) {
  ClawctlRun run(To(server_, {"events", "-q"}));

  run.AwaitOut("e1:3 ");
  run.CloseOut();
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
}

}  // namespace
}  // namespace clawplane::client
