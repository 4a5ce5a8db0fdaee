#include "core/model/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <fstream>
#include <string>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ResponseFrame Response(std::string_view text) {
  const Frame frame = ParseFrame(text);
  const auto* response = std::get_if<ResponseFrame>(&frame);
  EXPECT_NE(response, nullptr) << text;
  return response ? *response : ResponseFrame();
}

EventFrame Event(std::string_view text) {
  const Frame frame = ParseFrame(text);
  const auto* event = std::get_if<EventFrame>(&frame);
  EXPECT_NE(event, nullptr) << text;
  return event ? *event : EventFrame();
}

// The cause; empty if the frame is recognised.
std::string WhyNot(std::string_view text) {
  const Frame frame = ParseFrame(text);
  const auto* other = std::get_if<UnrecognizedFrame>(&frame);
  return other ? other->why : "";
}

TEST(ParseFrameTest, ReadsAResponse) {
  const std::string text =
      R"({"type":"res","id":"17","ok":true,"payload":{"a":[1,{"b":2}]}})";

  const ResponseFrame response = Response(text);

  EXPECT_EQ(response.id, "17");
  EXPECT_TRUE(response.ok);
  EXPECT_EQ(response.payload, R"({"a":[1,{"b":2}]})");
  EXPECT_EQ(response.error, std::nullopt);
}

TEST(ParseFrameTest, ReadsAnEvent) {
  const EventFrame event =
      Event(R"({"type":"event","event":"tick","payload":{"ts":1},"seq":22})");

  EXPECT_EQ(event.event, "tick");
  EXPECT_EQ(event.payload, R"({"ts":1})");
  EXPECT_EQ(event.seq, 22u);
}

TEST(ParseFrameTest, GivesPayloadsByteForByte) {
  for (const std::string payload :
       {R"({})", R"([])", R"("")", R"("a\"b\\\u00e9\n")", "null", "true",
        "false", "0", "-0.0e+5", "12345678901234567890123", "1e308",
        "0.1234567890123456789", "-1E-999", R"([ 1 , 2 ])",
        "{ \"a\" :\t[ {} , [ ] ] }",
        R"({"payload":{"type":"event","id":1},"id":"x"})",
        "\"\xC3\xA9\xF0\x9F\x98\x80\"", R"({"b":1,"a":2,"b":3})"}) {
    for (const char* format :
         {R"({"type":"res","id":"1","ok":true,"payload":%})",
          R"({"payload":%,"type":"res","id":"1","ok":true})",
          "{ \"payload\" :\r\n % \t, \"type\" : \"res\" , \"id\":\"1\" }"}) {
      std::string text = format;
      text.replace(text.find('%'), 1, payload);

      EXPECT_EQ(Response(text).payload, payload) << text;
    }
  }
}

TEST(ParseFrameTest, PointsIntoTheTextItWasGiven) {
  const std::string text = R"({"type":"event","event":"e","payload":[1]})";

  const EventFrame event = Event(text);

  EXPECT_EQ(event.payload->data(), text.data() + text.find("[1]"));
}

TEST(ParseFrameTest, DecodesNamesAndIds) {
  EXPECT_EQ(Event(R"({"type":"event","event":"a\u0062\n\"c"})").event,
            "ab\n\"c");
  EXPECT_EQ(Response(R"({"\u0074ype":"res","id":"\u0031"})").id, "1");
}

TEST(ParseFrameTest, AcceptsSpaceAround) {
  EXPECT_EQ(Event(" \r\n\t{\"type\":\"event\",\"event\":\"e\"}\n ").event, "e");
}

TEST(ParseFrameTest, TellsNullFromAbsent) {
  EXPECT_EQ(Response(R"({"type":"res","id":"1","ok":true})").payload,
            std::nullopt);
  EXPECT_EQ(
      Response(R"({"type":"res","id":"1","ok":true,"payload":null})").payload,
      "null");
}

