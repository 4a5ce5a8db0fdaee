#include "core/model/state_record.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

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

}  // namespace

std::string FormatStateRecord(const StateRecord& record) {
  return Concat(R"({"version":)", kVersion, R"(,"wanted":")",
                record.wanted_up ? "up" : "down", "\"}\n");
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
  const rapidjson::Value* const wanted = Find(document, "wanted");
  if (wanted == nullptr || !wanted->IsString()) return "it has no \"wanted\"";
  const std::string_view word(wanted->GetString(), wanted->GetStringLength());
  if (word != "up" && word != "down") {
    return "its \"wanted\" is neither \"up\" nor \"down\"";
  }
  return StateRecord{.wanted_up = word == "up"};
}

}  // namespace clawplane::core
