// What is wrong with TLS, in words for people.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_TLS_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_TLS_TEXT_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "clawplane/client/target.h"

namespace clawplane::clawctl {

// Why there is no connection, and what to do. Thread-compatible.
struct TlsTrouble {
  absl::string_view cause;
  absl::string_view next_step;
};

// Reads it from what gRPC says of a connection that never came about; nothing
// if TLS, or the want of it, is not what failed. Thread-safe.
std::optional<TlsTrouble> FindTlsTrouble(const client::Target& target,
                                         absl::string_view grpc_words);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_TLS_TEXT_H_
