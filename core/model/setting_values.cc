#include "core/model/setting_values.h"

#include <charconv>
#include <utility>

namespace clawplane::core {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::optional<uint64_t> ReadInteger(std::string_view text, uint64_t least,
                                    uint64_t most) {
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (value < least || value > most) return {};
  return value;
}

std::optional<Duration> ReadDuration(std::string_view text, Duration least,
                                     Duration most) {
  const std::pair<std::string_view, Duration> units[] = {
      {"ms", milliseconds(1)},
      {"s", seconds(1)},
      {"m", minutes(1)},
      {"h", hours(1)}};
  if (text.empty()) return {};
  Duration sum{};
  while (!text.empty()) {
    uint64_t count = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return {};
    text.remove_prefix(end - text.data());
    const auto unit =
        std::find_if(std::begin(units), std::end(units),
                     [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == std::end(units)) return {};
    text.remove_prefix(unit->first.size());
    // Compared as counts, so that nothing can overflow.
    if (count > static_cast<uint64_t>((most - sum) / unit->second)) return {};
    sum += unit->second * static_cast<int64_t>(count);
  }
  if (sum < least) return {};
  return sum;
}

std::optional<bool> ReadBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return {};
}

std::string WriteDuration(Duration duration) {
  const auto count = std::chrono::duration_cast<milliseconds>(duration).count();
  if (count % 1000 != 0) return std::to_string(count) + "ms";
  return std::to_string(count / 1000) + "s";
}

}  // namespace clawplane::core
