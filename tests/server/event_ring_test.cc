// What readers learn of events that the log no longer holds.

#include <gtest/gtest.h>

#include <string>

#include "tests/server/event_stream_test.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using Request = v1::StreamEventsRequest;

core::Config SmallRing() {
  core::Config config;
  config.events.max_events = 100;
  return config;
}

class SmallRingTest : public EventStreamTest {
 protected:
  SmallRingTest() : EventStreamTest(SmallRing()) {}

  // Starts a stream, does not read it, and overruns it: large events first, so
  // that they fill what lies between server and client.
  void Overrun() {
    ASSERT_TRUE(WaitFor([&] {
      for (int i = 0; i < 20; ++i) {
        gateway_.Emit("fake.event", '"' + std::string(500'000, 'x') + '"');
      }
      Emit(1);
      return End().sequence() > 400;
    }));
  }
};

TEST_F(SmallRingTest, TellsASlowReaderWhatItLost) {
  EventReader reader(stub(), FromOldest());
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

TEST_F(SmallRingTest, EndsASlowReaderThatWantsNoGap) {
  Request request = FromOldest();
  request.set_fail_on_gap(true);
  EventReader reader(stub(), request);
  reader.Read();
  Overrun();
  EXPECT_EQ(reader.Finish().error_code(), StatusCode::OUT_OF_RANGE);
}

TEST_F(SmallRingTest, TellsWhatIsGoneFromTheLog) {
  Emit(200);
  EventReader reader(stub(), After(End().epoch(), 5));
  EXPECT_EQ(reader.Read().bookmark().sequence(), 5u);
  const auto gap = reader.Read().gap();
  EXPECT_EQ(gap.lost_after().sequence(), 5u);
  EXPECT_EQ(gap.resumed_after().sequence(), End().sequence() - 100);
  EXPECT_EQ(reader.NextEvent()->sequence(), End().sequence() - 99);
}

}  // namespace
}  // namespace clawplane::testing
