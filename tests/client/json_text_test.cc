#include "client/clawctl/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace clawplane::clawctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(absl::string_view text) {
  return std::string(CheckJson(text).message());
}

TEST(CheckJson, TakesAnyValue) {
  for (const char* good : {"{}", " [1, 2] ", "null", "-1.5e3", "\"\\u00e9\""}) {
    EXPECT_EQ(ErrorOf(good), "") << good;
  }
}

TEST(CheckJson, SaysWhereItGoesWrong) {
  EXPECT_THAT(ErrorOf("{\"a\": }"), StartsWith("line 1, column 7: "));
  EXPECT_THAT(ErrorOf("{\n \"a\": 1,\n x}"), StartsWith("line 3, column 2: "));
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
}

TEST(CheckJson, RefusesWhatFollowsTheValue) {
  EXPECT_NE(ErrorOf("{} {}"), "");
  EXPECT_THAT(ErrorOf(absl::string_view("{}\0{}", 5)),
              StartsWith("line 1, column 3: "));
}

TEST(CheckJson, RefusesTextThatIsNotUtf8) {
  EXPECT_NE(ErrorOf("\"\xff\""), "");
}

TEST(CheckJson, BearsAnyDepth) {
  constexpr size_t kDepth = 200'000;
  EXPECT_EQ(ErrorOf(std::string(kDepth, '[') + std::string(kDepth, ']')), "");
}

TEST(IndentJson, KeepsNumbersAndTheOrderOfKeys) {
  EXPECT_EQ(*IndentJson(R"({"b":12345678901234567890123,"a":[1.50,true]})"),
            "{\n  \"b\": 12345678901234567890123,\n  \"a\": [\n    1.50,\n"
            "    true\n  ]\n}");
}

}  // namespace
}  // namespace clawplane::clawctl
