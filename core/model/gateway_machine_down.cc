// How a gateway goes down: by order, by failure, by itself.

#include <algorithm>
#include <utility>

#include "core/model/gateway_machine.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// The exit code by which a gateway says that starting it again is no use.
constexpr int kExitConfiguration = 78;

Fault ExitFault(const ProcessExited& exited) {
  const std::string words =
      exited.last_words.empty() ? "" : Concat("; it said: ", exited.last_words);
  if (exited.exit == ExitStatus::Exited(kExitConfiguration)) {
    return {Reason::kConfigurationRefused,
            Concat("the gateway refused its configuration or state (exit code "
                   "78)",
                   words),
            "mend what it names (openclaw doctor --fix may help), then start "
            "again"};
  }
  return {Reason::kDiedWhileStarting,
          Concat("the gateway ended before it was ready (",
                 Describe(exited.exit), ")", words),
          "see the gateway's log (clawctl logs), then start again"};
}

}  // namespace

void GatewayMachine::On(const ConnectionLost& lost) {
  if (!IsCurrent(lost.link) || status_.state != State::kRunning) return;
  link_live_ = false;
  budget_.OnLost(now_.steady);
  Do(FailCalls{});
  status_.state = State::kReconnecting;
  BackOff(Fault{Reason::kConnectionLost, lost.why, ""});
}

void GatewayMachine::On(const ProcessExited& exited) {
  if (!child_ || child_->generation != exited.process) return;
  const bool stopping = status_.state == State::kStopping;
  status_.last_exit =
      ProcessEnd{child_->pid, exited.exit, child_->killed,
                 stopping,    now_.wall,   now_.steady - child_->launched_at};
  Do(RecordExit{*status_.last_exit});
  child_.reset();
  status_.pid.reset();
  start_deadline_.reset();
  if (stopping) {
    AfterEnd();
  } else {
    OnUnwantedExit(exited);
  }
}

void GatewayMachine::OnUnwantedExit(const ProcessExited& exited) {
  if (link_live_) {
    if (status_.state == State::kRunning) {
      budget_.OnLost(now_.steady);
      Do(FailCalls{});
    }
    Do(DropLink{});
    link_live_ = false;
  }
  // Nothing is wanted of a gateway in ERROR, whose end is just recorded.
  if (status_.state == State::kError) {
    status_.owned = false;
    return;
  }
  const bool refused = exited.exit == ExitStatus::Exited(kExitConfiguration);
  if (status_.state == State::kStarting || refused) {
    Fail(ExitFault(exited));
    return;
  }
  status_.state = State::kReconnecting;
  BackOff(Fault{
      Reason::kConnectionLost,
      Concat("the gateway's process ended (", Describe(exited.exit), ")"), ""});
}

void GatewayMachine::End(State next, Duration grace, bool force) {
  next_ = next;
  start_deadline_.reset();
  if (status_.state == State::kRunning) Do(FailCalls{});
  if (link_live_) Do(DropLink{});
  link_live_ = false;
  if (next == State::kStopped || next == State::kStarting) {
    status_.error.reset();
  }
  Enter(State::kStopping, Phase::kTerminating);
  if (force) {
    KillNow();
  } else {
    phase_deadline_ = now_.steady + grace;
    Do(Terminate{});
  }
}

void GatewayMachine::Hasten(Duration grace, bool force) {
  if (status_.phase != Phase::kTerminating) return;
  if (force) {
    KillNow();
  } else {
    phase_deadline_ = std::min(*phase_deadline_, now_.steady + grace);
  }
}

void GatewayMachine::KillNow() {
  Enter(State::kStopping, Phase::kKilling);
  child_->killed = true;
  Do(Kill{});
}

void GatewayMachine::AfterEnd() {
  link_live_ = false;
  start_deadline_.reset();
  status_.owned = false;
  FinishDownOrders();
  switch (next_) {
    case State::kStarting:
      if (resume_after_ > Duration()) {
        status_.error.reset();
        Enter(State::kStarting, Phase::kRestartDelay);
        phase_deadline_ = now_.steady + resume_after_;
      } else {
        BeginStart();
      }
      return;
    case State::kReconnecting:
      status_.state = State::kReconnecting;
      BackOff(std::exchange(status_.error, std::nullopt));
      return;
    case State::kError:
      Enter(State::kError, Phase::kNone);
      FinishUpOrders(status_.error);
      return;
    case State::kStopped:
    case State::kRunning:
    case State::kStopping:
      foreign_ = false;
      status_.error.reset();
      status_.reconnect_attempts = 0;
      Enter(State::kStopped, Phase::kNone);
      return;
  }
}

void GatewayMachine::Fail(Fault fault) {
  status_.error = std::move(fault);
  start_deadline_.reset();
  // A gateway that never served anybody goes with its failed start. One that
  // was up may be serving others still, and is left to a person.
  if (child_ && !child_->was_up) {
    End(State::kError, settings_.stop_grace, false);
    return;
  }
  if (link_live_) Do(DropLink{});
  link_live_ = false;
  Enter(State::kError, Phase::kNone);
  status_.owned = child_.has_value();
  FinishUpOrders(status_.error);
}

}  // namespace clawplane::core
