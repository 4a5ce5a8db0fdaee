#include "core/model/frame.h"

#include <charconv>

#include "core/model/json_scanner.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// The members of the outermost object that tell what a message is.
struct Envelope {
  using Member = std::optional<JsonValue>;
  Member type, id, ok, event, payload, seq, error, jsonrpc, method, params,
      result;

  // Null for a member that is not looked at.
  Member* Find(std::string_view key) {
    // The length leaves few to compare with.
    switch (key.size()) {
      case 2:
        return key == "id" ? &id : key == "ok" ? &ok : nullptr;
      case 3:
        return key == "seq" ? &seq : nullptr;
      case 4:
        return key == "type" ? &type : nullptr;
      case 5:
        return key == "event" ? &event : key == "error" ? &error : nullptr;
      case 6:
        return key == "result"   ? &result
               : key == "method" ? &method
               : key == "params" ? &params
                                 : nullptr;
      case 7:
        return key == "payload"   ? &payload
               : key == "jsonrpc" ? &jsonrpc
                                  : nullptr;
      default:
        return nullptr;
    }
  }
};

// Takes the members down until the object ends or a fault comes.
void ReadMembers(JsonScanner& scanner, Envelope& envelope) {
  JsonString key;
  JsonValue value;
  while (scanner.NextMember(key)) {
    Envelope::Member* const member =
        envelope.Find(key.escaped ? key.Decoded() : key.raw);
    // Of a repeated one the last counts, even if it is cut off.
    if (member != nullptr) member->reset();
    if (!scanner.Pass(value)) return;
    if (member != nullptr) *member = value;
  }
}

bool IsString(const Envelope::Member& member) {
  return member && member->kind == JsonKind::kString;
}

bool Says(const Envelope::Member& member, std::string_view text) {
  return IsString(member) && member->string.Is(text);
}

std::optional<JsonView> JsonOf(const Envelope::Member& member) {
  if (!member) return std::nullopt;
  return member->text;
}

std::optional<JsonView> NonNullJsonOf(const Envelope::Member& member) {
  if (member && member->kind == JsonKind::kNull) return std::nullopt;
  return JsonOf(member);
}

// An id as text, whether it came as a string or as a number.
std::string IdText(const JsonValue& id) {
  return id.kind == JsonKind::kString ? id.string.Decoded()
                                      : std::string(id.text);
}

std::optional<uint64_t> Unsigned(const Envelope::Member& member) {
  if (!member || member->kind != JsonKind::kNumber) return std::nullopt;
  uint64_t value = 0;
  const char* const end = member->text.data() + member->text.size();
  const auto [parsed_end, error] =
      std::from_chars(member->text.data(), end, value);
  if (error != std::errc() || parsed_end != end) return std::nullopt;
  return value;
}

Frame JsonRpcFrame(const Envelope& envelope) {
  if (IsString(envelope.method)) {
    if (NonNullJsonOf(envelope.id)) {
      return UnrecognizedFrame{"a JSON-RPC request; this is no server"};
    }
    return NotificationFrame{envelope.method->string.Decoded(),
                             JsonOf(envelope.params)};
  }
  if (!envelope.id) {
    return UnrecognizedFrame{"a JSON-RPC message without method and id"};
  }
  const auto error = NonNullJsonOf(envelope.error);
  return ResponseFrame{IdText(*envelope.id), !error.has_value(),
                       JsonOf(envelope.result), error};
}

Frame ResponseOf(const Envelope& envelope) {
  if (!envelope.id) return UnrecognizedFrame{"a response without an id"};
  const auto error = NonNullJsonOf(envelope.error);
  const bool ok = envelope.ok && envelope.ok->kind == JsonKind::kTrue;
  return ResponseFrame{IdText(*envelope.id), ok && !error,
                       JsonOf(envelope.payload), error};
}

Frame EventOf(const Envelope& envelope) {
  if (!IsString(envelope.event) || envelope.event->string.raw.empty()) {
    return UnrecognizedFrame{"an event without a name"};
  }
  return EventFrame{envelope.event->string.Decoded(), JsonOf(envelope.payload),
                    Unsigned(envelope.seq)};
}

}  // namespace

Frame ParseFrame(std::string_view text) {
  JsonScanner scanner(text);
  Envelope envelope;
  const bool is_object = scanner.Enter(JsonKind::kObject);
  JsonValue other;
  if (is_object) {
    ReadMembers(scanner, envelope);
  } else {
    scanner.Pass(other);
  }
  if (!scanner.AtEnd()) {
    return UnrecognizedFrame{Concat("not JSON: ", scanner.Fault())};
  }
  if (!is_object) return UnrecognizedFrame{"not a JSON object"};
  if (Says(envelope.jsonrpc, "2.0")) return JsonRpcFrame(envelope);
  if (Says(envelope.type, "res")) return ResponseOf(envelope);
  if (Says(envelope.type, "event")) return EventOf(envelope);
  if (IsString(envelope.type)) {
    return UnrecognizedFrame{
        Concat("a frame of the unknown type \"",
               envelope.type->string.Decoded().substr(0, 64), "\"")};
  }
  return UnrecognizedFrame{"a JSON object that is no frame"};
}

std::optional<std::string> ResponseIdFromHead(std::string_view head) {
  JsonScanner scanner(head);
  Envelope envelope;
  if (!scanner.Enter(JsonKind::kObject)) return std::nullopt;
  ReadMembers(scanner, envelope);  // to a fault, at the end of the head
  if (!Says(envelope.type, "res") && !Says(envelope.jsonrpc, "2.0")) {
    return std::nullopt;
  }
  if (!envelope.id) return std::nullopt;
  // A number at the very end may have lost digits.
  if (envelope.id->kind == JsonKind::kNumber &&
      envelope.id->text.end() == head.end()) {
    return std::nullopt;
  }
  return IdText(*envelope.id);
}

std::optional<std::string> FaultInParams(std::string_view json) {
  JsonScanner scanner(json);
  JsonValue value;
  scanner.Pass(value);
  if (!scanner.AtEnd()) {
    return Concat("params_json is not JSON: ", scanner.Fault());
  }
  switch (value.kind) {
    case JsonKind::kNull:
    case JsonKind::kArray:
    case JsonKind::kObject:
      return std::nullopt;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
    case JsonKind::kNumber:
    case JsonKind::kString:
      break;
  }
  return "params_json is a scalar; the gateway takes an object, an array or "
         "null";
}

}  // namespace clawplane::core
