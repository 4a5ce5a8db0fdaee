// What is told of the gateway and of the server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using Status = v1::GatewayStatus;

TEST(ReconnectingTest, FollowsALostConnection) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());

  gateway.DropAll();

  ASSERT_TRUE(WaitForState(served.stub(), Status::STATE_RECONNECTING));
  EXPECT_EQ(GetStatus(served.stub()).error().reason(),
            v1::REASON_CONNECTION_LOST);
  // A start does not wait for the back-off to end.
  EXPECT_TRUE(Start(served.stub()).ok());
}

TEST(DescribeTest, NeedsAHandshakeFirstAndKeepsIt) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  v1::DescribeGatewayResponse response;
  {
    grpc::ClientContext context;
    const auto status = served.stub().DescribeGateway(&context, {}, &response);
    EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(ReasonOf(status), "NOT_RUNNING");
  }
  ASSERT_TRUE(Start(served.stub()).ok());
  {
    grpc::ClientContext context;
    ASSERT_TRUE(served.stub().DescribeGateway(&context, {}, &response).ok());
  }
  EXPECT_TRUE(response.connected());
  EXPECT_THAT(response.methods(), ::testing::Contains("fake.echo"));
  EXPECT_EQ(response.boot_id(), gateway.boot_id());
  EXPECT_EQ(response.max_payload_bytes(), 26214400u);
  EXPECT_EQ(response.tick_interval().seconds(), 30);
  {
    grpc::ClientContext context;
    v1::StopResponse stopped;
    ASSERT_TRUE(served.stub().Stop(&context, {}, &stopped).ok());
  }
  grpc::ClientContext context;
  ASSERT_TRUE(served.stub().DescribeGateway(&context, {}, &response).ok());
  EXPECT_FALSE(response.connected());
  EXPECT_EQ(response.boot_id(), gateway.boot_id());
}

TEST(ServerInfoTest, TellsAboutTheServer) {
  FakeGateway gateway;
  core::Config config = AttachTo(gateway);
  config.name = "box";
  ServedGateway served(config);
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(served.stub().GetServerInfo(&context, {}, &info).ok());
  EXPECT_NE(info.version(), "");
  EXPECT_NE(info.build(), "");
  EXPECT_EQ(info.epoch(), GetStatus(served.stub()).log_position().epoch());
  EXPECT_EQ(info.pid(), ::getpid());
  EXPECT_EQ(info.name(), "box");
  EXPECT_THAT(info.listeners(), ::testing::ElementsAre(HasSubstr("127.0.0.1:"),
                                                       HasSubstr("unix:")));
}

}  // namespace
}  // namespace clawplane::testing
