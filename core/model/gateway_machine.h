// Decides what becomes of the gateway; does nothing itself.

#ifndef CLAWPLANE_CORE_MODEL_GATEWAY_MACHINE_H_
#define CLAWPLANE_CORE_MODEL_GATEWAY_MACHINE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/model/machine_io.h"
#include "core/model/restart_policy.h"
#include "core/model/start_budget.h"

namespace clawplane::core {

// The life of a gateway as a table. All decisions of the supervisor are taken
// here, from an input and the time that the caller says it is; a test can put
// the machine through any history. The caller carries out the effects in order,
// and steps again with `DeadlineReached` once `deadline()` has passed.
//
//   state        | Start    | Stop        | Restart     | process exits
//   -------------+----------+-------------+-------------+-------------------
//   STOPPED      | look     | done        | look        | -
//   STARTING     | join     | end, STOPPED| end, look   | ERROR
//   RUNNING      | done     | end, STOPPED| end, look   | RECONNECTING
//   RECONNECTING | join, now| end, STOPPED| end, look   | back off, launch
//   STOPPING     | look next| hasten      | look next   | STOPPED, or next
//   ERROR        | look     | STOPPED     | look        | -
//
//   phase             | left by             | its deadline means
//   ------------------+---------------------+------------------------------
//   PROBING           | PortSeen            | (none)
//   WAITING_FOR_PORT  | its deadline        | look again
//   WAITING_FOR_READY | its deadline        | look again
//   CONNECTING        | a handshake input   | took too long: try again
//   BACKING_OFF       | its deadline, Start | look again
//   TERMINATING       | ProcessExited       | the grace is over: kill
//   KILLING           | ProcessExited       | (none: the kernel will do it)
//   RESTART_DELAY     | its deadline        | look, then launch
//   REPAIRING         | ProcessExited       | the repair takes too long: kill
//   DRAINING          | DrainEnded          | the work takes too long: SIGTERM
//
// What a look leads to:
//
//   found          | launch           | ours, never up | auto    | attach
//   ---------------+------------------+----------------+---------+--------
//   nothing        | launch           | look again     | launch  | back off
//   not ready      | ERROR: port held | look again     | wait    | wait
//   answers        | ERROR: port held | connect        | connect | connect
//   unintelligible | ERROR: port held | look again     | ERROR   | back off
//
// (In RECONNECTING a held port is waited for. One of ours that has been up is
// reached by backing off. A stranger on the port of one of ours is a held port,
// too, and the start fails; see `OnPortTaken`. In `auto`, and of our own, only
// a listener that belongs to us or to root is connected to.)
//
// Beside the phase's deadline a start has a budget (`StartBudget`), but for
// mode `attach`; a launch begins it anew. A foreign gateway that was RUNNING
// once is waited for, never replaced. While STOPPING, `next` says where the
// exit leads, so that an order can change its mind.
//
// Exit code 78 leads, from everywhere but STOPPING, to one run of the gateway's
// own repair and one more launch; the second 78 to ERROR. A held state lock
// leads to ERROR at once, for no repair helps there.
//
// A start that nobody ordered (`WishFound`) is automatic: when its process
// ends, it is launched again as in RECONNECTING, while the crash budget lasts.
//
// A restart that the gateway announced is polled for like a start, for 120 s,
// while its process lives or if it is foreign.
//
// A foreign gateway is asked to restart itself; if it refuses, its process is
// sent the signal that has it restart, where that process can be seen. The
// order is fulfilled once another gateway than before has accepted a handshake,
// and fails if that takes longer than a start may. One that cannot be reached,
// is not ours to restart.
//
// A process of an earlier control plane (`ProcessFound`) is reached again as
// one whose connection was lost. It counts as one that has been up, so that no
// failure to reach it ends it; only the start's budget does.
//
// A drain is an end whose first step is the gateway's own: in RUNNING, it is
// asked to take in no more work and to finish what it has, while its connection
// and the calls with it stay. One that cannot be asked gets SIGTERM, on which
// it finishes its work too, and as long for it. Another order without `drain`
// cuts it short.
//
// Evidence never ends a gateway but by `FoundUnresponsive` and by the hard
// limit of memory, and only one of ours that has been RUNNING.
//
// What holds after each step, whatever came before (and is checked by a test
// that takes a million random ones):
//  * There is at most one process, one look or one connection at a time, and
//    none is launched before the one before it has been reaped.
//  * Nothing is launched after a Stop, and never in mode `attach`.
//  * RUNNING means that a handshake was accepted on a connection that stands.
//    While draining, it stands too.
//  * Every order is finished exactly once: a Stop always well, Start and
//  Restart
//    well only in RUNNING. At rest (STOPPED, RUNNING, ERROR) none waits, but
//    for restarts of a foreign gateway in RUNNING, until it goes.
//  * Whatever is waited for has a deadline or a report to come: no state lasts
//    for ever by accident.
//  * `revision` counts every change that `SameRevision` sees, and each is
//    published; changes of state and ends of processes are recorded once.
//  * Reports about what was given up change nothing.
//
// Thread-compatible. The core strand owns the only instance.
class GatewayMachine {
 public:
  struct Settings {
    Mode mode = Mode::kAuto;
    uint16_t port = 18789;
    // Without a sign of progress, and in all.
    Duration start_budget = std::chrono::seconds(300);
    Duration start_limit = std::chrono::seconds(900);
    Duration stop_grace = std::chrono::seconds(10);
    // How long a gateway may take to finish its work. The makers of the gateway
    // give it 315 s.
    Duration drain_limit = std::chrono::seconds(315);
    Duration restart_delay = std::chrono::seconds(1);
    Duration handshake_timeout = std::chrono::seconds(30);
    Duration ready_poll = std::chrono::milliseconds(50);
    uint32_t max_reconnect_attempts = 10;
    // Of the gateway's resident memory, in bytes; 0 is none. Above the soft one
    // it is told, above the hard one the gateway is launched anew.
    uint64_t memory_soft_limit = 0;
    uint64_t memory_hard_limit = 0;
  };

