// The log with many readers against a plain record of all that was ever added.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/audience.h"
#include "core/model/event_cursor.h"
#include "core/model/event_log.h"

namespace clawplane::core {
namespace {

constexpr std::array<const char*, 5> kNames = {"a", "ab", "b", "tick", "gap"};
const std::array<EventFilter, 5> kFilters = {
    EventFilter(), EventFilter({}, {"a*"}), EventFilter({}, {"b", "tick"}),
    EventFilter({EventKind::kError}, {}), EventFilter({}, {"nothing"})};

EncodedEvent Encode(const Event& event, EventForm form) {
  return {event.what.name + std::to_string(event.sequence) +
              std::to_string(static_cast<int>(form)),
          {}};
}

// Everything that was added, by number from 1.
using History = std::vector<EventDraft>;

// A reader that checks what it is given against the history: each event that it
// wants, once and in order, or a loss.
class CheckingReader final : public Subscriber {
 public:
  CheckingReader(const EventLog& log, const History& history,
                 const EventFilter& filter, EventCursor cursor)
      : log_(log),
        history_(history),
        filter_(filter),
        cursor_(std::move(cursor)),
        seen_(cursor_.Position(log).sequence) {}

  // Reads at most so many; whether it came to the end.
  bool Read(int most, EventForm form, const EventLog::Encode& encode) {
    if (const auto loss = cursor_.TakeLoss(log_)) {
      EXPECT_EQ(loss->resumed_after.sequence + 1, log_.oldest());
      EXPECT_LT(loss->lost_after.sequence, loss->resumed_after.sequence);
      PassUpTo(loss->lost_after.sequence);
      seen_ = loss->resumed_after.sequence;
      ++losses;
    }
    for (; most > 0; --most) {
      const Event* const event = cursor_.Peek(log_, filter_);
      if (event == nullptr) {
        PassUpTo(log_.last());
        return true;
      }
      PassUpTo(event->sequence - 1);
      seen_ = event->sequence;
      EXPECT_TRUE(filter_.Matches(history_[seen_ - 1]));
      EXPECT_EQ(event->what.name, history_[seen_ - 1].name);
      EXPECT_EQ(log_.Encoded(seen_, form, encode)->head,
                Encode(*event, form).head);
      cursor_.Pop();
      ++events;
    }
    return false;
  }

  void Wake(uint64_t from) override {
    EXPECT_TRUE(due && !reminded) << "nothing that it wants came";
    Rise(from);
  }
  void OnIdle(uint64_t from) override {
    EXPECT_TRUE(reminded && !due) << "it is woken for what came";
    Rise(from);
  }
  void Close(const Fault&) override {}

  const EventFilter& filter() const { return filter_; }

  bool waiting = false;
  // Something came that it waits for.
  bool due = false;
  // For want of it, it is to be woken as idle.
  bool reminded = false;
  int losses = 0;
  int events = 0;

 private:
  void Rise(uint64_t from) {
    EXPECT_TRUE(waiting);
    waiting = due = reminded = false;
    cursor_.SkipTo(from);
  }

  // None of those up to this number was wanted.
  void PassUpTo(uint64_t sequence) {
    for (; seen_ < sequence; ++seen_) {
      EXPECT_FALSE(filter_.Matches(history_[seen_])) << "lost " << seen_ + 1;
    }
    EXPECT_EQ(seen_, sequence) << "given again";
  }

  const EventLog& log_;
  const History& history_;
  const EventFilter& filter_;
  EventCursor cursor_;
  // All up to this number were given, not wanted, or told as lost.
  uint64_t seen_;
};

// Does one random thing after the other.
class RandomWorld {
 public:
  RandomWorld(unsigned seed, const EventLog::Limits& limits)
      : random_(seed), limits_(limits), log_("e", limits) {}
  ~RandomWorld() { CancelAll(); }

  void Step() {
    const int dice = Below(100);
    if (dice < 50) {
      Append();
    } else if (dice < 80) {
      Read();
    } else if (dice < 94) {
      audience_.WakeCalled(Below(4));
    } else if (dice < 96) {
      Remind();
    } else if (dice < 98) {
      Subscribe();
    } else {
      Cancel();
    }
  }

  // Everybody reads all there is. Whoever had to be woken was.
  void Settle() {
    for (const auto& reader : readers_) {
      while (!reader->waiting) ReadFrom(*reader, 1000);
    }
    audience_.WakeCalled();
    for (const auto& reader : readers_) {
      EXPECT_FALSE(reader->due || reader->reminded);
    }
  }

  void CancelAll() {
    while (!readers_.empty()) Cancel();
  }

  // What readers that were cancelled had been told.
  int losses = 0;
  int events = 0;
  // How often an event was encoded in a form that it had been in before.
  int encoded_again = 0;

