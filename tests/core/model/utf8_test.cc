#include "core/model/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace clawplane::core {
namespace {

// By the definition: decodes, and encodes again.
bool IsUtf8ByDefinition(std::string_view text) {
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  for (size_t i = 0; i < text.size();) {
    const unsigned lead = byte(text[i]);
    const size_t size = lead < 0x80             ? 1
                        : (lead & 0xE0) == 0xC0 ? 2
                        : (lead & 0xF0) == 0xE0 ? 3
                        : (lead & 0xF8) == 0xF0 ? 4
                                                : 0;
    if (size == 0 || i + size > text.size()) return false;
    unsigned point = size == 1 ? lead : lead & (0xFF >> (size + 1));
    for (size_t k = 1; k < size; ++k) {
      if ((byte(text[i + k]) & 0xC0) != 0x80) return false;
      point = point << 6 | (byte(text[i + k]) & 0x3F);
    }
    const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10FFFF) return false;
    if (point >= 0xD800 && point <= 0xDFFF) return false;
    i += size;
  }
  return true;
}

std::string BytesOf(uint32_t number, size_t size) {
  std::string bytes;
  for (size_t i = size; i-- > 0;) {
    bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  }
  return bytes;
}

TEST(IsUtf8Test, AgreesWithTheDefinitionOnAllOfUpToThreeBytes) {
  for (size_t size = 0; size <= 3; ++size) {
    for (uint32_t number = 0; number < 1u << (8 * size); ++number) {
      const std::string bytes = BytesOf(number, size);
      ASSERT_EQ(IsUtf8(bytes), IsUtf8ByDefinition(bytes)) << std::hex << number;
    }
  }
}

TEST(IsUtf8Test, AgreesWithTheDefinitionOnFourBytesAroundEachBoundary) {
  const unsigned char bounds[] = {0x00, 0x22, 0x7F, 0x80, 0x8F,
                                  0x90, 0xBF, 0xC0, 0xFF};
  for (unsigned lead = 0xE0; lead <= 0xFF; ++lead) {
    for (unsigned second = 0; second <= 0xFF; ++second) {
      for (const unsigned third : bounds) {
        for (const unsigned fourth : bounds) {
          const uint32_t number =
              lead << 24 | second << 16 | third << 8 | fourth;
          const std::string bytes = BytesOf(number, 4);
          ASSERT_EQ(IsUtf8(bytes), IsUtf8ByDefinition(bytes))
              << std::hex << number;
        }
      }
    }
  }
}

TEST(IsUtf8Test, SeesAFaultWhereverItLies) {
  for (size_t size = 1; size <= 80; ++size) {
    const std::string ascii(size, 'a');
    EXPECT_TRUE(IsUtf8(ascii));
    for (size_t at = 0; at < size; ++at) {
      for (const std::string_view bad : {"\x80", "\xC3", "\xFF", "\xED\xA0\x80",
                                         "\xF0\x9F\x98", "\xC0\x80"}) {
        std::string text = ascii;
        EXPECT_FALSE(IsUtf8(text.replace(at, 1, bad))) << size << " " << at;
      }
      for (const std::string_view good :
           {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
        std::string text = ascii;
        text.replace(at, 1, good);
        EXPECT_TRUE(IsUtf8(text)) << size << " " << at;
        // Cut within the character.
        for (size_t cut = 1; cut < good.size(); ++cut) {
          EXPECT_FALSE(IsUtf8(std::string_view(text).substr(0, at + cut)));
        }
      }
    }
  }
}

TEST(Utf8CharacterSizeTest, LooksAtNoByteBehindTheEnd) {
  const std::string_view text = "\xF0\x9F\x98\x80";
  for (size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(Utf8CharacterSize(text.data(), text.data() + size), 0u);
  }
  EXPECT_EQ(Utf8CharacterSize(text.data(), text.data() + 4), 4u);
}

}  // namespace
}  // namespace clawplane::core
