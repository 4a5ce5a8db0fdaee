// Descriptors that close themselves.

#ifndef CLAWPLANE_CORE_IO_UNIQUE_FD_H_
#define CLAWPLANE_CORE_IO_UNIQUE_FD_H_

#include <optional>
#include <utility>

namespace clawplane::core {

// The only owner of a file descriptor, or of none. Thread-compatible.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { Reset(); }

  // Negative when it owns none.
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

struct PipeEnds {
  UniqueFd read;
  UniqueFd write;
};

// Makes a pipe that no child inherits. Nothing, with `errno` set, if there is
// none to be had. Its numbers are above 2 even if this process runs without
// standard streams, so that redirecting those of a child cannot overwrite it.
std::optional<PipeEnds> MakePipe();

// The null device, open for reading, with the same two properties.
UniqueFd OpenNullDevice();

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_UNIQUE_FD_H_
