#include "core/model/utf8.h"

namespace clawplane::core {
namespace {

constexpr uint64_t kHighBits = EightTimes(0x80);

// The first byte that is not ASCII, or `end`.
const char* PassAscii(const char* at, const char* end) {
  while (end - at >= 32) {
    const uint64_t any = EightBytes(at) | EightBytes(at + 8) |
                         EightBytes(at + 16) | EightBytes(at + 24);
    if ((any & kHighBits) != 0) break;
    at += 32;
  }
  while (end - at >= 8) {
    const uint64_t high = EightBytes(at) & kHighBits;
    if (high != 0) return at + std::countr_zero(high) / 8;
    at += 8;
  }
  while (at != end && static_cast<uint8_t>(*at) < 0x80) ++at;
  return at;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    at = PassAscii(at, end);
    // Characters of one script come in a row.
    do {
      if (at == end) return true;
      const size_t size = Utf8CharacterSize(at, end);
      if (size == 0) return false;
      at += size;
    } while (at != end && static_cast<uint8_t>(*at) >= 0x80);
  }
}

}  // namespace clawplane::core
