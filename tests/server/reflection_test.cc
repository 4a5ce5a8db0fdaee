// What the server tells of its API, as clients without a .proto file ask it.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/server/served_gateway.h"

namespace clawplane::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

struct Final {
  using Stub = grpc::reflection::v1::ServerReflection::Stub;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  static std::unique_ptr<Stub> NewStub(
      const std::shared_ptr<grpc::Channel>& channel) {
    return grpc::reflection::v1::ServerReflection::NewStub(channel);
  }
};
struct Alpha {
  using Stub = grpc::reflection::v1alpha::ServerReflection::Stub;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  static std::unique_ptr<Stub> NewStub(
      const std::shared_ptr<grpc::Channel>& channel) {
    return grpc::reflection::v1alpha::ServerReflection::NewStub(channel);
  }
};

// Asks several questions on one stream.
template <typename Version>
class ReflectionTest : public ::testing::Test {
 protected:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  ReflectionTest()
      : served_(core::Config()), stub_(Version::NewStub(served_.channel())) {
    context_.set_deadline(Soon());
    stream_ = stub_->ServerReflectionInfo(&context_);
  }

  Response Ask(const Request& request) {
    Response response;
    EXPECT_TRUE(stream_->Write(request));
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }

  ServedGateway served_;
  std::unique_ptr<typename Version::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
};

using Versions = ::testing::Types<Final, Alpha>;
TYPED_TEST_SUITE(ReflectionTest, Versions);

template <typename Response>
std::vector<std::string> FileNames(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes :
       response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TYPED_TEST(ReflectionTest, NamesItsServices) {
  typename TypeParam::Request request;
  request.set_list_services("*");
  const auto response = this->Ask(request);
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(
      names, ElementsAre("clawplane.v1.GatewayService", "grpc.health.v1.Health",
                         "grpc.reflection.v1.ServerReflection",
                         "grpc.reflection.v1alpha.ServerReflection"));
}

TYPED_TEST(ReflectionTest, GivesAFileWithAllThatItImports) {
  typename TypeParam::Request request;
  request.set_host("somewhere");
  request.set_file_containing_symbol("clawplane.v1.GatewayService.Rpc");
  const auto response = this->Ask(request);
  EXPECT_EQ(response.valid_host(), "somewhere");
  EXPECT_EQ(response.original_request().file_containing_symbol(),
            "clawplane.v1.GatewayService.Rpc");
  const std::vector<std::string> names = FileNames(response);
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "clawplane/v1/gateway.proto");
  EXPECT_THAT(names, Contains("google/protobuf/struct.proto"));

  request.set_file_by_filename("grpc/health/v1/health.proto");
  EXPECT_THAT(FileNames(this->Ask(request)),
              ElementsAre("grpc/health/v1/health.proto"));
}

TYPED_TEST(ReflectionTest, KnowsEveryServiceThatItNames) {
  typename TypeParam::Request request;
  request.set_list_services("");
  const auto list = this->Ask(request);
  for (const auto& service : list.list_services_response().service()) {
    request.set_file_containing_symbol(service.name());
    EXPECT_FALSE(FileNames(this->Ask(request)).empty()) << service.name();
  }
}

TYPED_TEST(ReflectionTest, SaysWhatItDoesNotKnowAndGoesOn) {
  typename TypeParam::Request request;
  request.set_file_containing_symbol("no.such.Thing");
  EXPECT_EQ(this->Ask(request).error_response().error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_all_extension_numbers_of_type("clawplane.v1.RpcRequest");
  EXPECT_EQ(this->Ask(request).error_response().error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(this->Ask({}).error_response().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);

  this->stream_->WritesDone();
  EXPECT_TRUE(this->stream_->Finish().ok());
}

}  // namespace
}  // namespace clawplane::testing
