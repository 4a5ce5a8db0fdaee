// What is said of a command on many servers.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_FLEET_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_FLEET_TEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// What became of a command on one server. Thread-compatible.
struct Outcome {
  // The exit code; nothing while the command was not tried there.
  std::optional<int> code;
  absl::Duration took;
  // What it answered, without the last line's end.
  std::string answer;
  // Whether the answer is on the screen already.
  bool is_shown = false;
  std::optional<v1::GatewayStatus> status;
  // What it would have written on standard error.
  std::vector<std::string> told;

  bool failed() const { return code.has_value() && *code != 0; }
};

// A server by the name that people see, and what became of it.
// Thread-compatible.
struct NamedOutcome {
  std::string name;
  Outcome outcome;
};
using Outcomes = std::vector<NamedOutcome>;

// One line for each server, and the headings; without a final line end. The
// first is of `clawctl status`, the other of all that answer in a line; it
// leaves out what is shown already, and is empty if that is all.
std::string StatusTable(const Outcomes& outcomes);
std::string ResultTable(const Outcomes& outcomes);

// Why it failed, with the server's name before each line; of the first failures
// alone. What to do next is said once for all whom it helps. Empty if none did.
std::vector<std::string> FailureLines(const Outcomes& outcomes);

// "38 ok, 1 not tried, 2 failed: a:1, b:2 (no server answers)".
std::string SumLine(const Outcomes& outcomes);

// 0 if it was done everywhere; the code of all, where all failed alike; else
// kNotAll.
int SumCode(const Outcomes& outcomes);

// Lines for programs: an item of a server, and its end. `answer` is JSON.
std::string JsonItem(absl::string_view name, absl::string_view item);
std::string JsonEnd(const NamedOutcome& outcome);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_FLEET_TEXT_H_
