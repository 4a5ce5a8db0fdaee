#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clawplane/v1/gateway.pb.h"
#include "tests/bench/events/event_payload.h"
#include "tests/bench/events/event_scan.h"
#include "tests/bench/events/publication.h"
#include "tests/bench/rpc/quantile.h"

namespace clawplane::testing {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kMillisecond = 1'000'000;

void AddEvent(v1::StreamEventsResponse& response, uint64_t seq) {
  v1::Event& event = *response.add_events();
  event.set_epoch("0123456789abcdef");
  event.set_sequence(seq + 1000);
  event.mutable_received_at()->set_seconds(1'795'365'532);
  event.set_gateway_seq(seq);
  event.set_kind(v1::EVENT_KIND_NOTIFICATION);
  event.set_name("bench");
  event.mutable_notification()->mutable_payload()->set_json("{}");
}

TEST(EventPayloadTest, HasExactlyTheSizeAskedForAndBearsTheTime) {
  for (const size_t size : {64, 200, 231, 232, 300, 10'000}) {
    EventPayload payload(size);
    const std::string_view json = payload.At(9'876'543'210'123);

    EXPECT_EQ(json.size(), size);
    EXPECT_EQ(json.front(), '{');
    EXPECT_EQ(json.back(), '}');
    EXPECT_EQ(SentAt(json), 9'876'543'210'123);
  }
}

TEST(EventPayloadTest, HasNoTimeInAnotherText) {
  EXPECT_EQ(SentAt("{}"), std::nullopt);
  EXPECT_EQ(SentAt(R"({"sent":"0000000000000000x001"})"), std::nullopt);
  EXPECT_EQ(SentAt(R"({"sent":"1)"), std::nullopt);
}

TEST(EventPayloadTest, TravelsInAnEventOfTheGateway) {
  EXPECT_EQ(EventMessage("{}", 7),
            R"({"type":"event","event":"bench","payload":{},"seq":7})");
}

TEST(EventScanTest, FindsEachEventOfAResponse) {
  v1::StreamEventsResponse response;
  std::vector<uint64_t> expected;
  for (uint64_t seq = 1; seq <= 64; ++seq) AddEvent(response, seq * 100);
  std::vector<uint64_t> found;

  const ScannedResponse scanned = ScanResponse(
      response.SerializeAsString(), [&](const ScannedEvent& event) {
        found.push_back(event.gateway_seq);
        EXPECT_EQ(event.name, "bench");
        EXPECT_EQ(event.json, "{}");
      });

  for (const v1::Event& event : response.events()) {
    expected.push_back(event.gateway_seq());
  }
  EXPECT_TRUE(scanned.well_formed);
  EXPECT_FALSE(scanned.has_gap);
  EXPECT_EQ(scanned.events, 64u);
  EXPECT_EQ(scanned.bookmark, "");
  EXPECT_EQ(found, expected);
}

TEST(EventScanTest, FindsGapsAndBookmarks) {
  v1::StreamEventsResponse response;
  response.mutable_gap()->mutable_lost_after()->set_sequence(3);
  response.mutable_bookmark()->set_sequence(5);

  const std::string bytes = response.SerializeAsString();
  const ScannedResponse scanned =
      ScanResponse(bytes, [](const ScannedEvent&) { ADD_FAILURE(); });

  EXPECT_TRUE(scanned.has_gap);
  EXPECT_EQ(scanned.bookmark, response.bookmark().SerializeAsString());
}

TEST(EventScanTest, LeavesWhatItDoesNotKnowOut) {
  v1::StreamEventsResponse response;
  v1::Event& event = *response.add_events();
  event.set_name("state_changed");
  event.mutable_state_changed()->set_revision(7);

  std::vector<std::string> names;
  const ScannedResponse scanned =
      ScanResponse(response.SerializeAsString(), [&](const ScannedEvent& seen) {
        names.emplace_back(seen.name);
        EXPECT_EQ(seen.gateway_seq, 0u);
        EXPECT_EQ(seen.json, "");
      });

  EXPECT_TRUE(scanned.well_formed);
  EXPECT_THAT(names, ElementsAre("state_changed"));
}

TEST(EventScanTest, NoticesAResponseThatIsCutOff) {
  v1::StreamEventsResponse response;
  AddEvent(response, 1);
  const std::string bytes = response.SerializeAsString();

  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(
        ScanResponse(bytes.substr(0, size), [](const auto&) {}).well_formed)
        << size;
  }
}

TEST(PublicationTest, SendsABurstAtOnce) {
  auto publication = Publication::Parse("burst 100 200");

  ASSERT_TRUE(publication);
  EXPECT_FALSE(publication->is_paced());
  EXPECT_EQ(publication->size(), 200u);
  EXPECT_EQ(publication->Due(0), 100u);
  publication->OnSent(64);
  EXPECT_EQ(publication->Due(0), 36u);
  EXPECT_FALSE(publication->over());
  publication->OnSent(36);
  EXPECT_TRUE(publication->over());
}

TEST(PublicationTest, KeepsThePaceAndCatchesUp) {
  auto publication = Publication::Parse("pace 1000 5 10000");
  const uint64_t begin = 77 * kMillisecond;

  ASSERT_TRUE(publication);
  EXPECT_EQ(publication->Due(begin), 1u);
  publication->OnSent(1);
  EXPECT_EQ(publication->Due(begin), 0u);
  EXPECT_EQ(publication->NextAt(), begin + kMillisecond);
  EXPECT_EQ(publication->Due(begin + kMillisecond), 1u);
  EXPECT_EQ(publication->Due(begin + 2 * kMillisecond + 5), 2u);
  publication->OnSent(2);
  EXPECT_EQ(publication->NextAt(), begin + 3 * kMillisecond);
  EXPECT_EQ(publication->Due(begin + 1000 * kMillisecond), 2u);
}

TEST(PublicationTest, RefusesOtherOrders) {
  for (const char* const order :
       {"", "burst", "burst 5", "burst x 200", "burst 5 20", "pace 5 200",
        "pace 0 5 200", "pace -1 5 200", "flood 5 200"}) {
    EXPECT_FALSE(Publication::Parse(order)) << order;
  }
}

TEST(QuantileTest, IsTheValueAtItsPlace) {
  std::vector<float> values;
  for (int i = 0; i <= 100; ++i) values.push_back(static_cast<float>(i));

  EXPECT_EQ(Quantile(values, 0), 0);
  EXPECT_EQ(Quantile(values, 0.5), 50);
  EXPECT_EQ(Quantile(values, 0.99), 99);
  EXPECT_EQ(Quantile(values, 1), 100);
  EXPECT_EQ(Quantile({7}, 0.99), 7);
  EXPECT_EQ(Quantile({}, 0.5), 0);
}

}  // namespace
}  // namespace clawplane::testing
