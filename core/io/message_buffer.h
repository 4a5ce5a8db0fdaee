// The bytes of one incoming message.

#ifndef CLAWPLANE_CORE_IO_MESSAGE_BUFFER_H_
#define CLAWPLANE_CORE_IO_MESSAGE_BUFFER_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace clawplane::core {

// Gathers a message piece by piece, up to a limit. Of a message over the limit
// it keeps the head and counts the rest, so that the sender decides neither how
// much memory is taken nor, as memory grows only with bytes that came, how much
// is set aside.
//
// A cycle is: `Space`, `Commit`, as often as it takes; then `bytes`; `Clear`.
//
// Thread-compatible.
class MessageBuffer {
 public:
  // The most that is kept of a message over the limit, and the memory held
  // between messages.
  static constexpr size_t kHeadBytes = 64 * 1024;

  // Holds messages of up to `limit` bytes whole.
  explicit MessageBuffer(size_t limit);

  // Where the next bytes belong. Never empty; valid until the next call.
  std::span<char> Space();

  // Takes over the first `count` bytes of the last `Space`.
  void Commit(size_t count);

  // Begins a new message, and gives back what a large one took.
  void Clear();

  // How many bytes came, whether kept or not.
  size_t size() const { return size_; }
  bool oversized() const { return size_ > limit_; }

  // The message; its head if it is oversized. Valid until the next call of
  // another method.
  std::string_view bytes() const {
    return {memory_.get(), oversized() ? head_ : size_};
  }

  // The memory held, in bytes.
  size_t capacity() const { return capacity_; }

 private:
  // Moves to `capacity` bytes of memory, with the first `kept` bytes.
  void Move(size_t capacity, size_t kept);

  const size_t limit_;
  const size_t head_;
  // One byte more than the limit must fit: it is what shows an excess.
  const size_t base_;
  std::unique_ptr<char[]> memory_;
  size_t capacity_ = 0;
  size_t size_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_MESSAGE_BUFFER_H_
