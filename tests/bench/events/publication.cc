#include "tests/bench/events/publication.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "tests/bench/events/event_payload.h"

namespace clawplane::testing {

std::optional<Publication> Publication::Parse(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string how;
  words >> how;
  Publication publication;
  if (how == "pace") {
    double rate = 0;
    words >> rate;
    if (!words || rate <= 0) return std::nullopt;
    publication.interval_ns_ = static_cast<uint64_t>(1e9 / rate);
  } else if (how != "burst") {
    return std::nullopt;
  }
  words >> publication.count_ >> publication.size_;
  if (!words || publication.size_ < EventPayload::kMinBytes) {
    return std::nullopt;
  }
  return publication;
}

uint64_t Publication::Due(uint64_t now_ns) {
  if (!is_paced()) return count_ - sent_;
  if (begin_ns_ == 0) begin_ns_ = now_ns;
  const uint64_t by_now = (now_ns - begin_ns_) / interval_ns_ + 1;
  return std::min(by_now, count_) - sent_;
}

}  // namespace clawplane::testing
