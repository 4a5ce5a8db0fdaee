// clawplaned: reads its options, serves until a signal, and ends in order.

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/io/token_file.h"
#include "core/model/text.h"
#include "server/app.h"
#include "server/log.h"
#include "server/options.h"
#include "server/probe.h"
#include "server/state_directory.h"
#include "server/version.h"

namespace clawplane::server {
namespace {

constexpr int kExitFailure = 1;

int Fail(std::string_view message) {
  std::cerr << "clawplaned: " << message << std::endl;
  return kExitFailure;
}

// Blocks the signals that end us, in this thread and all that it starts, so
// that only `Wait` sees them.
int OpenSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // A file over a limit is an error of that file's writer.
  ::signal(SIGXFSZ, SIG_IGN);
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

// How often it is looked whether files were changed, in milliseconds.
constexpr int kRefreshInterval = 5'000;

// Waits for a signal, whose number it gives; for `done`, or for so many
// milliseconds unless they are negative, when it gives 0.
int Wait(int signals, int done, int timeout) {
  pollfd wanted[] = {{signals, POLLIN, 0}, {done, POLLIN, 0}};
  while (::poll(wanted, 2, timeout) < 0 && errno == EINTR) {
  }
  signalfd_siginfo info;
  if ((wanted[0].revents & POLLIN) != 0 &&
      ::read(signals, &info, sizeof info) == sizeof info) {
    return static_cast<int>(info.ssi_signo);
  }
  return 0;
}

// Gives the signal that ends us. SIGHUP does where we were begun in a terminal,
// which sends it when it is closed; else it has the files read again.
int ServeUntilSignal(App& app, int signals) {
  const bool in_terminal = ::isatty(STDIN_FILENO) == 1;
  while (true) {
    const int signal = Wait(signals, -1, kRefreshInterval);
    const bool anew = signal == SIGHUP && !in_terminal;
    if (signal != 0 && !anew) return signal;
    if (anew) LogLine("SIGHUP: the files of TLS and access are read again");
    app.Refresh(anew);
  }
}

void ServeUntilStopped(App& app, int signals) {
  const int ending = ServeUntilSignal(app, signals);
  LogLine(core::Concat("ending: ", strsignal(ending),
                       "; stopping the gateway (a second signal kills it)"));
  const int stopped = ::eventfd(0, EFD_CLOEXEC);
  const auto tell = [stopped] { ::eventfd_write(stopped, 1); };
  app.StopGateway(tell);
  while (const int signal = Wait(signals, stopped, -1)) {
    if (signal == SIGHUP) continue;
    LogLine("ending now: the gateway is killed");
    app.StopGateway(tell);
  }
  app.End();
  ::close(stopped);
}

int Ask(const Probe& probe) {
  const ProbeFinding finding = AskServer(probe.config, probe.goal);
  std::cout << finding.text << std::endl;
  return finding.is_so ? 0 : kExitFailure;
}

int Run(const core::Config& config,
        const std::vector<std::string>& environment) {
  const int signals = OpenSignals();
  auto directory = StateDirectory::Open(config.state_directory);
  if (!directory.ok()) return Fail(directory.status().message().data());
  auto token = core::ReadOrMakeToken((*directory)->access_token_file());
  if (!token.ok()) return Fail(token.status().message().data());
  auto audit = AuditLog::Open(config.audit);
  if (!audit.ok()) return Fail(audit.status().message().data());

  App app(config, *std::move(directory), *std::move(audit), *token,
          environment);
  const absl::Status started = app.Start();
  if (!started.ok()) return Fail(started.message().data());
  std::string ready = "clawplaned ready:";
  for (const std::string& address : app.listeners().addresses()) {
    ready += " " + address;
  }
  if (!app.ops_url().empty()) ready += " " + app.ops_url();
  const std::string warning = app.listeners().Warning();
  if (!warning.empty()) ready += " (WARNING: " + warning + ")";
  LogLine(core::Concat("clawplaned ", kVersion, " ready"));
  std::cout << ready << std::endl;

  ServeUntilStopped(app, signals);
  LogLine("ended");
  ::close(signals);
  return 0;
}

}  // namespace
}  // namespace clawplane::server

int main(int argc, char** argv) {
  using namespace clawplane::server;
  // Neither a core dump nor a debugger of the same user shows the tokens, nor
  // what the environment and the configuration may hold. It ends at the next
  // exec, so that the gateway is as it would be without us.
  ::prctl(PR_SET_DUMPABLE, 0);
  const auto environment =
      [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  const auto options = ReadOptions(argc, argv, environment);
  if (const auto* leave = std::get_if<Leave>(&options)) {
    return leave->exit_code;
  }
  if (const auto* probe = std::get_if<Probe>(&options)) return Ask(*probe);
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    variables.emplace_back(*entry);
  }
  return Run(std::get<clawplane::core::Config>(options), variables);
}