  // `random` gives numbers from 0 up to but without 1.
  GatewayMachine(const Settings& settings, std::function<double()> random)
      : settings_(settings),
        backoff_(std::move(random)),
        start_(settings.start_budget, settings.start_limit) {}

  // Takes one input. One that the state has no use for changes nothing and has
  // no effects.
  std::vector<Effect> Step(const Input& input, Instant now);

  // Other times and limits, from now on. Mode and port must be as they were.
  void Use(const Settings& settings) {
    settings_ = settings;
    start_.Use(settings.start_budget, settings.start_limit);
  }

  const GatewayStatus& status() const { return status_; }

  // The process of ours that runs, if one does.
  std::optional<Generation> child() const {
    return child_ ? std::optional(child_->generation) : std::nullopt;
  }

  // Whether there is a process that can be left running as it is: a gateway
  // that nobody is ending.
  bool MayBeLeft() const {
    return child_ && child_->program == Program::kGateway &&
           status_.state != State::kStopping;
  }

  // When `DeadlineReached` is due, if ever. May change with each `Step`.
  std::optional<TimePoint> deadline() const;

 private:
  // A process of ours.
  struct Child {
    Generation generation;
    Program program;
    int pid;
    TimePoint launched_at;
    // Whether it ever reached RUNNING.
    bool was_up = false;
    bool killed = false;
    // What our ending it is for.
    EndCause end_cause = EndCause::kItself;
  };

  // Inputs.
  void On(const StartOrder& order);
  void On(const StopOrder& order);
  void On(const RestartOrder& order);
  void On(const WishFound&);
  void On(const ProcessFound& found);
  void On(const PortSeen& seen);
  void On(const Launched& launched);
  void On(const LaunchFailed& failed);
  void On(const ProcessExited& exited);
  void On(const ProcessStopped& stopped);
  void On(const ProcessSampled& sampled);
  void On(const HandshakeAccepted& accepted);
  void On(const HandshakeDeferred& deferred);
  void On(const HandshakeRefused& refused);
  void On(const ConnectionLost& lost);
  void On(const RestartAnnounced& announced);
  void On(const RestartAnswered& answered);
  void On(const ForeignSignalled& signalled);
  void On(const DrainReported& reported);
  void On(const DrainEnded& ended);
  void On(const HealthChecked& checked);
  void On(const Suspected& suspected);
  void On(const SuspicionEnded&);
  void On(const FoundUnresponsive& found);
  void On(const ConnectionFoundDead& found);
  void On(const DeadlineReached&);

