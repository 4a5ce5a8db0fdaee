// Putting text together. Debian's Abseil is built with a string_view of its
// own, so its StrCat does not take the standard one.

#ifndef CLAWPLANE_CORE_MODEL_TEXT_H_
#define CLAWPLANE_CORE_MODEL_TEXT_H_

#include <concepts>
#include <string>
#include <string_view>

namespace clawplane::core {

// All parts in a row, integers in decimal.
template <typename... Parts>
std::string Concat(const Parts&... parts) {
  std::string text;
  const auto append = [&text](const auto& part) {
    if constexpr (std::integral<std::remove_cvref_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += std::string_view(part);
    }
  };
  (append(parts), ...);
  return text;
}

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_TEXT_H_
