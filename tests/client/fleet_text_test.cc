#include "client/clawctl/fleet_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client/clawctl/exit_code.h"
#include "client/clawctl/fleet.h"

namespace clawplane::clawctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NamedOutcome Of(const std::string& name, std::optional<int> code,
                std::vector<std::string> told = {}) {
  NamedOutcome it;
  it.name = name;
  it.outcome.code = code;
  it.outcome.told = std::move(told);
  return it;
}

TEST(SumLine, GroupsTheFailuresByTheirCause) {
  EXPECT_EQ(SumLine({Of("a", kOk)}), "1 ok");
  EXPECT_EQ(SumLine({Of("a", kUnreachable), Of("b", kOk), Of("c", kTimeout),
                     Of("d", kUnreachable), Of("e", std::nullopt)}),
            "1 ok, 1 not tried, 3 failed: a, d (no server answers); c (not "
            "done in time)");
}

TEST(SumLine, CallsWhatCtrlCEndedNoFailure) {
  EXPECT_EQ(SumLine({Of("a", kInterrupted), Of("b", kOk)}),
            "1 ok, 1 interrupted");
}

TEST(SumLine, NamesTheFirstOfManyFailures) {
  Outcomes outcomes;
  for (int i = 0; i < 12; ++i) {
    outcomes.push_back(Of(absl::StrCat("h", i), kFailed));
  }

  EXPECT_EQ(SumLine(outcomes),
            "0 ok, 12 failed: h0, h1, h2, h3, h4, h5, h6, h7, h8, h9 and 2 "
            "more (failed)");
}

TEST(SumCode, IsThatOfAllOrOneOfItsOwn) {
  EXPECT_EQ(SumCode({Of("a", kOk), Of("b", kOk)}), kOk);
  EXPECT_EQ(SumCode({Of("a", kTimeout), Of("b", kTimeout)}), kTimeout);
  EXPECT_EQ(SumCode({Of("a", kOk), Of("b", kTimeout)}), kNotAll);
  EXPECT_EQ(SumCode({Of("a", kFailed), Of("b", kTimeout)}), kNotAll);
  EXPECT_EQ(SumCode({Of("a", kFailed), Of("b", std::nullopt)}), kNotAll);
}

TEST(FailureLines, SaysOnceWhatToDoForAll) {
  EXPECT_THAT(
      FailureLines({Of("a", kUnreachable, {"clawctl: no server", "next: mend"}),
                    Of("b", kOk, {"a note"}),
                    Of("c", kUnreachable, {"clawctl: no server", "next: mend"}),
                    Of("d", kFailed, {"clawctl: refused", "next: ask"})}),
      ElementsAre("a: no server", "c: no server", "d: refused", "next: mend",
                  "next: ask"));
}

TEST(FailureLines, EndsAfterTwentyServers) {
  Outcomes outcomes;
  for (int i = 0; i < 23; ++i) outcomes.push_back(Of("h", kFailed, {"why"}));

  const auto lines = FailureLines(outcomes);

  ASSERT_EQ(lines.size(), 21U);
  EXPECT_EQ(lines.back(), "and 3 more failed");
}

TEST(ResultTable, LeavesOutWhatIsShownAlready) {
  NamedOutcome shown = Of("a", kOk);
  shown.outcome.is_shown = true;

  EXPECT_EQ(ResultTable({shown}), "");
  EXPECT_EQ(ResultTable({shown, Of("b", std::nullopt)}),
            "TARGET  RESULT     TOOK\nb       not tried  -");
}

TEST(StatusTable, KeepsForeignTextOnItsLine) {
  NamedOutcome it = Of("a", kOk);
  it.outcome.status.emplace();
  it.outcome.status->set_name("two\nlines");
  it.outcome.status->mutable_error()->set_message("\x1b[31mred");

  const std::string table = StatusTable({it});

  EXPECT_THAT(table, HasSubstr("two\\x0alines"));
  EXPECT_THAT(table, HasSubstr("\\x1b[31mred [UNSPECIFIED]"));
}

TEST(JsonEnd, WritesNamesAndErrorsAsJson) {
  EXPECT_EQ(JsonEnd(Of("say \"a\"", kFailed, {"clawctl: no\tway", "next: go"})),
            R"({"target":"say \"a\"","exit_code":1,"error":"no\tway",)"
            R"("next_step":"go"})");
  EXPECT_EQ(JsonEnd(Of("b", std::nullopt)),
            R"({"target":"b","error":"not tried"})");
}

TEST(CheckFleet, FollowsAtMost256ServersAtOnce) {
  const Command stream = {.run = nullptr, .form = Form::kStream};

  EXPECT_TRUE(CheckFleet({}, stream, 256).ok());
  EXPECT_FALSE(CheckFleet({}, stream, 257).ok());
  EXPECT_TRUE(CheckFleet({}, {.run = nullptr}, 257).ok());
}

}  // namespace
}  // namespace clawplane::clawctl
