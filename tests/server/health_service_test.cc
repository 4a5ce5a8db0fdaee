// gRPC's standard health service, watched.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"

namespace clawplane::testing {
namespace {

using grpc::health::v1::Health;
using Request = grpc::health::v1::HealthCheckRequest;
using Response = grpc::health::v1::HealthCheckResponse;

constexpr char kService[] = "clawplane.v1.GatewayService";

// One `Watch`, until the end of the test.
class Watch {
 public:
  Watch(const ServedGateway& served, const std::string& service)
      : stub_(Health::NewStub(served.channel())) {
    Request request;
    request.set_service(service);
    context_.set_deadline(Soon());
    reader_ = stub_->Watch(&context_, request);
  }
  ~Watch() { context_.TryCancel(); }

  // The next status; UNKNOWN, which is never sent, once the stream has ended.
  Response::ServingStatus Next() {
    Response response;
    return reader_->Read(&response) ? response.status() : Response::UNKNOWN;
  }
  grpc::Status End() { return reader_->Finish(); }

 private:
  const std::unique_ptr<Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;
};

grpc::Status Stop(v1::GatewayService::Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::StopResponse response;
  return stub.Stop(&context, {}, &response);
}

class HealthServiceTest : public ::testing::Test {
 protected:
  HealthServiceTest() : served_(AttachTo(gateway_)) {}

  FakeGateway gateway_;
  ServedGateway served_;
};

TEST_F(HealthServiceTest, TellsEachChangeOnce) {
  Watch watch(served_, kService);
  EXPECT_EQ(watch.Next(), Response::NOT_SERVING);
  ASSERT_TRUE(Start(served_.stub()).ok());
  // STARTING on the way is no change.
  EXPECT_EQ(watch.Next(), Response::SERVING);
  ASSERT_TRUE(Stop(served_.stub()).ok());
  EXPECT_EQ(watch.Next(), Response::NOT_SERVING);
}

TEST_F(HealthServiceTest, ServesItselfAsLongAsItLives) {
  Watch watch(served_, "");
  EXPECT_EQ(watch.Next(), Response::SERVING);
  served_.End();
  EXPECT_EQ(watch.Next(), Response::UNKNOWN);
  EXPECT_EQ(watch.End().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, SaysThatAServiceIsUnknownAndGoesOn) {
  Watch watch(served_, "no.such.Service");
  EXPECT_EQ(watch.Next(), Response::SERVICE_UNKNOWN);
}

}  // namespace
}  // namespace clawplane::testing
