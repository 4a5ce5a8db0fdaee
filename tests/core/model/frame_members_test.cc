// What is read out of frames, and what is written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <chrono>
#include <string>

#include "core/model/frame.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ParseErrorTest, ReadsAllMembers) {
  const auto error = ParseError(
      R"({"code":"UNAVAILABLE","message":"gateway starting; retry shortly",)"
      R"("retryable":true,"retryAfterMs":500,)"
      R"("details": {"code":"X", "reason":"startup-sidecars"} })");

  EXPECT_EQ(error.code, "UNAVAILABLE");
  EXPECT_EQ(error.message, "gateway starting; retry shortly");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(error.retry_after, milliseconds(500));
  EXPECT_EQ(error.details_json, R"({"code":"X", "reason":"startup-sidecars"})");
  EXPECT_EQ(error.details_code, "X");
}

TEST(ParseErrorTest, ReadsTheExpectedProtocol) {
  EXPECT_EQ(
      ParseError(R"({"details":{"expectedProtocol":3}})").expected_protocol, 3);
  EXPECT_EQ(
      ParseError(R"({"details":{"expectedProtocol":"3"}})").expected_protocol,
      std::nullopt);
}

TEST(ParseErrorTest, LeavesOutWhatIsMissingOrOfAnotherType) {
  for (const char* text :
       {"{}", "[]", "null", "\"no\"", "{", "",
        R"({"code":{},"message":5,"retryable":"yes","retryAfterMs":"1"})"}) {
    const auto error = ParseError(text);

    EXPECT_EQ(error.code, "") << text;
    EXPECT_EQ(error.message, "") << text;
    EXPECT_FALSE(error.retryable) << text;
    EXPECT_EQ(error.retry_after, std::nullopt) << text;
    EXPECT_EQ(error.details_json, "") << text;
  }
}

TEST(ParseErrorTest, KeepsTimesWithinWhatADurationHolds) {
  EXPECT_EQ(ParseError(R"({"retryAfterMs":-5})").retry_after, Duration());
  EXPECT_EQ(ParseError(R"({"retryAfterMs":1.9})").retry_after, milliseconds(1));
  EXPECT_EQ(ParseError(R"({"retryAfterMs":1e300})").retry_after,
            milliseconds(1'000'000'000'000));
}

TEST(ParseErrorTest, ReadsNumericCodes) {
  EXPECT_EQ(ParseError(R"({"code":-32601})").code, "-32601");
}

TEST(ParseErrorTest, LosesNothingToHalfACharacterOrAHugeNumber) {
  const auto error = ParseError(
      R"({"code":"UNAVAILABLE","message":"cut \ud83d","retryAfterMs":1e999,)"
      R"("details":{"code":"X","expectedProtocol":3,"n":-1e999,"s":"\ude00"}})");

  EXPECT_EQ(error.code, "UNAVAILABLE");
  EXPECT_EQ(error.message, "cut \xEF\xBF\xBD");
  EXPECT_EQ(error.retry_after, milliseconds(1'000'000'000'000));
  EXPECT_EQ(error.details_code, "X");
  EXPECT_EQ(error.expected_protocol, 3);
}

TEST(ParseErrorTest, GivesTheDetailsAsTheyStand) {
  EXPECT_EQ(ParseError(R"({"details": [ 1 ,1e308] ,"a":1})").details_json,
            "[ 1 ,1e308]");
  EXPECT_EQ(ParseError(R"({"a":{"details":1}})").details_json, "");
  EXPECT_EQ(ParseError("x").details_json, "");
}

TEST(StringMemberTest, GivesStringsOnly) {
  EXPECT_EQ(StringMember(R"({"status":"acc\u0065pted"})", "status"),
            "accepted");
  EXPECT_EQ(
      StringMember(R"({"x":"\ud83d","y":1e999,"status":"accepted"})", "status"),
      "accepted");
  EXPECT_EQ(StringMember(R"({"status":"a","status":"accepted"})", "status"),
            "accepted");
  for (const char* text :
       {R"({"status":1})", R"({"x":"y"})", "[]", "\"s\"", "null", "x", ""}) {
    EXPECT_EQ(StringMember(text, "status"), "") << text;
  }
}

