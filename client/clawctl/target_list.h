// Which servers a command is for, where it is for many.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_TARGET_LIST_H_
#define CLAWPLANE_CLIENT_CLAWCTL_TARGET_LIST_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clawplane/client/target.h"

namespace clawplane::clawctl {

// More are a mistake, or work for several runs of clawctl.
inline constexpr size_t kMostTargets = 10'000;

// One of the servers. Thread-compatible.
struct NamedTarget {
  // What people call it: the name in the file, else the address.
  std::string name;
  client::Target target;
};

// The addresses that a host's name leads to, as `host:port` has them: "[::1]".
using Resolver =
    std::function<absl::StatusOr<std::vector<std::string>>(const std::string&)>;

// Asks the system: each address once, IPv4 first, in their own order, so that
// two runs show the same. Thread-safe.
absl::StatusOr<std::vector<std::string>> ResolveHost(const std::string& host);

// The servers that `where` says, each once, in its order. It is a list with
// commas of
//
//   TARGET         as `--target` takes it
//   @FILE          a file with a line `TARGET` or `NAME TARGET` for each; what
//                  begins with # and empty lines are left out
//   dns:HOST:PORT  each address of the host, also as `tls:dns:HOST:PORT`. With
//                  TLS the certificate has to be for HOST, unless the options
//                  name another.
//
// The options and the environment count for each of them as for one alone. An
// error if any is wrong, if a host is not found (kUnavailable), if there are
// none, or too many.
absl::StatusOr<std::vector<NamedTarget>> ResolveTargets(
    absl::string_view where, const client::TargetOptions& options,
    const client::Environment& environment, const Resolver& resolve);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_TARGET_LIST_H_
