#include "tests/fuzz/json_oracle.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>

#include <cmath>
#include <cstdlib>

#include "core/model/frame.h"
#include "core/model/json_scanner.h"
#include "core/model/text.h"
#include "core/model/utf8.h"

namespace clawplane::core {
namespace {

using rapidjson::Value;

// What RapidJSON reads, once the two things are replaced that it refuses.
struct Reading {
  rapidjson::Document document;
  bool taken = false;
  // Whether a number was replaced.
  bool numbers_differ = false;
};

// Shortens each run of digits in the number at `begin` to two, so that a double
// holds it and its grammar is what it was.
void ShortenNumber(std::string& text, size_t begin) {
  size_t at = begin;
  int run = 0;
  while (at < text.size() &&
         std::string_view("+-.eE0123456789").find(text[at]) !=
             std::string_view::npos) {
    run = text[at] >= '0' && text[at] <= '9' ? run + 1 : 0;
    if (run > 2) {
      text.erase(at, 1);
      --run;
    } else {
      ++at;
    }
  }
}

Reading ReadWithRapidJson(std::string text) {
  Reading reading;
  for (;;) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    reading.document.ParseStream<rapidjson::kParseIterativeFlag |
                                     rapidjson::kParseValidateEncodingFlag,
                                 rapidjson::UTF8<>>(stream);
    const size_t at = reading.document.GetErrorOffset();
    const rapidjson::ParseErrorCode error = reading.document.GetParseError();
    if (error == rapidjson::kParseErrorNumberTooBig) {
      reading.numbers_differ = true;
      ShortenNumber(text, at);
    } else if (error == rapidjson::kParseErrorStringUnicodeSurrogateInvalid) {
      text.replace(at, 6, "\\ufffd");
    } else {
      reading.taken =
          error == rapidjson::kParseErrorNone && stream.Tell() == text.size();
      return reading;
    }
  }
}

// A string as we decode it. RapidJSON gives a lone second half of a character
// (as the escape ude00) as three bytes that are no UTF-8; we give U+FFFD.
std::string Decoded(const Value& value) {
  std::string text(value.GetString(), value.GetStringLength());
  for (size_t at = 0; (at = text.find('\xED', at)) != text.npos; at += 3) {
    if (static_cast<unsigned char>(text[at + 1]) >= 0xA0) {
      text.replace(at, 3, "\xEF\xBF\xBD");
    }
  }
  return text;
}

// Deeper than this nothing is compared: this is recursive.
constexpr int kMostLevels = 100;

// RapidJSON's exact reading of numbers has undefined behaviour for some zeros,
// so it is asked for the quick one, which may be wrong in the last digits.
bool Near(const JsonValue& own, const Value& value) {
  const double number = std::strtod(std::string(own.text).c_str(), nullptr);
  return number == value.GetDouble() ||  // infinite
         std::abs(number - value.GetDouble()) <=
             std::abs(number) * 1e-12 + 1e-300;
}

class Comparison {
 public:
  explicit Comparison(bool numbers_differ) : numbers_differ_(numbers_differ) {}

  // Walks down with `scanner`, which stands before `value`.
  bool Same(JsonScanner& scanner, const Value& value, int level) {
    if (level < kMostLevels && scanner.Enter(JsonKind::kObject)) {
      return value.IsObject() && SameMembers(scanner, value, level);
    }
    if (level < kMostLevels && scanner.Enter(JsonKind::kArray)) {
      return value.IsArray() && SameItems(scanner, value, level);
    }
    JsonValue own;
    return scanner.Pass(own) && (level == kMostLevels || Same(own, value));
  }

 private:
  bool SameMembers(JsonScanner& scanner, const Value& value, int level) {
    JsonString key;
    auto member = value.MemberBegin();
    for (; scanner.NextMember(key); ++member) {
      if (member == value.MemberEnd()) return false;
      const std::string name = Decoded(member->name);
      if (!key.Is(name) || key.Decoded() != name) return false;
      if (!Same(scanner, member->value, level + 1)) return false;
    }
    return !scanner.failed() && member == value.MemberEnd();
  }

  bool SameItems(JsonScanner& scanner, const Value& value, int level) {
    const Value* item = value.Begin();
    for (; scanner.NextItem(); ++item) {
      if (item == value.End() || !Same(scanner, *item, level + 1)) return false;
    }
    return !scanner.failed() && item == value.End();
  }

