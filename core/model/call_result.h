// What comes of a call.

#ifndef CLAWPLANE_CORE_MODEL_CALL_RESULT_H_
#define CLAWPLANE_CORE_MODEL_CALL_RESULT_H_

#include <optional>
#include <string>
#include <variant>

#include "core/model/fault.h"
#include "core/model/frame.h"

namespace clawplane::core {

// What is known of a failed call's effect; see `GatewayError` in the .proto.
enum class Outcome { kNotSent, kSentUnknown, kReplied };

// The gateway answered well. The payload is valid during the completion only;
// none if its answer had none.
struct CallAnswered {
  std::optional<JsonView> payload;
};
// The gateway refused.
struct CallRefused {
  ErrorShape error;
  // The whole `error` member, for codes that we do not know.
  std::string error_json;
  std::string payload_json;
};
// There is no answer.
struct CallFailed {
  Fault fault;
  Outcome outcome;
  // Whether repeating the same call soon may help.
  bool transient = false;
};
using CallResult = std::variant<CallAnswered, CallRefused, CallFailed>;

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_CALL_RESULT_H_
