#include "server/file_limit.h"

#include <algorithm>

namespace clawplane::server {
namespace {

// All connections that there may be, several times.
constexpr rlim_t kEnough = 65'536;

}  // namespace

rlim_t RaiseFileLimit() {
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const rlim_t before = files.rlim_cur;
  files.rlim_cur = std::max(before, std::min(files.rlim_max, kEnough));
  ::setrlimit(RLIMIT_NOFILE, &files);
  return before;
}

}  // namespace clawplane::server
