// JSON strings: what they say, and how text is written as one.

#ifndef CLAWPLANE_CORE_MODEL_JSON_STRING_H_
#define CLAWPLANE_CORE_MODEL_JSON_STRING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/utf8.h"

namespace clawplane::core {

// A string as it stands between its quotes.
struct JsonString {
  std::string_view raw;
  // Whether there is a backslash in `raw`.
  bool escaped = false;

  // What it says, in UTF-8. Half a character ("\ud83d") becomes U+FFFD.
  std::string Decoded() const;
  bool Is(std::string_view text) const {
    return escaped ? Decoded() == text : raw == text;
  }
};

// Appends what `raw` says to `text`. It must come from a `JsonScanner`.
void AppendDecoded(std::string_view raw, std::string& text);

// The high bit of each byte of eight that a JSON string has to escape: quote,
// backslash, control character. Only the lowest one is exact, for a subtraction
// borrows from the bytes above a hit; and bytes that are not ASCII may be taken
// for hits.
constexpr uint64_t BytesToEscape(uint64_t bytes) {
  const uint64_t control = bytes - EightTimes(0x20);
  const uint64_t quote = (bytes ^ EightTimes('"')) - EightTimes(1);
  const uint64_t backslash = (bytes ^ EightTimes('\\')) - EightTimes(1);
  return (control | quote | backslash) & EightTimes(0x80);
}

// Writes `text`, which must be UTF-8, to `at` as it stands between the quotes
// of a JSON string, and gives the end. Escapes only what JSON does not take as
// it is. There must be room for `kMostEscaped` bytes for each byte, and for
// eight more.
inline constexpr size_t kMostEscaped = 6;
char* WriteEscaped(std::string_view text, char* at);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_JSON_STRING_H_
