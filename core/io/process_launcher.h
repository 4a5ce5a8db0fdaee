// The real processes behind the seam `ProcessLauncher`.

#ifndef CLAWPLANE_CORE_IO_PROCESS_LAUNCHER_H_
#define CLAWPLANE_CORE_IO_PROCESS_LAUNCHER_H_

#include <sys/resource.h>

#include <memory>
#include <string>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/orphan_reaper.h"
#include "core/io/ports.h"

namespace clawplane::core {

// Starts children of this process. Each leads its own session and process
// group, reads nothing from standard input, and inherits no descriptor, signal
// setting or variable of ours, but for a mark by which its descendants are
// known (see Descendants).
//
// There may be one at a time in the program, because all orphans among the
// descendants of this process become its children (see OrphanReaper). It keeps
// the `io_context` running until `Close`.
//
// On the strand, but for construction, and for destruction of a `Process` after
// the `io_context` has stopped.
class ChildProcessLauncher final : public ProcessLauncher {
 public:
  struct Options {
    // Whether a child gets SIGTERM when this process dies without having
    // stopped it. The kernel goes by the thread that launched: all threads that
    // run the strand must live as long as the children.
    bool end_with_parent = true;
    // Where the output of children goes that may be left.
    std::string output_directory = {};
    // Whether they may be; if not, their output comes by pipes.
    bool leaves_children = false;
    // How many files a child may open, its soft limit; 0: as many as we.
    rlim_t soft_file_limit = 0;
  };

  // `strand` must outlive the launcher and its processes.
  ChildProcessLauncher(CoreStrand& strand, Options options);

  std::variant<std::unique_ptr<Process>, Fault> Launch(
      const LaunchSpec& spec, ProcessReports reports) override;
  std::variant<std::unique_ptr<Process>, Fault> Adopt(
      const ProcessIdentity& identity, ProcessReports reports) override;

  // Reaps no more orphans once the last child is gone. Nothing may be launched
  // after it.
  void Close();

 private:
  CoreStrand& strand_;
  const Options options_;
  const std::shared_ptr<OrphanReaper> orphans_;
  // A name that no other launcher has had on this machine since it started.
  const std::string name_;
  int launches_ ABSL_GUARDED_BY(strand_) = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_PROCESS_LAUNCHER_H_
