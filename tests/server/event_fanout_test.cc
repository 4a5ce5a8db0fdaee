// Many readers of the log: slow ones, ones that come and go, and the end of the
// server among them.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/event_stream_test.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;

// Readers on connections that hold little, so that who does not read is soon
// stalled.
class EventFanoutTest : public EventStreamTest {
 protected:
  // One that has had its first response and reads no further by itself.
  std::unique_ptr<EventReader> Open(v1::GatewayService::Stub& stub) {
    auto reader =
        std::make_unique<EventReader>(stub, v1::StreamEventsRequest());
    EXPECT_TRUE(reader->Read().has_bookmark());
    return reader;
  }

  std::unique_ptr<v1::GatewayService::Stub> NarrowStub() {
    grpc::ChannelArguments narrow;
    narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    return v1::GatewayService::NewStub(served_.NewChannel(narrow));
  }

  // More than all that lies between server and client holds.
  void Flood() {
    const uint64_t before = End().sequence();
    for (int i = 0; i < kFlood; ++i) {
      gateway_.Emit("fake.event", '"' + std::string(20'000, 'x') + '"');
    }
    ASSERT_TRUE(WaitFor([&] { return End().sequence() >= before + kFlood; }));
  }

  // Reads so many events, which must follow each other.
  void ExpectEvents(EventReader& reader, uint64_t after, int count) {
    for (int i = 0; i < count; ++i) {
      const auto event = reader.NextEvent();
      ASSERT_TRUE(event) << i;
      ASSERT_EQ(event->sequence(), ++after);
    }
  }

  static constexpr int kFlood = 300;
};

TEST_F(EventFanoutTest, ServesOthersWhileSomeDoNotRead) {
  const auto narrow = NarrowStub();
  std::vector<std::unique_ptr<EventReader>> stalled;
  for (int i = 0; i < 20; ++i) stalled.push_back(Open(*narrow));
  const auto reading = Open(stub());
  const uint64_t before = End().sequence();

  std::thread flood([this] { Flood(); });
  ExpectEvents(*reading, before, kFlood);
  flood.join();

  // They lost nothing: all of it is still held.
  for (const auto& reader : stalled) ExpectEvents(*reader, before, kFlood);
}

TEST_F(EventFanoutTest, OutlivesReadersThatComeAndGo10000Times) {
  constexpr int kThreads = 4;
  constexpr int kReaders = 2500;
  std::atomic<bool> done = false;
  std::thread events([&] {
    while (!done) {
      gateway_.Emit("fake.event", "{}");
      // In step with the readers, which need the machine too.
      EXPECT_TRUE(Call(stub(), "fake.echo", "{}").ok());
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      const auto mine = v1::GatewayService::NewStub(served_.NewChannel());
      for (int i = 0; i < kReaders; ++i) {
        v1::StreamEventsRequest request;
        if (i % 3 == 0) request.add_names("fake.*");
        if (i % 5 == 0) request.set_from_oldest(true);
        EventReader reader(*mine, request);
        // Leaves before it is served, before an event, or among them.
        for (int reads = (i + t) % 4; reads > 1; --reads) reader.Read();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  events.join();

  const auto reader = Open(stub());
  const uint64_t before = End().sequence();
  Emit(3);
  ExpectEvents(*reader, before, 3);
}

TEST_F(EventFanoutTest, EndsAmongStalledReaders) {
  const auto narrow = NarrowStub();
  std::vector<std::unique_ptr<EventReader>> stalled;
  for (int i = 0; i < 100; ++i) stalled.push_back(Open(*narrow));
  const auto idle = Open(stub());
  Flood();

  served_.End();

  for (const auto& reader : stalled) {
    const StatusCode code = reader->Finish().error_code();
    // Word of the end may not have fitted through either.
    EXPECT_TRUE(code == StatusCode::UNAVAILABLE ||
                code == StatusCode::CANCELLED)
        << code;
  }
  EXPECT_EQ(idle->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(EventFanoutTest, GivesEachFormToWhoAsksForIt) {
  std::vector<std::unique_ptr<EventReader>> readers;
  for (const auto form : {v1::PAYLOAD_FORM_JSON, v1::PAYLOAD_FORM_VALUE}) {
    for (const uint32_t most : {0u, 1000u}) {
      v1::StreamEventsRequest request;
      request.set_payload_form(form);
      request.set_max_payload_bytes(most);
      readers.push_back(std::make_unique<EventReader>(stub(), request));
      readers.back()->Read();
    }
  }
  gateway_.Emit("fake.event", "[1]");

  std::vector<v1::Payload::FormCase> forms;
  for (const auto& reader : readers) {
    const auto event = reader->NextEvent();
    ASSERT_TRUE(event);
    forms.push_back(event->notification().payload().form_case());
  }
  EXPECT_EQ(forms, (std::vector<v1::Payload::FormCase>{
                       v1::Payload::kOmittedBytes, v1::Payload::kJson,
                       v1::Payload::kOmittedBytes, v1::Payload::kValue}));
}

}  // namespace
}  // namespace clawplane::testing
