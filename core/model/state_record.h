// What the control plane remembers of itself, as text.

#ifndef CLAWPLANE_CORE_MODEL_STATE_RECORD_H_
#define CLAWPLANE_CORE_MODEL_STATE_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/model/process_identity.h"
#include "core/model/time.h"

namespace clawplane::core {

// A gateway that runs on when the control plane ends.
struct LeftGateway {
  ProcessIdentity process;
  // Where it was told to listen.
  uint16_t port = 0;
  // The number of its launch.
  uint64_t generation = 0;
  WallTime launched_at;

  friend bool operator==(const LeftGateway&, const LeftGateway&) = default;
};

struct StateRecord {
  // Whether the gateway is meant to run; none if nobody has said so yet.
  std::optional<bool> wanted_up;
  // The life of the event log; empty if it is not known.
  std::string epoch = {};
  // None if none was launched that may be left.
  std::optional<LeftGateway> gateway = {};

  friend bool operator==(const StateRecord&, const StateRecord&) = default;
};

// One JSON object on a line: `{"version":1,"wanted":"up",...}`.
std::string FormatStateRecord(const StateRecord& record);

// Reads it back; says what is wrong with a text that is no record. Members that
// it does not know are those of a later release, and are passed over.
std::variant<StateRecord, std::string> ParseStateRecord(std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_STATE_RECORD_H_
