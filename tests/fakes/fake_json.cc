#include "tests/fakes/fake_json.h"

#include <rapidjson/document.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <utility>

namespace clawplane::testing {

namespace {

constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

size_t SkipSpace(std::string_view text, size_t at) {
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at;
}

// The three below read text that has been validated before.

size_t SkipString(std::string_view text, size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

size_t SkipValue(std::string_view text, size_t at) {
  int depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
    if (depth == 0 && c != '}' && c != ']') {
      while (at < text.size() && !IsSpace(text[at]) && text[at] != ',' &&
             text[at] != '}' && text[at] != ']') {
        ++at;
      }
    }
  } while (depth > 0);
  return at;
}

// Calls `take(key, value)` for each member of an object, or with an empty key
// for each element of an array.
template <typename Take>
void ForEach(std::string_view text, const Take& take) {
  const bool object = text.front() == '{';
  if (!object && text.front() != '[') return;
  size_t at = SkipSpace(text, 1);
  while (text[at] != '}' && text[at] != ']') {
    std::string_view key;
    if (object) {
      const size_t end = SkipString(text, at);
      key = text.substr(at + 1, end - at - 2);
      at = SkipSpace(text, SkipSpace(text, end) + 1);
    }
    const size_t end = SkipValue(text, at);
    take(key, text.substr(at, end - at));
    at = SkipSpace(text, end);
    if (text[at] == ',') at = SkipSpace(text, at + 1);
  }
}

}  // namespace

std::optional<Json> Json::Parse(std::string_view text) {
  const std::string copy(text);
  rapidjson::StringStream stream(copy.c_str());
  rapidjson::Reader reader;
  rapidjson::BaseReaderHandler<> ignore;
  if (reader.Parse<kParseFlags>(stream, ignore).IsError()) return std::nullopt;
  // A NUL ends the stream early, so what lies behind it was not read.
  if (stream.Tell() != copy.size()) return std::nullopt;
  const size_t begin = SkipSpace(text, 0);
  size_t end = text.size();
  while (IsSpace(text[end - 1])) --end;
  return Json(text.substr(begin, end - begin));
}

bool Json::IsInteger() const {
  const char first = raw_.front();
  return (first == '-' || (first >= '0' && first <= '9')) &&
         raw_.find_first_of(".eE") == std::string::npos;
}

std::vector<std::string> Json::Keys() const {
  std::vector<std::string> keys;
  if (!IsObject()) return keys;
  ForEach(raw_, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
  });
  return keys;
}

std::optional<Json> Json::Get(std::string_view key) const {
  std::optional<Json> found;
  if (!IsObject()) return found;
  ForEach(raw_, [&](std::string_view name, std::string_view value) {
    if (name == key) found = Json(value);
  });
  return found;
}

std::string Json::String(std::string_view key,
                         std::string_view fallback) const {
  const std::optional<Json> member = Get(key);
  if (!member || !member->IsString()) return std::string(fallback);
  return member->Text();
}

int64_t Json::Integer(std::string_view key, int64_t fallback) const {
  const std::optional<Json> member = Get(key);
  if (!member || !member->IsInteger()) return fallback;
  return std::strtoll(member->raw().c_str(), nullptr, 10);
}

bool Json::Flag(std::string_view key) const {
  const std::optional<Json> member = Get(key);
  return member && member->raw() == "true";
}

std::string Json::Text() const {
  if (!IsString()) return raw_;
  rapidjson::Document document;
  document.Parse<kParseFlags>(raw_.data(), raw_.size());
  if (document.HasParseError() || !document.IsString()) return raw_;
  return std::string(document.GetString(), document.GetStringLength());
}

std::vector<std::string> Json::Texts() const {
  std::vector<std::string> texts;
  if (!IsArray()) return texts;
  ForEach(raw_, [&](std::string_view, std::string_view value) {
    const Json element(value);
    if (element.IsString()) texts.push_back(element.Text());
  });
  return texts;
}

std::string Quote(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::string QuoteAll(const std::vector<std::string>& texts) {
  std::string all = "[";
  for (const std::string& text : texts) {
    if (all.size() > 1) all += ',';
    all += Quote(text);
  }
  return all + "]";
}

std::string OkFrame(std::string_view id,
                    const std::optional<std::string>& payload) {
  std::string frame = R"({"type":"res","id":)";
  frame.append(id).append(R"(,"ok":true)");
  if (payload) frame.append(R"(,"payload":)").append(*payload);
  return frame + "}";
}

std::string ErrorFrame(std::string_view id, std::string_view error,
                       const std::optional<std::string>& payload) {
  std::string frame = R"({"type":"res","id":)";
  frame.append(id).append(R"(,"ok":false)");
  if (payload) frame.append(R"(,"payload":)").append(*payload);
  frame.append(R"(,"error":)").append(error);
  return frame + "}";
}

std::string EventFrame(std::string_view event,
                       const std::optional<std::string>& payload,
                       std::optional<int64_t> seq, std::string_view more) {
  std::string frame = R"({"type":"event","event":)" + Quote(event);
  if (payload) frame.append(R"(,"payload":)").append(*payload);
  if (seq) frame.append(R"(,"seq":)").append(std::to_string(*seq));
  return frame.append(more) + "}";
}

std::string ErrorBody(std::string_view code, std::string_view message,
                      std::string_view more) {
  std::string body = R"({"code":)" + Quote(code);
  body.append(R"(,"message":)").append(Quote(message)).append(more);
  return body + "}";
}

}  // namespace clawplane::testing