TEST(ParseFrameTest, TakesAnErrorForAFailureWhateverOkSays) {
  const auto both =
      Response(R"({"type":"res","id":"1","ok":true,"error":{"code":"X"}})");
  EXPECT_FALSE(both.ok);
  EXPECT_EQ(both.error, R"({"code":"X"})");
  EXPECT_TRUE(Response(R"({"type":"res","id":"1","ok":true,"error":null})").ok);
  EXPECT_FALSE(Response(R"({"type":"res","id":"1","ok":false})").ok);
  EXPECT_FALSE(Response(R"({"type":"res","id":"1"})").ok);
  EXPECT_FALSE(Response(R"({"type":"res","id":"1","ok":"true"})").ok);
}

TEST(ParseFrameTest, ReadsNumericIds) {
  EXPECT_EQ(Response(R"({"type":"res","id":7,"ok":true})").id, "7");
  EXPECT_EQ(Response(R"({"type":"res","id":-1.5e3,"ok":true})").id, "-1.5e3");
}

TEST(ParseFrameTest, TakesTheLastOfRepeatedMembers) {
  const auto response = Response(
      R"({"id":"1","payload":1,"ok":true,"type":"event","type":"res","id":2,)"
      R"("payload":[2],"ok":1})");
  EXPECT_EQ(response.id, "2");
  EXPECT_EQ(response.payload, "[2]");
  EXPECT_FALSE(response.ok) << "the last one is no boolean";

  EXPECT_NE(WhyNot(R"({"type":"res","id":"1","type":5})"), "")
      << "the last one is no string";
  EXPECT_NE(WhyNot(R"({"jsonrpc":"2.0","method":"m","jsonrpc":2})"), "");
}

TEST(ParseFrameTest, IgnoresUnknownAndNestedMembers) {
  const auto event = Event(
      R"({"x":{"type":"res","id":"9"},"type":"event","y":[{"event":"z"}],)"
      R"("event":"e","stateVersion":{"seq":1}})");

  EXPECT_EQ(event.event, "e");
  EXPECT_EQ(event.seq, std::nullopt);
}

TEST(ParseFrameTest, ReadsOnlyWholeNumbersAsSequences) {
  const auto seq = [](std::string_view json) {
    return Event(Concat(R"({"type":"event","event":"e","seq":)", json, "}"))
        .seq;
  };
  EXPECT_EQ(seq("0"), 0u);
  EXPECT_EQ(seq("18446744073709551615"), UINT64_MAX);
  for (const char* other :
       {"18446744073709551616", "-1", "1.0", "1e2", "\"1\"", "null", "[1]"}) {
    EXPECT_EQ(seq(other), std::nullopt) << other;
  }
}

TEST(ParseFrameTest, ReadsJsonRpc) {
  const Frame frame =
      ParseFrame(R"({"jsonrpc":"2.0","method":"m.n","params":[1]})");
  const auto& note = std::get<NotificationFrame>(frame);
  EXPECT_EQ(note.method, "m.n");
  EXPECT_EQ(note.params, "[1]");

  const auto answer = Response(R"({"jsonrpc":"2.0","id":3,"result":{"a":1}})");
  EXPECT_EQ(answer.id, "3");
  EXPECT_TRUE(answer.ok);
  EXPECT_EQ(answer.payload, R"({"a":1})");

  const auto refusal = Response(
      R"({"jsonrpc":"2.0","id":"3","error":{"code":-32601,"message":"no"}})");
  EXPECT_FALSE(refusal.ok);
  EXPECT_EQ(ParseError(*refusal.error).code, "-32601");

  EXPECT_THAT(WhyNot(R"({"jsonrpc":"2.0","id":1,"method":"m"})"),
              HasSubstr("request"));
  EXPECT_THAT(WhyNot(R"({"jsonrpc":"2.0","result":1})"),
              HasSubstr("without method and id"));
}

