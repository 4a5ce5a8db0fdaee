// Which events a reader wants.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_FILTER_H_
#define CLAWPLANE_CORE_MODEL_EVENT_FILTER_H_

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "core/model/event.h"

namespace clawplane::core {

// Kinds and names, both of which must match. Gaps always match. `tick`, which
// comes all the time and tells nothing, matches only where it is asked for by
// name.
//
// Thread-compatible.
class EventFilter {
 public:
  static constexpr size_t kMaxNames = 64;
  static constexpr size_t kMaxNameBytes = 256;

  // Why these names cannot be a filter; nothing if they can.
  static std::optional<std::string> FaultIn(
      const std::vector<std::string>& names);

  // All but `tick`.
  EventFilter() = default;

  // No kinds or no names means all. `names` are exact, or a prefix and a star.
  EventFilter(std::vector<EventKind> kinds, std::vector<std::string> names);

  bool Matches(const EventDraft& event) const;

  // Of some order. Equal ones were made of the same kinds and names.
  auto operator<=>(const EventFilter&) const = default;

 private:
  // Sorted, each once.
  std::vector<EventKind> kinds_;
  std::vector<std::string> names_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_FILTER_H_
