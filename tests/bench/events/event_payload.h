// What the events of the benchmark carry.

#ifndef CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_PAYLOAD_H_
#define CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clawplane::testing {

// The name of every event that is counted.
inline constexpr std::string_view kEventName = "bench";

// The monotonic clock, which all processes of a machine share.
uint64_t MonotonicNs();

// An object of JSON text of exactly so many bytes that bears the time at which
// it is sent, and is otherwise always the same.
//
// Thread-compatible.
class EventPayload {
 public:
  static constexpr size_t kMinBytes = 64;

  // `bytes` is at least `kMinBytes`.
  explicit EventPayload(size_t bytes);

  // The text with this time in it; valid until the next call.
  std::string_view At(uint64_t sent_ns);

 private:
  std::string json_;
};

// The time that a payload bears; none if it is of another kind.
std::optional<uint64_t> SentAt(std::string_view json);

// A gateway's message for an event with this payload, and the number that it
// has on its connection.
std::string EventMessage(std::string_view payload, uint64_t seq);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_PAYLOAD_H_
