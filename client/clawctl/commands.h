// The commands of clawctl, by group.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_COMMANDS_H_
#define CLAWPLANE_CLIENT_CLAWCTL_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>

#include "client/clawctl/session.h"

namespace clawplane::clawctl {

// Carries out one command, and returns the exit code.
using Command = std::function<int(Session&)>;

// Each adds commands to the command line, which store what is to be done in
// `chosen` when they are parsed. Both arguments outlive the parsing.
void AddLifecycleCommands(CLI::App& app, Command& chosen);
void AddStatusCommands(CLI::App& app, Command& chosen);
void AddCallCommand(CLI::App& app, Command& chosen);
void AddEventsCommand(CLI::App& app, Command& chosen);
void AddLogsCommand(CLI::App& app, Command& chosen);
void AddRunsCommand(CLI::App& app, Command& chosen);
void AddDescribeCommands(CLI::App& app, Command& chosen);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_COMMANDS_H_
