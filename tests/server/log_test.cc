#include "server/log.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clawplane::server {
namespace {

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
