// A Unix socket that a group may use.

#ifndef CLAWPLANE_SERVER_SOCKET_GROUP_H_
#define CLAWPLANE_SERVER_SOCKET_GROUP_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace clawplane::server {

// The number of the group of this name. Thread-safe.
absl::StatusOr<gid_t> FindGroup(const std::string& name);

// Whether the group could reach `socket`, and this process give it to the
// group, which it finds out with a file of its own there. Thread-safe.
absl::Status CheckMayGive(const std::string& socket, const std::string& name,
                          gid_t group);

// Gives the group a socket of ours with mode 0600, which becomes 0660: first
// the group, then the mode, so that no other group ever has it. Thread-safe.
absl::Status GiveToGroup(const std::string& socket, gid_t group);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SOCKET_GROUP_H_
