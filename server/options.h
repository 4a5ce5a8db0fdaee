// The daemon's command line, environment and configuration file.

#ifndef CLAWPLANE_SERVER_OPTIONS_H_
#define CLAWPLANE_SERVER_OPTIONS_H_

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/config.h"
#include "server/probe.h"

namespace clawplane::server {

// Looks up an environment variable; nothing if it is not set.
using Environment =
    std::function<std::optional<std::string>(const std::string& name)>;

// Where state is kept when nobody says: `$STATE_DIRECTORY`, else
// /var/lib/clawplane for root, else `$XDG_STATE_HOME/clawplane`, else
// ~/.local/state/clawplane.
absl::StatusOr<std::string> DefaultStateDirectory(
    const Environment& environment, bool is_root);

// What to do instead of serving.
struct Leave {
  int exit_code;
};

// To ask a server of this configuration instead of being one.
struct Probe {
  core::Config config;
  ProbeGoal goal;
};

// To look whether a server could serve with this configuration.
struct Check {
  core::Config config;
};

using Options = std::variant<core::Config, Leave, Probe, Check>;

// Reads everything: flags win over the environment, which wins over the file.
// Paths that depend on others are filled in. On `Leave` what was to be said has
// been said (--help, --version, an error). Thread-compatible.
Options ReadOptions(int argc, const char* const* argv,
                    const Environment& environment);

// The same once more, from a command line that made a server: what the file
// says now. Thread-compatible.
absl::StatusOr<core::Config> ReadConfig(int argc, const char* const* argv,
                                        const Environment& environment);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_OPTIONS_H_
