#include "core/model/state_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "core/model/text.h"

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

constexpr char kWhole[] =
    R"({"version":1,"wanted":"up","epoch":"e1","gateway":{"pid":12,)"
    R"("start_ticks":345,"system_boot_id":"b-1","run":"1-2-3","port":18789,)"
    R"("generation":4,"launched_at_ms":1700000000123}})"
    "\n";

TEST(StateRecordTest, HoldsAGatewayThatMayBeLeft) {
  const StateRecord record{
      .wanted_up = true,
      .epoch = "e1",
      .gateway = LeftGateway{.process = {12, 345, "b-1", "1-2-3"},
                             .port = 18789,
                             .generation = 4,
                             .launched_at = WallTime(std::chrono::milliseconds(
                                 1'700'000'000'123))}};
  EXPECT_EQ(FormatStateRecord(record), kWhole);
  EXPECT_EQ(Parsed(kWhole), record);
  EXPECT_EQ(Parsed(R"({"version":1})"), StateRecord());
}

TEST(StateRecordTest, TakesNoGatewayThatIsIncomplete) {
  const std::string whole = kWhole;
  for (const char* part :
       {R"("pid":12,)", R"("start_ticks":345,)", R"("system_boot_id":"b-1",)",
        R"("run":"1-2-3",)", R"("port":18789,)", R"("generation":4,)"}) {
    std::string less = whole;
    less.erase(less.find(part), std::string(part).size());
    EXPECT_EQ(Problem(less), "its \"gateway\" is incomplete") << part;
  }
  for (const auto& [sound, odd] :
       {std::pair(":12,", ":-12,"), std::pair(":12,", ":4294967296,"),
        std::pair(":12,", ":0,"), std::pair(":12,", ":\"12\","),
        std::pair(":18789,", ":65536,"), std::pair("\"1-2-3\"", "\"\"")}) {
    std::string other = whole;
    other.replace(other.find(sound), std::string(sound).size(), odd);
    EXPECT_EQ(Problem(other), "its \"gateway\" is incomplete") << odd;
  }
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
  for (const char* wanted : {"true", "\"\"", "null"}) {
    EXPECT_EQ(Problem(Concat(R"({"version":1,"wanted":)", wanted, "}")),
              "its \"wanted\" is neither \"up\" nor \"down\"");
  }
  EXPECT_EQ(Problem(R"({"version":1,"epoch":7})"), "its \"epoch\" is no text");
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
