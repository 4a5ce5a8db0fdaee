#include "server/config_check.h"

#include <errno.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <variant>

#include "absl/status/status.h"
#include "core/io/launch_plan.h"
#include "core/io/token_file.h"
#include "core/model/text.h"
#include "server/access_list.h"
#include "server/socket_group.h"
#include "server/tls_files.h"

namespace clawplane::server {
namespace {

using core::Concat;

bool Exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// The directory itself, or the nearest one above it that there is, must be one
// that we may write to.
absl::Status CheckStateDirectory(const std::string& path) {
  std::filesystem::path there(path);
  while (!Exists(there) && there != there.parent_path()) {
    there = there.parent_path();
  }
  if (::access(there.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Concat("the state directory ", path, " cannot be used: ", there.native(),
             ": ", strerror(errno), "; set state_dir to another one"));
}

void CheckGateway(const core::Config& config,
                  const std::vector<std::string>& environment,
                  ConfigFindings& findings) {
  if (Exists(config.gateway.token_file)) {
    const auto token = core::ReadToken(config.gateway.token_file);
    if (!token.ok()) findings.warnings.emplace_back(token.status().message());
  } else if (config.machine.mode == core::Mode::kAttach) {
    findings.warnings.push_back(
        Concat("gateway.token_file ", config.gateway.token_file,
               " is not there; write the gateway's own token into it"));
  }
  if (config.machine.mode == core::Mode::kAttach) return;
  const auto plan =
      core::PlanLaunch(config.gateway, config.machine.port, "", environment);
  if (const auto* fault = std::get_if<core::Fault>(&plan)) {
    findings.warnings.push_back(
        Concat("no gateway can be started: ", fault->message,
               fault->next_step.empty() ? "" : "; ", fault->next_step));
  }
}

}  // namespace

ConfigFindings CheckConfig(const core::Config& config,
                           const std::vector<std::string>& environment) {
  ConfigFindings findings;
  const auto check = [&findings](const absl::Status& status) {
    if (!status.ok()) findings.errors.emplace_back(status.message());
  };
  check(CheckStateDirectory(config.state_directory));
  if (!config.access.file.empty()) {
    check(AccessList::Read(config.access.file).status());
  }
  if (config.tls.listen != "none") check(TlsFiles::Open(config.tls).status());
  if (!config.socket_group.empty()) {
    check(FindGroup(config.socket_group).status());
  }
  CheckGateway(config, environment, findings);
  return findings;
}

}  // namespace clawplane::server
