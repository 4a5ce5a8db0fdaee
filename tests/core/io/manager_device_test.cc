// Gateways that want to know who comes, and those of other protocols.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/core/io/manager_fixture.h"
#include "tests/fakes/fake_device.h"
#include "tests/temp_directory.h"
#include "tests/version_names.h"

namespace clawplane::core {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ManagerDeviceTest : public ManagerTest {
 protected:
  ManagerDeviceTest() { device_ = &identity_; }

  FakeGateway& Serve(FakeGatewayOptions options) {
    options.port = port();
    options.token = kToken;
    foreign_ = std::make_unique<FakeGateway>(std::move(options));
    EXPECT_TRUE(foreign_->status().ok()) << foreign_->status();
    return *foreign_;
  }
  FakeGateway& ServeLike(const std::string& version) {
    return Serve(*testing::LikeVersion(version));
  }
  std::string Token() const { return identity_.Token(port()); }
  Fault FaultOfStart() {
    const OrderResult result = Result(Start());
    EXPECT_EQ(result.status.state, State::kError);
    return result.fault.value_or(Fault{});
  }
  // Connects once more.
  void Reconnect(FakeGateway& gateway) {
    gateway.DropAll();
    AwaitState(State::kReconnecting);
    AwaitState(State::kRunning, Time::kFlies);
  }

  testing::TempDirectory place_;
  const DeviceIdentity identity_{place_.path()};
};

class ManagerVersionTest : public ManagerDeviceTest,
                           public ::testing::WithParamInterface<const char*> {};

TEST_P(ManagerVersionTest, GetsItsScopes) {
  FakeGateway& gateway = ServeLike(GetParam());
  Begin(Mode::kAttach);

  EXPECT_FALSE(Result(Start()).fault);

  EXPECT_EQ(Status().version, GetParam());
  EXPECT_TRUE(Ask("voicewake.set", R"({"triggers":["hey"]})").answered());
  EXPECT_EQ(gateway.connections(), 1);
  EXPECT_THAT(warnings_, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Like, ManagerVersionTest, testing::KnownVersions(),
                         [](const auto& info) {
                           return testing::SpelledForATest(info.param);
                         });

TEST_F(ManagerDeviceTest, GetsNoScopesOnProtocol3WithoutADevice) {
  device_ = nullptr;
  ServeLike("2026.2.19");
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);

  EXPECT_TRUE(
      Ask("voicewake.set", R"({"triggers":["hey"]})").refused.has_value());
}

TEST_F(ManagerDeviceTest, ComesBackWithTheTokenThatItWasGiven) {
  FakeGateway& gateway = ServeLike("2026.2.19");
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);
  const std::string token = Token();
  EXPECT_EQ(token.size(), 36u);

  gateway.SetToken("the-shared-one-is-another-now");
  gateway.ClearFrames();
  Reconnect(gateway);

  const auto connect = gateway.WaitForMethod("connect");
  ASSERT_TRUE(connect);
  EXPECT_THAT(*connect, AllOf(HasSubstr("\"auth\":{\"token\":\"" + token),
                              Not(HasSubstr(kToken))));
  EXPECT_EQ(gateway.connections(), 2);
}

TEST_F(ManagerDeviceTest, RenewsATokenThatIsRefused) {
  FakeGateway& gateway = ServeLike("2026.2.19");
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);
  const std::string first = Token();

  gateway.ForgetDevices();
  Reconnect(gateway);

  EXPECT_NE(Token(), first);
  EXPECT_NE(Token(), "");
  EXPECT_EQ(gateway.connections(), 3);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("offering the shared one")));
  EXPECT_THAT(warnings_.front(), Not(HasSubstr(first)));
}

