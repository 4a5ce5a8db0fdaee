// How a gateway goes down: by order, by failure, by itself.

#include <algorithm>
#include <utility>

#include "core/model/gateway_machine.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// For how long a restart that the gateway announced is polled for. One took 28
// s on a busy machine.
constexpr Duration kAnnouncedRestart = std::chrono::seconds(120);
constexpr Duration kRestartPoll = std::chrono::milliseconds(500);

// How many ends a crash loop tells of.
constexpr size_t kMaxEnds = 5;

Fault ExitFault(const ProcessExited& exited) {
  const std::string words =
      exited.last_words.empty() ? "" : Concat("; it said: ", exited.last_words);
  if (IsRefusal(exited.exit)) {
    return {Reason::kConfigurationRefused,
            Concat("the gateway refused its configuration or state (exit code "
                   "78)",
                   words),
            "mend what it names (see clawctl logs), then start again"};
  }
  return {Reason::kDiedWhileStarting,
          Concat("the gateway ended before it was ready (",
                 Describe(exited.exit), ")", words),
          "see the gateway's log (clawctl logs), then start again"};
}

}  // namespace

void GatewayMachine::On(const ConnectionLost& lost) {
  if (!IsCurrent(lost.link)) return;
  if (status_.phase == Phase::kDraining) {
    link_live_ = false;
    Do(FailCalls{});
    EndDrained(LongGrace(drain_grace_), false);
  } else if (status_.state == State::kRunning) {
    OnConnectionGone(lost.why);
  }
}

void GatewayMachine::On(const ConnectionFoundDead& found) {
  if (status_.state != State::kRunning) return;
  Do(DropLink{});
  OnConnectionGone(found.evidence);
}

void GatewayMachine::OnConnectionGone(const std::string& why) {
  link_live_ = false;
  budget_.OnLost(now_.steady);
  Do(FailCalls{});
  status_.state = State::kReconnecting;
  if (!child_) ForgetHealth();
  if (!announced_until_ || now_.steady >= *announced_until_) {
    BackOff(Fault{Reason::kConnectionLost, why, ""});
    return;
  }
  announced_until_ = now_.steady + kAnnouncedRestart;
  Enter(State::kReconnecting, Phase::kWaitingForPort);
  phase_deadline_ = now_.steady + kRestartPoll;
  status_.error =
      Fault{Reason::kConnectionLost, "the gateway restarts by itself", ""};
}

void GatewayMachine::On(const RestartAnnounced& announced) {
  if (!IsCurrent(announced.link) || status_.state != State::kRunning) return;
  announced_until_ = now_.steady + kAnnouncedRestart;
}

void GatewayMachine::On(const ProcessExited& exited) {
  if (!child_ || child_->generation != exited.process) return;
  const bool stopping = status_.state == State::kStopping;
  const ProcessEnd end = {child_->pid,      exited.exit,
                          child_->killed,   stopping,
                          now_.wall,        now_.steady - child_->launched_at,
                          exited.stragglers};
  const Child child = *child_;
  child_.reset();
  start_.End();
  if (child.program == Program::kDoctor) {
    Do(RecordRepair{end, exited.last_words});
    stopping ? AfterEnd() : OnRepaired();
    return;
  }
  status_.last_exit = end;
  Do(RecordExit{end, child.end_cause});
  status_.pid.reset();
  status_.resident_bytes = 0;
  announced_until_.reset();
  memory_told_ = false;
  ForgetHealth();
  ends_.push_back(end);
  if (ends_.size() > kMaxEnds) ends_.pop_front();
  if (stopping) {
    DropLinkInUse();  // of a drain
    AfterEnd();
  } else {
    OnUnwantedExit(exited);
  }
}

void GatewayMachine::DropLinkInUse() {
  if (!link_live_) return;
  if (status_.state == State::kRunning || status_.phase == Phase::kDraining) {
    Do(FailCalls{});
  }
  Do(DropLink{});
  link_live_ = false;
}

