#include "server/json_value.h"

#include <gmock/gmock.h>
#include <google/protobuf/arena.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "clawplane/v1/gateway.pb.h"

namespace clawplane::server {
namespace {

using ::google::protobuf::Value;
using ::testing::HasSubstr;
using ::testing::Optional;

std::string Repeat(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

// What becomes of JSON on its way through a value and back.
std::string RoundTrip(const std::string& json) {
  Value value;
  const auto read = JsonToValue(json, value);
  if (read) return "not read: " + *read;
  std::string text;
  const auto written = ValueToJson(value, text);
  return written ? "not written: " + *written : text;
}

Value NestedList(int depth) {
  Value value;
  value.mutable_list_value();
  for (int i = 1; i < depth; ++i) {
    Value outer;
    *outer.mutable_list_value()->add_values() = value;
    value = outer;
  }
  return value;
}

class JsonValueRoundTripTest : public ::testing::TestWithParam<const char*> {};

TEST_P(JsonValueRoundTripTest, GivesTheSameTextBack) {
  EXPECT_EQ(RoundTrip(GetParam()), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Values, JsonValueRoundTripTest,
                         ::testing::Values("null", "true", "false", "0", "-1",
                                           "1.5", "\"\"", "\"a\\\"b\\\\c\\n\"",
                                           "\"\xE2\x82\xAC\"", "{}", "[]",
                                           R"({"a":[1,{"b":null}]})",
                                           "[[],[[]],{}]", "9007199254740991",
                                           "-9007199254740991", "1e+300", "0.1",
                                           "1005.2787219999991", "-1.5e-07",
                                           "\"\\u0001\\u001f\x7f\\t\""));

TEST(JsonValueTest, WritesWholeNumbersBelow2To53AsIntegers) {
  EXPECT_EQ(RoundTrip("4503599627370496.0"), "4503599627370496");
  EXPECT_EQ(RoundTrip("1e3"), "1000");
}

TEST(JsonValueTest, LosesPrecisionBeyond2To53) {
  Value value;
  ASSERT_EQ(JsonToValue("9007199254740993", value), std::nullopt);
  EXPECT_EQ(value.number_value(), 9007199254740992.0);
}

TEST(JsonValueTest, TakesNumbersOfAnyLengthForTheNearestDouble) {
  Value value;
  const std::string digits = "123456789012345678901234567890";
  ASSERT_EQ(JsonToValue(digits + digits + ".5e-30", value), std::nullopt);
  EXPECT_EQ(value.number_value(), 123456789012345678901234567890.0);
  EXPECT_EQ(RoundTrip("1e-999"), "0");
  EXPECT_EQ(RoundTrip("0e999"), "0");
  EXPECT_EQ(RoundTrip("1.7976931348623157e308"), "1.7976931348623157e+308");
}

TEST(JsonValueTest, RefusesNumbersBeyondADouble) {
  for (const std::string& json :
       {std::string(R"({"a":[1e309]})"), std::string("[-1.8e308]"),
        std::string(400, '9')}) {
    Value value;
    EXPECT_THAT(JsonToValue(json, value),
                Optional(HasSubstr("beyond the range of a double")))
        << json;
  }
  Value value;
  EXPECT_EQ(JsonToValue("[1,1e309]", value),
            "a number is beyond the range of a double (at byte 3); JSON text "
            "would carry it");
}

TEST(JsonValueTest, ReplacesHalvesOfCharacters) {
  EXPECT_EQ(RoundTrip(R"("a\ud83dz")"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(RoundTrip(R"("\ude00\ud83d")"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(RoundTrip(R"({"\ud83d":1})"), "{\"\xEF\xBF\xBD\":1}");
  EXPECT_EQ(RoundTrip(R"("\ud83d\ude00")"), "\"\xF0\x9F\x98\x80\"");

  // Protobuf parses no string that is not UTF-8.
  Value value;
  ASSERT_EQ(JsonToValue(R"({"\ude00":"\ude00"})", value), std::nullopt);
  Value received;
  EXPECT_TRUE(received.ParseFromString(value.SerializeAsString()));
}

TEST(JsonValueTest, ReadsEscapes) {
  Value value;
  ASSERT_EQ(JsonToValue(R"({"\u0061\n":"\"\\\/\b\f\r\t\u20ac\u0000"})", value),
            std::nullopt);
  EXPECT_EQ(value.struct_value().fields().at("a\n").string_value(),
            std::string("\"\\/\b\f\r\t\xE2\x82\xAC\0", 11));
}

TEST(JsonValueTest, ReadsOntoAnArena) {
  google::protobuf::Arena arena;
  auto* const value = google::protobuf::Arena::CreateMessage<Value>(&arena);
  const std::string json =
      R"({"a":[1,"long enough to need memory of its own",{}],)"
      R"("a":{"b":[null,"\u00e9"]},"c":"d"})";
  ASSERT_EQ(JsonToValue(json, *value), std::nullopt);

  const auto& fields = value->struct_value().fields();
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields.at("c").string_value(), "d");
  const auto& list = fields.at("a").struct_value().fields().at("b");
  EXPECT_EQ(list.GetArena(), &arena);
  EXPECT_EQ(list.list_value().values(1).string_value(), "\xC3\xA9");
}

TEST(JsonValueTest, AppendsToWhatIsThere) {
  Value value;
  ASSERT_EQ(JsonToValue("[1]", value), std::nullopt);
  std::string json = R"({"params":)";
  EXPECT_EQ(ValueToJson(value, json), std::nullopt);
  EXPECT_EQ(json, R"({"params":[1])");
}

TEST(JsonValueTest, WritesStringsOfAnySizeAndContent) {
  for (const size_t size : {0u, 1u, 7u, 8u, 9u, 1023u, 1024u, 1025u, 5000u}) {
    for (const std::string part : {"a", "\"", "\\", "\x01", "\n", "\xC3\xA9"}) {
      for (const size_t at : {size_t{0}, size / 2, size}) {
        Value value;
        value.set_string_value(std::string(at, 'x') + part +
                               std::string(size - at, 'y'));
        std::string json;
        ASSERT_EQ(ValueToJson(value, json), std::nullopt);
        Value again;
        ASSERT_EQ(JsonToValue(json, again), std::nullopt) << json;
        ASSERT_EQ(again.string_value(), value.string_value());
      }
    }
  }
  std::string controls;
  for (int i = 0; i < 3000; ++i) controls += static_cast<char>(i % 32);
  Value value;
  value.set_string_value(controls);
  std::string json;
  ASSERT_EQ(ValueToJson(value, json), std::nullopt);
  Value again;
  ASSERT_EQ(JsonToValue(json, again), std::nullopt);
  EXPECT_EQ(again.string_value(), controls);
}

TEST(JsonValueTest, TakesIntegersOf64Bits) {
  Value value;
  ASSERT_EQ(JsonToValue("18446744073709551615", value), std::nullopt);
  EXPECT_EQ(value.number_value(), 18446744073709551615.0);
}

TEST(JsonValueTest, CountsTheLastOfARepeatedKey) {
  EXPECT_EQ(RoundTrip(R"({"a":[1,2],"a":{"b":1},"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(RoundTrip(R"({"a":[1],"a":[2]})"), R"({"a":[2]})");
}

TEST(JsonValueTest, ReadsToItsDepthAndNoDeeper) {
  Value value;
  const std::string deepest =
      Repeat("[", kMaxValueDepth) + "1" + Repeat("]", kMaxValueDepth);
  EXPECT_EQ(JsonToValue(deepest, value), std::nullopt);
  Value other;
  EXPECT_THAT(JsonToValue("[" + deepest + "]", other),
              Optional(HasSubstr("nested")));
}

TEST(JsonValueTest, ReadsEmptyContainersToTheSameDepth) {
  Value value;
  const std::string deepest =
      Repeat("[", kMaxValueDepth) + Repeat("]", kMaxValueDepth);
  EXPECT_EQ(JsonToValue(deepest, value), std::nullopt);
  Value other;
  EXPECT_THAT(JsonToValue("[" + deepest + "]", other),
              Optional(HasSubstr("nested")));
}

TEST(JsonValueTest, WritesToTheSameDepthAndNoDeeper) {
  std::string json;
  EXPECT_EQ(ValueToJson(NestedList(kMaxValueDepth), json), std::nullopt);
  EXPECT_EQ(json, Repeat("[", kMaxValueDepth) + Repeat("]", kMaxValueDepth));
  EXPECT_THAT(ValueToJson(NestedList(kMaxValueDepth + 1), json),
              Optional(HasSubstr("nested")));
}

// Protobuf parses at most 100 messages inside each other, and an object is
// three of them: a deeper value would kill the stream at the client.
TEST(JsonValueTest, ReadsNothingThatAClientCannotParse) {
  v1::StreamEventsResponse sent;
  const std::string deepest =
      Repeat(R"({"a":)", kMaxValueDepth) + "1" + Repeat("}", kMaxValueDepth);
  ASSERT_EQ(JsonToValue(deepest, *sent.add_events()
                                      ->mutable_notification()
                                      ->mutable_payload()
                                      ->mutable_value()),
            std::nullopt);
  v1::StreamEventsResponse received;
  EXPECT_TRUE(received.ParseFromString(sent.SerializeAsString()));
}

TEST(JsonValueTest, DoesNotRecurseOnHostileNesting) {
  Value value;
  EXPECT_THAT(JsonToValue(Repeat("[", 1'000'000), value),
              Optional(HasSubstr("nested")));
}

TEST(JsonValueTest, RefusesWhatIsNotUtf8) {
  Value value;
  EXPECT_NE(JsonToValue("\"\xFF\xFE\"", value), std::nullopt);
  EXPECT_NE(JsonToValue("\"\xC0\x80\"", value), std::nullopt);
}

class NotJsonTest : public ::testing::TestWithParam<const char*> {};

TEST_P(NotJsonTest, IsRefusedWithItsPlace) {
  Value value;
  EXPECT_THAT(JsonToValue(GetParam(), value), Optional(HasSubstr("at byte")));
}

INSTANTIATE_TEST_SUITE_P(Texts, NotJsonTest,
                         ::testing::Values("", " ", "{", "[1,]", "{a:1}", "nul",
                                           "1 2", "'a'", "[1]]", "\"a", "01",
                                           "NaN", "1e999"));

TEST(JsonValueTest, RefusesNumbersThatAreNotFinite) {
  std::string json;
  for (const double number :
       {std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), std::nan("")}) {
    Value value;
    value.mutable_list_value()->add_values()->set_number_value(number);
    EXPECT_THAT(ValueToJson(value, json), Optional(HasSubstr("not finite")));
  }
}

TEST(JsonValueTest, RefusesAValueWithoutAKind) {
  std::string json;
  EXPECT_THAT(ValueToJson(Value(), json), Optional(HasSubstr("no kind")));
  Value value;
  (*value.mutable_struct_value()->mutable_fields())["a"];
  EXPECT_THAT(ValueToJson(value, json), Optional(HasSubstr("no kind")));
}

}  // namespace
}  // namespace clawplane::server
