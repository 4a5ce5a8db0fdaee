#include "core/io/message_buffer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace clawplane::core {

MessageBuffer::MessageBuffer(size_t limit)
    : limit_(limit),
      head_(std::min(limit, kHeadBytes)),
      base_(std::min(limit + 1, kHeadBytes)) {
  Move(base_, 0);
}

std::span<char> MessageBuffer::Space() {
  // The rest of an oversized message is read over itself, behind the head.
  if (oversized()) return {memory_.get() + head_, capacity_ - head_};
  if (size_ == capacity_) Move(std::min(2 * capacity_, limit_ + 1), size_);
  return {memory_.get() + size_, capacity_ - size_};
}

void MessageBuffer::Commit(size_t count) {
  const bool was_oversized = oversized();
  assert(was_oversized || count <= capacity_ - size_);
  size_ += count;
  if (oversized() && !was_oversized) Move(head_ + kHeadBytes, head_);
}

void MessageBuffer::Clear() {
  size_ = 0;
  if (capacity_ != base_) Move(base_, 0);
}

void MessageBuffer::Move(size_t capacity, size_t kept) {
  auto memory = std::make_unique_for_overwrite<char[]>(capacity);
  if (kept > 0) std::memcpy(memory.get(), memory_.get(), kept);
  memory_ = std::move(memory);
  capacity_ = capacity;
}

}  // namespace clawplane::core