TEST(RequestTextTest, PutsTheParamsFirst) {
  RequestText text;
  text.BeginParams() += R"({ "a": )";
  EXPECT_EQ(text.params(), R"({ "a": )");

  RequestText whole;
  std::string& params = whole.BeginParams();
  params += R"({ "a": )";
  params += "1e308 }";
  EXPECT_EQ(whole.params(), R"({ "a": 1e308 })");
  EXPECT_EQ(
      std::move(whole).Finish("7", "health", ""),
      R"({"type":"req","params":{ "a": 1e308 },"method":"health","id":"7"})");
}

TEST(RequestTextTest, KnowsNoParamsFromEmptyOnes) {
  RequestText text;
  EXPECT_EQ(text.params(), std::nullopt);

  text.BeginParams();
  EXPECT_EQ(text.params(), "");
  EXPECT_EQ(RequestText(text).params(), "") << "a copy has its own text";
}

TEST(RequestTextTest, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(RequestText().Finish("7", "health", ""),
            R"({"type":"req","method":"health","id":"7"})");
}

TEST(RequestTextTest, EndsWithTheTraceParent) {
  EXPECT_EQ(
      RequestText().Finish("7", "health", "00-1-2-03"),
      R"({"type":"req","method":"health","id":"7","traceparent":"00-1-2-03"})");
}

TEST(SerializeRequestTest, CopiesParamsUnchanged) {
  EXPECT_EQ(
      SerializeRequest("7", "health", R"({ "a": 1e308 })"),
      R"({"type":"req","params":{ "a": 1e308 },"method":"health","id":"7"})");
  EXPECT_EQ(SerializeRequest("7", "health", std::nullopt),
            R"({"type":"req","method":"health","id":"7"})");
  EXPECT_EQ(SerializeRequest("7", "health", "null"),
            R"({"type":"req","params":null,"method":"health","id":"7"})");
}

TEST(SerializeRequestTest, EscapesTheMethod) {
  const std::string method("a\"b\\c\n\0d\xC3\xA9", 10);
  const std::string text = SerializeRequest("7", method, std::nullopt);

  rapidjson::Document read;
  read.Parse(text.data(), text.size());

  ASSERT_TRUE(read.IsObject()) << text;
  EXPECT_EQ(
      std::string(read["method"].GetString(), read["method"].GetStringLength()),
      method);
}

TEST(SerializeConnectTest, SaysWhatGatewaysWantToKnow) {
  const std::string text = SerializeConnect(
      "connect", {"to\"ken", "clawplane mine", "0.1.0", {"a", "b"}},
      Challenge{"nonce", 1795365532351});

  rapidjson::Document read;
  read.Parse(text.data(), text.size());

  ASSERT_TRUE(read.IsObject()) << text;
  EXPECT_STREQ(read["type"].GetString(), "req");
  EXPECT_STREQ(read["id"].GetString(), "connect");
  EXPECT_STREQ(read["method"].GetString(), "connect");
  const auto& params = read["params"];
  EXPECT_EQ(params["minProtocol"].GetInt(), 3);
  EXPECT_EQ(params["maxProtocol"].GetInt(), 4);
  EXPECT_STREQ(params["client"]["id"].GetString(), "gateway-client");
  EXPECT_STREQ(params["client"]["mode"].GetString(), "backend");
  EXPECT_STREQ(params["client"]["displayName"].GetString(), "clawplane mine");
  EXPECT_STREQ(params["client"]["version"].GetString(), "0.1.0");
  EXPECT_STREQ(params["role"].GetString(), "operator");
  EXPECT_STREQ(params["auth"]["token"].GetString(), "to\"ken");
  ASSERT_EQ(params["scopes"].Size(), 2u);
  EXPECT_STREQ(params["scopes"][1].GetString(), "b");
}