 private:
  int Below(int end) { return static_cast<int>(random_() % end); }

  EventDraft Draft() {
    const std::string name = kNames[Below(kNames.size())];
    if (name == "gap") return OwnEvent(EventKind::kGap, UpstreamGap{});
    const EventKind kind =
        Below(4) == 0 ? EventKind::kError : EventKind::kNotification;
    return {kind, name, GatewayPayload{std::string(Below(300), 'x')}, {}};
  }

  void Append() {
    history_.push_back(Draft());
    const uint64_t sequence = log_.Append(history_.back(), {});
    EXPECT_EQ(sequence, history_.size());
    for (const auto& reader : readers_) {
      reader->due |= reader->waiting && !reader->reminded &&
                     reader->filter().Matches(history_.back());
    }
    audience_.Call(history_.back(), sequence);
    CheckBounds();
  }

  void Remind() {
    for (const auto& reader : readers_) {
      reader->reminded |= reader->waiting && !reader->due;
    }
    audience_.CallIdle(log_.last() + 1);
  }

  void Read() {
    if (readers_.empty()) return;
    CheckingReader& reader = *readers_[Below(readers_.size())];
    if (!reader.waiting) ReadFrom(reader, Below(40));
  }

  void ReadFrom(CheckingReader& reader, int most) {
    const auto form = static_cast<EventForm>(Below(3));
    const auto encode = [&](const Event& event) {
      if (!encoded_.insert({event.sequence, form}).second) {
        ++encoded_again;
      }
      return Encode(event, form);
    };
    if (reader.Read(most, form, encode)) {
      reader.waiting = true;
      audience_.Await(reader);
    }
    CheckBounds();
  }

  void Subscribe() {
    if (readers_.size() >= 30) return;
    EventCursor cursor = EventCursor::FromNow(log_);
    if (Below(2) == 0) cursor = EventCursor::FromOldest(log_);
    if (Below(3) == 0) {
      cursor = *EventCursor::After(log_, {"e", random_() % (log_.last() + 1)});
    }
    readers_.push_back(std::make_unique<CheckingReader>(
        log_, history_, kFilters[Below(kFilters.size())], cursor));
    audience_.Join(*readers_.back(), readers_.back()->filter());
  }

  void Cancel() {
    if (readers_.empty()) return;
    auto& leaving = readers_[Below(readers_.size())];
    losses += leaving->losses;
    events += leaving->events;
    audience_.Leave(*leaving);
    std::swap(leaving, readers_.back());
    readers_.pop_back();
  }

  void CheckBounds() {
    EXPECT_LE(log_.last() + 1 - log_.oldest(), limits_.max_events);
    EXPECT_TRUE(log_.bytes() <= limits_.max_bytes ||
                log_.oldest() == log_.last());
  }

  std::mt19937 random_;
  const EventLog::Limits limits_;
  EventLog log_;
  Audience audience_;
  History history_;
  std::vector<std::unique_ptr<CheckingReader>> readers_;
  std::set<std::pair<uint64_t, EventForm>> encoded_;
};

struct Outcome {
  int events = 0;
  int losses = 0;
  int encoded_again = 0;
};

Outcome RunSteps(unsigned seed, const EventLog::Limits& limits, int steps) {
  RandomWorld world(seed, limits);
  for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
    world.Step();
  }
  world.Settle();
  world.CancelAll();
  return {world.events, world.losses, world.encoded_again};
}

// 10^6 steps in all.
TEST(EventLogRandomTest, GivesEachReaderAllThatItWantsOrTellsOfTheLoss) {
  const Outcome outcome = RunSteps(1, {.max_events = 60}, 400'000);
  EXPECT_GT(outcome.events, 100'000);
  EXPECT_GT(outcome.losses, 1000);
}

TEST(EventLogRandomTest, DoesSoWhenBytesAreShort) {
  const Outcome outcome =
      RunSteps(2, {.max_events = 1000, .max_bytes = 20'000}, 400'000);
  EXPECT_GT(outcome.events, 100'000);
  EXPECT_GT(outcome.losses, 1000);
  EXPECT_GT(outcome.encoded_again, 0) << "there was no room for all forms";
}

TEST(EventLogRandomTest, EncodesEachFormOnceWhileThereIsRoom) {
  const Outcome outcome =
      RunSteps(3, {.max_events = 1'000'000, .max_bytes = 1 << 30}, 200'000);
  EXPECT_GT(outcome.events, 100'000);
  EXPECT_EQ(outcome.losses, 0);
  EXPECT_EQ(outcome.encoded_again, 0);
}

}  // namespace
}  // namespace clawplane::core
