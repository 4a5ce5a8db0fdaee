#include "server/time_text.h"

#include <time.h>

#include <array>
#include <chrono>
#include <cstdio>

namespace clawplane::server {

std::string TimeText(core::WallTime time) {
  const auto since = time.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest =
      std::chrono::floor<std::chrono::milliseconds>(since - whole);
  const time_t seconds = whole.count();
  tm utc;
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text;
  const size_t size =
      ::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ",
                static_cast<int>(rest.count()));
  return text.data();
}

}  // namespace clawplane::server
