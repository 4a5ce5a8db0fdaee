// How long things took, as counts.

#ifndef CLAWPLANE_CORE_MODEL_HISTOGRAM_H_
#define CLAWPLANE_CORE_MODEL_HISTOGRAM_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/model/time.h"

namespace clawplane::core {

// Counts durations by bounds that are fixed at build time and ascend: a handful
// of instructions for each, no allocation, and as much memory after a year as
// after a second.
//
// Thread-compatible.
template <const auto& kBounds>
class Histogram {
 public:
  static constexpr size_t kSize = std::size(kBounds) + 1;

  void Add(Duration took) {
    size_t bucket = 0;
    while (bucket < kSize - 1 && took > kBounds[bucket]) ++bucket;
    ++counts_[bucket];
    seconds_ += std::chrono::duration<double>(took).count();
  }

  static constexpr const auto& bounds() { return kBounds; }
  // Of those up to each bound and above the one before; the last of the rest.
  const std::array<uint64_t, kSize>& counts() const { return counts_; }
  double seconds() const { return seconds_; }

 private:
  std::array<uint64_t, kSize> counts_ = {};
  double seconds_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_HISTOGRAM_H_
