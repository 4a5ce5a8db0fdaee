#include "tests/e2e/event_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace clawplane::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::EventPosition At(const std::string& epoch, uint64_t sequence) {
  v1::EventPosition position;
  position.set_epoch(epoch);
  position.set_sequence(sequence);
  return position;
}

v1::Event Numbered(uint64_t sequence, int64_t number) {
  v1::Event event;
  event.set_epoch("e1");
  event.set_sequence(sequence);
  event.set_kind(v1::EVENT_KIND_NOTIFICATION);
  event.mutable_notification()->mutable_payload()->set_json(
      absl::StrCat("{\"number\":", number, "}"));
  return event;
}

v1::Event UpstreamGap(uint64_t sequence) {
  v1::Event event;
  event.set_epoch("e1");
  event.set_sequence(sequence);
  event.set_kind(v1::EVENT_KIND_GAP);
  return event;
}

v1::EventGap Gap(const v1::EventPosition& lost_after,
                 const v1::EventPosition& resumed_after) {
  v1::EventGap gap;
  *gap.mutable_lost_after() = lost_after;
  *gap.mutable_resumed_after() = resumed_after;
  return gap;
}

class EventLedgerTest : public ::testing::Test {
 protected:
  EventLedgerTest() {
    ledger_.Take(At("e1", 0));
    ledger_.Take(Numbered(1, 1));
    ledger_.Take(Numbered(2, 2));
  }

  EventLedger ledger_{EventLedger::Repeats::kAreFaults};
};

TEST_F(EventLedgerTest, FindsNoFaultWithAWholeSequence) {
  ledger_.Take(Numbered(3, 3));

  EXPECT_THAT(ledger_.faults(), IsEmpty());
  EXPECT_EQ(ledger_.last_number(), 3);
  EXPECT_EQ(ledger_.numbers(), 3);
}

TEST_F(EventLedgerTest, FindsAHoleInTheLog) {
  ledger_.Take(Numbered(4, 3));

  EXPECT_THAT(ledger_.faults(), ElementsAre("event e1:4 comes after e1:2"));
}

TEST_F(EventLedgerTest, FindsADuplicate) {
  ledger_.Take(Numbered(2, 2));

  EXPECT_THAT(ledger_.faults(),
              ElementsAre("event e1:2 comes after e1:2",
                          "number 2 comes after 2 without a gap"));
}

TEST_F(EventLedgerTest, FindsAnEventThatWasLoggedTwice) {
  ledger_.Take(Numbered(3, 2));

  EXPECT_THAT(ledger_.faults(),
              ElementsAre("number 2 comes after 2 without a gap"));
}

TEST_F(EventLedgerTest, FindsAHoleInTheNumbersOfThePublisher) {
  ledger_.Take(Numbered(3, 4));

  EXPECT_THAT(ledger_.faults(),
              ElementsAre("number 4 comes after 2 without a gap"));
}

TEST_F(EventLedgerTest, FindsNumbersThatGoBackDespiteAGap) {
  ledger_.Take(UpstreamGap(3));
  ledger_.Take(Numbered(4, 1));

  EXPECT_THAT(ledger_.faults(), ElementsAre("number 1 comes after 2"));
}

TEST_F(EventLedgerTest, TakesAHoleThatTheGatewaysGapExplains) {
  ledger_.Take(UpstreamGap(3));
  ledger_.Take(Numbered(4, 7));

  EXPECT_THAT(ledger_.faults(), IsEmpty());
  EXPECT_EQ(ledger_.gateway_gaps(), 1);
  EXPECT_EQ(ledger_.stream_gaps(), 0);
  ledger_.Take(Numbered(5, 9));
  EXPECT_THAT(ledger_.faults(), ElementsAre(HasSubstr("without a gap")));
}

TEST_F(EventLedgerTest, TakesAHoleThatTheStreamsGapExplains) {
  v1::Event event = Numbered(5, 7);
  event.set_epoch("e2");

  ledger_.Take(Gap(At("e1", 2), At("e2", 4)));
  ledger_.Take(event);

  EXPECT_THAT(ledger_.faults(), IsEmpty());
  EXPECT_EQ(ledger_.stream_gaps(), 1);
  EXPECT_EQ(ledger_.gateway_gaps(), 0);
}

TEST_F(EventLedgerTest, FindsANewLogWithoutAGap) {
  v1::Event event = Numbered(3, 3);
  event.set_epoch("e2");

  ledger_.Take(event);

  EXPECT_THAT(ledger_.faults(), ElementsAre("event e2:3 comes after e1:2"));
}

TEST_F(EventLedgerTest, FindsAGapOrABookmarkThatIsNotWhereTheReaderIs) {
  ledger_.Take(At("e1", 3));
  ledger_.Take(Gap(At("e1", 2), At("e1", 5)));

  EXPECT_THAT(ledger_.faults(),
              ElementsAre("a bookmark at e1:3 comes after e1:2",
                          "a gap after e1:2 comes after e1:3"));
}

TEST(EventLedger, TakesRepeatedNumbersWhereTheyAreNormal) {
  EventLedger ledger(EventLedger::Repeats::kAreNormal);
  ledger.Take(Numbered(1, 1));
  ledger.Take(Numbered(2, 1));
  ledger.Take(Numbered(3, 2));

  EXPECT_THAT(ledger.faults(), IsEmpty());
  EXPECT_EQ(ledger.numbers(), 2);
}

TEST(NumberIn, FindsTheHighest) {
  EXPECT_EQ(NumberIn("{\"number\":12}"), 12);
  EXPECT_EQ(NumberIn("[{\"text\":\"number 3\"},{\"text\":\"number 14\"}]"), 14);
  EXPECT_EQ(NumberIn("{\"number\":null,\"a\":5}"), std::nullopt);
  EXPECT_EQ(NumberIn(""), std::nullopt);
}

}  // namespace
}  // namespace clawplane::testing
