// The latest lines of the gateway's output.

#ifndef CLAWPLANE_CORE_MODEL_LOG_BUFFER_H_
#define CLAWPLANE_CORE_MODEL_LOG_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/model/time.h"

namespace clawplane::core {

enum class LogSource { kStdout, kStderr };

struct LogLine {
  WallTime at;
  LogSource source;
  int pid;
  std::string text;
  // How many bytes of a longer line were left out at its end.
  size_t cut = 0;
};

// Numbers lines and keeps the latest of them, bounded by count and bytes. A
// reader holds a number, not a queue: a slow one costs nothing, and learns from
// the numbers how much it missed.
//
// Thread-compatible.
class LogBuffer {
 public:
  // The longest text kept of one line; the rest of it is cut off.
  static constexpr size_t kMaxLineBytes = 16 * 1024;

  struct Limits {
    size_t max_lines = 10'000;
    size_t max_bytes = 4 * 1024 * 1024;
  };

  explicit LogBuffer(Limits limits) : limits_(limits) {}

  // Adds a line and drops the oldest ones over the limits; the newest line is
  // always kept.
  void Append(LogLine line);

  // The number of the oldest line held, and the one after the newest. Equal
  // when nothing is held.
  uint64_t oldest() const { return next_ - lines_.size(); }
  uint64_t next() const { return next_; }

  // The line with this number, which must be held.
  const LogLine& at(uint64_t number) const { return lines_[number - oldest()]; }

 private:
  const Limits limits_;
  std::deque<LogLine> lines_;
  size_t bytes_ = 0;
  uint64_t next_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_LOG_BUFFER_H_
