#include "server/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;
using core::UniqueFd;

bool Exists(const std::string& path) {
  struct stat stat;
  return ::lstat(path.c_str(), &stat) == 0;
}

absl::Status Refuse(const std::string& path, std::string_view why) {
  return absl::FailedPreconditionError(
      Concat("the audit log ", path, " cannot be opened: ", why));
}

absl::Status RefuseByErrno(const std::string& path) {
  const int error = errno;
  const std::filesystem::path parent =
      std::filesystem::path(path).parent_path();
  if (error == ENOENT) {
    return Refuse(path, Concat("the folder ", parent.string(),
                               " does not exist; make it, or set audit.file to "
                               "a file in another one, or to none"));
  }
  if (error == ELOOP) {
    return Refuse(path,
                  "it is a symbolic link, and none is followed; set audit.file "
                  "to the file itself");
  }
  return Refuse(path, Concat(strerror(error),
                             "; set audit.file to a file that can be written, "
                             "or to none"));
}

}  // namespace

absl::StatusOr<AuditFile> AuditFile::Open(const core::AuditConfig& config) {
  if (config.file.empty()) return Refuse("", "it has no name");
  AuditFile file(config);
  if (absl::Status status = file.OpenByName(); !status.ok()) return status;
  return file;
}

absl::Status AuditFile::OpenByName() {
  const std::string& path = config_.file;
  // A pipe is refused below; opening it must not wait for its reader.
  UniqueFd file(::open(path.c_str(),
                       O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
                           O_NONBLOCK | O_NOCTTY,
                       0600));
  if (file.get() < 0) return RefuseByErrno(path);
  struct stat stat;
  if (::fstat(file.get(), &stat) != 0) return RefuseByErrno(path);
  const bool is_regular = S_ISREG(stat.st_mode);
  if (!is_regular && !S_ISCHR(stat.st_mode)) {
    return Refuse(path, "it is no regular file; set audit.file to one");
  }
  // Two processes would put each other's files aside.
  if (is_regular && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 &&
      errno == EWOULDBLOCK) {
    return Refuse(path,
                  "another process has it as its audit log; set audit.file to "
                  "another file");
  }
  size_ = static_cast<uint64_t>(stat.st_size);
  is_regular_ = is_regular;
  char last = '\n';
  is_torn_ = is_regular && size_ > 0 &&
             ::pread(file.get(), &last, 1, stat.st_size - 1) == 1 &&
             last != '\n';
  file_ = std::move(file);
  return absl::OkStatus();
}

size_t AuditFile::Append(std::string_view text) {
  failure_.clear();
  if (!Look()) return 0;
  if (is_regular_ && size_ > 0 && text.size() > room()) PutAside();
  if (is_torn_) {
    if (WriteOut("\n") != 1) return 0;
    is_torn_ = false;
    ++size_;
  }
  const size_t written = WriteOut(text);
  const size_t whole = text.substr(0, written).rfind('\n') + 1;
  if (whole != written) {
    // Where a file can only grow, the half line is ended before the next one.
    is_torn_ = !is_regular_ ||
               ::ftruncate(file_.get(), static_cast<off_t>(size_ + whole)) != 0;
  }
  size_ += whole;
  return whole;
}

bool AuditFile::Look() {
  struct stat stat;
  if (::fstat(file_.get(), &stat) != 0) {
    Fail("looked at");
    return false;
  }
  // Somebody may have cut it, or deleted it.
  size_ = static_cast<uint64_t>(stat.st_size);
  if (stat.st_nlink == 0) Reopen();
  return failure_.empty();
}

size_t AuditFile::WriteOut(std::string_view text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count =
        ::write(file_.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      Fail("written");
      break;
    }
    written += static_cast<size_t>(count);
  }
  return written;
}

void AuditFile::Reopen() {
  failure_.clear();
  // The new one's lock is no conflict with ours unless it is the same file.
  UniqueFd old = std::move(file_);
  ::flock(old.get(), LOCK_UN);
  if (const absl::Status status = OpenByName(); !status.ok()) {
    failure_ = std::string(status.message());
    ::flock(old.get(), LOCK_EX | LOCK_NB);
    file_ = std::move(old);
  }
}

void AuditFile::PutAside() {
  const std::string& path = config_.file;
  const uint64_t last = config_.max_files - 1;
  // From the first free name on, so that an attempt that failed half way does
  // not cost an old file each time it is tried again.
  uint64_t number = 1;
  while (number < last && Exists(Aside(number))) ++number;
  for (; number > 1; --number) {
    ::rename(Aside(number - 1).c_str(), Aside(number).c_str());
  }
  const bool is_kept = last > 0;
  if ((is_kept ? ::rename(path.c_str(), Aside(1).c_str())
               : ::unlink(path.c_str())) != 0) {
    return Fail("put aside");
  }
  UniqueFd before = std::move(file_);
  const absl::Status opened = OpenByName();
  if (opened.ok()) return;
  file_ = std::move(before);
  if (is_kept) ::rename(Aside(1).c_str(), path.c_str());
  failure_ = std::string(opened.message());
}

std::string AuditFile::Aside(uint64_t number) const {
  return Concat(config_.file, ".", number);
}

void AuditFile::Fail(std::string_view doing) {
  const int error = errno;
  failure_ = Concat("the audit log ", config_.file, " cannot be ", doing, ": ",
                    strerror(error));
}

}  // namespace clawplane::server
