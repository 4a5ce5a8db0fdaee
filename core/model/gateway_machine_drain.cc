// An end that waits for the gateway's work.

#include <algorithm>
#include <utility>

#include "core/model/gateway_machine.h"
#include "core/model/text.h"

namespace clawplane::core {

void GatewayMachine::EndInOrder(State next, EndCause cause, Duration grace,
                                bool force, bool drain) {
  if (!drain || force) {
    End(next, cause, grace, force);
  } else if (status_.state == State::kRunning) {
    BeginDraining(next, cause, grace);
  } else {
    // It may have work that it goes on with, but there is no asking it.
    const bool may_work = child_->was_up;
    End(next, cause, may_work ? LongGrace(grace) : grace, false);
  }
}

Duration GatewayMachine::LongGrace(Duration grace) const {
  return std::max(grace, settings_.drain_limit);
}

void GatewayMachine::BeginDraining(State next, EndCause cause, Duration grace) {
  next_ = next;
  drain_cause_ = cause;
  drain_grace_ = grace;
  status_.error.reset();
  Enter(State::kStopping, Phase::kDraining);
  phase_deadline_ = now_.steady + settings_.drain_limit;
  status_.drain.emplace().until = now_.wall + settings_.drain_limit;
  Do(BeginDrain{link_});
}

void GatewayMachine::On(const DrainReported& reported) {
  if (!IsCurrent(reported.link) || status_.phase != Phase::kDraining) return;
  status_.drain->active = reported.active;
  status_.drain->waiting_for = reported.waiting_for;
}

void GatewayMachine::On(const DrainEnded& ended) {
  if (!IsCurrent(ended.link) || status_.phase != Phase::kDraining) return;
  EndDrained(ended.why_not ? LongGrace(drain_grace_) : drain_grace_, false);
}

void GatewayMachine::OnDrainTooLong() {
  std::string left;
  for (const std::string& work : status_.drain->waiting_for) {
    left += Concat(left.empty() ? "" : ", ", work);
  }
  Do(RecordError{
      Fault{Reason::kDrainCutShort,
            Concat("the gateway did not finish its work within ",
                   std::chrono::duration_cast<std::chrono::seconds>(
                       settings_.drain_limit)
                       .count(),
                   " s", left.empty() ? "" : "; it was left with: ", left),
            ""}});
  EndDrained(drain_grace_, false);
}

// One that is not ours is only taken leave of.
void GatewayMachine::EndDrained(Duration grace, bool force) {
  if (child_) {
    End(next_, drain_cause_, grace, force);
    return;
  }
  DropLinkInUse();
  AfterEnd();
}

}  // namespace clawplane::core
