// The frames that are written.

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "core/model/frame.h"
#include "core/model/text.h"

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

}  // namespace

std::string SerializeRequest(std::string_view id, std::string_view method,
                             std::optional<JsonView> params) {
  rapidjson::StringBuffer name;
  Writer writer(name);
  WriteString(writer, method);
  return Concat(R"({"type":"req","id":")", id, R"(","method":)",
                std::string_view(name.GetString(), name.GetSize()),
                params ? R"(,"params":)" : "", params.value_or(JsonView()),
                "}");
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
