#include "core/model/json_string.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

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

// How many of eight bytes, from the first, need no escape.
size_t PlainBytes(uint64_t bytes) {
  const uint64_t found = BytesToEscape(bytes) & ~bytes;
  return std::countr_zero(found) / 8;
}

char* WriteEscape(char c, char* at) {
  constexpr std::string_view kSaid = "\"\\\b\f\n\r\t";
  constexpr std::string_view kWritten = "\"\\bfnrt";
  *at++ = '\\';
  if (const size_t found = kSaid.find(c); found != kSaid.npos) {
    *at++ = kWritten[found];
    return at;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char digit : {'u', '0', '0', kDigits[static_cast<uint8_t>(c) >> 4],
                           kDigits[c & 0xF]}) {
    *at++ = digit;
  }
  return at;
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

char* WriteEscaped(std::string_view text, char* at) {
  const char* from = text.data();
  const char* const end = from + text.size();
  while (end - from >= 8) {
    // Copied whole; what is behind the first byte to escape is written again.
    std::memcpy(at, from, 8);
    const size_t plain = PlainBytes(EightBytes(from));
    at += plain;
    from += plain;
    if (plain < 8) at = WriteEscape(*from++, at);
  }
  for (; from != end; ++from) {
    if (IsPlain(*from)) {
      *at++ = *from;
    } else {
      at = WriteEscape(*from, at);
    }
  }
  return at;
}

}  // namespace clawplane::core
