// The parts of the frames that are read whole: errors and the hello; and the
// frames that are written.

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "core/model/frame.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr unsigned kDomFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

std::optional<rapidjson::Document> ParseDom(JsonView json) {
  std::optional<rapidjson::Document> document(std::in_place);
  document->Parse<kDomFlags>(json.data(), json.size());
  if (document->HasParseError()) document.reset();
  return document;
}

const rapidjson::Value* Find(const rapidjson::Value& object,
                             std::string_view member) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(
      rapidjson::Value(rapidjson::StringRef(member.data(), member.size())));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string StringAt(const rapidjson::Value& object, std::string_view member) {
  const rapidjson::Value* const value = Find(object, member);
  if (value == nullptr || !value->IsString()) return {};
  return {value->GetString(), value->GetStringLength()};
}

std::vector<std::string> StringsAt(const rapidjson::Value& object,
                                   std::string_view member) {
  std::vector<std::string> strings;
  const rapidjson::Value* const value = Find(object, member);
  if (value == nullptr || !value->IsArray()) return strings;
  for (const auto& item : value->GetArray()) {
    if (item.IsString()) {
      strings.emplace_back(item.GetString(), item.GetStringLength());
    }
  }
  return strings;
}

// A number of milliseconds, within what a `Duration` can hold.
std::optional<Duration> MillisecondsAt(const rapidjson::Value& object,
                                       std::string_view member) {
  const rapidjson::Value* const value = Find(object, member);
  if (value == nullptr || !value->IsNumber()) return std::nullopt;
  const double milliseconds = std::clamp(value->GetDouble(), 0.0, 1e12);
  return std::chrono::milliseconds(static_cast<int64_t>(milliseconds));
}

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void WriteString(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteMember(Writer& writer, std::string_view key, std::string_view value) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  WriteString(writer, value);
}

// `text` as it stands between the quotes of a JSON string. The names of methods
// are plain, as a rule.
std::string Escaped(std::string_view text) {
  const auto plain = [](unsigned char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  };
  if (std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  WriteString(writer, text);
  return std::string(buffer.GetString() + 1, buffer.GetSize() - 2);
}

}  // namespace

ErrorShape ParseError(JsonView error) {
  ErrorShape shape;
  const auto document = ParseDom(error);
  if (!document) return shape;
  shape.code = StringAt(*document, "code");
  // JSON-RPC has numbers for codes.
  if (const auto* code = Find(*document, "code"); code && code->IsInt64()) {
    shape.code = Concat(code->GetInt64());
  }
  shape.message = StringAt(*document, "message");
  if (const auto* value = Find(*document, "retryable"); value) {
    shape.retryable = value->IsTrue();
  }
  shape.retry_after = MillisecondsAt(*document, "retryAfterMs");
  if (const auto* details = Find(*document, "details"); details) {
    shape.details_json = DetailsOf(error).value_or(JsonView());
    shape.details_code = StringAt(*details, "code");
    const auto* expected = Find(*details, "expectedProtocol");
    if (expected && expected->IsInt64()) {
      shape.expected_protocol = expected->GetInt64();
    }
  }
  return shape;
}

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
  const auto append = [this](std::string_view key, std::string_view value) {
    text_.append(key);
    text_.append(value);
    text_ += '"';
  };
  append(R"(,"method":")", Escaped(method));
  append(R"(,"id":")", id);
  if (!traceparent.empty()) append(R"(,"traceparent":")", traceparent);
  text_ += '}';
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

std::optional<Hello> ParseHello(JsonView payload) {
  const auto document = ParseDom(payload);
  if (!document || StringAt(*document, "type") != "hello-ok") {
    return std::nullopt;
  }
  const auto* protocol = Find(*document, "protocol");
  if (protocol == nullptr || !protocol->IsUint()) return std::nullopt;
  Hello hello;
  hello.protocol = protocol->GetUint();
  if (const auto* server = Find(*document, "server"); server) {
    hello.version = StringAt(*server, "version");
    hello.boot_id = StringAt(*server, "bootId");
    hello.connection_id = StringAt(*server, "connId");
  }
  if (const auto* features = Find(*document, "features"); features) {
    hello.methods = StringsAt(*features, "methods");
    hello.events = StringsAt(*features, "events");
  }
  if (const auto* auth = Find(*document, "auth"); auth) {
    hello.scopes = StringsAt(*auth, "scopes");
  }
  if (const auto* policy = Find(*document, "policy"); policy) {
    const auto* limit = Find(*policy, "maxPayload");
    if (limit && limit->IsUint64())
      hello.max_payload_bytes = limit->GetUint64();
    hello.tick_interval =
        MillisecondsAt(*policy, "tickIntervalMs").value_or(Duration());
  }
  return hello;
}

bool AnnouncesRestart(JsonView shutdown) {
  const auto document = ParseDom(shutdown);
  if (!document) return false;
  const auto* expected = Find(*document, "restartExpectedMs");
  return expected != nullptr && expected->IsNumber();
}

std::string StringMember(JsonView json, std::string_view member) {
  const auto document = ParseDom(json);
  return document ? StringAt(*document, member) : std::string();
}

}  // namespace clawplane::core
