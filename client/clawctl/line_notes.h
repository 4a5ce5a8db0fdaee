// What a person is told of a connection that comes and goes.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_LINE_NOTES_H_
#define CLAWPLANE_CLIENT_CLAWCTL_LINE_NOTES_H_

#include "clawplane/client/stream_options.h"
#include "client/clawctl/session.h"

namespace clawplane::clawctl {

// Notes on standard error that the connection is lost, once however many
// attempts fail after it, and that it is back.
//
// Thread-compatible. The session outlives it.
class LineNotes {
 public:
  explicit LineNotes(const Session& session) : session_(session) {}

  // Something came.
  void IsUp();

  // The stream broke, and is opened again.
  void Broke(const client::Interruption& interruption);

 private:
  const Session& session_;
  bool is_down_ = false;
};

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_LINE_NOTES_H_
