#include "core/io/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "core/io/replace_file.h"
#include "core/io/unique_fd.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr size_t kMaxBytes = 4096;

Fault Unusable(const std::string& path, std::string_view what,
               std::string next_step) {
  return {Reason::kTokenUnreadable, Concat("the file ", path, " ", what),
          std::move(next_step)};
}

Fault SystemFault(const std::string& path, std::string_view doing, int error) {
  return Unusable(
      path, Concat("cannot be ", doing, ": ", strerror(error)),
      "mend that in the state directory, then start again: clawctl start");
}

std::optional<Fault> FaultIn(const std::string& path, const struct stat& stat) {
  if (!S_ISREG(stat.st_mode)) {
    return Unusable(path, "is not a regular file",
                    Concat("move it away: mv ", path, " ", path, ".old"));
  }
  if (stat.st_uid != ::geteuid()) {
    return Unusable(path,
                    Concat("belongs to the user ", stat.st_uid,
                           ", and clawplaned runs as ", ::geteuid()),
                    Concat("run: chown ", ::geteuid(), " ", path));
  }
  if ((stat.st_mode & 077) != 0) {
    return Unusable(path, "may be read or written by others",
                    Concat("run: chmod 600 ", path));
  }
  if (stat.st_size > static_cast<off_t>(kMaxBytes)) {
    return Unusable(path, Concat("is larger than ", kMaxBytes, " bytes"),
                    "put back the one that belongs there, or delete it");
  }
  return std::nullopt;
}

}  // namespace

PrivateFile ReadPrivateFile(const std::string& path) {
  // A pipe is refused below; opening it must not wait for its writer. A link
  // could lead to what belongs to somebody else.
  const UniqueFd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (file.get() < 0 && errno == ENOENT) return std::monostate();
  if (file.get() < 0) return SystemFault(path, "read", errno);
  struct stat stat;
  if (::fstat(file.get(), &stat) != 0) return SystemFault(path, "read", errno);
  if (auto fault = FaultIn(path, stat)) return *std::move(fault);
  std::string text(kMaxBytes, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return SystemFault(path, "read", errno);
  text.resize(static_cast<size_t>(size));
  return text;
}

std::optional<Fault> WritePrivateFile(const std::string& path,
                                      std::string_view text) {
  const auto failure = ReplaceFile(path, text);
  if (!failure) return std::nullopt;
  return SystemFault(path, failure->undone, failure->error);
}

}  // namespace clawplane::core
