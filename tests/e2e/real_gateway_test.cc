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

using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RealLifeTest : public RealGatewayTest {
 protected:
  void ExpectCallsWork();
  void ExpectEventArrives();
};

void RealLifeTest::ExpectCallsWork() {
  v1::RpcResponse response;
  ASSERT_TRUE(Rpc("health", "", &response).ok());
  EXPECT_THAT(response.result_json(), HasSubstr("\"ok\":true"));
  ASSERT_TRUE(Rpc("health", "", &response, v1::PAYLOAD_FORM_VALUE).ok());
  EXPECT_TRUE(response.result().struct_value().fields().at("ok").bool_value());

  const grpc::Status unknown = Rpc("no.such.method", "{}", &response);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(unknown.error_message(), HasSubstr("no.such.method"));

  ASSERT_TRUE(Rpc("config.schema", "{}", &response).ok());
  EXPECT_GT(response.result_json().size(), 1'000'000u);
}

void RealLifeTest::ExpectEventArrives() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + minutes(2));
  v1::StreamEventsRequest request;
  request.add_names("voicewake.changed");
  const auto reader = stub_->StreamEvents(&context, request);
  v1::StreamEventsResponse event;
  ASSERT_TRUE(reader->Read(&event));
  ASSERT_TRUE(event.has_bookmark());
  v1::RpcResponse response;
  ASSERT_TRUE(
      Rpc("voicewake.set", R"({"triggers":["hey clawplane"]})", &response)
          .ok());
  do {
    ASSERT_TRUE(reader->Read(&event));
  } while (event.events_size() == 0);
  EXPECT_EQ(event.events(0).name(), "voicewake.changed");
  EXPECT_THAT(event.events(0).notification().payload().json(),
              HasSubstr("hey clawplane"));
  context.TryCancel();
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
