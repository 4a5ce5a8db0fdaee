// How a gateway comes up: looking, launching, connecting, trying again.

#include <algorithm>
#include <utility>

#include "core/model/gateway_machine.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// How soon a gateway of ours that dropped us while starting is tried again.
constexpr Duration kStartingRetry = std::chrono::milliseconds(500);

// What the makers of the gateway allow its repair (docs of openclaw 2026.9.6,
// gateway/embedding.md).
constexpr Duration kRepairLimit = std::chrono::seconds(120);

Fault ConnectionFault(std::string why) {
  return {Reason::kConnectionLost, std::move(why), ""};
}

}  // namespace

void GatewayMachine::BeginStart(StartCause cause) {
  cause_ = cause;
  repaired_ = false;
  announced_until_.reset();
  status_.error.reset();
  status_.reconnect_attempts = 0;
  status_.owned = child_.has_value();
  backoff_.Reset();
  foreign_ = false;
  if (settings_.mode == Mode::kAttach) {
    start_.End();
  } else {
    start_.Begin(now_.steady);
  }
  status_.state = State::kStarting;
  Look();
}

void GatewayMachine::Look() {
  Enter(status_.state, Phase::kProbing);
  link_live_ = true;
  Do(LookAtPort{++link_});
}

void GatewayMachine::On(const PortSeen& seen) {
  if (!IsCurrent(seen.link) || status_.state == State::kRunning ||
      status_.phase == Phase::kConnecting) {
    return;
  }
  link_live_ = false;
  start_.OnLook(seen.report, seen.signs, now_.steady);
  if (child_) {
    OnOwnPortSeen(seen.report);
  } else if (seen.report.answer == ProbeReport::Answer::kNothing) {
    OnFreePort();
  } else {
    OnListenerFound(seen.report);
  }
}

void GatewayMachine::OnFreePort() {
  // One that was attached to is never replaced; one that was only seen may be.
  const bool attached = foreign_ && status_.state == State::kReconnecting;
  if (attached || settings_.mode == Mode::kAttach) {
    Retry(Concat("nothing listens on port ", settings_.port));
    return;
  }
  const bool ordered = status_.state == State::kStarting && !automatic_;
  if (!ordered && !budget_.TakeLaunch(now_.steady)) {
    Fail(CrashLoop());
    return;
  }
  BeginLaunch();
}

void GatewayMachine::OnListenerFound(const ProbeReport& report) {
  const std::string listener =
      report.listener.empty() ? "another program" : report.listener;
  const bool attach = foreign_ || settings_.mode == Mode::kAttach;
  const bool unintelligible =
      report.answer == ProbeReport::Answer::kUnintelligible;
  if (!attach && (settings_.mode == Mode::kLaunch || unintelligible)) {
    Fault held = {Reason::kPortHeld,
                  Concat("port ", settings_.port, " is in use by ", listener,
                         unintelligible ? ", which is no gateway" : ""),
                  "stop that program, or set gateway.port to a free port"};
    if (status_.state == State::kReconnecting || automatic_) {
      BackOff(std::move(held));
    } else {
      Fail(std::move(held));
    }
    return;
  }
  if (unintelligible) {
    Retry(Concat(listener, " on port ", settings_.port, " does not answer"));
    return;
  }
  if (settings_.mode != Mode::kAttach && !report.trusted) {
    Fail({Reason::kTokenWithheld,
          Concat("port ", settings_.port, " belongs to ", listener,
                 ", another user's program, so the token was not sent to it"),
          "if that is the gateway you want, set gateway.mode to attach"});
    return;
  }
  foreign_ = true;
  foreign_pid_ = report.pid;
  status_.owned = false;
  if (report.answer == ProbeReport::Answer::kNotReady) {
    WaitForReady(Phase::kWaitingForReady, kStartingRetry);
  } else {
    BeginConnect();
  }
}

void GatewayMachine::OnPortTaken(const ProbeReport& report) {
  Fault taken = {Reason::kPortHeld,
                 Concat(report.listener, " took port ", settings_.port,
                        " before the gateway did"),
                 "stop that program, or set gateway.port to a free port"};
  if (child_->was_up) {
    BackOff(std::move(taken));
  } else if (status_.state == State::kReconnecting || automatic_) {
    Replace(std::move(taken), EndCause::kStartFailed, false);
  } else {
    Fail(std::move(taken));
  }
}

