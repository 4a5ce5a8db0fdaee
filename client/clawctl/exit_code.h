// What clawctl's exit says to scripts.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_EXIT_CODE_H_
#define CLAWPLANE_CLIENT_CLAWCTL_EXIT_CODE_H_

#include "absl/strings/string_view.h"
#include "clawplane/client/call_error.h"

namespace clawplane::clawctl {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kUnreachable = 3,
  kTimeout = 4,
  kNotAuthorised = 5,
  kNotRunning = 6,
  kNotAll = 7,
  kInterrupted = 130,
};

ExitCode ExitCodeFor(const client::CallError& error);

// What a code means, in a few words for a table: "no server answers".
absl::string_view ExitCodeWords(int code);

// The codes and their meanings, for `--help`.
extern const absl::string_view kExitCodeHelp;

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_EXIT_CODE_H_
