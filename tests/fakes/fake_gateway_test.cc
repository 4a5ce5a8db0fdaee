// What tests may rely on the fake gateway for.

#include "tests/fakes/fake_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_json.h"
#include "tests/fakes/simple_client.h"

namespace clawplane::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kToken[] = "fake-token";

std::string Request(const std::string& id, const std::string& method,
                    const std::string& params = "{}") {
  return R"({"type":"req","id":")" + id + R"(","method":")" + method +
         R"(","params":)" + params + "}";
}

std::string CloseOf(const Behaviour& behaviour) {
  FakeGateway gateway({.behaviour = behaviour});
  SimpleClient client;
  if (!client.Open(gateway.port())) return "no upgrade";
  client.Send(SimpleClient::ConnectFrame(kToken));
  return client.ReadClose();
}

TEST(FakeGatewayTest, GreetsAClientThatKnowsTheToken) {
  FakeGateway gateway({.version = "2026.9.6", .boot_id = "boot-1"});
  SimpleClient client;
  ASSERT_TRUE(client.Open(gateway.port()));
  const std::string challenge = client.Read();
  client.Send(SimpleClient::ConnectFrame(kToken));

  const std::optional<Json> hello = Json::Parse(client.Read());

  EXPECT_THAT(challenge,
              StartsWith(R"({"type":"event","event":"connect.challenge",)"
                         R"("payload":{"nonce":")"));
  ASSERT_TRUE(hello);
  const std::optional<Json> payload = hello->Get("payload");
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->String("type", ""), "hello-ok");
  EXPECT_EQ(payload->Integer("protocol", 0), 4);
  EXPECT_EQ(payload->Get("server")->String("bootId", ""), "boot-1");
  EXPECT_THAT(payload->Get("auth")->Get("scopes")->Texts(),
              ElementsAre("operator.read", "operator.write", "operator.admin"));
  EXPECT_TRUE(gateway.WaitForHandshakes(1));
}

TEST(FakeGatewayTest, RefusesAWrongToken) {
  FakeGateway gateway;
  SimpleClient client;
  ASSERT_TRUE(client.Open(gateway.port()));

  client.Send(SimpleClient::ConnectFrame("wrong"));

  EXPECT_THAT(client.ReadUntil(R"("res")"), HasSubstr("AUTH_TOKEN_MISMATCH"));
  EXPECT_THAT(client.ReadClose(), StartsWith("1008 unauthorized"));
}

TEST(FakeGatewayTest, RefusesAProtocolItDoesNotSpeak) {
  FakeGateway gateway;
  SimpleClient client;
  ASSERT_TRUE(client.Open(gateway.port()));

  client.Send(SimpleClient::ConnectFrame(kToken, 3, 3));

  EXPECT_THAT(client.ReadUntil(R"("res")"),
              HasSubstr(R"("details":{"code":"PROTOCOL_MISMATCH",)"
                        R"("clientMinProtocol":3,"clientMaxProtocol":3,)"
                        R"("expectedProtocol":4,"minimumProbeProtocol":3})"));
  EXPECT_EQ(client.ReadClose(), "1002 protocol mismatch");
}

TEST(FakeGatewayTest, SendsClientsAwayUntilItIsReady) {
  FakeGateway gateway;
  gateway.SetReady(false);
  const std::string early = SimpleClient::Get(gateway.port(), "/readyz");
  SimpleClient first;
  ASSERT_TRUE(first.Open(gateway.port()));
  first.Send(SimpleClient::ConnectFrame(kToken));

  const std::string refusal = first.ReadUntil(R"("res")");
  const std::string close = first.ReadClose();
  gateway.SetReady(true);

  EXPECT_EQ(early, R"(503 {"ready":false,"failing":["startup-sidecars"]})");
  EXPECT_THAT(refusal,
              HasSubstr(R"("retryable":true,"retryAfterMs":500,"details":)"
                        R"({"reason":"startup-sidecars"})"));
  EXPECT_EQ(close, "1013 gateway starting");
  EXPECT_THAT(SimpleClient::Get(gateway.port(), "/readyz"),
              StartsWith(R"(200 {"ready":true)"));
  SimpleClient second;
  EXPECT_TRUE(second.Connect(gateway.port(), kToken));
}

TEST(FakeGatewayTest, IsAliveOverHttp) {
  FakeGateway gateway;

  EXPECT_EQ(SimpleClient::Get(gateway.port(), "/health"),
            R"(200 {"ok":true,"status":"live"})");
}

TEST(FakeGatewayTest, ClosesAsTheBehaviourSays) {
  EXPECT_EQ(CloseOf({BehaviourKind::kCloseOnConnect, 4001}),
            "4001 closed on connect");
  EXPECT_EQ(CloseOf({BehaviourKind::kCloseOnConnect, 1006}), "1006");
  EXPECT_THAT(CloseOf({BehaviourKind::kRefuseToken}), StartsWith("1008 "));
  EXPECT_EQ(CloseOf({BehaviourKind::kRefusePairing}),
            "1008 device identity required");
  EXPECT_EQ(CloseOf({BehaviourKind::kRefuseProtocol}),
            "1002 protocol mismatch");
  EXPECT_EQ(CloseOf({BehaviourKind::kStartingForever}),
            "1013 gateway starting");
  EXPECT_EQ(CloseOf({BehaviourKind::kUpgrade503}), "no upgrade");
  EXPECT_EQ(CloseOf({BehaviourKind::kNotHttp}), "no upgrade");
  EXPECT_EQ(CloseOf({BehaviourKind::kHttpOnly}), "no upgrade");
  EXPECT_EQ(CloseOf({BehaviourKind::kNeverListens}), "no upgrade");
}

