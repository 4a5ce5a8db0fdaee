// One command on many servers.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_FLEET_H_
#define CLAWPLANE_CLIENT_CLAWCTL_FLEET_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/interrupt.h"
#include "client/clawctl/output.h"
#include "client/clawctl/session.h"
#include "client/clawctl/target_list.h"

namespace clawplane::clawctl {

// What the options say of many servers. Thread-compatible.
struct FleetOptions {
  // Nothing: the command is for one server.
  std::optional<std::string> targets;
  int parallel = 32;
  bool fail_fast = false;
};

// Adds the options; `target` is the one that they exclude.
void AddFleetOptions(CLI::App& app, CLI::Option& target, FleetOptions& options);

// Whether the command may be carried out on so many servers; an error says why
// not.
absl::Status CheckFleet(const FleetOptions& options, const Command& command,
                        size_t servers);

// Carries out a command, which `CheckFleet` allows, on all of the servers, and
// shows what they answer. Each has a session of its own, in one of a bounded
// number of threads; a stream has a thread to itself. After Ctrl-C, and with
// `fail_fast` after a failure, no further server is begun with. Returns the
// exit code. Blocks until all is done.
int RunOnMany(const FleetOptions& options, const SharedOptions& shared,
              const Command& command, const std::vector<NamedTarget>& targets,
              Output& output, Interrupt& interrupt);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_FLEET_H_
