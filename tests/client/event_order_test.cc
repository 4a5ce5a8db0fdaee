#include "client/event_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/client/responses.h"

namespace clawplane::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Show(const v1::EventPosition& position) {
  return absl::StrCat(position.epoch(), ":", position.sequence());
}

std::string Show(const EventOrder::Piece& piece) {
  if (const auto* gap = std::get_if<v1::EventGap>(&piece)) {
    return absl::StrCat("gap ", Show(gap->lost_after()), " ",
                        Show(gap->resumed_after()));
  }
  if (const auto* bookmark = std::get_if<v1::EventPosition>(&piece)) {
    return absl::StrCat("at ", Show(*bookmark));
  }
  const auto& event = std::get<v1::Event>(piece);
  return absl::StrCat(event.epoch(), ":", event.sequence());
}

// All pieces of a response.
std::vector<std::string> Take(EventOrder& order,
                              v1::StreamEventsResponse response) {
  order.response() = std::move(response);
  order.Begin();
  std::vector<std::string> pieces;
  while (auto piece = order.Next()) pieces.push_back(Show(*piece));
  return pieces;
}

v1::StreamEventsResponse Both(v1::StreamEventsResponse a,
                              const v1::StreamEventsResponse& b) {
  a.MergeFrom(b);
  return a;
}

TEST(EventOrder, HandsOutABookmarkThenAGapThenEvents) {
  EventOrder order(std::nullopt);

  EXPECT_THAT(Take(order, Bookmark("e1", 2)), ElementsAre("at e1:2"));
  EXPECT_THAT(
      Take(order, Both(Events("e1", {8, 9}), Gap(At("e1", 2), At("e1", 7)))),
      ElementsAre("gap e1:2 e1:7", "e1:8", "e1:9"));
  EXPECT_EQ(Show(*order.position()), "e1:9");
}

TEST(EventOrder, MovesThePositionWithEachPiece) {
  EventOrder order(std::nullopt);
  order.response() = Events("e1", {1, 2});
  order.Begin();

  EXPECT_FALSE(order.position().has_value());
  order.Next();
  EXPECT_EQ(Show(*order.position()), "e1:1");
  order.Next();
  EXPECT_EQ(Show(*order.position()), "e1:2");
}

TEST(EventOrder, LeavesOutWhatCameBefore) {
  EventOrder order(At("e1", 5));

  EXPECT_THAT(Take(order, Events("e1", {4, 5, 6})), ElementsAre("e1:6"));
  EXPECT_THAT(Take(order, Events("e1", {6})), IsEmpty());
  EXPECT_THAT(Take(order, Bookmark("e1", 3)), IsEmpty());
  EXPECT_EQ(Show(*order.position()), "e1:6");
}

TEST(EventOrder, TakesHolesForFilteredEvents) {
  EventOrder order(At("e1", 5));

  EXPECT_THAT(Take(order, Events("e1", {9, 20})), ElementsAre("e1:9", "e1:20"));
}

TEST(EventOrder, PutsAGapWhereTheEpochChangesWithoutOne) {
  EventOrder by_event(At("e1", 5));
  EventOrder by_bookmark(At("e1", 5));

  EXPECT_THAT(Take(by_event, Events("e2", {3, 4})),
              ElementsAre("gap e1:5 e2:2", "e2:3", "e2:4"));
  EXPECT_THAT(Take(by_bookmark, Bookmark("e2", 7)),
              ElementsAre("gap e1:5 e2:7"));
  EXPECT_EQ(Show(*by_bookmark.position()), "e2:7");
}

TEST(EventOrder, PutsNoneWhereTheServerDid) {
  EventOrder order(At("e1", 5));

  EXPECT_THAT(Take(order, Bookmark("e1", 5)), ElementsAre("at e1:5"));
  EXPECT_THAT(Take(order, Gap(At("e1", 5), At("e2", 0))),
              ElementsAre("gap e1:5 e2:0"));
  EXPECT_THAT(Take(order, Events("e2", {1})), ElementsAre("e2:1"));
}

TEST(EventOrder, LosesNoEventToABookmarkBesideIt) {
  EventOrder order(At("e1", 5));

  EXPECT_THAT(Take(order, Both(Events("e1", {6}), Bookmark("e1", 9))),
              ElementsAre("e1:6"));
}

TEST(EventOrder, ForgetsAResponseThatWasNotReceived) {
  EventOrder order(At("e1", 5));
  order.response() = Events("e1", {6});

  order.Discard();
  order.Begin();

  EXPECT_FALSE(order.Next().has_value());
}

}  // namespace
}  // namespace clawplane::client
