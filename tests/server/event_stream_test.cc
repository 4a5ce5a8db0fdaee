// The event log, as a client reads it.

#include "tests/server/event_stream_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using Request = v1::StreamEventsRequest;
// ---- Where a stream begins

TEST_F(EventStreamTest, BeginsWithABookmarkAtTheEnd) {
  EventReader reader(stub(), {});
  const auto first = reader.Read();
  EXPECT_EQ(first.bookmark().sequence(), End().sequence());
  EXPECT_EQ(first.bookmark().epoch(), End().epoch());
  EXPECT_EQ(first.events_size(), 0);

  Emit(1);

  const auto event = reader.NextEvent();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->name(), "fake.event");
  EXPECT_EQ(event->kind(), v1::EVENT_KIND_NOTIFICATION);
  EXPECT_EQ(event->sequence(), first.bookmark().sequence() + 1);
  EXPECT_GT(event->received_at().seconds(), 0);
}

TEST_F(EventStreamTest, ReplaysFromTheOldest) {
  EventReader reader(stub(), FromOldest());
  EXPECT_EQ(reader.Read().bookmark().sequence(), 0u);
  std::vector<std::string> states;
  for (uint64_t sequence = 1; sequence <= End().sequence(); ++sequence) {
    const auto event = reader.NextEvent();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->sequence(), sequence);
    if (event->has_state_changed()) {
      states.push_back(
          v1::GatewayStatus::State_Name(event->state_changed().to()));
    }
  }
  EXPECT_THAT(states,
              ::testing::ElementsAre("STATE_STARTING", "STATE_RUNNING"));
}

TEST_F(EventStreamTest, ResumesAfterAPositionWithExactlyTheRest) {
  Emit(10);
  const uint64_t end = End().sequence();
  EventReader reader(stub(), After(End().epoch(), end - 4));
  const auto first = reader.Read();
  EXPECT_EQ(first.bookmark().sequence(), end - 4);
  EXPECT_FALSE(first.has_gap());
  for (uint64_t sequence = end - 3; sequence <= end; ++sequence) {
    EXPECT_EQ(reader.NextEvent()->sequence(), sequence);
  }
}

TEST_F(EventStreamTest, SaysThatAnotherEpochIsLost) {
  EventReader reader(stub(), After("another", 99));
  const auto first = reader.Read();
  EXPECT_EQ(first.bookmark().epoch(), "another");
  const auto second = reader.Read();
  EXPECT_EQ(second.gap().lost_after().epoch(), "another");
  EXPECT_EQ(second.gap().lost_after().sequence(), 99u);
  EXPECT_EQ(second.gap().resumed_after().epoch(), End().epoch());
  EXPECT_EQ(second.gap().resumed_after().sequence(), 0u);
  EXPECT_EQ(reader.NextEvent()->sequence(), 1u);
}

TEST_F(EventStreamTest, EndsAtAGapIfAskedTo) {
  Request request = After("another", 99);
  request.set_fail_on_gap(true);
  const grpc::Status status = StatusOf(request);
  EXPECT_EQ(status.error_code(), StatusCode::OUT_OF_RANGE);
  const auto info = InfoOf(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->reason(), "EVENTS_LOST");
  EXPECT_EQ(info->metadata().at("oldest_epoch"), End().epoch());
  EXPECT_EQ(info->metadata().at("oldest_sequence"), "1");
}

// ---- What is refused

