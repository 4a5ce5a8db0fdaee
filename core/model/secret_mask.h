// Keeping secrets out of what is shown.

#ifndef CLAWPLANE_CORE_MODEL_SECRET_MASK_H_
#define CLAWPLANE_CORE_MODEL_SECRET_MASK_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace clawplane::core {

// Replaces the secrets that it was told, wherever they occur in a text, by
// `[redacted]`.
//
// Thread-compatible.
class SecretMask {
 public:
  // Anything shorter might be an ordinary word.
  static constexpr size_t kMinBytes = 8;
  static constexpr size_t kMaxSecrets = 64;

  // Learns a secret. Passes over one that is too short, and forgets the one
  // that was added least recently when there are too many.
  void Add(std::string_view secret);

  // The text without the secrets. Where they overlap, or one is part of
  // another, nothing of any is left. If `cut`, the end of the text was cut off,
  // and what may be the beginning of a secret there is replaced too.
  std::string Mask(std::string text, bool cut = false) const;

 private:
  // One pass over `text`; nothing if there is no secret in it.
  std::optional<std::string> Replace(const std::string& text, bool cut,
                                     std::string_view instead) const;

  std::deque<std::string> secrets_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_SECRET_MASK_H_
