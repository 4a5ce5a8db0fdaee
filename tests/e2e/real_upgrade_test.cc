// A control plane that is replaced under load, again and again, while its
// gateway, its clients' calls and their events go on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/e2e/event_ledger.h"
#include "tests/e2e/numbered_events.h"
#include "tests/e2e/real_gateway_test.h"

namespace clawplane::testing {
namespace {

using std::chrono::steady_clock;
using ::testing::IsEmpty;

constexpr int kUpgrades = 3;

// Makes one event, `voicewake.changed`, with the number in it.
v1::RpcRequest SetWord(int64_t number) {
  v1::RpcRequest request;
  request.set_method("voicewake.set");
  request.set_params_json(
      absl::StrCat(R"({"triggers":["number )", number, R"("]})"));
  return request;
}

class RealUpgradeTest : public RealGatewayTest {
 protected:
  std::string MoreGatewayLines() override {
    return "  on_exit: leave_running\n";
  }
  std::string OtherLines() override {
    return absl::StrCat("event_log: {dir: ", place_ / "events", "}\n");
  }

  // A line of the timeline, for people.
  void Tell(const std::string& what) {
    const double at =
        std::chrono::duration<double>(steady_clock::now() - began_).count();
    std::printf("%7.2f s  %s\n", at, what.c_str());
    std::fflush(stdout);
  }

  void AwaitMore(LogReader& reader, const char* since) {
    ASSERT_TRUE(reader.AwaitMore(20));
    Tell(absl::StrCat("event ", reader.last_number(), " has come ", since));
  }

  const steady_clock::time_point began_ = steady_clock::now();
};

TEST_F(RealUpgradeTest, LosesAndDoublesNoCallAndNoEvent) {
  v1::StartResponse started;
  ASSERT_TRUE(
      Make(&v1::GatewayService::Stub::Start, v1::StartRequest(), &started)
          .ok());
  const pid_t gateway = GatewayPid();
  Tell(absl::StrCat("the gateway runs, pid ", gateway));
  const std::string address = "unix:" + socket();
  LogReader reader(address, EventLedger::Repeats::kAreFaults);
  Publisher publisher(address, &SetWord, reader);
  AwaitMore(reader, "so far");

  for (int i = 1; i <= kUpgrades; ++i) {
    Tell(absl::StrCat("upgrade ", i, ": SIGTERM to clawplaned ",
                      daemon_->pid()));
    EXPECT_EQ(StopDaemon(), 0);
    Tell("  the old one has ended");
    ASSERT_TRUE(IsAlive(gateway));
    StartDaemon();
    Tell(absl::StrCat("  the new one is ready, pid ", daemon_->pid()));
    AwaitMore(reader, "through it");
    EXPECT_EQ(GatewayPid(), gateway);
  }

  const std::optional<int64_t> last = publisher.Finish();
  ASSERT_TRUE(last.has_value());
  ASSERT_TRUE(reader.AwaitNumber(*last, absl::Seconds(30)));
  const EventLedger& ledger = reader.Finish();
  Tell(absl::StrCat(*last, " calls, ", ledger.numbers(), " events, ",
                    ledger.stream_gaps(), " gaps in the stream, gateway pid ",
                    GatewayPid()));
  for (const std::string& doubt : publisher.doubts()) {
    Tell("a call of which it is not known whether it was carried out: " +
         doubt);
  }
  EXPECT_THAT(ledger.faults(), IsEmpty());
  // Every call that was answered has its event, once. One that reaches the old
  // server in the very moment of its end is cancelled by gRPC, and its client
  // knows that it does not know.
  EXPECT_LE(*last - ledger.numbers(),
            static_cast<int64_t>(publisher.doubts().size()));
  EXPECT_EQ(ledger.stream_gaps(), 0);
  EXPECT_GE(reader.interruptions(), kUpgrades);
  // All that could not be seen is told: each connection to it is a new one.
  EXPECT_EQ(ledger.gateway_gaps(), kUpgrades);
  v1::StopResponse stopped;
  Connect();
  EXPECT_TRUE(
      Make(&v1::GatewayService::Stub::Stop, v1::StopRequest(), &stopped).ok());
}

}  // namespace
}  // namespace clawplane::testing
