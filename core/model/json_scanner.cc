#include "core/model/json_scanner.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "core/model/text.h"
#include "core/model/utf8.h"

namespace clawplane::core {
namespace {

uint8_t Byte(const char* at) { return static_cast<uint8_t>(*at); }

bool IsDigit(const char* at) { return Byte(at) - unsigned{'0'} <= 9; }

bool IsSpace(const char* at) {
  return *at == ' ' || *at == '\n' || *at == '\r' || *at == '\t';
}

// The kind of value that begins with a byte; none is negative.
constexpr int8_t kNoKind = -1;
constexpr auto kKinds = [] {
  std::array<int8_t, 256> kinds{};
  kinds.fill(kNoKind);
  const auto set = [&kinds](std::string_view bytes, JsonKind kind) {
    for (const char c : bytes) kinds[c] = static_cast<int8_t>(kind);
  };
  set("n", JsonKind::kNull);
  set("f", JsonKind::kFalse);
  set("t", JsonKind::kTrue);
  set("-0123456789", JsonKind::kNumber);
  set("\"", JsonKind::kString);
  set("[", JsonKind::kArray);
  set("{", JsonKind::kObject);
  return kinds;
}();

constexpr uint64_t kHighBits = EightTimes(0x80);

// The high bit of each byte that ends a run of plain ASCII in a string. Only
// the lowest bit is exact.
uint64_t SpecialBytes(uint64_t bytes) {
  return BytesToEscape(bytes) | (bytes & kHighBits);
}

// The same for bytes that are no digits; here an addition carries.
uint64_t OtherThanDigits(uint64_t bytes) {
  const uint64_t value = bytes ^ EightTimes('0');
  return ((value + EightTimes(0x80 - 10)) | value) & kHighBits;
}

size_t LowestByte(uint64_t bits) { return std::countr_zero(bits) / 8; }

// Which of the brackets that are open belong to objects.
class Nesting {
 public:
  void Push(bool object) {
    if (depth_ % 64 == 0 && depth_ != 0) below_.push_back(innermost_);
    innermost_ = innermost_ << 1 | (object ? 1 : 0);
    ++depth_;
  }
  void Pop() {
    innermost_ >>= 1;
    --depth_;
    if (depth_ % 64 == 0 && depth_ != 0) {
      innermost_ = below_.back();
      below_.pop_back();
    }
  }
  bool in_object() const { return (innermost_ & 1) != 0; }
  bool empty() const { return depth_ == 0; }

