// The gateway's status, followed through any number of lost connections.

#ifndef CLAWPLANE_CLIENT_STATUS_STREAM_H_
#define CLAWPLANE_CLIENT_STATUS_STREAM_H_

#include <memory>
#include <variant>

#include "absl/time/time.h"
#include "clawplane/client/call_error.h"
#include "clawplane/client/connection.h"
#include "clawplane/client/stream_options.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::client {

// Reads statuses one at a time: the present one, then each later one. A reader
// that is slower than the changes gets the latest.
//
// A broken stream is opened again as an `EventStream` is; the first status
// after an interruption is handed out even if nothing has changed. Never is an
// older one handed out after a newer one: within a stream the revisions only
// rise, and the first status of a new stream is the server's latest, so that a
// lower revision there is that of another life of the server.
//
// Thread-compatible, but for `Cancel`, which any thread may call. The
// connection outlives it.
class StatusStream {
 public:
  // What came: a status, word of a broken connection, nothing in time, the end.
  using Item =
      std::variant<v1::GatewayStatus, Interruption, DeadlinePassed, CallError>;

  explicit StatusStream(const Connection& connection,
                        const StreamOptions& options = StreamOptions());
  ~StatusStream();
  StatusStream(const StatusStream&) = delete;
  StatusStream& operator=(const StatusStream&) = delete;

  // Waits for the next item, no longer than the patience; zero only looks. Once
  // it has returned a `CallError`, it returns that for ever.
  Item Next(absl::Duration patience = absl::InfiniteDuration());

  // Ends the stream: a `Next` that waits returns CANCELLED at once, and so does
  // each later one.
  void Cancel();

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_STATUS_STREAM_H_
