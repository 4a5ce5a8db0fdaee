// Finds the processes of a launch by the mark in their environment.

#ifndef CLAWPLANE_CORE_IO_MARKED_PROCESSES_H_
#define CLAWPLANE_CORE_IO_MARKED_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/io/unique_fd.h"

namespace clawplane::core {

// A process that is held by a pidfd: what is sent to it never hits another one
// that got its number. Thread-compatible.
class HeldProcess {
 public:
  // Nothing, with `errno` set, if there is no such process.
  static std::optional<HeldProcess> Hold(pid_t pid);

  pid_t pid() const { return pid_; }
  int handle() const { return handle_.get(); }
  // False if it has been reaped.
  bool Send(int signal) const;

 private:
  HeldProcess(pid_t pid, UniqueFd handle)
      : pid_(pid), handle_(std::move(handle)) {}

  pid_t pid_;
  UniqueFd handle_;
};

// Whether a process belongs to our effective user and bears the mark `run` of a
// launch (`kRunVariable`).
bool BearsMark(pid_t pid, const std::string& run);

// The living processes that bear the mark; and, as long as `leader` lives,
// those of its session and group, for one may drop the mark. Reads the
// environment of each process of our user: a few milliseconds. Thread-safe.
std::vector<HeldProcess> FindMarked(const std::string& run,
                                    const HeldProcess* leader);

// The life that the system is in; empty if it cannot be told.
std::string SystemBootId();

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_MARKED_PROCESSES_H_
