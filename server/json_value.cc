#include "server/json_value.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

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
    if (scanner_.Enter(JsonKind::kObject)) {
      return ReadMembers(*value.mutable_struct_value(), depth + 1);
    }
    if (scanner_.Enter(JsonKind::kArray)) {
      return ReadItems(*value.mutable_list_value(), depth + 1);
    }
    JsonValue scalar;
    if (!scanner_.Pass(scalar)) return false;
    switch (scalar.kind) {
      case JsonKind::kNull:
        value.set_null_value(google::protobuf::NULL_VALUE);
        break;
      case JsonKind::kFalse:
      case JsonKind::kTrue:
        value.set_bool_value(scalar.kind == JsonKind::kTrue);
        break;
      case JsonKind::kNumber:
        return ReadNumber(scalar.text, value);
      case JsonKind::kString:
        ReadString(scalar.string, value);
        break;
      case JsonKind::kArray:
      case JsonKind::kObject:
        break;  // entered above
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

// Appends to `json`; the functions that may fail give the fault.
class ValueWriter {
 public:
  explicit ValueWriter(std::string& json) : json_(json) {}

  // `depth` counts the objects and arrays around the value.
  std::optional<std::string> Write(const Value& value, int depth) {
    switch (value.kind_case()) {
      case Value::kNullValue:
        json_ += "null";
        return std::nullopt;
      case Value::kNumberValue:
        return WriteNumber(value.number_value());
      case Value::kStringValue:
        core::AppendQuoted(value.string_value(), json_);
        return std::nullopt;
      case Value::kBoolValue:
        json_ += value.bool_value() ? "true" : "false";
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

 private:
  template <typename Number>
  void Append(Number number) {
    char text[32];
    json_.append(text, std::to_chars(text, text + sizeof text, number).ptr);
  }

  std::optional<std::string> WriteNumber(double number) {
    if (!std::isfinite(number)) return "a number is not finite";
    constexpr double kExact = 9007199254740992;  // 2^53
    if (std::trunc(number) == number && std::abs(number) < kExact) {
      Append(static_cast<int64_t>(number));
    } else {
      Append(number);
    }
    return std::nullopt;
  }

  std::optional<std::string> WriteObject(const Struct& object, int depth) {
    if (depth > kMaxValueDepth) return TooDeep();
    char before = '{';
    for (const auto& [key, member] : object.fields()) {
      json_ += before;
      before = ',';
      core::AppendQuoted(key, json_);
      json_ += ':';
      if (auto fault = Write(member, depth)) return fault;
    }
    json_ += before == '{' ? "{}" : "}";
    return std::nullopt;
  }

  std::optional<std::string> WriteArray(const ListValue& array, int depth) {
    if (depth > kMaxValueDepth) return TooDeep();
    char before = '[';
    for (const Value& item : array.values()) {
      json_ += before;
      before = ',';
      if (auto fault = Write(item, depth)) return fault;
    }
    json_ += before == '[' ? "[]" : "]";
    return std::nullopt;
  }

  std::string& json_;
};

}  // namespace

std::optional<std::string> JsonToValue(std::string_view json, Value& value) {
  return ValueReader(json).Read(value);
}

std::optional<std::string> ValueToJson(const Value& value, std::string& json) {
  return ValueWriter(json).Write(value, 0);
}

}  // namespace clawplane::server
