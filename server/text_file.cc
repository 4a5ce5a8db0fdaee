#include "server/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/io/unique_fd.h"
#include "core/model/text.h"

namespace clawplane::server {

using core::Concat;

absl::StatusOr<TextFile> ReadTextFile(std::string_view what,
                                      const std::string& path) {
  constexpr size_t kMaxBytes = 1024 * 1024;
  const auto refuse = [&](const auto&... why) {
    return absl::FailedPreconditionError(Concat(what, " ", path, why...));
  };
  // A pipe would keep us waiting for who writes into it.
  const core::UniqueFd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return refuse(" cannot be read: ", std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return refuse(" is not a regular file");

  TextFile read{std::string(kMaxBytes + 1, '\0'), info.st_mode & 07777};
  size_t size = 0;
  while (size < read.text.size()) {
    const ssize_t count =
        ::read(file.get(), read.text.data() + size, read.text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(" cannot be read: ", std::strerror(errno));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  if (size > kMaxBytes) return refuse(" is larger than 1 MiB");
  read.text.resize(size);
  return read;
}

std::string StampOf(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return Concat(info.st_dev, ":", info.st_ino, ":", info.st_size, ":",
                info.st_mode, ":", info.st_mtim.tv_sec, ".",
                info.st_mtim.tv_nsec);
}

}  // namespace clawplane::server
