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

// For the table: from when on a changed value counts.
std::string_view Name(Reload reload) {
  switch (reload) {
    case Reload::kAtOnce:
      return "at once";
    case Reload::kNextGateway:
      return "next gateway";
    case Reload::kNextDaemon:
      return "next clawplaned";
  }
  return {};
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

Reload Setting::reload() const {
  static constexpr std::string_view kAtOnce[] = {
      "access.file",
      "access.operator_methods",
      "access.denied_methods",
      "log.level",
      "log.format",
      "gateway.probe_timeout",
      "gateway.start_budget",
      "gateway.start_limit",
      "gateway.stop_grace",
      "gateway.drain_limit",
      "gateway.restart_delay",
      "gateway.handshake_timeout",
      "gateway.max_reconnect_attempts",
      "gateway.check_interval",
      "gateway.silence_limit",
      "gateway.memory_soft_limit",
      "gateway.memory_hard_limit"};
  static constexpr std::string_view kNextGateway[] = {
      "gateway.dir",         "gateway.command",
      "gateway.node",        "gateway.doctor_command",
      "gateway.dev",         "gateway.allow_unconfigured",
      "gateway.environment", "gateway.skip_channels",
      "gateway.token_file",  "gateway.scopes"};
  const auto is_in = [this](const auto& keys) {
    return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
  };
  if (is_in(kAtOnce)) return Reload::kAtOnce;
  return is_in(kNextGateway) ? Reload::kNextGateway : Reload::kNextDaemon;
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
  if (!setting->place.apply(values, config)) {
    std::string found;
    for (const std::string& value : values) {
      found += Concat(found.empty() ? "" : ", ", value);
    }
    if (setting->is_secret) found = "(not shown)";
    return absl::InvalidArgumentError(Concat(
        origin, ": ", key, " is \"", found, "\"; allowed: ", setting->allowed));
  }
  config.origins[setting->key] = origin;
  return absl::OkStatus();
}

void CopySetting(const Setting& setting, const Config& from, Config& to) {
  setting.place.copy(from, to);
  const auto origin = from.origins.find(setting.key);
  if (origin == from.origins.end()) {
    to.origins.erase(setting.key);
  } else {
    to.origins[setting.key] = origin->second;
  }
}

std::vector<const Setting*> ChangedSettings(const Config& a, const Config& b) {
  std::vector<const Setting*> changed;
  for (const Setting& setting : Settings()) {
    if (setting.place.show(a) != setting.place.show(b)) {
      changed.push_back(&setting);
    }
  }
  return changed;
}

std::string SettingsTable() {
  std::string table =
      "| key | flag | environment | default | allowed | meaning | after SIGHUP "
      "|\n|---|---|---|---|---|---|---|\n";
  for (const Setting& s : Settings()) {
    table += Concat("| `", s.key, "` | `", s.flag(), "` | `", s.variable(),
                    "` | ", s.fallback, " | ", s.allowed, " | ", s.meaning,
                    " | ", Name(s.reload()), " |\n");
  }
  return table;
}

}  // namespace clawplane::core
