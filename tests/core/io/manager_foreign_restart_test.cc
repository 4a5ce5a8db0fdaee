// The restart of a gateway that somebody else started.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST_F(ManagerTest, AsksAForeignGatewayToRestartItself) {
  FakeGateway& gateway = RunAttached();
  const std::string boot_id = Status().boot_id;

  const OrderResult result = Result(Restart());

  EXPECT_FALSE(result.fault) << result.fault->message;
  EXPECT_TRUE(result.was_running);
  EXPECT_EQ(result.old_boot_id, boot_id);
  EXPECT_NE(result.status.boot_id, boot_id);
  EXPECT_EQ(result.status.state, State::kRunning);
  const auto request = gateway.WaitForMethod("gateway.restart.request");
  ASSERT_TRUE(request);
  EXPECT_THAT(*request, HasSubstr("\"reason\":\"ordered through clawplane\""));
  EXPECT_THAT(signals_, IsEmpty());
  EXPECT_TRUE(launcher_.specs.empty());
}

TEST_F(ManagerTest, SignalsAForeignGatewayThatWillNotRestartItself) {
  config_.gateway.scopes = {"operator.read"};
  FakeGateway& gateway = RunAttached();

  const auto restart = Restart();
  Await([&] { return !signals_.empty(); });
  EXPECT_THAT(signals_, ElementsAre(Pair(::getpid(), SIGUSR2)));
  EXPECT_FALSE(restart->has_value());

  // What a real gateway does at that signal.
  gateway.Restart(std::chrono::milliseconds(1));
  EXPECT_FALSE(Result(restart).fault);
}

TEST_F(ManagerTest, SaysWhyAForeignGatewayCouldNotBeRestarted) {
  config_.gateway.scopes = {"operator.read"};
  signal_fault_ = Fault{Reason::kNotOurs, "it is another user's", ""};
  RunAttached();

  const OrderResult result = Result(Restart());

  EXPECT_EQ(result.fault, signal_fault_);
  EXPECT_EQ(Status().state, State::kRunning);
}

TEST_F(ManagerTest, WaitsForTheProofOfARestartThatWasNotAnswered) {
  FakeGateway& gateway = RunAttached();
  gateway.SetSilent(true);

  const auto restart = Restart();
  ASSERT_TRUE(gateway.WaitForMethod("gateway.restart.request"));
  gateway.SetSilent(false);
  Await([&] { return restart->has_value(); }, Time::kFlies);

  EXPECT_FALSE(Result(restart).fault);
  EXPECT_THAT(signals_, IsEmpty());
}

}  // namespace
}  // namespace clawplane::core
