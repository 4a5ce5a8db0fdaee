#include "core/model/trace_parent.h"

#include <gtest/gtest.h>

#include <string>

namespace clawplane::core {
namespace {

// The example of the standard.
constexpr char kGood[] =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// The same with other characters from `place` on.
std::string With(size_t place, std::string_view characters) {
  return std::string(kGood).replace(place, characters.size(), characters);
}

TEST(TraceParentTest, TakesWhatIsInOrder) {
  EXPECT_TRUE(IsTraceParent(kGood));
  EXPECT_TRUE(IsTraceParent(With(53, "00")));
  EXPECT_TRUE(IsTraceParent(With(53, "ff"))) << "flags we do not know";
  EXPECT_TRUE(IsTraceParent(With(3, "0000000000000000000000000000000f")));
  EXPECT_TRUE(IsTraceParent(With(36, "f000000000000000")));
}

TEST(TraceParentTest, RefusesAnotherLength) {
  EXPECT_FALSE(IsTraceParent(""));
  const std::string good = kGood;
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(IsTraceParent(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(IsTraceParent(good + "-"));
  EXPECT_FALSE(IsTraceParent(good + "1"));
  EXPECT_FALSE(IsTraceParent(" " + good));
}

TEST(TraceParentTest, RefusesOtherVersions) {
  for (const char* version : {"01", "ff", "0x", "  "}) {
    EXPECT_FALSE(IsTraceParent(With(0, version))) << version;
  }
}

TEST(TraceParentTest, RefusesIdsOfZeros) {
  EXPECT_FALSE(IsTraceParent(With(3, "00000000000000000000000000000000")));
  EXPECT_FALSE(IsTraceParent(With(36, "0000000000000000")));
}

TEST(TraceParentTest, RefusesAnyOtherCharacterAnywhere) {
  const std::string good = kGood;
  for (size_t place = 0; place < good.size(); ++place) {
    for (const char c : {'A', 'F', 'g', 'x', ' ', '"', '\\', '\0', '\xC3'}) {
      EXPECT_FALSE(IsTraceParent(With(place, {&c, 1})))
          << "'" << c << "' at " << place;
    }
  }
  for (const size_t dash : {2, 35, 52}) {
    EXPECT_FALSE(IsTraceParent(With(dash, "0"))) << dash;
  }
}

}  // namespace
}  // namespace clawplane::core