TEST(FakeGatewayTest, BecomesReadyAfterSomeConnects) {
  FakeGateway gateway({.behaviour = {BehaviourKind::kStarting, 1}});
  SimpleClient first;
  ASSERT_TRUE(first.Open(gateway.port()));
  first.Send(SimpleClient::ConnectFrame(kToken));
  EXPECT_EQ(first.ReadClose(), "1013 gateway starting");

  SimpleClient second;

  EXPECT_TRUE(second.Connect(gateway.port(), kToken));
}

TEST(FakeGatewayTest, MisbehavesInItsGreeting) {
  FakeGateway gateway({.behaviour = {BehaviourKind::kGarbageFirst}});
  SimpleClient first;
  ASSERT_TRUE(first.Open(gateway.port()));
  EXPECT_EQ(first.Read(), "this is {not JSON");

  gateway.SetBehaviour({BehaviourKind::kNoChallenge});
  SimpleClient second;
  ASSERT_TRUE(second.Open(gateway.port()));
  second.Send(SimpleClient::ConnectFrame(kToken));
  EXPECT_THAT(second.Read(), HasSubstr("hello-ok"));

  gateway.SetBehaviour({BehaviourKind::kHugeHello, 300000});
  SimpleClient third;
  ASSERT_TRUE(third.Open(gateway.port()));
  third.Send(SimpleClient::ConnectFrame(kToken));
  EXPECT_GT(third.ReadUntil("hello-ok").size(), 300000u);

  gateway.SetBehaviour({BehaviourKind::kHelloWithoutAuth});
  SimpleClient fourth;
  ASSERT_TRUE(fourth.Open(gateway.port()));
  fourth.Send(SimpleClient::ConnectFrame(kToken));
  EXPECT_THAT(fourth.ReadUntil("hello-ok"), Not(HasSubstr(R"("auth":)")));
}

TEST(FakeGatewayTest, ClosesOnAFirstFrameThatIsNoConnect) {
  FakeGateway gateway;
  SimpleClient garbage, answer, call;
  ASSERT_TRUE(garbage.Open(gateway.port()));
  ASSERT_TRUE(answer.Open(gateway.port()));
  ASSERT_TRUE(call.Open(gateway.port()));

  garbage.Send("not JSON");
  answer.Send(R"({"jsonrpc":"2.0","id":1,"method":"connect"})");
  call.Send(Request("1", "health"));

  EXPECT_EQ(garbage.ReadClose(), "1000 ");
  EXPECT_EQ(answer.ReadClose(), "1008 invalid request frame");
  EXPECT_EQ(call.ReadClose(),
            "1008 invalid handshake: first request must be connect");
}

TEST(FakeGatewayTest, SaysThatItsPortIsTaken) {
  FakeGateway first;

  FakeGateway second({.port = first.port()});

  EXPECT_THAT(second.status().message(), HasSubstr("in use"));
}

TEST(FakeGatewayTest, ListensAgainWhenTold) {
  FakeGateway gateway({.behaviour = {BehaviourKind::kNeverListens}});
  SimpleClient early;
  EXPECT_FALSE(early.Open(gateway.port()));

  gateway.SetBehaviour({BehaviourKind::kNormal});

  SimpleClient late;
  EXPECT_TRUE(late.Connect(gateway.port(), kToken));
}

TEST(FakeGatewayTest, ReadsTheNamesOfBehaviours) {
  const std::optional<Behaviour> starting = ParseBehaviour("starting:3");
  ASSERT_TRUE(starting);
  EXPECT_EQ(starting->kind, BehaviourKind::kStarting);
  EXPECT_EQ(starting->argument, 3);
  EXPECT_TRUE(ParseBehaviour("mute"));
  EXPECT_FALSE(ParseBehaviour("mute:1"));
  EXPECT_FALSE(ParseBehaviour("starting"));
  EXPECT_FALSE(ParseBehaviour("rude"));
}

TEST(FakeGatewayTest, TicksAsOftenAsItSays) {
  FakeGateway gateway({.tick_interval = milliseconds(5)});
  SimpleClient client;
  ASSERT_TRUE(client.Connect(gateway.port(), kToken));

  EXPECT_THAT(client.Read(), HasSubstr(R"("event":"tick")"));
  EXPECT_THAT(client.Read(), HasSubstr(R"("seq":2)"));
}

TEST(FakeGatewayTest, GrantsNoScopesToAUserInterface) {
  FakeGateway gateway;
  SimpleClient client;
  ASSERT_TRUE(client.Open(gateway.port()));
  std::string frame = SimpleClient::ConnectFrame(kToken);
  frame.replace(frame.find("backend"), 7, "ui");
  client.Send(frame);
  ASSERT_THAT(client.ReadUntil("hello-ok"), HasSubstr(R"("scopes":[])"));

  client.Send(Request("1", "last-heartbeat"));

  EXPECT_THAT(client.Read(),
              HasSubstr(R"({"code":"FORBIDDEN","message":"missing scope: )"
                        R"(operator.read","details":{"code":"MISSING_SCOPE",)"
                        R"("missingScope":"operator.read",)"
                        R"("requiredScopes":["operator.read"]}})"));
}

}  // namespace
}  // namespace clawplane::testing
