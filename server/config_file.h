// The configuration as the text of a file.

#ifndef CLAWPLANE_SERVER_CONFIG_FILE_H_
#define CLAWPLANE_SERVER_CONFIG_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "core/model/config.h"

namespace clawplane::server {

// Puts the settings of the YAML text into `config`. `name` is the file's, for
// errors, which say where, what was found and what is allowed. Nothing may
// occur twice, or be unknown. Thread-compatible.
absl::Status ApplyYaml(const std::string& text, const std::string& name,
                       core::Config& config);

// All settings as YAML that `ApplyYaml` takes, each with where it comes from
// behind it. One that is not set, or whose values may be secrets, is a comment.
// Thread-compatible.
std::string ConfigText(const core::Config& config);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_CONFIG_FILE_H_
