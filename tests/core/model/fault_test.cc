#include "core/model/fault.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "core/model/exit_status.h"

namespace clawplane::core {
namespace {

// The values of `enum Reason` in the .proto, without prefix.
std::set<std::string> ReasonsOfProto() {
  std::set<std::string> reasons;
  std::ifstream file(PROTO_FILE);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "enum Reason {") inside = true;
    if (line == "}") inside = false;
    const std::string prefix = "  REASON_";
    if (inside && line.starts_with(prefix)) {
      reasons.insert(
          line.substr(prefix.size(), line.find(' ', 2) - prefix.size()));
    }
  }
  reasons.erase("UNSPECIFIED");
  return reasons;
}

TEST(ReasonTest, HasTheNamesOfTheProto) {
  std::set<std::string> reasons;
  // The last of the enumeration is the last here.
  for (int i = 0; i <= static_cast<int>(Reason::kEventLogFailed); ++i) {
    reasons.insert(std::string(Name(static_cast<Reason>(i))));
  }

  EXPECT_EQ(reasons, ReasonsOfProto());
}

TEST(ExitStatusTest, TellsCodesFromSignals) {
  EXPECT_EQ(Describe(ExitStatus::Exited(78)), "exit code 78");
  EXPECT_EQ(Describe(ExitStatus::Signaled(9)), "signal 9 (Killed)");
  EXPECT_EQ(Describe(ExitStatus::Signaled(15)), "signal 15 (Terminated)");
  EXPECT_FALSE(ExitStatus::Exited(15) == ExitStatus::Signaled(15));
}

}  // namespace
}  // namespace clawplane::core
