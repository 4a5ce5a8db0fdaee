// The versions of the gateway, in the names of tests.

#ifndef CLAWPLANE_TESTS_VERSION_NAMES_H_
#define CLAWPLANE_TESTS_VERSION_NAMES_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clawplane::testing {

// Those that the fake gateway can be like.
inline auto KnownVersions() {
  return ::testing::Values("2026.9.6", "2026.3.13", "2026.2.19", "2026.1.24-3");
}

// As a name of a test may be spelled: 2026_9_6.
inline std::string SpelledForATest(std::string version) {
  std::replace_if(
      version.begin(), version.end(), [](char c) { return c < '0'; }, '_');
  return version;
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_VERSION_NAMES_H_
