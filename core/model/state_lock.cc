#include "core/model/state_lock.h"

#include <rapidjson/document.h>

#include <limits>

namespace clawplane::core {
namespace {

// The unsigned integer under `name`, up to `most`; else 0.
uint64_t NumberAt(const rapidjson::Document& object, const char* name,
                  uint64_t most) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsUint64()) return 0;
  const uint64_t number = found->value.GetUint64();
  return number > most ? 0 : number;
}

}  // namespace

std::optional<StateLock> ParseStateLock(std::string_view text) {
  if (text.size() > StateLock::kMaxBytes) return std::nullopt;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError() || !document.IsObject()) return std::nullopt;
  StateLock lock;
  lock.pid = static_cast<int32_t>(
      NumberAt(document, "pid", std::numeric_limits<int32_t>::max()));
  lock.port = static_cast<uint16_t>(
      NumberAt(document, "port", std::numeric_limits<uint16_t>::max()));
  lock.start_ticks =
      NumberAt(document, "startTime", std::numeric_limits<uint64_t>::max());
  if (lock.pid == 0) return std::nullopt;
  return lock;
}

}  // namespace clawplane::core
