// The command line of Clawplane.

#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/fleet.h"
#include "client/clawctl/session.h"
#include "client/clawctl/target_list.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

void AddTlsOptions(CLI::App& app, client::TargetOptions& target) {
  app.add_flag("--tls", target.tls,
               "TLS to a server whose authority the system trusts");
  app.add_option("--tls-ca", target.tls_ca,
                 "TLS to a server whose authority is in this file; else "
                 "$CLAWPLANE_TLS_CA");
  app.add_option("--tls-cert", target.tls_cert,
                 "The certificate to show to the server, over TLS; else "
                 "$CLAWPLANE_TLS_CERT");
  app.add_option("--tls-key", target.tls_key,
                 "The key of --tls-cert; else $CLAWPLANE_TLS_KEY");
  app.add_option("--tls-server-name", target.tls_server_name,
                 "The name in the server's certificate, where it is not the "
                 "target's host");
  app.add_flag("--insecure", target.insecure,
               "Plain text, and the token too, even to another machine");
}

void Describe(CLI::App& app, SharedOptions& options, FleetOptions& fleet) {
  app.set_version_flag("--version", "clawctl " CLAWPLANE_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(absl::StrCat(
      kExitCodeHelp,
      "\n\nThe options of 'clawctl --help' may also follow a command. "
      "Durations are\nwritten 500ms, 10s, 1m30s."));
  CLI::Option* target = app.add_option(
      "--target", options.target.target,
      "The server: unix:/path, /path/to/socket, host:port, or tls:host:port "
      "for one with TLS; else $CLAWPLANE_TARGET, else clawplane.sock in the "
      "state directory");
  AddFleetOptions(app, *target, fleet);
  app.add_option("--connect-timeout", options.connect_timeout,
                 "How long a connection may take to come about")
      ->check(Check(ParseTimeout))
      ->capture_default_str();
  app.add_option("--state-dir", options.target.state_dir,
                 "The server's state directory; else $CLAWPLANE_STATE_DIR, "
                 "else the one that a server of this user has");
  app.add_option("--token-file", options.target.token_file,
                 "The file with the access token, which host:port asks for; "
                 "else $CLAWPLANE_TOKEN_FILE, else access.token in the state "
                 "directory");
  AddTlsOptions(app, options.target);
  app.add_flag("--json", options.json,
               "Print the API's answers as JSON, one on each line");
  app.add_flag("-q,--quiet", options.quiet, "Show no progress and no notes");
}

// CLI11's own exit codes and texts are not ours.
int Usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  std::fprintf(stderr, "clawctl: %s\nnext: see 'clawctl --help'\n",
               Printable(error.what()).c_str());
  return kUsage;
}

void Tell(absl::string_view message) {
  std::fprintf(stderr, "clawctl: %s\n", Printable(message).c_str());
}

int Refuse(const absl::Status& status) {
  Tell(status.message());
  if (absl::IsUnavailable(status)) return kUnreachable;
  return absl::IsPermissionDenied(status) ? kNotAuthorised : kUsage;
}

// A reader that has seen enough is no failure.
int CodeAfter(const Output& output, int code) {
  if (output.error() == 0 || output.error() == EPIPE) return code;
  Tell(
      absl::StrCat("cannot write the output: ", std::strerror(output.error())));
  return kFailed;
}

int RunOnOne(const SharedOptions& options, const Command& command,
             Interrupt& interrupt) {
  absl::StatusOr<client::Target> target =
      client::ResolveTarget(options.target, client::Environment::FromProcess());
  if (!target.ok()) return Refuse(target.status());
  if (command.prepare) {
    const absl::Status prepared = command.prepare();
    if (!prepared.ok()) return Refuse(prepared);
  }
  client::Connection connection(*std::move(target),
                                *ParseTimeout(options.connect_timeout));
  Output output(STDOUT_FILENO);
  Session session(options, connection, output, interrupt);
  return CodeAfter(output, command.run(session));
}

int RunOnAll(const FleetOptions& fleet, const SharedOptions& options,
             const Command& command, Interrupt& interrupt) {
  const auto targets =
      ResolveTargets(*fleet.targets, options.target,
                     client::Environment::FromProcess(), &ResolveHost);
  if (!targets.ok()) return Refuse(targets.status());
  absl::Status ready = CheckFleet(fleet, command, targets->size());
  if (ready.ok() && command.prepare) ready = command.prepare();
  if (!ready.ok()) return Refuse(ready);
  Output output(STDOUT_FILENO);
  return CodeAfter(
      output, RunOnMany(fleet, options, command, *targets, output, interrupt));
}

int Main(int argc, char** argv) {
  // gRPC's log would mix with what is meant for people.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  signal(SIGPIPE, SIG_IGN);

  CLI::App app("Drives Clawplane, the control plane of an OpenClaw gateway.",
               "clawctl");
  SharedOptions options;
  FleetOptions fleet;
  Command command;
  Describe(app, options, fleet);
  AddLifecycleCommands(app, command);
  AddStatusCommands(app, command);
  AddCallCommand(app, command);
  AddEventsCommand(app, command);
  AddLogsCommand(app, command);
  AddRunsCommand(app, command);
  AddDescribeCommands(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Usage(app, error);
  }
  Interrupt interrupt;
  return fleet.targets.has_value()
             ? RunOnAll(fleet, options, command, interrupt)
             : RunOnOne(options, command, interrupt);
}

}  // namespace
}  // namespace clawplane::clawctl

int main(int argc, char** argv) { return clawplane::clawctl::Main(argc, argv); }
