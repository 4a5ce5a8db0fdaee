// Decides what becomes of the gateway; does nothing itself.

#ifndef CLAWPLANE_CORE_MODEL_GATEWAY_MACHINE_H_
#define CLAWPLANE_CORE_MODEL_GATEWAY_MACHINE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/fault.h"
#include "core/model/frame.h"
#include "core/model/gateway_status.h"
#include "core/model/probe_report.h"
#include "core/model/restart_policy.h"
#include "core/model/time.h"

namespace clawplane::core {

// How we come by a gateway; see `Start` in the .proto.
enum class Mode { kLaunch, kAttach, kAuto };

// Counts launches, or attempts to reach the gateway. A report that bears an
// older one than the machine's is about something that was given up, and
// changes nothing.
using Generation = uint64_t;

// Names one order of a person, from the order to its `FinishOrder`.
using OrderId = uint64_t;

// ---- What happens

struct StartOrder {
  OrderId id;
};
struct StopOrder {
  OrderId id;
  // None means the configured one.
  std::optional<Duration> grace;
  bool force = false;
};
struct RestartOrder {
  OrderId id;
  std::optional<Duration> grace;
  bool force = false;
};
// The look asked for by `LookAtPort` is done.
struct PortSeen {
  Generation link;
  ProbeReport report;
};
// The launch asked for by `Launch` is done, well or not.
struct Launched {
  Generation process;
  int pid;
};
struct LaunchFailed {
  Generation process;
  Fault fault;
};
struct ProcessExited {
  Generation process;
  ExitStatus exit;
  // The last of its output, for people.
  std::string last_words;
};
// The handshake asked for by `Connect` was accepted, put off, or refused for
// good.
struct HandshakeAccepted {
  Generation link;
  Hello hello;
};
struct HandshakeDeferred {
  Generation link;
  Duration after;
  std::string why;
  // Whether the gateway itself named the time.
  bool told;
};
struct HandshakeRefused {
  Generation link;
  Fault fault;
};
// An accepted connection ended.
struct ConnectionLost {
  Generation link;
  std::string why;
};
// `deadline()` has passed.
struct DeadlineReached {};

using Input = std::variant<StartOrder, StopOrder, RestartOrder, PortSeen,
                           Launched, LaunchFailed, ProcessExited,
                           HandshakeAccepted, HandshakeDeferred,
                           HandshakeRefused, ConnectionLost, DeadlineReached>;

// ---- What is to be done, in the order given

// Look what listens on the gateway's port; answer with `PortSeen`.
struct LookAtPort {
  Generation link;
};
// Start a process; answer with `Launched` or `LaunchFailed`, before any other
// input.
struct Launch {
  Generation process;
};
// Connect and shake hands; answer with one of the handshake inputs.
struct Connect {
  Generation link;
};
// Give up the look or connection in progress; an open one is closed in order.
struct DropLink {};
// Calls can no longer be answered.
struct FailCalls {};
// Signal the process group.
struct Terminate {};
struct Kill {};
// Tell the end of a process, in the event log.
struct RecordExit {
  ProcessEnd end;
};
// Tell a change of state, in the event log.
struct RecordState {
  State from;
  State to;
};
// Show the new status to who follows it.
struct Publish {};
// Tell the giver of an order how it ended; no fault means well.
struct FinishOrder {
  OrderId id;
  std::optional<Fault> fault;
};

using Effect =
    std::variant<LookAtPort, Launch, Connect, DropLink, FailCalls, Terminate,
                 Kill, RecordExit, RecordState, Publish, FinishOrder>;

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
// reached by backing off. In `auto`, and of our own, only a listener that
// belongs to us or to root is connected to.)
//
// Beside the phase's deadline a start has a budget, but for mode `attach`; a
// launch begins it anew. A foreign gateway that was RUNNING once is waited for,
// never replaced. Exit code 78 leads to ERROR from everywhere but STOPPING.
// While STOPPING, `next` says where the exit leads, so that an order can change
// its mind.
//
// Thread-compatible. The core strand owns the only instance.
class GatewayMachine {
 public:
  struct Settings {
    Mode mode = Mode::kAuto;
    uint16_t port = 18789;
    Duration start_budget = std::chrono::seconds(300);
    Duration stop_grace = std::chrono::seconds(10);
    Duration restart_delay = std::chrono::seconds(1);
    Duration handshake_timeout = std::chrono::seconds(30);
    Duration ready_poll = std::chrono::milliseconds(50);
    uint32_t max_reconnect_attempts = 10;
  };

