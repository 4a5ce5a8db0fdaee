#include "core/model/message_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clawplane::core {
namespace {

// Puts `text` in as the rest of a message, as much at a time as there is room
// for.
void Fill(MessageBuffer& buffer, std::string_view text) {
  buffer.Expect(text.size());
  for (auto space = buffer.Space(); !space.empty(); space = buffer.Space()) {
    ASSERT_LE(space.size(), text.size());
    std::copy_n(text.data(), space.size(), space.data());
    buffer.Commit(space.size());
    text.remove_prefix(space.size());
  }
  buffer.Append(text);
}

TEST(MessageBufferTest, HoldsAMessageOfExactlyTheLimit) {
  MessageBuffer buffer(5);

  Fill(buffer, "hello");
  Fill(buffer, "");

  EXPECT_FALSE(buffer.oversized());
  EXPECT_EQ(buffer.bytes(), "hello");
}

TEST(MessageBufferTest, KeepsTheHeadAndCountsTheRestOfALargerMessage) {
  MessageBuffer buffer(5);

  Fill(buffer, "hell");
  Fill(buffer, "o, ");
  Fill(buffer, "world");

  EXPECT_TRUE(buffer.oversized());
  EXPECT_EQ(buffer.bytes(), "hello");
  EXPECT_EQ(buffer.size(), 12u);
}

TEST(MessageBufferTest, KnowsAnExcessBeforeItCame) {
  MessageBuffer buffer(5);

  buffer.Expect(3);
  buffer.Expect(UINT64_MAX / 2);
  buffer.Append("hel");

  EXPECT_TRUE(buffer.oversized());
  EXPECT_TRUE(buffer.Space().empty());
  EXPECT_EQ(buffer.bytes(), "hel");
}

TEST(MessageBufferTest, KeepsNoMoreThanAHeadOfALargerMessage) {
  constexpr size_t kLimit = 1'000'000;
  std::string text(kLimit + 500'000, 'x');
  text.replace(MessageBuffer::kHeadBytes - 1, 2, "ab");
  for (const size_t first : {0u, 10u, 900'000u}) {
    MessageBuffer buffer(kLimit);

    Fill(buffer, text.substr(0, first));
    Fill(buffer, text.substr(first));

    EXPECT_EQ(buffer.size(), text.size());
    EXPECT_EQ(buffer.bytes(), text.substr(0, MessageBuffer::kHeadBytes));
    EXPECT_LE(buffer.capacity(), MessageBuffer::kHeadBytes);
  }
}

TEST(MessageBufferTest, HoldsALargeMessageWhole) {
  std::string text;
  for (int i = 0; i < 500'000; ++i) text += std::to_string(i);
  MessageBuffer buffer(text.size());

  Fill(buffer, text.substr(0, 1000));
  Fill(buffer, text.substr(1000));

  EXPECT_TRUE(buffer.bytes() == text);
  EXPECT_LE(buffer.capacity(), text.size());
}

TEST(MessageBufferTest, SetsAsideAStepOrTwiceWhatCame) {
  MessageBuffer buffer(100'000'000);

  buffer.Expect(100'000'000);

  for (int i = 0; i < 3; ++i) {
    const size_t came = buffer.size();
    const auto space = buffer.Space();
    std::fill(space.begin(), space.end(), 'x');
    EXPECT_LE(buffer.capacity(), std::max(MessageBuffer::kStepBytes, 2 * came));
    buffer.Commit(space.size());
  }
}

TEST(MessageBufferTest, GivesTheMemoryBack) {
  MessageBuffer buffer(1'000'000);
  Fill(buffer, std::string(1'000'000, 'x'));

  buffer.Clear();

  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.size(), 0u);
  Fill(buffer, "next");
  EXPECT_EQ(buffer.bytes(), "next");
}

}  // namespace
}  // namespace clawplane::core
