// What a gateway writes into the lock of its state.

#ifndef CLAWPLANE_CORE_MODEL_STATE_LOCK_H_
#define CLAWPLANE_CORE_MODEL_STATE_LOCK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clawplane::core {

// The file's format is the gateway's own and may change, so everything but the
// process is optional. Thread-compatible.
struct StateLock {
  // Longer texts are not what is looked for.
  static constexpr size_t kMaxBytes = 64 * 1024;

  int32_t pid = 0;
  // 0 if not told.
  uint16_t port = 0;
  // When the process began, in clock ticks since the system did; 0 if not told.
  uint64_t start_ticks = 0;
};

// Nothing if the text is not such a lock's, or names no process.
std::optional<StateLock> ParseStateLock(std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_STATE_LOCK_H_
