#include "client/clawctl/arguments.h"

#include <gtest/gtest.h>

namespace clawplane::clawctl {
namespace {

TEST(ParseTimeout, TakesTheUsualForms) {
  EXPECT_EQ(*ParseTimeout("10s"), absl::Seconds(10));
  EXPECT_EQ(*ParseTimeout("1m30s"), absl::Seconds(90));
  EXPECT_EQ(*ParseTimeout("500ms"), absl::Milliseconds(500));
}

TEST(ParseTimeout, RefusesWhatIsNoTime) {
  for (const char* bad : {"", "10", "0", "0s", "-1s", "inf", "soon", "9000h"}) {
    EXPECT_FALSE(ParseTimeout(bad).ok()) << bad;
  }
}

TEST(ParseGrace, MayBeZero) {
  EXPECT_EQ(*ParseGrace("0s"), absl::ZeroDuration());
  EXPECT_FALSE(ParseGrace("-1s").ok());
}

TEST(ParsePosition, SplitsAtTheLastColon) {
  EXPECT_EQ(ParsePosition("abc:7")->epoch(), "abc");
  EXPECT_EQ(ParsePosition("abc:7")->sequence(), 7u);
  EXPECT_EQ(ParsePosition("a:b:18446744073709551615")->epoch(), "a:b");
  EXPECT_EQ(ParsePosition("a:b:18446744073709551615")->sequence(), UINT64_MAX);
}

TEST(ParsePosition, RefusesOtherText) {
  for (const char* bad : {"", "abc", ":7", "abc:", "abc:-1", "abc:x",
                          "abc:18446744073709551616"}) {
    EXPECT_FALSE(ParsePosition(bad).ok()) << bad;
  }
}

TEST(ParseState, TakesNamesInAnyCase) {
  EXPECT_EQ(*ParseState("running"), v1::GatewayStatus::STATE_RUNNING);
  EXPECT_EQ(*ParseState("Error"), v1::GatewayStatus::STATE_ERROR);
  EXPECT_EQ(*ParseState("STATE_STOPPED"), v1::GatewayStatus::STATE_STOPPED);
  EXPECT_FALSE(ParseState("unspecified").ok());
  EXPECT_FALSE(ParseState("ready").ok());
}

TEST(ParseKind, TakesUnderscoresAndHyphens) {
  EXPECT_EQ(*ParseKind("state-changed"), v1::EVENT_KIND_STATE_CHANGED);
  EXPECT_EQ(*ParseKind("GAP"), v1::EVENT_KIND_GAP);
  EXPECT_EQ(*ParseKind("repair"), v1::EVENT_KIND_REPAIR);
  EXPECT_FALSE(ParseKind("unspecified").ok());
  EXPECT_FALSE(ParseKind("").ok());
}

}  // namespace
}  // namespace clawplane::clawctl
