#include "core/model/json_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/model/frame.h"
#include "core/model/text.h"
#include "tests/fuzz/json_oracle.h"

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::StartsWith;

// The fault; empty if the text is JSON.
std::string FaultIn(std::string_view text) {
  JsonScanner scanner(text);
  JsonValue value;
  scanner.Pass(value);
  return scanner.AtEnd() ? "" : scanner.Fault();
}

std::vector<std::string> RecordedFrames() {
  std::vector<std::string> frames;
  std::ifstream file(TEST_DATA "/frames-2026.9.6.jsonl");
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(R"("frame":)");
    if (at == line.npos) continue;
    frames.push_back(line.substr(at + 8, line.size() - at - 9));
  }
  return frames;
}

TEST(JsonScannerTest, SaysWhatIsWrongAndWhere) {
  using namespace std::string_literals;
  for (const auto& [text, fault] :
       std::vector<std::pair<std::string, std::string>>{
           {"", "the text ends too early (at byte 0)"},
           {" ", "the text ends too early (at byte 1)"},
           {R"({"a" 1})", "expected ':' after a key (at byte 5)"},
           {R"({"a":1 "b":2})",
            "expected ',' or '}' after a member (at byte 7)"},
           {R"([{"a":1 "b":2}])",
            "expected ',' or '}' after a member (at byte 8)"},
           {"[1 2]", "expected ',' or ']' after an item (at byte 3)"},
           {"[1}", "expected ',' or ']' after an item (at byte 2)"},
           {"[1,]", "expected a value (at byte 3)"},
           {"{a:1}", "expected a key in quotes (at byte 1)"},
           {R"({"a":1,})", "expected a key in quotes (at byte 7)"},
           {"nul", "the text ends too early (at byte 3)"},
           {"nulL", "expected a value (at byte 0)"},
           {"-x", "expected a digit (at byte 1)"},
           {"[1.]", "expected a digit (at byte 3)"},
           {"1e+", "the text ends too early (at byte 3)"},
           {"01", "something follows the value (at byte 1)"},
           {"{} {}", "something follows the value (at byte 3)"},
           {"{}\0"s, "something follows the value (at byte 2)"},
           {R"("\x")", "unknown escape (at byte 2)"},
           {R"("\u12g4")",
            "expected four hexadecimal digits after \\u (at byte 5)"},
           {"\"a\nb\"", "control character in a string (at byte 2)"},
           {"\"12345678\xC3(\"", "not UTF-8 (at byte 9)"},
           {"\"12345678", "the text ends too early (at byte 9)"},
           {"\xEF\xBB\xBF{}", "expected a value (at byte 0)"}}) {
    EXPECT_EQ(FaultIn(text), fault) << text;
  }
}

TEST(JsonScannerTest, TakesHalvesOfCharactersAndNumbersOfAnySize) {
  const std::string digits(5000, '9');
  for (const std::string& text :
       {std::string("1e309"), std::string("-1e999999999999999999999"), digits,
        "0." + digits + "e-" + digits, std::string(R"("\ud83d")"),
        std::string(R"("\ude00\ud83d")"),
        std::string(R"({"\udfff":[1e400]})")}) {
    EXPECT_EQ(FaultIn(text), "") << text;
    EXPECT_EQ(Disagreement(text), std::nullopt) << text;
  }
}

