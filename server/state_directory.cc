#include "server/state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;

absl::Status Refuse(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(
      Concat("the state directory ", path, " ", what));
}

// Who wrote its number into the lock file.
std::string Holder(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(lock, text.data(), text.size() - 1, 0);
  if (size <= 0) return "another process";
  return Concat("process ",
                std::string(text.data(), strcspn(text.data(), "\n")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateDirectory>> StateDirectory::Open(
    const std::string& path) {
  std::error_code error;
  const std::filesystem::path parent =
      std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(parent, error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Refuse(path, Concat("cannot be made: ", strerror(errno),
                               "; set state_dir to one that can"));
  }
  const std::string lock_path = path + "/lock";
  const int lock = ::open(lock_path.c_str(),
                          O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    return Refuse(path, Concat("cannot be used: ", strerror(errno)));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = Holder(lock);
    ::close(lock);
    return Refuse(path, Concat("is in use by ", holder,
                               "; stop that, or set state_dir to another "
                               "directory"));
  }
  const std::string pid = Concat(::getpid(), "\n");
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) !=
                                       static_cast<ssize_t>(pid.size())) {
    ::close(lock);
    return Refuse(path, Concat("cannot be written: ", strerror(errno)));
  }
  return std::unique_ptr<StateDirectory>(new StateDirectory(path, lock));
}

StateDirectory::~StateDirectory() { ::close(lock_); }

}  // namespace clawplane::server
