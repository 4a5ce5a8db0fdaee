// The seams between the manager and the outside world.
//
// Each is something that a test replaces by a fake with behaviour: processes,
// connections, probes, the disk that keeps events, and time. All of them live
// on the core strand: every method is called there, and every report comes
// there, never from inside the call that asked for it.
//
// Destroying any object below ends what it stands for, and no report comes
// after it. Every report function may destroy the object that reports.

#ifndef CLAWPLANE_CORE_IO_PORTS_H_
#define CLAWPLANE_CORE_IO_PORTS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model/event_filter.h"
#include "core/model/event_page.h"
#include "core/model/exit_status.h"
#include "core/model/fault.h"
#include "core/model/log_buffer.h"
#include "core/model/probe_report.h"
#include "core/model/process_identity.h"
#include "core/model/process_vitals.h"
#include "core/model/time.h"

namespace clawplane::core {

// ---- Processes

// What to run. Nothing of the parent's environment is added.
struct LaunchSpec {
  // An absolute path.
  std::string executable;
  // Without the program's own name.
  std::vector<std::string> arguments;
  // The working directory.
  std::string directory;
  // `NAME=value` each; may hold a secret, so it is never logged.
  std::vector<std::string> environment;
};

// The end of a process and of all that descended from it.
struct ProcessGone {
  ExitStatus exit;
  // How many descendants were killed, in its group or outside of it: with it,
  // or after its end.
  int stragglers = 0;
};

struct ProcessReports {
  // A line of output, without its end, of which `cut` bytes were left out at
  // its end. Comes before `on_gone` for all that the process itself wrote.
  std::function<void(LogSource, std::string_view line, size_t cut)> on_line;
  // Somebody stopped the process (SIGSTOP, a debugger), or let it go on.
  std::function<void(bool stopped)> on_stopped;
  // The process was reaped, and what it left behind is gone. Once; the last
  // report.
  std::function<void(ProcessGone)> on_gone;
};

// One running process that leads its own process group: a child, or one that
// was taken over. Destroying it kills the group and its other descendants, and
// they are reaped in the background.
class Process {
 public:
  virtual ~Process() = default;

  virtual pid_t pid() const = 0;

  // Sends `signal` to the whole process group. Does nothing once the process
  // was reaped.
  virtual void SignalGroup(int signal) = 0;

  // Sends SIGKILL to the process group and to the descendants that left it.
  virtual void Kill() = 0;

  // What the system shows of it now; nothing once it has ended.
  virtual std::optional<ProcessVitals> Vitals() const = 0;

  // By what it can be taken over later; nothing for one that cannot outlive us.
  virtual std::optional<ProcessIdentity> Identity() const = 0;

  // Lets go of one that has an identity: it runs on, and nothing more is heard
  // of it. Destroying this ends nothing any more.
  virtual void Leave() = 0;
};

class ProcessLauncher {
 public:
  virtual ~ProcessLauncher() = default;

  // Starts a child. A failure names the step and the system's error, and leaves
  // nothing behind.
  virtual std::variant<std::unique_ptr<Process>, Fault> Launch(
      const LaunchSpec& spec, ProcessReports reports) = 0;

  // Takes over a process that was left; or says what is missing to the proof
  // that it is the one. What else is left of its launch then, is killed.
  virtual std::variant<std::unique_ptr<Process>, Fault> Adopt(
      const ProcessIdentity& identity, ProcessReports reports) = 0;
};

// ---- Connections

// How a connection ended.
struct ConnectionEnd {
  // The close code of the WebSocket (RFC 6455, 7.4), 1006 when there was no
  // closing handshake. 0 when there never was a WebSocket.
  uint16_t code = 0;
  // The peer's reason, or the system's error in words.
  std::string reason;
  // The HTTP status of an upgrade that was declined, else 0.
  int http_status = 0;
};

struct ConnectionReports {
  // The WebSocket is open. Once, before any other report but `on_end`.
  std::function<void()> on_open;
  // A message came. The bytes are valid during the call only; nobody has
  // checked that they are JSON, or even text.
  std::function<void(std::string_view)> on_message;
  // A message over the limit ended; only its first bytes were kept.
  std::function<void(std::string_view head, size_t size)> on_oversized;
  // Bytes came, of a message or of a ping, pong or close. Comes before the
  // report of what they complete.
  std::function<void()> on_alive;
  // A pong came.
  std::function<void()> on_pong;
  // The system has just taken the first byte of the message with this tag. A
  // message without this report was not sent, not even in part.
  std::function<void(uint64_t tag)> on_write;
  // It is over. Once; the last report.
  std::function<void(ConnectionEnd)> on_end;
};

// One WebSocket from connect to close. It never connects again. Destroying it
// drops the connection without a closing handshake.
class Connection {
 public:
  virtual ~Connection() = default;

