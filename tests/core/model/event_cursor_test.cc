#include "core/model/event_cursor.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clawplane::core {
namespace {

class EventCursorTest : public ::testing::Test {
 protected:
  void Append(std::string name) {
    log_.Append(
        {EventKind::kNotification, std::move(name), GatewayPayload{}, {}}, {});
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) Append("any");
  }

  // The numbers that the cursor gives until there are no more.
  std::vector<uint64_t> Read(EventCursor& cursor,
                             const EventFilter& filter = {}) {
    std::vector<uint64_t> numbers;
    while (const Event* const event = cursor.Peek(log_, filter)) {
      numbers.push_back(event->sequence);
      cursor.Pop();
    }
    return numbers;
  }

  EventLog log_{"now", {.max_events = 5}};
};

using Numbers = std::vector<uint64_t>;

TEST_F(EventCursorTest, BeginsWhereItIsAskedTo) {
  Append(3);
  auto oldest = EventCursor::FromOldest(log_);
  auto now = EventCursor::FromNow(log_);
  auto after = *EventCursor::After(log_, {"now", 1});
  EXPECT_EQ(oldest.Position(log_), (EventPosition{"now", 0}));
  EXPECT_EQ(now.Position(log_), (EventPosition{"now", 3}));
  EXPECT_EQ(after.Position(log_), (EventPosition{"now", 1}));

  Append(1);

  EXPECT_EQ(Read(oldest), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(Read(now), Numbers{4});
  EXPECT_EQ(Read(after), (Numbers{2, 3, 4}));
  EXPECT_EQ(oldest.TakeLoss(log_), std::nullopt);
}

TEST_F(EventCursorTest, KnowsNoPointPastTheEnd) {
  Append(2);
  EXPECT_TRUE(EventCursor::After(log_, {"now", 2}));
  EXPECT_FALSE(EventCursor::After(log_, {"now", 3}));
  EXPECT_FALSE(EventCursor::After(log_, {"now", UINT64_MAX}));
  EXPECT_TRUE(EventCursor::After(log_, {"then", UINT64_MAX}));
}

TEST_F(EventCursorTest, GivesAnEventUntilItIsTaken) {
  Append(2);
  auto cursor = EventCursor::FromOldest(log_);
  EXPECT_EQ(cursor.Peek(log_, {})->sequence, 1u);
  EXPECT_EQ(cursor.Peek(log_, {})->sequence, 1u);
  cursor.Pop();
  EXPECT_EQ(cursor.Peek(log_, {})->sequence, 2u);
}

TEST_F(EventCursorTest, LooksNoFurtherThanItIsTold) {
  auto cursor = EventCursor::FromNow(log_);
  Append("a");
  Append("a");
  Append("b");
  const EventFilter b({}, {"b"});
  EXPECT_EQ(cursor.Peek(log_, b, 3), nullptr);
  EXPECT_EQ(cursor.next(), 3u) << "the first two were looked at";
  EXPECT_EQ(cursor.Peek(log_, b, 3), nullptr);
  EXPECT_EQ(cursor.Peek(log_, b, 4)->sequence, 3u);
}

TEST_F(EventCursorTest, PassesWhatIsNotWanted) {
  auto cursor = EventCursor::FromNow(log_);
  Append("a");
  Append("b");
  Append("a");
  EXPECT_EQ(Read(cursor, EventFilter({}, {"b"})), Numbers{2});
  EXPECT_EQ(cursor.Position(log_), (EventPosition{"now", 3}));
}

TEST_F(EventCursorTest, TellsOnceWhatTheLogDropped) {
  Append(1);
  auto cursor = EventCursor::FromNow(log_);
  Append(5);
  EXPECT_FALSE(cursor.HasLoss(log_)) << "all five are held";
  Append(2);

  EXPECT_TRUE(cursor.HasLoss(log_));
  EXPECT_EQ(cursor.Peek(log_, {}), nullptr) << "the loss comes first";
  const auto loss = cursor.TakeLoss(log_);

  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->lost_after, (EventPosition{"now", 1}));
  EXPECT_EQ(loss->resumed_after, (EventPosition{"now", 3}));
  EXPECT_EQ(cursor.TakeLoss(log_), std::nullopt);
  EXPECT_EQ(Read(cursor), (Numbers{4, 5, 6, 7, 8}));
}

TEST_F(EventCursorTest, TellsThatAllSinceAnotherEpochIsLost) {
  Append(7);
  auto cursor = *EventCursor::After(log_, {"then", 99});
  EXPECT_EQ(cursor.Peek(log_, {}), nullptr);
  Append(1);

  const auto loss = cursor.TakeLoss(log_);

  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->lost_after, (EventPosition{"then", 99}));
  EXPECT_EQ(loss->resumed_after, (EventPosition{"now", 3}));
  EXPECT_EQ(Read(cursor), (Numbers{4, 5, 6, 7, 8}));
  EXPECT_FALSE(cursor.HasLoss(log_));
}

TEST_F(EventCursorTest, IsToldWhereItNeedNotLook) {
  Append(2);
  auto cursor = EventCursor::FromNow(log_);
  Append(20);
  cursor.SkipTo(22);
  EXPECT_FALSE(cursor.HasLoss(log_)) << "none of what is gone was wanted";
  EXPECT_EQ(Read(cursor), Numbers{22});
  cursor.SkipTo(3);
  EXPECT_EQ(Read(cursor), Numbers{}) << "it never goes back";
}

}  // namespace
}  // namespace clawplane::core
