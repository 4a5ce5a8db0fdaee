// The caller's place in a distributed trace (W3C Trace Context, `traceparent`).

#ifndef CLAWPLANE_CORE_MODEL_TRACE_PARENT_H_
#define CLAWPLANE_CORE_MODEL_TRACE_PARENT_H_

#include <string_view>

namespace clawplane::core {

// Whether `text` is a `traceparent` that may be handed on: of version 00, with
// a trace and a parent. As the standard asks, one that is not is to be ignored.
bool IsTraceParent(std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_TRACE_PARENT_H_
