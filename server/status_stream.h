// One `StreamStatus` call.

#ifndef CLAWPLANE_SERVER_STATUS_STREAM_H_
#define CLAWPLANE_SERVER_STATUS_STREAM_H_

#include <cstdint>

#include "clawplane/v1/gateway.pb.h"
#include "server/stream_call.h"

namespace clawplane::server {

// Sends the status when it differs from the one sent last. What changed while a
// write was in flight is seen as one change: a slow reader gets the latest.
//
// On the strand, but for the constructor.
class StatusStream final : public StreamCall<v1::StreamStatusResponse> {
 public:
  StatusStream(core::CoreStrand& strand, core::GatewayManager& gateway)
      : StreamCall(strand, gateway, core::Topic::kStatus) {}

 private:
  bool Next(v1::StreamStatusResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;

  // No status has the revision 0.
  uint64_t sent_revision_ ABSL_GUARDED_BY(strand_) = 0;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STATUS_STREAM_H_
