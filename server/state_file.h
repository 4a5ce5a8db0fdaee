// What the daemon remembers from one run to the next.

#ifndef CLAWPLANE_SERVER_STATE_FILE_H_
#define CLAWPLANE_SERVER_STATE_FILE_H_

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "core/model/state_record.h"

namespace clawplane::server {

// Nothing is stored; what is stored; or why it cannot be known.
using StoredState =
    std::variant<std::monostate, core::StateRecord, absl::Status>;

// Reads the file at `path`. A damaged one (no record, over 64 KiB, no regular
// file) is set aside as `PATH.damaged`, in place of an earlier one, so that the
// warning comes once and a person can look at it. To the caller an error is a
// warning to log: it then goes on as if nothing were stored.
//
// Like `WriteStateFile`, blocks on the file system, and is for the one process
// that holds the state directory. Thread-compatible.
StoredState ReadStateFile(const std::string& path);

// Writes the file at `path` (0600) so that it holds either what it held before
// or `state`, whatever happens, and returns when it is on the disk. Errors name
// the file and the cause, and leave nothing behind.
absl::Status WriteStateFile(const std::string& path,
                            const core::StateRecord& state);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STATE_FILE_H_
