// One response of `StreamEvents`, put together from encoded events.

#ifndef CLAWPLANE_SERVER_EVENT_BATCH_H_
#define CLAWPLANE_SERVER_EVENT_BATCH_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <vector>

#include "core/model/event_log.h"

namespace clawplane::server {

// Gathers the events of one response.
//
// Thread-compatible.
class EventBatch {
 public:
  static constexpr size_t kMaxEvents = 64;
  static constexpr size_t kMaxBytes = 256 * 1024;

  // Whether an event that takes so many bytes at the least may fit: whether it
  // is worth while to encode it for this response.
  bool MayFit(size_t bytes) const;
  // False if it does not fit; a lone event always does.
  bool Add(core::EncodedEventPtr event);

  bool empty() const { return events_.empty(); }

  // The response, in as few pieces as pay: large payloads are sent from where
  // they lie, and the rest is copied into one piece.
  grpc::ByteBuffer Write() const;

 private:
  std::vector<core::EncodedEventPtr> events_;
  size_t bytes_ = 0;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_BATCH_H_
