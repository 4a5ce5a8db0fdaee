// What tests may rely on the fake gateway's methods and commands for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_gateway.h"
#include "tests/fakes/simple_client.h"

namespace clawplane::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kToken[] = "fake-token";

std::string Request(const std::string& id, const std::string& method,
                    const std::string& params = "{}") {
  return R"({"type":"req","id":")" + id + R"(","method":")" + method +
         R"(","params":)" + params + "}";
}

// A gateway with one client that it has greeted.
class GreetedClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(gateway_.status().ok()) << gateway_.status();
    ASSERT_TRUE(client_.Connect(gateway_.port(), kToken));
  }

  std::string Call(const std::string& method, const std::string& params) {
    client_.Send(Request("1", method, params));
    return client_.Read();
  }

  FakeGateway gateway_;
  SimpleClient client_;
};

TEST_F(GreetedClientTest, EchoesParamsByteForByte) {
  const std::string params =
      R"({ "big" : 12345678901234567890123, "t":1.50e300, "s":"\u00e9\/]}"})";

  EXPECT_EQ(Call("fake.echo", params),
            R"({"type":"res","id":"1","ok":true,"payload":)" + params + "}");
}

TEST_F(GreetedClientTest, AnswersAsTheRealOneDoes) {
  EXPECT_EQ(Call("last-heartbeat", "{}"),
            R"({"type":"res","id":"1","ok":true,"payload":null})");
  EXPECT_EQ(
      Call("no.such.method", "{}"),
      R"({"type":"res","id":"1","ok":false,"error":{"code":)"
      R"("INVALID_REQUEST","message":"unknown method: no.such.method"}})");
  EXPECT_EQ(Call("set-heartbeats", R"({"enabled":true})"),
            R"({"type":"res","id":"1","ok":true,)"
            R"("payload":{"ok":true,"enabled":true}})");
  EXPECT_THAT(Call("connect", "{}"),
              HasSubstr("connect is only valid as the first request"));
}

TEST_F(GreetedClientTest, NamesWhatIsWrongWithAFrame) {
  client_.Send(R"({"jsonrpc":"2.0","id":7,"method":"health"})");
  const std::string jsonrpc = client_.Read();
  client_.Send("not JSON");
  client_.Send(R"({"type":"req","method":"health","extra":1})");
  const std::string no_id = client_.Read();

  EXPECT_EQ(jsonrpc,
            R"({"type":"res","id":7,"ok":false,"error":{"code":)"
            R"("INVALID_REQUEST","message":"invalid request frame: must have )"
            R"(required property 'type'; at root: unexpected property )"
            R"('jsonrpc'; at /id: must be string"}})");
  EXPECT_THAT(no_id, StartsWith(R"({"type":"res","id":"invalid","ok":false)"));
  EXPECT_THAT(no_id, HasSubstr("unexpected property 'extra'"));
}

TEST_F(GreetedClientTest, AnswersAgentTwice) {
  const std::string accepted = Call("agent", R"({"idempotencyKey":"run"})");
  const std::string last = client_.Read();

  EXPECT_THAT(accepted, HasSubstr(R"("status":"accepted")"));
  EXPECT_THAT(last, StartsWith(R"({"type":"res","id":"1","ok":false,)"
                               R"("payload":{"runId":"run","status":"error")"));
  EXPECT_THAT(last, HasSubstr(R"("error":{"code":"UNAVAILABLE")"));
}

TEST_F(GreetedClientTest, SendsTheEventBeforeTheAnswer) {
  EXPECT_EQ(Call("voicewake.set", R"({"triggers":["a","b"]})"),
            R"({"type":"event","event":"voicewake.changed",)"
            R"("payload":{"triggers":["a","b"]},"seq":1})");
  EXPECT_EQ(client_.Read(), R"({"type":"res","id":"1","ok":true,)"
                            R"("payload":{"triggers":["a","b"]}})");
}

TEST_F(GreetedClientTest, LeavesOutEventNumbers) {
  gateway_.Emit("one", "1");
  gateway_.SkipSeq(2);
  gateway_.Emit("two", std::nullopt);

  EXPECT_EQ(client_.Read(),
            R"({"type":"event","event":"one","payload":1,"seq":1})");
  EXPECT_EQ(client_.Read(), R"({"type":"event","event":"two","seq":4})");
}

