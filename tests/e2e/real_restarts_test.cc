// A reader of events that runs through restarts of a real gateway.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/e2e/event_ledger.h"
#include "tests/e2e/numbered_events.h"
#include "tests/e2e/real_gateway_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::IsEmpty;

// Makes an event `presence` with the text in it, and those of earlier calls.
v1::RpcRequest TellSystem(int64_t number) {
  v1::RpcRequest request;
  request.set_method("system-event");
  request.set_params_json(absl::StrCat(R"({"text":"number )", number, "\"}"));
  return request;
}

class RealRestartsTest : public RealGatewayTest {
 protected:
  void Await(int64_t number) {
    ASSERT_TRUE(reader_->AwaitNumber(number, absl::Minutes(5)));
  }

  std::unique_ptr<LogReader> reader_;
};

TEST_F(RealRestartsTest, AReaderMissesAndRepeatsNoEventThroughRestarts) {
  v1::StartResponse started;
  ASSERT_TRUE(
      Make(&v1::GatewayService::Stub::Start, v1::StartRequest(), &started)
          .ok());
  const std::string address = "unix:" + socket();
  reader_ =
      std::make_unique<LogReader>(address, EventLedger::Repeats::kAreNormal);
  Publisher publisher(address, &TellSystem, *reader_);
  Await(10);

  v1::RestartResponse restarted;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Make(&v1::GatewayService::Stub::Restart, v1::RestartRequest(),
                     &restarted)
                    .ok());
  }
  const pid_t gateway = GatewayPid();
  ::kill(gateway, SIGKILL);
  ASSERT_TRUE(WaitFor([&] { return GatewayPid() != gateway; }));
  ASSERT_TRUE(
      Make(&v1::GatewayService::Stub::Start, v1::StartRequest(), &started)
          .ok());
  const std::optional<int64_t> last = publisher.Finish();
  ASSERT_TRUE(last.has_value());
  Await(*last);

  const EventLedger& ledger = reader_->Finish();
  EXPECT_THAT(ledger.faults(), IsEmpty());
  EXPECT_EQ(ledger.last_number(), *last);
  EXPECT_GE(ledger.numbers(), 10);
  EXPECT_GE(ledger.gateway_gaps(), 3);
}

}  // namespace
}  // namespace clawplane::testing
