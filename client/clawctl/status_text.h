// The gateway's status in words.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_STATUS_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_STATUS_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// An enumerator without its prefix, in lower case: "waiting for port". One that
// is not known, as of a later server: "state 9".
std::string StateName(v1::GatewayStatus::State state);
std::string PhaseName(v1::GatewayStatus::Phase phase);
std::string KindName(v1::EventKind kind);   // "state_changed"
std::string ReasonName(v1::Reason reason);  // "PORT_HELD"

// "process 4711 exited with code 1", "process 4711 was ended by signal 9
// (killed by the server)"; and what was killed with it.
std::string ShowExit(const v1::ProcessExit& exit);

// "exit code 1", "signal 9".
std::string ShowHow(const v1::ProcessExit& exit);

// "2 descendants of it were killed"; empty if none was.
std::string ShowStragglers(const v1::ProcessExit& exit);

// "port 18789 is held by another program [PORT_HELD]".
std::string ShowFault(const v1::GatewayFault& fault);

// Aligned lines, one for each thing known, without a final line end.
std::string StatusLines(const v1::GatewayStatus& status, absl::Time now);

// One line: the state, and what matters most in it.
std::string StatusLine(const v1::GatewayStatus& status);

// "starting: waiting for port, 3.2 s", with the time since the status came.
std::string ProgressLine(const v1::GatewayStatus& status, absl::Duration since);

// As above, without a time.
std::string ProgressLine(const v1::GatewayStatus& status);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_STATUS_TEXT_H_
