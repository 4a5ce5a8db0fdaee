// The frames that are written.

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>

#include "core/model/frame.h"
#include "core/model/json_string.h"
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

// The kind of client that a gateway gives the scopes which it asks for.
constexpr std::string_view kClientId = "gateway-client";
constexpr std::string_view kClientMode = "backend";
constexpr std::string_view kRole = "operator";

const std::string& TokenOf(const ConnectParams& params) {
  return params.device_token.empty() ? params.token : params.device_token;
}

// The second version of what a device signs: the only one that every gateway
// from 2026.1 to 2026.9 takes.
std::string TextToSign(const ConnectParams& params,
                       const Challenge& challenge) {
  std::string scopes;
  for (const std::string& scope : params.scopes) {
    scopes += scopes.empty() ? scope : Concat(",", scope);
  }
  return Concat("v2|", params.device->id, "|", kClientId, "|", kClientMode, "|",
                kRole, "|", scopes, "|", challenge.at, "|", TokenOf(params),
                "|", challenge.nonce);
}

void WriteDevice(Writer& writer, const ConnectParams& params,
                 const Challenge& challenge) {
  writer.Key("device");
  writer.StartObject();
  WriteMember(writer, "id", params.device->id);
  WriteMember(writer, "publicKey", params.device->public_key);
  WriteMember(writer, "signature",
              params.device->sign(TextToSign(params, challenge)));
  writer.Key("signedAt");
  writer.Int64(challenge.at);
  WriteMember(writer, "nonce", challenge.nonce);
  writer.EndObject();
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

std::string SerializeConnect(std::string_view id, const ConnectParams& params,
                             const std::optional<Challenge>& challenge) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("minProtocol");
  writer.Int64(params.min_protocol);
  writer.Key("maxProtocol");
  writer.Int64(params.max_protocol);
  writer.Key("client");
  writer.StartObject();
  WriteMember(writer, "id", kClientId);
  WriteMember(writer, "displayName", params.display_name);
  WriteMember(writer, "version", params.client_version);
  WriteMember(writer, "platform", "linux");
  WriteMember(writer, "mode", kClientMode);
  writer.EndObject();
  WriteMember(writer, "role", kRole);
  writer.Key("scopes");
  writer.StartArray();
  for (const std::string& scope : params.scopes) WriteString(writer, scope);
  writer.EndArray();
  writer.Key("caps");
  writer.StartArray();
  writer.EndArray();
  if (params.device && challenge) WriteDevice(writer, params, *challenge);
  writer.Key("auth");
  writer.StartObject();
  WriteMember(writer, "token", TokenOf(params));
  writer.EndObject();
  writer.EndObject();
  return SerializeRequest(id, "connect",
                          JsonView(buffer.GetString(), buffer.GetSize()));
}

}  // namespace clawplane::core
