// The restart of a gateway that is not ours.

#include <utility>

#include "core/model/gateway_machine.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// What has a gateway restart within its process, as seen of openclaw 2026.9.6,
// which speaks protocol 4, and of 2026.2.19, which speaks 3. The other signal
// makes 2026.9.6 open its debugger.
UserSignal RestartSignal(uint32_t protocol) {
  return protocol >= 4 ? UserSignal::kSecond : UserSignal::kFirst;
}

}  // namespace

void GatewayMachine::RestartForeign(const RestartOrder& order) {
  const auto refuse = [&](std::string why) {
    Do(FinishOrder{order.id, Fault{Reason::kNotOurs, std::move(why),
                                   "restart it where it was started"}});
  };
  if (order.force || order.grace) {
    refuse(
        "force and grace are for gateways that this control plane launched; "
        "this one can only be asked to restart itself");
    return;
  }
  if (!restart_orders_.empty()) {
    restart_orders_.push_back(order.id);
    return;
  }
  if (status_.state != State::kRunning) {
    refuse(
        "the gateway cannot be reached, and is not a child of this control "
        "plane");
    return;
  }
  status_.wanted_up = true;
  restart_orders_.push_back(order.id);
  restart_asked_ = now_.steady;
  restart_deadline_ = now_.steady + settings_.start_limit;
  restarted_boot_id_ = status_.boot_id;
  restarted_pid_ = status_.pid;
  Do(AskForRestart{link_});
}

void GatewayMachine::On(const RestartAnswered& answered) {
  // What it did not answer it may have heard.
  if (answered.answer != RestartAnswered::Answer::kRefused ||
      restart_orders_.empty() || !IsCurrent(answered.link)) {
    return;
  }
  if (status_.pid) {
    Do(SignalForeign{*status_.pid, RestartSignal(status_.protocol)});
    return;
  }
  FinishRestarts(
      Fault{Reason::kNotOurs,
            Concat("the gateway will not restart itself (", answered.why,
                   "), and its process cannot be seen from here"),
            "restart it where it was started"});
}

void GatewayMachine::On(const ForeignSignalled& signalled) {
  if (signalled.fault) FinishRestarts(signalled.fault);
}

bool GatewayMachine::HasRestarted(const Hello& hello) const {
  if (restart_orders_.empty()) return false;
  if (!restarted_boot_id_.empty() && !hello.boot_id.empty()) {
    return hello.boot_id != restarted_boot_id_;
  }
  if (restarted_pid_ && status_.pid && restarted_pid_ != status_.pid) {
    return true;
  }
  return hello.uptime && *hello.uptime < now_.steady - restart_asked_;
}

void GatewayMachine::FinishRestarts(const std::optional<Fault>& fault) {
  restart_deadline_.reset();
  for (const OrderId id : std::exchange(restart_orders_, {})) {
    Do(FinishOrder{id, fault});
  }
}

}  // namespace clawplane::core
