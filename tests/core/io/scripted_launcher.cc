#include "tests/core/io/scripted_launcher.h"

#include <signal.h>

#include <utility>

namespace clawplane::core {
namespace {

constexpr pid_t kFirstPid = 4711;

// What the manager owns of a life.
class ScriptedProcess final : public Process {
 public:
  explicit ScriptedProcess(std::shared_ptr<ScriptedLife> life)
      : life_(std::move(life)) {}
  ~ScriptedProcess() override {
    if (!life_->left) life_->Abandon();
  }

  pid_t pid() const override { return life_->pid; }

  void SignalGroup(int signal) override {
    life_->signals.push_back(signal);
    if (signal == SIGKILL) {
      life_->Exit(ExitStatus::Signaled(SIGKILL));
    } else if (life_->on_terminate) {
      life_->Exit(*life_->on_terminate);
    }
  }

  void Kill() override { SignalGroup(SIGKILL); }

  std::optional<ProcessVitals> Vitals() const override { return life_->vitals; }

  std::optional<ProcessIdentity> Identity() const override {
    return life_->identity;
  }

  void Leave() override { life_->Leave(); }

 private:
  const std::shared_ptr<ScriptedLife> life_;
};

}  // namespace

void ScriptedLife::Print(LogSource source, std::string_view line) {
  if (reports_.on_line) reports_.on_line(source, line, 0);
}

void ScriptedLife::Serve(testing::FakeGatewayOptions options) {
  if (over_) return;
  gateway = std::make_unique<testing::FakeGateway>(std::move(options));
}

void ScriptedLife::Stop(bool stopped) {
  vitals.state = stopped ? 'T' : 'S';
  strand_.Post([self = shared_from_this(), stopped] {
    if (self->reports_.on_stopped) self->reports_.on_stopped(stopped);
  });
}

void ScriptedLife::Exit(ExitStatus exit) {
  if (std::exchange(over_, true)) return;
  gateway.reset();
  strand_.Post([self = shared_from_this(), exit] {
    const auto report = std::exchange(self->reports_, {}).on_gone;
    if (report) report({exit, self->stragglers});
  });
}

void ScriptedLife::Abandon() {
  over_ = true;
  reports_ = {};
  gateway.reset();
}

void ScriptedLife::Leave() {
  left = true;
  reports_ = {};
}

std::variant<std::unique_ptr<Process>, Fault> ScriptedLauncher::Launch(
    const LaunchSpec& spec, ProcessReports reports) {
  specs.push_back(spec);
  const pid_t pid = kFirstPid + static_cast<pid_t>(lives.size());
  return Adopt({pid, 1, "boot", "run"}, std::move(reports));
}

std::variant<std::unique_ptr<Process>, Fault> ScriptedLauncher::Adopt(
    const ProcessIdentity& identity, ProcessReports reports) {
  if (failure) return *failure;
  const auto life =
      std::make_shared<ScriptedLife>(strand_, identity.pid, std::move(reports));
  if (may_be_left) life->identity = identity;
  lives.push_back(life);
  strand_.Post([life, script = script] { script(*life); });
  return std::make_unique<ScriptedProcess>(life);
}

}  // namespace clawplane::core
