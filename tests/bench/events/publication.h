// When the events of a measurement are to be sent.

#ifndef CLAWPLANE_TESTS_BENCH_EVENTS_PUBLICATION_H_
#define CLAWPLANE_TESTS_BENCH_EVENTS_PUBLICATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clawplane::testing {

// So many events, at a pace or as fast as they are taken.
//
// Thread-compatible.
class Publication {
 public:
  // Reads `burst COUNT SIZE` or `pace RATE COUNT SIZE`: the rate in events a
  // second, the size of a payload in bytes. None if it is neither.
  static std::optional<Publication> Parse(std::string_view line);

  uint64_t count() const { return count_; }
  size_t size() const { return size_; }
  bool is_paced() const { return interval_ns_ > 0; }
  bool over() const { return sent_ == count_; }

  // How many are due and were not sent. The first call sets the begin.
  uint64_t Due(uint64_t now_ns);
  void OnSent(uint64_t events) { sent_ += events; }
  // When the next one is due; not to be asked before `Due`.
  uint64_t NextAt() const { return begin_ns_ + interval_ns_ * sent_; }

 private:
  Publication() = default;

  uint64_t count_ = 0;
  size_t size_ = 0;
  // 0 without a pace.
  uint64_t interval_ns_ = 0;
  uint64_t begin_ns_ = 0;
  uint64_t sent_ = 0;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_EVENTS_PUBLICATION_H_
