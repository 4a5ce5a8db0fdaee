// What the settings share: how their values are read, and put into the config.

#ifndef CLAWPLANE_CORE_MODEL_SETTING_VALUES_H_
#define CLAWPLANE_CORE_MODEL_SETTING_VALUES_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

// ---- Writing them, as they can be read again.

std::string WriteDuration(Duration duration);

// ---- Settings, each by the reader and the writer for its type. `field` finds
// the field in a config.

using Values = std::vector<std::string>;

template <typename Field>
auto Copy(Field field) {
  return [field](const Config& from, Config& to) { field(to) = field(from); };
}

template <typename Read, typename Write, typename Field>
SettingPlace One(Read read, Write write, Field field) {
  return {.apply =
              [read, field](const Values& values, Config& config) {
                const auto value = read(values.front());
                if (!value) return false;
                field(config) = *value;
                return true;
              },
          .show = [write, field](const Config& config) -> Values {
            std::string text = write(field(config));
            if (text.empty()) return {};
            return {std::move(text)};
          },
          .copy = Copy(field)};
}

// A text that `read` checks.
template <typename Read, typename Field>
SettingPlace CheckedText(Read read, Field field) {
  return One(
      read, [](const std::string& text) { return text; }, field);
}

template <typename Field>
SettingPlace Text(Field field) {
  return CheckedText(
      [](const std::string& text) -> std::optional<std::string> {
        if (text.empty() || text.size() > 4096) return {};
        return text;
      },
      field);
}

template <typename Field>
SettingPlace Time(Duration least, Duration most, Field field) {
  return One([=](const std::string& t) { return ReadDuration(t, least, most); },
             WriteDuration, field);
}

template <typename Field>
SettingPlace Number(uint64_t least, uint64_t most, Field field) {
  return One([=](const std::string& t) { return ReadInteger(t, least, most); },
             [](uint64_t number) { return std::to_string(number); }, field);
}

// In MiB, kept in bytes.
template <typename Field>
SettingPlace Mebibytes(Field field) {
  return One(
      [](const std::string& t) -> std::optional<uint64_t> {
        const auto count = ReadInteger(t, 0, 1024 * 1024);
        if (!count) return {};
        return *count << 20;
      },
      [](uint64_t bytes) { return std::to_string(bytes >> 20); }, field);
}

template <typename Field>
SettingPlace YesNo(Field field) {
  return One([](const std::string& t) { return ReadBool(t); },
             [](bool yes) { return std::string(yes ? "true" : "false"); },
             field);
}

// One of a few words.
template <typename T, typename Field>
SettingPlace Word(std::vector<std::pair<std::string, T>> words, Field field) {
  return One(
      [words](const std::string& text) -> std::optional<T> {
        for (const auto& [word, value] : words) {
          if (word == text) return value;
        }
        return {};
      },
      [words](T wanted) {
        for (const auto& [word, value] : words) {
          if (value == wanted) return word;
        }
        return std::string();
      },
      field);
}

template <typename Field>
SettingPlace List(Field field, bool (*is_allowed)(const std::string&)) {
  return {.apply =
              [=](const Values& values, Config& config) {
                if (!std::all_of(values.begin(), values.end(), is_allowed)) {
                  return false;
                }
                field(config) = values;
                return true;
              },
          .show = [=](const Config& config) -> Values { return field(config); },
          .copy = Copy(field)};
}

// A path of members is no expression, so it takes no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define CLAWPLANE_FIELD(path) \
  [](auto& config) -> auto& { return config.path; }
// NOLINTEND(bugprone-macro-parentheses)

// ---- The settings of access to the daemon; `Settings` has them all.
std::vector<Setting> ListenerSettings();
std::vector<Setting> AccessSettings();
std::vector<Setting> OpsSettings();

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_SETTING_VALUES_H_
