// Events on their way into a real NATS server.

#include "server/nats_broker.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <nats/nats.h>
#include <signal.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/io/running_strand.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/http_client.h"
#include "tests/server/event_reader.h"
#include "tests/server/event_stream_test.h"
#include "tests/server/nats_server.h"
#include "tests/server/served_gateway.h"
#include "tests/temp_directory.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::google::protobuf::util::JsonStringToMessage;
using ::google::protobuf::util::MessageDifferencer;
using server::Publication;
using ::testing::HasSubstr;

struct Message {
  std::string subject;
  std::string id;
  std::string text;
};

// All that is in the stream.
std::vector<Message> ReadStream(const std::string& url) {
  std::vector<Message> all;
  natsConnection* connection = nullptr;
  jsCtx* stream = nullptr;
  natsSubscription* subscription = nullptr;
  if (natsConnection_ConnectTo(&connection, url.c_str()) == NATS_OK &&
      natsConnection_JetStream(&stream, connection, nullptr) == NATS_OK &&
      js_SubscribeSync(&subscription, stream, "clawplane.>", nullptr, nullptr,
                       nullptr) == NATS_OK) {
    uint64_t pending = 1;
    natsMsg* message = nullptr;
    while (pending > 0 &&
           natsSubscription_NextMsg(&message, subscription, 2000) == NATS_OK) {
      const char* id = nullptr;
      natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
      all.push_back({natsMsg_GetSubject(message), id == nullptr ? "" : id,
                     std::string(natsMsg_GetData(message),
                                 natsMsg_GetDataLength(message))});
      jsMsgMetaData* about = nullptr;
      natsMsg_GetMetaData(&about, message);
      pending = about->NumPending;
      jsMsgMetaData_Destroy(about);
      natsMsg_Ack(message, nullptr);
      natsMsg_Destroy(message);
    }
  }
  natsSubscription_Destroy(subscription);
  jsCtx_Destroy(stream);
  natsConnection_Destroy(connection);
  return all;
}

// What the memory holds.
constexpr int kRing = 100;

class NatsTest : public ::testing::Test {
 protected:
  core::Config Config() {
    core::Config config = AttachTo(gateway_);
    config.name = "test one";
    config.nats.url = nats_.url();
    config.nats.create_stream = true;
    config.events.max_events = kRing;
    return config;
  }
  void Serve(const core::Config& config) {
    served_.reset();
    served_ = std::make_unique<ServedGateway>(config);
    ASSERT_TRUE(Start(stub()).ok());
  }
  v1::GatewayService::Stub& stub() { return served_->stub(); }
  uint64_t last() { return GetStatus(stub()).log_position().sequence(); }
  void Emit(int count) {
    for (int i = 0; i < count; ++i) {
      const uint64_t before = last();
      gateway_.Emit("fake.event", R"({"i":)" + std::to_string(i) + "}");
      ASSERT_TRUE(WaitFor([&] { return last() > before; }));
      // No faster than the disk, if there is one.
      if (i % 20 > 0) continue;
      ASSERT_TRUE(WaitFor([&] {
        return Metric("clawplane_event_store_lag_events") < kRing / 2;
      }));
    }
  }
  double Metric(const std::string& name) {
    const std::string page = GetPage(served_->ops_url(), "/metrics",
                                     std::string("Authorization: Bearer ") +
                                         ServedGateway::kAccessToken + "\r\n");
    const size_t line = page.find("\n" + name + " ");
    return line == page.npos ? -1
                             : std::stod(page.substr(line + name.size() + 2));
  }
  bool AwaitPublished() {
    return WaitFor([&] {
      return Metric("clawplane_publisher_connected") == 1 &&
             Metric("clawplane_publisher_lag_events") == 0;
    });
  }
  // What a reader of the default filter gets.
  std::vector<v1::Event> Logged() {
    std::vector<v1::Event> all;
    EventReader reader(stub(), FromOldest());
    const uint64_t end = last();
    while (all.empty() || all.back().sequence() < end) {
      auto event = reader.NextEvent();
      if (!event) break;
      all.push_back(*std::move(event));
    }
    return all;
  }
  void ExpectStreamIsLog() {
    const std::vector<v1::Event> logged = Logged();
    const std::vector<Message> published = ReadStream(nats_.url());
    ASSERT_EQ(published.size(), logged.size());
    for (size_t i = 0; i < logged.size(); ++i) {
      v1::Event event;
      ASSERT_TRUE(JsonStringToMessage(published[i].text, &event).ok());
      ASSERT_TRUE(MessageDifferencer::Equals(event, logged[i]))
          << event.DebugString() << logged[i].DebugString();
      ASSERT_EQ(published[i].id,
                event.epoch() + "-" + std::to_string(event.sequence()));
    }
  }

  const TempDirectory disk_;
  NatsServer nats_;
  FakeGateway gateway_;
  std::unique_ptr<ServedGateway> served_;
};

