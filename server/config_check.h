// Whether a configuration would do, told before it is used.

#ifndef CLAWPLANE_SERVER_CONFIG_CHECK_H_
#define CLAWPLANE_SERVER_CONFIG_CHECK_H_

#include <string>
#include <vector>

#include "core/model/config.h"

namespace clawplane::server {

// Thread-compatible.
struct ConfigFindings {
  // What would keep clawplaned from serving.
  std::vector<std::string> errors;
  // What would keep it from starting a gateway, or from reaching one.
  std::vector<std::string> warnings;
};

// Looks at the files and directories that the configuration names, and changes
// nothing. Whether the listeners' addresses are free is not looked at: they are
// not while a clawplaned of this configuration runs. `environment` is what a
// gateway would inherit, NAME=value each. Thread-safe.
ConfigFindings CheckConfig(const core::Config& config,
                           const std::vector<std::string>& environment);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_CONFIG_CHECK_H_
