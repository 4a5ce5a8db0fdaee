// Reads JSON where it lies: checks all of it, and points at what is asked for.

#ifndef CLAWPLANE_CORE_MODEL_JSON_SCANNER_H_
#define CLAWPLANE_CORE_MODEL_JSON_SCANNER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/json_string.h"

namespace clawplane::core {

// JSON text that lies in somebody else's buffer.
using JsonView = std::string_view;

enum class JsonKind { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

// A value that was found to be JSON.
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  // All of it, with quotes or brackets.
  JsonView text;
  // Set for strings.
  JsonString string;
};

// One pass over a text, which must be one JSON value (RFC 8259) in UTF-8.
//
// The caller walks down to where it is interested and lets the scanner pass the
// rest; every byte passed has been checked. Depth costs a bit a level, and no
// stack. Numbers and escapes are checked by their grammar alone: 1e309 and
// "\ud83d" are JSON. After a fault every call fails.
//
//   JsonScanner scanner(R"({"a":[1,2],"b":true})");
//   JsonString key;
//   JsonValue value;
//   if (scanner.Enter(JsonKind::kObject)) {
//     while (scanner.NextMember(key) && scanner.Pass(value)) Use(key, value);
//   }
//   if (!scanner.AtEnd()) Complain(scanner.Fault());
//
// Thread-compatible. The text must stay until the last view of it was used.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text)
      : begin_(text.data()), end_(begin_ + text.size()), at_(begin_) {}

  // What begins here, by its first byte. Nothing at a fault.
  std::optional<JsonKind> Peek();

  // Passes a whole value, of any depth.
  bool Pass(JsonValue& value);

  // Passes the opening bracket of an array or object. False, and no fault, if
  // something else begins here.
  bool Enter(JsonKind kind);

  // Within an object: passes the next key and its colon, so that its value is
  // next. False behind the last member, whose bracket is passed, or at a fault.
  bool NextMember(JsonString& key);

  // Within an array: goes to the next item. False as above.
  bool NextItem();

  // Whether the value was passed and nothing but space is left. Anything else
  // becomes the fault.
  bool AtEnd();

  bool failed() const { return why_ != nullptr; }
  // What is wrong and where: "expected ':' after a key (at byte 17)". Only once
  // it failed.
  std::string Fault() const;

 private:
  // These take a position and give the one behind what they passed, or null at
  // a fault.
  const char* Refuse(const char* at, const char* why);
  const char* PassString(const char* at, bool& escaped);
  const char* PassEscape(const char* at);
  const char* PassCharacters(const char* at);
  const char* PassNumber(const char* at);
  const char* PassDigits(const char* at);
  const char* PassWord(const char* at, std::string_view word);
  const char* PassKey(const char* at, JsonString& key);
  const char* PassNested(const char* at);
  const char* PassKind(JsonKind kind, const char* at, bool& escaped);
  const char* PassSpace(const char* at) const;

  // Stays where it is at a fault. True if there was none.
  bool Go(const char* at) {
    if (at != nullptr) at_ = at;
    return at != nullptr;
  }

  const char* const begin_;
  const char* const end_;
  const char* at_;
  // Whether an array or object was entered and nothing in it passed yet.
  bool fresh_ = false;
  const char* why_ = nullptr;
  const char* fault_at_ = nullptr;
};

// Goes through the members of the outermost object. False unless all of `json`
// is JSON, and an object; members before a fault are told all the same.
template <typename Take>
bool ForEachMember(JsonView json, Take take) {
  JsonScanner scanner(json);
  if (!scanner.Enter(JsonKind::kObject)) return false;
  JsonString key;
  JsonValue value;
  while (scanner.NextMember(key) && scanner.Pass(value)) take(key, value);
  return scanner.AtEnd();
}

// The last member of that name of the object `json`, if it is one.
std::optional<JsonValue> MemberOf(JsonView json, std::string_view name);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_JSON_SCANNER_H_