  // `random` gives numbers from 0 up to but without 1.
  GatewayMachine(const Settings& settings, std::function<double()> random)
      : settings_(settings), backoff_(std::move(random)) {}

  // Takes one input. One that the state has no use for changes nothing and has
  // no effects.
  std::vector<Effect> Step(const Input& input, Instant now);

  const GatewayStatus& status() const { return status_; }

  // When `DeadlineReached` is due, if ever. May change with each `Step`.
  std::optional<TimePoint> deadline() const;

 private:
  // A process of ours.
  struct Child {
    Generation generation;
    int pid;
    TimePoint launched_at;
    // Whether it ever reached RUNNING.
    bool was_up = false;
    bool killed = false;
  };

  // Inputs.
  void On(const StartOrder& order);
  void On(const StopOrder& order);
  void On(const RestartOrder& order);
  void On(const PortSeen& seen);
  void On(const Launched& launched);
  void On(const LaunchFailed& failed);
  void On(const ProcessExited& exited);
  void On(const HandshakeAccepted& accepted);
  void On(const HandshakeDeferred& deferred);
  void On(const HandshakeRefused& refused);
  void On(const ConnectionLost& lost);
  void On(const DeadlineReached&);

  // Actions, in the order of a life.
  void BeginStart();
  void Look();
  void OnFreePort();
  void OnListenerFound(const ProbeReport& report);
  void OnOwnPortSeen(const ProbeReport& report);
  void BeginLaunch();
  void BeginConnect();
  // An attempt to reach the gateway failed.
  void Retry(const std::string& why);
  void BackOff(std::optional<Fault> why);
  void WaitForReady(Phase phase, Duration wait);
  // Ends our process, and then enters `next`.
  void End(State next, Duration grace, bool force);
  void Hasten(Duration grace, bool force);
  void KillNow();
  // The process is gone, or there was none.
  void AfterEnd();
  void OnUnwantedExit(const ProcessExited& exited);
  void Fail(Fault fault);
  void OnStartBudgetSpent();

  void Enter(State state, Phase phase);
  void FinishUpOrders(const std::optional<Fault>& fault);
  void FinishDownOrders();
  template <typename E>
  void Do(E effect) {
    effects_.emplace_back(std::move(effect));
  }
  bool IsCurrent(Generation link) const { return link == link_ && link_live_; }

  const Settings settings_;
  Backoff backoff_;
  CrashBudget budget_;

  GatewayStatus status_;
  std::optional<Child> child_;
  // Whether the gateway we reach for is somebody else's.
  bool foreign_ = false;
  Generation process_ = 0;
  // Whether the launch of generation `process_` is in progress.
  bool launching_ = false;
  Generation link_ = 0;
  // Whether a look or connection of generation `link_` is in progress.
  bool link_live_ = false;
  // While STOPPING: what the exit leads to, and how long after it.
  State next_ = State::kStopped;
  Duration resume_after_{};
  std::optional<TimePoint> phase_deadline_;
  std::optional<TimePoint> start_deadline_;
  uint32_t launches_ = 0;
  // Who waits for RUNNING, and who for the process to be gone.
  std::vector<OrderId> up_orders_;
  std::vector<OrderId> down_orders_;

  // Of the step in progress.
  Instant now_;
  std::vector<Effect> effects_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_GATEWAY_MACHINE_H_
