// How a gateway comes up, and how it fails to.

#include <signal.h>

#include <ostream>

#include "core/model/text.h"
#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ManagerTest, LaunchesAndReachesRunning) {
  FakeGateway& gateway = RunLaunched();

  const GatewayStatus status = Status();
  EXPECT_EQ(status.state, State::kRunning);
  EXPECT_EQ(status.phase, Phase::kNone);
  EXPECT_EQ(status.pid, life().pid);
  EXPECT_TRUE(status.owned);
  EXPECT_EQ(status.version, "2026.9.6");
  EXPECT_EQ(status.protocol, 4u);
  EXPECT_EQ(status.boot_id, gateway.boot_id());
  EXPECT_FALSE(status.error);
  EXPECT_THAT(StatesTold(), ElementsAre(State::kStarting, State::kRunning));
  EXPECT_EQ(gateway.connections(), 1);
}

TEST_F(ManagerTest, PassesTheTokenToTheProcessInItsEnvironmentOnly) {
  RunLaunched();

  ASSERT_EQ(launcher_.specs.size(), 1u);
  const LaunchSpec& spec = launcher_.specs[0];
  EXPECT_THAT(spec.environment,
              ElementsAre(Concat("OPENCLAW_GATEWAY_TOKEN=", kToken)));
  EXPECT_THAT(spec.arguments, Each(Not(HasSubstr(kToken))));
}

TEST_F(ManagerTest, AsksForWhatItIsConfiguredTo) {
  config_.name = "some-name";
  FakeGateway& gateway = RunAttached();

  const auto connect = gateway.WaitForMethod("connect");
  ASSERT_TRUE(connect);
  EXPECT_THAT(*connect, HasSubstr("\"clawplane some-name\""));
  EXPECT_THAT(*connect, HasSubstr("\"operator.pairing\""));
}

TEST_F(ManagerTest, AttachesWithoutLaunching) {
  RunAttached();

  EXPECT_FALSE(Status().owned);
  // The fake is in our own process.
  EXPECT_EQ(Status().pid, ::getpid());
  OnStrand([this] { EXPECT_TRUE(manager_->vitals()); });
  EXPECT_TRUE(launcher_.specs.empty());
}

TEST_F(ManagerTest, WaitsForSomethingToAttachTo) {
  Begin(Mode::kAttach);

  const auto start = Start();
  Await([&] { return manager_->status().reconnect_attempts == 2; },
        Time::kFlies);

  EXPECT_EQ(Status().state, State::kStarting);
  EXPECT_FALSE(start->has_value());
  ServeForeign();
  EXPECT_FALSE(Result(start).fault);
  EXPECT_EQ(Status().state, State::kRunning);
}

TEST_F(ManagerTest, PrefersInAutoTheGatewayThatIsThere) {
  ServeForeign();
  Begin(Mode::kAuto);

  EXPECT_FALSE(Result(Start()).fault);

  EXPECT_FALSE(Status().owned);
  EXPECT_TRUE(launcher_.specs.empty());
}

TEST_F(ManagerTest, LaunchesInAutoWhenNothingIsThere) {
  LaunchesServe();
  Begin(Mode::kAuto);

  EXPECT_FALSE(Result(Start()).fault);

  EXPECT_TRUE(Status().owned);
}

TEST_F(ManagerTest, DoesNotLaunchOntoAPortInUse) {
  ServeForeign();
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kPortHeld);
  EXPECT_EQ(result.status.state, State::kError);
  EXPECT_TRUE(launcher_.specs.empty());
}

TEST_F(ManagerTest, TakesNoOtherProgramForAGatewayInAuto) {
  ServeForeign({BehaviourKind::kNotHttp});
  Begin(Mode::kAuto);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kPortHeld);
  EXPECT_THAT(result.fault->message, HasSubstr("is no gateway"));
}

TEST_F(ManagerTest, JoinsASecondStart) {
  Begin(Mode::kAttach);
  const auto first = Start();
  const auto second = Start();
  ServeForeign();

  EXPECT_FALSE(Result(first).fault);
  EXPECT_FALSE(Result(second).fault);
  EXPECT_FALSE(Result(Start()).fault);
}

TEST_F(ManagerTest, TellsWhyTheTokenCannotBeHad) {
  token_ = Fault{Reason::kTokenUnreadable, "no token", "make one"};
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kTokenUnreadable);
  EXPECT_TRUE(launcher_.specs.empty());
}

