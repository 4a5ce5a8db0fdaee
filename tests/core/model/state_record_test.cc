#include "core/model/state_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;

StateRecord Parsed(std::string_view text) {
  const auto result = ParseStateRecord(text);
  if (const auto* why = std::get_if<std::string>(&result)) {
    ADD_FAILURE() << *why;
    return {};
  }
  return std::get<StateRecord>(result);
}

std::string Problem(std::string_view text) {
  const auto result = ParseStateRecord(text);
  const auto* why = std::get_if<std::string>(&result);
  return why == nullptr ? "" : *why;
}

TEST(StateRecordTest, IsReadAsItWasWritten) {
  for (const bool up : {false, true}) {
    const StateRecord record{.wanted_up = up};
    EXPECT_EQ(Parsed(FormatStateRecord(record)), record);
  }
  EXPECT_EQ(FormatStateRecord({.wanted_up = true}),
            "{\"version\":1,\"wanted\":\"up\"}\n");
}

TEST(StateRecordTest, PassesOverMembersOfLaterReleases) {
  EXPECT_TRUE(Parsed(R"({"later":{"a":[1,{}]},"wanted":"up","version":1,
                         "since":"2027"})")
                  .wanted_up);
}

TEST(StateRecordTest, SaysWhatIsWrong) {
  EXPECT_THAT(Problem(""), HasSubstr("not JSON at byte 0"));
  EXPECT_THAT(Problem(R"({"version":1,"wan)"), HasSubstr("not JSON"));
  EXPECT_THAT(Problem(R"({"version":1,"wanted":"up"} x)"),
              HasSubstr("not JSON at byte 28"));
  EXPECT_THAT(Problem("{\"version\":1,\"wanted\":\"\xff\"}"),
              HasSubstr("not JSON"));
  EXPECT_EQ(Problem("[]"), "it is not a JSON object");
  EXPECT_EQ(Problem(R"({"wanted":"up"})"), "it has no version");
  EXPECT_EQ(Problem(R"({"version":"1","wanted":"up"})"), "it has no version");
  EXPECT_EQ(Problem(R"({"version":2,"wanted":"up"})"),
            "its version is 2, and not 1");
  EXPECT_EQ(Problem(R"({"version":1})"), "it has no \"wanted\"");
  EXPECT_EQ(Problem(R"({"version":1,"wanted":true})"), "it has no \"wanted\"");
  EXPECT_EQ(Problem(R"({"version":1,"wanted":"sideways"})"),
            "its \"wanted\" is neither \"up\" nor \"down\"");
}

TEST(StateRecordTest, SurvivesDeepNesting) {
  const std::string deep(60'000, '[');
  EXPECT_NE(Problem(deep), "");
  EXPECT_TRUE(Parsed(R"({"version":1,"wanted":"up","later":)" +
                     std::string(30'000, '[') + std::string(30'000, ']') + "}")
                  .wanted_up);
}

}  // namespace
}  // namespace clawplane::core
