// The fake gateway as a program of its own, for the tests of the supervisor.
// Takes the command line of the real one, and more: see fake_program_options.

#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/fakes/fake_methods.h"
#include "tests/fakes/fake_program_options.h"

extern char** environ;

namespace clawplane::testing {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// A grandchild that a test forgot does not stay for ever.
constexpr unsigned kGrandchildLife = 600;

void Say(std::FILE* stream, const std::string& line) {
  std::fprintf(stream, "%s\n", line.c_str());
  std::fflush(stream);
}

int ReadCount(const std::string& path) {
  std::ifstream file(path);
  int count = 0;
  file >> count;
  return file ? count : 0;
}

void LeaveGrandchild() {
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    alarm(kGrandchildLife);
    while (true) pause();
  }
  Say(stdout, "grandchild " + std::to_string(pid));
}

void PrintEnvironment() {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    Say(stdout, "env " + text.substr(0, text.find('=')));
  }
}

// The life of the process. Lives on the main thread; the gateway's thread only
// posts to it.
class Program {
 public:
  explicit Program(ProgramOptions options)
      : options_(std::move(options)),
        signals_(io_, SIGTERM, SIGINT),
        restarts_(io_, SIGUSR2),
        start_(io_),
        end_(io_),
        term_(io_) {}

  int Run() {
    WaitForSignal();
    WaitForRestart();
    PrepareEnd();
    PrepareStart();
    HangAt(ExitPhase::kBeforeListen);
    if (options_.exit_phase == ExitPhase::kBeforeListen) {
      BeginEnd();
    } else {
      After(start_, options_.listen_delay, [this] { Listen(); });
    }
    io_.run();
    return 0;
  }

 private:
  static void After(asio::steady_timer& timer, milliseconds delay,
                    std::function<void()> action) {
    timer.expires_after(delay);
    timer.async_wait(
        [action = std::move(action)](boost::system::error_code error) {
          if (!error) action();
        });
  }

  void WaitForSignal() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      WaitForSignal();
      if (options_.ignore_sigterm) return;
      HangAt(ExitPhase::kSigterm);
      if (options_.exit_phase == ExitPhase::kSigterm) return BeginEnd();
      After(term_, options_.slow_term, [this] {
        if (!gateway_) return End(0);
        gateway_->ShutDown();
      });
    });
  }

  void WaitForRestart() {
    restarts_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      if (gateway_) {
        gateway_->SetBehaviour(options_.gateway.behaviour);
        gateway_->Restart(options_.gateway.restart_delay);
      }
      WaitForRestart();
    });
  }

  // Whether this start is one of those that end early.
  void PrepareEnd() {
    if (options_.exit_times == 0 || options_.state_file.empty()) return;
    const int count = ReadCount(options_.state_file);
    if (count >= options_.exit_times) {
      options_.exit_phase = ExitPhase::kNever;
      return;
    }
    std::ofstream(options_.state_file) << count + 1;
  }

  // Whether this start is to be a good one.
  void PrepareStart() {
    if (options_.bad_starts == 0 || options_.state_file.empty()) return;
    const int count = ReadCount(options_.state_file);
    if (count < options_.bad_starts) {
      std::ofstream(options_.state_file) << count + 1;
      return;
    }
    options_.exit_phase = ExitPhase::kNever;
    options_.hang_phase = ExitPhase::kNever;
    options_.ignore_sigterm = false;
    options_.listen_delay = milliseconds(0);
    options_.gateway.behaviour = {};
    options_.gateway.ready_delay = milliseconds(0);
  }

  void HangAt(ExitPhase phase) {
    if (options_.hang_phase == phase) Hang(options_.hang_busily);
  }

  void Listen() {
    FakeGatewayOptions& gateway = options_.gateway;
    const char* token = std::getenv(options_.token_variable.c_str());
    gateway.token = token != nullptr ? token : "";
    gateway.hooks.exit = [this](int code) { End(code); };
    gateway.hooks.abort = [] { std::abort(); };
    gateway.hooks.print = [](std::string_view stream, std::string_view text) {
      Say(stream == "stderr" ? stderr : stdout, std::string(text));
    };
    gateway.hooks.on_request = [this] { HangAt(ExitPhase::kListening); };
    gateway.hooks.on_connect = [this] {
      HangAt(ExitPhase::kConnect);
      Reach(ExitPhase::kConnect);
    };
    gateway.hooks.on_hello = [this] { Reach(ExitPhase::kRunning); };
    if (options_.print_ready) {
      gateway.hooks.on_ready = [] {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        Say(stdout, "ready at " + std::to_string(now.count()));
      };
    }
    gateway_ = std::make_unique<FakeGateway>(gateway);
    if (!gateway_->status().ok()) {
      const std::string port = std::to_string(gateway.port);
      Say(stderr,
          "another gateway instance is already listening on "
          "ws://127.0.0.1:" +
              port +
              " | listen EADDRINUSE: address already in use 127.0.0.1:" + port);
      Say(stderr, "Port " + port + " is already in use.");
      std::_Exit(1);
    }
    if (gateway.behaviour.kind != BehaviourKind::kNeverListens) {
      Say(stdout,
          "fake gateway listening on " + std::to_string(gateway_->port()));
    }
    Reach(ExitPhase::kListening);
  }

  void Reach(ExitPhase phase) {
    if (options_.exit_phase != phase) return;
    asio::post(io_, [this] { BeginEnd(); });
  }

  void BeginEnd() {
    if (std::exchange(ending_, true)) return;
    After(end_, options_.exit_after, [this] {
      if (!options_.exit_message.empty()) Say(stderr, options_.exit_message);
      End(options_.exit_code);
    });
  }

  // At once, from any thread: no destructor, no flush but ours.
  [[noreturn]] void End(int code) { std::_Exit(code); }

  ProgramOptions options_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  asio::signal_set restarts_;
  asio::steady_timer start_;
  asio::steady_timer end_;
  asio::steady_timer term_;
  std::unique_ptr<FakeGateway> gateway_;
  bool ending_ = false;
};

int Main(std::vector<std::string> arguments) {
  // For tests that cannot choose the command line.
  if (const char* more = std::getenv("FAKE_GATEWAY_ARGS")) {
    for (auto word : absl::StrSplit(more, ' ', absl::SkipEmpty())) {
      arguments.emplace_back(word);
    }
  }
  absl::StatusOr<ProgramOptions> options = ReadArguments(arguments);
  if (!options.ok()) {
    Say(stderr, std::string(options.status().message()));
    return 1;
  }
  switch (options->command) {
    case ProgramOptions::Command::kVersion:
      Say(stdout, "OpenClaw " + options->gateway.version + " (fake)");
      return 0;
    case ProgramOptions::Command::kDoctor:
      Say(stdout, "fake doctor ran");
      if (!options->state_file.empty()) {
        std::ofstream(options->state_file) << options->exit_times;
      }
      return 0;
    case ProgramOptions::Command::kRun:
      break;
  }
  for (const std::string& line : options->print_lines) {
    Say(stdout, line);
    Say(stderr, line);
  }
  if (options->print_environment) PrintEnvironment();
  if (options->leave_grandchild) LeaveGrandchild();
  return Program(*std::move(options)).Run();
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  return clawplane::testing::Main({argv + 1, argv + argc});
}
