// The messages of `StreamEvents`, as bytes.

#ifndef CLAWPLANE_SERVER_EVENT_MESSAGE_H_
#define CLAWPLANE_SERVER_EVENT_MESSAGE_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "clawplane/v1/gateway.pb.h"
#include "core/model/event_log.h"

namespace clawplane::server {

// The form in which a reader gets `event`: the one it asked for, unless the
// payload is over its limit.
core::EventForm FormOf(const core::Event& event, core::EventForm asked,
                       size_t max_payload_bytes);

// `event` as a member of a serialised `StreamEventsResponse`, so that such a
// response is nothing but these one after the other. A payload that cannot be
// given as a value is left out and marked.
core::EncodedEvent Encode(const core::Event& event, std::string_view epoch,
                          core::EventForm form);

// Gathers the events of one response.
//
// Thread-compatible.
class EventBatch {
 public:
  static constexpr size_t kMaxEvents = 64;
  static constexpr size_t kMaxBytes = 256 * 1024;

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

// Any other message.
grpc::ByteBuffer ToBytes(const v1::StreamEventsResponse& response);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_MESSAGE_H_
