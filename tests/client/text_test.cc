#include "client/clawctl/text.h"

#include <gtest/gtest.h>

#include "client/clawctl/status_text.h"

namespace clawplane::clawctl {
namespace {

TEST(Printable, WritesControlCharactersOut) {
  EXPECT_EQ(Printable("a\x1b[31mb\nc\x7f"), "a\\x1b[31mb\\x0ac\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"), "\\x9b");
  EXPECT_EQ(Printable("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
}

TEST(Cut, CountsCharactersAndNotBytes) {
  EXPECT_EQ(Cut("abcdef", 6), "abcdef");
  EXPECT_EQ(Cut("abcdefg", 6), "abc...");
  EXPECT_EQ(Cut("\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC", 4), "\xC3\xBC...");
  EXPECT_EQ(Cut("", 6), "");
}

TEST(ShowDuration, UsesTheTwoUnitsThatMatter) {
  EXPECT_EQ(ShowDuration(absl::Milliseconds(340)), "0.3 s");
  EXPECT_EQ(ShowDuration(absl::Milliseconds(59'990)), "59.9 s");
  EXPECT_EQ(ShowDuration(absl::Seconds(125)), "2 min 5 s");
  EXPECT_EQ(ShowDuration(absl::Minutes(200)), "3 h 20 min");
  EXPECT_EQ(ShowDuration(absl::Hours(52)), "2 d 4 h");
}

TEST(ToProto, IsUndoneByToAbsl) {
  const absl::Duration duration = absl::Seconds(90) + absl::Milliseconds(250);

  EXPECT_EQ(ToProto(duration).seconds(), 90);
  EXPECT_EQ(ToProto(duration).nanos(), 250'000'000);
  EXPECT_EQ(ToAbsl(ToProto(duration)), duration);
}

TEST(StateName, TellsTheNumberOfALaterState) {
  EXPECT_EQ(StateName(v1::GatewayStatus::STATE_RECONNECTING), "reconnecting");
  EXPECT_EQ(StateName(static_cast<v1::GatewayStatus::State>(9)), "state 9");
}

TEST(ProgressLine, AddsTheTimeSinceTheStatusCame) {
  v1::GatewayStatus status;
  status.set_state(v1::GatewayStatus::STATE_STARTING);
  status.set_phase(v1::GatewayStatus::PHASE_WAITING_FOR_PORT);
  *status.mutable_phase_elapsed() = ToProto(absl::Seconds(3));

  EXPECT_EQ(ProgressLine(status, absl::Milliseconds(200)),
            "starting: waiting for port, 3.2 s");
}

TEST(ShowExit, TellsACodeFromASignal) {
  v1::ProcessExit exit;
  exit.set_pid(12);
  exit.set_exit_code(15);
  exit.set_expected(true);
  EXPECT_EQ(ShowExit(exit), "process 12 exited with code 15");

  exit.set_signal(9);
  exit.set_killed(true);
  exit.set_expected(false);
  EXPECT_EQ(ShowExit(exit),
            "process 12 was ended by signal 9 (killed by the server) "
            "(unexpected)");
}

TEST(WithoutColours, TakesAwayColoursOnly) {
  EXPECT_EQ(WithoutColours("plain"), "plain");
  EXPECT_EQ(WithoutColours("\x1b[1;31mred\x1b[0m and\x1b[m more"),
            "red and more");
  EXPECT_EQ(WithoutColours("\x1b[2Jnot a colour"), "\x1b[2Jnot a colour");
  EXPECT_EQ(WithoutColours("an end \x1b[3"), "an end \x1b[3");
}

TEST(ShowMemory, RoundsDown) {
  EXPECT_EQ(ShowMemory(0), "0 MiB");
  EXPECT_EQ(ShowMemory(2 * 1024 * 1024 - 1), "1 MiB");
}

TEST(Align, PadsAllColumnsButTheLast) {
  EXPECT_EQ(Align({}), "");
  EXPECT_EQ(Align({{"a", "bb", "c"}, {"aaa", "b", ""}}),
            "a    bb  c\naaa  b   ");
}

}  // namespace
}  // namespace clawplane::clawctl
