#include "core/model/gateway_machine.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

}  // namespace

std::vector<Effect> GatewayMachine::Step(const Input& input, Instant now) {
  now_ = now;
  effects_.clear();
  const GatewayStatus before = status_;

  std::visit([this](const auto& specific) { On(specific); }, input);

  if (!SameRevision(before, status_)) {
    ++status_.revision;
    if (before.state != status_.state) {
      Do(RecordState{before.state, status_.state});
    }
    Do(Publish{});
  }
  // Who gave an order is told last, when all that came of it can be seen.
  std::stable_partition(effects_.begin(), effects_.end(), [](const Effect& e) {
    return !std::holds_alternative<FinishOrder>(e);
  });
  return std::move(effects_);
}

std::optional<TimePoint> GatewayMachine::deadline() const {
  std::optional<TimePoint> first;
  for (const auto& other :
       {start_.deadline(), phase_deadline_, restart_deadline_}) {
    if (other && (!first || *other < *first)) first = other;
  }
  return first;
}

// ---- Orders

void GatewayMachine::On(const StartOrder& order) {
  status_.wanted_up = true;
  automatic_ = false;
  budget_.Clear();
  ends_.clear();
  switch (status_.state) {
    case State::kRunning:
      Do(FinishOrder{order.id, std::nullopt});
      return;
    case State::kStopped:
    case State::kError:
      up_orders_.push_back(order.id);
      BeginStart(StartCause::kStart);
      return;
    case State::kStarting:
    case State::kReconnecting:
      up_orders_.push_back(order.id);
      if (status_.phase == Phase::kBackingOff) {
        cause_ = StartCause::kStart;
        Look();
      }
      return;
    case State::kStopping:
      // A start that just failed is over; this is another one.
      if (next_ == State::kError) FinishUpOrders(status_.error);
      if (next_ != State::kStarting) resume_after_ = Duration();
      next_ = State::kStarting;
      cause_ = StartCause::kStart;
      status_.error.reset();
      up_orders_.push_back(order.id);
      return;
  }
}

void GatewayMachine::On(const WishFound&) {
  if (status_.state != State::kStopped) return;
  status_.wanted_up = true;
  BeginStart(StartCause::kServerStart);
  automatic_ = true;
}

void GatewayMachine::On(const ProcessFound& found) {
  if (status_.state != State::kStopped || child_) return;
  process_ = found.process;
  child_ = Child{found.process, Program::kGateway, found.pid, found.launched_at,
                 /*was_up=*/true};
  launches_ = 1;
  status_.pid = found.pid;
  status_.owned = true;
  status_.wanted_up = found.wanted_up;
  automatic_ = true;
  cause_ = StartCause::kServerStart;
  if (!found.wanted_up) {
    End(State::kStopped, EndCause::kStop, settings_.stop_grace, false);
    return;
  }
  status_.state = State::kReconnecting;
  if (found.port != settings_.port) {
    Replace({Reason::kNotAdopted,
             Concat("the gateway that was left running is on port ", found.port,
                    ", and port ", settings_.port, " is configured"),
             ""},
            EndCause::kOtherPort, false);
    return;
  }
  backoff_.Reset();
  start_.Begin(now_.steady);
  Look();
}

void GatewayMachine::On(const StopOrder& order) {
  if (!order.keep_wish) status_.wanted_up = false;
  FinishUpOrders(Fault{Reason::kSuperseded, "superseded by Stop", ""});
  down_orders_.push_back(order.id);
  const Duration grace = order.grace.value_or(settings_.stop_grace);
  if (status_.state == State::kStopping) {
    next_ = State::kStopped;
    status_.error.reset();
    if (!order.drain) Hasten(grace, order.force);
  } else if (child_ || (order.drain && !order.force &&
                        status_.state == State::kRunning)) {
    EndInOrder(State::kStopped, EndCause::kStop, grace, order.force,
               order.drain);
  } else {
    next_ = State::kStopped;
    if (status_.state == State::kRunning) Do(FailCalls{});
    if (link_live_) Do(DropLink{});
    AfterEnd();
  }
}

