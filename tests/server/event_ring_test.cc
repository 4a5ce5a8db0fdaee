// What readers learn of events that the log no longer holds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/http_client.h"
#include "tests/server/event_stream_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;
using Request = v1::StreamEventsRequest;

constexpr int kRing = 20;

core::Config SmallRing() {
  core::Config config;
  config.events.max_events = kRing;
  return config;
}

class SmallRingTest : public EventStreamTest {
 protected:
  SmallRingTest() : EventStreamTest(SmallRing()) {
    // What lies between server and client holds but a few events.
    grpc::ChannelArguments narrow;
    narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    slow_stub_ = v1::GatewayService::NewStub(served_.NewChannel(narrow));
  }

  // Sends many times what the ring and the pipe hold together.
  void Overrun() {
    for (int i = 0; i < 5 * kRing; ++i) {
      gateway_.Emit("fake.event", '"' + std::string(100'000, 'x') + '"');
    }
    ASSERT_TRUE(WaitFor([&] { return End().sequence() > 5 * kRing; }));
  }

  std::unique_ptr<v1::GatewayService::Stub> slow_stub_;
};

TEST_F(SmallRingTest, TellsASlowReaderWhatItLost) {
  EventReader reader(*slow_stub_, FromOldest());
  reader.Read();
  Overrun();
  uint64_t last = 0;
  bool lost = false;
  while (last < End().sequence()) {
    const auto response = reader.Read();
    ASSERT_TRUE(response.has_gap() || response.events_size() > 0);
    if (response.has_gap()) {
      lost = true;
      EXPECT_EQ(response.gap().lost_after().sequence(), last);
      last = response.gap().resumed_after().sequence();
    }
    for (const auto& event : response.events()) {
      ASSERT_EQ(event.sequence(), last + 1);
      last = event.sequence();
    }
  }
  EXPECT_TRUE(lost);
}

TEST_F(SmallRingTest, ShowsAmongTheMetricsHowFarAReaderIsBehind) {
  const auto page = [&] {
    return GetPage(served_.ops_url(), "/metrics",
                   std::string("Authorization: Bearer ") +
                       ServedGateway::kAccessToken + "\r\n");
  };
  EventReader reader(*slow_stub_, FromOldest());
  reader.Read();
  EXPECT_TRUE(WaitFor([&] {
    return page().find("\nclawplane_event_lag_events 0\n") != std::string::npos;
  }));
  Overrun();
  EXPECT_THAT(page(), Not(HasSubstr("\nclawplane_event_lag_events 0\n")));
  while (!reader.Read().has_gap()) {
  }
  EXPECT_THAT(page(),
              HasSubstr("\nclawplane_gaps_total{cause=\"reader_behind\"} "));
  EXPECT_THAT(
      page(),
      Not(HasSubstr("\nclawplane_gaps_total{cause=\"reader_behind\"} 0\n")));
}

TEST_F(SmallRingTest, EndsASlowReaderThatWantsNoGap) {
  Request request = FromOldest();
  request.set_fail_on_gap(true);
  EventReader reader(*slow_stub_, request);
  reader.Read();
  Overrun();
  EXPECT_EQ(reader.Finish().error_code(), StatusCode::OUT_OF_RANGE);
}

TEST_F(SmallRingTest, TellsNoGapWhereNothingWantedIsGone) {
  Request request;
  request.add_names("wanted");
  EventReader reader(stub(), request);
  reader.Read();
  Emit(5 * kRing, "other");
  Emit(1, "wanted");
  const auto response = reader.Read();
  EXPECT_FALSE(response.has_gap());
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.events(0).name(), "wanted");
}

TEST_F(SmallRingTest, TellsWhatIsGoneFromTheLog) {
  Emit(200);
  EventReader reader(stub(), After(End().epoch(), 5));
  EXPECT_EQ(reader.Read().bookmark().sequence(), 5u);
  const auto gap = reader.Read().gap();
  EXPECT_EQ(gap.lost_after().sequence(), 5u);
  EXPECT_EQ(gap.resumed_after().sequence(), End().sequence() - kRing);
  EXPECT_EQ(reader.NextEvent()->sequence(), End().sequence() - kRing + 1);
}

}  // namespace
}  // namespace clawplane::testing
