// Finds out how the gateway on this machine is started.

#ifndef CLAWPLANE_CORE_IO_LAUNCH_PLAN_H_
#define CLAWPLANE_CORE_IO_LAUNCH_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/io/ports.h"
#include "core/model/config.h"
#include "core/model/fault.h"

namespace clawplane::core {

// Looks at the file system for what `config` names, and says what to run:
//
//   * `command`, if there is one; else in the gateway's directory
//   * `node openclaw.mjs gateway run --port P`, where the built package is, or
//   `node dist/entry.js ...` where it is clawdbot's, as it was called; else
//   * `pnpm run dev gateway run --port P`, where the sources are.
//
// `environment` is our own; what is meant for us alone is left out of the
// gateway's, and `token` is added to it. A fault names what is missing and what
// to run. Blocks on the file system for well under a millisecond.
// Thread-compatible.
std::variant<LaunchSpec, Fault> PlanLaunch(
    const GatewayConfig& config, uint16_t port, const std::string& token,
    const std::vector<std::string>& environment);

// Says how to repair a gateway that says it will not start before it is
// repaired (exit code 78):
//
//   * `doctor_command`, if there is one; else nothing for a `command`; else
//   * what runs the gateway of `PlanLaunch`, with `doctor --fix --yes
//   --non-interactive`.
//
// In the same directory and environment, but without the token, which it has no
// use for. It may take a minute, and ends with code 0 if all is well.
std::variant<std::optional<LaunchSpec>, Fault> PlanDoctor(
    const GatewayConfig& config, uint16_t port,
    const std::vector<std::string>& environment);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_LAUNCH_PLAN_H_
