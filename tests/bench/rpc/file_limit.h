// How many files a program may have open.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_FILE_LIMIT_H_
#define CLAWPLANE_TESTS_BENCH_RPC_FILE_LIMIT_H_

#include <sys/resource.h>

namespace clawplane::testing {

// Lets this process open as many as it may: each connection is one.
inline void AllowManyFiles() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_FILE_LIMIT_H_
