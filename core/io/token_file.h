// A secret in a file of its own.

#ifndef CLAWPLANE_CORE_IO_TOKEN_FILE_H_
#define CLAWPLANE_CORE_IO_TOKEN_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace clawplane::core {

// Reads the token in the file at `path`, without the space around it.
//
// Refused: a file that everybody may read or its group may write (reading by
// the group is how Kubernetes mounts secrets), one of under 8 bytes or over 4
// KiB, and text that is not printable ASCII. Errors name the path and what to
// do, never the contents. Blocks on the file system, so it is called rarely.
// Thread-safe.
absl::StatusOr<std::string> ReadToken(const std::string& path);

// As `ReadToken`, but a missing file is made first, with mode 0600 and 32
// random bytes in hexadecimal.
absl::StatusOr<std::string> ReadOrMakeToken(const std::string& path);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_TOKEN_FILE_H_
