// libFuzzer's target: any bytes, read by us and by RapidJSON.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/json_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fault = clawplane::core::Disagreement(text)) {
    std::fprintf(stderr, "we and RapidJSON disagree: %s\n", fault->c_str());
    std::abort();
  }
  return 0;
}
