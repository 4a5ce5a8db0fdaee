// Small files that a person names.

#ifndef CLAWPLANE_CLIENT_READ_FILE_H_
#define CLAWPLANE_CLIENT_READ_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace clawplane::client {

// The contents of a file, of which at most `max_bytes` and one more are read.
// An error has the errno's code, and begins "cannot read WHAT PATH".
// Thread-safe.
absl::StatusOr<std::string> ReadFile(absl::string_view what,
                                     const std::string& path, size_t max_bytes);

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_READ_FILE_H_
