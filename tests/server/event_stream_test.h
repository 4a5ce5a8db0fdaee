// What the tests of event streams share.

#ifndef CLAWPLANE_TESTS_SERVER_EVENT_STREAM_TEST_H_
#define CLAWPLANE_TESTS_SERVER_EVENT_STREAM_TEST_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/event_reader.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {

inline v1::StreamEventsRequest FromOldest(
    const std::vector<std::string>& names = {}) {
  v1::StreamEventsRequest request;
  request.set_from_oldest(true);
  for (const std::string& name : names) request.add_names(name);
  return request;
}

inline v1::StreamEventsRequest After(const std::string& epoch,
                                     uint64_t sequence) {
  v1::StreamEventsRequest request;
  request.mutable_after()->set_epoch(epoch);
  request.mutable_after()->set_sequence(sequence);
  return request;
}

// A server that is attached to a running fake gateway.
class EventStreamTest : public ::testing::Test {
 protected:
  explicit EventStreamTest(core::Config config = {})
      : served_(Attached(std::move(config))) {}

  core::Config Attached(core::Config config) {
    config.machine = AttachTo(gateway_).machine;
    return config;
  }

  void SetUp() override { ASSERT_TRUE(Start(stub()).ok()); }

  v1::GatewayService::Stub& stub() { return served_.stub(); }
  v1::EventPosition End() { return GetStatus(stub()).log_position(); }

  // Makes the gateway send that many events, and waits until they are logged.
  void Emit(int count, const std::string& name = "fake.event") {
    const uint64_t before = End().sequence();
    ASSERT_TRUE(Call(stub(), "fake.emit",
                     R"({"event":")" + name + R"(","count":)" +
                         std::to_string(count) + "}")
                    .ok());
    ASSERT_TRUE(WaitFor([&] { return End().sequence() >= before + count; }));
  }

  grpc::Status StatusOf(const v1::StreamEventsRequest& request) {
    return EventReader(stub(), request).Finish();
  }

  FakeGateway gateway_;
  ServedGateway served_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_EVENT_STREAM_TEST_H_
