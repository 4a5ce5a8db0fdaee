#include "core/io/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace clawplane::core {
namespace {

using testing::ElementsAre;

constexpr size_t kLimit = 4;

// All lines of a text that arrives in pieces of a given size.
std::vector<std::string> Split(std::string_view text, size_t piece_size) {
  LineSplitter splitter(kLimit);
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size(); at += piece_size) {
    splitter.Feed(text.substr(at, piece_size));
    while (const auto line = splitter.Next()) lines.emplace_back(*line);
  }
  if (const auto last = splitter.Last()) lines.emplace_back(*last);
  EXPECT_EQ(splitter.Last(), std::nullopt);
  return lines;
}

class LineSplitterTest : public testing::TestWithParam<size_t> {};

// However the text is cut into pieces.
INSTANTIATE_TEST_SUITE_P(PieceSize, LineSplitterTest,
                         testing::Values(1, 2, 3, 5, 7, 100));

TEST_P(LineSplitterTest, TakesBothKindsOfLineEnds) {
  EXPECT_THAT(Split("a\nbc\r\n\n\r\nd\n", GetParam()),
              ElementsAre("a", "bc", "", "", "d"));
}

TEST_P(LineSplitterTest, DeliversTheUnterminatedLineLast) {
  EXPECT_THAT(Split("a\nbc", GetParam()), ElementsAre("a", "bc"));
  EXPECT_THAT(Split("a\n", GetParam()), ElementsAre("a"));
  EXPECT_THAT(Split("", GetParam()), ElementsAre());
}

TEST_P(LineSplitterTest, KeepsCarriageReturnsWithinALine) {
  EXPECT_THAT(Split("a\rb\n\r\r\nc\r", GetParam()),
              ElementsAre("a\rb", "\r", "c\r"));
}

TEST_P(LineSplitterTest, CutsWhatIsOverTheLimit) {
  EXPECT_THAT(Split("1234\n12345\n123456789\nx\n", GetParam()),
              ElementsAre("1234", "1234", "1234", "x"));
  EXPECT_THAT(Split("123456789", GetParam()), ElementsAre("1234"));
}

TEST_P(LineSplitterTest, CountsNoLineEndAgainstTheLimit) {
  EXPECT_THAT(Split("1234\r\n123\r\r\n1234\r5\r\n1234\r", GetParam()),
              ElementsAre("1234", "123\r", "1234", "1234"));
}

TEST_P(LineSplitterTest, TellsHowMuchItLeftOut) {
  const std::string_view text =
      "1234\n12345\n1234\r\n12345\r\n123456789\r\n\n1234\r5\n1234\r";
  LineSplitter splitter(kLimit);
  std::vector<size_t> cuts;
  for (size_t at = 0; at < text.size(); at += GetParam()) {
    splitter.Feed(text.substr(at, GetParam()));
    while (splitter.Next()) cuts.push_back(splitter.cut());
  }
  ASSERT_TRUE(splitter.Last());
  cuts.push_back(splitter.cut());

  // The last line has no end, so its CR is a part of it.
  EXPECT_THAT(cuts, ElementsAre(0, 1, 0, 1, 5, 0, 2, 1));
}

}  // namespace
}  // namespace clawplane::core
