// The table of what was done to the gateway and what came of it.

#ifndef CLAWPLANE_TESTS_CHAOS_RESULT_TABLE_H_
#define CLAWPLANE_TESTS_CHAOS_RESULT_TABLE_H_

#include <chrono>
#include <string>

namespace clawplane::testing {

struct Result {
  std::string fault;
  std::string phase;
  std::string expected;
  std::string seen;
  // From the fault to the state that was expected.
  std::chrono::milliseconds took{};
};

// Keeps it below the directory of the tests' output, in place of what the test
// of this name left there before. Tests may run in processes of their own, so
// the rows are files.
void KeepResult(const std::string& test_name, const Result& result);

// All that are kept, by phase. Also writes it beside them, to `table.txt`.
std::string ResultTable();

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_CHAOS_RESULT_TABLE_H_