void GatewayMachine::On(const RestartOrder& order) {
  if (foreign_ && status_.state != State::kStopped &&
      status_.state != State::kError) {
    RestartForeign(order);
    return;
  }
  status_.wanted_up = true;
  automatic_ = false;
  budget_.Clear();
  ends_.clear();
  if (status_.state == State::kStopping && next_ == State::kError) {
    FinishUpOrders(status_.error);  // that start is over
  }
  up_orders_.push_back(order.id);
  const Duration grace = order.grace.value_or(settings_.stop_grace);
  if (status_.state == State::kStopping) {
    resume_after_ = settings_.restart_delay;
    next_ = State::kStarting;
    cause_ = StartCause::kRestart;
    status_.error.reset();
    if (!order.drain) Hasten(grace, order.force);
  } else if (child_) {
    resume_after_ = settings_.restart_delay;
    cause_ = StartCause::kRestart;
    EndInOrder(State::kStarting, EndCause::kRestart, grace, order.force,
               order.drain);
  } else if (status_.state == State::kStopped ||
             status_.state == State::kError) {
    BeginStart(StartCause::kRestart);
  } else if (status_.phase == Phase::kBackingOff) {
    cause_ = StartCause::kRestart;
    Look();
  }
}

// ---- Time

void GatewayMachine::On(const DeadlineReached&) {
  if (start_.deadline() && now_.steady >= *start_.deadline()) {
    OnStartBudgetSpent();
    return;
  }
  if (restart_deadline_ && now_.steady >= *restart_deadline_) {
    FinishRestarts(Fault{Reason::kRestartNotSeen,
                         "the gateway did not come back as another one",
                         "look after it where it was started"});
    return;
  }
  if (!phase_deadline_ || now_.steady < *phase_deadline_) return;
  phase_deadline_.reset();
  switch (status_.phase) {
    case Phase::kWaitingForPort:
    case Phase::kWaitingForReady:
      // The phase goes on: what is waited for is still the same.
      link_live_ = true;
      Do(LookAtPort{++link_});
      return;
    case Phase::kConnecting:
      link_live_ = false;
      Do(DropLink{});
      Retry(Concat("no handshake within ",
                   duration_cast<seconds>(settings_.handshake_timeout).count(),
                   " s"));
      return;
    case Phase::kBackingOff:
      Look();
      return;
    case Phase::kRestartDelay:
      BeginStart(cause_);
      return;
    case Phase::kTerminating:
      KillNow();
      return;
    case Phase::kDraining:
      OnDrainTooLong();
      return;
    case Phase::kRepairing:
      child_->killed = true;
      Do(Kill{});
      return;
    case Phase::kNone:
    case Phase::kProbing:
    case Phase::kKilling:
      return;
  }
}

// ---- Book-keeping

void GatewayMachine::Enter(State state, Phase phase) {
  status_.state = state;
  status_.phase = phase;
  status_.phase_since = now_.steady;
  phase_deadline_.reset();
  status_.next_attempt_at.reset();
  if (phase != Phase::kDraining) status_.drain.reset();
  if (state != State::kRunning) {
    status_.connected_at.reset();
    // That of a gateway that is not ours is known of its connection alone.
    if (!child_) status_.pid.reset();
  }
  if (state == State::kStopping || state == State::kStopped ||
      state == State::kError) {
    ForgetHealth();
  }
}

void GatewayMachine::FinishUpOrders(const std::optional<Fault>& fault) {
  for (const OrderId id : std::exchange(up_orders_, {})) {
    Do(FinishOrder{id, fault});
  }
  if (fault) FinishRestarts(fault);
}

void GatewayMachine::FinishDownOrders() {
  for (const OrderId id : std::exchange(down_orders_, {})) {
    Do(FinishOrder{id, std::nullopt});
  }
}

}  // namespace clawplane::core
