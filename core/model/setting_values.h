// What the settings share: how their values are read, and put into the config.

#ifndef CLAWPLANE_CORE_MODEL_SETTING_VALUES_H_
#define CLAWPLANE_CORE_MODEL_SETTING_VALUES_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/config.h"
#include "core/model/time.h"

namespace clawplane::core {

// ---- Reading values. Each gives nothing for what is not allowed.

std::optional<uint64_t> ReadInteger(std::string_view text, uint64_t least,
                                    uint64_t most);
// "10s", "1m30s", "250ms"; at least one part, each with its unit.
std::optional<Duration> ReadDuration(std::string_view text, Duration least,
                                     Duration most);
std::optional<bool> ReadBool(std::string_view text);

// ---- Settings of one value, each by the reader for its type. `place` finds
// the field in the config.

using Values = std::vector<std::string>;
using Apply = decltype(Setting::apply);

template <typename Read, typename Place>
Apply One(Read read, Place place) {
  return [read, place](const Values& values, Config& config) {
    const auto value = read(values.front());
    if (!value) return false;
    place(config) = *value;
    return true;
  };
}

template <typename Place>
Apply Text(Place place, bool may_be_empty = true) {
  return One(
      [=](const std::string& text) -> std::optional<std::string> {
        if (text.empty() && !may_be_empty) return {};
        if (text.size() > 4096) return {};
        return text;
      },
      place);
}

template <typename Place>
Apply Time(Duration least, Duration most, Place place) {
  return One([=](const std::string& t) { return ReadDuration(t, least, most); },
             place);
}

template <typename Place>
Apply Number(uint64_t least, uint64_t most, Place place) {
  return One([=](const std::string& t) { return ReadInteger(t, least, most); },
             place);
}

// In MiB, kept in bytes.
template <typename Place>
Apply Mebibytes(Place place) {
  return One(
      [](const std::string& t) -> std::optional<uint64_t> {
        const auto count = ReadInteger(t, 0, 1024 * 1024);
        if (!count) return {};
        return *count << 20;
      },
      place);
}

template <typename Place>
Apply YesNo(Place place) {
  return One([](const std::string& t) { return ReadBool(t); }, place);
}

template <typename Place>
Apply List(Place place, bool (*is_allowed)(const std::string&)) {
  return [=](const Values& values, Config& config) {
    if (!std::all_of(values.begin(), values.end(), is_allowed)) return false;
    place(config) = values;
    return true;
  };
}

// A path of members is no expression, so it takes no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define CLAWPLANE_FIELD(path) \
  [](Config & config) -> auto& { return config.path; }
// NOLINTEND(bugprone-macro-parentheses)

// ---- The settings of access to the daemon; `Settings` has them all.
std::vector<Setting> ListenerSettings();
std::vector<Setting> AccessSettings();
std::vector<Setting> OpsSettings();

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_SETTING_VALUES_H_
