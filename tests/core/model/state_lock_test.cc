#include "core/model/state_lock.h"

#include <gtest/gtest.h>

namespace clawplane::core {
namespace {

TEST(StateLockTest, IsReadAsTheGatewayWritesIt) {
  const auto lock = ParseStateLock(R"({
  "pid": 28243,
  "ownerId": "8b5f2c66-0e1d-4bbe-8418-f729c8c8d297",
  "createdAt": "2026-11-22T22:30:02.206Z",
  "configPath": "/home/x/.openclaw/openclaw.json",
  "stateDir": "/home/x/.openclaw",
  "port": 28411,
  "startTime": 1383695
}
)"
                                   "\t \t\t  ");

  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->pid, 28243);
  EXPECT_EQ(lock->port, 28411);
  EXPECT_EQ(lock->start_ticks, 1383695u);
}

TEST(StateLockTest, NeedsNothingButTheProcess) {
  const auto lock = ParseStateLock(R"({"pid":7})");

  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->pid, 7);
  EXPECT_EQ(lock->port, 0);
  EXPECT_EQ(lock->start_ticks, 0u);
}

TEST(StateLockTest, TakesMembersOfOtherTypesForMissing) {
  const auto lock =
      ParseStateLock(R"({"pid":7,"port":"x","startTime":[[[]]]})");

  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->port, 0);
  EXPECT_EQ(lock->start_ticks, 0u);
  EXPECT_EQ(ParseStateLock(R"({"pid":7,"port":65536})")->port, 0);
}

TEST(StateLockTest, IsNothingWithoutAProcess) {
  for (const char* text : {"", "x", "[]", "7", "null", "{}", R"({"pid":0})",
                           R"({"pid":-1})", R"({"pid":"7"})", R"({"pid":7.5})",
                           R"({"pid":2147483648})", R"({"pid":7)"}) {
    EXPECT_FALSE(ParseStateLock(text)) << text;
  }
}

TEST(StateLockTest, IsNothingIfItIsTooLongOrTooDeep) {
  EXPECT_FALSE(
      ParseStateLock(R"({"pid":7})" + std::string(StateLock::kMaxBytes, ' ')));
  EXPECT_FALSE(ParseStateLock(std::string(StateLock::kMaxBytes, '[')));
}

}  // namespace
}  // namespace clawplane::core
