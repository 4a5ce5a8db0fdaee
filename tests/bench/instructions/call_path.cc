// Runs each scenario under callgrind, which writes its count of instructions to
// a file of its own: see deploy/dev/bench/instructions.sh.
//
// Each runs in a process of its own, so that none depends on what another left
// on the heap. Prints for each a line `PID NAME TIMES`.

#include <grpcpp/impl/grpc_library.h>
#include <sys/wait.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include <exception>
#include <iostream>
#include <string>

#include "tests/bench/instructions/scenario.h"

namespace clawplane::testing {
namespace {

void Count(const Scenario& scenario) {
  const size_t times = scenario.size.times;
  const auto operation = scenario.prepare(scenario.size.bytes, 2 * times);
  const std::string name = scenario.name();
  size_t index = 0;
  while (index < times) operation(index++);
  CALLGRIND_ZERO_STATS;
  while (index < 2 * times) operation(index++);
  CALLGRIND_DUMP_STATS_AT(name.c_str());
}

// In the child: nothing of the parent is to be ended twice.
[[noreturn]] void CountAndExit(const Scenario& scenario) {
  int code = 0;
  try {
    Count(scenario);
  } catch (const std::exception& error) {
    std::cerr << scenario.name() << ": " << error.what() << std::endl;
    code = 1;
  }
  _exit(code);
}

bool CountApart(const Scenario& scenario) {
  const pid_t child = fork();
  if (child == 0) CountAndExit(scenario);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    std::cerr << scenario.name() << ": not counted" << std::endl;
    return false;
  }
  std::cout << child << ' ' << scenario.name() << ' ' << scenario.size.times
            << std::endl;
  return true;
}

bool CountAll() {
  // Linked as an archive, gRPC's C++ part finds its C part through this alone,
  // which a server would bring. It starts nothing.
  const grpc::internal::GrpcLibraryInitializer parts;
  bool counted = true;
  for (const auto& scenarios : {CoreScenarios(), ServerScenarios(),
                                EventScenarios(), StalledScenarios()}) {
    for (const Scenario& scenario : scenarios) {
      counted = CountApart(scenario) && counted;
    }
  }
  return counted;
}

}  // namespace
}  // namespace clawplane::testing

int main() { return clawplane::testing::CountAll() ? 0 : 1; }