// A device whose signature is what it signs.
Device Mirror() {
  return {"id", "key", [](const std::string& text) { return text; }};
}

TEST(SerializeConnectTest, SignsTheChallengeAsVersionTwo) {
  ConnectParams params = {"token", "clawplane", "0.1.0", {"a", "b"}, Mirror()};
  const auto device_of = [](const std::string& text) {
    rapidjson::Document read;
    read.Parse(text.data(), text.size());
    EXPECT_TRUE(read["params"].HasMember("device")) << text;
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    read["params"]["device"].Accept(writer);
    return std::string(buffer.GetString());
  };

  EXPECT_EQ(
      device_of(SerializeConnect("1", params, Challenge{"n", 1795365532351})),
      R"({"id":"id","publicKey":"key","signature":"v2|id|gateway-client|)"
      R"(backend|operator|a,b|1795365532351|token|n","signedAt":)"
      R"(1795365532351,"nonce":"n"})");

  params.device_token = "of-the-device";
  const std::string text = SerializeConnect("1", params, Challenge{"n", 1});
  EXPECT_THAT(device_of(text), HasSubstr("|1|of-the-device|n\""));
  EXPECT_THAT(text, HasSubstr(R"("auth":{"token":"of-the-device"})"));
}

TEST(SerializeConnectTest, NamesNoDeviceWithoutAChallenge) {
  const std::string text = SerializeConnect(
      "1", {"token", "clawplane", "0.1.0", {}, Mirror()}, std::nullopt);

  EXPECT_EQ(text.find("device"), text.npos) << text;
}

TEST(ParseChallengeTest, WantsANonceAndATime) {
  const auto challenge =
      ParseChallenge(R"({"nonce":"3a75","ts":1795365532351,"more":[]})");
  ASSERT_TRUE(challenge.has_value());
  EXPECT_EQ(challenge->nonce, "3a75");
  EXPECT_EQ(challenge->at, 1795365532351);
  for (const char* text :
       {"", "[]", "{}", R"({"nonce":"n"})", R"({"ts":1})",
        R"({"nonce":"","ts":1})", R"({"nonce":"n","ts":"1"})"}) {
    EXPECT_FALSE(ParseChallenge(text).has_value()) << text;
  }
}

TEST(DeviceTokenInTest, IsInTheAuth) {
  EXPECT_EQ(DeviceTokenIn(R"({"auth":{"deviceToken":"t"}})"), "t");
  EXPECT_EQ(DeviceTokenIn(R"({"auth":{}})"), "");
  EXPECT_EQ(DeviceTokenIn(R"({"deviceToken":"t"})"), "");
}

TEST(ParseHelloTest, ReadsAllMembers) {
  const auto hello = ParseHello(
      R"({"type":"hello-ok","protocol":4,"server":{"version":"2026.9.6",)"
      R"("bootId":"b","connId":"c"},"features":{"methods":["m",5,"n"],)"
      R"("events":["e"]},"auth":{"scopes":["operator.read"]},)"
      R"("policy":{"maxPayload":26214400,"tickIntervalMs":30000},"new":[]})");

  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, "2026.9.6");
  EXPECT_EQ(hello->protocol, 4u);
  EXPECT_EQ(hello->boot_id, "b");
  EXPECT_EQ(hello->connection_id, "c");
  EXPECT_THAT(hello->methods, ElementsAre("m", "n"));
  EXPECT_THAT(hello->events, ElementsAre("e"));
  EXPECT_THAT(hello->scopes, ElementsAre("operator.read"));
  EXPECT_EQ(hello->max_payload_bytes, 26'214'400u);
  EXPECT_EQ(hello->tick_interval, seconds(30));
}

