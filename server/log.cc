#include "server/log.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "core/model/text.h"
#include "server/time_text.h"

namespace clawplane::server {

void LogLine(std::string_view text) {
  std::string line =
      core::Concat(TimeText(std::chrono::system_clock::now()), " ", text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  // One write: the kernel keeps lines apart. There is nobody to tell if the
  // log itself cannot be written.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace clawplane::server
