// What holds for calls in whatever order things happen to them.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>

#include "core/model/pending_calls.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using Admission = PendingCalls::Admission;

constexpr PendingCalls::Limits kLimits = {
    .max_in_flight = 4, .max_queued = 8, .max_accepted = 3};

// Does at random what the manager, callers and the gateway may do, and keeps
// books of its own.
//
// Thread-compatible.
class RandomCalls {
 public:
  explicit RandomCalls(unsigned seed) : random_(seed) {}

  void Step() {
    const int dice = Random(100);
    if (dice < 30) {
      Add();
    } else if (dice < 55) {
      Send();
    } else if (dice < 80) {
      Answer();
    } else if (dice < 86) {
      calls_.Cancel(RandomId());
    } else if (dice < 95) {
      now_ += milliseconds(Random(100));
      calls_.Expire(now_);
      for (const auto& [id, call] : open_) EXPECT_GT(call.deadline, now_);
    } else if (dice < 98) {
      admission_ =
          Random(2) ? Admission::kOpen : static_cast<Admission>(Random(3));
      calls_.SetAdmission(admission_, "changed", "");
    } else {
      calls_.FailSent("lost");
      EXPECT_EQ(calls_.in_flight() + calls_.accepted(), 0u);
    }
    if (dice >= 80 && dice < 86) open_.erase(last_random_);
    Check();
  }

  void Drain() {
    calls_.SetAdmission(Admission::kClosed, "the end", "");
    calls_.FailSent("the end");
    EXPECT_TRUE(open_.empty());
    EXPECT_EQ(calls_.deadline(), std::nullopt);
  }

  int ended() const { return ended_; }

 private:
  struct Open {
    TimePoint deadline;
    bool sent = false;
  };

  int Random(int below) { return static_cast<int>(random_() % below); }

  // Mostly one of the latest.
  CallId RandomId() {
    last_random_ =
        std::max<int64_t>(0, static_cast<int64_t>(last_id_) + 1 - Random(20));
    return last_random_;
  }

  void Add() {
    const CallId id = last_id_ + 1;
    const TimePoint deadline = now_ + milliseconds(1 + Random(400));
    open_[id] = {deadline};
    CallRequest request;
    request.method = "m";
    request.deadline = deadline;
    request.await_final = Random(3) == 0;
    request.wait_until_running = Random(2) == 0;
    const CallId given =
        calls_.Add(std::move(request), [this, id](const CallResult&) {
          EXPECT_EQ(open_.erase(id), 1u) << "a call ended twice";
          ++ended_;
        });
    EXPECT_EQ(given, id);
    last_id_ = id;
  }

  void Send() {
    const auto outgoing = calls_.NextToSend();
    if (!outgoing) {
      EXPECT_TRUE(admission_ != Admission::kOpen || calls_.queued() == 0 ||
                  calls_.in_flight() == kLimits.max_in_flight);
      return;
    }
    EXPECT_EQ(admission_, Admission::kOpen);
    EXPECT_GT(outgoing->tag, last_sent_) << "out of order";
    for (const auto& [id, call] : open_) {
      EXPECT_TRUE(call.sent || id >= outgoing->tag) << "overtaken";
    }
    last_sent_ = outgoing->tag;
    open_.at(last_sent_).sent = true;
    if (Random(2)) calls_.OnWrite(last_sent_);
  }

  void Answer() {
    const CallId id = RandomId();
    const auto open = open_.find(id);
    const bool waited_for = open != open_.end() && open->second.sent;
    const uint64_t late = calls_.late_answers();
    bool known = false;
    if (Random(10) == 0) {
      known = calls_.OnOversizedResponse(std::to_string(id), 1 << 30);
      EXPECT_EQ(open_.count(id), open != open_.end() && !waited_for ? 1u : 0u);
    } else {
      known = calls_.OnResponse({std::to_string(id),
                                 Random(5) != 0,
                                 Random(2) ? R"({"status":"accepted"})" : "{}",
                                 {}});
    }
    EXPECT_EQ(known, id != 0 && id <= last_sent_);
    EXPECT_EQ(calls_.late_answers(), late + (known && !waited_for ? 1 : 0));
  }

  void Check() {
    EXPECT_LE(calls_.in_flight(), kLimits.max_in_flight);
    EXPECT_LE(calls_.accepted(), kLimits.max_accepted);
    EXPECT_LE(calls_.queued(), kLimits.max_queued);
    std::optional<TimePoint> earliest;
    size_t sent = 0;
    for (const auto& [id, call] : open_) {
      if (!earliest || call.deadline < *earliest) earliest = call.deadline;
      if (call.sent) ++sent;
    }
    EXPECT_EQ(calls_.deadline(), earliest);
    EXPECT_EQ(calls_.in_flight() + calls_.accepted(), sent);
    EXPECT_EQ(calls_.queued(), open_.size() - sent);
    EXPECT_TRUE(admission_ != Admission::kClosed || calls_.queued() == 0);
  }

  std::mt19937 random_;
  PendingCalls calls_{kLimits};
  Admission admission_ = Admission::kClosed;
  TimePoint now_{std::chrono::hours(1)};
  CallId last_id_ = 0;
  CallId last_sent_ = 0;
  CallId last_random_ = 0;
  // Those that have neither ended nor been cancelled.
  std::map<CallId, Open> open_;
  int ended_ = 0;
};

class RandomCallsTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomCallsTest, EndEachCallOnceWithinTheLimits) {
  RandomCalls calls(GetParam());

  for (int i = 0; i < 25'000; ++i) {
    calls.Step();
    ASSERT_FALSE(HasFailure()) << "in step " << i;
  }
  calls.Drain();

  EXPECT_GT(calls.ended(), 3'000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCallsTest, ::testing::Range(1u, 5u));

}  // namespace
}  // namespace clawplane::core
