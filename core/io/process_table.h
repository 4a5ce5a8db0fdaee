// What the system's table of processes (proc(5)) says.

#ifndef CLAWPLANE_CORE_IO_PROCESS_TABLE_H_
#define CLAWPLANE_CORE_IO_PROCESS_TABLE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/process_vitals.h"

namespace clawplane::core {

// One line of the table: /proc/PID/stat, as far as it is of use here.
struct ProcessRow {
  // R, S, D, T, Z and so on.
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  // User and system time of all threads, in clock ticks.
  uint64_t cpu_ticks = 0;
  // When it began, in clock ticks since the system did. With the number it
  // names one process for good.
  uint64_t start_ticks = 0;

  // Ended, and perhaps not reaped yet.
  bool ended() const { return state == 'Z' || state == 'X' || state == 'x'; }
};

// Reads the text of a `stat` file; nothing if it is not one. A process may call
// itself anything, so its name may look like the fields that follow it.
std::optional<ProcessRow> ParseProcessRow(std::string_view stat);

// All below are plain system calls on files in memory, and never wait. A number
// may become another process's between two calls; who acts on what they say
// holds the process by a pidfd meanwhile. Thread-safe.

std::optional<ProcessRow> ReadProcessRow(pid_t pid);

// Nothing for a process that has ended, even if it is not reaped yet. About
// 30 us.
std::optional<ProcessVitals> ReadVitals(pid_t pid);

// The direct children of all threads of a process, dead ones included. One that
// ends meanwhile may hide another from the list: ask again.
std::vector<pid_t> ChildrenOf(pid_t pid);

// The value of a variable in the environment that a process was started with;
// nothing if it has none, or is not ours to ask.
std::optional<std::string> VariableOf(pid_t pid, std::string_view name);

// What a process calls itself, in printable characters; empty if it is gone.
std::string CommandOf(pid_t pid);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_PROCESS_TABLE_H_
