// What `clawplaned --probe` does: asks the clawplaned of the same configuration
// how it is.

#ifndef CLAWPLANE_SERVER_PROBE_H_
#define CLAWPLANE_SERVER_PROBE_H_

#include <chrono>
#include <string>

#include "core/model/config.h"

namespace clawplane::server {

enum class ProbeGoal { kAlive, kReady };

struct ProbeFinding {
  bool is_so = false;
  // For people: "alive", "ready", "not ready: starting", "no server: ...".
  std::string text;
};

// Where a server of this configuration is asked.
struct ProbeTarget {
  enum class Protocol { kNone, kGrpc, kHttp };

  Protocol protocol = Protocol::kNone;
  // "unix:/path", or HOST:PORT.
  std::string address;
};

// The first that there is: the Unix socket, the listener in plain text, the one
// for probes. The one with TLS is left out, whose certificate need not be good
// for an address of this machine.
ProbeTarget ChooseProbeTarget(const core::Config& config);

// Asks once. Takes at most `patience`, whatever is found.
ProbeFinding AskServer(
    const core::Config& config, ProbeGoal goal,
    std::chrono::milliseconds patience = std::chrono::seconds(2));

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_PROBE_H_
