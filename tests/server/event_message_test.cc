// Responses of `StreamEvents` that are put together from bytes, read by the
// generated class.

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/convert.h"
#include "server/event_batch.h"
#include "server/event_encoding.h"

namespace clawplane::server {
namespace {

using core::EventForm;
using core::EventKind;
using ::google::protobuf::util::MessageDifferencer;

std::vector<grpc::Slice> Pieces(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> pieces;
  EXPECT_TRUE(bytes.Dump(&pieces).ok());
  return pieces;
}

v1::StreamEventsResponse Parsed(const grpc::ByteBuffer& bytes) {
  std::string text;
  for (const grpc::Slice& piece : Pieces(bytes)) {
    text.append(reinterpret_cast<const char*>(piece.begin()), piece.size());
  }
  v1::StreamEventsResponse response;
  EXPECT_TRUE(response.ParseFromString(text));
  EXPECT_EQ(response.ByteSizeLong(), text.size());
  return response;
}

core::Event EventOf(EventKind kind, core::EventDetail detail) {
  core::Event event;
  event.sequence = 123'456;
  event.received_at = core::WallTime(std::chrono::milliseconds(1'700'000'123));
  event.what = {kind, "some.event", std::move(detail), 99};
  return event;
}

core::EncodedEventPtr Encoded(const core::Event& event, EventForm form) {
  return std::make_shared<const core::EncodedEvent>(
      Encode(event, "epoch", form));
}

// One of each kind, some with all they can have and some with nothing.
std::vector<core::Event> OneOfEach() {
  const core::SharedJson json = R"({"a":[1,2,{"b":"c"}]})";
  return {
      EventOf(EventKind::kChatMessage, core::GatewayPayload{json}),
      EventOf(EventKind::kChatMessage, core::GatewayPayload{}),
      EventOf(EventKind::kChannelStatus,
              core::ChannelStatusDetail{"c1", "up", json}),
      EventOf(EventKind::kChannelStatus, core::ChannelStatusDetail{}),
      EventOf(EventKind::kNotification, core::GatewayPayload{json}),
      EventOf(EventKind::kNotification, core::GatewayPayload{}),
      EventOf(EventKind::kStateChanged,
              core::StateChange{core::State::kRunning, core::State::kStopping,
                                core::Fault{core::Reason::kTimedOut, "a", "b"},
                                12, 7}),
      EventOf(EventKind::kProcessExit, core::ProcessEnd{}),
      EventOf(EventKind::kError,
              core::ErrorDetail{"failed", json, core::Reason::kTimedOut}),
      EventOf(EventKind::kError, core::ErrorDetail{"failed", {}, {}}),
      EventOf(EventKind::kUnrecognizedMessage,
              core::UnrecognizedDetail{"why", "what", 4}),
      EventOf(EventKind::kGap,
              core::UpstreamGap{core::UpstreamGap::Cause::kSequenceJump, 3}),
      EventOf(EventKind::kRepair, core::RepairDetail{{}, "words"}),
  };
}

TEST(EventMessageTest, IsWhatTheGeneratedClassWouldWrite) {
  for (const auto form :
       {EventForm::kJson, EventForm::kValue, EventForm::kWithoutPayload}) {
    EventBatch batch;
    v1::StreamEventsResponse expected;
    for (const core::Event& event : OneOfEach()) {
      ASSERT_TRUE(batch.Add(Encoded(event, form)));
      *expected.add_events() = ToProto(event, "epoch", form);
    }
    const v1::StreamEventsResponse got = Parsed(batch.Write());
    EXPECT_TRUE(MessageDifferencer::Equals(got, expected))
        << got.DebugString() << expected.DebugString();
  }
}

TEST(EventMessageTest, HasPayloadsOfAnySizeByteForByte) {
  for (const size_t size : {0u, 1u, 127u, 128u, 4095u, 4096u, 4097u, 16'383u,
                            16'384u, 2'097'152u, 20'000'000u}) {
    const core::Event event = EventOf(
        EventKind::kNotification, core::GatewayPayload{std::string(size, 'x')});
    EventBatch batch;
    ASSERT_TRUE(batch.Add(Encoded(event, EventForm::kJson)));
    const auto got = Parsed(batch.Write());
    ASSERT_EQ(got.events_size(), 1);
    EXPECT_TRUE(got.events(0).notification().payload().json() ==
                std::string(size, 'x'))
        << size;
  }
}

TEST(EventMessageTest, CopiesWhatIsSmallAndSharesWhatIsLarge) {
  const core::SharedJson small = std::string(1000, 's');
  const core::SharedJson large = std::string(10'000, 'l');
  EventBatch batch;
  std::string in_order;
  for (const auto& json : {small, small, large, small, large, large}) {
    in_order += json->front();
    ASSERT_TRUE(batch.Add(
        Encoded(EventOf(EventKind::kNotification, core::GatewayPayload{json}),
                EventForm::kJson)));
  }
  const grpc::ByteBuffer bytes = batch.Write();

  int shared = 0;
  const auto pieces = Pieces(bytes);
  for (const grpc::Slice& piece : pieces) {
    shared +=
        piece.begin() == reinterpret_cast<const unsigned char*>(large->data());
  }
  EXPECT_EQ(shared, 3);
  EXPECT_EQ(pieces.size(), 6u) << "what lies between them is in one piece each";
  std::string got;
  const v1::StreamEventsResponse response = Parsed(bytes);
  for (const v1::Event& event : response.events()) {
    got += event.notification().payload().json().front();
  }
  EXPECT_EQ(got, in_order);
}

TEST(EventMessageTest, KeepsLargePayloadsUntilTheyAreSent) {
  auto event = Encoded(EventOf(EventKind::kNotification,
                               core::GatewayPayload{std::string(10'000, 'l')}),
                       EventForm::kJson);
  const std::weak_ptr<const core::EncodedEvent> watched = event;
  {
    grpc::ByteBuffer bytes;
    {
      EventBatch batch;
      ASSERT_TRUE(batch.Add(std::move(event)));
      bytes = batch.Write();
    }
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(Parsed(bytes).events(0).notification().payload().json().size(),
              10'000u);
  }
  EXPECT_TRUE(watched.expired());
}

TEST(EventBatchTest, TakesAtMost64Events) {
  const auto event =
      Encoded(EventOf(EventKind::kNotification, core::GatewayPayload{"1"}),
              EventForm::kJson);
  EventBatch batch;
  EXPECT_TRUE(batch.empty());
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(batch.Add(event));
  EXPECT_FALSE(batch.Add(event));
  EXPECT_EQ(Parsed(batch.Write()).events_size(), 64);
}

TEST(EventBatchTest, TakesAtMost256KiBUnlessItIsOneEvent) {
  const auto sized = [](size_t size) {
    auto event = Encoded(EventOf(EventKind::kNotification,
                                 core::GatewayPayload{std::string(size, 'x')}),
                         EventForm::kJson);
    return event;
  };
  const size_t head = sized(100'000)->head.size();
  const size_t half = EventBatch::kMaxBytes / 2 - head;
  EventBatch fits;
  EXPECT_TRUE(fits.Add(sized(half)));
  EXPECT_TRUE(fits.Add(sized(half)));
  EventBatch exceeds;
  EXPECT_TRUE(exceeds.Add(sized(half)));
  EXPECT_FALSE(exceeds.Add(sized(half + 1)));
  EventBatch lone;
  EXPECT_TRUE(lone.Add(sized(5'000'000)));
  EXPECT_FALSE(lone.Add(sized(1)));
}

TEST(EventBatchTest, SaysBeforehandWhatCannotFit) {
  EventBatch batch;
  EXPECT_TRUE(batch.MayFit(5'000'000)) << "one event always does";
  ASSERT_TRUE(
      batch.Add(Encoded(EventOf(EventKind::kNotification,
                                core::GatewayPayload{std::string(1000, 'x')}),
                        EventForm::kJson)));
  EXPECT_TRUE(batch.MayFit(1000));
  EXPECT_FALSE(batch.MayFit(EventBatch::kMaxBytes));
}

TEST(FormOfTest, GivesNoValuesOfLargePayloads) {
  core::Event event = EventOf(EventKind::kNotification,
                              core::GatewayPayload{std::string(4 << 20, ' ')});
  constexpr size_t kPlenty = 32 << 20;
  EXPECT_EQ(FormOf(event, EventForm::kValue, kPlenty), EventForm::kValue);
  event.what.detail = core::GatewayPayload{std::string((4 << 20) + 1, ' ')};
  EXPECT_EQ(FormOf(event, EventForm::kValue, kPlenty),
            EventForm::kWithoutPayload);
  EXPECT_EQ(FormOf(event, EventForm::kJson, kPlenty), EventForm::kJson);
}

TEST(FormOfTest, LeavesOutWhatIsOverTheLimit) {
  const core::Event event =
      EventOf(EventKind::kNotification, core::GatewayPayload{"12345"});
  EXPECT_EQ(FormOf(event, EventForm::kValue, 5), EventForm::kValue);
  EXPECT_EQ(FormOf(event, EventForm::kValue, 4), EventForm::kWithoutPayload);
  const core::Event bare = EventOf(EventKind::kGap, core::UpstreamGap{});
  EXPECT_EQ(FormOf(bare, EventForm::kJson, 0), EventForm::kJson);
}

}  // namespace
}  // namespace clawplane::server
