// What readers get where events are kept on disk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/event_reader.h"
#include "tests/server/event_stream_test.h"
#include "tests/server/file_size_limit.h"
#include "tests/server/served_gateway.h"
#include "tests/temp_directory.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;

constexpr int kRing = 20;

// Servers one after the other, with one place on disk.
class EventStoreTest : public ::testing::Test {
 protected:
  EventStoreTest() { StartServer(); }

  void StartServer() {
    served_.reset();
    core::Config config = AttachTo(gateway_);
    config.event_log.directory = disk_ / "log";
    config.event_log.commit_interval = std::chrono::milliseconds(1);
    config.events.max_events = kRing;
    served_ = std::make_unique<ServedGateway>(config);
    ASSERT_TRUE(Start(stub()).ok());
  }
  v1::GatewayService::Stub& stub() { return served_->stub(); }
  v1::EventPosition End() { return GetStatus(stub()).log_position(); }
  uint64_t Durable() {
    return EventReader(stub(), v1::StreamEventsRequest())
        .Read()
        .durable_sequence();
  }
  void Emit(int count) {
    for (int i = 0; i < count; ++i) {
      const uint64_t before = End().sequence();
      gateway_.Emit("fake.event", "{}");
      // The memory here is so small that it would not hold what a busy disk
      // has yet to take.
      ASSERT_TRUE(WaitFor([&] { return Durable() > before; }));
    }
  }
  // Reads from there to the end, and checks that nothing is missing or double.
  void ExpectAll(v1::StreamEventsRequest request, uint64_t first) {
    request.clear_names();
    request.add_names("*");
    request.add_names("tick");  // Which only its own name asks for.
    const v1::EventPosition end = End();
    EventReader reader(stub(), request);
    for (uint64_t next = first; next <= end.sequence(); ++next) {
      const auto event = reader.NextEvent();
      ASSERT_TRUE(event);
      ASSERT_EQ(event->sequence(), next);
      ASSERT_EQ(event->epoch(), end.epoch());
    }
  }

  const TempDirectory disk_;
  FakeGateway gateway_;
  std::unique_ptr<ServedGateway> served_;
};

TEST_F(EventStoreTest, GivesMoreThanTheMemoryHolds) {
  Emit(5 * kRing);
  ExpectAll(FromOldest({"*", "tick"}), 1);
  v1::StreamEventsRequest request = After(End().epoch(), 10);
  request.add_names("*");
  request.add_names("tick");
  ExpectAll(request, 11);
  request.set_fail_on_gap(true);
  ExpectAll(request, 11);
}

TEST_F(EventStoreTest, GoesOnWithEpochAndNumbersAfterAnEndInOrder) {
  Emit(2 * kRing);
  const v1::EventPosition seen = End();
  StartServer();
  EXPECT_EQ(End().epoch(), seen.epoch());
  EXPECT_GT(End().sequence(), seen.sequence());
  ExpectAll(FromOldest({"*", "tick"}), 1);
  v1::StreamEventsRequest request = After(seen.epoch(), seen.sequence());
  request.add_names("*");
  request.add_names("tick");
  ExpectAll(request, seen.sequence() + 1);
}

TEST_F(EventStoreTest, TellsThatTheGatewayWasNotHeardBetweenTwoServers) {
  const v1::EventPosition seen = End();
  StartServer();
  v1::StreamEventsRequest request = After(seen.epoch(), seen.sequence());
  request.add_kinds(v1::EVENT_KIND_GAP);
  EventReader reader(stub(), request);
  const auto event = reader.NextEvent();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->gap().cause(), v1::UpstreamGap::CAUSE_NEW_CONNECTION);
}

TEST_F(EventStoreTest, SaysInBookmarksWhatSurvives) {
  Emit(3);
  const uint64_t last = End().sequence();
  EXPECT_TRUE(WaitFor([&] {
    const auto bookmark = EventReader(stub(), v1::StreamEventsRequest()).Read();
    EXPECT_TRUE(bookmark.has_durable_sequence());
    EXPECT_LE(bookmark.durable_sequence(), last);
    return bookmark.durable_first() == 1 && bookmark.durable_sequence() == last;
  }));
}

TEST_F(EventStoreTest, TellsWithoutADiskThatNothingSurvives) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  const auto bookmark =
      EventReader(served.stub(), v1::StreamEventsRequest()).Read();
  EXPECT_TRUE(bookmark.has_bookmark());
  EXPECT_FALSE(bookmark.has_durable_sequence());
}

TEST_F(EventStoreTest, SaysWhetherEventsAreKept) {
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(stub().GetServerInfo(&context, {}, &info).ok());
  EXPECT_TRUE(info.durable_events());
  EXPECT_EQ(info.epoch(), End().epoch());
  EXPECT_EQ(info.previous_epoch(), "");
}

TEST_F(EventStoreTest, RefusesAPositionPastTheEnd) {
  EventReader reader(stub(), After(End().epoch(), End().sequence() + 100));
  EXPECT_EQ(reader.Finish().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(EventStoreTest, EndsAtAGapWhereThatIsAskedFor) {
  v1::StreamEventsRequest request = After("another epoch", 7);
  request.set_fail_on_gap(true);
  EventReader reader(stub(), request);
  const grpc::Status status = reader.Finish();
  EXPECT_EQ(status.error_code(), StatusCode::OUT_OF_RANGE);
  const auto info = InfoOf(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->metadata().at("oldest_epoch"), End().epoch());
  EXPECT_EQ(info->metadata().at("oldest_sequence"), "1");
}

TEST_F(EventStoreTest, GoesOnInMemoryWhileTheDiskIsFull) {
  FileSizeLimit::IgnoreSignal();
  v1::StreamEventsRequest request;
  request.add_kinds(v1::EVENT_KIND_ERROR);
  request.add_names("*");
  request.add_names("tick");
  EventReader errors(stub(), request);
  errors.Read();
  const std::string large = '"' + std::string(50'000, 'x') + '"';
  {
    const FileSizeLimit full(100'000);
    for (int i = 0; i < 5; ++i) gateway_.Emit("large", large);
    const auto error = errors.NextEvent();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->error().reason(), v1::REASON_EVENT_LOG_FAILED);
    EXPECT_EQ(GetStatus(stub()).state(), v1::GatewayStatus::STATE_RUNNING);
    const v1::EventPosition end = End();
    ExpectAll(After(end.epoch(), end.sequence() - 3), end.sequence() - 2);
  }
  // It is tried again after a second.
  EXPECT_TRUE(WaitFor([&] { return Durable() == End().sequence(); }));
}

}  // namespace
}  // namespace clawplane::testing
