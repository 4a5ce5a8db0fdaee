#include "client/clawctl/fleet.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/fleet_report.h"

namespace clawplane::clawctl {
namespace {

constexpr int kMostThreads = 256;

// What is held of one server's answer; a single line may be longer.
constexpr size_t kLongestAnswer = 4 * 1024 * 1024;

// A server that talks without end to standard error fills no memory.
constexpr size_t kMostTold = 50;

// Whether the line says why a command failed, and is no note by the way.
bool IsOfFailure(absl::string_view line) {
  return absl::StartsWith(line, "clawctl: ") ||
         absl::StartsWith(line, "next: ");
}

// What one server's session says: held for the report or, of what comes item by
// item, handed on at once.
//
// Thread-compatible. The report outlives it.
class Capture {
 public:
  Capture(size_t server, Form form, bool json, FleetReport& report)
      : server_(server), form_(form), json_(json), report_(report) {}

  int Line(absl::string_view line) {
    if (form_ == Form::kStream || (form_ == Form::kItems && json_)) {
      return report_.Item(server_, line);
    }
    if (left_out_ > 0 || outcome.answer.size() > kLongestAnswer) {
      left_out_ += line.size() + 1;
    } else {
      absl::StrAppend(&outcome.answer, outcome.answer.empty() ? "" : "\n",
                      line);
    }
    return 0;
  }

  void Tell(absl::string_view line) {
    if (form_ == Form::kStream && !(json_ && IsOfFailure(line))) {
      report_.Tell(server_, line);
    } else if (outcome.told.size() < kMostTold) {
      outcome.told.emplace_back(line);
    }
  }

  void End() {
    if (left_out_ == 0) return;
    Tell(absl::StrCat("the last ", left_out_,
                      " bytes of the answer are left out; ask this server "
                      "alone"));
  }

  Outcome outcome;

 private:
  const size_t server_;
  const Form form_;
  const bool json_;
  FleetReport& report_;
  size_t left_out_ = 0;
};

// The work on all servers. Thread-safe.
class Fleet {
 public:
  Fleet(const FleetOptions& options, const SharedOptions& shared,
        const Command& command, const std::vector<NamedTarget>& targets,
        Output& output, Interrupt& interrupt)
      : options_(options),
        shared_(shared),
        command_(command),
        targets_(targets),
        interrupt_(interrupt),
        is_terminal_(output.is_terminal()),
        columns_(output.columns()),
        report_(NamesOf(targets), command.form, shared, output) {}

  int Run() {
    // Between two calls there is none in progress at times.
    const Interrupt::Scope scope(
        interrupt_, [] {}, Interrupt::EndsWith::kInterrupt);
    const size_t wanted =
        command_.form == Form::kStream
            ? targets_.size()
            : std::min(targets_.size(), static_cast<size_t>(options_.parallel));
    std::vector<std::thread> threads;
    try {
      while (threads.size() < wanted) {
        threads.emplace_back([this] { Work(); });
      }
    } catch (const std::system_error& error) {
      // Fewer threads do as well, but for a stream without an end.
      if (threads.empty() || command_.form == Form::kStream) GiveUp(error);
    }
    may_begin_.Notify();
    for (std::thread& thread : threads) thread.join();
    const int code = report_.End();
    return interrupt_.pressed() ? static_cast<int>(kInterrupted) : code;
  }

 private:
  static std::vector<std::string> NamesOf(
      const std::vector<NamedTarget>& targets) {
    std::vector<std::string> names;
    names.reserve(targets.size());
    for (const NamedTarget& target : targets) names.push_back(target.name);
    return names;
  }

  void GiveUp(const std::system_error& error) {
    std::fprintf(stderr, "clawctl: cannot make a thread for each server: %s\n",
                 error.what());
    absl::MutexLock lock(&mutex_);
    next_ = targets_.size();
  }

  void Work() {
    may_begin_.WaitForNotification();
    while (const std::optional<size_t> server = Next()) RunOn(*server);
  }

  // The next server to begin with, if any is to be.
  std::optional<size_t> Next() {
    absl::MutexLock lock(&mutex_);
    const bool is_over = next_ == targets_.size() || interrupt_.pressed() ||
                         (options_.fail_fast && has_failed_);
    if (is_over) return std::nullopt;
    return next_++;
  }

  void RunOn(size_t server) {
    const NamedTarget& target = targets_[server];
    Capture capture(server, command_.form, shared_.json, report_);
    const Listener listener = {
        .tell = [&](absl::string_view line) { capture.Tell(line); },
        .saw =
            [&](const v1::GatewayStatus& it) { capture.outcome.status = it; }};
    const size_t prefix = target.name.size() + 2;
    Output output([&](absl::string_view line) { return capture.Line(line); },
                  is_terminal_, columns_ - std::min(columns_ / 2, prefix));
    const auto began_at = std::chrono::steady_clock::now();
    client::Connection connection(target.target,
                                  *ParseTimeout(shared_.connect_timeout));
    Session session(shared_, connection, output, interrupt_, &listener);
    const int code = command_.run(session);
    capture.outcome.took =
        absl::FromChrono(std::chrono::steady_clock::now() - began_at);
    capture.outcome.code = code;
    capture.End();
    if (code != kOk) {
      absl::MutexLock lock(&mutex_);
      has_failed_ = true;
    }
    report_.Finish(server, std::move(capture.outcome));
  }

  const FleetOptions& options_;
  const SharedOptions& shared_;
  const Command& command_;
  const std::vector<NamedTarget>& targets_;
  Interrupt& interrupt_;
  const bool is_terminal_;
  const size_t columns_;
  FleetReport report_;
  absl::Notification may_begin_;
  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  bool has_failed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void AddFleetOptions(CLI::App& app, CLI::Option& target,
                     FleetOptions& options) {
  CLI::Option* targets = app.add_option(
      "--targets", options.targets,
      "Many servers in place of one: a list with commas of what --target "
      "takes, of @FILE (a line TARGET or NAME TARGET for each), or of "
      "dns:HOST:PORT or tls:dns:HOST:PORT (each address of the host)");
  targets->excludes(&target);
  app.add_option("--parallel", options.parallel,
                 "With --targets: how many servers are asked at a time")
      ->check(CLI::Range(1, kMostThreads))
      ->needs(targets)
      ->capture_default_str();
  app.add_flag("--fail-fast", options.fail_fast,
               "With --targets: begin with no further server once one has "
               "failed; --parallel 1 is one after the other")
      ->needs(targets);
}

absl::Status CheckFleet(const FleetOptions& options, const Command& command,
                        size_t servers) {
  if (!command.alone_because.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is not for --targets: ", command.alone_because));
  }
  if (command.form != Form::kStream) return absl::OkStatus();
  if (options.fail_fast) {
    return absl::InvalidArgumentError(
        "--fail-fast is not for what follows all servers at once");
  }
  if (servers > kMostThreads) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--targets names ", servers, " servers, and at most ", kMostThreads,
        " can be followed at once; share them among several runs of clawctl"));
  }
  return absl::OkStatus();
}

int RunOnMany(const FleetOptions& options, const SharedOptions& shared,
              const Command& command, const std::vector<NamedTarget>& targets,
              Output& output, Interrupt& interrupt) {
  return Fleet(options, shared, command, targets, output, interrupt).Run();
}

}  // namespace clawplane::clawctl
