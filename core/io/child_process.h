// A child process from its launch until it is reaped.

#ifndef CLAWPLANE_CORE_IO_CHILD_PROCESS_H_
#define CLAWPLANE_CORE_IO_CHILD_PROCESS_H_

#include <sys/types.h>

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "core/io/boost_process.h"
#include "core/io/core_strand.h"
#include "core/io/descendants.h"
#include "core/io/line_splitter.h"
#include "core/io/orphan_reaper.h"
#include "core/io/output_file.h"
#include "core/io/ports.h"
#include "core/io/unique_fd.h"
#include "core/io/vfork_launcher.h"

namespace clawplane::core {

// Watches one child that leads its own session and process group: delivers its
// output line by line, notices that it was stopped or let go on, notices its
// exit, kills what it left behind in its group or outside of it, and reaps it
// once that is gone, or after `kSweepTime` at the latest.
//
// The group is signalled only while its leader is not reaped, because until
// then nobody else can get its number. So a signal never hits a stranger.
//
// Shared, because the waits for output and exit outlive the owner's interest:
// after `Abandon`, which the owner owes it, they keep the object until the
// child is reaped, which the SIGKILL makes soon. If the `io_context` is
// destroyed earlier, the dead child stays for whoever inherits it from this
// process.
//
// The status of a child that somebody else has reaped is reported as exit code
// -1.
//
// On the strand, but for destruction after the `io_context` has stopped.
class ChildProcess : public OrphanReaper::Owner,
                     public std::enable_shared_from_this<ChildProcess> {
 public:
  // How long the end of what a child left behind is waited for.
  static constexpr std::chrono::seconds kSweepTime{2};

  ChildProcess(CoreStrand& strand, std::shared_ptr<OrphanReaper> orphans,
               ProcessReports reports);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() override;

  // Starts the process and watches it. `run` marks it and its descendants, and
  // no others. With a directory its output goes to files there, so that it can
  // be left. Called once, first. Nothing else may be called after a failure.
  std::optional<LaunchFailure> Launch(LaunchSpec spec, const std::string& run,
                                      const VforkLauncher::Terms& terms,
                                      const std::string& output_directory);

  pid_t pid() const;

  void SignalGroup(int signal);
  void Kill();
  std::optional<ProcessVitals> Vitals() const;
  std::optional<ProcessIdentity> Identity() const;

  // Watches it no more, and lets it run on.
  void Leave();

  void OnChildSignal() override;

  // As `Kill`, and reports nothing any more. May be called from a report,
  // and when the `io_context` has stopped.
  void Abandon();

 private:
  using Descriptor =
      boost::asio::posix::basic_stream_descriptor<CoreStrand::Executor>;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock,
      boost::asio::wait_traits<std::chrono::steady_clock>,
      CoreStrand::Executor>;
  using Error = boost::system::error_code;

  struct Output {
    Output(LogSource source, const CoreStrand::Executor& executor)
        : source(source), pipe(executor), lines(LogBuffer::kMaxLineBytes) {}

    const LogSource source;
    Descriptor pipe;
    LineSplitter lines;
    // In place of the pipe.
    std::shared_ptr<OutputFile> file;
  };

  // Makes the pipe of an output, or the file if there is a path, and returns
  // the child's end of it.
  UniqueFd Open(Output& output, const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  UniqueFd OpenFile(Output& output, const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Follow(Output& output) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Watches a child that runs already. False, with `errno` set, if it cannot.
  bool Watch(pid_t pid, const std::string& run)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  void AwaitOutput(Output& output) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnReadable(Output& output);
  // Reads once, at most `most` bytes, and delivers the lines. Returns how many
  // bytes came; the pipe is closed at its end.
  size_t ReadOnce(Output& output, size_t most)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Deliver(Output& output) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Finish(Output& output) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  void ReportStops() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  void AwaitExit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnExited();
  // Kills what is left, once more, until nothing is or it took too long.
  void Sweep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Reap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnReaped(const Error& error);
  // Delivers what is in the pipe of a process that is gone.
  void Drain(Output& output) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  CoreStrand& strand_;
  const std::shared_ptr<OrphanReaper> orphans_;
  // Held while a report runs, which may give it up here; null when there is
  // nothing left to report.
  std::shared_ptr<const ProcessReports> reports_ ABSL_GUARDED_BY(strand_);
  pid_t pid_ ABSL_GUARDED_BY(strand_) = -1;
  // None for one that cannot be left.
  std::optional<ProcessIdentity> identity_ ABSL_GUARDED_BY(strand_);
  boost::process::v2::basic_process<CoreStrand::Executor> process_
      ABSL_GUARDED_BY(strand_);
  // Readable once the process has ended. A descriptor of our own, because
  // waiting through Boost would reap at once, and the group has to be killed
  // in between.
  Descriptor exited_ ABSL_GUARDED_BY(strand_);
  // Whether the process id is still ours to signal.
  bool unreaped_ ABSL_GUARDED_BY(strand_) = false;
  // While it is.
  std::optional<Descendants> descendants_ ABSL_GUARDED_BY(strand_);
  // Since it ended, until it is reaped: when to give the rest up.
  std::optional<std::chrono::steady_clock::time_point> sweep_end_
      ABSL_GUARDED_BY(strand_);
  Timer next_sweep_ ABSL_GUARDED_BY(strand_);
  int stragglers_ ABSL_GUARDED_BY(strand_) = 0;
  Output stdout_ ABSL_GUARDED_BY(strand_);
  Output stderr_ ABSL_GUARDED_BY(strand_);
  // What one read brought; used within one call of `ReadOnce`.
  std::array<char, 32 * 1024> buffer_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_CHILD_PROCESS_H_
