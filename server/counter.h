// A number that one thread counts and others may read.

#ifndef CLAWPLANE_SERVER_COUNTER_H_
#define CLAWPLANE_SERVER_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace clawplane::server {

// Costs what a plain number does, because only one thread at a time may add to
// it; any may read it.
class Counter {
 public:
  void Add(uint64_t more = 1) {
    value_.store(value() + more, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_COUNTER_H_
