// How a command on many servers is shown while it is under way, and at its end.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_FLEET_REPORT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_FLEET_REPORT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/fleet_text.h"
#include "client/clawctl/output.h"
#include "client/clawctl/session.h"

namespace clawplane::clawctl {

// Puts what the servers say on one screen, whole lines at a time. Items of
// streams go there as they come, and so does an answer of many lines, under
// the server's name; what fits into a line waits for the table at the end. The
// servers go by their place in the list of names.
//
// Thread-safe. The output outlives it.
class FleetReport {
 public:
  FleetReport(const std::vector<std::string>& names, Form form,
              const SharedOptions& options, Output& output);

  // Shows an item; returns the errno of a failed write, or 0.
  int Item(size_t server, absl::string_view item);

  // Shows what a stream would write on standard error.
  void Tell(size_t server, absl::string_view line);

  // Takes what became of a server.
  void Finish(size_t server, Outcome outcome);

  // Shows the table, the failures and the sum. Once, when no other call is to
  // come. Returns the exit code.
  int End();

 private:
  void Show(const NamedOutcome& it) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Keep(NamedOutcome& it) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShowEnd() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShowTable(const std::string& table)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DrawProgress() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WipeProgress() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Form form_;
  const bool json_;
  const bool quiet_;
  const bool draws_progress_;
  absl::Mutex mutex_;
  Output& output_ ABSL_GUARDED_BY(mutex_);
  Outcomes outcomes_ ABSL_GUARDED_BY(mutex_);
  size_t finished_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_FLEET_REPORT_H_
