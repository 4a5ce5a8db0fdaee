// The metrics of this process, as the system shows it.

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>

#include "server/metrics.h"

namespace clawplane::server {
namespace {

struct Memory {
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

Memory MemoryNow() {
  uint64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  const double page = static_cast<double>(::getpagesize());
  return {static_cast<double>(total) * page,
          static_cast<double>(resident) * page};
}

double CpuSeconds() {
  timespec spent = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) +
         static_cast<double>(spent.tv_nsec) / 1e9;
}

// Linux 6.2 and later say it without being asked for each.
double OpenFiles() {
  constexpr char kFolder[] = "/proc/self/fd";
  struct stat folder = {};
  if (::stat(kFolder, &folder) == 0 && folder.st_size > 0) {
    return static_cast<double>(folder.st_size);
  }
  std::error_code error;
  std::filesystem::directory_iterator files(kFolder, error);
  return error ? 0
               : static_cast<double>(
                     std::distance(files, std::filesystem::directory_iterator())
                     // The one that counts them.
                     - 1);
}

double MostFiles() {
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur == RLIM_INFINITY
             ? std::numeric_limits<double>::infinity()
             : static_cast<double>(files.rlim_cur);
}

// Since 1970. The system counts from its own start, in ticks.
double StartTime() {
  constexpr int kField = 22;
  constexpr int kAfterName = 2;
  std::string text, word;
  std::getline(std::ifstream("/proc/self/stat"), text);
  // The name before it may hold anything.
  std::istringstream rest(
      text.substr(std::min(text.size(), text.rfind(')') + 1)));
  for (int field = kAfterName; field < kField; ++field) rest >> word;
  const double ticks = std::strtod(word.c_str(), nullptr);
  timespec wall = {}, boot = {};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  const double booted = static_cast<double>(wall.tv_sec - boot.tv_sec) +
                        static_cast<double>(wall.tv_nsec - boot.tv_nsec) / 1e9;
  return booted + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

void AddProcess(MetricSet& metrics) {
  // Once: the wall clock may be set, and the start does not move.
  static const double started_at = StartTime();
  const Memory memory = MemoryNow();
  metrics.Counter("process_cpu_seconds_total",
                  "User and system CPU time that clawplaned has spent.",
                  CpuSeconds());
  metrics.Gauge("process_resident_memory_bytes",
                "Resident memory of clawplaned.", memory.resident_bytes);
  metrics.Gauge("process_virtual_memory_bytes", "Virtual memory of clawplaned.",
                memory.virtual_bytes);
  metrics.Gauge("process_open_fds",
                "File descriptors that clawplaned has open.", OpenFiles());
  metrics.Gauge("process_max_fds",
                "How many file descriptors clawplaned may have open.",
                MostFiles());
  metrics.Gauge("process_start_time_seconds",
                "When clawplaned began, in seconds since 1970.", started_at);
}

}  // namespace clawplane::server
