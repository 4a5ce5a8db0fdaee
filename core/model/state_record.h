// What the control plane remembers of itself, as text.

#ifndef CLAWPLANE_CORE_MODEL_STATE_RECORD_H_
#define CLAWPLANE_CORE_MODEL_STATE_RECORD_H_

#include <string>
#include <string_view>
#include <variant>

namespace clawplane::core {

struct StateRecord {
  // Whether the gateway is meant to run.
  bool wanted_up = false;

  friend bool operator==(const StateRecord&, const StateRecord&) = default;
};

// One JSON object on a line: `{"version":1,"wanted":"up"}`.
std::string FormatStateRecord(const StateRecord& record);

// Reads it back; says what is wrong with a text that is no record. Members that
// it does not know are those of a later release, and are passed over.
std::variant<StateRecord, std::string> ParseStateRecord(std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_STATE_RECORD_H_