  bool Same(const JsonValue& own, const Value& value) const {
    switch (own.kind) {
      case JsonKind::kNull:
        return value.IsNull() && own.text == "null";
      case JsonKind::kFalse:
        return value.IsFalse() && own.text == "false";
      case JsonKind::kTrue:
        return value.IsTrue() && own.text == "true";
      case JsonKind::kNumber:
        return value.IsNumber() && (numbers_differ_ || Near(own, value));
      case JsonKind::kString:
        return value.IsString() && own.string.Decoded() == Decoded(value);
      case JsonKind::kArray:
      case JsonKind::kObject:
        break;
    }
    return false;
  }

  const bool numbers_differ_;
};

// The last member of that name; null if there is none.
const Value* LastMember(const Value& object, std::string_view name) {
  const Value* found = nullptr;
  for (const auto& member : object.GetObject()) {
    if (Decoded(member.name) == name) {
      found = &member.value;
    }
  }
  return found;
}

std::string StringAt(const Value& object, std::string_view name) {
  const Value* const value = LastMember(object, name);
  if (value == nullptr || !value->IsString()) return {};
  return Decoded(*value);
}

class FrameComparison {
 public:
  explicit FrameComparison(const Reading& reading) : reading_(reading) {}

  std::optional<std::string> Fault(const Frame& frame) {
    const Value& root = reading_.document;
    const bool rpc = StringAt(root, "jsonrpc") == "2.0";
    const std::string type = StringAt(root, "type");
    const Value* const id = LastMember(root, "id");
    if (const auto* response = std::get_if<ResponseFrame>(&frame)) {
      if (!rpc && type != "res") return "no response to RapidJSON";
      if (id == nullptr) return "a response without an id";
      if (id->IsString() && response->id != StringAt(root, "id")) return "id";
      if (!Same(response->payload, rpc ? "result" : "payload")) {
        return "payload of a response";
      }
      return std::nullopt;
    }
    if (const auto* event = std::get_if<EventFrame>(&frame)) {
      if (rpc || type != "event") return "no event to RapidJSON";
      if (event->event != StringAt(root, "event")) return "name of an event";
      if (!Same(event->payload, "payload")) return "payload of an event";
      const Value* const seq = LastMember(root, "seq");
      const bool number = seq != nullptr && seq->IsUint64();
      if (!reading_.numbers_differ && number != event->seq.has_value()) {
        // RapidJSON takes -0 for an unsigned number.
        if (!number || seq->GetUint64() != 0) return "sequence";
      }
      return std::nullopt;
    }
    if (const auto* note = std::get_if<NotificationFrame>(&frame)) {
      if (!rpc) return "no JSON-RPC to RapidJSON";
      if (note->method != StringAt(root, "method")) return "method";
      if (!Same(note->params, "params")) return "params";
      return std::nullopt;
    }
    if (!rpc && ((type == "res" && id != nullptr) ||
                 (type == "event" && !StringAt(root, "event").empty()))) {
      return "a frame that is not recognised";
    }
    return std::nullopt;
  }

 private:
  bool Same(const std::optional<JsonView>& own, std::string_view name) {
    const Value* const value = LastMember(reading_.document, name);
    if (!own || value == nullptr) return !own && value == nullptr;
    JsonScanner scanner(*own);
    return Comparison(reading_.numbers_differ).Same(scanner, *value, 0) &&
           scanner.AtEnd();
  }

  const Reading& reading_;
};

}  // namespace

std::optional<std::string> Disagreement(std::string_view text) {
  const Reading reading = ReadWithRapidJson(std::string(text));
  JsonScanner scanner(text);
  JsonValue value;
  scanner.Pass(value);
  const bool taken = scanner.AtEnd();
  if (taken != reading.taken) {
    if (taken) {
      return Concat(
          "only we take it; RapidJSON: ",
          rapidjson::GetParseError_En(reading.document.GetParseError()));
    }
    return Concat("only RapidJSON takes it; we: ", scanner.Fault());
  }
  const Frame frame = ParseFrame(text);
  const auto* other = std::get_if<UnrecognizedFrame>(&frame);
  const bool not_json = other && other->why.rfind("not JSON: ", 0) == 0;
  if (not_json == taken) return "ParseFrame and the scanner differ";
  const auto params = FaultInParams(text);
  if (!taken) {
    if (!params) return "FaultInParams takes what is no JSON";
    return std::nullopt;
  }
  if (!IsUtf8(text)) return "JSON that is not UTF-8";
  const auto& root = reading.document;
  const bool fit = root.IsObject() || root.IsArray() || root.IsNull();
  if (params.has_value() == fit) return "FaultInParams";
  JsonScanner walker(text);
  if (!Comparison(reading.numbers_differ).Same(walker, root, 0) ||
      !walker.AtEnd()) {
    return "members, items or their values differ";
  }
  if (root.IsObject()) return FrameComparison(reading).Fault(frame);
  return std::nullopt;
}

}  // namespace clawplane::core
