// A disk that is full, for this process.

#ifndef CLAWPLANE_TESTS_SERVER_FILE_SIZE_LIMIT_H_
#define CLAWPLANE_TESTS_SERVER_FILE_SIZE_LIMIT_H_

#include <signal.h>
#include <sys/resource.h>

namespace clawplane::testing {

// Takes from this process the right to write more than `bytes` to any file,
// while it lives. Thread-compatible.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  // Has the signal that goes with it not end this process.
  static void IgnoreSignal() { ::signal(SIGXFSZ, SIG_IGN); }

 private:
  rlimit before_{};
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_FILE_SIZE_LIMIT_H_