void GatewayMachine::OnUnwantedExit(const ProcessExited& exited) {
  if (status_.state == State::kRunning) budget_.OnLost(now_.steady);
  DropLinkInUse();
  // Nothing is wanted of a gateway in ERROR, whose end is just recorded.
  if (status_.state == State::kError) {
    status_.owned = false;
    return;
  }
  if (IsRefusal(exited.exit)) {
    OnRefusedState(exited);
    return;
  }
  if (status_.state == State::kStarting && !automatic_) {
    Fail(ExitFault(exited));
    return;
  }
  cause_ = StartCause::kExit;
  // The connection often ends a moment before its process: one event, one wait.
  if (status_.phase == Phase::kBackingOff && status_.reconnect_attempts == 0) {
    backoff_.Reset();
  }
  status_.state = State::kReconnecting;
  BackOff(Fault{
      Reason::kConnectionLost,
      Concat("the gateway's process ended (", Describe(exited.exit), ")"), ""});
}

void GatewayMachine::OnRefusedState(const ProcessExited& exited) {
  if (!exited.lock_holder.empty()) {
    Fail({Reason::kStateLocked,
          Concat("the gateway's state is in use: ", exited.lock_holder),
          "stop that process, or give this gateway a home of its own "
          "(gateway.home)"});
    return;
  }
  if (repaired_) {
    Fail(ExitFault(exited));
    return;
  }
  repaired_ = true;
  refusal_ = status_.error = ExitFault(exited);
  if (status_.state == State::kRunning) status_.state = State::kReconnecting;
  Enter(status_.state, Phase::kRepairing);
  launching_ = true;
  Do(Launch{++process_, Program::kDoctor, cause_});
}

void GatewayMachine::OnRepaired() {
  // One in ERROR is left alone, whoever failed it.
  if (status_.phase != Phase::kRepairing) return;
  cause_ = StartCause::kRepair;
  status_.owned = false;
  Look();
}

Fault GatewayMachine::CrashLoop() const {
  std::string history;
  for (const ProcessEnd& end : ends_) {
    history += Concat(
        history.empty() ? "" : ", ", Describe(end.exit), " after ",
        std::chrono::duration_cast<std::chrono::seconds>(end.lived).count(),
        " s");
  }
  return {Reason::kCrashLoop,
          Concat("the gateway keeps ending (", history,
                 "), so it is not launched again by itself"),
          "see the gateway's log (clawctl logs) and its runs (clawctl runs), "
          "mend the cause, then start again"};
}

void GatewayMachine::OnStartBudgetSpent() {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  Fault fault = {
      Reason::kStartBudgetSpent,
      start_.limited()
          ? Concat("the gateway was not ready within ",
                   duration_cast<seconds>(settings_.start_limit).count(),
                   " s; it got as far as ", Name(status_.phase))
          : Concat("the gateway showed no progress for ",
                   duration_cast<seconds>(settings_.start_budget).count(),
                   " s; it got as far as ", Name(status_.phase)),
      "see the gateway's log (clawctl logs), or raise gateway.start_budget "
      "and gateway.start_limit"};
  start_.End();
  const bool ordered = status_.state == State::kStarting && !automatic_;
  if (child_ && !ordered) {
    Replace(std::move(fault), EndCause::kStartFailed, false);
  } else {
    Fail(std::move(fault));
  }
}

void GatewayMachine::Replace(Fault why, EndCause cause, bool force) {
  Do(RecordError{why});
  status_.error = std::move(why);
  cause_ = StartCause::kDecision;
  End(State::kReconnecting, cause, settings_.stop_grace, force);
}

void GatewayMachine::End(State next, EndCause cause, Duration grace,
                         bool force) {
  next_ = next;
  child_->end_cause = cause;
  start_.End();
  DropLinkInUse();
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
  if (status_.phase == Phase::kDraining) {
    EndDrained(grace, force);
    return;
  }
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
  start_.End();
  status_.owned = false;
  FinishDownOrders();
  switch (next_) {
    case State::kStarting:
      if (resume_after_ > Duration()) {
        status_.error.reset();
        Enter(State::kStarting, Phase::kRestartDelay);
        phase_deadline_ = now_.steady + resume_after_;
      } else {
        BeginStart(cause_);
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
  start_.End();
  automatic_ = false;
  // A gateway that never served anybody goes with its failed start. One that
  // was up may be serving others still, and is left to a person.
  if (child_ && !child_->was_up) {
    End(State::kError, EndCause::kStartFailed, settings_.stop_grace, false);
    return;
  }
  if (link_live_) Do(DropLink{});
  link_live_ = false;
  Enter(State::kError, Phase::kNone);
  status_.owned = child_.has_value();
  FinishUpOrders(status_.error);
}

}  // namespace clawplane::core
