// Processes without a process: the test says what becomes of each.

#ifndef CLAWPLANE_TESTS_CORE_IO_SCRIPTED_LAUNCHER_H_
#define CLAWPLANE_TESTS_CORE_IO_SCRIPTED_LAUNCHER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/io/core_strand.h"
#include "core/io/ports.h"
#include "tests/fakes/fake_gateway.h"

namespace clawplane::core {

// The life of one process that does not exist, as the test drives it. Its
// gateway, if it serves one, ends with it.
//
// On the strand. Shared by the launcher and the process that the manager owns.
class ScriptedLife : public std::enable_shared_from_this<ScriptedLife> {
 public:
  ScriptedLife(CoreStrand& strand, pid_t pid, ProcessReports reports)
      : pid(pid), strand_(strand), reports_(std::move(reports)) {}

  // Prints a line.
  void Print(LogSource source, std::string_view line);
  // Starts a gateway in the process.
  void Serve(testing::FakeGatewayOptions options);
  // Is stopped by somebody, or let go on.
  void Stop(bool stopped);
  // Ends, and is reaped soon after.
  void Exit(ExitStatus exit);
  // Nobody wants to hear of it any more.
  void Abandon();
  // As above, and it runs on.
  void Leave();

  const pid_t pid;
  // What SIGTERM leads to; none ignores it.
  std::optional<ExitStatus> on_terminate = ExitStatus::Exited(0);
  std::vector<int> signals;
  // What the system shows of it.
  ProcessVitals vitals{'S', {}, 0, 0};
  // By what it can be taken over; none: it cannot outlive its manager.
  std::optional<ProcessIdentity> identity;
  bool left = false;
  // How many descendants it leaves.
  int stragglers = 0;
  std::unique_ptr<testing::FakeGateway> gateway;

 private:
  CoreStrand& strand_;
  ProcessReports reports_;
  bool over_ = false;
};

// On the strand.
class ScriptedLauncher final : public ProcessLauncher {
 public:
  explicit ScriptedLauncher(CoreStrand& strand) : strand_(strand) {}

  std::variant<std::unique_ptr<Process>, Fault> Launch(
      const LaunchSpec& spec, ProcessReports reports) override;
  // Fails with `failure`, or finds a process as `Launch` makes one.
  std::variant<std::unique_ptr<Process>, Fault> Adopt(
      const ProcessIdentity& identity, ProcessReports reports) override;

  // What a process does first, soon after its launch.
  std::function<void(ScriptedLife&)> script = [](ScriptedLife&) {};
  // Launching fails with this.
  std::optional<Fault> failure;
  std::vector<LaunchSpec> specs;
  // Whether processes can outlive the manager.
  bool may_be_left = false;
  std::vector<std::shared_ptr<ScriptedLife>> lives;

 private:
  CoreStrand& strand_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_SCRIPTED_LAUNCHER_H_
