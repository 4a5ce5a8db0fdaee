#include "core/model/state_record.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <chrono>
#include <cstdint>
#include <limits>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr unsigned kParseFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

constexpr int kVersion = 1;

// Nothing if there is no such member.
const rapidjson::Value* Find(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

// False if the member is missing, or not such a string.
bool ReadText(const rapidjson::Value& object, const char* name,
              std::string& text) {
  const rapidjson::Value* const member = Find(object, name);
  if (member == nullptr || !member->IsString()) return false;
  text.assign(member->GetString(), member->GetStringLength());
  return !text.empty();
}

template <typename Integer>
bool ReadNumber(const rapidjson::Value& object, const char* name,
                Integer& number) {
  const rapidjson::Value* const member = Find(object, name);
  if (member == nullptr || !member->IsUint64() ||
      member->GetUint64() >
          static_cast<uint64_t>(std::numeric_limits<Integer>::max())) {
    return false;
  }
  number = static_cast<Integer>(member->GetUint64());
  return number > 0;
}

std::optional<LeftGateway> ReadGateway(const rapidjson::Value& object) {
  LeftGateway gateway;
  int64_t launched_at_ms = 0;
  if (!object.IsObject() || !ReadNumber(object, "pid", gateway.process.pid) ||
      !ReadNumber(object, "start_ticks", gateway.process.start_ticks) ||
      !ReadText(object, "system_boot_id", gateway.process.system_boot_id) ||
      !ReadText(object, "run", gateway.process.run) ||
      !ReadNumber(object, "port", gateway.port) ||
      !ReadNumber(object, "generation", gateway.generation) ||
      !ReadNumber(object, "launched_at_ms", launched_at_ms)) {
    return std::nullopt;
  }
  gateway.launched_at = WallTime(std::chrono::milliseconds(launched_at_ms));
  return gateway;
}

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Write(Writer& writer, const char* name, const std::string& text) {
  writer.Key(name);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void Write(Writer& writer, const char* name, uint64_t number) {
  writer.Key(name);
  writer.Uint64(number);
}

void Write(Writer& writer, const LeftGateway& gateway) {
  writer.Key("gateway");
  writer.StartObject();
  Write(writer, "pid", static_cast<uint64_t>(gateway.process.pid));
  Write(writer, "start_ticks", gateway.process.start_ticks);
  Write(writer, "system_boot_id", gateway.process.system_boot_id);
  Write(writer, "run", gateway.process.run);
  Write(writer, "port", uint64_t{gateway.port});
  Write(writer, "generation", gateway.generation);
  Write(writer, "launched_at_ms",
        static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(
                gateway.launched_at.time_since_epoch())
                .count()));
  writer.EndObject();
}

}  // namespace

std::string FormatStateRecord(const StateRecord& record) {
  rapidjson::StringBuffer text;
  Writer writer(text);
  writer.StartObject();
  Write(writer, "version", uint64_t{kVersion});
  if (record.wanted_up) {
    Write(writer, "wanted", *record.wanted_up ? "up" : "down");
  }
  if (!record.epoch.empty()) Write(writer, "epoch", record.epoch);
  if (record.gateway) Write(writer, *record.gateway);
  writer.EndObject();
  return Concat(text.GetString(), "\n");
}

std::variant<StateRecord, std::string> ParseStateRecord(std::string_view text) {
  rapidjson::Document document;
  document.Parse<kParseFlags>(text.data(), text.size());
  if (document.HasParseError()) {
    return Concat("it is not JSON at byte ", document.GetErrorOffset(), ": ",
                  rapidjson::GetParseError_En(document.GetParseError()));
  }
  if (!document.IsObject()) return "it is not a JSON object";
  const rapidjson::Value* const version = Find(document, "version");
  if (version == nullptr || !version->IsInt64()) return "it has no version";
  if (version->GetInt64() != kVersion) {
    return Concat("its version is ", version->GetInt64(), ", and not ",
                  kVersion);
  }
  StateRecord record;
  if (Find(document, "wanted") != nullptr) {
    std::string word;
    if (!ReadText(document, "wanted", word) ||
        (word != "up" && word != "down")) {
      return "its \"wanted\" is neither \"up\" nor \"down\"";
    }
    record.wanted_up = word == "up";
  }
  if (Find(document, "epoch") != nullptr &&
      !ReadText(document, "epoch", record.epoch)) {
    return "its \"epoch\" is no text";
  }
  if (const rapidjson::Value* const gateway = Find(document, "gateway")) {
    record.gateway = ReadGateway(*gateway);
    if (!record.gateway) return "its \"gateway\" is incomplete";
  }
  return record;
}

}  // namespace clawplane::core