TEST(ParseFrameTest, SaysWhyAFrameIsNotRecognised) {
  EXPECT_EQ(WhyNot("[]"), "not a JSON object");
  EXPECT_EQ(WhyNot(R"(["type","res","id","1"])"), "not a JSON object");
  EXPECT_EQ(WhyNot("\"res\""), "not a JSON object");
  EXPECT_EQ(WhyNot("{}"), "a JSON object that is no frame");
  EXPECT_EQ(WhyNot(R"({"type":"req","id":"1"})"),
            "a frame of the unknown type \"req\"");
  EXPECT_EQ(WhyNot(R"({"type":"res","ok":true})"), "a response without an id");
  EXPECT_EQ(WhyNot(R"({"type":"event"})"), "an event without a name");
  EXPECT_EQ(WhyNot(R"({"type":"event","event":""})"),
            "an event without a name");
  EXPECT_EQ(WhyNot(R"({"type":"event","event":5})"), "an event without a name");
  EXPECT_LT(WhyNot(R"({"type":")" + std::string(5000, 'x') + "\"}").size(),
            100u);
}

TEST(ParseFrameTest, RefusesWhatIsNotJson) {
  using namespace std::string_literals;
  for (const std::string& text :
       {""s, " "s, "hello"s, "{"s, "{}{}"s, "{},"s, "{'a':1}"s, "{\"a\":01}"s,
        "{\"a\":1,}"s, "{\"a\":NaN}"s, "{\"a\":\"\n\"}"s, "{\"a\":\"\\x\"}"s,
        "\xEF\xBB\xBF{}"s, "{}\0"s, "{\"a\":1\0}"s, "{\"a\":\"\0\"}"s,
        "{}\0{}"s, "// c\n{}"s}) {
    EXPECT_THAT(WhyNot(text), StartsWith("not JSON: ")) << text;
  }
}

TEST(ParseFrameTest, RefusesWhatIsNotUtf8) {
  for (const char* bytes : {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80",
                            "\xF5\x80\x80\x80", "\xE2\x82", "\x80"}) {
    for (const char* member : {"type", "payload", "other"}) {
      EXPECT_THAT(WhyNot(Concat(R"({"type":"event","event":"e",")", member,
                                "\":\"", bytes, "\"}")),
                  StartsWith("not JSON: "));
    }
  }
}

TEST(ParseFrameTest, TakesHalvesOfCharactersAndNumbersOfAnySize) {
  const auto event =
      Event(R"({"type":"event","event":"e\ud83d","payload":["\ud83d",1e309]})");
  EXPECT_EQ(event.event, "e\xEF\xBF\xBD");
  EXPECT_EQ(event.payload, R"(["\ud83d",1e309])");
  EXPECT_EQ(Response(R"({"type":"res","id":"\ude00","ok":true})").id,
            "\xEF\xBF\xBD");
  EXPECT_EQ(
      ResponseIdFromHead(R"({"type":"res","x":"\ud83d","id":"5","payload":[1)"),
      "5");
}

TEST(ParseFrameTest, SurvivesDeepNesting) {
  constexpr size_t kDepth = 100'000;
  for (const auto& [open, close] :
       {std::pair<std::string, char>{"[", ']'}, {"{\"a\":", '}'}}) {
    std::string payload;
    for (size_t i = 0; i < kDepth; ++i) payload += open;
    payload += "1";
    payload.append(kDepth, close);
    const std::string text =
        Concat(R"({"type":"res","id":"1","ok":true,"payload":)", payload, "}");

    EXPECT_EQ(Response(text).payload, payload);
    EXPECT_EQ(StringMember(payload, "status"), "");
    EXPECT_EQ(ParseHello(payload), std::nullopt);
    EXPECT_EQ(ParseError(payload).code, "");
    EXPECT_EQ(FaultInParams(payload), std::nullopt);
    EXPECT_THAT(WhyNot(text.substr(0, text.size() - kDepth)),
                StartsWith("not JSON: "));
  }
}

