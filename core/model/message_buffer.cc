#include "core/model/message_buffer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace clawplane::core {

MessageBuffer::MessageBuffer(size_t limit)
    : limit_(limit), head_(std::min(limit, kHeadBytes)) {}

void MessageBuffer::Expect(uint64_t count) {
  if (oversized()) return;
  expected_ = count > limit_ - expected_ ? limit_ + 1 : expected_ + count;
  if (oversized() && capacity_ > head_) Resize(head_);
}

void MessageBuffer::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  assert(oversized() || bytes.size() <= expected_ - size_);
  const size_t end = oversized() ? head_ : expected_;
  if (size_ < end) {
    const size_t kept = std::min(bytes.size(), end - size_);
    Reserve(size_ + kept);
    std::memcpy(memory_.get() + size_, bytes.data(), kept);
  }
  size_ += bytes.size();
}

std::span<char> MessageBuffer::Space() {
  if (oversized() || size_ == expected_) return {};
  if (size_ == capacity_) Reserve(size_ + 1);
  return {memory_.get() + size_, std::min(capacity_, expected_) - size_};
}

void MessageBuffer::Clear() {
  memory_.reset();
  capacity_ = 0;
  size_ = 0;
  expected_ = 0;
}

std::string_view MessageBuffer::bytes() const {
  return {memory_.get(), oversized() ? std::min(size_, head_) : size_};
}

void MessageBuffer::Reserve(size_t needed) {
  if (needed <= capacity_) return;
  const size_t most = oversized() ? head_ : limit_;
  Resize(std::min(most, std::max({needed, 2 * capacity_,
                                  std::min(expected_, kStepBytes)})));
}

void MessageBuffer::Resize(size_t capacity) {
  // Some systems free memory that is resized to nothing.
  char* const memory = static_cast<char*>(
      std::realloc(memory_.get(), std::max<size_t>(capacity, 1)));
  if (memory == nullptr) throw std::bad_alloc();
  static_cast<void>(memory_.release());
  memory_.reset(memory);
  capacity_ = capacity;
}

}  // namespace clawplane::core
