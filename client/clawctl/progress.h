// What a person sees while a command waits for the gateway.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_PROGRESS_H_
#define CLAWPLANE_CLIENT_CLAWCTL_PROGRESS_H_

#include <grpcpp/client_context.h>

#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "clawplane/client/connection.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// Shows statuses on standard error: on a terminal as one line that is kept up
// to date and wiped at the end, else as a line for each change of the state or
// phase.
//
// Thread-safe.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(bool quiet);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void Show(const v1::GatewayStatus& status);

 private:
  void KeepDrawing();
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const bool quiet_;
  const bool is_terminal_;
  absl::Mutex mutex_;
  v1::GatewayStatus latest_ ABSL_GUARDED_BY(mutex_);
  absl::Time came_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::string shown_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread drawer_;
};

// Follows the gateway's status beside a call, for as long as it lives, and
// shows what is under way. States in which nothing is are not shown: the call's
// own answer tells those. Does nothing at all if quiet.
//
// Thread-compatible. The connection outlives it.
class Progress {
 public:
  Progress(client::Connection& connection, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Follow();

  client::Connection& connection_;
  ProgressDisplay display_;
  grpc::ClientContext context_;
  std::thread follower_;
};

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_PROGRESS_H_