TEST_F(ManagerTest, TellsThatAttachingLacksTheToken) {
  ServeForeign();
  token_ = Fault{Reason::kTokenUnreadable, "no token", "make one"};
  Begin(Mode::kAttach);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kTokenUnreadable);
  EXPECT_EQ(foreign_->connections(), 0);
}

TEST_F(ManagerTest, TellsWhyTheLaunchFailed) {
  launcher_.failure = Fault{Reason::kLaunchFailed, "exec: no such file", ""};
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kLaunchFailed);
  EXPECT_EQ(result.status.state, State::kError);
  EXPECT_FALSE(result.status.pid);
}

// ---- What gateways do while starting

struct Case {
  const char* name;
  Behaviour behaviour;
  // None if it is reached all the same.
  std::optional<Reason> reason;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

using Kind = BehaviourKind;
constexpr Reason kSpent = Reason::kStartBudgetSpent;

class LaunchedGatewayTest : public ManagerTest,
                            public ::testing::WithParamInterface<Case> {};

TEST_P(LaunchedGatewayTest, EndsAsExpected) {
  config_.machine.start_budget = seconds(1);
  LaunchesServe(GetParam().behaviour);
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  if (!GetParam().reason) {
    EXPECT_FALSE(result.fault) << result.fault->message;
    EXPECT_EQ(result.status.state, State::kRunning);
    return;
  }
  ASSERT_TRUE(result.fault);
  EXPECT_EQ(Name(result.fault->reason), Name(*GetParam().reason));
  EXPECT_NE(result.fault->next_step, "");
  EXPECT_EQ(result.status.state, State::kError);
  EXPECT_EQ(result.status.error, result.fault);
  // What never served anybody is ended with its start.
  EXPECT_THAT(life().signals, ElementsAre(SIGTERM));
  EXPECT_FALSE(result.status.pid);
}

INSTANTIATE_TEST_SUITE_P(
    Behaviours, LaunchedGatewayTest,
    ::testing::Values(
        Case{"normal", {}, {}},
        Case{"close_1000", {Kind::kCloseOnConnect, 1000}, kSpent},
        Case{"close_1001", {Kind::kCloseOnConnect, 1001}, kSpent},
        Case{"close_1002",
             {Kind::kCloseOnConnect, 1002},
             Reason::kProtocolMismatch},
        Case{"close_1006", {Kind::kCloseOnConnect, 1006}, kSpent},
        Case{"close_1008",
             {Kind::kCloseOnConnect, 1008},
             Reason::kHandshakeRefused},
        Case{"close_1009",
             {Kind::kCloseOnConnect, 1009},
             Reason::kHandshakeRefused},
        Case{"close_1011", {Kind::kCloseOnConnect, 1011}, kSpent},
        Case{"close_1012", {Kind::kCloseOnConnect, 1012}, kSpent},
        Case{"close_1013", {Kind::kCloseOnConnect, 1013}, kSpent},
        Case{"refuse_token", {Kind::kRefuseToken}, Reason::kTokenRefused},
        Case{
            "refuse_pairing", {Kind::kRefusePairing}, Reason::kPairingRequired},
        Case{"refuse_protocol",
             {Kind::kRefuseProtocol},
             Reason::kProtocolMismatch},
        Case{"starting", {Kind::kStarting, 1}, {}},
        Case{"starting_forever", {Kind::kStartingForever}, kSpent},
        Case{"garbage_first", {Kind::kGarbageFirst}, {}},
        Case{"binary_challenge", {Kind::kBinaryChallenge}, {}},
        Case{"huge_hello", {Kind::kHugeHello, 300'000}, {}},
        Case{"hello_without_auth", {Kind::kHelloWithoutAuth}, {}},
        Case{"upgrade_503", {Kind::kUpgrade503}, kSpent},
        Case{"not_http", {Kind::kNotHttp}, kSpent},
        Case{"http_only", {Kind::kHttpOnly}, Reason::kNotAGateway},
        Case{"never_listens", {Kind::kNeverListens}, kSpent},
        Case{"not_ready_forever", {Kind::kNotReadyForever}, kSpent}),
    NameOf);

class ForeignGatewayTest : public ManagerTest,
                           public ::testing::WithParamInterface<Case> {};

TEST_P(ForeignGatewayTest, EndsAsExpected) {
  ServeForeign(GetParam().behaviour);
  Begin(Mode::kAttach);

  const auto start = Start();

  if (!GetParam().reason) {
    EXPECT_FALSE(Result(start).fault);
  } else if (*GetParam().reason == Reason::kConnectionLost) {
    Await([&] { return manager_->status().reconnect_attempts >= 2; },
          Time::kFlies);
    EXPECT_EQ(Status().state, State::kStarting);
    ASSERT_TRUE(Status().error);
    EXPECT_EQ(Status().error->reason, Reason::kConnectionLost);
    EXPECT_FALSE(start->has_value());
  } else {
    const OrderResult result = Result(start);
    ASSERT_TRUE(result.fault);
    EXPECT_EQ(Name(result.fault->reason), Name(*GetParam().reason));
    EXPECT_EQ(result.status.state, State::kError);
  }
  EXPECT_TRUE(launcher_.specs.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Behaviours, ForeignGatewayTest,
    ::testing::Values(
        Case{"close_1000",
             {Kind::kCloseOnConnect, 1000},
             Reason::kConnectionLost},
        Case{"close_1002",
             {Kind::kCloseOnConnect, 1002},
             Reason::kProtocolMismatch},
        Case{"close_1006",
             {Kind::kCloseOnConnect, 1006},
             Reason::kConnectionLost},
        Case{"close_1008",
             {Kind::kCloseOnConnect, 1008},
             Reason::kHandshakeRefused},
        Case{"close_1012",
             {Kind::kCloseOnConnect, 1012},
             Reason::kConnectionLost},
        Case{"refuse_token", {Kind::kRefuseToken}, Reason::kTokenRefused},
        Case{"starting", {Kind::kStarting, 2}, {}},
        Case{"upgrade_503", {Kind::kUpgrade503}, Reason::kConnectionLost},
        Case{"not_http", {Kind::kNotHttp}, Reason::kConnectionLost},
        Case{"http_only", {Kind::kHttpOnly}, Reason::kNotAGateway},
        Case{"never_listens", {Kind::kNeverListens}, Reason::kConnectionLost}),
    NameOf);

TEST_F(ManagerTest, WaitsWithoutEndForAForeignGatewayToBecomeReady) {
  ServeForeign({Kind::kNotReadyForever});
  Begin(Mode::kAttach);
  const auto start = Start();
  AwaitPhase(Phase::kWaitingForReady);
  Advance(seconds(100'000));
  AwaitPhase(Phase::kWaitingForReady);

  EXPECT_FALSE(start->has_value());
  foreign_->SetBehaviour({});
  EXPECT_FALSE(Result(start).fault);
}

class SilentGatewayTest : public ManagerTest,
                          public ::testing::WithParamInterface<Case> {};

TEST_P(SilentGatewayTest, IsTriedAgainWhenTheHandshakeTakesTooLong) {
  config_.machine.handshake_timeout = seconds(3);
  ServeForeign(GetParam().behaviour);
  Begin(Mode::kAttach);
  const auto start = Start();
  ASSERT_TRUE(foreign_->WaitForConnections(1));
  AwaitPhase(Phase::kConnecting);

  Advance(seconds(3) - milliseconds(1));
  EXPECT_EQ(Status().phase, Phase::kConnecting);
  Advance(milliseconds(1));

  EXPECT_EQ(Status().phase, Phase::kBackingOff);
  ASSERT_TRUE(Status().error);
  EXPECT_EQ(Status().error->message, "no handshake within 3 s");
  foreign_->SetBehaviour({});
  EXPECT_FALSE(Result(start).fault);
}

TEST_P(SilentGatewayTest, SpendsTheStartBudgetWhenItIsOurs) {
  config_.machine.start_budget = seconds(5);
  LaunchesServe(GetParam().behaviour);
  Begin(Mode::kLaunch);
  const auto start = Start();
  AwaitPhase(Phase::kConnecting, Time::kFlies);

  Advance(seconds(5));

  const OrderResult result = Result(start);
  ASSERT_TRUE(result.fault);
  EXPECT_EQ(result.fault->reason, Reason::kStartBudgetSpent);
  EXPECT_THAT(result.fault->message, HasSubstr("connecting"));
}

INSTANTIATE_TEST_SUITE_P(
    Behaviours, SilentGatewayTest,
    ::testing::Values(
        Case{"mute", {Kind::kMute}, {}},
        Case{"no_challenge", {Kind::kNoChallenge}, {}},
        Case{"hello_over_the_limit", {Kind::kHugeHello, 2'000'000}, {}}),
    NameOf);

}  // namespace
}  // namespace clawplane::core
