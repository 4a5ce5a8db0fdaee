// Waiting for what other threads and processes do.

#ifndef CLAWPLANE_TESTS_WAIT_FOR_H_
#define CLAWPLANE_TESTS_WAIT_FOR_H_

#include <chrono>
#include <thread>

namespace clawplane::testing {

// Looks again and again until it is so; false when the time is up first. For
// what gives no other sign, such as the end of a process of somebody else: the
// only place where tests poll.
template <typename Predicate>
bool WaitFor(Predicate is_so,
             std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_WAIT_FOR_H_
