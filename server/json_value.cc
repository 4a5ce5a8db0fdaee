#include "server/json_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/model/json_scanner.h"
#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::JsonKind;
using core::JsonScanner;
using core::JsonString;
using core::JsonValue;
using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

std::string TooDeep() {
  return core::Concat("it is nested more than ", kMaxValueDepth,
                      " levels deep");
}

// Builds values where they belong, so that those of an arena never lie
// elsewhere. Recursive, for the depth has a bound.
class ValueReader {
 public:
  explicit ValueReader(std::string_view json) : json_(json), scanner_(json) {}

  std::optional<std::string> Read(Value& root) {
    if (ReadValue(root, 0) && scanner_.AtEnd()) return std::nullopt;
    if (!fault_.empty()) return fault_;
    return core::Concat("it is not JSON: ", scanner_.Fault());
  }

 private:
  // `depth` counts the objects and arrays around the value.
  bool ReadValue(Value& value, int depth) {
    const auto kind = scanner_.Peek();
    if (!kind) return false;
    switch (*kind) {
      case JsonKind::kArray:
        scanner_.Enter(*kind);
        return ReadItems(*value.mutable_list_value(), depth + 1);
      case JsonKind::kObject:
        scanner_.Enter(*kind);
        return ReadMembers(*value.mutable_struct_value(), depth + 1);
      case JsonKind::kNull:
      case JsonKind::kFalse:
      case JsonKind::kTrue:
      case JsonKind::kNumber:
      case JsonKind::kString:
        break;
    }
    JsonValue scalar;
    return scanner_.Pass(scalar) && ReadScalar(scalar, value);
  }

  bool ReadScalar(const JsonValue& scalar, Value& value) {
    if (scalar.kind == JsonKind::kNumber) return ReadNumber(scalar.text, value);
    if (scalar.kind == JsonKind::kString) {
      ReadString(scalar.string, value);
    } else if (scalar.kind == JsonKind::kNull) {
      value.set_null_value(google::protobuf::NULL_VALUE);
    } else {
      value.set_bool_value(scalar.kind == JsonKind::kTrue);
    }
    return true;
  }

  bool ReadMembers(Struct& object, int depth) {
    if (depth > kMaxValueDepth) return Refuse(TooDeep());
    auto& fields = *object.mutable_fields();
    JsonString key;
    while (scanner_.NextMember(key)) {
      Value& member = key.escaped ? fields[key.Decoded()] : fields[key.raw];
      // The last of a repeated key counts.
      if (member.kind_case() != Value::KIND_NOT_SET) member.Clear();
      if (!ReadValue(member, depth)) return false;
    }
    return !scanner_.failed();
  }

  bool ReadItems(ListValue& array, int depth) {
    if (depth > kMaxValueDepth) return Refuse(TooDeep());
    while (scanner_.NextItem()) {
      if (!ReadValue(*array.add_values(), depth)) return false;
    }
    return !scanner_.failed();
  }

  void ReadString(const JsonString& string, Value& value) {
    if (string.escaped) {
      core::AppendDecoded(string.raw, *value.mutable_string_value());
    } else {
      value.set_string_value(string.raw.data(), string.raw.size());
    }
  }

  bool ReadNumber(core::JsonView text, Value& value) {
    double number = 0;
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc()) {
      // Too large or too small for it to tell; strtod tells which.
      number = std::strtod(std::string(text).c_str(), nullptr);
    }
    if (!std::isfinite(number)) {
      return Refuse(core::Concat(
          "a number is beyond the range of a double (at byte ",
          text.data() - json_.data(), "); JSON text would carry it"));
    }
    value.set_number_value(number);
    return true;
  }

  bool Refuse(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }

  const std::string_view json_;
  JsonScanner scanner_;
  // Why JSON cannot be a value.
  std::string fault_;
};

