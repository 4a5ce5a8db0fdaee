// The command line of the program `fake_gateway`.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_PROGRAM_OPTIONS_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_PROGRAM_OPTIONS_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/fakes/fake_options.h"

namespace clawplane::testing {

// When a program that is to end does so.
enum class ExitPhase {
  kNever,
  kBeforeListen,
  kListening,
  kConnect,  // at the first connect request
  kRunning,  // after the first hello-ok
  kSigterm,  // at SIGTERM
};

struct ProgramOptions {
  enum class Command { kRun, kDoctor, kVersion };

  Command command = Command::kRun;
  // Without the token, which is in the environment.
  FakeGatewayOptions gateway;
  std::string token_variable = "OPENCLAW_GATEWAY_TOKEN";
  std::chrono::milliseconds listen_delay{0};

  ExitPhase exit_phase = ExitPhase::kNever;
  int exit_code = 1;
  std::chrono::milliseconds exit_after{0};
  std::string exit_message;
  // Only the first starts end like that, counted in the file; the command
  // `doctor` makes the file say that there were enough. 0: each start.
  int exit_times = 0;
  // As above, for all that is wrong with a start: its end, its hang, its
  // behaviour, its delays and its deafness to SIGTERM.
  int bad_starts = 0;
  std::string state_file;

  // When it hangs, and whether it uses its processor then.
  ExitPhase hang_phase = ExitPhase::kNever;
  bool hang_busily = false;

  bool ignore_sigterm = false;
  std::chrono::milliseconds slow_term{0};
  bool leave_grandchild = false;
  bool print_environment = false;
  // Print, when it gets ready, the time of CLOCK_MONOTONIC in nanoseconds.
  bool print_ready = false;
  // Printed at the start, to each stream.
  std::vector<std::string> print_lines;
};

// Knows what the real program takes, too, and ignores it.
absl::StatusOr<ProgramOptions> ReadArguments(
    const std::vector<std::string>& arguments);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_PROGRAM_OPTIONS_H_
