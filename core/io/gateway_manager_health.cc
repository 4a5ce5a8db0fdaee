// How the manager watches a gateway: what it hears of it, what it asks it, what
// the system shows of its process.

#include <algorithm>
#include <utility>

#include "core/io/gateway_manager.h"

namespace clawplane::core {

// Comes with every read, before what it brought: no more than a note, but for
// the end of a suspicion.
void GatewayManager::OnHeard() {
  const TimePoint now = Now().steady;
  calls_.SetTime(now);
  if (liveness_.active() && liveness_.OnHeard(now)) {
    Step(SuspicionEnded());
  }
}

void GatewayManager::OnHttpAnswer() {
  if (liveness_.active() && liveness_.OnSign(Now().steady)) {
    Step(SuspicionEnded());
  }
}

void GatewayManager::WatchUntil(TimePoint now) {
  if (sample_at_ && *sample_at_ <= now) SampleProcess();
  if (check_ && check_->deadline() <= now) ConcludeCheck();
  const Liveness::Due due = liveness_.OnTime(Now());
  if (due.suspect_since) Step(Suspected{*due.suspect_since});
  if (due.check) BeginCheck(due.thorough);
}

void GatewayManager::BeginCheck(bool thorough) {
  // A link that is still shaking hands cannot be asked.
  const bool running = machine_.status().state == State::kRunning;
  check_ = std::make_unique<HealthCheck>(
      HealthCheck::Asked{.link = running ? link_.get() : nullptr,
                         .prober = thorough ? &world_.prober : nullptr,
                         .port = config_.machine.port,
                         .timeout = std::min(config_.liveness.check_timeout,
                                             config_.liveness.check_interval)},
      Now().steady, [this](bool answered) {
        strand_.AssertHeld();
        if (answered) OnHttpAnswer();
        ConcludeCheckIfComplete();
      });
  ConcludeCheckIfComplete();
}

void GatewayManager::ConcludeCheckIfComplete() {
  if (check_ == nullptr || !check_->complete()) return;
  ConcludeCheck();
  Rearm();
}

void GatewayManager::ConcludeCheck() {
  HealthEvidence evidence =
      std::exchange(check_, nullptr)->Evidence(Now().steady);
  if (process_) evidence.vitals = process_->Vitals();
  const auto& before = machine_.status().health;
  const bool again = before && !before->ok();
  Liveness::Finding finding = liveness_.Conclude(evidence, Now());
  // The first failure is recorded by the machine.
  if (again && !finding.health.ok()) {
    runs_.AddEvidence(Now().wall, finding.health.message);
  }
  ++counts_.health_checks[static_cast<size_t>(finding.health.failed)];
  Step(HealthChecked{std::move(finding.health)});
  if (finding.unresponsive) {
    Step(FoundUnresponsive{std::move(*finding.unresponsive)});
  } else if (finding.dead_connection) {
    Step(ConnectionFoundDead{std::move(*finding.dead_connection)});
  }
}

void GatewayManager::SampleProcess() {
  sample_at_ = Now().steady + config_.liveness.check_interval;
  const auto vitals = process_->Vitals();
  if (!vitals) return;
  runs_.OnMemory(vitals->peak_resident_bytes);
  if (const auto child = machine_.child()) {
    Step(ProcessSampled{*child, *vitals});
  }
}

ProcessSigns GatewayManager::SignsOfProcess() {
  if (process_ == nullptr) return {};
  ProcessSigns signs;
  signs.lines = logs_.next() - first_line_of_run_;
  if (const auto vitals = process_->Vitals()) {
    signs.cpu_time = vitals->cpu_time;
    runs_.OnMemory(vitals->peak_resident_bytes);
  }
  return signs;
}

void GatewayManager::StopWatchingIfGone() {
  const GatewayStatus& status = machine_.status();
  const bool may_live =
      status.state == State::kRunning ||
      (status.state == State::kReconnecting && status.pid.has_value());
  if (may_live || !liveness_.active()) return;
  liveness_.End();
  check_.reset();
}

}  // namespace clawplane::core