  // Actions, in the order of a life.
  void BeginStart(StartCause cause);
  void Look();
  void OnFreePort();
  void OnListenerFound(const ProbeReport& report);
  void OnOwnPortSeen(const ProbeReport& report);
  // Somebody else listens where a process of ours should.
  void OnPortTaken(const ProbeReport& report);
  void BeginLaunch();
  void BeginConnect();
  // Gives up the look or connection, and the calls with it.
  void DropLinkInUse();
  // What follows an accepted connection that is no more.
  void OnConnectionGone(const std::string& why);
  // An attempt to reach the gateway failed.
  void Retry(const std::string& why);
  void BackOff(std::optional<Fault> why);
  void WaitForReady(Phase phase, Duration wait);
  // Ends our process, and then enters `next`.
  void End(State next, EndCause cause, Duration grace, bool force);
  void Hasten(Duration grace, bool force);
  // As `End`, once the gateway has finished its work.
  void BeginDraining(State next, EndCause cause, Duration grace);
  // The drain is over, one way or the other.
  void EndDrained(Duration grace, bool force);
  void OnDrainTooLong();
  // The grace of a SIGTERM on which the gateway finishes its work.
  Duration LongGrace(Duration grace) const;
  // An end that may begin with a drain.
  void EndInOrder(State next, EndCause cause, Duration grace, bool force,
                  bool drain);
  void KillNow();
  // The process is gone, or there was none.
  void AfterEnd();
  void OnUnwantedExit(const ProcessExited& exited);
  void OnRepaired();
  // Exit code 78.
  void OnRefusedState(const ProcessExited& exited);
  Fault CrashLoop() const;
  void Fail(Fault fault);
  void OnStartBudgetSpent();
  // Ends our process for what it does, and launches it again.
  void Replace(Fault why, EndCause cause, bool force);
  // Nothing is known of the gateway's health any more.
  void ForgetHealth();

  // Of a gateway that is not ours.
  void RestartForeign(const RestartOrder& order);
  void FinishRestarts(const std::optional<Fault>& fault);
  // Whether the gateway that answers is another than the one that was to
  // restart.
  bool HasRestarted(const Hello& hello) const;

  void Enter(State state, Phase phase);
  void FinishUpOrders(const std::optional<Fault>& fault);
  void FinishDownOrders();
  template <typename E>
  void Do(E effect) {
    effects_.emplace_back(std::move(effect));
  }
  bool IsCurrent(Generation link) const { return link == link_ && link_live_; }

  Settings settings_;
  Backoff backoff_;
  CrashBudget budget_;
  StartBudget start_;

  GatewayStatus status_;
  std::optional<Child> child_;
  // Whether the gateway we reach for is somebody else's, and its process if
  // that can be seen.
  bool foreign_ = false;
  std::optional<int> foreign_pid_;
  Generation process_ = 0;
  // Whether the launch of generation `process_` is in progress.
  bool launching_ = false;
  Generation link_ = 0;
  // Whether a look or connection of generation `link_` is in progress.
  bool link_live_ = false;
  // While STOPPING: what the exit leads to, and how long after it.
  State next_ = State::kStopped;
  Duration resume_after_{};
  // While draining: why, and how long SIGTERM has after it.
  EndCause drain_cause_ = EndCause::kStop;
  Duration drain_grace_{};
  std::optional<TimePoint> phase_deadline_;
  uint32_t launches_ = 0;
  // Why the next launch takes place.
  StartCause cause_ = StartCause::kStart;
  // Whether nobody ordered the start in progress.
  bool automatic_ = false;
  // Whether this start has used its repair, and why it had to.
  bool repaired_ = false;
  std::optional<Fault> refusal_;
  // Until when an announced restart is polled for.
  std::optional<TimePoint> announced_until_;
  bool memory_told_ = false;
  // How processes ended since a person's order, for the words of a crash loop.
  std::deque<ProcessEnd> ends_;
  // Who waits for RUNNING, and who for the process to be gone.
  std::vector<OrderId> up_orders_;
  std::vector<OrderId> down_orders_;
  // Who waits for a gateway that is not ours to restart itself; what it was and
  // since when.
  std::vector<OrderId> restart_orders_;
  TimePoint restart_asked_;
  std::optional<TimePoint> restart_deadline_;
  std::string restarted_boot_id_;
  std::optional<int> restarted_pid_;

  // Of the step in progress.
  Instant now_;
  std::vector<Effect> effects_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_GATEWAY_MACHINE_H_
