// Events as the bytes that their readers get.

#ifndef CLAWPLANE_SERVER_EVENT_ENCODING_H_
#define CLAWPLANE_SERVER_EVENT_ENCODING_H_

#include <cstddef>
#include <string_view>

#include "core/model/event_log.h"

namespace clawplane::server {

// Larger payloads are not given as values: to make them keeps the strand, and
// as bytes they are up to six times as large.
inline constexpr size_t kMaxValueJson = 4 * 1024 * 1024;

// The form in which a reader gets `event`: the one it asked for, unless the
// payload is over its limit.
core::EventForm FormOf(const core::Event& event, core::EventForm asked,
                       size_t max_payload_bytes);

// Whether a payload in this form is over the reader's limit: as a value it may
// be now that it is one.
bool IsOverLimit(const core::EncodedEvent& event, core::EventForm form,
                 size_t max_payload_bytes);

// `event` as a member of a serialised `StreamEventsResponse`, so that such a
// response is nothing but these one after the other. A payload that cannot be
// given as a value is left out and marked.
core::EncodedEvent Encode(const core::Event& event, std::string_view epoch,
                          core::EventForm form);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_EVENT_ENCODING_H_
