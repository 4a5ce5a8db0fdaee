#include "server/config_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;

std::string Place(const std::string& file, const YAML::Node& node) {
  return Concat(file, ":", node.Mark().line + 1);
}

absl::Status Refuse(const std::string& place, std::string_view what) {
  return absl::InvalidArgumentError(Concat(place, ": ", what));
}

// Walks the maps of the file, so that `gateway: {port: 1}` becomes the key
// `gateway.port`.
class YamlReader {
 public:
  YamlReader(const std::string& file, core::Config& config)
      : file_(file), config_(config) {}

  absl::Status ReadMap(const YAML::Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        return Refuse(Place(file_, entry.first), "a key must be a word");
      }
      const std::string key = prefix + entry.first.Scalar();
      const std::string place = Place(file_, entry.first);
      if (!seen_.insert(key).second) {
        return Refuse(place, Concat("the key ", key, " occurs twice"));
      }
      absl::Status status = ReadValue(key, entry.second, place);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadValue(const std::string& key, const YAML::Node& value,
                         const std::string& place) {
    if (value.IsMap()) {
      const bool is_section =
          std::any_of(core::Settings().begin(), core::Settings().end(),
                      [&](const core::Setting& setting) {
                        return setting.key.starts_with(key + ".");
                      });
      if (is_section) return ReadMap(value, key + ".");
      const bool is_key =
          std::any_of(core::Settings().begin(), core::Settings().end(),
                      [&](const core::Setting& s) { return s.key == key; });
      if (is_key)
        return Refuse(place, Concat("the key ", key, " takes no map"));
      // An unknown section is refused as an unknown key.
      return core::ApplySetting(key, {""}, place, config_);
    }
    std::vector<std::string> values;
    if (value.IsSequence()) {
      for (const auto& item : value) {
        if (!item.IsScalar()) {
          return Refuse(Place(file_, item),
                        Concat("an item of ", key, " must be a word"));
        }
        values.push_back(item.Scalar());
      }
    } else if (value.IsScalar()) {
      values.push_back(value.Scalar());
    } else {
      return Refuse(place, Concat("the key ", key, " has no value"));
    }
    return core::ApplySetting(key, values, place, config_);
  }

  const std::string& file_;
  core::Config& config_;
  std::set<std::string> seen_;
};

// "gateway" of "gateway.port"; empty for a key that is in no section.
std::string_view SectionOf(std::string_view key) {
  const size_t dot = key.find('.');
  return dot == key.npos ? std::string_view() : key.substr(0, dot);
}

// One word, or a list of them, as YAML.
std::string YamlOf(const core::Setting& setting,
                   const std::vector<std::string>& values) {
  YAML::Emitter out;
  if (setting.is_list) {
    out << YAML::Flow << values;
  } else {
    out << values.front();
  }
  return out.c_str();
}

std::string LineOf(const core::Setting& setting, const core::Config& config) {
  const std::string_view section = SectionOf(setting.key);
  const std::string_view indent = section.empty() ? "" : "  ";
  const std::string_view name =
      setting.key.substr(section.empty() ? 0 : section.size() + 1);
  const std::vector<std::string> values = setting.place.show(config);
  if (values.empty()) {
    return Concat(indent, "# ", name, ": not set; default: ", setting.fallback,
                  "\n");
  }
  const auto found = config.origins.find(setting.key);
  const std::string origin =
      found == config.origins.end() ? "default" : found->second;
  if (setting.is_secret) {
    return Concat(indent, "# ", name, ": not shown; ", origin, "\n");
  }
  return Concat(indent, name, ": ", YamlOf(setting, values), "  # ", origin,
                "\n");
}

// The lines of one section. A map without a value has to be written as one.
void Append(std::string_view section, const std::string& lines, bool is_set,
            std::string& text) {
  if (!section.empty()) text += Concat(section, is_set ? ":\n" : ": {}\n");
  text += lines;
}

}  // namespace

absl::Status ApplyYaml(const std::string& text, const std::string& name,
                       core::Config& config) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return absl::OkStatus();
    if (!root.IsMap()) {
      return Refuse(Concat(name, ":1"), "must be a map of keys to values");
    }
    return YamlReader(name, config).ReadMap(root, "");
  } catch (const YAML::Exception& error) {
    return Refuse(Concat(name, ":", error.mark.line + 1),
                  Concat("not YAML: ", error.msg));
  }
}

std::string ConfigText(const core::Config& config) {
  std::string text;
  std::string_view section;
  std::string lines;
  bool is_set = false;
  for (const core::Setting& setting : core::Settings()) {
    if (SectionOf(setting.key) != section) {
      Append(section, lines, is_set, text);
      section = SectionOf(setting.key);
      lines.clear();
      is_set = false;
    }
    is_set |= !setting.is_secret && !setting.place.show(config).empty();
    lines += LineOf(setting, config);
  }
  Append(section, lines, is_set, text);
  return text;
}

}  // namespace clawplane::server
