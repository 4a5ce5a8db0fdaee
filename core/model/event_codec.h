// Events as they are kept on disk.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_CODEC_H_
#define CLAWPLANE_CORE_MODEL_EVENT_CODEC_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/model/event.h"

namespace clawplane::core {

// The bytes of an event without its number and time: the version of the form,
// then the members in a fixed order. Kinds, states and reasons are written by
// name, so that another build that counts them differently reads the same.
std::string EncodeDraft(const EventDraft& draft);

// The event of these bytes; nothing if they are no event that this build knows.
std::optional<EventDraft> DecodeDraft(std::string_view bytes);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_CODEC_H_
