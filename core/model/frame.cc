#include "core/model/frame.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <charconv>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

// Numbers stay text: they are carried, not computed with. RapidJSON refuses one
// beyond the range of a double all the same. Iterative: depth costs no stack.
constexpr unsigned kScanFlags = rapidjson::kParseIterativeFlag |
                                rapidjson::kParseValidateEncodingFlag |
                                rapidjson::kParseNumbersAsStringsFlag;

// A member of the envelope: where its value lies, and what it is.
struct Member {
  enum class Type { kAbsent, kNull, kBool, kNumber, kString, kOther };
  Type type = Type::kAbsent;
  JsonView json;
  // Decoded; set for strings.
  std::string string;
  // Set for booleans.
  bool boolean = false;
};

// Takes down the members of the outermost object while the whole text is being
// checked. The reader tells no positions, but its stream does: a value begins
// after its key's colon, and ends where the stream stands when it is told.
class EnvelopeScanner
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, EnvelopeScanner> {
 public:
  EnvelopeScanner(std::string_view text, const rapidjson::MemoryStream& stream)
      : text_(text), stream_(stream) {}

  Member type, id, ok, event, payload, seq, error, jsonrpc, method, params,
      result, details;
  bool is_object = false;

  bool Null() { return Scalar(Member::Type::kNull); }
  bool Bool(bool value) {
    if (depth_ == 1 && member_ != nullptr) member_->boolean = value;
    return Scalar(Member::Type::kBool);
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) {
    return Scalar(Member::Type::kNumber);
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1 && member_ != nullptr && member_ != &payload) {
      member_->string.assign(text, size);
    }
    return Scalar(Member::Type::kString);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1) {
      member_ = Find({text, size});
      if (member_ != nullptr) *member_ = Member();  // a repeated one
      value_begin_ = AfterColon(stream_.Tell());
    }
    return true;
  }
  bool StartObject() {
    if (depth_++ == 0) is_object = true;
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return EndNested(); }
  bool StartArray() {
    ++depth_;
    return true;
  }
  bool EndArray(rapidjson::SizeType) { return EndNested(); }

 private:
  Member* Find(std::string_view key) {
    const std::pair<std::string_view, Member*> members[] = {
        {"type", &type},     {"id", &id},           {"ok", &ok},
        {"event", &event},   {"payload", &payload}, {"seq", &seq},
        {"error", &error},   {"jsonrpc", &jsonrpc}, {"method", &method},
        {"params", &params}, {"result", &result},   {"details", &details}};
    for (const auto& [name, member] : members) {
      if (name == key) return member;
    }
    return nullptr;
  }

  size_t AfterColon(size_t at) const {
    const auto skip_space = [&] {
      constexpr std::string_view kSpace = " \t\r\n";
      while (at < text_.size() && kSpace.find(text_[at]) != kSpace.npos) ++at;
    };
    skip_space();
    if (at < text_.size() && text_[at] == ':') ++at;
    skip_space();
    return at;
  }

  bool Scalar(Member::Type value_type) {
    if (depth_ == 1) Take(value_type, stream_.Tell());
    return true;
  }

  // The iterative reader tells the end of an object before it takes the brace.
  bool EndNested() {
    if (--depth_ == 1) Take(Member::Type::kOther, stream_.Tell() + 1);
    return true;
  }

  void Take(Member::Type value_type, size_t end) {
    if (member_ == nullptr) return;
    member_->type = value_type;
    member_->json = text_.substr(value_begin_, end - value_begin_);
    member_ = nullptr;
  }

  const std::string_view text_;
  const rapidjson::MemoryStream& stream_;
  int depth_ = 0;
  Member* member_ = nullptr;
  size_t value_begin_ = 0;
};

std::optional<JsonView> JsonOf(const Member& member) {
  if (member.type == Member::Type::kAbsent) return std::nullopt;
  return member.json;
}

std::optional<JsonView> NonNullJsonOf(const Member& member) {
  if (member.type == Member::Type::kNull) return std::nullopt;
  return JsonOf(member);
}

// An id as text, whether it came as a string or as a number.
std::string IdText(const Member& id) {
  return id.type == Member::Type::kString ? id.string : std::string(id.json);
}

std::optional<uint64_t> Unsigned(const Member& member) {
  if (member.type != Member::Type::kNumber) return std::nullopt;
  uint64_t value = 0;
  const char* const end = member.json.data() + member.json.size();
  const auto [parsed_end, error] =
      std::from_chars(member.json.data(), end, value);
  if (error != std::errc() || parsed_end != end) return std::nullopt;
  return value;
}

