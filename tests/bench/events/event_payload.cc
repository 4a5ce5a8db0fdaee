#include "tests/bench/events/event_payload.h"

#include <time.h>

#include <charconv>

#include "core/model/text.h"
#include "tests/bench/rpc/params.h"

namespace clawplane::testing {
namespace {

constexpr std::string_view kHead = R"({"sent":")";
constexpr size_t kDigits = 20;
constexpr std::string_view kBeforeData = R"(","data":)";
constexpr std::string_view kBeforeText = R"(","text":")";
constexpr std::string_view kTextEnd = R"("})";
// The least that `GatewayLikeParams` makes.
constexpr size_t kLeastData = 200;

}  // namespace

uint64_t MonotonicNs() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(now.tv_nsec);
}

EventPayload::EventPayload(size_t bytes)
    : json_(core::Concat(kHead, std::string(kDigits, '0'))) {
  const size_t around = json_.size() + kBeforeData.size() + 1;
  if (bytes >= around + kLeastData) {
    json_ += core::Concat(kBeforeData, GatewayLikeParams(bytes - around), "}");
    return;
  }
  json_ += kBeforeText;
  constexpr std::string_view kWords = "a message that somebody has typed; ";
  while (json_.size() + kTextEnd.size() < bytes) {
    json_ += kWords[json_.size() % kWords.size()];
  }
  json_ += kTextEnd;
}

std::string_view EventPayload::At(uint64_t sent_ns) {
  for (size_t at = kDigits; at-- > 0; sent_ns /= 10) {
    json_[kHead.size() + at] = static_cast<char>('0' + sent_ns % 10);
  }
  return json_;
}

std::optional<uint64_t> SentAt(std::string_view json) {
  if (!json.starts_with(kHead) || json.size() < kHead.size() + kDigits) {
    return std::nullopt;
  }
  const char* const begin = json.data() + kHead.size();
  uint64_t sent = 0;
  const auto [end, error] = std::from_chars(begin, begin + kDigits, sent);
  if (error != std::errc() || end != begin + kDigits) return std::nullopt;
  return sent;
}

std::string EventMessage(std::string_view payload, uint64_t seq) {
  return core::Concat(R"({"type":"event","event":")", kEventName,
                      R"(","payload":)", payload, R"(,"seq":)", seq, "}");
}

}  // namespace clawplane::testing
