// What is asked of the readers of events, and what they tell.

#ifndef CLAWPLANE_TESTS_BENCH_EVENTS_READER_FIGURES_H_
#define CLAWPLANE_TESTS_BENCH_EVENTS_READER_FIGURES_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clawplane::testing {

// The flags of event_load, which explains them.
struct ReaderPlan {
  std::string target;
  std::string token_file;
  size_t streams = 1;
  size_t connections = 1;
  size_t stalled = 0;
  uint64_t warm_up = 0;
  uint64_t events = 0;
  bool replay = false;
  bool idle = false;
  pid_t server = 0;
  pid_t gateway = 0;
  int timeout = 60;
};

// CPU time so far, of three processes.
struct ReaderCosts {
  double server_us = 0;
  double gateway_us = 0;
  double own_us = 0;
};

struct ReaderFigures {
  // Of the window that is measured: responses with events, their bytes, and
  // their events, each counted for each stream.
  uint64_t responses = 0;
  uint64_t bytes = 0;
  uint64_t deliveries = 0;
  uint64_t other_events = 0;
  uint64_t first_at_ns = 0;
  uint64_t last_at_ns = 0;
  ReaderCosts first;
  ReaderCosts last;
  // From the sending of an event to its receipt, for each delivery.
  std::vector<float> latency_us;
  // Around the opening of the streams.
  ReaderCosts before_opening;
  ReaderCosts opened;
  int64_t rss_before_kib = 0;
  int64_t rss_after_kib = 0;
};

std::string Json(const ReaderPlan& plan, ReaderFigures figures);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_EVENTS_READER_FIGURES_H_