 private:
  uint64_t innermost_ = 0;
  size_t depth_ = 0;
  std::vector<uint64_t> below_;
};

constexpr const char* kNoValue = "expected a value";
constexpr const char* kEndsEarly = "the text ends too early";

}  // namespace

[[gnu::noinline, gnu::cold]] const char* JsonScanner::Refuse(const char* at,
                                                             const char* why) {
  if (why_ == nullptr) {
    why_ = at == end_ ? kEndsEarly : why;
    fault_at_ = at;
  }
  return nullptr;
}

inline const char* JsonScanner::PassSpace(const char* at) const {
  while (at != end_ && Byte(at) <= ' ' && IsSpace(at)) ++at;
  return at;
}

// From a backslash.
const char* JsonScanner::PassEscape(const char* at) {
  if (++at == end_) return Refuse(at, kEndsEarly);
  if (*at != 'u') {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    if (kEscapes.find(*at) == kEscapes.npos) {
      return Refuse(at, "unknown escape");
    }
    return at + 1;
  }
  for (int i = 0; i < 4; ++i) {
    if (++at == end_) return Refuse(at, kEndsEarly);
    const uint8_t letter = Byte(at) | 0x20;
    if (!IsDigit(at) && (letter < 'a' || letter > 'f')) {
      return Refuse(at, "expected four hexadecimal digits after \\u");
    }
  }
  return at + 1;
}

// From a byte that is not ASCII.
const char* JsonScanner::PassCharacters(const char* at) {
  do {
    const size_t size = Utf8CharacterSize(at, end_);
    if (size == 0) return Refuse(at, "not UTF-8");
    at += size;
  } while (at != end_ && Byte(at) >= 0x80);
  return at;
}

// From behind the opening quote.
inline const char* JsonScanner::PassString(const char* at, bool& escaped) {
  const char* const end = end_;
  for (;;) {
    for (;;) {
      if (end - at >= 8) [[likely]] {
        const uint64_t special = SpecialBytes(EightBytes(at));
        if (special != 0) {
          at += LowestByte(special);
          break;
        }
        at += 8;
      } else if (at == end) {
        return Refuse(at, kEndsEarly);
      } else if (SpecialBytes(Byte(at) | EightTimes('a') << 8) != 0) {
        break;
      } else {
        ++at;
      }
    }
    if (*at == '"') [[likely]]
      return at + 1;
    if (*at == '\\') {
      escaped = true;
      at = PassEscape(at);
    } else if (Byte(at) >= 0x80) {
      at = PassCharacters(at);
    } else {
      return Refuse(at, "control character in a string");
    }
    if (at == nullptr) return nullptr;
  }
}

// At least one digit.
inline const char* JsonScanner::PassDigits(const char* at) {
  if (at == end_ || !IsDigit(at)) return Refuse(at, "expected a digit");
  ++at;
  while (end_ - at >= 8) {
    const uint64_t other = OtherThanDigits(EightBytes(at));
    if (other != 0) return at + LowestByte(other);
    at += 8;
  }
  while (at != end_ && IsDigit(at)) ++at;
  return at;
}

inline const char* JsonScanner::PassNumber(const char* at) {
  if (*at == '-') ++at;
  // No digits after a leading zero: they are refused as what follows a value.
  at = at != end_ && *at == '0' ? at + 1 : PassDigits(at);
  if (at != nullptr && at != end_ && *at == '.') at = PassDigits(at + 1);
  if (at != nullptr && at != end_ && (*at | 0x20) == 'e') {
    ++at;
    if (at != end_ && (*at == '+' || *at == '-')) ++at;
    at = PassDigits(at);
  }
  return at;
}

inline const char* JsonScanner::PassWord(const char* at,
                                         std::string_view word) {
  const std::string_view here(at, std::min<size_t>(end_ - at, word.size()));
  if (here == word) return at + word.size();
  if (word.substr(0, here.size()) == here) return Refuse(end_, kEndsEarly);
  return Refuse(at, kNoValue);
}

// A key with its colon, up to where a value must begin.
inline const char* JsonScanner::PassKey(const char* at, JsonString& key) {
  if (at == end_ || *at != '"') return Refuse(at, "expected a key in quotes");
  const char* const begin = at + 1;
  key.escaped = false;
  at = PassString(begin, key.escaped);
  if (at == nullptr) return nullptr;
  key.raw = std::string_view(begin, at - 1 - begin);
  at = PassSpace(at);
  if (at == end_ || *at != ':') {
    return Refuse(at, "expected ':' after a key");
  }
  return PassSpace(at + 1);
}

// From an opening bracket to behind its closing one.
const char* JsonScanner::PassNested(const char* at) {
  const char* const end = end_;
  Nesting nesting;
  JsonString key;
  bool escaped;
  for (;;) {
    if (at == end) return Refuse(at, kEndsEarly);
    const int8_t kind = kKinds[Byte(at)];
    if (kind == kNoKind) return Refuse(at, kNoValue);
    switch (static_cast<JsonKind>(kind)) {
      case JsonKind::kString:
        at = PassString(at + 1, escaped);
        break;
      case JsonKind::kNumber:
        at = PassNumber(at);
        break;
      case JsonKind::kNull:
        at = PassWord(at, "null");
        break;
      case JsonKind::kTrue:
        at = PassWord(at, "true");
        break;
      case JsonKind::kFalse:
        at = PassWord(at, "false");
        break;
      case JsonKind::kObject:
        nesting.Push(true);
        at = PassSpace(at + 1);
        if (at != end && *at == '}') break;
        at = PassKey(at, key);
        if (at == nullptr) return nullptr;
        continue;
      case JsonKind::kArray:
        nesting.Push(false);
        at = PassSpace(at + 1);
        if (at != end && *at == ']') break;
        continue;
    }
    if (at == nullptr) return nullptr;
    // Behind a value: brackets may close, and then another value follows.
    for (;;) {
      at = PassSpace(at);
      if (at == end) return Refuse(at, kEndsEarly);
      const bool in_object = nesting.in_object();
      if (*at == ',') {
        at = PassSpace(at + 1);
        if (in_object) at = PassKey(at, key);
        if (at == nullptr) return nullptr;
        break;
      }
      if (*at != (in_object ? '}' : ']')) {
        return Refuse(at, in_object ? "expected ',' or '}' after a member"
                                    : "expected ',' or ']' after an item");
      }
      ++at;
      nesting.Pop();
      if (nesting.empty()) return at;
    }
  }
}

std::optional<JsonKind> JsonScanner::Peek() {
  if (failed()) return std::nullopt;
  at_ = PassSpace(at_);
  const int8_t kind = at_ == end_ ? kNoKind : kKinds[Byte(at_)];
  if (kind == kNoKind) {
    Refuse(at_, kNoValue);
    return std::nullopt;
  }
  return static_cast<JsonKind>(kind);
}

const char* JsonScanner::PassKind(JsonKind kind, const char* at,
                                  bool& escaped) {
  switch (kind) {
    case JsonKind::kNull:
      return PassWord(at, "null");
    case JsonKind::kFalse:
      return PassWord(at, "false");
    case JsonKind::kTrue:
      return PassWord(at, "true");
    case JsonKind::kNumber:
      return PassNumber(at);
    case JsonKind::kString:
      return PassString(at + 1, escaped);
    case JsonKind::kArray:
    case JsonKind::kObject:
      return PassNested(at);
  }
  return nullptr;
}

bool JsonScanner::Pass(JsonValue& value) {
  const auto kind = Peek();
  if (!kind) return false;
  const char* const begin = at_;
  value.kind = *kind;
  value.string.escaped = false;
  if (!Go(PassKind(*kind, begin, value.string.escaped))) return false;
  value.text = JsonView(begin, at_ - begin);
  if (*kind == JsonKind::kString) {
    value.string.raw = value.text.substr(1, value.text.size() - 2);
  }
  fresh_ = false;
  return true;
}

bool JsonScanner::Enter(JsonKind kind) {
  if (Peek() != kind) return false;
  ++at_;
  fresh_ = true;
  return true;
}

bool JsonScanner::NextMember(JsonString& key) {
  if (failed()) return false;
  const char* at = PassSpace(at_);
  const bool fresh = fresh_;
  fresh_ = false;
  if (at != end_ && *at == '}') {
    at_ = at + 1;
    return false;
  }
  if (fresh) return Go(PassKey(at, key));
  if (at == end_ || *at != ',') {
    Refuse(at, "expected ',' or '}' after a member");
    return false;
  }
  return Go(PassKey(PassSpace(at + 1), key));
}

bool JsonScanner::NextItem() {
  if (failed()) return false;
  const char* at = PassSpace(at_);
  const bool fresh = fresh_;
  fresh_ = false;
  if (at != end_ && *at == ']') {
    at_ = at + 1;
    return false;
  }
  if (fresh) return Go(at);
  if (at == end_ || *at != ',') {
    Refuse(at, "expected ',' or ']' after an item");
    return false;
  }
  return Go(at + 1);
}

bool JsonScanner::AtEnd() {
  if (failed()) return false;
  at_ = PassSpace(at_);
  if (at_ != end_) Refuse(at_, "something follows the value");
  return !failed();
}

std::string JsonScanner::Fault() const {
  return Concat(why_, " (at byte ", fault_at_ - begin_, ")");
}

std::optional<JsonValue> MemberOf(JsonView json, std::string_view name) {
  std::optional<JsonValue> found;
  const bool whole =
      ForEachMember(json, [&](const JsonString& key, const JsonValue& value) {
        if (key.Is(name)) found = value;
      });
  if (!whole) found.reset();
  return found;
}

}  // namespace clawplane::core