void GatewayMachine::OnOwnPortSeen(const ProbeReport& report) {
  if (report.stranger) {
    OnPortTaken(report);
    return;
  }
  switch (report.answer) {
    case ProbeReport::Answer::kNothing:
      if (child_->was_up) {
        Retry("the gateway's port is closed");
      } else {
        WaitForReady(Phase::kWaitingForPort, settings_.ready_poll);
      }
      return;
    case ProbeReport::Answer::kNotReady:
    case ProbeReport::Answer::kUnintelligible:
      if (child_->was_up) {
        Retry("the gateway is not ready");
      } else {
        WaitForReady(Phase::kWaitingForReady, settings_.ready_poll);
      }
      return;
    case ProbeReport::Answer::kAnswers:
      if (report.trusted) {
        BeginConnect();
      } else {
        Fail({Reason::kTokenWithheld,
              Concat("another user's program (", report.listener,
                     ") took port ", settings_.port,
                     " before the gateway did, so the token was not sent"),
              "stop that program, or set gateway.port to a free port"});
      }
      return;
  }
}

void GatewayMachine::BeginLaunch() {
  foreign_ = false;
  start_.Begin(now_.steady);
  Enter(status_.state, Phase::kWaitingForPort);
  launching_ = true;
  Do(Launch{++process_, Program::kGateway, cause_});
}

void GatewayMachine::On(const Launched& launched) {
  if (launched.process != process_ || !launching_) return;
  launching_ = false;
  const bool repairing = status_.phase == Phase::kRepairing;
  child_ =
      Child{launched.process, repairing ? Program::kDoctor : Program::kGateway,
            launched.pid, now_.steady};
  if (repairing) {
    status_.owned = true;
    phase_deadline_ = now_.steady + kRepairLimit;
    return;
  }
  if (launches_++ > 0) ++status_.restarts;
  status_.pid = launched.pid;
  status_.owned = true;
  WaitForReady(Phase::kWaitingForPort, settings_.ready_poll);
}

void GatewayMachine::On(const LaunchFailed& failed) {
  if (failed.process != process_ || !launching_) return;
  launching_ = false;
  // Where there is no repair to run, the refusal stands.
  Fail(status_.phase == Phase::kRepairing ? *refusal_ : failed.fault);
}

void GatewayMachine::WaitForReady(Phase phase, Duration wait) {
  if (status_.phase != phase) Enter(status_.state, phase);
  phase_deadline_ = now_.steady + wait;
}

void GatewayMachine::BeginConnect() {
  Enter(status_.state, Phase::kConnecting);
  phase_deadline_ = now_.steady + settings_.handshake_timeout;
  link_live_ = true;
  Do(Connect{++link_});
}

void GatewayMachine::On(const HandshakeAccepted& accepted) {
  if (!IsCurrent(accepted.link) || status_.phase != Phase::kConnecting) return;
  Enter(State::kRunning, Phase::kNone);
  start_.End();
  automatic_ = false;
  repaired_ = false;
  announced_until_.reset();
  ForgetHealth();
  if (child_) child_->was_up = true;
  backoff_.Reset();
  budget_.OnRunning(now_.steady);
  status_.connected_at = now_;
  status_.version = accepted.hello.version;
  status_.protocol = accepted.hello.protocol;
  status_.boot_id = accepted.hello.boot_id;
  status_.error.reset();
  status_.reconnect_attempts = 0;
  if (foreign_) status_.pid = foreign_pid_;
  if (HasRestarted(accepted.hello)) FinishRestarts(std::nullopt);
  FinishUpOrders(std::nullopt);
}

void GatewayMachine::On(const HandshakeDeferred& deferred) {
  if (!IsCurrent(deferred.link) || status_.phase != Phase::kConnecting) return;
  link_live_ = false;
  if (deferred.told) {
    WaitForReady(Phase::kWaitingForReady, deferred.after);
  } else {
    Retry(deferred.why);
  }
}

void GatewayMachine::On(const HandshakeRefused& refused) {
  if (!IsCurrent(refused.link) || status_.phase != Phase::kConnecting) return;
  link_live_ = false;
  Fail(refused.fault);
}

void GatewayMachine::Retry(const std::string& why) {
  const bool restarts_itself =
      announced_until_ && now_.steady < *announced_until_;
  if ((child_ && !child_->was_up) || restarts_itself) {
    WaitForReady(Phase::kWaitingForReady, kStartingRetry);
    return;
  }
  ++status_.reconnect_attempts;
  std::string told = why;
  if (status_.reconnect_attempts >= settings_.max_reconnect_attempts) {
    told += Concat(" (", status_.reconnect_attempts,
                   " attempts failed; trying on)");
  }
  BackOff(ConnectionFault(std::move(told)));
}

void GatewayMachine::BackOff(std::optional<Fault> why) {
  const Duration wait = backoff_.Next();
  // What nobody ordered goes on by itself, as a relaunch does. With nothing to
  // launch it stays what it is: waiting for somebody else's gateway.
  if (automatic_ && settings_.mode != Mode::kAttach) {
    status_.state = State::kReconnecting;
  }
  Enter(status_.state, Phase::kBackingOff);
  phase_deadline_ = now_.steady + wait;
  status_.next_attempt_at = now_.wall + wait;
  status_.error = std::move(why);
}

}  // namespace clawplane::core
