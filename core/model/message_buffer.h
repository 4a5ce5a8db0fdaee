// The bytes of one incoming message that came in pieces.

#ifndef CLAWPLANE_CORE_MODEL_MESSAGE_BUFFER_H_
#define CLAWPLANE_CORE_MODEL_MESSAGE_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

namespace clawplane::core {

// Gathers a message piece by piece, up to a limit. Of a message over the limit
// it keeps the head and counts the rest, so that the sender does not decide how
// much memory is taken. Nor, beyond `kStepBytes`, how much is set aside for
// what was announced: at most twice what came.
//
// A cycle is: `Expect`, then what was expected by `Append` or by `Space` and
// `Commit`, as often as it takes; then `bytes`; `Clear`.
//
// Thread-compatible.
class MessageBuffer {
 public:
  // The most that is kept of a message over the limit.
  static constexpr size_t kHeadBytes = 64 * 1024;
  // The most that is set aside before it came.
  static constexpr size_t kStepBytes = 1024 * 1024;

  // Holds messages of up to `limit` bytes whole.
  explicit MessageBuffer(size_t limit);

  // Says that the message has `count` bytes more.
  void Expect(uint64_t count);

  // Takes over bytes that were expected.
  void Append(std::string_view bytes);

  // Where the next expected bytes belong, and none that are not expected. Empty
  // if none are, or none are kept: then `Append` counts them. Valid until the
  // next call.
  std::span<char> Space();
  // Takes over the first `count` bytes of the last `Space`.
  void Commit(size_t count) { size_ += count; }

  // Begins a new message, and gives the memory back.
  void Clear();

  // How many bytes came, whether kept or not.
  size_t size() const { return size_; }
  // Whether the bytes that were announced are over the limit.
  bool oversized() const { return expected_ > limit_; }

  // The message; its head if it is oversized. Valid until the next call of
  // another method.
  std::string_view bytes() const;

  // The memory held, in bytes.
  size_t capacity() const { return capacity_; }

 private:
  // Memory that the system can extend without copying it.
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  // Holds `needed` bytes, and more if it is likely that more come.
  void Reserve(size_t needed);
  void Resize(size_t capacity);

  const size_t limit_;
  const size_t head_;
  std::unique_ptr<char[], Free> memory_;
  size_t capacity_ = 0;
  // What came of the message, and what was announced; no further than shows
  // that it is too much.
  size_t size_ = 0;
  size_t expected_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_MESSAGE_BUFFER_H_
