#include "server/log.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "core/model/text.h"

namespace clawplane::server {

void LogLine(std::string_view text) {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc;
  ::gmtime_r(&now.tv_sec, &utc);
  std::array<char, 40> stamp;
  const size_t size =
      ::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(stamp.data() + size, stamp.size() - size, ".%03ldZ ",
                now.tv_nsec / 1'000'000);
  std::string line = core::Concat(stamp.data(), text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  // One write: the kernel keeps lines apart. There is nobody to tell if the
  // log itself cannot be written.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace clawplane::server
