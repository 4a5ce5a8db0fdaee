// What a client asks of `StreamEvents`.

#ifndef CLAWPLANE_SERVER_EVENT_QUERY_H_
#define CLAWPLANE_SERVER_EVENT_QUERY_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <optional>
#include <variant>

#include "core/model/event_cursor.h"
#include "core/model/event_filter.h"
#include "core/model/event_log.h"
#include "core/model/fault.h"

namespace clawplane::server {

// A request that was found to be in order.
struct EventQuery {
  core::EventFilter filter;
  core::EventForm form = core::EventForm::kJson;
  size_t max_payload_bytes = 1024 * 1024;
  bool fail_on_gap = false;
  // After this position; else from the oldest, or else from now.
  std::optional<core::EventPosition> after;
  bool from_oldest = false;
};

// Reads a serialised `StreamEventsRequest`, or says what is wrong with it.
std::variant<EventQuery, core::Fault> ReadEventQuery(grpc::ByteBuffer bytes);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_QUERY_H_
