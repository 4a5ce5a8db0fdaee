#include "server/json_value.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cmath>
#include <utility>
#include <vector>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                            rapidjson::kParseValidateEncodingFlag |
                            rapidjson::kParseFullPrecisionFlag;

std::string TooDeep() {
  return core::Concat("it is nested more than ", kMaxValueDepth,
                      " levels deep");
}

// Builds the value while the reader tells what it reads.
class ValueBuilder
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ValueBuilder> {
 public:
  explicit ValueBuilder(Value& root) : root_(root) {}

  bool too_deep() const { return too_deep_; }

  bool Null() {
    Next().set_null_value(google::protobuf::NULL_VALUE);
    return true;
  }
  bool Bool(bool value) {
    Next().set_bool_value(value);
    return true;
  }
  bool Int(int value) { return Double(value); }
  bool Uint(unsigned value) { return Double(value); }
  bool Int64(int64_t value) { return Double(static_cast<double>(value)); }
  bool Uint64(uint64_t value) { return Double(static_cast<double>(value)); }
  bool Double(double value) {
    Next().set_number_value(value);
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    Next().set_string_value(text, size);
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_.assign(text, size);
    return true;
  }
  bool StartObject() {
    Value& object = Next();
    object.mutable_struct_value();
    return Push(object);
  }
  bool EndObject(rapidjson::SizeType) { return Pop(); }
  bool StartArray() {
    Value& array = Next();
    array.mutable_list_value();
    return Push(array);
  }
  bool EndArray(rapidjson::SizeType) { return Pop(); }

 private:
  // Where the value that comes next belongs.
  Value& Next() {
    if (open_.empty()) return root_;
    Value& parent = *open_.back();
    if (parent.has_list_value()) {
      return *parent.mutable_list_value()->add_values();
    }
    Value& member = (*parent.mutable_struct_value()->mutable_fields())[key_];
    member.Clear();  // the last of a repeated key counts
    return member;
  }
  bool Push(Value& value) {
    open_.push_back(&value);
    too_deep_ = open_.size() > kMaxValueDepth;
    return !too_deep_;
  }
  bool Pop() {
    open_.pop_back();
    return true;
  }

  Value& root_;
  // The objects and arrays that are not closed yet.
  std::vector<Value*> open_;
  std::string key_;
  bool too_deep_ = false;
};

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

// `depth` counts the objects and arrays around the value.
std::optional<std::string> Write(const Value& value, int depth, Writer& writer);

std::optional<std::string> WriteNumber(double number, Writer& writer) {
  if (!std::isfinite(number)) return "a number is not finite";
  constexpr double kExact = 9007199254740992;  // 2^53
  if (std::trunc(number) == number && std::abs(number) < kExact) {
    writer.Int64(static_cast<int64_t>(number));
  } else {
    writer.Double(number);
  }
  return std::nullopt;
}

std::optional<std::string> WriteObject(const Struct& object, int depth,
                                       Writer& writer) {
  if (depth > kMaxValueDepth) return TooDeep();
  writer.StartObject();
  for (const auto& [key, member] : object.fields()) {
    writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    if (auto fault = Write(member, depth, writer)) return fault;
  }
  writer.EndObject();
  return std::nullopt;
}

std::optional<std::string> WriteArray(const ListValue& array, int depth,
                                      Writer& writer) {
  if (depth > kMaxValueDepth) return TooDeep();
  writer.StartArray();
  for (const Value& item : array.values()) {
    if (auto fault = Write(item, depth, writer)) return fault;
  }
  writer.EndArray();
  return std::nullopt;
}

std::optional<std::string> Write(const Value& value, int depth,
                                 Writer& writer) {
  switch (value.kind_case()) {
    case Value::kNullValue:
      writer.Null();
      return std::nullopt;
    case Value::kNumberValue:
      return WriteNumber(value.number_value(), writer);
    case Value::kStringValue:
      writer.String(
          value.string_value().data(),
          static_cast<rapidjson::SizeType>(value.string_value().size()));
      return std::nullopt;
    case Value::kBoolValue:
      writer.Bool(value.bool_value());
      return std::nullopt;
    case Value::kStructValue:
      return WriteObject(value.struct_value(), depth + 1, writer);
    case Value::kListValue:
      return WriteArray(value.list_value(), depth + 1, writer);
    case Value::KIND_NOT_SET:
      return "a value in it has no kind";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> JsonToValue(std::string_view json, Value& value) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  ValueBuilder builder(value);
  rapidjson::Reader reader;
  const auto parsed = reader.Parse<kFlags>(stream, builder);
  if (builder.too_deep()) return TooDeep();
  if (parsed.IsError()) {
    return core::Concat(
        "it is not JSON: ", rapidjson::GetParseError_En(parsed.Code()),
        " (at byte ", parsed.Offset(), ")");
  }
  return std::nullopt;
}

std::optional<std::string> ValueToJson(const Value& value, std::string& json) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  auto fault = Write(value, 0, writer);
  if (!fault) json.assign(buffer.GetString(), buffer.GetSize());
  return fault;
}

}  // namespace clawplane::server