TEST_F(ManagerDeviceTest, GivesUpWhereBothTokensAreRefused) {
  FakeGateway& gateway = ServeLike("2026.2.19");
  ASSERT_FALSE(identity_.Keep(port(), "an-old-one-of-the-device").has_value());
  token_ = "a-wrong-one-that-all-share";
  Begin(Mode::kAttach);

  EXPECT_EQ(FaultOfStart().reason, Reason::kTokenRefused);

  EXPECT_EQ(gateway.connections(), 2);
  EXPECT_EQ(Token(), "");
  Advance(std::chrono::minutes(10));
  EXPECT_EQ(gateway.connections(), 2);
}

TEST_F(ManagerDeviceTest, WaitsForAPersonToApproveIt) {
  FakeGatewayOptions options = *testing::LikeVersion("2026.3.13");
  options.devices.pairs_silently = false;
  FakeGateway& gateway = Serve(options);
  Begin(Mode::kAttach);

  const Fault fault = FaultOfStart();

  EXPECT_EQ(fault.reason, Reason::kPairingRequired);
  EXPECT_THAT(fault.next_step,
              HasSubstr("openclaw devices approve 84d14c7e-68dd"));
  Advance(std::chrono::minutes(10));
  EXPECT_EQ(gateway.connections(), 1);
  gateway.SetApproving(true);
  EXPECT_FALSE(Result(Start()).fault);
}

TEST_F(ManagerDeviceTest, ConnectsToNobodyWithADamagedIdentity) {
  FakeGateway& gateway = ServeLike("2026.9.6");
  place_.Write("device.key", "damaged");
  ASSERT_EQ(::chmod((place_ / "device.key").c_str(), 0600), 0);
  Begin(Mode::kAttach);

  const Fault fault = FaultOfStart();

  EXPECT_EQ(fault.reason, Reason::kTokenUnreadable);
  EXPECT_THAT(fault.next_step, HasSubstr("mv " + (place_ / "device.key")));
  EXPECT_EQ(gateway.connections(), 0);
}

TEST_F(ManagerDeviceTest, HidesTheTokenInTheGatewaysOutput) {
  LaunchesServe();
  ASSERT_FALSE(identity_.Keep(port(), "an-old-one-of-the-device").has_value());
  Begin(Mode::kLaunch);
  EXPECT_FALSE(Result(Start()).fault);

  OnStrand([this] {
    life().Print(LogSource::kStdout, "it was an-old-one-of-the-device");
  });

  EXPECT_THAT(Lines(), ElementsAre("it was [redacted]"));
}

// ---- Protocols

TEST_F(ManagerDeviceTest, SpeaksAProtocolThatIsNewerAndSaysSo) {
  FakeGatewayOptions options;
  options.protocol = 5;
  FakeGateway& gateway = Serve(options);
  Begin(Mode::kAttach);

  EXPECT_FALSE(Result(Start()).fault);

  EXPECT_EQ(Status().protocol, 5u);
  EXPECT_EQ(gateway.connections(), 2);
  EXPECT_TRUE(Ask("voicewake.set", R"({"triggers":["hey"]})").answered());
  const auto errors = EventsOf(EventKind::kError);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(std::get<ErrorDetail>(errors.front().what.detail).message,
              AllOf(HasSubstr("protocol 5"), HasSubstr("newer")));
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("offering just that"), HasSubstr("newer")));
}

TEST_F(ManagerDeviceTest, GivesUpWhereTheProtocolIsRefusedAgain) {
  FakeGatewayOptions options;
  options.protocol = 5;
  options.behaviour = {BehaviourKind::kRefuseProtocol};
  FakeGateway& gateway = Serve(options);
  Begin(Mode::kAttach);

  const Fault fault = FaultOfStart();

  EXPECT_EQ(fault.reason, Reason::kProtocolMismatch);
  EXPECT_THAT(fault.message, HasSubstr("protocol 5"));
  EXPECT_EQ(gateway.connections(), 2);
  Advance(std::chrono::minutes(10));
  EXPECT_EQ(gateway.connections(), 2);
}

}  // namespace
}  // namespace clawplane::core
