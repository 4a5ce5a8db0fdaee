// How well the gateway is, as a client sees it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/event_reader.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::milliseconds;
using Check = v1::HealthCheck;

// Checked all the time.
core::Config CheckOften(core::Config config) {
  config.liveness.check_interval = milliseconds(50);
  config.liveness.check_timeout = milliseconds(100);
  return config;
}

bool WaitForHealth(ServedGateway& served, bool ok) {
  return WaitFor([&] {
    const v1::GatewayStatus status = GetStatus(served.stub());
    return status.has_health() && status.health().ok() == ok;
  });
}

// The next error that has a reason.
std::optional<v1::Event> NextError(ServedGateway& served) {
  v1::StreamEventsRequest request;
  request.set_from_oldest(true);
  request.add_kinds(v1::EVENT_KIND_ERROR);
  return EventReader(served.stub(), request).NextNamed("error");
}

TEST(HealthTest, IsToldOnceItWasChecked) {
  FakeGateway gateway;
  ServedGateway served(CheckOften(AttachTo(gateway)));
  ASSERT_TRUE(Start(served.stub()).ok());

  ASSERT_TRUE(WaitForHealth(served, true));

  const Check health = GetStatus(served.stub()).health();
  EXPECT_TRUE(health.has_checked_at());
  EXPECT_TRUE(health.has_latency());
  EXPECT_EQ(health.failed_layer(), Check::LAYER_UNSPECIFIED);
  EXPECT_EQ(health.message(), "");
}

TEST(HealthTest, NamesTheLayerThatFailedUntilItIsWellAgain) {
  FakeGateway gateway;
  ServedGateway served(CheckOften(AttachTo(gateway)));
  ASSERT_TRUE(Start(served.stub()).ok());

  gateway.SetSilent(true);
  ASSERT_TRUE(WaitForHealth(served, false));

  const Check health = GetStatus(served.stub()).health();
  EXPECT_EQ(health.failed_layer(), Check::LAYER_RPC);
  EXPECT_NE(health.message(), "");
  const auto event = NextError(served);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error().reason(), v1::REASON_HEALTH_CHECK_FAILED);

  gateway.SetSilent(false);
  EXPECT_TRUE(WaitForHealth(served, true));
}

TEST(HealthTest, TellsOfAProcessThatIsStopped) {
  ServedGateway served(CheckOften(LaunchFake()));
  ASSERT_TRUE(Start(served.stub()).ok());
  const pid_t pid = GetStatus(served.stub()).pid();

  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  EXPECT_TRUE(WaitFor([&] {
    return GetStatus(served.stub()).health().failed_layer() ==
           Check::LAYER_PROCESS;
  }));
  ASSERT_EQ(::kill(pid, SIGCONT), 0);

  EXPECT_TRUE(WaitForHealth(served, true));
}

// Only a process that does not run stays suspected: any other answers the check
// that a suspicion begins with.
TEST(SuspicionTest, IsToldWhileNothingIsHeard) {
  ServedGateway served(LaunchFake({"--tick-interval-ms", "300"}));
  ASSERT_TRUE(Start(served.stub()).ok());
  const pid_t pid = GetStatus(served.stub()).pid();

  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  EXPECT_TRUE(
      WaitFor([&] { return GetStatus(served.stub()).has_suspect_since(); }));
  ASSERT_EQ(::kill(pid, SIGCONT), 0);

  EXPECT_TRUE(
      WaitFor([&] { return !GetStatus(served.stub()).has_suspect_since(); }));
}

TEST(MemoryTest, IsToldOfAProcessOfOurs) {
  ServedGateway served(CheckOften(LaunchFake()));
  ASSERT_TRUE(Start(served.stub()).ok());

  ASSERT_TRUE(
      WaitFor([&] { return GetStatus(served.stub()).resident_bytes() > 0; }));

  grpc::ClientContext context;
  v1::ListRunsResponse runs;
  ASSERT_TRUE(served.stub().ListRuns(&context, {}, &runs).ok());
  ASSERT_EQ(runs.runs_size(), 1);
  EXPECT_GE(runs.runs(0).peak_resident_bytes(),
            GetStatus(served.stub()).resident_bytes() / 2);
}

}  // namespace
}  // namespace clawplane::testing
