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
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/io/token_file.h"
#include "core/model/text.h"
#include "server/app.h"
#include "server/config_check.h"
#include "server/log.h"
#include "server/options.h"
#include "server/probe.h"
#include "server/service_manager.h"
#include "server/state_directory.h"
#include "server/version.h"

namespace clawplane::server {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

int Fail(std::string_view message) {
  std::cerr << "clawplaned: " << message << std::endl;
  return kExitFailure;
}

// Blocks the signals that end us, in this thread and all that it starts, so
// that only `Wait` sees them.
int OpenSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
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

// Reads the configuration anew.
using Reread = std::function<absl::StatusOr<core::Config>()>;

void Reload(App& app, const Reread& reread) {
  LogInfo("SIGHUP: the configuration and the files it names are read again");
  const auto config = reread();
  if (config.ok()) {
    app.Use(*config);
  } else {
    LogWarning(core::Concat(
        "the configuration is not used, and what it was before still is: ",
        config.status().message().data()));
  }
  app.Refresh(true);
}

// Gives the signal that ends us. SIGHUP does where we were begun in a terminal,
// which sends it when it is closed.
int ServeUntilSignal(App& app, ServiceManager& manager, int signals,
                     const Reread& reread) {
  const bool in_terminal = ::isatty(STDIN_FILENO) == 1;
  while (true) {
    const int signal = Wait(signals, -1, kRefreshInterval);
    if (signal == 0) {
      app.Refresh(false);
    } else if (signal == SIGUSR1) {
      LogInfo(ToggleDebug() ? "SIGUSR1: log.level is debug until the next one"
                            : "SIGUSR1: log.level is as configured");
    } else if (signal == SIGHUP && !in_terminal) {
      manager.Reloading();
      Reload(app, reread);
      manager.Ready();
    } else {
      return signal;
    }
  }
}

// What becomes of the gateway now, for people.
std::string_view EndOfGateway(core::OnExit on_exit) {
  switch (on_exit) {
    case core::OnExit::kStop:
      return "stopping the gateway (a second signal kills it)";
    case core::OnExit::kDrain:
      return "the gateway finishes its work and is stopped (a second signal "
             "kills it)";
    case core::OnExit::kLeaveRunning:
      return "the gateway is left running (a second signal waits for no "
             "answers)";
  }
  return {};
}

void ServeUntilStopped(App& app, int signals, const Reread& reread,
                       core::OnExit on_exit) {
  ServiceManager manager(app.Questions());
  app.TellStatus([&](const std::string& words) { manager.Status(words); });
  manager.Ready();
  const int ending = ServeUntilSignal(app, manager, signals, reread);
  manager.Stopping();
  LogInfo(
      core::Concat("ending: ", strsignal(ending), "; ", EndOfGateway(on_exit)));
  const int stopped = ::eventfd(0, EFD_CLOEXEC);
  const auto tell = [stopped] { ::eventfd_write(stopped, 1); };
  app.StopGateway(tell);
  while (const int signal = Wait(signals, stopped, -1)) {
    if (signal == SIGHUP || signal == SIGUSR1) continue;
    LogInfo("ending now: nothing is waited for");
    app.StopGateway(tell);
  }
  manager.End();
  app.End();
  ::close(stopped);
}

int Ask(const Probe& probe) {
  const ProbeFinding finding = AskServer(probe.config, probe.goal);
  std::cout << finding.text << std::endl;
  return finding.is_so ? 0 : kExitFailure;
}

int Tell(const ConfigFindings& findings) {
  for (const std::string& error : findings.errors) {
    std::cerr << "error: " << error << "\n";
  }
  for (const std::string& warning : findings.warnings) {
    std::cerr << "warning: " << warning << "\n";
  }
  if (!findings.errors.empty()) return kExitUsage;
  std::cout << "the configuration can be used" << std::endl;
  return 0;
}

int Run(const core::Config& config, const std::vector<std::string>& environment,
        const Reread& reread) {
  UseLog(config.log);
  const int signals = OpenSignals();
  if (::getpid() == 1 &&
      config.gateway.on_exit == core::OnExit::kLeaveRunning) {
    return Fail(
        "gateway.on_exit is leave_running, but nothing outlives PID 1; allowed "
        "here: stop, drain");
  }
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
  LogInfo(core::Concat("clawplaned ", kVersion, " ready"));
  std::cout << ready << std::endl;

  ServeUntilStopped(app, signals, reread, config.gateway.on_exit);
  LogInfo("ended");
  ::close(signals);
  return 0;
}

std::optional<std::string> Variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace
}  // namespace clawplane::server

int main(int argc, char** argv) {
  using namespace clawplane::server;
  // Neither a core dump nor a debugger of the same user shows the tokens, nor
  // what the environment and the configuration may hold. It ends at the next
  // exec, so that the gateway is as it would be without us.
  ::prctl(PR_SET_DUMPABLE, 0);
  const auto options = ReadOptions(argc, argv, Variable);
  if (const auto* leave = std::get_if<Leave>(&options)) {
    return leave->exit_code;
  }
  if (const auto* probe = std::get_if<Probe>(&options)) return Ask(*probe);
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    variables.emplace_back(*entry);
  }
  if (const auto* check = std::get_if<Check>(&options)) {
    return Tell(CheckConfig(check->config, variables));
  }
  return Run(std::get<clawplane::core::Config>(options), variables,
             [=] { return ReadConfig(argc, argv, Variable); });
}
