// The real processes behind the seam `ProcessLauncher`.

#ifndef CLAWPLANE_CORE_IO_PROCESS_LAUNCHER_H_
#define CLAWPLANE_CORE_IO_PROCESS_LAUNCHER_H_

#include <memory>
#include <variant>

#include "core/io/core_strand.h"
#include "core/io/ports.h"

namespace clawplane::core {

// Starts children of this process. Each leads its own session and process
// group, reads nothing from standard input, and inherits no descriptor, signal
// setting or variable of ours. A descendant that starts a session of its own
// leaves the group, and is not killed with it.
//
// On the strand, but for destruction of a `Process` after the `io_context` has
// stopped.
class ChildProcessLauncher final : public ProcessLauncher {
 public:
  struct Options {
    // Whether a child gets SIGTERM when this process dies without having
    // stopped it. The kernel goes by the thread that launched: all threads that
    // run the strand must live as long as the children.
    bool end_with_parent = true;
  };

  // `strand` must outlive the launcher and its processes.
  ChildProcessLauncher(CoreStrand& strand, Options options)
      : strand_(strand), options_(options) {}

  std::variant<std::unique_ptr<Process>, Fault> Launch(
      const LaunchSpec& spec, ProcessReports reports) override;

 private:
  CoreStrand& strand_;
  const Options options_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_PROCESS_LAUNCHER_H_
