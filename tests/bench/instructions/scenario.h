// What is counted: the parts of the way of calls and events through Clawplane.

#ifndef CLAWPLANE_TESTS_BENCH_INSTRUCTIONS_SCENARIO_H_
#define CLAWPLANE_TESTS_BENCH_INSTRUCTIONS_SCENARIO_H_

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/model/text.h"

namespace clawplane::testing {

// What is put in, and how often: as much as takes a second under callgrind.
struct InputSize {
  const char* name;
  size_t bytes;
  // How often the operation is counted. Before that it is done as often
  // uncounted, so that heap and tables have grown to the size they keep.
  size_t times;
};
inline constexpr InputSize kNone{"0B", 0, 512};
inline constexpr InputSize kSmall{"200B", 200, 512};
inline constexpr InputSize kMiddle{"10KB", 10'000, 64};
inline constexpr InputSize kLarge{"1MB", 1'000'000, 4};

// One operation on a fixed input, again and again.
struct Scenario {
  // Does the operation for the `index`-th time. Throws if it fails.
  using Operation = std::function<void(size_t index)>;

  const char* part;
  InputSize size;
  // Makes the operation for an input of `bytes`, for `times` calls in all.
  Operation (*prepare)(size_t bytes, size_t times);

  std::string name() const { return core::Concat(part, "/", size.name); }
};

// Of core/model.
std::vector<Scenario> CoreScenarios();
// Of server/, with gRPC and protobuf as far as they take part.
std::vector<Scenario> ServerScenarios();
// Of the way of events.
std::vector<Scenario> EventScenarios();
// Of the readers of events and status.
std::vector<Scenario> StalledScenarios();

// What failed is not worth counting.
inline void Require(bool done, const char* what) {
  if (!done) throw std::logic_error(what);
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_INSTRUCTIONS_SCENARIO_H_
