#include "client/clawctl/place_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

// No position is as long; the bound keeps a wrong file out of memory.
constexpr size_t kMaxBytes = 256;

absl::Status Failure(absl::string_view task, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", task, " ", path));
}

// Closes the descriptor, and keeps the cause of an earlier failure.
bool Close(int fd, bool ok) {
  const int error = errno;
  if (close(fd) != 0) return false;
  errno = error;
  return ok;
}

bool WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Makes the new name of a file last.
bool SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = fsync(fd) == 0 || errno == EINVAL || errno == EROFS ||
                      errno == ENOTSUP;  // Not every file system can.
  return Close(fd, synced);
}

// Keeps the cause of the failure.
void Remove(const std::string& path) {
  const int error = errno;
  unlink(path.c_str());
  errno = error;
}

}  // namespace

absl::StatusOr<PlaceLock> PlaceLock::Take(const std::string& path) {
  const std::string name = absl::StrCat(path, ".lock");
  const int fd =
      open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failure("open", name);
  PlaceLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return Failure("lock", name);
  return absl::FailedPreconditionError(
      absl::StrCat("the resume file ", path, " is in use by another run"));
}

PlaceLock::~PlaceLock() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<std::optional<v1::EventPosition>> ReadPlace(
    const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) return Failure("read the resume file", path);
  std::array<char, kMaxBytes> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (!Close(fd, got >= 0)) return Failure("read the resume file", path);

  absl::string_view text(buffer.data(), static_cast<size_t>(got));
  absl::ConsumeSuffix(&text, "\n");
  absl::StatusOr<v1::EventPosition> position = ParsePosition(std::string(text));
  // What a later version or somebody else wrote is not to be overwritten.
  if (!position.ok() || ShowPosition(*position) != text ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the resume file ", path,
        " does not hold a position such as EPOCH:SEQUENCE and nothing else; "
        "remove it to begin anew"));
  }
  return *std::move(position);
}

absl::Status StorePlace(const std::string& path,
                        const v1::EventPosition& position) {
  // A name of its own: nobody else writes there, or has put a link there.
  std::string fresh = absl::StrCat(path, ".XXXXXX");
  const int fd = mkostemp(fresh.data(), O_CLOEXEC);
  if (fd < 0) return Failure("write", fresh);
  const bool written =
      WriteAll(fd, absl::StrCat(ShowPosition(position), "\n")) &&
      fsync(fd) == 0;
  if (!Close(fd, written) || rename(fresh.c_str(), path.c_str()) != 0) {
    Remove(fresh);
    return Failure("write the resume file", path);
  }
  if (!SyncFolderOf(path)) return Failure("write the resume file", path);
  return absl::OkStatus();
}

}  // namespace clawplane::clawctl
