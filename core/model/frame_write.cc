// The frames that are written.

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>

#include "core/model/frame.h"
#include "core/model/json_string.h"

namespace clawplane::core {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void WriteString(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteMember(Writer& writer, std::string_view key, std::string_view value) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  WriteString(writer, value);
}

// Appends `text` as it stands between the quotes of a JSON string.
void AppendEscaped(std::string_view text, std::string& json) {
  const size_t begin = json.size();
  json.resize(begin + text.size() * kMostEscaped + sizeof(uint64_t));
  const char* const end = WriteEscaped(text, json.data() + begin);
  json.resize(static_cast<size_t>(end - json.data()));
}

}  // namespace

std::string& RequestText::BeginParams() {
  text_ += R"(,"params":)";
  params_begin_ = text_.size();
  return text_;
}

std::optional<JsonView> RequestText::params() const {
  if (params_begin_ == 0) return std::nullopt;
  return JsonView(text_).substr(params_begin_);
}

std::string RequestText::Finish(std::string_view id, std::string_view method,
                                std::string_view traceparent) && {
  text_ += R"(,"method":")";
  AppendEscaped(method, text_);
  text_ += R"(","id":")";
  text_ += id;
  if (!traceparent.empty()) {
    text_ += R"(","traceparent":")";
    text_ += traceparent;
  }
  text_ += "\"}";
  return std::move(text_);
}

std::string SerializeRequest(std::string_view id, std::string_view method,
                             std::optional<JsonView> params) {
  RequestText text;
  if (params) text.BeginParams().append(*params);
  return std::move(text).Finish(id, method, "");
}

std::string SerializeConnect(std::string_view id, const ConnectParams& params) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("minProtocol");
  writer.Int(3);
  writer.Key("maxProtocol");
  writer.Int(4);
  writer.Key("client");
  writer.StartObject();
  WriteMember(writer, "id", "gateway-client");
  WriteMember(writer, "displayName", params.display_name);
  WriteMember(writer, "version", params.client_version);
  WriteMember(writer, "platform", "linux");
  WriteMember(writer, "mode", "backend");
  writer.EndObject();
  WriteMember(writer, "role", "operator");
  writer.Key("scopes");
  writer.StartArray();
  for (const std::string& scope : params.scopes) WriteString(writer, scope);
  writer.EndArray();
  writer.Key("caps");
  writer.StartArray();
  writer.EndArray();
  writer.Key("auth");
  writer.StartObject();
  WriteMember(writer, "token", params.token);
  writer.EndObject();
  writer.EndObject();
  return SerializeRequest(id, "connect",
                          JsonView(buffer.GetString(), buffer.GetSize()));
}

}  // namespace clawplane::core
