// What ran, why it started and ended, and what was seen of it.

#ifndef CLAWPLANE_CORE_MODEL_RUN_HISTORY_H_
#define CLAWPLANE_CORE_MODEL_RUN_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/gateway_status.h"
#include "core/model/log_buffer.h"
#include "core/model/time.h"

namespace clawplane::core {

// Why a process of the gateway is launched, and why it ends. The meaning of
// each is written at `Run` in the .proto.
enum class StartCause {
  kStart,
  kRestart,
  kServerStart,
  kExit,
  kRepair,
  kDecision,
  kAdoption,
};
inline constexpr size_t kStartCauses =
    static_cast<size_t>(StartCause::kAdoption) + 1;
enum class EndCause {
  kItself,
  kStop,
  kRestart,
  kStartFailed,
  kUnresponsive,
  kMemory,
  kOtherPort,
};
inline constexpr size_t kEndCauses =
    static_cast<size_t>(EndCause::kOtherPort) + 1;

// For people: "somebody called Start".
std::string_view Describe(StartCause cause);

// How long a run was in one phase.
struct PhaseTime {
  State state;
  Phase phase;
  Duration took{};
};

// Something that was found about a run.
struct Evidence {
  WallTime at;
  std::string text;
};

// One life of a process of the gateway. Thread-compatible.
struct Run {
  int pid = 0;
  Instant started_at;
  StartCause start_cause = StartCause::kStart;
  // From the launch to the first RUNNING, if there was one.
  std::optional<Duration> ready_after;
  // Of the latest handshake.
  std::string version;
  std::string boot_id;
  std::deque<PhaseTime> phases;
  std::deque<Evidence> evidence;
  uint64_t peak_resident_bytes = 0;
  // None while it lives.
  std::optional<ProcessEnd> exit;
  EndCause end_cause = EndCause::kItself;
  std::deque<LogLine> last_stderr;
};

// Keeps the latest runs. All but `Begin` is about the latest one, and does
// nothing where that has ended or there is none.
//
// Thread-compatible.
class RunHistory {
 public:
  static constexpr size_t kMaxRuns = 50;
  // Of each run.
  static constexpr size_t kMaxPhases = 32;
  static constexpr size_t kMaxEvidence = 16;
  static constexpr size_t kMaxEvidenceBytes = 500;
  static constexpr size_t kMaxLines = 120;
  static constexpr size_t kMaxLineBytes = 64 * 1024;

  void Begin(int pid, StartCause cause, Instant now);

  // The status is this now. Call it with each change.
  void OnStatus(const GatewayStatus& status, TimePoint now);
  void OnLine(const LogLine& line);
  void OnMemory(uint64_t peak_resident_bytes);
  void AddEvidence(WallTime at, std::string_view text);

  void End(const ProcessEnd& exit, EndCause cause, TimePoint now);

  // How many there ever were, by why they were launched and how they ended.
  struct Counts {
    struct Ends {
      uint64_t clean = 0;   // exit code 0
      uint64_t code = 0;    // another exit code
      uint64_t signal = 0;  // a signal
      uint64_t unknown = 0;
    };
    std::array<uint64_t, kStartCauses> starts = {};
    std::array<Ends, kEndCauses> ends;
  };
  const Counts& counts() const { return counts_; }

  // The latest last.
  const std::deque<Run>& runs() const { return runs_; }

 private:
  Run* current();
  // Adds the time since the last change to the phase that it began.
  void CloseStretch(Run& run, TimePoint now);

  std::deque<Run> runs_;
  Counts counts_;
  // The phase that the current run is in, and since when.
  std::optional<PhaseTime> stretch_;
  TimePoint stretch_began_;
  // Of the current run's last lines.
  size_t line_bytes_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_RUN_HISTORY_H_