TEST(ParseHelloTest, LosesNothingToHalfACharacterOrAHugeNumber) {
  const auto hello = ParseHello(
      R"({"type":"hello-ok","protocol":4,"server":{"version":"v","x":"\ud83d"},)"
      R"("features":{"methods":["m\ud83d",1e999,"n"]},"snapshot":1e999,)"
      R"("policy":{"maxPayload":1e999,"tickIntervalMs":5}})");

  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, "v");
  EXPECT_THAT(hello->methods, ElementsAre("m\xEF\xBF\xBD", "n"));
  EXPECT_EQ(hello->max_payload_bytes, 0u);
  EXPECT_EQ(hello->tick_interval, milliseconds(5));
}

TEST(ParseHelloTest, NeedsNoMoreThanTypeAndProtocol) {
  for (const char* text :
       {R"({"type":"hello-ok","protocol":3})",
        R"({"type":"hello-ok","protocol":3,"server":5,"features":[],)"
        R"("auth":null,"policy":{"maxPayload":-1,"tickIntervalMs":"x"}})"}) {
    const auto hello = ParseHello(text);

    ASSERT_TRUE(hello) << text;
    EXPECT_EQ(hello->version, "");
    EXPECT_THAT(hello->methods, IsEmpty());
    EXPECT_EQ(hello->max_payload_bytes, 0u);
    EXPECT_EQ(hello->tick_interval, Duration());
  }
}

TEST(ParseHelloTest, RefusesAnythingElse) {
  for (const char* text :
       {"", "{}", "[]", "null", R"({"type":"hello-ok"})", R"({"protocol":4})",
        R"({"type":"hello","protocol":4})",
        R"({"type":"hello-ok","protocol":"4"})",
        R"({"type":"hello-ok","protocol":-4})",
        R"({"type":"hello-ok","protocol":4)"}) {
    EXPECT_EQ(ParseHello(text), std::nullopt) << text;
  }
}

TEST(FaultInParamsTest, AcceptsObjectsArraysAndNull) {
  for (const char* json :
       {"{}", "[]", "null", " \n{\"a\":12345678901234567890}", "[1e308]\t",
        R"({"a":"\u00e9"})", "[1e309]", R"(["\ud83d"])"}) {
    EXPECT_EQ(FaultInParams(json), std::nullopt) << json;
  }
}

TEST(FaultInParamsTest, RefusesScalars) {
  for (const char* json : {"1", "-1", "\"{}\"", "true", " false"}) {
    const auto fault = FaultInParams(json);

    ASSERT_TRUE(fault) << json;
    EXPECT_THAT(*fault, HasSubstr("is a scalar"));
  }
}

TEST(FaultInParamsTest, RefusesWhatIsNotJson) {
  using namespace std::string_literals;
  for (const std::string& json :
       {""s, " "s, "{"s, "{}}"s, "{},{}"s, "nul"s, "{a:1}"s, "[1,]"s,
        "[\"\xFF\"]"s, "\xEF\xBB\xBF{}"s, "{}\0"s, "{}\0{}"s, "\0"s,
        "{}, \"x\":1"s}) {
    const auto fault = FaultInParams(json);

    ASSERT_TRUE(fault) << json;
    EXPECT_THAT(*fault, StartsWith("params_json is not JSON: "));
  }
}

TEST(FaultInParamsTest, SaysWhereTheFaultIs) {
  EXPECT_EQ(FaultInParams(R"({"sessionKey" "main"})"),
            "params_json is not JSON: expected ':' after a key (at byte 14)");
}

// As gateways from 2026.1 to 2026.9 end and restart.
TEST(AnnouncesRestartTest, TellsARestartFromAnEnd) {
  EXPECT_TRUE(AnnouncesRestart(
      R"({"reason":"gateway restarting","restartExpectedMs":1500})"));
  EXPECT_FALSE(AnnouncesRestart(
      R"({"reason":"gateway stopping","restartExpectedMs":null})"));
  EXPECT_FALSE(AnnouncesRestart(R"({"reason":"gateway stopping"})"));
  EXPECT_FALSE(AnnouncesRestart("[1500]"));
  EXPECT_FALSE(AnnouncesRestart("not JSON"));
}

}  // namespace
}  // namespace clawplane::core