// A text without any space must not be searched to its end for each key: that
// would take minutes here, and run into the time limit.
TEST(ParseFrameTest, TakesTimeInProportionToTheText) {
  std::string text = R"({"type":"event","event":"e")";
  for (int i = 0; i < 200'000; ++i) text += R"(,"k":1)";
  text += "}";

  EXPECT_EQ(Event(text).event, "e");
}

TEST(ParseFrameTest, ReadsEveryRecordedFrame) {
  std::ifstream file(TEST_DATA "/frames-2026.9.6.jsonl");
  int responses = 0;
  int events = 0;
  for (std::string line; std::getline(file, line);) {
    // The recorder's own line holds the frame as a member, named as a payload
    // is here.
    const size_t at = line.find(R"("frame":)");
    if (at == line.npos) continue;
    const std::string text = line.substr(at + 8, line.size() - at - 9);
    rapidjson::Document whole;
    whole.Parse(text.data(), text.size());
    ASSERT_TRUE(whole.IsObject()) << text;
    const Frame frame = ParseFrame(text);

    if (line.find(R"("dir":"client")") != line.npos) {
      EXPECT_THAT(WhyNot(text), HasSubstr("\"req\""));
      continue;
    }
    std::optional<JsonView> payload;
    if (const auto* response = std::get_if<ResponseFrame>(&frame)) {
      ++responses;
      payload = response->payload;
      EXPECT_EQ(response->ok, whole["ok"].GetBool());
      EXPECT_EQ(response->error.has_value(), whole.HasMember("error"));
      if (whole["id"].IsString()) {
        EXPECT_EQ(response->id, whole["id"].GetString());
      }
      EXPECT_EQ(ResponseIdFromHead(text), response->id);
    } else if (const auto* event = std::get_if<EventFrame>(&frame)) {
      ++events;
      payload = event->payload;
      EXPECT_EQ(event->event, whole["event"].GetString());
      EXPECT_EQ(event->seq.has_value(), whole.HasMember("seq"));
    } else {
      ADD_FAILURE() << WhyNot(text) << ": " << text;
    }
    ASSERT_EQ(payload.has_value(), whole.HasMember("payload"));
    if (!payload) continue;
    rapidjson::Document part;
    part.Parse(payload->data(), payload->size());
    EXPECT_EQ(part, whole["payload"]) << text;
  }
  EXPECT_EQ(responses + events, 54);
  EXPECT_GT(responses, 25);
}

TEST(ResponseIdFromHeadTest, SeesTheIdAsSoonAsItIsWhole) {
  const std::string text =
      R"({"type":"res","id":"123","ok":true,"payload":{"id":"9","x":[1,2]}})";
  const size_t end = text.find("\"123\"") + 5;

  for (size_t size = 0; size <= text.size(); ++size) {
    const auto id = ResponseIdFromHead(std::string_view(text).substr(0, size));

    EXPECT_EQ(id, size < end ? std::nullopt : std::optional<std::string>("123"))
        << size;
  }
}

TEST(ResponseIdFromHeadTest, NeverTakesHalfANumberForAnId) {
  for (const std::string text :
       {R"({"type":"res","id":123,"ok":true,"payload":1})",
        R"({"jsonrpc":"2.0","id": 123 ,"result":[1]})",
        R"({"id":123,"payload":{"a":"b"},"type":"res"})"}) {
    for (size_t size = 0; size <= text.size(); ++size) {
      const auto id =
          ResponseIdFromHead(std::string_view(text).substr(0, size));

      EXPECT_EQ(id.value_or("123"), "123") << text.substr(0, size);
    }
    EXPECT_EQ(ResponseIdFromHead(text), "123");
  }
}

TEST(ResponseIdFromHeadTest, SeesNoneInOtherFrames) {
  for (const char* text :
       {R"({"type":"event","event":"e","id":"1","payload":)",
        R"({"payload":{"type":"res","id":"1"},"x":)", R"([{"type":"res")", "x",
        R"({"type":"res","payload":)", "\xFF"}) {
    EXPECT_EQ(ResponseIdFromHead(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace clawplane::core
