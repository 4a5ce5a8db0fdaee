#include <gmock/gmock.h>

#include "tests/e2e/real_gateway_test.h"

namespace clawplane::testing {

using std::chrono::minutes;
using ::testing::HasSubstr;

void RealGatewayTest::ExpectUnknownMethodIsRefused() {
  v1::RpcResponse response;
  const grpc::Status unknown = Rpc("no.such.method", "{}", &response);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(unknown.error_message(), HasSubstr("no.such.method"));
}

void RealGatewayTest::ExpectEventArrives() {
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
      Rpc("voicewake.set", R"({"triggers":["clawplane"]})", &response).ok());
  do {
    ASSERT_TRUE(reader->Read(&event));
  } while (event.events_size() == 0);
  EXPECT_EQ(event.events(0).name(), "voicewake.changed");
  EXPECT_THAT(event.events(0).notification().payload().json(),
              HasSubstr("clawplane"));
  context.TryCancel();
}

}  // namespace clawplane::testing
