// Whether bytes are UTF-8, as RFC 3629 has it: no overlong forms, no
// surrogates, nothing beyond U+10FFFF.

#ifndef CLAWPLANE_CORE_MODEL_UTF8_H_
#define CLAWPLANE_CORE_MODEL_UTF8_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace clawplane::core {

bool IsUtf8(std::string_view text);

// How many bytes the character takes that begins at `at`; 0 if none does, or if
// it ends behind `end`. There must be a byte at `at`.
inline size_t Utf8CharacterSize(const char* at, const char* end) {
  const auto byte = [&](ptrdiff_t i) { return static_cast<uint8_t>(at[i]); };
  const auto follows = [&](ptrdiff_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const ptrdiff_t left = end - at;
  if (lead < 0xE0) {
    return lead >= 0xC2 && left >= 2 && follows(1) ? 2 : 0;
  }
  if (lead < 0xF0) {
    if (left < 3 || !follows(1) || !follows(2)) return 0;
    // What the lead and the next byte say together tells overlong forms and
    // surrogates.
    const unsigned high = (lead & 0x0Fu) << 1 | (byte(1) >> 5 & 1u);
    return high != 0 && high != 0x1B ? 3 : 0;
  }
  if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  const unsigned plane = (lead & 0x0Fu) << 2 | (byte(1) >> 4 & 3u);
  return lead <= 0xF4 && plane >= 1 && plane <= 0x10 ? 4 : 0;
}

// Eight bytes as one number, the first in the lowest place; `bytes` must have
// as many.
inline uint64_t EightBytes(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  return word;
}

// The same byte eight times.
constexpr uint64_t EightTimes(uint8_t byte) {
  return byte * uint64_t{0x0101010101010101};
}

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_UTF8_H_
