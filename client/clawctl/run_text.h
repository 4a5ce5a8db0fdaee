// Runs of the gateway in words.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_RUN_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_RUN_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// A table with a heading and a line for each run, in the order given.
std::string RunsTable(const v1::ListRunsResponse& response, absl::Time now);

// All that is known of one run, over several lines.
std::string RunLines(const v1::Run& run, absl::Time now);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_RUN_TEXT_H_
