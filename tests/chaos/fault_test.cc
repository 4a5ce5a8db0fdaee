// The body of all cases.

#include "tests/chaos/chaos_test.h"

namespace clawplane::testing {

TEST_P(FaultTest, EndsAsExpectedAndLeavesNothing) {
  Open(GetParam().arguments, GetParam().settings);
  if (!HasFatalFailure()) Run(GetParam());
}

}  // namespace clawplane::testing
