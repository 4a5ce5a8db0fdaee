#include "core/model/event_log.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace clawplane::core {
namespace {

EventDraft Draft(std::string name, size_t payload = 0) {
  return {EventKind::kNotification,
          std::move(name),
          GatewayPayload{std::string(payload, 'x')},
          {}};
}

TEST(EventLogTest, NumbersEventsFromOne) {
  EventLog log("epoch", {});
  EXPECT_EQ(log.epoch(), "epoch");
  EXPECT_EQ(log.last(), 0u);
  EXPECT_EQ(log.oldest(), 1u) << "one after the last when none is held";

  EXPECT_EQ(log.Append(Draft("a"), WallTime(std::chrono::seconds(5))), 1u);
  EXPECT_EQ(log.Append(Draft("b"), WallTime(std::chrono::seconds(6))), 2u);

  EXPECT_EQ(log.last(), 2u);
  EXPECT_EQ(log.oldest(), 1u);
  EXPECT_EQ(log.at(1).sequence, 1u);
  EXPECT_EQ(log.at(1).what.name, "a");
  EXPECT_EQ(log.at(2).received_at, WallTime(std::chrono::seconds(6)));
}

TEST(EventLogTest, DropsTheOldestOverTheCount) {
  EventLog log("e", {.max_events = 2});

  for (const char* name : {"a", "b", "c"}) log.Append(Draft(name), {});

  EXPECT_EQ(log.oldest(), 2u);
  EXPECT_EQ(log.at(2).what.name, "b");
}

TEST(EventLogTest, DropsTheOldestOverTheirShareOfTheBytes) {
  const size_t payload = 7 - Event{1, {}, Draft("a")}.size() % 7;
  const size_t size = Event{1, {}, Draft("a", payload)}.size();
  EventLog log("e", {.max_events = 100, .max_bytes = 3 * size / 7 * 8});

  for (int i = 0; i < 3; ++i) log.Append(Draft("a", payload), {});
  EXPECT_EQ(log.oldest(), 1u) << "they fit exactly";

  log.Append(Draft("a", payload + 1), {});
  EXPECT_EQ(log.oldest(), 3u) << "one byte too many costs a whole event";
}

TEST(EventLogTest, KeepsTheNewestHoweverLarge) {
  EventLog log("e", {.max_events = 10, .max_bytes = 1000});
  log.Append(Draft("a"), {});

  log.Append(Draft("big", 5000), {});

  EXPECT_EQ(log.oldest(), 2u);
  EXPECT_EQ(log.at(2).what.name, "big");
}

TEST(EventLogTest, DoesAsASimpleListWould) {
  std::mt19937 random(7);
  const EventLog::Limits limits = {.max_events = 20, .max_bytes = 8000};
  EventLog log("e", limits);
  std::vector<Event> all;

  for (uint64_t i = 1; i <= 20'000; ++i) {
    const EventDraft draft = Draft(std::to_string(i), random() % 1500);
    all.push_back({i, {}, draft});
    ASSERT_EQ(log.Append(draft, {}), i);

    size_t held = 0;
    size_t bytes = 0;
    for (auto event = all.rbegin(); event != all.rend(); ++event, ++held) {
      bytes += event->size();
      if (held > 0 &&
          (bytes > limits.max_event_bytes() || held == limits.max_events)) {
        break;
      }
    }
    ASSERT_EQ(log.last(), i);
    ASSERT_EQ(log.oldest(), i + 1 - held);
    ASSERT_EQ(log.at(log.oldest()).what.name, std::to_string(log.oldest()));
    ASSERT_EQ(log.at(i).what.name, std::to_string(i));
  }
}

// A log with room for three encoded events.
class EncodedEventTest : public ::testing::Test {
 protected:
  static constexpr size_t kHead = 1000;

  EncodedEventTest() { Append(10); }

  void Append(int count) {
    for (int i = 0; i < count; ++i) log_.Append(Draft("a", 50), {});
  }

  EncodedEventPtr Encoded(uint64_t sequence,
                          EventForm form = EventForm::kJson) {
    return log_.Encoded(sequence, form, [&](const Event& event) {
      made_.push_back(event.sequence);
      return EncodedEvent{std::string(kHead, 'h'), event.payload()};
    });
  }
  // Which of them were encoded anew when all of these were asked for.
  std::vector<uint64_t> Made(const std::vector<uint64_t>& asked) {
    made_.clear();
    for (const uint64_t sequence : asked) Encoded(sequence);
    return made_;
  }

