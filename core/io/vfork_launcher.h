// The step from a description of a process to a running one.

#ifndef CLAWPLANE_CORE_IO_VFORK_LAUNCHER_H_
#define CLAWPLANE_CORE_IO_VFORK_LAUNCHER_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <variant>

#include "core/io/boost_process.h"
#include "core/io/ports.h"

namespace clawplane::core {

// What a launch was doing when it failed.
enum class LaunchStep {
  kPipes,
  kFork,
  kSession,
  kStandardStreams,
  kDirectory,
  kDescriptors,
  kExecute,
  kWatch,
};

struct LaunchFailure {
  LaunchStep step;
  // The system's error number.
  int error;
};

// Ends a child that we have started, and its group, and waits for it. Short,
// because nothing survives SIGKILL.
void KillAndReap(pid_t pid);

// Starts one process for Boost.Process, whose own launchers leak descriptors,
// leave a zombie behind a failure, and run Asio's fork hooks in the child.
//
// The child leads a session and a process group of its own, has every signal at
// its default and unblocked, and owns no descriptor but the three streams it is
// given. Once `Start` returns a number, the program runs.
//
// Thread-compatible; one object for one launch.
class VforkLauncher : public boost::process::v2::posix::default_launcher {
 public:
  // The child's ends; all of them above 2.
  struct Streams {
    int in;
    int out;
    int err;
  };

  struct Terms {
    // What the child gets when the calling thread ends, however it ends; 0 is
    // nothing.
    int parent_death_signal = 0;
    // How many files it may open, its soft limit; 0 is what we may.
    rlim_t soft_file_limit = 0;
  };

  explicit VforkLauncher(const Terms& terms) : terms_(terms) {}

  // The process id of the child, or what failed, with nothing left behind.
  std::variant<pid_t, LaunchFailure> Start(const LaunchSpec& spec,
                                           const Streams& streams);

 private:
  // All that the child needs, made before it exists.
  struct Plan;

  pid_t Fork(Plan& plan);
  [[noreturn]] void RunChild(Plan& plan) noexcept;

  const Terms terms_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_VFORK_LAUNCHER_H_
