// The files that TLS takes.

#ifndef CLAWPLANE_CLIENT_TLS_FILES_H_
#define CLAWPLANE_CLIENT_TLS_FILES_H_

#include <optional>

#include "absl/status/statusor.h"
#include "clawplane/client/target.h"

namespace clawplane::client {

// Whether an option asks for TLS. Thread-safe.
bool AsksForTls(const TargetOptions& options);

// Reads the files that the options, else the environment, name; nothing where
// neither asks for TLS. An error says which file is at fault, or which option
// is missing. Thread-safe.
absl::StatusOr<std::optional<TlsTarget>> ResolveTls(
    const TargetOptions& options, const Environment& environment);

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_TLS_FILES_H_
