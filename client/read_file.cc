#include "client/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace clawplane::client {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path,
                    int error) {
  return absl::ErrnoToStatus(error,
                             absl::StrCat("cannot read ", what, " ", path));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(absl::string_view what,
                                     const std::string& path,
                                     size_t max_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed(what, path, errno);
  std::string text(max_bytes + 1, '\0');
  size_t filled = 0;
  ssize_t got = 0;
  while (filled < text.size() &&
         (got = read(fd, text.data() + filled, text.size() - filled)) > 0) {
    filled += static_cast<size_t>(got);
  }
  const int error = errno;
  close(fd);
  if (got < 0) return Failed(what, path, error);
  text.resize(filled);
  return text;
}

}  // namespace clawplane::client