// Appends to a string, whose size runs ahead until `Finish`.
class ValueWriter {
 public:
  explicit ValueWriter(std::string& json)
      : json_(json), at_(json.data() + json.size()), end_(at_) {}

  // `depth` counts the objects and arrays around the value. Gives the fault.
  std::optional<std::string> Write(const Value& value, int depth) {
    switch (value.kind_case()) {
      case Value::kNullValue:
        Append("null");
        return std::nullopt;
      case Value::kNumberValue:
        return WriteNumber(value.number_value());
      case Value::kStringValue:
        WriteString(value.string_value());
        return std::nullopt;
      case Value::kBoolValue:
        Append(value.bool_value() ? "true" : "false");
        return std::nullopt;
      case Value::kStructValue:
        return WriteObject(value.struct_value(), depth + 1);
      case Value::kListValue:
        return WriteArray(value.list_value(), depth + 1);
      case Value::KIND_NOT_SET:
        break;
    }
    return "a value in it has no kind";
  }

  void Finish() { json_.resize(at_ - json_.data()); }

 private:
  // Sees to it that so many bytes can be written.
  void NeedRoom(ptrdiff_t bytes) {
    if (end_ - at_ < bytes) [[unlikely]] {
      Grow(bytes);
    }
  }
  [[gnu::noinline]] void Grow(size_t bytes) {
    const size_t written = at_ - json_.data();
    json_.resize(std::max(written + bytes, 2 * json_.size()));
    at_ = json_.data() + written;
    end_ = json_.data() + json_.size();
  }

  void Append(char c) {
    NeedRoom(1);
    *at_++ = c;
  }
  void Append(std::string_view text) {
    NeedRoom(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  void WriteString(std::string_view text) {
    Append('"');
    // In pieces, for the room is reckoned for the worst of texts.
    constexpr size_t kPiece = 1024;
    while (!text.empty()) {
      const std::string_view piece = text.substr(0, kPiece);
      NeedRoom(piece.size() * core::kMostEscaped + sizeof(uint64_t));
      at_ = core::WriteEscaped(piece, at_);
      text.remove_prefix(piece.size());
    }
    Append('"');
  }

  std::optional<std::string> WriteNumber(double number) {
    if (!std::isfinite(number)) return "a number is not finite";
    constexpr double kExact = 9007199254740992;  // 2^53
    constexpr ptrdiff_t kLongest = 32;
    NeedRoom(kLongest);
    if (std::trunc(number) == number && std::abs(number) < kExact) {
      const auto whole = static_cast<int64_t>(number);
      at_ = std::to_chars(at_, end_, whole).ptr;
    } else {
      at_ = std::to_chars(at_, end_, number).ptr;
    }
    return std::nullopt;
  }

  std::optional<std::string> WriteObject(const Struct& object, int depth) {
    if (depth > kMaxValueDepth) return TooDeep();
    char before = '{';
    for (const auto& [key, member] : object.fields()) {
      Append(before);
      before = ',';
      WriteString(key);
      Append(':');
      if (auto fault = Write(member, depth)) return fault;
    }
    Append(before == '{' ? "{}" : "}");
    return std::nullopt;
  }

  std::optional<std::string> WriteArray(const ListValue& array, int depth) {
    if (depth > kMaxValueDepth) return TooDeep();
    char before = '[';
    for (const Value& item : array.values()) {
      Append(before);
      before = ',';
      if (auto fault = Write(item, depth)) return fault;
    }
    Append(before == '[' ? "[]" : "]");
    return std::nullopt;
  }

  std::string& json_;
  // Where to write next in it, and where its room ends.
  char* at_;
  char* end_;
};

}  // namespace

std::optional<std::string> JsonToValue(std::string_view json, Value& value) {
  return ValueReader(json).Read(value);
}

std::optional<std::string> ValueToJson(const Value& value, std::string& json) {
  ValueWriter writer(json);
  auto fault = writer.Write(value, 0);
  writer.Finish();
  return fault;
}

}  // namespace clawplane::server
