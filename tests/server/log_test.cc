#include "server/log.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clawplane::server {
namespace {

using Level = core::LogConfig::Level;
using Format = core::LogConfig::Format;

// What `write` writes with this configuration.
template <typename Write>
std::string Captured(const core::LogConfig& config, Write write) {
  ::testing::internal::CaptureStderr();
  UseLog(config);
  write();
  UseLog({});
  return ::testing::internal::GetCapturedStderr();
}

constexpr char kTime[] = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z";

TEST(LogTest, LeavesOutWhatIsLessSevereThanTheLevel) {
  const auto write_all = [] {
    Log(Level::kDebug, "d");
    Log(Level::kInfo, "i");
    Log(Level::kWarning, "w");
    Log(Level::kError, "e");
  };
  const auto levels_of = [&](Level level) {
    std::string text = Captured({.level = level}, write_all);
    std::string ends;
    for (size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '\n') ends += text[i - 1];
    }
    return ends;
  };
  EXPECT_EQ(levels_of(Level::kDebug), "diwe");
  EXPECT_EQ(levels_of(Level::kInfo), "iwe");
  EXPECT_EQ(levels_of(Level::kWarning), "we");
  EXPECT_EQ(levels_of(Level::kError), "e");
}

TEST(LogTest, WritesALineForPeople) {
  const std::string time = kTime;
  EXPECT_THAT(Captured({}, [] { LogInfo("all\nis well"); }),
              ::testing::ContainsRegex("^" + time + " all is well\n$"));
  EXPECT_THAT(Captured({}, [] { LogWarning("take care"); }),
              ::testing::ContainsRegex("^" + time + " warning: take care\n$"));
}

TEST(LogTest, WritesAJsonObjectForPrograms) {
  const std::string text = Captured({.format = Format::kJson}, [] {
    Log(Level::kError, "a \"quoted\"\nline \xff",
        {{"code", "7"}, {"empty", ""}});
  });
  EXPECT_THAT(text, ::testing::ContainsRegex(
                        "^[{]\"time\":\"" + std::string(kTime) +
                        "\",\"level\":\"error\",\"message\":\"a \\\\\"quoted"
                        "\\\\\"\\\\nline \xEF\xBF\xBD\",\"code\":\"7\"[}]\n$"));
}

TEST(LogTest, TellsDecisionsByTheirWeight) {
  const core::Decision routine = {"RUNNING/none", "deadline", "RUNNING/none",
                                  "look",         "",         true};
  const core::Decision failure = {"STARTING/probing", "port-seen", "ERROR/none",
                                  "finish 1 PORT_HELD", "the port is in use"};
  EXPECT_EQ(Captured({}, [&] { LogDecision(routine); }), "");
  EXPECT_THAT(Captured({.level = Level::kDebug}, [&] { LogDecision(routine); }),
              ::testing::HasSubstr(
                  "debug: RUNNING/none, deadline -> RUNNING/none, look\n"));
  EXPECT_THAT(
      Captured({}, [&] { LogDecision(failure); }),
      ::testing::HasSubstr("error: STARTING/probing, port-seen -> ERROR/none, "
                           "finish 1 PORT_HELD: the port is in use\n"));
  EXPECT_THAT(
      Captured({.format = Format::kJson}, [&] { LogDecision(failure); }),
      ::testing::HasSubstr("\"from\":\"STARTING/probing\",\"input\":"
                           "\"port-seen\",\"to\":\"ERROR/none\",\"effects\":"
                           "\"finish 1 PORT_HELD\",\"error\":"
                           "\"the port is in use\"}\n"));
}

TEST(LogTest, TurnsDebugOnAndOffAgain) {
  EXPECT_TRUE(ToggleDebug());
  EXPECT_NE(
      Captured({.level = Level::kError}, [] { Log(Level::kDebug, "seen"); }),
      "");
  EXPECT_FALSE(ToggleDebug());
  EXPECT_EQ(Captured({.level = Level::kError},
                     [] { Log(Level::kDebug, "not seen"); }),
            "");
}

TEST(GrpcLogTest, IsBounded) {
  // Decides what is logged at all.
  ::grpc_init();
  ::testing::internal::CaptureStderr();
  TakeGrpcLog();
  for (int i = 0; i < 1000; ++i) gpr_log(GPR_ERROR, "handshake failed");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, ::testing::HasSubstr("Z gRPC: handshake failed\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
}

}  // namespace
}  // namespace clawplane::server
