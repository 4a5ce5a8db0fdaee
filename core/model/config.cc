#include "core/model/config.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using Values = std::vector<std::string>;

// How many letters differ, for guessing what was meant.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(
          row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

std::string Guess(std::string_view key) {
  const auto& settings = Settings();
  const auto nearest = std::min_element(
      settings.begin(), settings.end(), [&](const auto& a, const auto& b) {
        return EditDistance(a.key, key) < EditDistance(b.key, key);
      });
  if (EditDistance(nearest->key, key) > 3) return {};
  return Concat("; did you mean ", nearest->key, "?");
}

std::string Spelled(std::string_view key, char separator, bool upper) {
  std::string spelled(key);
  for (char& c : spelled) {
    if (c == '.' || c == '_') c = separator;
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return spelled;
}

}  // namespace

std::string Setting::flag() const { return "--" + Spelled(key, '-', false); }

std::string Setting::variable() const {
  return "CLAWPLANE_" + Spelled(key, '_', true);
}

absl::Status ApplySetting(std::string_view key, const Values& values,
                          std::string_view origin, Config& config) {
  const auto& settings = Settings();
  const auto setting =
      std::find_if(settings.begin(), settings.end(),
                   [&](const Setting& s) { return s.key == key; });
  if (setting == settings.end()) {
    return absl::InvalidArgumentError(
        Concat(origin, ": unknown key ", key, Guess(key)));
  }
  if (!setting->is_list && values.size() != 1) {
    return absl::InvalidArgumentError(Concat(
        origin, ": ", key, " takes one value; allowed: ", setting->allowed));
  }
  if (!setting->apply(values, config)) {
    std::string found;
    for (const std::string& value : values) {
      found += Concat(found.empty() ? "" : ", ", value);
    }
    if (setting->is_secret) found = "(not shown)";
    return absl::InvalidArgumentError(Concat(
        origin, ": ", key, " is \"", found, "\"; allowed: ", setting->allowed));
  }
  return absl::OkStatus();
}

std::string SettingsTable() {
  std::string table =
      "| key | flag | environment | default | allowed | meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const Setting& s : Settings()) {
    table +=
        Concat("| `", s.key, "` | `", s.flag(), "` | `", s.variable(), "` | ",
               s.fallback, " | ", s.allowed, " | ", s.meaning, " |\n");
  }
  return table;
}

}  // namespace clawplane::core
