// How a process ended.

#ifndef CLAWPLANE_CORE_MODEL_EXIT_STATUS_H_
#define CLAWPLANE_CORE_MODEL_EXIT_STATUS_H_

#include <string>

namespace clawplane::core {

// The end of one process: it exited with a code, or a signal ended it. The two
// are told apart, so that exit code 15 is not taken for SIGTERM.
struct ExitStatus {
  // Only a parent is told how a process ended, so that of one that we took over
  // is not known.
  enum class How { kExited, kSignaled, kUnknown };

  How how = How::kExited;
  // The exit code, or the number of the signal; 0 where neither is known.
  int value = 0;

  static ExitStatus Exited(int code) { return {How::kExited, code}; }
  static ExitStatus Signaled(int signal) { return {How::kSignaled, signal}; }
  static ExitStatus Unknown() { return {How::kUnknown, 0}; }

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

// Whether a gateway says by it that starting it again is no use: it refuses its
// configuration or its state.
inline bool IsRefusal(const ExitStatus& exit) {
  return exit == ExitStatus::Exited(78);
}

// For people: "exit code 78", "signal 9 (Killed)", "exit code unknown".
std::string Describe(const ExitStatus& exit);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EXIT_STATUS_H_
