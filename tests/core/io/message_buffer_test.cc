#include "core/io/message_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clawplane::core {
namespace {

// Puts `text` in, as much at a time as there is room for.
void Add(MessageBuffer& buffer, std::string_view text) {
  while (!text.empty()) {
    const auto space = buffer.Space();
    const size_t count = std::min(space.size(), text.size());
    std::copy_n(text.data(), count, space.data());
    buffer.Commit(count);
    text.remove_prefix(count);
  }
}

TEST(MessageBufferTest, HoldsAMessageOfExactlyTheLimit) {
  MessageBuffer buffer(5);

  Add(buffer, "hello");

  EXPECT_FALSE(buffer.oversized());
  EXPECT_EQ(buffer.bytes(), "hello");
  EXPECT_GT(buffer.Space().size(), 0u) << "an empty fragment may follow";
}

TEST(MessageBufferTest, KeepsTheHeadAndCountsTheRestOfALargerMessage) {
  MessageBuffer buffer(5);

  Add(buffer, "hello, world");

  EXPECT_TRUE(buffer.oversized());
  EXPECT_EQ(buffer.bytes(), "hello");
  EXPECT_EQ(buffer.size(), 12u);
}

TEST(MessageBufferTest, KeepsNoMoreThanAHeadOfALargerMessage) {
  constexpr size_t kLimit = 1'000'000;
  std::string text(kLimit + 500'000, 'x');
  text.replace(MessageBuffer::kHeadBytes - 1, 2, "ab");
  MessageBuffer buffer(kLimit);

  Add(buffer, text);

  EXPECT_EQ(buffer.size(), text.size());
  EXPECT_EQ(buffer.bytes(),
            std::string_view(text).substr(0, MessageBuffer::kHeadBytes));
  EXPECT_LE(buffer.capacity(), 2 * MessageBuffer::kHeadBytes);
}

TEST(MessageBufferTest, HoldsALargeMessageWhole) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  MessageBuffer buffer(text.size());

  Add(buffer, text);

  EXPECT_EQ(buffer.bytes(), text);
  EXPECT_LE(buffer.capacity(), text.size() + 1);
}

TEST(MessageBufferTest, GivesBackTheMemoryOfALargeMessage) {
  MessageBuffer buffer(1'000'000);
  Add(buffer, std::string(1'000'000, 'x'));

  buffer.Clear();

  EXPECT_EQ(buffer.capacity(), MessageBuffer::kHeadBytes);
  EXPECT_EQ(buffer.size(), 0u);
  Add(buffer, "next");
  EXPECT_EQ(buffer.bytes(), "next");
}

}  // namespace
}  // namespace clawplane::core
