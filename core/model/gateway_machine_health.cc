// What becomes of a gateway by what is seen of it.

#include <utility>

#include "core/model/gateway_machine.h"
#include "core/model/text.h"

namespace clawplane::core {

void GatewayMachine::On(const ProcessStopped& stopped) {
  if (!child_ || child_->generation != stopped.process) return;
  if (child_->program != Program::kGateway) return;
  if (!stopped.stopped) {
    status_.health.reset();  // the next check tells
    return;
  }
  Health health;
  health.checked_at = now_.wall;
  health.failed = Health::Layer::kProcess;
  health.message =
      "the gateway's process is stopped (somebody sent SIGSTOP, or debugs it)";
  Do(RecordError{Fault{Reason::kProcessStopped, health.message,
                       "let it go on with SIGCONT, or restart it"}});
  status_.health = std::move(health);
}

void GatewayMachine::On(const ProcessSampled& sampled) {
  if (!child_ || child_->generation != sampled.process) return;
  if (child_->program != Program::kGateway) return;
  const uint64_t bytes = sampled.vitals.resident_bytes;
  status_.resident_bytes = bytes;
  const auto over = [&](std::string_view which, uint64_t limit) {
    return Fault{Reason::kMemoryLimit,
                 Concat("the gateway uses ", bytes >> 20, " MiB of memory, ",
                        "over its ", which, " limit of ", limit >> 20, " MiB"),
                 ""};
  };
  const uint64_t hard = settings_.memory_hard_limit;
  const bool up =
      status_.state == State::kRunning || status_.state == State::kReconnecting;
  if (hard > 0 && bytes > hard && child_->was_up && up) {
    Replace(over("hard", hard), EndCause::kMemory, false);
    return;
  }
  const uint64_t soft = settings_.memory_soft_limit;
  if (soft > 0 && bytes > soft) {
    if (!memory_told_) Do(RecordError{over("soft", soft)});
    memory_told_ = true;
  } else if (bytes < soft - soft / 10) {
    memory_told_ = false;  // enough below it to be worth telling again
  }
}

void GatewayMachine::On(const HealthChecked& checked) {
  if (status_.state != State::kRunning &&
      status_.state != State::kReconnecting) {
    return;
  }
  const bool was_ok = !status_.health || status_.health->ok();
  status_.health = checked.health;
  if (was_ok && !checked.health.ok()) {
    Do(RecordError{
        Fault{Reason::kHealthCheckFailed, checked.health.message, ""}});
  }
}

void GatewayMachine::On(const Suspected& suspected) {
  if (status_.state == State::kRunning ||
      status_.state == State::kReconnecting) {
    status_.suspect_since = suspected.since;
  }
}

void GatewayMachine::On(const SuspicionEnded&) {
  status_.suspect_since.reset();
}

void GatewayMachine::On(const FoundUnresponsive& found) {
  const bool up =
      status_.state == State::kRunning || status_.state == State::kReconnecting;
  if (!up || !child_ || !child_->was_up) return;
  // SIGTERM would wait in a stopped process until somebody let it go on.
  const bool stopped =
      status_.health && status_.health->failed == Health::Layer::kProcess;
  Replace({Reason::kUnresponsive,
           Concat("the gateway did not respond (", found.evidence, ")"),
           "see its runs (clawctl runs) for what led to it"},
          EndCause::kUnresponsive, stopped);
}

void GatewayMachine::ForgetHealth() {
  status_.health.reset();
  status_.suspect_since.reset();
}

}  // namespace clawplane::core
