#include "core/io/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <filesystem>

#include "core/io/unique_fd.h"

namespace clawplane::core {
namespace {

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// Without it, the new name of a file may be lost with the power.
bool SyncDirectoryOf(const std::string& path) {
  const std::filesystem::path parent =
      std::filesystem::path(path).parent_path();
  const UniqueFd directory(::open(parent.empty() ? "." : parent.c_str(),
                                  O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot do it, and say so.
  return directory.get() >= 0 &&
         (::fsync(directory.get()) == 0 || errno == EINVAL);
}

}  // namespace

std::optional<ReplaceFailure> ReplaceFile(const std::string& path,
                                          std::string_view text) {
  // Always of this name, so that what a crash leaves is replaced, and never
  // gathers.
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const UniqueFd file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return ReplaceFailure{"written", errno};
  if (!WriteAll(file.get(), text) || ::fsync(file.get()) != 0 ||
      ::rename(draft.c_str(), path.c_str()) != 0) {
    const ReplaceFailure failure{"written", errno};
    ::unlink(draft.c_str());
    return failure;
  }
  if (!SyncDirectoryOf(path)) {
    return ReplaceFailure{"brought to the disk", errno};
  }
  return std::nullopt;
}

}  // namespace clawplane::core
