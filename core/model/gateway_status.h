// What is known of the gateway at one moment.

#ifndef CLAWPLANE_CORE_MODEL_GATEWAY_STATUS_H_
#define CLAWPLANE_CORE_MODEL_GATEWAY_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/exit_status.h"
#include "core/model/fault.h"
#include "core/model/time.h"

namespace clawplane::core {

// The meaning of each is written at the message `GatewayStatus` of the .proto.
enum class State {
  kStopped,
  kStarting,
  kRunning,
  kReconnecting,
  kStopping,
  kError,
};
std::string_view Name(State state);

enum class Phase {
  kNone,
  kProbing,
  kWaitingForPort,
  kWaitingForReady,
  kConnecting,
  kBackingOff,
  kTerminating,
  kKilling,
  kRestartDelay,
  kRepairing,
  kDraining,
};
inline constexpr size_t kPhases = static_cast<size_t>(Phase::kDraining) + 1;
std::string_view Name(Phase phase);

// The end of a process of ours.
struct ProcessEnd {
  int pid = 0;
  ExitStatus exit;
  // Whether we sent it SIGKILL.
  bool killed = false;
  // Whether it ended because we wanted it to.
  bool expected = false;
  WallTime at;
  Duration lived{};
  // How many descendants were killed, with it or after its end.
  int stragglers = 0;

  friend bool operator==(const ProcessEnd&, const ProcessEnd&) = default;
};

// What a check of the gateway's health found.
struct Health {
  // The layers that a check passes, in order.
  enum class Layer { kNone, kProcess, kPort, kHandshake, kRpc };

  WallTime checked_at;
  Duration latency{};
  // The first that failed; all is well if none did.
  Layer failed = Layer::kNone;
  // What was found, for people; empty if all is well.
  std::string message;

  bool ok() const { return failed == Layer::kNone; }
};

// The work that a gateway finishes before it is ended.
struct Drain {
  // How much of it there is, as the gateway counts.
  uint32_t active = 0;
  // What it is, in the gateway's words: "1 active request".
  std::vector<std::string> waiting_for;
  // When it is ended all the same.
  WallTime until;

  friend bool operator==(const Drain&, const Drain&) = default;
};

// Thread-compatible. A copy is a snapshot.
struct GatewayStatus {
  State state = State::kStopped;
  Phase phase = Phase::kNone;
  bool wanted_up = false;
  // +1 with each change that a reader should see; see the .proto.
  uint64_t revision = 1;
  // When the phase began.
  TimePoint phase_since;
  // The process of ours; none if none runs.
  std::optional<int> pid;
  bool owned = false;
  // Since when the handshake in use stands; none unless kRunning.
  std::optional<Instant> connected_at;
  // Of the latest handshake.
  std::string version;
  uint32_t protocol = 0;
  std::string boot_id;
  std::optional<Fault> error;
  uint32_t reconnect_attempts = 0;
  std::optional<WallTime> next_attempt_at;
  std::optional<ProcessEnd> last_exit;
  // Launches after the first.
  uint32_t restarts = 0;
  std::optional<Health> health;
  // Since when the gateway has been silent, once that is suspicious.
  std::optional<WallTime> suspect_since;
  // Of our process, when it was last sampled.
  uint64_t resident_bytes = 0;
  // In the phase kDraining.
  std::optional<Drain> drain;
};

// Whether two statuses differ in what `revision` counts.
bool SameRevision(const GatewayStatus& a, const GatewayStatus& b);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_GATEWAY_STATUS_H_
