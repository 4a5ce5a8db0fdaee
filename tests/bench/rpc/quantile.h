// Shares of a sorted list.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_QUANTILE_H_
#define CLAWPLANE_TESTS_BENCH_RPC_QUANTILE_H_

#include <cstddef>
#include <vector>

namespace clawplane::testing {

// The value below which this share of the others lies, from 0 to 1; 0 if there
// is none. `sorted` is in ascending order.
inline double Quantile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(share * (sorted.size() - 1))];
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_QUANTILE_H_