TEST(JsonScannerTest, DecodesEscapes) {
  for (const auto& [raw, text] :
       std::vector<std::pair<const char*, std::string>>{
           {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
           {R"(a\u0041\u00e9\u20AC\ud83d\ude00z)",
            "aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"},
           {R"(\u0000)", std::string(1, '\0')},
           // Halves of characters: alone, swapped, before another escape.
           {R"(\ud83d)", "\xEF\xBF\xBD"},
           {R"(\ude00\ud83d)", "\xEF\xBF\xBD\xEF\xBF\xBD"},
           {R"(\ud83d\u0041)", "\xEF\xBF\xBD\x41"},
           {R"(\ud83d\n)", "\xEF\xBF\xBD\n"},
           {R"(\ud83d\ud83d\ude00)", "\xEF\xBF\xBD\xF0\x9F\x98\x80"}}) {
    EXPECT_EQ((JsonString{raw, true}.Decoded()), text) << raw;
  }
}

TEST(JsonScannerTest, WalksIntoValuesAndPassesTheRest) {
  JsonScanner scanner(
      R"( { "a" : [ 1 , [2] , {} , "x" ] , "b" : { } , "c\n" : false } )");
  std::vector<std::string> seen;
  JsonString key;
  JsonValue value;

  ASSERT_FALSE(scanner.Enter(JsonKind::kArray));
  ASSERT_TRUE(scanner.Enter(JsonKind::kObject));
  ASSERT_TRUE(scanner.NextMember(key));
  ASSERT_TRUE(scanner.Enter(JsonKind::kArray));
  while (scanner.NextItem() && scanner.Pass(value)) {
    seen.emplace_back(value.text);
  }
  ASSERT_TRUE(scanner.NextMember(key));
  ASSERT_TRUE(scanner.Enter(JsonKind::kObject));
  ASSERT_FALSE(scanner.NextMember(key));
  ASSERT_TRUE(scanner.NextMember(key));
  ASSERT_TRUE(scanner.Pass(value));
  ASSERT_FALSE(scanner.NextMember(key));

  EXPECT_TRUE(scanner.AtEnd());
  EXPECT_THAT(seen, ElementsAre("1", "[2]", "{}", "\"x\""));
  EXPECT_EQ(key.Decoded(), "c\n");
  EXPECT_EQ(value.kind, JsonKind::kFalse);
}

TEST(JsonScannerTest, FailsForGoodAtTheFirstFault) {
  JsonScanner scanner("[1,x]");
  JsonValue value;
  ASSERT_TRUE(scanner.Enter(JsonKind::kArray));
  ASSERT_TRUE(scanner.NextItem() && scanner.Pass(value));
  ASSERT_TRUE(scanner.NextItem());
  EXPECT_FALSE(scanner.Pass(value));

  EXPECT_FALSE(scanner.NextItem());
  EXPECT_FALSE(scanner.Enter(JsonKind::kArray));
  EXPECT_FALSE(scanner.AtEnd());
  EXPECT_EQ(scanner.Fault(), "expected a value (at byte 3)");
}

TEST(JsonScannerTest, GoesAMillionLevelsDeep) {
  constexpr size_t kDepth = 1'000'000;
  const std::string open(kDepth, '[');
  EXPECT_THAT(FaultIn(open), StartsWith("the text ends"));
  EXPECT_EQ(FaultIn(open + std::string(kDepth, ']')), "");
  EXPECT_THAT(FaultIn(open + "}"), StartsWith("expected a value"));
  EXPECT_THAT(FaultIn(open + std::string(kDepth - 1, ']')),
              StartsWith("the text ends"));
  EXPECT_THAT(FaultIn(open + std::string(kDepth + 1, ']')),
              StartsWith("something follows"));
}

TEST(JsonScannerTest, KnowsEachLevelsBracket) {
  // Around the sizes at which the memory of the brackets grows.
  for (const size_t depth : {1u, 2u, 63u, 64u, 65u, 127u, 128u, 129u, 1000u}) {
    std::mt19937 random(static_cast<unsigned>(depth));
    std::string open;
    std::string close;
    for (size_t i = 0; i < depth; ++i) {
      const bool object = random() % 2 == 0;
      open += object ? R"({"k":)" : "[";
      close.insert(close.begin(), object ? '}' : ']');
    }
    EXPECT_EQ(FaultIn(open + "1" + close), "") << depth;
    for (size_t i = 0; i < depth; ++i) {
      std::string wrong = close;
      wrong[i] = wrong[i] == ']' ? '}' : ']';
      EXPECT_NE(FaultIn(open + "1" + wrong), "") << depth << " " << i;
    }
  }
}

TEST(JsonScannerTest, RefusesEveryPrefixOfAFrame) {
  for (const std::string& frame : RecordedFrames()) {
    if (frame.size() > 3000) continue;
    for (size_t size = 0; size < frame.size(); ++size) {
      ASSERT_NE(FaultIn(std::string_view(frame).substr(0, size)), "")
          << frame.substr(0, size);
    }
    EXPECT_EQ(FaultIn(frame), "") << frame;
  }
}

TEST(JsonScannerTest, JudgesEachSingleWrongByteAsRapidJsonDoes) {
  const std::string text =
      "{\"type\":\"event\",\"event\":\"a\\u00e9\\n\xC3\xA9\",\"seq\":12,"
      "\"payload\":[-1.5e+3,true,null,{\"k\":\"\xF0\x9F\x98\x80\"}, \"\"]}";
  ASSERT_EQ(FaultIn(text), "");
  for (size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string wrong = text;
      wrong[at] = static_cast<char>(byte);
      ASSERT_EQ(Disagreement(wrong), std::nullopt) << wrong;
    }
  }
}

// A part of what ./dev fuzz does, each time the same.
TEST(JsonScannerTest, AgreesWithRapidJsonOnRandomlyChangedFrames) {
  std::vector<std::string> frames = RecordedFrames();
  std::erase_if(frames, [](const auto& frame) { return frame.size() > 250; });
  ASSERT_GT(frames.size(), 20u);
  constexpr std::string_view kLikely = "{}[]\",:\\u0d8e19-+.tfn \xC3\xA9\xED";
  std::mt19937 random(20261122);
  const auto below = [&](size_t bound) { return random() % bound; };
  int taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = frames[below(frames.size())];
    // A stretch of the frame, so that most of the work is near the change.
    for (size_t changes = 1 + below(3); changes > 0 && !text.empty();
         --changes) {
      const size_t at = below(text.size());
      const char byte = below(8) == 0 ? static_cast<char>(below(256))
                                      : kLikely[below(kLikely.size())];
      switch (below(4)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        case 2:
          text.erase(at, 1 + below(4));
          break;
        default:
          text.insert(at, text.substr(below(text.size()), 1 + below(12)));
      }
    }
    const auto fault = Disagreement(text);
    ASSERT_EQ(fault, std::nullopt) << text;
    if (FaultIn(text).empty()) ++taken;
  }
  // Both ways of judging are tried.
  EXPECT_GT(taken, 10'000);
  EXPECT_LT(taken, 190'000);
}

TEST(MemberOfTest, GivesTheLastOfThatName) {
  EXPECT_EQ(MemberOf(R"({"a":1,"b":2,"\u0061":[3]})", "a")->text, "[3]");
  EXPECT_EQ(MemberOf(R"({"b":{"a":1}})", "a"), std::nullopt);
  EXPECT_EQ(MemberOf(R"(["a",1])", "a"), std::nullopt);
  EXPECT_EQ(MemberOf(R"({"a":1} x)", "a"), std::nullopt);
  EXPECT_EQ(MemberOf(R"({"a":1)", "a"), std::nullopt);
}

}  // namespace
}  // namespace clawplane::core
