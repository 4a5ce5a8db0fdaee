// The whole, once, with a real gateway.

#include "tests/e2e/real_gateway_test.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RealLifeTest : public RealGatewayTest {
 protected:
  void ExpectCallsWork();
};

void RealLifeTest::ExpectCallsWork() {
  v1::RpcResponse response;
  ASSERT_TRUE(Rpc("health", "", &response).ok());
  EXPECT_THAT(response.result_json(), HasSubstr("\"ok\":true"));
  ASSERT_TRUE(Rpc("health", "", &response, v1::PAYLOAD_FORM_VALUE).ok());
  EXPECT_TRUE(response.result().struct_value().fields().at("ok").bool_value());

  ExpectUnknownMethodIsRefused();

  ASSERT_TRUE(Rpc("config.schema", "{}", &response).ok());
  EXPECT_GT(response.result_json().size(), 1'000'000u);
}

TEST_F(RealLifeTest, LivesItsWholeLife) {
  v1::StartResponse started;
  const grpc::Status start =
      Make(&v1::GatewayService::Stub::Start, {}, &started);
  ASSERT_TRUE(start.ok()) << start.error_message();
  EXPECT_EQ(started.status().state(), v1::GatewayStatus::STATE_RUNNING);
  EXPECT_TRUE(started.status().owned());

  ExpectCallsWork();
  ExpectEventArrives();
  v1::DescribeGatewayResponse described;
  ASSERT_TRUE(
      Make(&v1::GatewayService::Stub::DescribeGateway, {}, &described).ok());
  EXPECT_GT(described.methods_size(), 400);
  EXPECT_THAT(described.methods(), Contains("voicewake.set"));

  v1::RestartResponse restarted;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Restart, {}, &restarted).ok());
  EXPECT_EQ(restarted.proof(), v1::RestartResponse::PROOF_BOOT_ID);
  EXPECT_NE(restarted.status().boot_id(), started.status().boot_id());
  EXPECT_NE(restarted.status().boot_id(), "");
  EXPECT_EQ(Clawctl({"call", "health"}).exit_code, 0);

  v1::StopResponse stopped;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Stop, {}, &stopped).ok());
  EXPECT_EQ(stopped.exit().exit_code(), 0);
  EXPECT_TRUE(stopped.exit().has_exit_code());
  EXPECT_FALSE(stopped.exit().killed());
  Clawctl({"logs"});
  Clawctl({"events", "--from-oldest", "--full", "--count", "5"});
  EXPECT_FALSE(IsPortOpen(port()));
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_THAT(ProcessesWith(place_.path()), IsEmpty());
}

}  // namespace
}  // namespace clawplane::testing
