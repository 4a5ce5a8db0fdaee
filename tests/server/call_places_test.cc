#include "server/call_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace clawplane::server {
namespace {

using ::testing::HasSubstr;
using Kind = CallPlaces::Kind;
using Place = CallPlaces::Place;

constexpr core::CallLimits kLimits{
    .calls_per_client = 2, .calls = 3, .streams_per_client = 1, .streams = 2};

class CallPlacesTest : public ::testing::Test {
 protected:
  // Takes a place and keeps it; the message of the refusal, or "".
  std::string Take(Kind kind, const std::string& client) {
    auto taken = places_.Take(kind, client);
    if (auto* fault = std::get_if<core::Fault>(&taken)) {
      EXPECT_EQ(fault->reason, core::Reason::kTooManyCalls);
      return fault->message + "; " + fault->next_step;
    }
    held_.push_back(std::get<Place>(std::move(taken)));
    return "";
  }

  CallPlaces places_{kLimits};
  std::deque<Place> held_;
};

TEST_F(CallPlacesTest, BoundsTheCallsOfOneClient) {
  EXPECT_EQ(Take(Kind::kCall, "a"), "");
  EXPECT_EQ(Take(Kind::kCall, "a"), "");
  EXPECT_THAT(Take(Kind::kCall, "a"),
              ::testing::AllOf(HasSubstr("this client has 2 calls"),
                               HasSubstr("limits.calls_per_client")));
  EXPECT_EQ(Take(Kind::kCall, "b"), "");
}

TEST_F(CallPlacesTest, BoundsTheCallsOfAll) {
  EXPECT_EQ(Take(Kind::kCall, "a"), "");
  EXPECT_EQ(Take(Kind::kCall, "b"), "");
  EXPECT_EQ(Take(Kind::kCall, "c"), "");
  EXPECT_THAT(Take(Kind::kCall, "d"),
              ::testing::AllOf(HasSubstr("all clients have 3 calls"),
                               HasSubstr("limits.calls raised")));
}

TEST_F(CallPlacesTest, CountsStreamsApart) {
  EXPECT_EQ(Take(Kind::kStream, "a"), "");
  EXPECT_THAT(Take(Kind::kStream, "a"), HasSubstr("1 streams"));
  EXPECT_EQ(Take(Kind::kCall, "a"), "");
  EXPECT_EQ(Take(Kind::kOpen, "a"), "");
}

TEST_F(CallPlacesTest, GivesAPlaceBackWithTheCall) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Take(Kind::kStream, "a"), "");
    EXPECT_EQ(Take(Kind::kStream, "b"), "");
    EXPECT_NE(Take(Kind::kStream, "c"), "");
    held_.clear();
  }
}

TEST_F(CallPlacesTest, CountsAMovedPlaceOnce) {
  EXPECT_EQ(Take(Kind::kStream, "a"), "");
  {
    Place moved = std::move(held_.front());
    held_.clear();
    EXPECT_NE(Take(Kind::kStream, "a"), "");
  }
  EXPECT_EQ(Take(Kind::kStream, "a"), "");
}

TEST_F(CallPlacesTest, BoundsWhatAsksForNoToken) {
  for (int i = 0; i < 64; ++i) ASSERT_EQ(Take(Kind::kOpen, "x"), "");
  EXPECT_THAT(Take(Kind::kOpen, "x"), HasSubstr("64 calls of open services"));
  for (int i = 64; i < 1024; ++i) {
    ASSERT_EQ(Take(Kind::kOpen, std::to_string(i / 64)), "");
  }
  EXPECT_THAT(Take(Kind::kOpen, "y"), HasSubstr("1024"));
}

TEST(CallPlacesThreadTest, CountsUnderManyThreads) {
  CallPlaces places({.calls_per_client = 4, .calls = 4});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&places] {
      for (int i = 0; i < 20'000; ++i) {
        auto taken = places.Take(Kind::kCall, "a");
        ASSERT_TRUE(std::holds_alternative<Place>(taken));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::deque<Place> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::get<Place>(places.Take(Kind::kCall, "a")));
  }
  EXPECT_TRUE(
      std::holds_alternative<core::Fault>(places.Take(Kind::kCall, "a")));
}

}  // namespace
}  // namespace clawplane::server