TEST_F(NatsTest, HasExactlyWhatTheLogHoldsThoughItWasAwayAndKilled) {
  core::Config config = Config();
  config.event_log.directory = disk_ / "log";
  Serve(config);
  Emit(50);
  ASSERT_TRUE(AwaitPublished());
  nats_.End(SIGTERM);
  Emit(3 * kRing);
  nats_.Begin();
  ASSERT_TRUE(
      WaitFor([&] { return Metric("clawplane_publisher_connected") == 1; }));
  Emit(50);
  nats_.End(SIGKILL);  // in the middle of whatever it does
  Emit(30);
  nats_.Begin();
  ASSERT_TRUE(AwaitPublished());
  ExpectStreamIsLog();
  EXPECT_GE(Metric("clawplane_publisher_failures_total"), 2);

  // A server that goes on with the epoch goes on here too.
  Serve(config);
  Emit(10);
  ASSERT_TRUE(AwaitPublished());
  ExpectStreamIsLog();
}

TEST_F(NatsTest, IsToldOfWhatNobodyHoldsAnyMore) {
  Serve(Config());
  Emit(5);
  ASSERT_TRUE(AwaitPublished());
  const uint64_t published = last();
  nats_.End(SIGTERM);
  Emit(2 * kRing);
  nats_.Begin();
  ASSERT_TRUE(AwaitPublished());
  int gaps = 0;
  for (const Message& message : ReadStream(nats_.url())) {
    if (message.subject != "clawplane.test_one.events.lost") continue;
    ++gaps;
    v1::EventGap gap;
    ASSERT_TRUE(JsonStringToMessage(message.text, &gap).ok());
    EXPECT_EQ(gap.lost_after().sequence(), published);
    EXPECT_GT(gap.resumed_after().sequence(), published);
    EXPECT_EQ(message.id, gap.resumed_after().epoch() + "-" +
                              std::to_string(gap.resumed_after().sequence()) +
                              "-lost");
  }
  EXPECT_EQ(gaps, 1);
}

TEST_F(NatsTest, GetsAnEventThatIsTooLargeForItWithoutItsPayload) {
  Serve(Config());
  gateway_.Emit("large", '"' + std::string(2'000'000, 'x') + '"');
  Emit(1);
  ASSERT_TRUE(AwaitPublished());
  bool found = false;
  for (const Message& message : ReadStream(nats_.url())) {
    v1::Event event;
    ASSERT_TRUE(JsonStringToMessage(message.text, &event).ok());
    if (event.name() != "large") continue;
    found = true;
    EXPECT_EQ(event.notification().payload().omitted_bytes(), 2'000'002u);
    EXPECT_EQ(message.subject, "clawplane.test_one.events.notification");
  }
  EXPECT_TRUE(found);
}

TEST_F(NatsTest, SaysHowToMakeAStreamThatIsMissing) {
  core::RunningStrand running;
  core::NatsConfig config;
  config.url = nats_.url();
  std::promise<std::string> told;
  bool is_told = false;
  auto broker = std::make_unique<server::NatsBroker>(
      running.strand(), config, "clawplane", disk_ / "position");
  running.Do([&] {
    broker->Begin({.on_connected = [](const auto&) { FAIL(); },
                   .on_taken = [] { FAIL(); },
                   .on_lost =
                       [&](const std::string& why) {
                         // It may take the server a moment to be there.
                         if (why.find("no stream") == why.npos || is_told) {
                           return;
                         }
                         is_told = true;
                         told.set_value(why);
                       }});
  });
  EXPECT_THAT(told.get_future().get(),
              HasSubstr("nats stream add CLAWPLANE "
                        "--subjects='clawplane.clawplane.events.>'"));
  running.End();
  broker.reset();
}

TEST(NatsNamesTest, MakeOneTokenOfAnyName) {
  EXPECT_EQ(server::NatsSubject("a.b *>\xC3\xA9/1", "error"),
            "clawplane.a_b______1.events.error");
}

TEST(NatsNamesTest, LeadFromTheIdBackToThePosition) {
  const Publication event{{"0f-e", 12}, core::Event()};
  const Publication lost{{"0f", 7}, core::EventCursor::Loss()};
  EXPECT_EQ(server::NatsMessageId(event), "0f-e-12");
  EXPECT_EQ(server::NatsMessageId(lost), "0f-7-lost");
  EXPECT_EQ(server::PositionOfNatsId("0f-e-12"),
            (core::EventPosition{"0f-e", 12}));
  EXPECT_EQ(server::PositionOfNatsId("0f-7-lost"),
            (core::EventPosition{"0f", 7}));
  for (const char* const other : {"", "x", "-1", "x-", "x-1y", "x-lost"}) {
    EXPECT_FALSE(server::PositionOfNatsId(other)) << other;
  }
}

}  // namespace
}  // namespace clawplane::testing
