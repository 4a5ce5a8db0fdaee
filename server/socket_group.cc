#include "server/socket_group.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "core/io/unique_fd.h"
#include "core/model/text.h"

namespace clawplane::server {

using core::Concat;

absl::StatusOr<gid_t> FindGroup(const std::string& name) {
  // Groups with many members need more.
  std::vector<char> buffer(4096);
  group entry;
  group* found = nullptr;
  int error = 0;
  while ((error = ::getgrnam_r(name.c_str(), &entry, buffer.data(),
                               buffer.size(), &found)) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (found != nullptr) return entry.gr_gid;
  return absl::FailedPreconditionError(
      Concat("socket_group is ", name, ", but ",
             error == 0 ? "there is no such group" : strerror(error),
             "; make it with: groupadd ", name));
}

absl::Status CheckMayGive(const std::string& socket, const std::string& name,
                          gid_t group) {
  std::string folder = std::filesystem::path(socket).parent_path();
  if (folder.empty()) folder = ".";
  struct stat stat;
  // Where an access list lets somebody in, these bits show it too.
  if (::stat(folder.c_str(), &stat) == 0 && (stat.st_mode & 011) == 0) {
    return absl::FailedPreconditionError(
        Concat("the socket ", socket, " is of no use to socket_group ", name,
               ": only its owner may enter the directory ", folder,
               "; set socket to a path in one that the group may enter"));
  }
  std::string path = Concat(folder, "/.group.XXXXXX");
  const core::UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  if (file.get() < 0) {
    return absl::FailedPreconditionError(
        Concat("the socket ", socket, " cannot be made: ", strerror(errno)));
  }
  const bool given = ::fchown(file.get(), -1, group) == 0;
  const int error = errno;
  ::unlink(path.c_str());
  if (given) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Concat("the socket ", socket, " cannot be given to socket_group ", name,
             ": ", strerror(error),
             "; the user that runs clawplaned must be in that group"));
}

absl::Status GiveToGroup(const std::string& socket, gid_t group) {
  const auto refuse = [&](std::string_view why) {
    return absl::FailedPreconditionError(Concat(
        "the socket ", socket, " cannot be given to socket_group: ", why));
  };
  // By descriptor: the name may lead elsewhere the next moment.
  const core::UniqueFd file(
      ::open(socket.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat stat;
  if (file.get() < 0 || ::fstat(file.get(), &stat) != 0) {
    return refuse(strerror(errno));
  }
  if (!S_ISSOCK(stat.st_mode) || stat.st_uid != ::geteuid()) {
    return refuse("something else was put in its place");
  }
  const std::string path = Concat("/proc/self/fd/", file.get());
  if (::fchownat(file.get(), "", -1, group, AT_EMPTY_PATH) != 0 ||
      ::chmod(path.c_str(), 0660) != 0) {
    return refuse(strerror(errno));
  }
  return absl::OkStatus();
}

}  // namespace clawplane::server
