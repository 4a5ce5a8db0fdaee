#include "server/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "core/io/replace_file.h"
#include "core/io/unique_fd.h"
#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;
using core::UniqueFd;

constexpr size_t kMaxBytes = 64 * 1024;

absl::Status SystemError(const std::string& path, std::string_view doing,
                         int error) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      Concat("the state file ", path, " cannot be ", doing,
                             ": ", strerror(error)));
}

absl::Status SetAside(const std::string& path, std::string_view why) {
  const std::string aside = path + ".damaged";
  const bool moved = ::rename(path.c_str(), aside.c_str()) == 0;
  return absl::DataLossError(Concat(
      "the state file ", path, " is damaged: ", why,
      moved
          ? Concat("; it was moved to ", aside)
          : Concat("; it cannot be moved to ", aside, ": ", strerror(errno))));
}

// Up to `kMaxBytes` + 1 bytes, which is one too many. False with `errno` set.
bool ReadAll(int file, std::string& text) {
  text.resize(kMaxBytes + 1);
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  text.resize(size);
  return true;
}

}  // namespace

StoredState ReadStateFile(const std::string& path) {
  // A pipe is refused below; opening it must not wait for its writer.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) return std::monostate();
  if (file.get() < 0) return SystemError(path, "read", errno);
  struct stat stat;
  if (::fstat(file.get(), &stat) != 0) return SystemError(path, "read", errno);
  if (!S_ISREG(stat.st_mode)) return SetAside(path, "it is no regular file");
  // It says which process is ours to signal.
  if ((stat.st_uid != ::geteuid() && stat.st_uid != 0) ||
      (stat.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return SetAside(path, "other users may have written it");
  }
  std::string text;
  if (!ReadAll(file.get(), text)) return SystemError(path, "read", errno);
  if (text.size() > kMaxBytes) return SetAside(path, "it is over 64 KiB");
  auto record = core::ParseStateRecord(text);
  if (const auto* why = std::get_if<std::string>(&record)) {
    return SetAside(path, *why);
  }
  return std::get<core::StateRecord>(record);
}

absl::Status WriteStateFile(const std::string& path,
                            const core::StateRecord& state) {
  const auto failure = core::ReplaceFile(path, core::FormatStateRecord(state));
  if (!failure) return absl::OkStatus();
  return SystemError(path, failure->undone, failure->error);
}

}  // namespace clawplane::server
