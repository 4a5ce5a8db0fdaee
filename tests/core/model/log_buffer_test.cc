#include "core/model/log_buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace clawplane::core {
namespace {

LogLine Line(std::string text) {
  return {{}, LogSource::kStderr, 42, std::move(text)};
}

TEST(LogBufferTest, NumbersLinesFromZero) {
  LogBuffer logs({});
  EXPECT_EQ(logs.oldest(), logs.next()) << "nothing is held";

  logs.Append(Line("a"));
  logs.Append(Line("b"));

  EXPECT_EQ(logs.oldest(), 0u);
  EXPECT_EQ(logs.next(), 2u);
  EXPECT_EQ(logs.at(1).text, "b");
  EXPECT_EQ(logs.at(1).pid, 42);
}

TEST(LogBufferTest, DropsTheOldestOverTheLimits) {
  LogBuffer few({.max_lines = 2, .max_bytes = 1000});
  for (const char* text : {"a", "b", "c"}) few.Append(Line(text));
  EXPECT_EQ(few.oldest(), 1u);
  EXPECT_EQ(few.at(1).text, "b");

  LogBuffer small({.max_lines = 100, .max_bytes = 10});
  for (const char* text : {"12345", "67890"}) small.Append(Line(text));
  EXPECT_EQ(small.oldest(), 0u) << "they fit exactly";
  small.Append(Line("x"));
  EXPECT_EQ(small.oldest(), 1u);
}

TEST(LogBufferTest, KeepsTheNewestHoweverLong) {
  LogBuffer logs({.max_lines = 100, .max_bytes = 10});
  logs.Append(Line("a"));

  logs.Append(Line(std::string(100, 'x')));

  EXPECT_EQ(logs.oldest(), 1u);
  EXPECT_EQ(logs.at(1).text.size(), 100u);
}

TEST(LogBufferTest, CutsLongLinesAtACharacter) {
  constexpr size_t kMax = LogBuffer::kMaxLineBytes;
  LogBuffer logs({});
  const auto cut = [&](const std::string& text) {
    logs.Append(Line(text));
    return logs.at(logs.next() - 1).text;
  };

  EXPECT_EQ(cut(std::string(kMax, 'x')).size(), kMax);
  EXPECT_EQ(cut(std::string(kMax + 1, 'x')).size(), kMax);
  const std::string emoji = "\xF0\x9F\x98\x80";
  for (size_t over = 1; over <= 3; ++over) {
    const std::string before(kMax - 4 + over, 'x');
    EXPECT_EQ(cut(before + emoji), before) << over;
  }
  EXPECT_EQ(cut(std::string(kMax - 4, 'x') + emoji + "y").size(), kMax)
      << "it ends with the character";
}

}  // namespace
}  // namespace clawplane::core
