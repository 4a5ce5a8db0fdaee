// What a running process has used.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_COST_H_
#define CLAWPLANE_TESTS_BENCH_RPC_COST_H_

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace clawplane::testing {

// The CPU time of all threads of a process, user and system, in microseconds;
// exact, unlike the ticks of /proc/PID/stat. 0 for a process that is not there.
inline double CpuMicroseconds(pid_t pid) {
  clockid_t clock;
  timespec time = {};
  if (::clock_getcpuclockid(pid, &clock) != 0) return 0;
  if (::clock_gettime(clock, &time) != 0) return 0;
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

// The resident memory of a process, in KiB; 0 for one that is not there.
inline int64_t ResidentKib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    int64_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_COST_H_
