// Messages that are too large, too deep or none at all, from clients that are
// let in. How each part takes them is tested beside it: json_value_test,
// rpc_test and rpc_request_test in tests/server, json_scanner_test in
// tests/core/model; a message over the limit in tests/e2e/secrets_test.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/abuse/attacked_daemon.h"
#include "tests/abuse/attacks.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;

class MessagesTest : public AttackTest {
 protected:
  void SetUp() override {
    AttackTest::SetUp();
    ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
    stub_ = v1::GatewayService::NewStub(
        grpc::CreateChannel(unix_target(), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    stub_.reset();
    ASSERT_EQ(Clawctl({"stop"}).exit_code, 0);
    AttackTest::TearDown();
  }

  StatusCode Send(const v1::RpcRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(30));
    v1::RpcResponse response;
    return stub_->Rpc(&context, request, &response).error_code();
  }
  StatusCode SendJson(const std::string& params) {
    v1::RpcRequest request;
    request.set_method("fake.echo");
    request.set_params_json(params);
    return Send(request);
  }

 private:
  std::unique_ptr<v1::GatewayService::Stub> stub_;
};

TEST_F(MessagesTest, OfJsonThatNeverEndsAreRefused) {
  for (const char* const opening : {"[", "{\"a\":", "[{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += opening;
    EXPECT_EQ(SendJson(deep), StatusCode::INVALID_ARGUMENT) << opening;
  }
}

TEST_F(MessagesTest, OfValuesThatAreTooDeepAreRefused) {
  for (const int depth : {33, 100, 5'000}) {
    v1::RpcRequest request;
    request.set_method("fake.echo");
    google::protobuf::Value* inner = request.mutable_params();
    for (int i = 0; i < depth; ++i) {
      inner = inner->mutable_list_value()->add_values();
    }
    inner->set_bool_value(true);
    EXPECT_EQ(Send(request), StatusCode::INVALID_ARGUMENT) << depth;
  }
}

TEST_F(MessagesTest, OfTextThatIsNotUtf8AreRefused) {
  for (const char* const bytes :
       {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(SendJson("[\"" + std::string(bytes) + "\"]"),
              StatusCode::INVALID_ARGUMENT);
    v1::RpcRequest request;
    request.set_method(bytes);
    EXPECT_EQ(Send(request), StatusCode::INVALID_ARGUMENT);
  }
}

// gRPC looks at the size of a message only once it has all of it.
TEST_F(MessagesTest, ThatAreHugeAreRefused) {
  v1::RpcRequest request;
  request.set_method("fake.echo");
  request.set_params_json("[\"" + std::string(100'000'000, 'x') + "\"]");
  EXPECT_EQ(Send(request), StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace clawplane::testing
