#include "core/io/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

namespace clawplane::core {
namespace {

// Moves a descriptor to a number above those of the standard streams.
UniqueFd AboveStandardStreams(UniqueFd fd) {
  if (fd.get() < 0 || fd.get() > STDERR_FILENO) return fd;
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace

void UniqueFd::Reset() {
  if (fd_ >= 0) ::close(Release());
}

std::optional<PipeEnds> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  UniqueFd read(ends[0]);
  UniqueFd write(ends[1]);
  PipeEnds pipe{AboveStandardStreams(std::move(read)),
                AboveStandardStreams(std::move(write))};
  if (pipe.read.get() < 0 || pipe.write.get() < 0) return std::nullopt;
  return pipe;
}

UniqueFd OpenNullDevice() {
  return AboveStandardStreams(
      UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
}

}  // namespace clawplane::core