TEST_F(EventStreamTest, RefusesStartsThatAreFalse) {
  Request request;
  request.set_from_oldest(false);
  EXPECT_EQ(StatusOf(request).error_code(), StatusCode::INVALID_ARGUMENT);
  request.set_from_now(false);
  EXPECT_EQ(StatusOf(request).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(EventStreamTest, RefusesAPositionPastTheEnd) {
  const auto status = StatusOf(After(End().epoch(), End().sequence() + 1));
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("past the end"));
  EXPECT_EQ(StatusOf(After(End().epoch(), UINT64_MAX)).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(EventStreamTest, RefusesMalformedFilters) {
  std::vector<Request> bad(6);
  bad[0].add_names("a*b");
  bad[1].add_names("");
  bad[2].add_names(std::string(257, 'n'));
  for (int i = 0; i < 65; ++i) bad[3].add_names("n");
  bad[4].add_kinds(v1::EVENT_KIND_UNSPECIFIED);
  bad[5].add_kinds(static_cast<v1::EventKind>(99));
  for (const Request& request : bad) {
    const auto status = StatusOf(request);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT)
        << request.ShortDebugString();
    EXPECT_EQ(ReasonOf(status), "BAD_REQUEST");
  }
}

TEST_F(EventStreamTest, RefusesLimitsOutOfRangeAndUnknownForms) {
  Request request;
  request.set_max_payload_bytes(32 * 1024 * 1024 + 1);
  EXPECT_EQ(StatusOf(request).error_code(), StatusCode::INVALID_ARGUMENT);
  request.clear_max_payload_bytes();
  request.set_payload_form(static_cast<v1::PayloadForm>(7));
  EXPECT_EQ(StatusOf(request).error_code(), StatusCode::INVALID_ARGUMENT);
}

// ---- What is chosen

TEST_F(EventStreamTest, SelectsByKindAndName) {
  Request request = FromOldest({"fake.*"});
  request.add_kinds(v1::EVENT_KIND_NOTIFICATION);
  EventReader reader(stub(), request);
  Emit(1, "other.event");
  Emit(1, "fake.one");
  EXPECT_EQ(reader.NextEvent()->name(), "fake.one");

  Request states;
  states.add_kinds(v1::EVENT_KIND_STATE_CHANGED);
  EventReader state_reader(stub(), states);
  state_reader.Read();
  Emit(1);
  gateway_.DropAll();
  EXPECT_EQ(state_reader.NextEvent()->state_changed().to(),
            v1::GatewayStatus::STATE_RECONNECTING);
}

TEST_F(EventStreamTest, GivesTicksOnlyToWhoAsksForThemByName) {
  EventReader all(stub(), FromOldest());
  EventReader ticks(stub(), FromOldest({"tick"}));
  EventReader stars(stub(), FromOldest({"t*"}));
  Emit(1, "tick");
  Emit(1, "tock");
  EXPECT_EQ(ticks.NextEvent()->name(), "tick");
  EXPECT_EQ(stars.NextEvent()->name(), "tock");
  for (auto event = all.NextEvent(); event->name() != "tock";
       event = all.NextEvent()) {
    EXPECT_NE(event->name(), "tick");
  }
}

TEST_F(EventStreamTest, RoutesWhatTheGatewaySends) {
  EventReader reader(stub(), {});
  reader.Read();
  gateway_.Emit("chat", R"({"text":"hi"})");
  gateway_.Emit("channel.status", R"({"channelId":"c1","status":"up"})");
  gateway_.SendRaw(R"({"jsonrpc":"2.0","method":"message.received",)"
                   R"("params":{"text":"ho"}})");
  gateway_.SendRaw("this is no JSON");
  gateway_.SkipSeq(5);
  gateway_.Emit("after.gap", std::nullopt);

  auto event = reader.NextEvent();
  EXPECT_EQ(event->kind(), v1::EVENT_KIND_CHAT_MESSAGE);
  EXPECT_EQ(event->chat_message().payload().json(), R"({"text":"hi"})");
  event = reader.NextEvent();
  EXPECT_EQ(event->channel_status().channel_id(), "c1");
  EXPECT_EQ(event->channel_status().status(), "up");
  event = reader.NextEvent();
  EXPECT_EQ(event->kind(), v1::EVENT_KIND_CHAT_MESSAGE);
  event = reader.NextEvent();
  EXPECT_EQ(event->unrecognized_message().excerpt(), "this is no JSON");
  event = reader.NextEvent();
  EXPECT_EQ(event->gap().cause(), v1::UpstreamGap::CAUSE_SEQUENCE_JUMP);
  EXPECT_EQ(event->gap().missing(), 5u);
  event = reader.NextEvent();
  EXPECT_EQ(event->name(), "after.gap");
  EXPECT_FALSE(event->notification().has_payload());
}

TEST_F(EventStreamTest, TellsOfAGapWhenTheConnectionIsNew) {
  Request request;
  request.add_names("nothing.matches");
  EventReader reader(stub(), request);
  reader.Read();
  gateway_.DropAll();
  ASSERT_TRUE(WaitForState(stub(), v1::GatewayStatus::STATE_RECONNECTING));
  ASSERT_TRUE(Start(stub()).ok());
  const auto event = reader.NextEvent();  // gaps pass every filter
  EXPECT_EQ(event->gap().cause(), v1::UpstreamGap::CAUSE_NEW_CONNECTION);
  EXPECT_FALSE(event->gap().has_missing());
}

// ---- How payloads come

TEST_F(EventStreamTest, MarksPayloadsAboveTheLimit) {
  Request request;
  request.set_max_payload_bytes(10);
  EventReader small(stub(), request);
  small.Read();
  request.set_max_payload_bytes(0);
  EventReader none(stub(), request);
  none.Read();
  gateway_.Emit("fake.event", R"("12345678")");
  gateway_.Emit("fake.event", R"("123456789")");
  EXPECT_EQ(small.NextEvent()->notification().payload().json(),
            R"("12345678")");
  EXPECT_EQ(small.NextEvent()->notification().payload().omitted_bytes(), 11u);
  EXPECT_EQ(none.NextEvent()->notification().payload().omitted_bytes(), 10u);
}

TEST_F(EventStreamTest, MarksPayloadsAbove1MiBUnlessToldOtherwise) {
  EventReader usual(stub(), {});
  usual.Read();
  Request request;
  request.set_max_payload_bytes(32 * 1024 * 1024);
  EventReader raised(stub(), request);
  raised.Read();
  ASSERT_TRUE(Call(stub(), "fake.huge_event", R"({"bytes":3000000})").ok());
  EXPECT_EQ(usual.NextEvent()->notification().payload().omitted_bytes(),
            3'000'002u);
  EXPECT_EQ(raised.NextEvent()->notification().payload().json().size(),
            3'000'002u);
}

TEST_F(EventStreamTest, GivesValuesWhenAsked) {
  Request request;
  request.set_payload_form(v1::PAYLOAD_FORM_VALUE);
  EventReader reader(stub(), request);
  reader.Read();
  gateway_.Emit("fake.event", R"({"a":[1,null]})");
  // As deep as JSON comes, and too deep for a client's parser.
  gateway_.Emit("fake.deep", std::string(90, '[') + std::string(90, ']'));
  const auto event = reader.NextEvent();
  EXPECT_EQ(event->notification()
                .payload()
                .value()
                .struct_value()
                .fields()
                .at("a")
                .list_value()
                .values_size(),
            2);
  const auto deep = reader.NextEvent();
  ASSERT_TRUE(deep);
  EXPECT_EQ(deep->notification().payload().omitted_bytes(), 180u);
}

TEST_F(EventStreamTest, CountsTheBytesOfAValueAgainstTheLimitToo) {
  Request request;
  request.set_payload_form(v1::PAYLOAD_FORM_VALUE);
  EventReader reader(stub(), request);
  reader.Read();
  // Each zero is 2 bytes of JSON, and 11 of a value.
  const auto list = [](const std::string& item, int count) {
    std::string json = "[" + item;
    for (int i = 1; i < count; ++i) json += "," + item;
    return json + "]";
  };
  gateway_.Emit("fake.event", list("0", 90'000));
  gateway_.Emit("fake.event", list("0", 100'000));
  EXPECT_TRUE(reader.NextEvent()->notification().payload().has_value());
  EXPECT_EQ(reader.NextEvent()->notification().payload().omitted_bytes(),
            200'001u);
}

// ---- How many come at a time

TEST_F(EventStreamTest, FindsWhatLiesFarBehind) {
  constexpr int kFar = 5000;  // more than it looks at in one go
  Emit(kFar, "other");
  Emit(1, "wanted");
  Emit(kFar, "other");
  Emit(1, "wanted");
  EventReader reader(stub(), FromOldest({"wanted"}));
  const auto first = reader.NextEvent();
  const auto second = reader.NextEvent();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->sequence(), End().sequence());
  EXPECT_EQ(first->sequence(), End().sequence() - kFar - 1);
  Emit(1, "wanted");
  EXPECT_EQ(reader.NextEvent()->sequence(), End().sequence());
}

TEST_F(EventStreamTest, BatchesAtMost64Events) {
  Emit(300);
  EventReader reader(stub(), FromOldest());
  int most = 0;
  uint64_t last = 0;
  while (last < End().sequence()) {
    const auto response = reader.Read();
    most = std::max(most, response.events_size());
    for (const auto& event : response.events()) {
      EXPECT_EQ(event.sequence(), last + 1);
      last = event.sequence();
    }
  }
  EXPECT_EQ(most, 64);
}

TEST_F(EventStreamTest, BatchesAtMost256KiB) {
  const std::string payload = '"' + std::string(100'000, 'x') + '"';
  const uint64_t before = End().sequence();
  for (int i = 0; i < 6; ++i) gateway_.Emit("fake.event", payload);
  ASSERT_TRUE(WaitFor([&] { return End().sequence() == before + 6; }));
  EventReader reader(stub(), After(End().epoch(), before));
  reader.Read();
  for (int left = 6; left > 0;) {
    const int size = reader.Read().events_size();
    EXPECT_THAT(size, ::testing::AllOf(::testing::Ge(1), ::testing::Le(2)));
    left -= size;
  }
}

}  // namespace
}  // namespace clawplane::testing