Frame JsonRpcFrame(const EnvelopeScanner& scan) {
  if (scan.method.type == Member::Type::kString) {
    if (scan.id.type != Member::Type::kAbsent &&
        scan.id.type != Member::Type::kNull) {
      return UnrecognizedFrame{"a JSON-RPC request; this is no server"};
    }
    return NotificationFrame{scan.method.string, JsonOf(scan.params)};
  }
  if (scan.id.type == Member::Type::kAbsent) {
    return UnrecognizedFrame{"a JSON-RPC message without method and id"};
  }
  const auto error = NonNullJsonOf(scan.error);
  return ResponseFrame{IdText(scan.id), !error.has_value(), JsonOf(scan.result),
                       error};
}

}  // namespace

Frame ParseFrame(std::string_view text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  EnvelopeScanner scan(text, stream);
  rapidjson::Reader reader;
  const auto parsed = reader.Parse<kScanFlags>(stream, scan);
  if (parsed.IsError() || stream.Tell() != text.size()) {
    return UnrecognizedFrame{
        parsed.IsError()
            ? Concat("not JSON: ", rapidjson::GetParseError_En(parsed.Code()),
                     " (at byte ", parsed.Offset(), ")")
            : "not JSON: a zero byte"};
  }
  if (!scan.is_object) return UnrecognizedFrame{"not a JSON object"};
  if (scan.jsonrpc.string == "2.0") return JsonRpcFrame(scan);
  if (scan.type.string == "res") {
    if (scan.id.type == Member::Type::kAbsent) {
      return UnrecognizedFrame{"a response without an id"};
    }
    const auto error = NonNullJsonOf(scan.error);
    return ResponseFrame{IdText(scan.id), scan.ok.boolean && !error,
                         JsonOf(scan.payload), error};
  }
  if (scan.type.string == "event") {
    if (scan.event.type != Member::Type::kString || scan.event.string.empty()) {
      return UnrecognizedFrame{"an event without a name"};
    }
    return EventFrame{scan.event.string, JsonOf(scan.payload),
                      Unsigned(scan.seq)};
  }
  if (scan.type.type == Member::Type::kString) {
    return UnrecognizedFrame{Concat("a frame of the unknown type \"",
                                    scan.type.string.substr(0, 64), "\"")};
  }
  return UnrecognizedFrame{"a JSON object that is no frame"};
}

std::optional<std::string> ResponseIdFromHead(std::string_view head) {
  rapidjson::MemoryStream stream(head.data(), head.size());
  EnvelopeScanner scan(head, stream);
  rapidjson::Reader reader;
  reader.Parse<kScanFlags>(stream, scan);  // fails, at the end of the head
  if (scan.type.string != "res" && scan.jsonrpc.string != "2.0") {
    return std::nullopt;
  }
  if (scan.id.type == Member::Type::kAbsent) return std::nullopt;
  // A number at the very end may have lost digits.
  if (scan.id.type == Member::Type::kNumber &&
      scan.id.json.data() + scan.id.json.size() == head.data() + head.size()) {
    return std::nullopt;
  }
  return IdText(scan.id);
}

std::optional<JsonView> DetailsOf(JsonView error) {
  rapidjson::MemoryStream stream(error.data(), error.size());
  EnvelopeScanner scan(error, stream);
  rapidjson::Reader reader;
  if (reader.Parse<kScanFlags>(stream, scan).IsError()) return std::nullopt;
  return JsonOf(scan.details);
}

std::optional<std::string> FaultInParams(std::string_view json) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::BaseReaderHandler<> accept_all;
  rapidjson::Reader reader;
  const auto parsed = reader.Parse<kScanFlags>(stream, accept_all);
  if (parsed.IsError()) {
    return Concat(
        "params_json is not JSON: ", rapidjson::GetParseError_En(parsed.Code()),
        " (at byte ", parsed.Offset(), ")");
  }
  if (stream.Tell() != json.size()) {
    return "params_json is not JSON: a zero byte";
  }
  const char first = json[json.find_first_not_of(" \t\r\n")];
  if (first != '{' && first != '[' && first != 'n') {
    return "params_json is a scalar; the gateway takes an object, an array or "
           "null";
  }
  return std::nullopt;
}

}  // namespace clawplane::core
