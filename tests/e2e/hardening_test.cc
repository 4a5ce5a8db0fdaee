// What the linker wrote into the programs, which makes a flaw in memory harder
// to use. As binutils' readelf tells it, which the compiler brings with it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <array>
#include <string>

namespace clawplane::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class HardeningTest : public ::testing::TestWithParam<const char*> {
 protected:
  // What readelf says with this option.
  static std::string Read(const std::string& option) {
    const std::string command =
        "LC_ALL=C readelf -W " + option + " " + GetParam();
    FILE* const pipe = ::popen(command.c_str(), "r");
    std::string said;
    std::array<char, 4096> part;
    size_t size = 0;
    while (pipe != nullptr &&
           (size = ::fread(part.data(), 1, part.size(), pipe)) > 0) {
      said.append(part.data(), size);
    }
    EXPECT_EQ(pipe == nullptr ? -1 : ::pclose(pipe), 0) << command;
    return said;
  }

  // The line of a table that has this word.
  static std::string LineWith(const std::string& table,
                              const std::string& word) {
    const size_t at = table.find(word);
    if (at == table.npos) return {};
    const size_t begin = table.rfind('\n', at) + 1;
    return table.substr(begin, table.find('\n', at) - begin);
  }
};

TEST_P(HardeningTest, LiesAtAnotherAddressEachTime) {
  EXPECT_THAT(LineWith(Read("-h"), "Type:"), HasSubstr("DYN"));
  EXPECT_THAT(LineWith(Read("-d"), "(FLAGS_1)"), HasSubstr("PIE"));
}

TEST_P(HardeningTest, CannotChangeWhereItsCallsLead) {
  EXPECT_THAT(Read("-l"), HasSubstr("GNU_RELRO"));
  EXPECT_THAT(LineWith(Read("-d"), "(FLAGS_1)"), HasSubstr("NOW"));
}

TEST_P(HardeningTest, RunsNothingOnItsStackAndWatchesOverIt) {
  const std::string stack = LineWith(Read("-l"), "GNU_STACK");
  EXPECT_THAT(stack, ContainsRegex(" RW +0x"));
  EXPECT_THAT(stack, Not(HasSubstr("RWE")));
  EXPECT_THAT(Read("--dyn-syms"), HasSubstr("__stack_chk_fail"));
}

TEST_P(HardeningTest, CallsTheCheckedFunctionsOfTheLibrary) {
  EXPECT_THAT(Read("--dyn-syms"),
              ContainsRegex("__(v?snprintf|mem|read|vfprintf|fprintf)[a-z]*"
                            "_chk"));
}

TEST_P(HardeningTest, LooksForLibrariesWhereTheSystemDoesAlone) {
  const std::string entries = Read("-d");
  EXPECT_THAT(entries, HasSubstr("(NEEDED)"));
  EXPECT_THAT(entries, Not(HasSubstr("(RPATH)")));
  EXPECT_THAT(entries, Not(HasSubstr("(RUNPATH)")));
}

INSTANTIATE_TEST_SUITE_P(Programs, HardeningTest,
                         ::testing::Values(CLAWPLANED_PROGRAM, CLAWCTL_PROGRAM),
                         [](const auto& info) {
                           const std::string path = info.param;
                           return path.substr(path.rfind('/') + 1);
                         });

}  // namespace
}  // namespace clawplane::testing