  // Queues a text message. `tag` comes back in `on_write`.
  virtual void Send(std::string message, uint64_t tag) = 0;

  // Sends a ping, if the connection is open; the pong is an `on_alive` and
  // `on_pong`.
  virtual void Ping() = 0;

  // Begins the closing handshake; `on_end` follows within 2 s, whatever the
  // peer does. Messages not yet begun are not sent.
  virtual void Close(uint16_t code, std::string_view reason) = 0;
};

class Connector {
 public:
  virtual ~Connector() = default;

  // Starts to connect to a port of the loopback interface: IPv4 first, then
  // IPv6 if that is refused.
  virtual std::unique_ptr<Connection> Connect(uint16_t port,
                                              ConnectionReports reports) = 0;
};

// ---- Probes

// A look in progress.
class Probe {
 public:
  virtual ~Probe() = default;
};

class Prober {
 public:
  virtual ~Prober() = default;

  // Asks `GET /readyz` of a port of the loopback interface. `report` comes
  // once, within about `timeout`. What descends from `leader`, where that is
  // not 0, is no stranger, even if that is no child of ours.
  virtual std::unique_ptr<Probe> Look(
      uint16_t port, pid_t leader, Duration timeout,
      std::function<void(ProbeReport)> report) = 0;
};

// ---- The event log on disk

// What is on disk of the epoch that is written, and of all. Thread-compatible.
struct StoredEvents {
  DurableRange durable;
  // Just before the oldest event of all; none if there is no event.
  std::optional<EventPosition> oldest;
  // The size of the file.
  uint64_t bytes = 0;
};

struct EventStoreReports {
  // The batch is on the disk and outlives a power cut.
  std::function<void(const StoredEvents&)> on_stored;
  // Nothing of the batch is; why not.
  std::function<void(const StoredEvents&, const std::string& why)> on_failed;
  // The next batch may come: behind each of the two above, after a pause.
  std::function<void()> on_ready;
};

class EventStore {
 public:
  // How much is in a full batch; none is larger, but that of one large event.
  static constexpr size_t kBatchEvents = 256;
  static constexpr size_t kBatchBytes = 4 * 1024 * 1024;

  virtual ~EventStore() = default;

  // Whom to tell. Once, before anything else.
  virtual void Begin(EventStoreReports reports) = 0;

  // Stores consecutive events, behind those stored before or leaving some out.
  // One batch at a time; the first at any time, the next after `on_ready`.
  virtual void Append(std::vector<Event> batch) = 0;

  // Reads what follows a position, and of that what the filter takes. All that
  // was handed over before is seen. Nothing if the disk fails.
  virtual void Read(
      const EventPosition& after, const EventFilter& filter,
      std::function<void(const std::optional<EventPage>&)> done) = 0;

  // Stores the rest, and that the epoch ends in order with event `last`. The
  // last call, at any time; nothing is told of it.
  virtual void Finish(std::vector<Event> rest, uint64_t last) = 0;
};

// ---- Time

// A clock, and one timer on it.
class Alarm {
 public:
  virtual ~Alarm() = default;

  virtual Instant Now() const = 0;

  // Calls `ring` at or after `when`; replaces what was set before, and nothing
  // means never.
  virtual void Set(std::optional<TimePoint> when,
                   std::function<void()> ring) = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_PORTS_H_
