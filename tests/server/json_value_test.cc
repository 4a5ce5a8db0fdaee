#include "server/json_value.h"

#include <gmock/gmock.h>
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
                                           "-9007199254740991", "1e300"));

TEST(JsonValueTest, WritesWholeNumbersBelow2To53AsIntegers) {
  EXPECT_EQ(RoundTrip("4503599627370496.0"), "4503599627370496");
  EXPECT_EQ(RoundTrip("1e3"), "1000");
}

TEST(JsonValueTest, LosesPrecisionBeyond2To53) {
  Value value;
  ASSERT_EQ(JsonToValue("9007199254740993", value), std::nullopt);
  EXPECT_EQ(value.number_value(), 9007199254740992.0);
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