TEST_F(GreetedClientTest, AnswersInAnotherOrder) {
  client_.Send(Request("a", "fake.hold", "1"));
  client_.Send(Request("b", "fake.hold", "2"));
  client_.Send(Request("c", "fake.release"));

  EXPECT_THAT(client_.Read(), HasSubstr(R"("id":"b")"));
  EXPECT_THAT(client_.Read(), HasSubstr(R"("id":"a")"));
  EXPECT_THAT(client_.Read(), HasSubstr(R"("id":"c")"));
}

TEST_F(GreetedClientTest, AnswersLaterOrTwiceOrOddly) {
  EXPECT_THAT(Call("fake.delay", R"({"ms":1})"), HasSubstr(R"("ms":1)"));
  EXPECT_EQ(Call("fake.no_payload", "{}"),
            R"({"type":"res","id":"1","ok":true})");
  EXPECT_EQ(Call("fake.ok_false", "{}"),
            R"({"type":"res","id":"1","ok":false})");
  EXPECT_THAT(Call("fake.error", R"({"code":"X","message":"m",)"
                                 R"("retryable":true,"payload":[1]})"),
              HasSubstr(R"("payload":[1],"error":{"code":"X","message":"m",)"
                        R"("retryable":true})"));
  EXPECT_THAT(Call("fake.duplicate", "{}"), HasSubstr(R"({"answer":1})"));
  EXPECT_THAT(client_.Read(), HasSubstr(R"({"answer":2})"));
  EXPECT_THAT(Call("fake.answer_unknown", "{}"), HasSubstr("never-sent"));
  client_.Read();
  EXPECT_EQ(Call("fake.raw", R"({"text":"\u007bx"})"), "{x");
  client_.Read();
  EXPECT_GT(Call("fake.huge", R"({"bytes":3000000})").size(), 3000000u);
  EXPECT_THAT(Call("fake.exit", "{}"), HasSubstr("not a process of its own"));
}

TEST_F(GreetedClientTest, ClosesAndDropsWhenAsked) {
  SimpleClient second;
  ASSERT_TRUE(second.Connect(gateway_.port(), kToken));

  client_.Send(Request("1", "fake.close", R"({"code":4000,"reason":"r"})"));
  second.Send(Request("1", "fake.drop"));

  EXPECT_EQ(client_.ReadClose(), "4000 r");
  EXPECT_EQ(second.ReadClose(), "1006");
  EXPECT_TRUE(gateway_.WaitForOpenConnections(0));
}

TEST_F(GreetedClientTest, ClosesOnAMessageThatIsTooLong) {
  client_.Send(std::string(26214401, 'x'));

  EXPECT_EQ(client_.ReadClose(), "1009 ");
}

TEST_F(GreetedClientTest, RestartsWithAnotherBootId) {
  const std::string before = gateway_.boot_id();

  gateway_.Restart(milliseconds(1));

  EXPECT_EQ(client_.Read(),
            R"({"type":"event","event":"shutdown","payload":{"reason":)"
            R"("gateway restarting","restartExpectedMs":1500},"seq":1})");
  EXPECT_EQ(client_.ReadClose(), "1012 service restart");
  EXPECT_NE(gateway_.boot_id(), before);
}

TEST_F(GreetedClientTest, TakesNobodyInAfterAShutdown) {
  gateway_.ShutDown();

  EXPECT_EQ(client_.Read(), R"({"type":"event","event":"shutdown",)"
                            R"("payload":{"reason":"gateway stopping"},)"
                            R"("seq":1})");
  EXPECT_EQ(client_.ReadClose(), "1012 service restart");
  EXPECT_THAT(SimpleClient::Get(gateway_.port(), "/readyz"),
              HasSubstr("gateway-draining"));
  SimpleClient late;
  EXPECT_FALSE(late.Open(gateway_.port()));
}

TEST_F(GreetedClientTest, ShowsWhatItHasReceived) {
  client_.Send(Request("1", "fake.ignore"));

  EXPECT_EQ(gateway_.WaitForMethod("fake.ignore"), Request("1", "fake.ignore"));
  EXPECT_FALSE(gateway_.WaitForMethod("never", milliseconds(1)));
  EXPECT_EQ(gateway_.frames().size(), 2u);
  EXPECT_EQ(gateway_.connections(), 1);
}

}  // namespace
}  // namespace clawplane::testing
