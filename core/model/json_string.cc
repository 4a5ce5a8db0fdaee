#include "core/model/json_string.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "core/model/utf8.h"

namespace clawplane::core {
namespace {

void AppendUtf8(uint32_t point, std::string& text) {
  const auto append = [&text](uint32_t byte) {
    text += static_cast<char>(byte);
  };
  const auto follow = [&](int shift) {
    append(0x80 | (point >> shift & 0x3F));
  };
  if (point < 0x80) return append(point);
  if (point < 0x800) {
    append(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      append(0xE0 | point >> 12);
    } else {
      append(0xF0 | point >> 18);
      follow(12);
    }
    follow(6);
  }
  follow(0);
}

uint32_t HexDigits(std::string_view four) {
  uint32_t number = 0;
  for (const char digit : four) {
    number = number << 4 | (digit <= '9' ? digit & 0xF : (digit & 0xF) + 9);
  }
  return number;
}

// From behind "\u"; gives how many bytes it took.
size_t AppendCodeUnits(std::string_view rest, std::string& text) {
  const uint32_t unit = HexDigits(rest.substr(0, 4));
  if (unit < 0xD800 || unit > 0xDFFF) {
    AppendUtf8(unit, text);
    return 4;
  }
  if (unit < 0xDC00 && rest.substr(4, 2) == "\\u") {
    const uint32_t low = HexDigits(rest.substr(6, 4));
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendUtf8(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), text);
      return 10;
    }
  }
  AppendUtf8(0xFFFD, text);
  return 4;
}

char SimpleEscape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

bool IsPlain(char c) {
  return static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\';
}

// How many bytes from the beginning need no escape.
size_t PlainPrefix(std::string_view text) {
  size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    // As in the scanner: the high bit of each byte to escape, of which only the
    // lowest is exact.
    const uint64_t bytes = EightBytes(text.data() + at);
    const uint64_t control = bytes - EightTimes(0x20);
    const uint64_t quote = (bytes ^ EightTimes('"')) - EightTimes(1);
    const uint64_t backslash = (bytes ^ EightTimes('\\')) - EightTimes(1);
    const uint64_t found =
        (control | quote | backslash) & ~bytes & EightTimes(0x80);
    if (found != 0) return at + std::countr_zero(found) / 8;
  }
  while (at < text.size() && IsPlain(text[at])) ++at;
  return at;
}

void AppendEscape(char c, std::string& json) {
  constexpr std::string_view kSaid = "\"\\\b\f\n\r\t";
  constexpr std::string_view kWritten = "\"\\bfnrt";
  json += '\\';
  if (const size_t at = kSaid.find(c); at != kSaid.npos) {
    json += kWritten[at];
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  json += "u00";
  json += kDigits[static_cast<uint8_t>(c) >> 4];
  json += kDigits[c & 0xF];
}

}  // namespace

void AppendDecoded(std::string_view raw, std::string& text) {
  text.reserve(text.size() + raw.size());
  while (!raw.empty()) {
    const size_t plain = std::min(raw.find('\\'), raw.size());
    text.append(raw, 0, plain);
    raw.remove_prefix(plain);
    if (raw.empty()) return;
    if (raw[1] == 'u') {
      raw.remove_prefix(2);
      raw.remove_prefix(AppendCodeUnits(raw, text));
    } else {
      text += SimpleEscape(raw[1]);
      raw.remove_prefix(2);
    }
  }
}

std::string JsonString::Decoded() const {
  if (!escaped) return std::string(raw);
  std::string text;
  AppendDecoded(raw, text);
  return text;
}

void AppendQuoted(std::string_view text, std::string& json) {
  json += '"';
  for (;;) {
    const size_t plain = PlainPrefix(text);
    json.append(text, 0, plain);
    if (plain == text.size()) break;
    AppendEscape(text[plain], json);
    text.remove_prefix(plain + 1);
  }
  json += '"';
}

}  // namespace clawplane::core
