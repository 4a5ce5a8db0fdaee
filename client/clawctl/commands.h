// The commands of clawctl, by group.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_COMMANDS_H_
#define CLAWPLANE_CLIENT_CLAWCTL_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "client/clawctl/session.h"

namespace clawplane::clawctl {

// What a command answers, for where many servers are asked.
enum class Form {
  kAnswer,  // One answer, which is mostly one line.
  kStatus,  // The gateway's status.
  kItems,   // Some items.
  kStream,  // Items that need not have an end.
};

// One command as it was written. Thread-compatible.
struct Command {
  // Carries it out on one server, and returns the exit code. For many servers
  // it is called in several threads.
  std::function<int(Session&)> run;
  Form form = Form::kAnswer;
  // What comes once before it, however many servers there are; an error of it
  // is one of usage. May be empty.
  std::function<absl::Status()> prepare = nullptr;
  // Why it is not for many servers; empty where it is.
  std::string alone_because = "";
};

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
