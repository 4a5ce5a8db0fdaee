#include "core/model/event_filter.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

bool NameMatches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) {
    pattern.remove_suffix(1);
    return name.starts_with(pattern);
  }
  return pattern == name;
}

template <typename T>
std::vector<T> Sorted(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

EventFilter::EventFilter(std::vector<EventKind> kinds,
                         std::vector<std::string> names)
    : kinds_(Sorted(std::move(kinds))), names_(Sorted(std::move(names))) {}

std::optional<std::string> EventFilter::FaultIn(
    const std::vector<std::string>& names) {
  if (names.size() > kMaxNames) {
    return Concat(names.size(), " names were given; at most ", kMaxNames,
                  " are allowed");
  }
  for (const std::string& name : names) {
    if (name.empty()) return "a name is empty";
    if (name.size() > kMaxNameBytes) {
      return Concat("a name is ", name.size(), " bytes long; at most ",
                    kMaxNameBytes, " are allowed");
    }
    const size_t star = name.find('*');
    if (star != name.npos && star != name.size() - 1) {
      return Concat("the name \"", name,
                    "\" has a star that is not at its end; only a prefix and a "
                    "star can be matched");
    }
  }
  return std::nullopt;
}

bool EventFilter::Matches(const EventDraft& event) const {
  if (event.kind == EventKind::kGap) return true;
  if (!kinds_.empty() &&
      std::find(kinds_.begin(), kinds_.end(), event.kind) == kinds_.end()) {
    return false;
  }
  if (event.name == "tick") {
    return std::find(names_.begin(), names_.end(), "tick") != names_.end();
  }
  return names_.empty() ||
         std::any_of(names_.begin(), names_.end(), [&](const auto& pattern) {
           return NameMatches(pattern, event.name);
         });
}

}  // namespace clawplane::core
