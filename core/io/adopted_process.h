// A process that an earlier control plane launched and left running.

#ifndef CLAWPLANE_CORE_IO_ADOPTED_PROCESS_H_
#define CLAWPLANE_CORE_IO_ADOPTED_PROCESS_H_

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/marked_processes.h"
#include "core/io/output_file.h"
#include "core/io/ports.h"

namespace clawplane::core {

// Watches one process that is not our child: follows its output, notices its
// exit, and kills what it left behind. How it ended only its parent is told, so
// its exit is unknown; and nobody tells of its being stopped.
//
// It is taken over on proof alone: the system has not been started anew, the
// number belongs to a process that began at the same tick, of our own user,
// with the mark of that launch in its environment. Every signal goes through a
// pidfd that was opened before that was looked at, so none hits a stranger.
//
// Shared, because its waits keep it; the owner owes it `Abandon` or `Leave`.
//
// On the strand, but for destruction after the `io_context` has stopped.
class AdoptedProcess : public std::enable_shared_from_this<AdoptedProcess> {
 public:
  // How long the end of what it left behind is waited for.
  static constexpr std::chrono::seconds kSweepTime{2};

  // Takes it over, and follows its output in `directory`; or says what is
  // missing to the proof. What is left of a launch whose process has ended, is
  // killed.
  static std::variant<std::shared_ptr<AdoptedProcess>, Fault> Take(
      CoreStrand& strand, const ProcessIdentity& identity,
      const std::string& directory, ProcessReports reports);

  pid_t pid() const { return identity_.pid; }
  std::optional<ProcessIdentity> Identity() const { return identity_; }
  // Signals the living processes of its group.
  void SignalGroup(int signal);
  void Kill();
  std::optional<ProcessVitals> Vitals() const;

  // As `Kill`, and reports nothing any more.
  void Abandon();
  // Reports nothing any more.
  void Leave();

 private:
  using Descriptor =
      boost::asio::posix::basic_stream_descriptor<CoreStrand::Executor>;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock,
      boost::asio::wait_traits<std::chrono::steady_clock>,
      CoreStrand::Executor>;

  AdoptedProcess(CoreStrand& strand, ProcessIdentity identity,
                 HeldProcess process, ProcessReports reports);

  bool Watch(const std::string& directory)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  std::shared_ptr<OutputFile> Follow(const std::string& path, LogSource source)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnExited();
  // Kills what is left, once more, until nothing is or it took too long.
  void Sweep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Waits for nothing any more, and keeps nothing running.
  void Forget();

  CoreStrand& strand_;
  const ProcessIdentity identity_;
  const HeldProcess process_;
  // Held while a report runs, which may give it up here; null when there is
  // nothing left to report.
  std::shared_ptr<const ProcessReports> reports_ ABSL_GUARDED_BY(strand_);
  // Readable once the process has ended.
  Descriptor exited_ ABSL_GUARDED_BY(strand_);
  std::array<std::shared_ptr<OutputFile>, 2> outputs_ ABSL_GUARDED_BY(strand_);
  std::optional<std::chrono::steady_clock::time_point> sweep_end_
      ABSL_GUARDED_BY(strand_);
  Timer next_sweep_ ABSL_GUARDED_BY(strand_);
  // What was killed of its descendants.
  std::set<pid_t> killed_ ABSL_GUARDED_BY(strand_);
};

// Where the outputs of a process that may be left are, in the directory that is
// kept for them.
std::string StdoutFile(const std::string& directory);
std::string StderrFile(const std::string& directory);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_ADOPTED_PROCESS_H_