  const size_t event_ = Event{1, {}, Draft("a", 50)}.size();
  const size_t form_ = sizeof(EncodedEvent) + kHead;
  const size_t max_bytes_ = 8 * (3 * form_ + 1);
  EventLog log_{"e", {.max_events = 1000, .max_bytes = max_bytes_}};
  // The numbers of those that were encoded.
  std::vector<uint64_t> made_;
};

using Numbers = std::vector<uint64_t>;

TEST_F(EncodedEventTest, IsMadeOnceForEachForm) {
  const EncodedEventPtr first = Encoded(2);
  EXPECT_EQ(Encoded(2), first);
  EXPECT_NE(Encoded(2, EventForm::kValue), first);
  EXPECT_EQ(Encoded(2), first);
  EXPECT_EQ(made_, (Numbers{2, 2}));
  EXPECT_EQ(*first->payload, std::string(50, 'x'));
}

TEST_F(EncodedEventTest, CountsInTheBytesWithoutItsPayload) {
  EXPECT_EQ(log_.bytes(), 10 * event_);
  Encoded(1);
  EXPECT_EQ(log_.bytes(), 10 * event_ + form_);
  Encoded(1);
  EXPECT_EQ(log_.bytes(), 10 * event_ + form_);
}

TEST_F(EncodedEventTest, GivesWayToThoseOfNewerEvents) {
  EXPECT_EQ(Made({1, 2, 3, 4}), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(Made({4, 3, 2}), Numbers{});
  EXPECT_EQ(Made({1, 1}), (Numbers{1, 1})) << "no newer one goes for it";
  EXPECT_EQ(Made({2, 3, 4}), Numbers{});
}

TEST_F(EncodedEventTest, HasRoomInALogThatIsFull) {
  while (log_.oldest() == 1) Append(1);
  const uint64_t last = log_.last();
  EXPECT_EQ(Made({last, last - 1, last, last - 1}), (Numbers{last, last - 1}));
  EXPECT_LE(log_.bytes(), max_bytes_);
}

TEST_F(EncodedEventTest, CostsNoEvent) {
  while (log_.oldest() == 1) Append(1);
  const uint64_t oldest = log_.oldest();
  for (const auto form :
       {EventForm::kJson, EventForm::kValue, EventForm::kWithoutPayload}) {
    for (uint64_t sequence = oldest; sequence <= log_.last(); ++sequence) {
      ASSERT_NE(Encoded(sequence, form), nullptr);
      ASSERT_LE(log_.bytes(), max_bytes_);
    }
  }
  EXPECT_EQ(log_.oldest(), oldest);
}

TEST_F(EncodedEventTest, OutlivesItsEvent) {
  const EncodedEventPtr kept = Encoded(1);
  Append(1000);
  EXPECT_GT(log_.oldest(), 1u);
  EXPECT_EQ(*kept->payload, std::string(50, 'x'));
}

TEST(EventTest, CountsWhatItHoldsInItsSize) {
  const auto size = [](EventDetail detail) {
    return Event{1, {}, OwnEvent(EventKind::kError, std::move(detail))}.size();
  };
  const size_t empty = size(GatewayPayload{});

  EXPECT_EQ(size(GatewayPayload{"12345"}), empty + 5);
  EXPECT_EQ(size(ChannelStatusDetail{"1", "22", "333"}), empty + 6);
  EXPECT_EQ(size(ErrorDetail{"1", "22"}), empty + 3);
  EXPECT_EQ(size(UnrecognizedDetail{"1", "22", 99}), empty + 3);
  EXPECT_EQ(size(StateChange{State::kRunning,
                             State::kError,
                             Fault{Reason::kTimedOut, "1", "22"},
                             {},
                             1}),
            empty + 3);
  EXPECT_EQ(size(UpstreamGap{UpstreamGap::Cause::kNewConnection, {}}), empty);
  EXPECT_EQ(size(ProcessEnd{}), empty);
}

}  // namespace
}  // namespace clawplane::core
