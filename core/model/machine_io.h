// What the gateway's machine is told, and what it asks for.

#ifndef CLAWPLANE_CORE_MODEL_MACHINE_IO_H_
#define CLAWPLANE_CORE_MODEL_MACHINE_IO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/fault.h"
#include "core/model/frame.h"
#include "core/model/gateway_status.h"
#include "core/model/probe_report.h"
#include "core/model/process_vitals.h"
#include "core/model/run_history.h"
#include "core/model/start_budget.h"
#include "core/model/time.h"

namespace clawplane::core {

// How we come by a gateway; see `Start` in the .proto.
enum class Mode { kLaunch, kAttach, kAuto };

// Counts launches, or attempts to reach the gateway. A report that bears an
// older one than the machine's is about something that was given up, and
// changes nothing.
using Generation = uint64_t;

// What a process of ours runs.
enum class Program { kGateway, kDoctor };

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
  // The gateway is still wanted, by the next control plane.
  bool keep_wish = false;
  // Let it finish its work first.
  bool drain = false;
};
struct RestartOrder {
  OrderId id;
  std::optional<Duration> grace;
  bool force = false;
  // Let it finish its work first.
  bool drain = false;
};
// The control plane began, and the gateway is wanted up: by a wish that was
// stored, or by the configuration. What comes of it counts as automatic.
struct WishFound {};
// The control plane began, and took over the process of a gateway that one
// before it had launched. A start or a stop that comes of it is automatic.
struct ProcessFound {
  Generation process;
  int pid;
  TimePoint launched_at;
  // Where it was told to listen.
  uint16_t port;
  bool wanted_up;
};
// The look asked for by `LookAtPort` is done.
struct PortSeen {
  Generation link;
  ProbeReport report;
  // What the process, if one of ours runs, has done so far.
  ProcessSigns signs = {};
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
  // How many descendants were killed, with it or after its end.
  int stragglers = 0;
  // Who holds the lock of the gateway's state, for people; empty if nobody.
  std::string lock_holder = {};
};
// Somebody stopped our process, or let it go on.
struct ProcessStopped {
  Generation process;
  bool stopped;
};
// Our process was looked at.
struct ProcessSampled {
  Generation process;
  ProcessVitals vitals;
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
// The gateway said that it is about to restart within its process.
struct RestartAnnounced {
  Generation link;
};
// What a gateway that is not ours made of the order to restart.
struct RestartAnswered {
  Generation link;
  // It will; it will not, for this reason; or its answer did not come.
  enum class Answer { kAccepted, kRefused, kUnknown };
  Answer answer;
  // For people; empty if it will.
  std::string why;
};
// The signal asked for by `SignalForeign` was sent, or why not.
struct ForeignSignalled {
  std::optional<Fault> fault;
};
// What the gateway has left to do before it can be ended without a loss.
struct DrainReported {
  Generation link;
  uint32_t active;
  std::vector<std::string> waiting_for;
};
// It has nothing left to do; or it cannot be asked, for this reason.
struct DrainEnded {
  Generation link;
  std::optional<std::string> why_not;
};
// What is known of the gateway's health; see `Liveness`.
struct HealthChecked {
  Health health;
};
struct Suspected {
  WallTime since;
};
struct SuspicionEnded {};
// It has been silent for too long and failed every proof of life.
struct FoundUnresponsive {
  // For people.
  std::string evidence;
};
// Nothing comes by the connection any more, though the gateway lives.
struct ConnectionFoundDead {
  // For people.
  std::string evidence;
};
// `deadline()` has passed.
struct DeadlineReached {};

using Input = std::variant<
    StartOrder, StopOrder, RestartOrder, WishFound, ProcessFound, PortSeen,
    Launched, LaunchFailed, ProcessExited, ProcessStopped, ProcessSampled,
    HandshakeAccepted, HandshakeDeferred, HandshakeRefused, ConnectionLost,
    RestartAnnounced, RestartAnswered, ForeignSignalled, DrainReported,
    DrainEnded, HealthChecked, Suspected, SuspicionEnded, FoundUnresponsive,
    ConnectionFoundDead, DeadlineReached>;

// ---- What is to be done, in the order given

// Look what listens on the gateway's port; answer with `PortSeen`.
struct LookAtPort {
  Generation link;
};
// Start a process; answer with `Launched` or `LaunchFailed`, before any other
// input.
struct Launch {
  Generation process;
  Program program = Program::kGateway;
  StartCause cause = StartCause::kStart;
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
// Ask the gateway, which is not ours, to restart itself; answer with
// `RestartAnswered`.
struct AskForRestart {
  Generation link;
};
// Have the gateway take in no new work, and finish what it has; answer with
// `DrainReported`, and with `DrainEnded` once, unless the link goes before.
struct BeginDrain {
  Generation link;
};
// Send the signal (SIGUSR1 or SIGUSR2) to the process if it still listens on
// the gateway's port; answer with `ForeignSignalled`.
enum class UserSignal { kFirst, kSecond };
struct SignalForeign {
  int pid;
  UserSignal signal;
};
// Tell the end of the gateway's process, in the event log and among the runs.
struct RecordExit {
  ProcessEnd end;
  EndCause cause = EndCause::kItself;
};
// Tell the end of the gateway's own repair, in the event log.
struct RecordRepair {
  ProcessEnd end;
  std::string last_words;
};
// Tell of something that is not well, in the event log and with the run.
struct RecordError {
  Fault fault;
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
                 Kill, AskForRestart, BeginDrain, SignalForeign, RecordExit,
                 RecordRepair, RecordError, RecordState, Publish, FinishOrder>;

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_MACHINE_IO_H_
